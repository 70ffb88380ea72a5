"""Stripe's JSON in our words."""

from dataclasses import asdict
from typing import Any

import pytest
import samples
import stripe as sdk
from samples import T0, discount, invoice, item, open_invoice, paused, root, subscription

from mappings.model import Customer, Record, Ref, Subscription, body_from_json
from mappings.money import major
from mappings.seen import paused_by_trial_end
from mappings.stripe import customer_from, facts, subscription_from

ROOT = Ref("stripe", "customer", "cus_1")
MONTH = 30 * 86400


def read(*items: Any, **more: Any) -> Subscription:
    return subscription_from(subscription(*items, **more))


@pytest.mark.parametrize(
    ("sample", "cls"),
    [
        (samples.customer(), sdk.Customer),
        (samples.customer()["invoice_settings"], sdk.Customer.InvoiceSettings),
        (samples.price(), sdk.Price),
        (samples.price()["recurring"], sdk.Price.Recurring),
        (item(), sdk.SubscriptionItem),
        (discount(), sdk.Discount),
        (discount()["source"], sdk.Discount.Source),
        (discount()["source"]["coupon"], sdk.Coupon),
        (invoice(), sdk.Invoice),
        (invoice()["status_transitions"], sdk.Invoice.StatusTransitions),
        (invoice()["parent"], sdk.Invoice.Parent),
        (invoice()["parent"]["subscription_details"], sdk.Invoice.Parent.SubscriptionDetails),
        (subscription(), sdk.Subscription),
        (subscription()["cancellation_details"], sdk.Subscription.CancellationDetails),
        (paused()["status_details"], sdk.Subscription.StatusDetails),
        (paused()["status_details"]["paused"], sdk.Subscription.StatusDetails.Paused),
        (paused()["status_details"]["paused"]["subscription"], sdk.Subscription.StatusDetails.Paused.Subscription),
    ],
    ids=lambda value: value.__qualname__ if isinstance(value, type) else "",
)
def test_the_samples_are_spelled_as_stripes_own_library_spells_them(sample: dict[str, Any], cls: type) -> None:
    known = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
    assert sample.keys() <= known


def test_a_customer() -> None:
    found = customer_from(samples.customer())
    assert found == Customer("cus_1", T0, "olga@example.com", "Olga", "acme")


@pytest.mark.parametrize(
    "where", [{"invoice_settings": {"default_payment_method": "pm_1"}}, {"default_source": "card_1"}]
)
def test_a_payment_method_is_on_file(where: dict[str, Any]) -> None:
    assert customer_from(samples.customer(**where)).has_payment_method


def test_a_deleted_customer_keeps_its_id_only() -> None:
    assert customer_from(samples.deleted_customer()) == Customer("cus_1", 0, deleted=True)


@pytest.mark.parametrize("nothing", [{"metadata": {}}, {"metadata": None}])
def test_a_customer_seeks_its_account_by_id_then_metadata_then_email(nothing: dict[str, Any]) -> None:
    (marked,) = facts(Record(ROOT, samples.customer(), "customer"))
    (bare,) = facts(Record(ROOT, samples.customer(email="Olga@Example.com", **nothing), "customer"))
    assert marked.seeks == ("customer:cus_1", "account:acme")
    assert bare.seeks == ("customer:cus_1", "email:olga@example.com")


def test_a_whole_customer_is_one_fact_for_each_object() -> None:
    found = facts(Record(ROOT, samples.root(subscription(), subscription(id="sub_2"))))
    assert [(f.kind, f.id) for f in found] == [
        ("customer", "cus_1"),
        ("subscription", "sub_1"),
        ("subscription", "sub_2"),
    ]
    assert {f.root for f in found} == {ROOT}


def test_what_is_gone_has_no_facts() -> None:
    assert facts(Record(ROOT, None)) == []


def test_a_part_of_a_page_is_the_same_subscription() -> None:
    (part,) = facts(Record(ROOT, subscription(), "subscription"))
    assert part.body == read()


def test_the_plain_subscription() -> None:
    found = read()
    assert (found.status, found.customer_id, found.currency, found.mrr_minor) == ("active", "cus_1", "usd", 2000)
    assert (found.price_ids, found.lookup_keys, found.product_ids) == (("price_pro",), ("pro_monthly",), ("prod_1",))
    assert (found.period_start, found.period_end) == (T0, T0 + MONTH)
    assert (found.ever_paid, found.first_paid_at) == (True, T0 + 60)
    assert found.invoice is not None
    assert found.invoice.url == "https://pay.example.com/in_1"


def test_a_subscription_survives_its_own_json() -> None:
    found = read(trial_start=T0, trial_end=T0 + 5)
    assert body_from_json("subscription", {**asdict(found), "from_a_newer_version": 1}) == found


def test_an_invoice_that_is_not_expanded_tells_nothing() -> None:
    found = read(latest_invoice="in_1")
    assert (found.invoice, found.ever_paid) == (None, False)


@pytest.mark.parametrize(
    ("end", "cancels_at"),
    [
        ({"cancel_at": T0 + 9}, T0 + 9),
        ({"cancel_at_period_end": True}, T0 + MONTH),
        ({"cancel_at": T0 + 9, "cancel_at_period_end": True}, T0 + 9),
        ({}, None),
    ],
)
def test_the_day_on_which_it_will_be_canceled(end: dict[str, Any], cancels_at: int | None) -> None:
    assert read(**end).cancel_at == cancels_at


def test_items_with_different_periods_start_with_the_earliest_and_cancel_with_the_last() -> None:
    pair = (item(end=T0 + MONTH), item(end=T0 + 12 * MONTH))
    assert read(*pair, cancel_at_period_end=True).cancel_at == T0 + 12 * MONTH
    assert read(*pair).period_end == T0 + MONTH


@pytest.mark.parametrize(
    ("items", "discounts", "monthly"),
    [
        ([item()], [], 2000),
        ([item(quantity=3)], [], 6000),
        ([item(quantity=0)], [], 0),
        ([item(quantity=None)], [], 2000),
        ([item(recurring={"interval": "year"}, unit_amount=24000)], [], 2000),
        ([item(recurring={"interval_count": 3}, unit_amount=6000)], [], 2000),
        ([item(recurring={"interval": "week"}, unit_amount=700)], [], 3042),
        ([item(recurring={"interval": "day"}, unit_amount=100)], [], 3042),
        ([item(), item(recurring={"usage_type": "metered"})], [], 2000),
        ([item(unit_amount=None, unit_amount_decimal="1999.5")], [], 2000),
        ([item(unit_amount=None, unit_amount_decimal=None)], [], 0),
        ([item(), item(recurring={"interval": "year"}, unit_amount=12000)], [], 3000),
        ([item()], [discount(percent_off=25)], 1500),
        ([item()], [discount(percent_off=100)], 0),
        ([item()], [discount(amount_off=500)], 1500),
        ([item()], [discount(amount_off=5000)], 0),
        ([item(recurring={"interval": "year"}, unit_amount=24000)], [discount(amount_off=1200)], 1900),
        ([item()], ["di_1"], 2000),
        ([item()], [{"id": "di_1", "source": {"coupon": "co_1"}}], 2000),
    ],
)
def test_what_a_subscription_brings_in_a_month(items: list[Any], discounts: list[Any], monthly: int) -> None:
    assert read(*items, discounts=discounts).mrr_minor == monthly


@pytest.mark.parametrize(
    ("currency", "amount"), [("usd", 12.34), ("jpy", 1234.0), ("kwd", 1.234), ("ugx", 12.34), ("isk", 12.34)]
)
def test_minor_units_of_each_kind_of_currency(currency: str, amount: float) -> None:
    assert major(1234, currency) == amount


def test_a_first_payment_of_nothing_is_no_payment() -> None:
    found = read(latest_invoice=invoice(amount_due=0, amount_paid=0))
    assert (found.ever_paid, found.first_paid_at) == (False, None)


def test_a_renewal_is_not_the_first_payment() -> None:
    found = read(item(start=T0 + MONTH, end=T0 + 2 * MONTH))
    assert (found.ever_paid, found.first_paid_at) == (True, None)


@pytest.mark.parametrize(("first_open", "ever_paid"), [(T0 + 3600, False), (T0 + MONTH + 3600, True)])
def test_a_period_that_follows_an_unpaid_one_proves_no_payment(first_open: int, ever_paid: bool) -> None:
    opened = open_invoice(status_transitions={"finalized_at": first_open, "paid_at": None})
    later = open_invoice(id="in_3", status_transitions={"finalized_at": T0 + 2 * MONTH, "paid_at": None})
    renewed = subscription(item(start=T0 + 2 * MONTH, end=T0 + 3 * MONTH), status="past_due", latest_invoice=later)
    assert subscription_from(renewed, [opened, later]).ever_paid is ever_paid


def test_paid_invoices_tell_when_money_came_first_whatever_the_latest_one_says() -> None:
    latest = open_invoice(id="in_9", billing_reason="subscription_update")
    moved = subscription(
        item(start=T0 + MONTH, end=T0 + 13 * MONTH), billing_cycle_anchor=T0 + MONTH, latest_invoice=latest
    )
    free = invoice(id="in_0", amount_paid=0, status_transitions={"paid_at": T0})
    other = {"type": "subscription_details", "subscription_details": {"metadata": {}, "subscription": "sub_2"}}
    told = [invoice(id="in_7", parent=other, status_transitions={"paid_at": T0 + 1}), free, invoice()]
    found = subscription_from(moved, [latest], told)
    assert (found.ever_paid, found.first_paid_at) == (True, T0 + 60)
    found = subscription_from(moved, [latest], told[:2])
    assert (found.ever_paid, found.first_paid_at) == (False, None)


def test_two_periods_without_a_payment_prove_none() -> None:
    left = subscription(
        item(start=T0 + MONTH, end=T0 + 2 * MONTH), status="canceled", latest_invoice=invoice(id="in_2", status="void")
    )
    whole = facts(Record(ROOT, root(left) | {"paid_invoices": []}))
    assert [fact.body.ever_paid for fact in whole if isinstance(fact.body, Subscription)] == [False]


def test_a_pause_says_why_and_since_when() -> None:
    found = subscription_from(paused())
    assert (found.pause_type, found.paused_at) == ("trial_end_without_payment_method", T0 + 5)
    assert paused_by_trial_end(found)
    assert not paused_by_trial_end(subscription_from(paused("pause_requested")))


def test_grace_starts_with_the_oldest_open_attempted_invoice() -> None:
    older = open_invoice(id="in_0", status_transitions={"finalized_at": T0 - 500, "paid_at": None})
    other = open_invoice(id="in_x", status_transitions={"finalized_at": T0 - 900, "paid_at": None})
    other["parent"]["subscription_details"]["subscription"] = "sub_x"
    unattempted = open_invoice(
        id="in_y", attempt_count=0, status_transitions={"finalized_at": T0 - 800, "paid_at": None}
    )
    found = subscription_from(subscription(latest_invoice=open_invoice()), [older, other, unattempted])
    assert found.open_since == T0 - 500


def test_an_expanded_subscription_of_an_open_invoice_is_recognised() -> None:
    expanded = open_invoice()
    expanded["parent"]["subscription_details"]["subscription"] = {"id": "sub_1"}
    assert subscription_from(subscription(), [expanded]).open_since == T0


def test_an_invoice_that_was_sent_fails_on_its_due_date() -> None:
    sent = open_invoice(attempt_count=0, due_date=T0 + 777, collection_method="send_invoice")
    assert read(latest_invoice=sent).open_since == T0 + 777


def test_marks_of_ours_are_read_back() -> None:
    found = read(metadata={"account_id": "acme", "request_id": "req_1"})
    assert (found.account_id, found.request_id) == ("acme", "req_1")


def test_states_that_stripe_does_not_date_are_remembered() -> None:
    carded = {"default_payment_method": "pm_1"}
    gives_notice = subscription(cancel_at=T0 + 99, **carded, latest_invoice=open_invoice(attempt_count=2))
    found = {f.kind: f.states for f in facts(Record(ROOT, samples.root(gives_notice)))}
    assert found["customer"] == {"card": "no"}
    assert found["subscription"] == {
        "trial": "none",
        "card": "yes",
        "status": "active",
        "cancel": str(T0 + 99),
        "paid": "no",
        "attempt": "in_2#2",
    }
    (_, expired) = facts(Record(ROOT, samples.root(paused())))
    assert expired.states["status"] == "expired"
