"""Customers and subscriptions that are simply there, without the calls, events and limits of making them."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import customers, invoices, lifecycle, subscriptions
from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid
from sandbox.stripe.periods import DAY, current
from sandbox.stripe.shapes import CARD, new

Json = dict[str, Any]

STATUSES = ("trialing", "active", "past_due", "canceled", "paused", "incomplete", "incomplete_expired", "unpaid")
OWED = ("past_due", "unpaid", "incomplete", "incomplete_expired")
_CUSTOMER = ("email", "name", "description", "metadata")
_SUBSCRIPTION = ("metadata", "collection_method", "days_until_due", "pause_collection")


def add(account: Account, row: Json) -> Json:
    """``{email, name, metadata, created, card, subscription: {price, status, created, metadata, trial_end}}``.

    Every name but price is optional; card is ``ok`` or ``decline``; a subscription may also have ``ended_at``,
    ``quantity``, ``cancel_at_period_end``, ``collection_method``, ``days_until_due`` and ``pause_collection``. A
    ``trial_end`` on what trials no more is a trial that it once had.
    Answers the ids: ``{"customer": ..., "subscription": ...}``.
    """
    if unknown := row.keys() - {*_CUSTOMER, "created", "card", "subscription"}:
        raise invalid(f"Unknown names in the import: {', '.join(sorted(unknown))}")
    customer = customers.blank(account, row.get("created", account.now))
    customer |= {name: row[name] for name in _CUSTOMER if name in row}
    account.customers.add(customer)
    if "card" in row:
        _give_card(account, customer, row["card"])
    sub = subscribe(account, customer, row["subscription"]) if row.get("subscription") else None
    return {"customer": customer["id"], "subscription": sub["id"] if sub else None}


def _give_card(account: Account, customer: Json, outcome: str) -> None:
    id = account.world.new_id("pm_", 24)
    account.cards.add(new("payment_method", CARD, id, customer["created"], customer=customer["id"]))
    account.outcomes[id] = outcome
    customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": id}


def subscribe(account: Account, customer: Json, row: Json) -> Json:
    """One more subscription of a customer, as ``add`` describes it."""
    status = row.get("status", "active")
    if status not in STATUSES:
        raise invalid(f"status must be one of {', '.join(STATUSES)}")
    created = int(row.get("created") or customer["created"])
    item = {"price": row["price"], "quantity": row.get("quantity", 1)}
    sub = subscriptions.blank(account, customer["id"], created, [item])
    sub |= {"status": status} | {name: row[name] for name in _SUBSCRIPTION if name in row}
    customer["currency"] = sub["currency"]
    _date(account, sub, row)
    _bill(account, customer, sub)
    account.subscriptions.add(sub)
    lifecycle.watch(account, sub)
    return sub


def _bill(account: Account, customer: Json, sub: Json) -> None:
    """Its latest invoice: of zero for a trial, unpaid and once declined where money is owed, else paid."""
    free, owed = _free(sub), sub["status"] in OWED
    first = free or sub["status"] in ("incomplete", "incomplete_expired")
    invoice = invoices.build(account, sub, "subscription_create" if first else "subscription_cycle", free=free)
    at = sub["items"]["data"][0]["current_period_start"]
    moved = {"finalized_at": at} | ({} if owed else {"paid_at": at})
    invoice |= {"created": at, "period_start": at, "period_end": at, "effective_at": at, "attempted": True}
    invoice |= {"status": "open" if owed else "paid", "status_transitions": invoice["status_transitions"] | moved}
    invoice |= {"attempt_count": 0 if free else 1, "auto_advance": owed, "number": f"{customer['invoice_prefix']}-0001"}
    invoice["hosted_invoice_url"] = f"{account.pages}/invoice/{invoice['id']}"
    if not owed:
        invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0}
    elif sub["status"] == "incomplete_expired":
        invoice |= {"status": "void", "auto_advance": False}
    elif sub["status"] == "past_due":
        invoices.retry_at(account, invoice, account.now + 3 * DAY)
    customer |= {"delinquent": invoice["status"] == "open", "next_invoice_sequence": 2}
    account.invoices.add(invoice)
    sub["latest_invoice"] = invoice["id"]


def _free(sub: Json) -> bool:
    """Whether it has seen nothing but its trial."""
    over = sub["status"] in lifecycle.ENDED and sub["trial_end"] and sub["ended_at"] <= sub["trial_end"]
    return sub["status"] in ("trialing", "paused") or bool(over)


def _date(account: Account, sub: Json, row: Json) -> None:
    """The dates that go with the status."""
    end = row.get("trial_end")
    if sub["status"] in ("trialing", "paused"):
        end = end or (account.now + 7 * DAY if sub["status"] == "trialing" else account.now)
    if end:
        sub |= {"trial_start": sub["created"], "trial_end": end, "billing_cycle_anchor": end}
    if sub["status"] in lifecycle.ENDED:
        sub |= {"ended_at": row.get("ended_at", account.now), "canceled_at": row.get("ended_at", account.now)}
    _set_period(account, sub)
    if sub["status"] == "paused":
        why = {"type": "trial_end_without_payment_method"}
        sub["status_details"] = {
            "paused": {"subscription": why, "transitioned_at": sub["trial_end"], "type": "subscription"}
        }
    if row.get("cancel_at_period_end"):
        sub |= {"cancel_at_period_end": True, "cancel_at": lifecycle.period_end(sub), "canceled_at": account.now}


def _set_period(account: Account, sub: Json) -> None:
    """Its trial, or the period that holds now or the moment it ended."""
    anchor, until = sub["billing_cycle_anchor"], sub["ended_at"] or account.now
    if _free(sub) or until < anchor:
        lifecycle.set_period(sub, sub["created"], anchor)
    else:
        recurring = sub["items"]["data"][0]["price"]["recurring"]
        lifecycle.set_period(sub, *current(anchor, recurring, until))
