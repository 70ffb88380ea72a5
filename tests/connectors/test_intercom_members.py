"""Tags by id, companies, declared names and events in Intercom."""

import httpx
import pytest
from contract_tests import step
from pydantic import SecretStr
from vendor_world import NAMES, NOW, OWNED, create, gate, wanted

from connectors.contract import Gone, Rejected, Transient
from connectors.intercom import IntercomApi, IntercomCompanies, IntercomContacts, IntercomEvents, IntercomSettings
from mappings.model import AccountId, Desired, Held, Name, Occurrence, Step, account_subject

# Tags and companies


def member(desired: Desired, operation: str, held: Held, name: str, what: str, **values) -> Step:
    return step(desired, operation, held=held, member=(what, name), values=values)


def tags(target: IntercomContacts) -> tuple[str, ...]:
    desired = wanted()
    return target.find(Desired(desired.target, desired.subject, desired.values, {"tags": OWNED}), None).sets["tags"]


def test_tags_are_put_on_and_taken_off(contacts):
    made = create(contacts, wanted())
    for _ in range(2):
        contacts.push(member(wanted(), "add", made, "sub:active", "tags"))
    assert tags(contacts) == ("sub:active",)
    for _ in range(2):
        contacts.push(member(wanted(), "remove", made, "sub:active", "tags"))
    assert tags(contacts) == ()


def test_only_our_tags_are_reported_also_behind_the_tenth(contacts, hand, intercom_api):
    made = create(contacts, wanted())
    for number in range(12):
        tag = hand("POST", "/tags", {"name": f"theirs {number}"})["id"]
        hand("POST", f"/contacts/{made.external_id}/tags", {"id": tag})
    contacts.push(member(wanted(), "add", made, "sub:active", "tags"))
    assert tags(IntercomContacts(intercom_api, OWNED.__contains__)) == ("sub:active",)


def delete_tag(hand) -> None:
    tag = next(tag["id"] for tag in hand("GET", "/tags")["data"] if tag["name"].casefold() == "sub:active")
    hand("DELETE", f"/tags/{tag}")


def test_a_deleted_tag_is_named_and_counts_as_taken_off(contacts, hand):
    made = create(contacts, wanted())
    delete_tag(hand)
    for _ in range(2):
        contacts.push(member(wanted(), "remove", made, "sub:active", "tags"))
        with pytest.raises(Rejected, match="sub:active"):
            contacts.push(member(wanted(), "add", made, "sub:active", "tags"))
    hand("POST", "/tags", {"name": "Sub:Active"})
    contacts.push(member(wanted(), "add", made, "sub:active", "tags"))
    assert tags(contacts) == ("sub:active",)


def test_a_tag_that_was_made_anew_is_found_again(contacts, hand):
    made = create(contacts, wanted())
    for _ in range(2):
        delete_tag(hand)
        hand("POST", "/tags", {"name": "sub:active"})
        contacts.push(member(wanted(), "add", made, "sub:active", "tags"))
    assert tags(contacts) == ("sub:active",)
    delete_tag(hand)
    tag = hand("POST", "/tags", {"name": "sub:active"})["id"]
    hand("POST", f"/contacts/{made.external_id}/tags", {"id": tag})
    contacts.push(member(wanted(), "remove", made, "sub:active", "tags"))
    assert tags(contacts) == ()


def test_tagging_a_vanished_contact_is_gone(contacts):
    with pytest.raises(Gone):
        contacts.push(member(wanted(), "add", Held("6b0000000000000000000000"), "sub:active", "tags"))


def test_companies_are_joined_and_left(contacts, intercom_api):
    made = create(contacts, wanted())
    ours = Desired("c", account_subject(AccountId("a1")), {"company_id": "a1", "name": "Team"})
    company = create(IntercomCompanies(intercom_api), ours).external_id
    desired = Desired("t", wanted().subject, wanted().values, {"companies": frozenset({"a1"})})
    assert contacts.find(desired, None).sets == {"companies": ()}
    contacts.push(member(wanted(), "add", made, "a1", "companies", member_id=company))
    assert contacts.find(desired, None).sets == {"companies": ("a1",)}
    for _ in range(2):
        contacts.push(member(wanted(), "remove", made, "a1", "companies", member_id=company))
    assert contacts.find(desired, None).sets == {"companies": ()}


def test_companies_beyond_the_first_page_are_known(contacts, intercom_api, monkeypatch):
    monkeypatch.setattr("connectors.intercom.contacts.PER_PAGE", 2)
    made, names, companies = create(contacts, wanted()), [f"a{number}" for number in range(12)], {}
    for name in names:
        ours = Desired("c", account_subject(AccountId(name)), {"company_id": name, "name": "Team"})
        companies[name] = create(IntercomCompanies(intercom_api), ours).external_id
        contacts.push(member(wanted(), "add", made, name, "companies", member_id=companies[name]))
    desired = Desired("t", wanted().subject, wanted().values, {"companies": frozenset(names)})
    assert contacts.find(desired, None).sets["companies"] == tuple(sorted(names))
    (page,) = contacts.observe(None)
    assert contacts.holds(page.records[0], desired).sets["companies"] == tuple(companies.values())


def scripted(*answers) -> IntercomApi:
    """Intercom as a list of answers, one a request."""
    left = list(answers)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=left.pop(0)))
    return IntercomApi(IntercomSettings(SecretStr("tok")), gate("intercom"), transport)


def page(rows: int, following: object) -> dict:
    return {"data": [{"id": f"c{number}", "company_id": "a1"} for number in range(rows)], "pages": {"next": following}}


NEXT = {"starting_after": "here", "page": 2}


@pytest.mark.parametrize(
    "answers",
    [
        [page(0, NEXT)],
        [page(1, NEXT), page(0, NEXT)],
        [page(1, NEXT), page(1, NEXT)],
        [page(1, NEXT), page(1, {"starting_after": "there"}), page(1, NEXT)],
        [page(1, "https://api.intercom.io/contacts?page=2")],
    ],
)
def test_a_list_of_contacts_that_does_not_go_on_is_an_error(answers):
    with pytest.raises(Transient, match="does not go on"):
        list(IntercomContacts(scripted(*answers), bool).observe(None))


@pytest.mark.parametrize("answers", [[page(0, NEXT)], [page(1, NEXT), page(0, NEXT)]])
def test_a_list_of_companies_that_does_not_go_on_is_an_error(answers):
    with pytest.raises(Transient, match="does not go on"):
        list(IntercomCompanies(scripted(*answers)).observe(None))
    with pytest.raises(Transient, match="does not go on"):
        list(scripted(*answers).numbered("/contacts/c1/companies", 50))


@pytest.mark.parametrize("rows", [(50, 50), (1, 2, 1)])
def test_numbered_pages_that_come_again_are_an_error(rows):
    answers = [page(number, NEXT) for number in rows]
    with pytest.raises(Transient, match="/contacts/c1/companies does not go on"):
        list(scripted(*answers).numbered("/contacts/c1/companies", 50))
    with pytest.raises(Transient, match="/companies/list does not go on"):
        list(IntercomCompanies(scripted(*answers)).observe(None))
    scrolled = [answer | {"scroll_param": "same"} for answer in answers]
    with pytest.raises(Transient, match="/companies/scroll does not go on"):
        list(IntercomCompanies(scripted({"total_count": 10_001}, *scrolled)).observe(None))


def test_a_row_that_moves_while_numbered_pages_are_read_is_no_repetition():
    """The last row of the first page was active meanwhile, and is the last one of all."""
    last = [{"id": id, "company_id": "a1"} for id in ("c2", "c1")]
    answers = [page(2, NEXT), {"data": last}]
    assert len(list(scripted(*answers).numbered("/contacts/c1/companies", 2))) == 4
    assert len(list(IntercomCompanies(scripted(*answers)).observe(None))) == 2
    scrolled = [answer | {"scroll_param": "same"} for answer in answers]
    assert len(list(IntercomCompanies(scripted({"total_count": 10_001}, *scrolled, {"data": []})).observe(None))) == 2


def test_a_company_that_does_not_exist_is_rejected(contacts):
    made = create(contacts, wanted())
    with pytest.raises(Rejected, match="company"):
        contacts.push(member(wanted(), "add", made, "a1", "companies", member_id="6b0000000000000000000000"))


@pytest.mark.parametrize(("spend", "stored"), [(12.6, 13), (0, 0)])
def test_monthly_spend_is_a_whole_number(intercom_api, hand, spend, stored):
    desired = Desired("c", account_subject(AccountId("a1")), {"company_id": "a1", "monthly_spend": spend})
    made = create(IntercomCompanies(intercom_api), desired)
    assert hand("GET", f"/companies/{made.external_id}")["monthly_spend"] == stored


def test_a_spend_that_intercom_cannot_store_is_rejected(intercom_api):
    values = {"company_id": "a1", "monthly_spend": 3_000_000_000}
    with pytest.raises(Rejected):
        create(IntercomCompanies(intercom_api), Desired("c", account_subject(AccountId("a1")), values))


# Names


def test_names_are_declared_once(live, contacts, intercom_api):
    before = len(live.effects("intercom"))
    contacts.declare(NAMES)
    IntercomContacts(intercom_api, OWNED.__contains__).declare(NAMES)
    assert len(live.effects("intercom")) == before


@pytest.mark.parametrize(
    ("made", "asked", "problem"),
    [
        ({"name": "score", "model": "contact", "data_type": "integer"}, Name("contact", "score", "string"), "integer"),
        ({"name": "team", "model": "company", "data_type": "string"}, Name("company", "team", "date"), "string"),
    ],
)
def test_an_attribute_of_another_type_is_named(contacts, intercom_api, hand, made, asked, problem):
    hand("POST", "/data_attributes", made)
    target = contacts if asked.kind == "contact" else IntercomCompanies(intercom_api)
    with pytest.raises(Rejected, match=f"{asked.name} is {problem}"):
        target.declare([asked, Name(asked.kind, "other", "string")])
    assert "other" not in str(hand("GET", "/data_attributes"))


def test_an_archived_attribute_is_named(contacts, hand):
    made = hand("POST", "/data_attributes", {"name": "old", "model": "contact", "data_type": "string"})
    hand("PUT", f"/data_attributes/{made['id']}", {"archived": True})
    with pytest.raises(Rejected, match="old is archived"):
        contacts.declare([Name("contact", "old", "string")])


def test_the_sdk_raises_our_errors(live, intercom_api):
    live.fault("500_before", "intercom", times=99)
    with pytest.raises(Transient, match="intercom 500 server_error"):
        intercom_api.ask(lambda sdk: sdk.admins.identify())


# Events


def event(contact: str, **details) -> Step:
    occurrence = Occurrence("started-trial", "sub_1", NOW - 5, details)
    return Step("intercom.events", wanted().subject, "send", "k", "", {"contact": contact}, occurrence=occurrence)


def test_an_event_is_sent_once(live, contacts, intercom_api):
    made, target = create(contacts, wanted()), IntercomEvents(intercom_api)
    for _ in range(2):
        held = target.push(event(made.external_id, plan="team", nothing=None))
        assert held.sent == {"started-trial:sub_1": NOW - 5}
    assert live.effects("intercom").count("event.created") == 1
    sent = live.world.ledger[-1].params
    assert (sent["created_at"], sent["metadata"]) == (NOW - 5, {"plan": "team"})


def test_ten_details_at_most(live, contacts, intercom_api):
    made = create(contacts, wanted())
    IntercomEvents(intercom_api).push(event(made.external_id, **{f"key{n}": n for n in range(14)}))
    assert len(live.world.ledger[-1].params["metadata"]) == 10


def test_an_event_for_nobody_is_gone(intercom_api):
    with pytest.raises(Gone):
        IntercomEvents(intercom_api).push(event("6b0000000000000000000000"))
