"""Stripe's subscriptions with all their invoices, as the written rules read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]

PLANS = {"prod_pro": "pro", "prod_team": "team"}


@dataclass(frozen=True, slots=True)
class Sub:
    """A subscription and its invoices, oldest first."""

    data: JSON
    invoices: tuple[JSON, ...]

    @property
    def latest(self) -> JSON:
        latest = self.data["latest_invoice"]
        return next((invoice for invoice in self.invoices if invoice["id"] == latest), {})

    @property
    def paid(self) -> list[JSON]:
        """Invoices above zero that were paid, oldest first."""
        found = [i for i in self.invoices if i["status"] == "paid" and i["amount_paid"] > 0]
        return sorted(found, key=lambda i: i["status_transitions"]["paid_at"])

    @property
    def pause_reason(self) -> str | None:
        paused = (self.data["status_details"] or {}).get("paused")
        return paused["subscription"]["type"] if paused else None

    @property
    def stage(self) -> str:
        """What this one says alone."""
        match self.data["status"]:
            case "active" if self._before_first_charge:
                return "trialing"
            case "paused" if self.pause_reason == "trial_end_without_payment_method":
                return "trial_expired"
            case "canceled":
                return "churned" if self.paid else "trial_expired" if self.data["trial_end"] else "prospect"
            case "incomplete":
                return "awaiting_payment"
            case "incomplete_expired":
                return "prospect"
            case status:
                return str(status)

    @property
    def _before_first_charge(self) -> bool:
        """The hour between a trial's end and its first payment."""
        latest = self.latest
        waits = latest.get("status") in ("draft", "open") and latest["amount_due"] > 0 and not latest["attempt_count"]
        return bool(self.data["trial_end"] and not self.paid and waits)

    @property
    def alive(self) -> bool:
        return self.stage in ("trialing", "active", "past_due", "unpaid", "paused", "awaiting_payment")

    @property
    def since(self) -> int | None:
        """When the stage that ended or paused it began."""
        if self.data["status"] == "paused":
            return int(self.data["status_details"]["paused"]["transitioned_at"])
        ended: int | None = self.data["ended_at"]
        return ended

    @property
    def open(self) -> list[JSON]:
        return [invoice for invoice in self.invoices if invoice["status"] == "open"]

    @property
    def failing_since(self) -> int | None:
        """``finalized_at`` of the oldest open invoice that was tried."""
        tried = [i["status_transitions"]["finalized_at"] for i in self.open if i["attempt_count"]]
        return min(tried, default=None)

    @property
    def owed(self) -> str | None:
        """The page of the oldest open invoice."""
        opened = sorted(self.open, key=lambda i: i["status_transitions"]["finalized_at"])
        return opened[0]["hosted_invoice_url"] if opened else None

    @property
    def cancel_reason(self) -> str | None:
        details = self.data["cancellation_details"]
        said: str | None = details["feedback"] or details["reason"]
        return said

    @property
    def _price(self) -> JSON:
        price: JSON = self.data["items"]["data"][0]["price"]
        return price

    @property
    def plan(self) -> str:
        return PLANS[self._price["product"]]

    @property
    def monthly(self) -> float:
        """In major units."""
        months = 12 if self._price["recurring"]["interval"] == "year" else 1
        return round(float(self._price["unit_amount"]) / months) / 100


def billed(subscriptions: Iterable[JSON], invoices: Iterable[JSON], now: int) -> list[Sub]:
    """Oldest first."""
    by_sub: dict[str, list[JSON]] = {}
    for invoice in sorted(invoices, key=lambda i: i["created"]):
        by_sub.setdefault(invoice["parent"]["subscription_details"]["subscription"], []).append(invoice)
    ordered = sorted(subscriptions, key=lambda sub: (sub["created"], sub["id"]))
    return [Sub(sub, tuple(by_sub.get(sub["id"], ()))) for sub in ordered]


def mrr(subs: Iterable[Sub]) -> float | None:
    """Of all that is being paid."""
    running = [sub.monthly for sub in subs if sub.data["status"] in ("active", "past_due")]
    return sum(running) if running else None
