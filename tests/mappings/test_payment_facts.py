"""Disputes, refunds, cards, coupons, sent invoices and trial offers of Stripe in our words."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
import samples
import stripe as sdk
from samples import T0, discount, dispute, invoice, item, open_invoice, payment_method, refund, subscription

from mappings.model import Dispute, Record, Ref, Refund, Seen, Subscription, body_from_json
from mappings.payments import card_expires_at
from mappings.stripe import customer_from, facts, subscription_from

ROOT = Ref("stripe", "customer", "cus_1")
MONTH = 30 * 86400
LATER = {"start": T0 + MONTH, "end": T0 + 2 * MONTH}


def read(*items: Any, **more: Any) -> Subscription:
    return subscription_from(subscription(*items, **more))


@pytest.mark.parametrize(
    ("sample", "cls"),
    [
        (dispute(), sdk.Dispute),
        (refund(), sdk.Refund),
        (payment_method(), sdk.PaymentMethod),
        (payment_method()["card"], sdk.PaymentMethod.Card),
    ],
)
def test_the_samples_are_spelled_as_the_library_spells_them(sample: dict[str, Any], cls: type) -> None:
    known = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
    assert sample.keys() <= known


def test_disputes_and_refunds_belong_to_the_customer() -> None:
    record = Record(ROOT, samples.root(subscription()) | {"disputes": [dispute()], "refunds": [refund()]})
    found = {f.kind: f for f in facts(record)}
    assert list(found) == ["customer", "subscription", "dispute", "refund"]
    assert {f.root for f in found.values()} == {ROOT}
    assert found["dispute"].body == Dispute("dp_1", "needs_response", T0, "fraudulent", 2000, "usd")
    assert found["dispute"].states == {"status": "needs_response"}
    assert found["refund"].body == Refund("re_1", "succeeded", T0, 500, "usd")


@pytest.mark.parametrize(("part", "data"), [("dispute", dispute()), ("refund", refund())])
def test_a_part_of_a_page_is_the_same(part: str, data: dict[str, Any]) -> None:
    whole = Record(ROOT, samples.root() | {f"{part}s": [data]})
    assert facts(Record(ROOT, data, part)) == facts(whole)[1:]


@pytest.mark.parametrize(
    "body", [Dispute("dp_1", "lost", T0, seen={"status": Seen("lost", 5, "won")}), Refund("r", "", 1)]
)
def test_they_survive_their_own_json(body: Dispute | Refund) -> None:
    kind = type(body).__name__.casefold()
    told = {name: asdict(state) for name, state in body.seen.items()}
    assert body_from_json(kind, asdict(body), told) == body


# Cards


def test_a_card_is_good_until_the_last_day_of_its_month() -> None:
    found = card_expires_at(payment_method())
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).isoformat() == "2028-02-29T12:00:00+00:00"


@pytest.mark.parametrize(
    "method", [None, "pm_1", {"type": "sepa_debit"}, payment_method(exp_month=13), payment_method(exp_year=None)]
)
def test_what_is_no_card_does_not_expire(method: Any) -> None:
    assert card_expires_at(method) is None


def test_the_card_of_a_customer_and_of_a_subscription() -> None:
    expanded = {"default_payment_method": payment_method(exp_month=12)}
    (customer, own) = customer_from(samples.customer(invoice_settings=expanded)), read(**expanded)
    assert customer.has_payment_method
    assert own.has_payment_method
    assert customer.card_expires_at == own.card_expires_at == card_expires_at(expanded["default_payment_method"])


# Coupons


@pytest.mark.parametrize(
    ("discounts", "monthly"),
    [
        ([discount(percent_off=50, duration="once")], 2000),
        ([{**discount(percent_off=50, duration="repeating"), "end": T0 + 3 * MONTH}], 1000),
        ([{**discount(percent_off=50, duration="repeating"), "end": T0 + MONTH}], 2000),
        ([{**discount(percent_off=50, duration="repeating"), "end": T0 + MONTH + 1}], 1000),
        ([discount(percent_off=50), discount(amount_off=300)], 700),
        ([discount(percent_off=100), discount(amount_off=300)], 0),
        (["di_1", {"id": "di_2", "source": {"coupon": "co_1"}}], 2000),
    ],
)
def test_a_coupon_counts_where_the_period_was_billed_with_it(discounts: list[Any], monthly: int) -> None:
    assert read(item(**LATER), discounts=discounts).mrr_minor == monthly


def test_an_items_own_coupon_comes_off_that_item() -> None:
    half = {**item(), "discounts": [discount(percent_off=50)]}
    assert read(half, item()).mrr_minor == 3000
    assert read(half, item(), discounts=[discount(percent_off=10)]).mrr_minor == 2700


def test_months_that_a_coupon_made_free_are_no_payment() -> None:
    free = invoice(amount_due=0, amount_paid=0, total=0)
    assert not read(item(**LATER), latest_invoice=free).ever_paid
    by_credit = invoice(amount_due=0, amount_paid=0)
    assert read(item(**LATER), latest_invoice=by_credit).ever_paid


def test_who_had_paid_before_a_coupon_made_it_free_has_paid() -> None:
    free = asdict(read(item(**LATER), latest_invoice=invoice(amount_due=0, amount_paid=0, total=0)))
    for before, paid in (("", False), ("no", False), ("yes", True)):
        body = body_from_json("subscription", free, {"paid": {"value": "no", "since": 9, "before": before}})
        assert isinstance(body, Subscription)
        assert body.ever_paid is paid


# Sent invoices, paused collection, trial offers


def test_sent_invoices_fall_due_once_each() -> None:
    sent = [open_invoice(id="in_3", due_date=T0 + 9), open_invoice(due_date=T0 + 5)]
    given = subscription(collection_method="send_invoice", latest_invoice=open_invoice(due_date=T0 + 5))
    found = subscription_from(given, sent)
    assert (found.sends_invoices, found.due_at) == (True, (T0 + 5, T0 + 9))
    assert (read().sends_invoices, read().due_at) == (False, ())


def test_paused_collection() -> None:
    assert read(pause_collection={"behavior": "keep_as_draft", "resumes_at": None}).collection_paused
    assert not read().collection_paused


def test_the_trial_offer_of_an_item_counts_where_the_subscription_has_no_trial() -> None:
    offers = [
        {**item(), "current_trial": {"start_date": T0, "end_date": T0 + days, "trial_offer": "to_1"}} for days in (5, 9)
    ]
    found = read(*offers, {**item(), "current_trial": None})
    assert (found.trial_start, found.trial_end) == (T0, T0 + 9)
    classic = read(*offers, trial_start=T0 + 1, trial_end=T0 + 2)
    assert (classic.trial_start, classic.trial_end) == (T0 + 1, T0 + 2)
