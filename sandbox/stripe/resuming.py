"""Resuming a paused subscription (Stripe docs: pause and resume subscriptions)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import invoices, lifecycle
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.periods import HOUR

Json = dict[str, Any]

UNPAID_FOR = 23 * HOUR


def resume(account: Account, id: str, params: Json) -> Json:
    """resume_on_payment_attempt: charge now, active or past_due without retries; ..._success: paused until paid."""
    sub = account.subscriptions.need(id)
    if sub["status"] != "paused":
        raise invalid(f"You can only resume a paused subscription; this one is {sub['status']}.")
    if params.get("billing_cycle_anchor", {}).get("type", "now") == "now":
        _resume_with_invoice(account, sub, params.get("payment_behavior", "resume_on_payment_attempt"))
    else:
        lifecycle.resumed(account, sub)
    return sub


def _resume_with_invoice(account: Account, sub: Json, behavior: str) -> None:
    with account.changing(sub):
        sub["billing_cycle_anchor"] = account.now
        lifecycle.bill(account, sub, "subscription_update", at_once=True)
    if behavior == "resume_on_payment_attempt":
        lifecycle.resumed(account, sub)
        lifecycle.charge_latest(account, sub, retry=False)
    else:
        invoice = account.invoices.need(sub["latest_invoice"])
        invoices.finalize(account, invoice)
        account.after("resume", invoice["id"], account.now + UNPAID_FOR, _unpaid_due)


def _unpaid_due(account: Account, id: str, at: int) -> None:
    """Stripe docs: a resume invoice nobody paid is voided after 23 hours and the subscription stays paused."""
    invoice = account.invoices.get(id)
    if invoice is not None and invoice["status"] == "open":
        invoices.void(account, invoice)
