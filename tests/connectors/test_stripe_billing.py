"""Billing read from Stripe: by look and in bulk, also when lists misbehave."""

import httpx
import orjson
import pytest
from pydantic import SecretStr
from vendor_world import NOW, scripted

from connectors.contract import Ambiguous, Source, Transient, Unknown
from connectors.stripe import StripeBilling, StripeCustomers, StripeSettings
from mappings.model import AccountId, Desired, Ref, Step, account_subject
from mappings.stripe import facts
from sandbox.stripe import seeding
from sandbox.stripe.http import service

pytestmark = pytest.mark.usefixtures("short_pages")


def seed(live, **row) -> str:
    return seeding.add(service(live.world).account, row)["customer"]


def customer(id: str) -> Ref:
    return Ref("stripe", "customer", id)


def test_it_is_a_source(billing):
    assert isinstance(billing, Source)


def test_identity(billing):
    assert billing.identity().account_id.startswith("acct_")
    assert not billing.identity().livemode
    assert StripeSettings(SecretStr("rk_live_x")).livemode


def test_settings_do_not_show_the_key():
    assert "rk_live_x" not in repr(StripeSettings(SecretStr("rk_live_x")))


def test_a_look_fetches_the_whole_customer(live, billing):
    id = seed(live, email="a@example.com", subscription={"price": "price_team_monthly", "status": "canceled"})
    data = billing.fetch(customer(id)).data
    assert data["customer"]["email"] == "a@example.com"
    assert [found["status"] for found in data["subscriptions"]] == ["canceled"]
    assert data["subscriptions"][0]["items"]["data"][0]["price"]["lookup_key"]
    assert "open_invoices" not in data


def test_open_invoices_come_with_an_unpaid_subscription(live, billing):
    id = seed(live, card="decline", subscription={"price": "price_team_monthly", "created": NOW - 31 * 86_400})
    live.world.set_clock(NOW + 40 * 86_400)
    data = billing.fetch(customer(id)).data
    assert data["subscriptions"][0]["status"] in ("past_due", "unpaid", "canceled")
    assert bool(data.get("open_invoices")) == (data["subscriptions"][0]["status"] != "canceled")


def test_paid_invoices_come_where_the_latest_one_does_not_tell_of_the_first(live, billing, stripe_api):
    id = seed(live, card="ok", subscription={"price": "price_team_monthly", "created": NOW - 20 * 86_400})
    (sub,) = billing.fetch(customer(id)).data["subscriptions"]
    assert "paid_invoices" not in billing.fetch(customer(id)).data
    assert sub["id"] in [record.data["id"] for page in billing.scan(None) for record in page.records]
    change = {"items": [{"id": sub["items"]["data"][0]["id"], "price": "price_pro_yearly"}]}
    stripe_api.post(f"/v1/subscriptions/{sub['id']}", change, "k1")
    assert len(billing.fetch(customer(id)).data["paid_invoices"]) == 2
    pages = list(billing.scan(None))
    assert sub["id"] not in [record.data["id"] for page in pages for record in page.records]
    assert customer(id) in [change.ref for page in pages for change in page.changes]


def test_a_deleted_customer_is_told_from_an_unknown_one(live, billing, stripe_api):
    id = seed(live)
    stripe_api._http.delete(f"/v1/customers/{id}")
    record = billing.fetch(customer(id))
    assert (record.data, record.part) == ({"id": id, "deleted": True}, "customer")
    assert billing.fetch(customer("cus_nobody")).gone


def test_prices_come_with_their_product(billing):
    price = next(price for price in billing.prices() if price["lookup_key"] == "team_monthly")
    assert price["product"]["name"] == "Team"


# Bulk


def scan(billing: StripeBilling, resume: str | None = None) -> list:
    return list(billing.scan(resume))


def test_a_scan_reads_subscriptions_then_customers(live, billing):
    ids = [seed(live, subscription={"price": "price_team_monthly", "status": "trialing"}) for _ in range(12)]
    pages = scan(billing)
    records = [record for page in pages for record in page.records]
    assert [record.part for record in records] == ["subscription"] * 12 + ["customer"] * 12
    assert {record.ref for record in records if record.part == "subscription"} == {customer(id) for id in ids}
    assert records[0].data["object"] == "subscription"
    assert len(live.calls("stripe")) == 7


def test_a_scan_goes_on_after_any_page(live, billing):
    for _ in range(12):
        seed(live, subscription={"price": "price_team_monthly", "status": "trialing"})
    pages = scan(billing)
    for position, page in enumerate(pages):
        rest = [record for left in pages[position + 1 :] for record in left.records]
        assert [record for again in scan(billing, page.cursor) for record in again.records] == rest


@pytest.mark.parametrize("status", ["past_due", "unpaid"])
def test_subscriptions_that_wait_for_money_bring_their_open_invoices(live, billing, status):
    """One list for all of them, and the same facts as by a look."""
    ids = [seed(live, subscription={"price": "price_team_monthly", "status": status}, card="decline") for _ in range(3)]
    records = {r.ref.id: r for page in scan(billing) for r in page.records if r.part == "subscription"}
    assert sum("/v1/invoices" in call for call in live.calls("stripe")) == 1
    for id in ids:
        (found,) = facts(records[id])
        looked = [fact for fact in facts(billing.fetch(customer(id))) if fact.kind == "subscription"]
        assert [found.body] == [fact.body for fact in looked]
        assert found.body.open_since is not None


def test_a_scan_survives_the_deletion_of_its_place(live, billing, stripe_api):
    ids = [seed(live, created=NOW - n // 6) for n in range(12)]
    pages = billing.scan(orjson.dumps({"stream": "customer", "started": NOW}).decode())
    first = next(pages)
    stripe_api._http.delete(f"/v1/customers/{first.records[-1].ref.id}")
    seen = [record.ref.id for page in (first, *pages) for record in page.records]
    assert set(seen) == set(ids)


def test_a_scan_that_goes_back_meets_places_again_but_none_that_is_gone():
    newer, older = ({"data": [{"id": id, "created": NOW}], "has_more": True} for id in ("cus_2", "cus_1"))
    gone, end = httpx.Response(404, json={"error": {"code": "resource_missing"}}), {"data": []}
    again = scripted(newer, older, gone, newer, end, end, end, end)
    assert len(list(StripeBilling(again, lambda: NOW).scan('{"stream": "customer"}'))) == 7
    for answers in ((older, gone, older), (newer, older, gone, newer, older)):
        with pytest.raises(Transient, match="does not go on"):
            list(StripeBilling(scripted(*answers), lambda: NOW).scan('{"stream": "customer"}'))


def test_a_subscription_without_a_customer_is_passed_over_and_counted(caplog):
    listed = {"data": [{"id": "sub_1", "created": 1, "customer": None, "status": "active"}], "has_more": False}
    empty = {"data": []}
    pages = scan(StripeBilling(scripted(listed, empty, empty, empty, empty), lambda: NOW))
    assert [page.records for page in pages] == [[]] * 5
    assert "1 objects name no customer" in caplog.text


def test_all_items_of_a_big_subscription_are_fetched():
    big = {
        "id": "sub_1",
        "status": "active",
        "default_payment_method": "pm_1",
        "items": {"data": [{"id": "si_1"}], "has_more": True},
    }
    items = {"data": [{"id": "si_1"}, {"id": "si_2"}], "has_more": False}
    none = {"data": [], "has_more": False}
    api = scripted({"data": [big], "has_more": False}, {"id": "cus_1", "metadata": {"account_id": "a1"}}, items, none)
    data = StripeBilling(api, lambda: NOW).fetch(customer("cus_1")).data
    assert [item["id"] for item in data["subscriptions"][0]["items"]["data"]] == ["si_1", "si_2"]


# Customers


def wanted(email: str = "a@example.com") -> Desired:
    values = {"metadata.account_id": "a1", "email": email}
    return Desired("stripe.customers", account_subject(AccountId("a1")), values)


def test_two_customers_of_one_account_are_ambiguous(live, stripe_api):
    ids = [seed(live, email="a@example.com", metadata={"account_id": "a1"}) for _ in range(2)]
    with pytest.raises(Ambiguous) as caught:
        StripeCustomers(stripe_api).find(wanted(), None)
    assert list(caught.value.candidates) == sorted(ids)


def test_a_lost_create_is_found_though_the_email_has_changed(live, stripe_api):
    id = seed(live, email="old@example.com", metadata={"account_id": "a1"}, created=NOW - 200)
    target = StripeCustomers(stripe_api)
    assert target.find(wanted("new@example.com"), None) is None
    assert target.find(wanted("new@example.com"), NOW).external_id == id
    assert target.find(wanted("new@example.com"), NOW + 3600) is None


def test_none_clears_a_field(live, stripe_api):
    id = seed(live, email="a@example.com", name="Some one")
    StripeCustomers(stripe_api).push(Step("t", wanted().subject, "update", "k", id, {"name": None}))
    assert stripe_api.get(f"/v1/customers/{id}")["name"] is None
    assert stripe_api.get(f"/v1/customers/{id}")["email"] == "a@example.com"


def test_a_stored_failure_is_told_from_a_fresh_one(live, stripe_api):
    live.fault("500_after", "stripe", "POST")
    target, step = StripeCustomers(stripe_api), Step("t", wanted().subject, "create", "k", values=wanted().values)
    stored = []
    for _ in range(2):
        with pytest.raises(Unknown) as caught:
            target.push(step)
        stored.append(caught.value.stored)
    assert stored[1]
