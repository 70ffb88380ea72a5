"""Who a contact is in Intercom: external_id, e-mail candidates, archived and merged people, conflicts."""

import httpx
import pytest
from contract_tests import STRANGE, step
from pydantic import SecretStr
from vendor_world import EMAIL, create, gate, wanted

from connectors.contract import Ambiguous, Gone, Rejected
from connectors.intercom import IntercomApi, IntercomContacts, IntercomSettings
from mappings.model import Held


def test_identity(intercom_api):
    assert intercom_api.identity() == ("sandbox", "US", "America/Los_Angeles")


def test_search_lag_does_not_hide_our_own(live, contacts):
    made = create(contacts, wanted())
    assert contacts.find(wanted(), None).external_id == made.external_id
    assert not [call for call in live.calls("intercom") if "search" in call]


def searchable(live) -> None:
    live.world.set_clock(live.world.now + 86_400)


@pytest.fixture
def nobody(hand, live) -> str:
    """A user with our e-mail whom nobody gave an external_id."""
    id = hand("POST", "/contacts", {"role": "user", "email": EMAIL})["id"]
    searchable(live)
    return id


def test_a_user_with_the_verified_email_is_taken_over(contacts, nobody):
    desired = wanted(verified=True)
    found = contacts.find(desired, None)
    assert (found.external_id, found.values["external_id"]) == (nobody, None)
    contacts.push(step(desired, "update", held=found, values={"external_id": "u1"}))
    assert contacts.find(wanted(), None).external_id == nobody


def test_an_unverified_email_is_a_conflict(contacts, nobody):
    with pytest.raises(Ambiguous) as caught:
        contacts.find(wanted(), None)
    assert caught.value.candidates == (nobody,)
    assert EMAIL.lower() not in str(caught.value).lower()


def test_our_email_under_another_external_id_is_a_conflict(contacts, live):
    other = create(contacts, wanted("u2")).external_id
    searchable(live)
    with pytest.raises(Ambiguous) as caught:
        contacts.find(wanted("u1", verified=True), None)
    assert caught.value.candidates == (other,)


def test_leads_do_not_count(contacts, hand, live):
    hand("POST", "/contacts", {"role": "lead", "email": EMAIL})
    searchable(live)
    assert contacts.find(wanted(), None) is None


def test_a_merged_contact_is_followed_by_its_external_id(contacts, hand):
    made = create(contacts, wanted())
    stale = step(wanted(), "update", held=Held("6b0000000000000000000000"), values={"name": "New"})
    assert contacts.push(stale).external_id == made.external_id
    assert hand("GET", f"/contacts/{made.external_id}")["name"] == "New"


def test_a_contact_that_is_nowhere_is_gone(contacts):
    with pytest.raises(Gone):
        contacts.push(step(wanted(), "update", held=Held("6b0000000000000000000000"), values={"name": "New"}))


def test_consent_and_what_people_add_stay_as_they_are(contacts, hand):
    """What is not named is not sent: neither by a create that meets a contact, nor by an update (fault 64)."""
    made = hand("POST", "/contacts", {"external_id": "u1", "email": EMAIL})["id"]
    theirs = {"unsubscribed_from_emails": True, "phone": "+15550100"}
    hand("PUT", f"/contacts/{made}", theirs)
    held = create(contacts, wanted(name="Some one"))
    contacts.push(step(wanted(), "update", "key-2", held, values={"name": "New name", "custom.plan": "pro"}))
    contacts.push(step(wanted(), "add", "key-3", held, values={}, member=("tags", "sub:active")))
    found = hand("GET", f"/contacts/{made}")
    assert {name: found[name] for name in theirs} == theirs
    assert found["name"] == "New name"


def test_a_strange_user_id_asks_for_nothing_else(live, contacts):
    assert contacts.find(wanted(STRANGE), None) is None
    with pytest.raises(Rejected):
        contacts.find(wanted(".."), None)


def test_an_existing_contact_is_updated_instead(contacts, hand):
    made = create(contacts, wanted())
    assert create(contacts, wanted(name="Jane")).external_id == made.external_id
    assert hand("GET", f"/contacts/{made.external_id}")["name"] == "Jane"


def test_an_archived_contact_stays_archived(contacts, hand):
    made = create(contacts, wanted())
    hand("POST", f"/contacts/{made.external_id}/archive")
    with pytest.raises(Rejected, match=f"{made.external_id} was archived by hand"):
        create(contacts, wanted())


def conflicting(message: str, contact: dict | None = None) -> tuple[IntercomContacts, list[str]]:
    """Contacts of a workspace that answers 409 with ``message`` to a create, then ``contact``."""
    calls = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        if request.method == "POST":
            errors = [{"code": "conflict", "message": message}]
            return httpx.Response(409, json={"type": "error.list", "errors": errors})
        return httpx.Response(200, json=contact or {"id": "f" * 24})

    settings = IntercomSettings(SecretStr("tok"))
    return IntercomContacts(IntercomApi(settings, gate("intercom"), httpx.MockTransport(handler)), bool), calls


EXISTS = f"A contact matching those details already exists with id={'f' * 24}"


@pytest.mark.parametrize("message", ["", "exists", "exists with id=12", "exists with id=" + "z" * 24])
def test_a_conflict_that_names_nobody_is_ambiguous(message):
    target, calls = conflicting(message)
    with pytest.raises(Ambiguous):
        create(target, wanted())
    assert calls == ["POST"]


@pytest.mark.parametrize(
    ("contact", "allowed", "expected"),
    [
        ({"external_id": "u1", "role": "user"}, False, ["POST", "GET", "PUT"]),
        ({"external_id": None, "role": "user"}, True, ["POST", "GET", "PUT"]),
        ({"external_id": None, "role": "user"}, False, None),
        ({"external_id": None, "role": "lead"}, True, None),
        ({"external_id": "u2", "role": "user"}, True, None),
    ],
)
def test_whom_a_conflict_gives_us(contact, allowed, expected):
    target, calls = conflicting(EXISTS, {"id": "f" * 24, **contact})
    desired = wanted(verified=allowed)
    if expected is None:
        with pytest.raises(Ambiguous):
            create(target, desired)
        assert "PUT" not in calls
    else:
        assert create(target, desired).external_id == "f" * 24
        assert calls == expected
