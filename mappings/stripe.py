"""Stripe objects -> Facts, and the customer and the trial that Stripe should hold.

Shapes: Stripe API 2026-10-28.endive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mappings.brake import CHANGES
from mappings.checkouts import PART, checkout_fact
from mappings.config import Config
from mappings.invoices import first_paid_at, invoice_from, open_invoices_of, open_since
from mappings.lifecycle import Life
from mappings.model import (
    AccountFacts,
    Customer,
    Desired,
    Fact,
    Held,
    Invoice,
    Later,
    Record,
    Ref,
    Scalar,
    Step,
    Subscription,
    Value,
    account_subject,
    request_subject,
    subject_id,
)  # fmt: skip
from mappings.money import monthly_minor
from mappings.payments import PAYMENTS, card_expires_at, payment_fact
from mappings.people import billing_contact
from mappings.requests import ALIVE
from mappings.seen import states_of
from mappings.text import clean, email

JSON = Mapping[str, Any]
DEFAULT_METHOD = "invoice_settings.default_payment_method"
ACCOUNT_KEY, REQUEST_KEY = "account_id", "request_id"
# An invoice is finalized an hour after its period began, or up to three days where a webhook holds it back.
FINALIZED_WITHIN = 3 * 86400
CHANGED_KEY, SHIFTED_KEY = "instep_request", "instep_shifted"


def facts(record: Record) -> list[Fact]:
    """A whole customer (``customer``, ``subscriptions``, ``open_invoices``, ``disputes``, ``refunds``, ``checkouts``),
    or one part of a bulk page."""
    data = record.data
    if data is None:
        return []
    if record.part == "customer":
        return [_customer_fact(record.ref, data)]
    if record.part == "subscription":
        return [_subscription_fact(record.ref, data, data.get("open_invoices", ()))]
    if record.part in PAYMENTS:
        return [payment_fact(record.ref, record.part, data)]
    if record.part == PART:
        return [checkout_fact(record.ref, data)]
    invoices = data.get("open_invoices", ()), data.get("paid_invoices")
    subscriptions = (_subscription_fact(record.ref, sub, *invoices) for sub in data.get("subscriptions", ()))
    payments = [payment_fact(record.ref, kind, one) for kind in PAYMENTS for one in data.get(f"{kind}s", ())]
    customer = _customer_fact(record.ref, data["customer"], data.get("payment_methods", ()))
    checkouts = (checkout_fact(record.ref, one) for one in data.get("checkouts", ()))
    return [customer, *subscriptions, *payments, *checkouts]


def _customer_fact(root: Ref, data: JSON, methods: Sequence[JSON] = ()) -> Fact:
    """``methods``: what is on file without being the default."""
    customer = replace(customer_from(data), spare_method=methods[0]["id"] if len(methods) == 1 else "")
    seeks = [f"customer:{customer.customer_id}"]
    if customer.account_id:
        seeks.append(f"account:{customer.account_id}")
    elif not customer.deleted:
        seeks.append(f"email:{customer.email.casefold()}")
    return Fact(root, "customer", customer.customer_id, customer, seeks=tuple(seeks), states=states_of(customer))


def _subscription_fact(
    root: Ref, data: JSON, open_invoices: Iterable[JSON] = (), paid_invoices: Iterable[JSON] | None = None
) -> Fact:
    found = subscription_from(data, open_invoices, paid_invoices)
    seeks = (f"account:{found.account_id}",) if found.account_id else ()
    return Fact(root, "subscription", data["id"], found, seeks=seeks, states=states_of(found))


def customer_from(data: JSON) -> Customer:
    """A customer, or the stub ``{"id", "deleted": true}`` of a deleted one."""
    if data.get("deleted"):
        return Customer(data["id"], created=0, deleted=True)
    settings = data.get("invoice_settings") or {}
    return Customer(
        customer_id=data["id"],
        created=data["created"],
        email=email(data.get("email")),
        name=clean(data.get("name")),
        account_id=clean((data.get("metadata") or {}).get(ACCOUNT_KEY)),
        has_payment_method=bool(settings.get("default_payment_method") or data.get("default_source")),
        card_expires_at=card_expires_at(settings.get("default_payment_method")),
        livemode=bool(data.get("livemode")),
    )


def subscription_from(
    data: JSON, open_invoices: Iterable[JSON] = (), paid_invoices: Iterable[JSON] | None = None
) -> Subscription:
    """A subscription with ``latest_invoice``, ``discounts.source.coupon`` and ``default_payment_method`` expanded. The
    period is that of its earliest item; a trial offer of an item counts where the subscription has no trial.
    ``paid_invoices``: those of the customer that were asked for; without them the latest one has to tell."""
    items = data["items"]["data"]
    prices = [item["price"] for item in items]
    metadata = data.get("metadata") or {}
    canceled = data.get("cancellation_details") or {}
    paused = ((data.get("status_details") or {}).get("paused")) or {}
    latest = data.get("latest_invoice")
    invoice = invoice_from(latest) if isinstance(latest, Mapping) else None
    unsettled = open_invoices_of(data["id"], invoice, open_invoices)
    oldest = min(unsettled, key=lambda i: (i.finalized_at or 0, i.invoice_id), default=None)
    period_start = min((i["current_period_start"] for i in items if i.get("current_period_start")), default=None)
    anchor = data.get("billing_cycle_anchor")
    paid = bool(invoice and invoice.status == "paid" and invoice.amount_paid > 0)
    # What a coupon, or a free plan, made zero tells nothing of money.
    free = isinstance(latest, Mapping) and latest.get("status") == "paid" and latest.get("total") == 0
    renewed = bool(
        period_start and anchor and period_start > anchor and not free and not _first_is_open(oldest, anchor)
    )
    first_paid = first_paid_at(data["id"], paid_invoices or ())
    offers = [offer for item in items if (offer := item.get("current_trial"))]
    return Subscription(
        subscription_id=data["id"],
        customer_id=data["customer"],
        status=data["status"],
        created=data["created"],
        price_ids=tuple(price["id"] for price in prices),
        lookup_keys=tuple(price["lookup_key"] for price in prices if price.get("lookup_key")),
        product_ids=tuple(price["product"] for price in prices if isinstance(price.get("product"), str)),
        currency=data.get("currency") or "",
        mrr_minor=monthly_minor(items, data.get("discounts") or (), period_start),
        trial_start=data.get("trial_start") or min((offer["start_date"] for offer in offers), default=None),
        trial_end=data.get("trial_end") or max((offer["end_date"] for offer in offers), default=None),
        period_start=period_start,
        period_end=min((i["current_period_end"] for i in items if i.get("current_period_end")), default=None),
        cancel_at=data.get("cancel_at") or (period_end_of(items) if data.get("cancel_at_period_end") else None),
        cancel_at_period_end=bool(data.get("cancel_at_period_end")),
        cancel_reason=clean(canceled.get("reason")),
        cancel_feedback=clean(canceled.get("feedback")),
        canceled_at=data.get("canceled_at"),
        ended_at=data.get("ended_at"),
        pause_type=(paused.get("subscription") or {}).get("type") or "",
        paused_at=paused.get("transitioned_at"),
        account_id=clean(metadata.get(ACCOUNT_KEY)),
        request_id=clean(metadata.get(REQUEST_KEY)),
        changed_by=clean(metadata.get(CHANGED_KEY)),
        shifted_for=clean(metadata.get(SHIFTED_KEY)),
        has_payment_method=bool(data.get("default_payment_method") or data.get("default_source")),
        card_expires_at=card_expires_at(data.get("default_payment_method")),
        sends_invoices=data.get("collection_method") == "send_invoice",
        collection_paused=bool(data.get("pause_collection")),
        open_since=open_since(unsettled),
        due_at=tuple(sorted(i.due_at for i in unsettled if i.due_at)),
        pay_url=oldest.url if oldest else "",
        pay_amount=oldest.amount_due - oldest.amount_paid if oldest else 0,
        ever_paid=paid or (renewed if paid_invoices is None else first_paid is not None),
        # A subscription's first paid period starts at its billing anchor; later ones tell nothing of the first.
        first_paid_at=first_paid or (invoice.paid_at if paid and invoice and not renewed else None),
        invoice=invoice,
    )


def period_end_of(items: Iterable[JSON]) -> int | None:
    """When the last item's current period ends."""
    return max((item["current_period_end"] for item in items if item.get("current_period_end")), default=None)


def _first_is_open(oldest: Invoice | None, anchor: int) -> bool:
    """A period goes on to the next one while its invoice is being retried: then that one was never paid."""
    return bool(oldest and oldest.finalized_at and oldest.finalized_at < anchor + FINALIZED_WITHIN)


def desired_customer(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The customer carries the billing contact's e-mail and the account's name, else the contact's; neither where the
    last one was erased.

    One is made only for a trial request that starts something; several for one account are a person's decision.
    """
    live = [c for c in facts.customers if not c.deleted]
    contact = billing_contact(facts.people)
    erased = bool(facts.erasures) or any(person.erased for person in facts.people)
    if (contact is None and not erased) or len(live) > 1 or (not live and not (life.start or life.paid)):
        return
    if life.stage == "erased":
        return
    name = (facts.account.name if facts.account else "") or (contact.name if contact else "")
    values: dict[str, Scalar] = {"metadata.account_id": facts.account_id, "email": contact.email if contact else None}
    if name or erased:
        values["name"] = name or None
    if method := _only_method(facts, live):
        values[DEFAULT_METHOD] = method
    yield Desired(
        "stripe.customers",
        account_subject(facts.account_id),
        values,
        born_with=frozenset({"metadata.account_id"}),
        create=not facts.customers,
        why=life.reason if life.start else "the product's e-mail and name",
        guarded=frozenset({"email", "name"}),
        brake=CHANGES,
    )


def _only_method(facts: AccountFacts, live: Sequence[Customer]) -> str:
    """A customer that pays for something, with exactly one payment method and no default, gets it as its default."""
    paying = any(s.status in ALIVE and not s.has_payment_method for s in facts.subscriptions)
    return live[0].spare_method if paying and len(live) == 1 and not live[0].has_payment_method else ""


def held_customer(facts: AccountFacts, desired: Desired) -> Held | None:
    """The account's one living customer, as fetched."""
    found = facts.living_customer
    if found is None:
        return None
    values = {"metadata.account_id": found.account_id, "email": found.email, "name": found.name}
    return Held(found.customer_id, values)


def left_customer(facts: AccountFacts, customer: str) -> bool:
    """Whether it was deleted, or is not the one that a person kept."""
    return any(c.customer_id == customer and c.deleted for c in facts.customers)


def expect_customer(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    """The facts once a new customer exists."""
    if step.operation != "create":
        return facts
    return replace(facts, customers=(*facts.customers, Customer("(new customer)", now, account_id=facts.account_id)))


def desired_trials(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The one subscription of a trial request: a trial, or for who had one a paid subscription whose first payment is
    left open. Afterwards Stripe owns it."""
    request = life.start or life.paid
    if request is None:
        return
    values: dict[str, Value] = {
        "customer": Later("stripe.customers", account_subject(facts.account_id)),
        "price": life.price,
        "trial_days": 0 if life.paid else request.days or config.plans[request.plan].trial_days,
        "missing_payment_method": config.trials.end_without_card,
        "metadata.account_id": facts.account_id,
        "metadata.request_id": request.request_id,
    }
    if config.trials.extra:
        values["extra"] = config.trials.extra
    subject = request_subject(request.request_id)
    yield Desired("stripe.trials", subject, values, once=True, lowers=True, why=f"trial request {request.request_id}")


def held_trial(facts: AccountFacts, desired: Desired) -> Held | None:
    """The subscription that carries this request."""
    found = [s for s in facts.subscriptions if s.request_id == subject_id(desired.subject)]
    return Held(found[0].subscription_id) if len(found) == 1 else None


def expect_trial(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    """The facts once Stripe has started the trial, or the paid subscription, now."""
    days = step.values["trial_days"]
    ends = now + days * 86400 if isinstance(days, int) and days else None
    trial = Subscription(
        subscription_id="(new trial)" if ends else "(new subscription)",
        customer_id=max((c.customer_id for c in facts.customers), default="(new customer)"),
        status="trialing" if ends else "incomplete",
        created=now,
        price_ids=(str(step.values["price"]),),
        trial_start=now if ends else None,
        trial_end=ends,
        period_start=now,
        period_end=ends,
        account_id=facts.account_id,
        request_id=subject_id(step.subject),
    )
    return replace(facts, subscriptions=(*facts.subscriptions, trial))
