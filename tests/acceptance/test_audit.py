"""Audits and sweeps: what differs is found, said by reason, and mended where it is ours (faults 22, 48, 55 to 57,
61, 103)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from town import JSON, Build, Town, lines
from vendors import DAY, HOUR, MINUTE

from connectors.intercom import contacts
from flows.auditing import audit
from flows.comparing import Compared, verdict
from flows.hub import Hub, sweep
from flows.report import Report
from flows.standing import account_standing
from mappings.model import AccountId
from state.store import Store

Differences = dict[str, tuple[str, tuple[str, ...]]]


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    """A trial and a team of four."""
    with build("sqlite") as here:
        here.team("acme", ann="owner", bob="member", cyd="member", dan="member")
        here.init()
        here.request_trial("acme", "ann")
        here.sync()
        here.vendors.advance(15 * MINUTE)
        here.sync()
        yield here


def audited(town: Town, repair: bool = False) -> Report:
    with Hub(town.open(), "audit") as hub:
        audit(hub, repair, lambda what, more: None)
    assert hub.report.troubles == {}
    return hub.report


def differences(compared: Sequence[Compared]) -> Differences:
    return {f"{one.of} {d.id}": (d.reason, d.what) for one in compared for d in one.differences}


def hand(town: Town, method: str, path: str, body: JSON | None = None) -> JSON:
    """What a teammate does in Intercom's pages."""
    found: JSON = town.vendors.control(method, f"/intercom/hand{path}", body or {})
    return found


def test_nothing_differs_and_nothing_is_written(town: Town) -> None:
    mark = town.vendors.mark
    report = audited(town)
    everything = sum(one.equal for one in report.compared)
    assert {one.of for one in report.compared} == {
        "stripe.customers", "stripe.trials", "instances", "product.access", "product.requests",
        "intercom.companies", "intercom.contacts",
    }  # fmt: skip
    # One of everything, but four contacts.
    assert everything == 10
    assert verdict(report.compared).startswith("10 of 10 equal at 20")
    assert verdict(report.compared).endswith("Z, 0 unexplained")
    assert town.vendors.writes(mark) == []
    assert report.writes == 0


def test_what_was_changed_by_hand_is_found_and_mended(town: Town) -> None:
    ann, bob = town.person("ann"), town.person("bob")
    for number in range(12):
        tag = hand(town, "POST", "/tags", {"name": f"theirs {number}"})
        hand(town, "POST", f"/contacts/{ann['id']}/tags", {"id": tag["id"]})
    tags = {tag["name"]: tag["id"] for tag in hand(town, "GET", "/tags")["data"]}
    hand(town, "PUT", f"/contacts/{ann['id']}", {"custom_attributes": {"plan": "gold"}, "phone": "+15550100"})
    hand(town, "DELETE", f"/contacts/{ann['id']}/tags/{tags['plan:pro']}")
    hand(town, "POST", f"/contacts/{ann['id']}/tags", {"id": tags["sub:churned"]})
    hand(town, "DELETE", f"/contacts/{bob['id']}/companies/{town.company('acme')['id']}")
    hand(town, "PUT", f"/contacts/{bob['id']}", {"custom_attributes": {"plan": "gold"}})
    hand(town, "POST", "/companies", {"company_id": town.account("acme"), "custom_attributes": {"account_stage": "x"}})
    town.product.execute("UPDATE instep_access SET access = 'none'")
    customer = town.customer("acme")["id"]
    town.vendors.stripe("POST", f"/v1/customers/{customer}", **{"metadata[account_id]": "another"})

    mark = town.vendors.mark
    report = audited(town)
    acme, person = town.account("acme"), f"intercom.contacts person:{town.name}"
    assert differences(report.compared) == {
        f"{person}-ann": ("changed there", ("custom.plan", "-tags plan:pro", "+tags sub:churned")),
        f"{person}-bob": ("changed there", ("custom.plan", f"-companies {acme}")),
        f"intercom.companies account:{acme}": ("changed there", ("custom.account_stage",)),
        f"product.access account:{acme}": ("changed there", ("access",)),
        f"stripe.customers account:{acme}": ("changed there", ("metadata.account_id",)),
    }
    assert verdict(report.compared).endswith("5 unexplained")
    assert town.vendors.writes(mark) == []

    report = audited(town, repair=True)
    assert differences(report.compared) == {}
    assert town.attributes("ann")["plan"] == "pro"
    assert town.tags("ann") == {"sub:trialing", "plan:pro", *(f"theirs {number}" for number in range(12))}
    assert town.person("ann")["phone"] == "+15550100"
    assert town.person("bob")["companies"] == [acme]
    assert "plan" not in town.attributes("bob")
    assert town.access("acme")["access"] == "full"
    assert town.customer("acme")["id"] == customer
    assert town.todo() == {}
    assert verdict(audited(town).compared).endswith("0 unexplained")


def test_what_others_keep_changing_is_left_to_them(town: Town) -> None:
    """An audit repairs a field once a day; what others then write again stays, and is no difference to look into."""
    ann, acme = town.person("ann"), town.account("acme")
    for plan in ("silver", "bronze", "iron"):
        hand(town, "PUT", f"/contacts/{ann['id']}", {"custom_attributes": {"plan": plan}})
        audited(town, repair=True)
    report = audited(town)
    assert differences(report.compared) == {
        f"intercom.contacts person:{town.name}-ann": ("left to others, who keep overwriting it", ("custom.plan",))
    }
    assert verdict(report.compared).endswith("0 unexplained")
    assert town.attributes("ann")["plan"] == "iron"
    (line,) = town.open().store.todo()
    assert (line.subject, line.reason) == (
        "field:custom.plan", "others keep overwriting custom.plan there: 1 account keeps what they wrote"
    )  # fmt: skip
    hand(town, "PUT", f"/contacts/{ann['id']}", {"custom_attributes": {"plan": "pro"}})
    assert differences(audited(town, repair=True).compared) == {}
    assert (town.todo(), account_standing(town.open(), AccountId(acme)).theirs) == ({}, [])


def test_a_tag_that_was_taken_off_by_hand_stays_off_until_the_stage_moves(town: Town) -> None:
    ann, tags = town.person("ann"), {tag["name"]: tag["id"] for tag in hand(town, "GET", "/tags")["data"]}
    hand(town, "DELETE", f"/contacts/{ann['id']}/tags/{tags['sub:trialing']}")
    town.vendors.advance(MINUTE)
    assert town.sync().writes == 0
    assert account_standing(town.open(), AccountId(town.account("acme"))).theirs == []
    audited(town)
    assert account_standing(town.open(), AccountId(town.account("acme"))).theirs == [
        f"intercom.contacts person:{town.name}-ann: sub:trialing was taken off there and stays off until the stage "
        "moves, or `instep audit --repair`"
    ]
    assert "sub:trialing" not in town.tags("ann")
    audited(town, repair=True)
    assert "sub:trialing" in town.tags("ann")


def test_who_is_not_there_any_more_is_said_and_made_once(town: Town) -> None:
    cyd, dan = town.person("cyd"), town.person("dan")
    hand(town, "POST", f"/contacts/{cyd['id']}/archive")
    hand(town, "DELETE", f"/contacts/{dan['id']}")
    report = audited(town)
    person = f"intercom.contacts person:{town.name}"
    assert differences(report.compared) == {
        f"{person}-cyd": ("not there any more", (cyd["id"],)),
        f"{person}-dan": ("not there any more", (dan["id"],)),
    }
    report = audited(town, repair=True)
    assert differences(report.compared) == {f"{person}-cyd": ("not there any more", ())}
    assert town.person("dan")["id"] != dan["id"]
    # An archived one is a person's matter.
    assert town.person("cyd")["archived"]
    lines = {(line.kind, line.subject): line.reason for line in town.open().store.todo()}
    assert sorted(lines) == [("gone", f"person:{town.name}-dan"), ("parked", f"person:{town.name}-cyd")]
    assert "made again once" in lines["gone", f"person:{town.name}-dan"]
    assert "archived by hand" in lines["parked", f"person:{town.name}-cyd"]


@pytest.mark.parametrize(("later", "spared"), [(HOUR, 2), (DAY + HOUR, 0)])
def test_a_killed_audit_goes_on_where_it_was_within_a_day(
    town: Town, monkeypatch: pytest.MonkeyPatch, later: int, spared: int
) -> None:
    monkeypatch.setattr(contacts, "PAGE", 1)
    compared, pages = Store.compared, list[str]()

    def audit_reading() -> int:
        mark = town.vendors.mark
        report = audited(town)
        assert [one.equal for one in report.compared if one.of == "intercom.contacts"] == [4]
        return lines(town.vendors.since(mark)).count("intercom GET /contacts")

    whole = audit_reading()

    def die(self: Store, cursor: object, target: str, *args: object) -> None:
        if target == "intercom.contacts" and len(pages) == 2:
            raise KeyboardInterrupt
        pages.extend([target] if target == "intercom.contacts" else [])
        compared(self, cursor, target, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "compared", die)
        with pytest.raises(KeyboardInterrupt):
            audited(town)
    town.vendors.advance(later)
    # Two pages were compared; what was found long ago says nothing now.
    assert audit_reading() == whole - spared


def test_a_sweep_says_what_no_event_told(town: Town) -> None:
    """Events that never arrive are found by the sweep, and by no pull."""
    town.vendors.advance(HOUR)
    town.sync()
    customer = town.customer("acme")["id"]
    town.vendors.stripe("POST", f"/v1/customers/{customer}", name="Told Ltd")
    report = sweep(town.open())
    stripe = next(one for one in report.compared if one.of == "stripe")
    assert [(d.id, d.reason, d.explained) for d in stripe.differences] == [
        (f"customer:{customer}", "not as it was read before", True)
    ]
    town.vendors.advance(HOUR)
    town.sync()
    town.vendors.advance(MINUTE)
    town.vendors.stripe("POST", f"/v1/customers/{customer}", name="Silent Ltd")
    town.vendors.advance(11 * MINUTE)
    with town.open().store.database.engine.begin() as connection:
        # As if the log had been read past the event.
        connection.exec_driver_sql(f"UPDATE cursors SET position = '{town.vendors.now}' WHERE source = 'stripe'")
    report = sweep(town.open())
    stripe = next(one for one in report.compared if one.of == "stripe")
    assert [(d.id, d.explained) for d in stripe.differences] == [(f"customer:{customer}", False)]
    assert report.ok
    report = sweep(town.open())
    assert [one.of for one in report.compared if one.differences] == []
    assert verdict(report.compared).endswith("0 unexplained")
