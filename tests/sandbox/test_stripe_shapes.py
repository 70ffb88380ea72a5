"""Answers against the SDK's own classes, and against the vendor's sample objects where these are at hand."""

import json
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import stripe
from sandbox_process import DAY

SAMPLES = Path(__file__).parents[3] / "shared" / "specs" / "stripe-fixtures3.json"
OTHERS = ("CashBalance", "Configuration", "CreditBalanceTransaction", "FeedbackOption", "TestClock")


class Names(dict):
    """Where the annotations of the SDK find its classes, which it loads on demand."""

    def __missing__(self, name):
        if name in OTHERS:
            return Any
        if not hasattr(stripe, name):
            raise KeyError(name)
        return getattr(stripe, name)


# Only in answers that ask for them, to deleted objects, or to other kinds of payment.
SPARSE = {
    "customer": {"cash_balance", "deleted", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"},
    "subscription": {"presentment_details"},
    "subscription_item": {"deleted"},
    "price": {"currency_options", "deleted", "tiers"},
    "plan": {"deleted", "tiers"},
    "product": {"deleted", "tax_details"},
    "invoice": {"amount_paid_off_stripe", "confirmation_secret", "deleted", "payments", "threshold_reason"},
    "invoiceitem": {"deleted"},
    "line_item": set(),
    "event": {"account", "context"},
    "webhook_endpoint": {"deleted", "secret"},
    "checkout.session": {"line_items"},
    "charge": {"level3", "refunds"},
    "refund": set(),
    "dispute": {"network_details"},
    "coupon": {"applies_to", "currency_options", "deleted"},
    "discount": {"deleted"},
}
CLASSES = {
    "customer": stripe.Customer,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "price": stripe.Price,
    "plan": stripe.Plan,
    "product": stripe.Product,
    "invoice": stripe.Invoice,
    "invoiceitem": stripe.InvoiceItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_method": stripe.PaymentMethod,
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
    "billing_portal.session": stripe.billing_portal.Session,
    "checkout.session": stripe.checkout.Session,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "coupon": stripe.Coupon,
    "discount": stripe.Discount,
}


@pytest.fixture
def objects(sandbox):
    """One or more real answers of each kind, some of them late in their life."""
    customer = sandbox.customer(card="ok")
    sub = sandbox.subscribe(customer)
    trial = sandbox.subscribe(sandbox.customer(), trial_period_days=1, cancel_at_period_end="true")
    paused = sandbox.subscribe(
        sandbox.customer(), trial_period_days=1, **{"trial_settings[end_behavior][missing_payment_method]": "pause"}
    )
    params = {"url": "https://example.com/hook", "enabled_events[]": "*"}
    endpoint = sandbox.post("/v1/webhook_endpoints", params)
    charge = {"customer": customer["id"], "amount": 500, "currency": "usd"}
    charged = sandbox.post("/v1/invoiceitems", charge | {"subscription": sub["id"]})
    sandbox.post("/v1/invoiceitems", charge)
    charged_sub = sandbox.subscribe(customer, "price_pro_yearly")
    lines = sandbox.get(f"/v1/invoices/{charged_sub['latest_invoice']}")["lines"]["data"]
    portal = sandbox.post("/v1/billing_portal/sessions", {"customer": customer["id"]})
    success = {"success_url": "https://example.com/done"}
    line = {"line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": 1}
    checkout = sandbox.post("/v1/checkout/sessions", {"mode": "subscription", **success, **line})
    setup = sandbox.post("/v1/checkout/sessions", {"mode": "setup", "customer": customer["id"], **success})
    next_one = sandbox.post("/v1/invoices/create_preview", {"subscription": sub["id"]})
    charges = sandbox.get("/v1/charges", customer=customer["id"])["data"]
    refund = sandbox.post("/v1/refunds", {"charge": charges[0]["id"]})
    dispute = sandbox.control("POST", f"/stripe/customers/{customer['id']}/dispute")
    coupon = sandbox.post("/v1/coupons", {"percent_off": 5, "duration": "forever"})
    discounts = {"discounts[0][coupon]": coupon["id"], "expand[]": "discounts"}
    discounted = sandbox.subscribe(customer, trial_period_days=1, **discounts)
    sandbox.advance(DAY)
    sandbox.raw("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")
    invoice = sandbox.get(f"/v1/invoices/{sub['latest_invoice']}")
    subs = [sub, *(sandbox.subscription(row) for row in (trial, paused))]
    (item,) = sub["items"]["data"]
    return {
        "customer": [customer, sandbox.get(f"/v1/customers/{customer['id']}")],
        "subscription": subs,
        "subscription_item": [item],
        "price": [item["price"]],
        "plan": [item["plan"]],
        "product": sandbox.get("/v1/products")["data"],
        "invoice": [invoice, next_one],
        "invoiceitem": [charged, *sandbox.get("/v1/invoiceitems", customer=customer["id"], pending="false")["data"]],
        "line_item": [*invoice["lines"]["data"], *lines],
        "payment_method": sandbox.get("/v1/payment_methods", customer=customer["id"])["data"],
        "event": sandbox.event_list(customer),
        "webhook_endpoint": [endpoint],
        "billing_portal.session": [portal],
        "checkout.session": [checkout, setup],
        "charge": charges,
        "refund": [refund],
        "dispute": [dispute],
        "coupon": [coupon],
        "discount": discounted["discounts"],
    }


def hints(cls):
    inner = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
    found = get_type_hints(cls, localns=Names(inner | {"CardResource": stripe.Card}))
    return {name: hint for name, hint in found.items() if not name.startswith("_") and get_origin(hint) is not ClassVar}


def members(hint):
    return tuple(m for arg in get_args(hint) for m in members(arg)) if get_origin(hint) is Union else (hint,)


def problems(cls, value, path=""):
    """Where ``value`` is not what the class says: a missing field, or a value of none of its types."""
    allowed = hints(cls)
    for name, hint in allowed.items():
        if name not in value:
            if type(None) not in members(hint):
                yield f"{path}{name} missing"
        elif not any(fits(member, value[name]) for member in members(hint)):
            yield f"{path}{name} = {value[name]!r} is no {hint}"
        else:
            for member in members(hint):
                if is_object(member) and isinstance(value[name], dict):
                    yield from problems(member, value[name], f"{path}{name}.")
    yield from (f"{path}{name} unknown" for name in value.keys() - allowed.keys())


def is_object(hint):
    return isinstance(hint, type) and issubclass(hint, stripe.StripeObject) and hint.__module__ != "stripe._list_object"


def fits(hint, value):
    if hint is Any:
        return True
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is list:
        return isinstance(value, list)
    if hint is type(None):
        return value is None
    if isinstance(hint, type) and hint in (int, bool, float, str):
        return type(value) is hint
    return isinstance(value, str if getattr(hint, "__name__", "") == "Decimal" else dict)


@pytest.mark.parametrize("kind", CLASSES)
def test_answers_have_every_field_of_the_sdks_class(objects, kind):
    for value in objects[kind]:
        found = [line for line in problems(CLASSES[kind], value) if "UntypedStripeObject" not in line]
        assert found == []


@pytest.mark.parametrize("kind", SPARSE)
def test_nullable_fields_are_there_as_null(objects, kind):
    for value in objects[kind]:
        assert hints(CLASSES[kind]).keys() - value.keys() - SPARSE[kind] == set()


@pytest.mark.parametrize("kind", sorted(CLASSES.keys() - {"billing_portal.session", "checkout.session"}))
def test_answers_have_the_types_of_the_vendors_samples(objects, kind):
    if not SAMPLES.exists():
        pytest.skip("the vendor's sample objects are not here")
    sample = json.loads(SAMPLES.read_text())["resources"].get(kind)
    if sample is None:
        pytest.skip(f"the vendor gives no sample of {kind}")
    for value in objects[kind]:
        shared = {name for name in sample.keys() & value.keys() if None not in (sample[name], value[name])}
        assert {name: type(value[name]) for name in shared} == {name: type(sample[name]) for name in shared}
        assert sample.keys() - value.keys() - SPARSE.get(kind, set()) <= {"subscription"}
