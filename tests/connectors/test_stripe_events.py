"""Stripe's event log: read in order without a hole, from how far back it is trusted, also when lists misbehave."""

import httpx
import pytest
from vendor_world import NOW, scripted

from connectors.contract import Stale, Transient
from connectors.stripe import StripeBilling
from connectors.stripe.events import HOLD_BACK, OVERLAP, REACH, TYPES, WINDOW
from mappings.model import Change, Ref

pytestmark = pytest.mark.usefixtures("short_pages")


def changes(billing: StripeBilling, cursor: str) -> tuple[list[Change], str]:
    pages = list(billing.changes(cursor))
    assert all(
        page.cursor is None or page is pages[-1] or not page.changes for page in pages[:-1] if page.changes[500:]
    )
    return [change for page in pages for change in page.changes], str(pages[-1].cursor)


def test_the_first_cursor_holds_back(billing):
    assert [(page.changes, page.cursor) for page in billing.changes(None)] == [((), str(NOW - HOLD_BACK))]


def test_events_name_their_customer_oldest_first(live, billing, stripe_api):
    made = stripe_api.post("/v1/customers", {"email": "a@example.com"}, "k1")[0]["id"]
    live.world.set_clock(NOW + 5)
    body = {"customer": made, "items": [{"price": "price_team_monthly"}], "trial_period_days": 7}
    stripe_api.post("/v1/subscriptions", body, "k2")
    found, cursor = changes(billing, str(NOW - 60))
    assert {change.ref for change in found} == {Ref("stripe", "customer", made)}
    assert [change.occurred_at for change in found] == sorted(change.occurred_at for change in found)
    assert len({change.event_id for change in found}) == len(found) >= 2
    assert int(cursor) == NOW - 60


def test_many_events_in_one_second_are_all_read(live, billing, stripe_api):
    ids = [stripe_api.post("/v1/customers", {}, f"k{n}")[0]["id"] for n in range(23)]
    found, _ = changes(billing, str(NOW))
    assert [change.ref.id for change in found] == ids


def test_a_gap_of_hours_is_read_in_order_without_a_hole(live, billing, stripe_api):
    made = []
    for hour in range(5):
        live.world.set_clock(NOW + hour * 3600 - hour)
        made.append(stripe_api.post("/v1/customers", {}, f"k{hour}")[0]["id"])
    pages = list(billing.changes(str(NOW)))
    assert [change.ref.id for page in pages for change in page.changes] == made
    cursors = [int(page.cursor) for page in pages if page.cursor]
    assert cursors == sorted(cursors)
    assert cursors[-1] == live.world.now - HOLD_BACK


def test_the_edge_of_a_window_belongs_to_one_window(live, billing, stripe_api):
    made = []
    for second in (-1, 0, 1):
        live.world.set_clock(NOW - OVERLAP + WINDOW + second)
        made.append(stripe_api.post("/v1/customers", {}, f"k{second}")[0]["id"])
    live.world.set_clock(NOW + WINDOW)
    assert [change.ref.id for change in changes(billing, str(NOW))[0]] == made


def test_a_cursor_travels_behind_its_changes(stripe_api, billing):
    for number in range(21):
        stripe_api.post("/v1/customers", {}, f"k{number}")
    pages = list(billing.changes(str(NOW)))
    assert [(len(page.changes), page.cursor) for page in pages] == [(20, None), (1, str(NOW))]


def test_a_late_event_is_seen_within_the_overlap(live, billing, stripe_api):
    made = stripe_api.post("/v1/customers", {}, "k")[0]["id"]
    assert [change.ref.id for change in changes(billing, str(NOW + OVERLAP))[0]] == [made]
    live.world.set_clock(NOW + 1)
    assert changes(billing, str(NOW + OVERLAP + 1))[0] == []


def test_the_cursor_never_goes_back(billing):
    assert changes(billing, str(NOW + OVERLAP))[1] == str(NOW + OVERLAP)


def test_a_cursor_that_a_wrong_clock_took_into_the_future_is_stale(billing):
    with pytest.raises(Stale, match="clock that was ahead"):
        changes(billing, str(NOW + OVERLAP + 1))


def test_twenty_types_at_most():
    assert len(set(TYPES)) == len(TYPES) <= 20


def event(id: str, data: dict) -> dict:
    return {"id": id, "created": NOW, "data": data}


def test_events_whose_customer_cannot_be_named_are_counted():
    listed = [
        event("evt_1", {"object": {"object": "checkout.session", "customer": None}}),
        event("evt_2", {"object": {"object": "payment_method"}, "previous_attributes": {"customer": "cus_2"}}),
        event("evt_3", {"object": {"object": "invoice", "customer": {"id": "cus_3"}}}),
        event("evt_4", {"object": {"object": "dispute", "charge": "ch_4"}}),
        event("evt_5", {"object": {"object": "dispute", "charge": "ch_5"}}),
    ]
    gone = httpx.Response(404, json={"error": {"code": "resource_missing"}})
    api = scripted({"data": listed, "has_more": False}, {"id": "ch_4", "customer": "cus_4"}, gone)
    billing = StripeBilling(api, lambda: NOW)
    found, _ = changes(billing, str(NOW))
    assert [change.ref.id for change in found] == ["cus_4", "cus_3", "cus_2"]
    assert billing.events.skipped == 2


EMPTY = {"data": [], "has_more": True}
FIRST = {"data": [event("evt_1", {"object": {"object": "invoice", "customer": "cus_1"}})], "has_more": True}

SECOND = {"data": [FIRST["data"][0] | {"id": "evt_0"}], "has_more": True}


@pytest.mark.parametrize("answers", [[EMPTY], [FIRST, EMPTY], [FIRST, FIRST], [FIRST, SECOND, FIRST]])
def test_a_list_that_does_not_go_on_is_an_error(answers):
    with pytest.raises(Transient, match="does not go on"):
        list(StripeBilling(scripted(*answers), lambda: NOW).changes(str(NOW)))
    with pytest.raises(Transient, match="does not go on"):
        list(StripeBilling(scripted(*answers), lambda: NOW).scan('{"stream": "customer"}'))


def test_a_cursor_that_events_do_not_reach_back_to_is_stale(live, billing):
    live.world.set_clock(NOW + REACH)
    assert next(billing.changes(str(NOW)))
    live.world.set_clock(NOW + REACH + 1)
    with pytest.raises(Stale):
        next(billing.changes(str(NOW)))
