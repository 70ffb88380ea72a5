"""Billing links in Intercom, in instep_access and in answers: who gets one, when it changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from town import CONFIG, Town
from vendors import DAY, HOUR

from flows.revoking import revoke
from flows.settings import Misuse
from flows.tickets import Ticket, tickets
from mappings.model import AccountId, UserId

Build = Callable[[str], AbstractContextManager[Town]]
BASE, SECRET = "https://pay.example.com", "a secret of more than thirty-two letters"


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    with build("sqlite") as here:
        here.public_url, here.secrets = f"{BASE}/", SECRET
        yield here


def link(town: Town, person: str) -> str | None:
    found: str | None = town.person(person)["custom_attributes"].get("billing_url")
    return found


def writes(town: Town, mark: int) -> list[str]:
    return [call.path for call in town.vendors.writes(mark) if call.system == "intercom"]


def test_owner_and_billing_people_get_a_link_of_their_own_and_nobody_else(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner", bob="billing", cyd="member")
    town.sync()
    ann, bob = link(town, "ann"), link(town, "bob")
    assert ann
    assert bob
    assert ann != bob
    assert link(town, "cyd") is None
    assert ann.startswith(f"{BASE}/billing/")
    assert len(ann) <= 255
    assert town.access("acme")["billing_url"] == bob
    opened = tickets(town.settings, town.open().house.installation_id)
    assert opened.open(ann.rpartition("/")[2]) == Ticket(AccountId(town.account("acme")), UserId(f"{town.name}-ann"), 0)


def test_a_link_stays_the_same_and_goes_with_the_role(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner", bob="billing")
    town.sync()
    before, mark = (link(town, "ann"), link(town, "bob")), town.vendors.mark
    town.vendors.advance(3 * DAY)
    town.sync()
    assert ((link(town, "ann"), link(town, "bob")), writes(town, mark)) == (before, [])
    statement = "UPDATE memberships SET role = 'member' WHERE user_id = :u"
    town.product.execute(statement, {"u": f"{town.name}-bob"})
    town.sync()
    assert (link(town, "ann"), link(town, "bob")) == (before[0], None)
    assert town.access("acme")["billing_url"] == before[0]


def test_revoked_links_are_replaced_with_one_write_each(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner", bob="billing")
    town.team("other", dan="owner")
    town.sync()
    before, mark = {p: link(town, p) for p in ("ann", "bob", "dan")}, town.vendors.mark
    assert revoke(town.settings, "", f"{town.name}-ann") == [town.account("acme")]
    town.sync()
    assert link(town, "ann") != before["ann"]
    assert [link(town, p) for p in ("bob", "dan")] == [before["bob"], before["dan"]]
    assert len(writes(town, mark)) == 1
    revoke(town.settings, town.account("acme"), "")
    town.sync()
    assert link(town, "bob") != before["bob"]
    assert link(town, "dan") == before["dan"]
    for wrong in (("", ""), ("a", "b"), ("nobody", ""), ("", "nobody")):
        with pytest.raises(Misuse):
            revoke(town.settings, *wrong)


def test_a_new_secret_changes_every_link_and_the_old_one_still_opens(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    town.sync()
    old = str(link(town, "ann"))
    town.secrets = f"another {SECRET}, {SECRET}"
    town.sync()
    new = str(link(town, "ann"))
    opened = tickets(town.settings, town.open().house.installation_id)
    assert new != old
    assert opened.open(old.rpartition("/")[2]) == opened.open(new.rpartition("/")[2])
    elsewhere = tickets(town.settings, "another house")
    assert elsewhere.open(old.rpartition("/")[2]) is None


def test_set_later_links_come_without_a_change_of_configuration(town: Town) -> None:
    town.public_url = ""
    town.init()
    town.team("acme", ann="owner")
    town.sync()
    assert link(town, "ann") is None
    assert not town.access("acme")["billing_url"]
    town.public_url = BASE
    # Another installation has made it in this workspace.
    store = town.open().store
    store.amend({"names": [*town.open().house.names, "contact attribute billing_url"]})
    town.sync()
    assert link(town, "ann") == town.access("acme")["billing_url"]


def test_answers_for_want_of_a_card_name_the_link_and_the_journal_does_not(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner", cyd="member")
    town.request_trial("acme", "ann")
    town.sync()
    town.vendors.advance(14 * DAY + HOUR)
    town.sync()
    for id, user in (("r1", "ann"), ("r2", "cyd"), ("r3", "")):
        user = user and f"{town.name}-{user}"
        row = {"request_id": f"{town.name}-{id}", "kind": "reactivate", "account_id": town.account("acme")}
        town.product.add_request(**row, user_id=user, plan=None, days=None, requested_at=town.vendors.now)
    plan = [str(item.step.values) for item in town.plan()]
    assert any("/billing/" in text for text in plan)
    town.sync()
    reasons = [town.answer(f"{town.name}-{id}")[1] for id in ("r1", "r2", "r3")]
    assert reasons[0] == reasons[2] == f"there is no usable default payment method: {link(town, 'ann')}"
    assert reasons[1] == "there is no usable default payment method"
    again = town.request_trial("acme", "ann", id="r9")
    town.sync()
    assert town.answer(again) == ("refused", f"the trial was already used: {link(town, 'ann')}")
    journal = json.dumps([[dict(e.before), dict(e.after)] for e in town.open().store.journal(1000)])
    assert "(billing link)" in journal
    assert f"{BASE}/billing/" not in journal


def test_a_link_that_would_be_cut_is_left_out_of_intercom(town: Town) -> None:
    town.init()
    town.join("acme" * 40, "ann", "owner", user_id=f"{town.name}-ann")
    town.sync()
    assert link(town, "ann") is None
    row = town.product.rows("SELECT billing_url FROM instep_access")
    assert len(row[0]["billing_url"]) > 255


def test_an_audience_of_none_keeps_it_out(town: Town) -> None:
    town._config.write_text(f'{CONFIG}\n[audience]\nbilling_url = "none"\n')
    town.init()
    town.team("acme", ann="owner")
    town.sync()
    assert link(town, "ann") is None
