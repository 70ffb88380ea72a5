"""Disputes, refunds, coupons and cards read from Stripe: by look, by event and in bulk."""

import httpx
import pytest
from pydantic import SecretStr
from vendor_world import NOW, gate

from connectors.contract import Rejected, Unauthorized
from connectors.stripe import StripeApi, StripeBilling, StripeSettings
from connectors.stripe.scan import REFUNDS_SINCE
from mappings.model import Record, Ref
from mappings.stripe import facts
from sandbox.stripe import coupons, disputes, refunds, seeding, sessions, subscriptions
from sandbox.stripe.http import service

PRO = {"price": "price_pro_monthly"}
DAY = 86_400
OURS = {"metadata": {"account_id": "a1"}}


@pytest.fixture
def billing(live, stripe_api) -> StripeBilling:
    return StripeBilling(stripe_api, lambda: live.world.now)


def root(id: str) -> Ref:
    return Ref("stripe", "customer", id)


def account(live):
    return service(live.world).account


def payer(live, **params) -> str:
    """A customer with a card who has just paid for a month."""
    id = seeding.add(account(live), OURS | {"email": "a@example.com", "card": "ok"})["customer"]
    subscriptions.create(account(live), "", {"customer": id, "items": [PRO], **params})
    return id


def charge(live, id: str) -> str:
    return account(live).charges.of(id)[-1]["id"]


def asked(live) -> list[str]:
    return [call.removeprefix("GET ") for call in live.calls("stripe")]


def test_a_look_at_a_payer_is_two_requests(live, billing):
    id = payer(live)
    data = billing.fetch(root(id)).data
    assert asked(live) == ["/v1/subscriptions", "/v1/charges"]
    assert (data["customer"]["id"], data["subscriptions"][0]["customer"]) == (id, id)
    assert (data["disputes"], data["refunds"]) == ([], [])


def test_without_a_subscription_it_is_three(live, billing):
    id = seeding.add(account(live), OURS | {"card": "ok"})["customer"]
    assert billing.fetch(root(id)).data["customer"]["id"] == id
    assert asked(live) == ["/v1/subscriptions", f"/v1/customers/{id}", "/v1/charges"]


def test_where_nothing_names_an_account_checkout_is_asked(live, billing):
    """By a look and in bulk the same: completed sessions that name one."""
    id = seeding.add(account(live), {"card": "ok"})["customer"]
    for name, status in (("acme", "complete"), ("beta", "open"), (None, "complete")):
        params = {"mode": "setup", "customer": id, "client_reference_id": name, "success_url": "https://a.example.com"}
        sessions.create(account(live), "", params)["status"] = status
    looked = [fact for fact in facts(billing.fetch(root(id))) if fact.kind == "subscription_checkout"]
    assert [fact.seeks for fact in looked] == [("reference:acme",)]
    assert asked(live)[-1] == "/v1/checkout/sessions"
    records = [record for page in billing.scan(None) for record in page.records]
    assert [fact for record in records if record.part == "checkout.session" for fact in facts(record)] == looked


def test_refunds_come_with_the_charges_and_disputes_one_by_one(live, billing):
    id = payer(live)
    given = refunds.create(account(live), "", {"charge": charge(live, id), "amount": 500})
    opened = disputes.open_one(account(live), id, "needs_response", "fraudulent")
    data = billing.fetch(root(id)).data
    assert [one["id"] for one in data["refunds"]] == [given["id"]]
    assert [one["id"] for one in data["disputes"]] == [opened["id"]]
    assert asked(live) == ["/v1/subscriptions", "/v1/charges", "/v1/disputes"]


def test_a_deleted_customer_keeps_its_disputes(live, billing, stripe_api):
    id = payer(live)
    disputes.open_one(account(live), id, "lost", "fraudulent")
    stripe_api._http.delete(f"/v1/customers/{id}")
    record = billing.fetch(root(id))
    assert (record.part, record.data["customer"]) == ("", {"id": id, "deleted": True})
    assert [one["status"] for one in record.data["disputes"]] == ["lost"]


def test_a_look_and_a_scan_say_the_same(live, billing):
    half = coupons.create(account(live), "", {"percent_off": 50, "duration": "forever"})["id"]
    id = payer(live, discounts=[{"coupon": half}])
    refunds.create(account(live), "", {"charge": charge(live, id), "amount": 500})
    disputes.open_one(account(live), id, "warning_needs_response", "general")
    looked = {(f.kind, f.id): f for f in facts(billing.fetch(root(id)))}
    pages = list(billing.scan(None))
    scanned = {(f.kind, f.id): f for page in pages for r in page.records if r.ref == root(id) for f in facts(r)}
    assert scanned == looked
    assert {kind for kind, _ in looked} == {"customer", "subscription", "dispute", "refund"}
    (sub,) = [f.body for f in looked.values() if f.kind == "subscription"]
    assert sub.mrr_minor == 2450
    (known,) = [f.body for f in looked.values() if f.kind == "customer"]
    assert known.card_expires_at == 2240568000  # 2040-12-31 12:00 UTC


def test_a_scan_brings_all_disputes_and_the_latest_refunds(live, billing):
    old, new = payer(live), payer(live)
    for id in (old, new):
        refunds.create(account(live), "", {"charge": charge(live, id), "amount": 500})
        disputes.open_one(account(live), id, "needs_response", "general")
        live.world.set_clock(live.world.now + REFUNDS_SINCE + 1)
    found = [r for page in billing.scan(None) for r in page.records]
    assert {r.ref.id for r in found if r.part == "dispute"} >= {old, new}
    assert [r.ref.id for r in found if r.part == "refund"] == []
    refunds.create(account(live), "", {"charge": charge(live, new), "amount": 700})
    found = [r for page in billing.scan(None) for r in page.records]
    assert [(r.ref.id, r.data["amount"]) for r in found if r.part == "refund"] == [(new, 700)]


def test_a_scan_goes_on_among_the_disputes(live, billing):
    id = payer(live)
    disputes.open_one(account(live), id, "needs_response", "general")
    pages = list(billing.scan(None))
    at = next(n for n, page in enumerate(pages) if any(r.part == "customer" for r in page.records))
    again = list(billing.scan(pages[at].cursor))
    assert [r.part for page in again for r in page.records if r.part != "customer"] == ["dispute"]


@pytest.mark.parametrize("act", ["opens", "moves", "refunds"])
def test_what_happens_to_a_charge_is_a_hint_at_its_customer(live, billing, act):
    id = payer(live)
    if act != "refunds":
        disputes.open_one(account(live), id, "needs_response", "general")
    live.world.set_clock(live.world.now + DAY)
    before, today = live.world.now - 1, act != "opens"
    if act == "moves":
        disputes.move(account(live), id, "won")
    if act == "refunds":
        refunds.create(account(live), "", {"charge": charge(live, id), "amount": 500})
    since = before + 600 if today else before - DAY
    found = [change.ref for page in billing.changes(str(since)) for change in page.changes]
    assert found
    assert set(found) == {root(id)}


def scripted(*answers) -> StripeApi:
    left = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        api.asked.append(request.url.path)
        answer = left.pop(0)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    api = StripeApi(StripeSettings(SecretStr("sk_test")), gate("stripe"), httpx.MockTransport(handler))
    api.asked = []
    return api


NONE = {"data": [], "has_more": False}
UNLISTED = httpx.Response(400, json={"error": {"code": "resource_missing", "param": "customer"}})
UNKNOWN = httpx.Response(404, json={"error": {"code": "resource_missing"}})


def test_a_customer_whose_subscriptions_are_not_listed():
    look = [UNLISTED, {"id": "cus_1", "deleted": True}]
    assert StripeBilling(scripted(*look), lambda: NOW).fetch(root("cus_1")).part == "customer"
    assert StripeBilling(scripted(UNLISTED, UNKNOWN), lambda: NOW).fetch(root("cus_1")).gone
    with pytest.raises(Rejected):
        StripeBilling(scripted(UNLISTED, {"id": "cus_1"}), lambda: NOW).fetch(root("cus_1"))


def test_a_living_customer_whose_charges_are_refused_is_not_half_read():
    api = scripted(NONE, {"id": "cus_1"}, UNLISTED)
    with pytest.raises(Rejected):
        StripeBilling(api, lambda: NOW).fetch(root("cus_1"))


def test_items_with_coupons_of_their_own_are_fetched():
    item = {"id": "si_1", "discounts": ["di_1"]}
    sub = {"id": "sub_1", "status": "active", "items": {"data": [item], "has_more": False}}
    sub |= {"customer": {"id": "cus_1", "default_source": "card_1", **OURS}}
    whole = {"id": "si_1", "discounts": [{"id": "di_1", "source": {"coupon": {"percent_off": 5}}}]}
    api = scripted({"data": [sub], "has_more": False}, {"data": [whole], "has_more": False}, NONE)
    data = StripeBilling(api, lambda: NOW).fetch(root("cus_1")).data
    assert data["subscriptions"][0]["items"]["data"] == [whole]
    pages = list(
        StripeBilling(
            scripted({"data": [sub | {"created": 1, "customer": "cus_1"}]}, NONE, NONE, NONE, NONE), lambda: NOW
        ).scan(None)
    )
    assert [change.ref for page in pages for change in page.changes] == [root("cus_1")]


def test_who_pays_by_an_account_object_is_passed_over():
    listed = [
        {
            "id": "re_1",
            "created": NOW,
            "status": "succeeded",
            "customer": None,
            "charge": {"id": "ch_1", "customer": None},
        },
        {"id": "re_2", "created": NOW, "status": "succeeded", "customer": None, "charge": None},
        {"id": "re_3", "created": NOW, "status": "succeeded", "charge": {"id": "ch_3", "customer": "cus_3"}},
    ]
    page, _ = StripeBilling(scripted({"data": listed}, NONE), lambda: NOW).scan('{"stream": "refund"}')
    assert page.records == [Record(root("cus_3"), listed[2] | {"charge": "ch_3"}, "refund")]


def test_a_restricted_key_that_may_not_read_checkout_sessions_reads_the_rest(live):
    service(live.world).lacks.add("rak_checkout_session_read")
    settings = StripeSettings(SecretStr("rk_test_sandbox"), live.base + "/stripe")
    restricted = StripeBilling(StripeApi(settings, gate("stripe")), lambda: live.world.now)
    id = seeding.add(account(live), {"email": "a@example.com"})["customer"]
    assert restricted.fetch(root(id)).data["checkouts"] == []
    assert [record.ref for page in restricted.scan(None) for record in page.records] == [root(id)]


REVOKED = httpx.Response(
    401, json={"error": {"message": "Expired API Key provided: rk_test_***", "code": "api_key_expired"}}
)
BETWEEN = httpx.Response(403, html="<h1>Forbidden</h1>")
OTHER = httpx.Response(403, json={"error": {"message": "Having the 'rak_customer_read' permission would allow this."}})


@pytest.mark.parametrize("refused", [REVOKED, BETWEEN, OTHER])
def test_any_other_refusal_of_checkout_sessions_is_one(refused):
    """Otherwise a scan would be complete without them, and their customers would be made once more."""
    with pytest.raises(Unauthorized):
        list(StripeBilling(scripted(refused), lambda: NOW).scan('{"stream": "checkout.session"}'))
    unmarked = {"id": "cus_1", "object": "customer"}
    with pytest.raises(Unauthorized):
        StripeBilling(scripted(NONE, unmarked, NONE, refused), lambda: NOW).fetch(root("cus_1"))
