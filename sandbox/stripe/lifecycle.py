"""The billing life of a subscription on the clock: trial end, renewal, dunning, scheduled cancellation, pause.

Stripe docs: subscription lifecycle and statuses; free trials; revenue recovery.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import invoices
from sandbox.stripe.account import Account
from sandbox.stripe.periods import DAY, HOUR, current

Json = dict[str, Any]

ENDED = ("canceled", "incomplete_expired")
RENEWING = ("active", "past_due", "unpaid")
NOTICE = 3 * DAY
INCOMPLETE_FOR = 23 * HOUR


def period_end(sub: Json) -> int:
    return max(int(item["current_period_end"]) for item in sub["items"]["data"])


def set_period(sub: Json, start: int, end: int) -> None:
    data = [item | {"current_period_start": start, "current_period_end": end} for item in sub["items"]["data"]]
    sub["items"] = sub["items"] | {"data": data}


def watch(account: Account, sub: Json) -> None:
    """Set the timers that its present dates ask for; each checks when it rings that its date still stands."""
    id, status = sub["id"], sub["status"]
    if status == "trialing":
        if sub["trial_end"] - NOTICE > account.now:
            account.after("trial_will_end", id, sub["trial_end"] - NOTICE, _trial_will_end)
        account.after("trial_end", id, sub["trial_end"], _trial_end_due)
    if status in RENEWING:
        account.after("period_end", id, period_end(sub), _period_end_due)
    if status == "incomplete":
        account.after("incomplete", id, sub["created"] + INCOMPLETE_FOR, _incomplete_due)
    if sub["cancel_at"] and status not in ENDED:
        account.after("cancel", id, sub["cancel_at"], _cancel_due)


def announce_short_trial(account: Account, sub: Json) -> None:
    """Stripe docs: trial_will_end comes three days before the end, or at once where less than that is left."""
    if sub["trial_end"] - NOTICE <= account.now:
        account.emit("customer.subscription.trial_will_end", sub)


def _trial_will_end(account: Account, id: str, at: int) -> None:
    sub = account.subscriptions.get(id)
    if sub and sub["status"] == "trialing" and sub["trial_end"] - NOTICE == at:
        account.emit("customer.subscription.trial_will_end", sub)


def _trial_end_due(account: Account, id: str, at: int) -> None:
    sub = account.subscriptions.get(id)
    if sub and sub["status"] == "trialing" and sub["trial_end"] == at and not _cancel_due(account, id, at):
        end_trial(account, sub, at_once=False)


def end_trial(account: Account, sub: Json, *, at_once: bool) -> None:
    """With a card, or told to invoice: active, first the draft, the money later. Without: as trial_settings say."""
    missing = invoices.card_for(account, sub, account.customers.get(sub["customer"])) is None
    behavior = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    if missing and sub["collection_method"] == "charge_automatically" and behavior != "create_invoice":
        if behavior == "cancel":
            return cancel(account, sub, None)
        return pause(account, sub, "trial_end_without_payment_method")
    with account.changing(sub):
        sub |= {"status": "active", "billing_cycle_anchor": account.now}
        bill(account, sub, "subscription_update" if at_once else "subscription_cycle", at_once=at_once)
    watch(account, sub)
    if at_once:
        charge_latest(account, sub)
    return None


def bill(account: Account, sub: Json, reason: str, *, at_once: bool) -> None:
    """Move to the period that holds now and make its invoice, which becomes latest_invoice."""
    price = sub["items"]["data"][0]["price"]
    set_period(sub, *current(sub["billing_cycle_anchor"], price["recurring"], account.now))
    invoice = invoices.draft(account, sub, reason)
    sub["latest_invoice"] = invoice["id"]
    if sub["pause_collection"] is not None:
        _uncollected(account, invoice, sub["pause_collection"]["behavior"])
    elif sub["status"] == "unpaid":
        # Stripe docs: an unpaid subscription goes on making invoices, which stay drafts.
        invoice["auto_advance"] = False
    elif not at_once:
        invoices.finalize_later(account, invoice)


def _uncollected(account: Account, invoice: Json, behavior: str) -> None:
    """Stripe docs: pause payment collection."""
    invoice["auto_advance"] = False
    if behavior == "void":
        invoices.void(account, invoice)
    if behavior == "mark_uncollectible":
        with account.changing(invoice, "invoice.marked_uncollectible"):
            invoice |= {"status": "uncollectible"}


def charge_latest(account: Account, sub: Json, *, retry: bool = True) -> bool:
    """Finalise and charge the latest invoice now; whether it is paid. Sent invoices are only finalised."""
    invoice = account.invoices.need(sub["latest_invoice"])
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        invoices.finalize(account, invoice)
    if invoice["collection_method"] == "send_invoice":
        return True
    return invoices.attempt(account, invoice, retry=retry)


def _period_end_due(account: Account, id: str, at: int) -> None:
    """Stripe docs: renewal. The next period starts, its invoice is a draft for an hour."""
    sub = account.subscriptions.get(id)
    if sub is None or sub["status"] not in RENEWING or period_end(sub) != at or _cancel_due(account, id, at):
        return
    with account.changing(sub):
        bill(account, sub, "subscription_cycle", at_once=False)
    watch(account, sub)


def _incomplete_due(account: Account, id: str, at: int) -> None:
    """Stripe docs: a first invoice unpaid for 23 hours is voided and the subscription ends incomplete_expired."""
    sub = account.subscriptions.get(id)
    if sub and sub["status"] == "incomplete":
        invoices.void(account, account.invoices.need(sub["latest_invoice"]))
        with account.changing(sub):
            sub |= {"status": "incomplete_expired", "ended_at": account.now}


def _cancel_due(account: Account, id: str, at: int) -> bool:
    sub = account.subscriptions.get(id)
    if sub is None or sub["status"] in ENDED or sub["cancel_at"] is None or sub["cancel_at"] > account.now:
        return False
    cancel(account, sub, "cancellation_requested")
    return True


def cancel(account: Account, sub: Json, reason: str | None, details: Json | None = None) -> None:
    """Ends now: customer.subscription.deleted, and nothing more is collected (Stripe docs: cancel subscriptions)."""
    sub |= {"status": "canceled", "ended_at": account.now, "canceled_at": sub["canceled_at"] or account.now}
    sub["cancellation_details"] = sub["cancellation_details"] | {"reason": reason} | (details or {})
    sub["status_details"] = None
    account.emit("customer.subscription.deleted", sub)
    for invoice in account.invoices.of(sub["customer"]):
        if invoices.subscription_of(account, invoice) is sub:
            invoices.stop_collecting(account, invoice)


def pause(account: Account, sub: Json, why: str) -> None:
    with account.changing(sub, "customer.subscription.paused"):
        paused = {"subscription": {"type": why}, "transitioned_at": account.now, "type": "subscription"}
        sub |= {"status": "paused", "status_details": {"paused": paused}}


def payment_failed(account: Account, invoice: Json, *, last: bool) -> None:
    """active becomes past_due; after the last retry the account's dunning setting decides."""
    sub = invoices.subscription_of(account, invoice)
    mark_delinquent(account, invoice["customer"])
    if sub is None or sub["status"] not in RENEWING:
        return
    if sub["status"] == "active":
        with account.changing(sub):
            sub["status"] = "past_due"
    if last and account.dunning == "canceled":
        cancel(account, sub, "payment_failed")
    elif last and account.dunning == "unpaid":
        with account.changing(sub):
            sub["status"] = "unpaid"


def paid(account: Account, invoice: Json) -> None:
    """Stripe docs: paying the latest invoice makes an incomplete, past_due or unpaid subscription active."""
    sub = invoices.subscription_of(account, invoice)
    mark_delinquent(account, invoice["customer"])
    if sub is None or sub["latest_invoice"] != invoice["id"]:
        return
    if sub["status"] in ("incomplete", "past_due", "unpaid"):
        with account.changing(sub):
            sub["status"] = "active"
        watch(account, sub)
    elif sub["status"] == "paused" and invoice["billing_reason"] == "subscription_update":
        resumed(account, sub)


def resumed(account: Account, sub: Json) -> None:
    with account.changing(sub, "customer.subscription.resumed"):
        sub |= {"status": "active", "status_details": None}
    watch(account, sub)


def mark_delinquent(account: Account, customer: str) -> None:
    """Stripe docs: delinquent is whether any invoice's last attempt failed, or a sent one is overdue."""
    held = account.customers.get(customer)
    if held is None:
        return
    late = any(
        invoice["status"] == "open"
        and (invoice["attempted"] or (invoice["due_date"] or account.now + 1) <= account.now)
        for invoice in account.invoices.of(customer)
    )
    with account.changing(held):
        held["delinquent"] = late
