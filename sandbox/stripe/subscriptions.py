"""The subscription calls: create, update, cancel, pause, resume, list (Stripe docs: subscriptions)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import coupons, invoices, lifecycle
from sandbox.stripe.account import Account
from sandbox.stripe.errors import NotBegun, StripeError, declined, invalid, missing
from sandbox.stripe.items import arrange, interval, lay_out
from sandbox.stripe.metadata import merged
from sandbox.stripe.periods import DAY, current
from sandbox.stripe.shapes import SUBSCRIPTION, items, new

Json = dict[str, Any]

_PLAIN = ("description", "collection_method", "days_until_due", "default_payment_method")
_HASHES = ("payment_settings", "cancellation_details")


def create(account: Account, id: str, params: Json) -> Json:
    for name in ("customer", "items"):
        if not params.get(name):
            raise NotBegun(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    customer = account.customers.need(params["customer"], "customer")
    sub = _build(account, customer, params)
    if sub["status"] == "trialing":
        _begin_trial(account, sub)
    else:
        _begin_paying(account, sub, customer, params.get("payment_behavior", "allow_incomplete"))
    lifecycle.watch(account, sub)
    return sub


def _build(account: Account, customer: Json, params: Json) -> Json:
    trial_end = _trial_end(account, params)
    sub = blank(account, customer["id"], account.now, params["items"])
    _fill(account, sub, customer, params)
    if trial_end is not None:
        sub |= {
            "status": "trialing",
            "trial_start": account.now,
            "trial_end": trial_end,
            "billing_cycle_anchor": trial_end,
        }
        lifecycle.set_period(sub, account.now, trial_end)
    _schedule_cancel(account, sub, params)
    _same_currency(account, customer, sub)
    return sub


def blank(account: Account, customer: str, created: int, wanted: list[Json]) -> Json:
    """An incomplete subscription in its first period."""
    id = account.world.new_id("sub_", 24)
    data = lay_out(account, id, [], wanted, created)
    sub = new("subscription", SUBSCRIPTION, id, created, customer=customer, items=items(id, data), status="incomplete")
    sub |= {"billing_cycle_anchor": created, "start_date": created, "currency": data[0]["price"]["currency"]}
    lifecycle.set_period(sub, *current(created, interval(sub), created))
    return sub


def _trial_end(account: Account, params: Json) -> int | None:
    days, end = params.get("trial_period_days"), params.get("trial_end")
    if days is not None and end is not None:
        raise invalid(
            "You may only specify one of these parameters: trial_end, trial_period_days.", "trial_period_days"
        )
    if days is not None and not 1 <= days <= 730:
        raise invalid("trial_period_days must be between 1 and 730.", "trial_period_days", "parameter_invalid_integer")
    if isinstance(end, int) and end <= account.now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    return account.now + days * DAY if days else end if isinstance(end, int) else None


def _fill(account: Account, sub: Json, customer: Json, params: Json) -> None:
    for name in _PLAIN:
        if name in params:
            sub[name] = params[name] if params[name] != "" else None
    for name in _HASHES:
        if name in params:
            sub[name] = sub[name] | {key: value or None for key, value in params[name].items()}
    if "trial_settings" in params:
        behavior = sub["trial_settings"]["end_behavior"] | params["trial_settings"]["end_behavior"]
        sub["trial_settings"] = {"end_behavior": behavior}
    sub["metadata"] = merged(sub["metadata"], params)
    if "discounts" in params:
        coupons.redeem(account, sub, params["discounts"])
    card = sub["default_payment_method"]
    if card and account.cards.need(card, "default_payment_method")["customer"] != customer["id"]:
        raise invalid(f"The customer does not have a payment method with the ID {card}.", "default_payment_method")
    if sub["collection_method"] == "send_invoice" and sub["days_until_due"] is None:
        raise invalid("You must set days_until_due when collection_method is send_invoice.", "days_until_due")


def _same_currency(account: Account, customer: Json, sub: Json) -> None:
    if customer["currency"] not in (None, sub["currency"]):
        raise invalid("You cannot combine currencies on a single customer.", "currency")
    with account.changing(customer):
        customer["currency"] = sub["currency"]


def _begin_trial(account: Account, sub: Json) -> None:
    """Stripe docs: a trial starts with an invoice of zero."""
    account.subscriptions.add(sub)
    invoice = invoices.draft(account, sub, "subscription_create", free=True)
    sub["latest_invoice"] = invoice["id"]
    account.emit("customer.subscription.created", sub)
    invoices.finalize(account, invoice)
    lifecycle.announce_short_trial(account, sub)


def _begin_paying(account: Account, sub: Json, customer: Json, behavior: str) -> None:
    """Stripe docs: payment_behavior. The first invoice is charged at once, or waits 23 hours for its customer."""
    sent = sub["collection_method"] == "send_invoice"
    card = invoices.card_for(account, sub, customer)
    if invoices.amount(account, sub) and not sent and behavior != "default_incomplete":
        _need_card(account, card, behavior)
    account.subscriptions.add(sub)
    sub["status"] = "active" if sent else "incomplete"
    invoice = invoices.draft(account, sub, "subscription_create")
    sub["latest_invoice"] = invoice["id"]
    account.emit("customer.subscription.created", sub)
    if sent:
        return invoices.finalize_later(account, invoice)
    invoices.finalize(account, invoice)
    if behavior != "default_incomplete":
        invoices.attempt(account, invoice)
    return None


def _need_card(account: Account, card: str | None, behavior: str) -> None:
    if behavior == "pending_if_incomplete":
        raise invalid("pending_if_incomplete is only accepted when updating a subscription.", "payment_behavior")
    if card is None:
        message = "This customer has no attached payment source or default payment method."
        raise StripeError(400, f"{message} Please consider adding a default payment method.", code="resource_missing")
    if behavior == "error_if_incomplete" and account.outcomes.get(card) != "ok":
        raise declined()


def update(account: Account, id: str, params: Json) -> Json:
    sub = account.subscriptions.need(id)
    if sub["status"] in lifecycle.ENDED and params.keys() - {"metadata", "cancellation_details", "expand"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    customer = account.customers.get(sub["customer"]) or {"id": sub["customer"]}
    trial_end = _trial_end(account, params)
    with account.changing(sub):
        _fill(account, sub, customer, params)
        _pause_collection(sub, params)
        if trial_end is not None:
            _move_trial(sub, trial_end, account.now)
        rebilled = "items" in params and arrange(account, sub, params["items"])
        _schedule_cancel(account, sub, params)
    _follow_up(account, sub, params, trial_end, rebilled)
    return sub


def _follow_up(account: Account, sub: Json, params: Json, trial_end: int | None, rebilled: bool) -> None:
    if trial_end is not None:
        lifecycle.announce_short_trial(account, sub)
    if params.get("trial_end") == "now" and sub["status"] == "trialing":
        with account.changing(sub):
            sub["trial_end"] = account.now
        account.emit("customer.subscription.trial_will_end", sub)
        lifecycle.end_trial(account, sub, at_once=True)
    elif rebilled:
        lifecycle.charge_latest(account, sub)
    lifecycle.watch(account, sub)


def _move_trial(sub: Json, trial_end: int, now: int) -> None:
    """Stripe docs: a trial may be extended, or given to a running subscription; the anchor moves with it."""
    if sub["status"] not in ("trialing", *lifecycle.RENEWING):
        raise invalid(f"You cannot set trial_end on a subscription that is {sub['status']}.", "trial_end")
    start = sub["trial_start"] if sub["status"] == "trialing" else now
    sub |= {"status": "trialing", "trial_start": start, "trial_end": trial_end, "billing_cycle_anchor": trial_end}
    lifecycle.set_period(sub, start, trial_end)
    if sub["cancel_at_period_end"]:
        sub["cancel_at"] = trial_end


def _pause_collection(sub: Json, params: Json) -> None:
    pause = params.get("pause_collection")
    if pause is not None:
        sub["pause_collection"] = {"resumes_at": None} | pause if pause else None


def _schedule_cancel(account: Account, sub: Json, params: Json) -> None:
    """Stripe docs: cancel_at and cancel_at_period_end; the status stays until that moment."""
    if "cancel_at" in params and "cancel_at_period_end" in params:
        raise invalid("You cannot set both cancel_at and cancel_at_period_end.", "cancel_at")
    if "cancel_at" not in params and "cancel_at_period_end" not in params:
        return
    at_end = params.get("cancel_at_period_end", False)
    at = lifecycle.period_end(sub) if at_end else _cancel_moment(account, sub, params.get("cancel_at"))
    if (sub["cancel_at_period_end"], sub["cancel_at"]) != (at_end, at):
        reason = "cancellation_requested" if at else None
        sub |= {"cancel_at_period_end": at_end, "cancel_at": at, "canceled_at": account.now if at else None}
        sub["cancellation_details"] = sub["cancellation_details"] | {"reason": reason}


def _cancel_moment(account: Account, sub: Json, wanted: Any) -> int | None:
    if wanted in ("min_period_end", "max_period_end"):
        return lifecycle.period_end(sub)
    if isinstance(wanted, int) and wanted <= account.now:
        raise invalid("cancel_at must be in the future.", "cancel_at")
    return wanted if isinstance(wanted, int) else None


def cancel(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: a subscription that has ended cannot be cancelled again; it is not found."""
    sub = account.subscriptions.need(id)
    if sub["status"] in lifecycle.ENDED:
        raise missing("subscription", id)
    details = {key: value or None for key, value in params.get("cancellation_details", {}).items()}
    lifecycle.cancel(account, sub, "cancellation_requested", details)
    return sub


def pause(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: pausing needs automatic charging and no schedule."""
    sub = account.subscriptions.need(id)
    if sub["status"] not in ("trialing", "active", "past_due") or sub["collection_method"] != "charge_automatically":
        raise invalid(f"This subscription cannot be paused: it is {sub['status']}, {sub['collection_method']}.")
    lifecycle.pause(account, sub, "pause_requested")
    return sub


def retrieve(account: Account, id: str, params: Json) -> Json:
    return account.subscriptions.need(id)


def list_all(account: Account, id: str, params: Json) -> Json:
    """Stripe docs: canceled ones are left out unless asked for; ``ended`` is canceled and incomplete_expired."""
    customer, status = params.get("customer"), params.get("status")
    if customer is not None and customer not in account.customers.deleted:
        account.customers.need(customer, "customer")

    def keep(sub: Json) -> bool:
        shown = {None: sub["status"] != "canceled", "all": True, "ended": sub["status"] in lifecycle.ENDED}
        return (
            shown.get(status, sub["status"] == status)
            and params.get("collection_method") in (None, sub["collection_method"])
            and ("price" not in params or any(item["price"]["id"] == params["price"] for item in sub["items"]["data"]))
        )

    return account.subscriptions.page(params, "/v1/subscriptions", keep)
