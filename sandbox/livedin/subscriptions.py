"""What a customer of some age has subscribed to: every status, past trials, what was cancelled before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.livedin.firm import DAY, Firm

Json = dict[str, Any]

TRIAL = 14 * DAY
STATUSES = {
    "active": 560, "canceled": 170, "trialing": 60, "past_due": 40, "paused": 30, "unpaid": 20, "incomplete": 10,
    "incomplete_expired": 20, "none": 90,
}  # fmt: skip
# How something that runs differs from what is usual.
TWISTS: tuple[Json, ...] = (
    {"cancel_at_period_end": True},
    {"pause_collection": {"behavior": "void", "resumes_at": None}},
    {"collection_method": "send_invoice", "days_until_due": 30},
    {"quantity": 5},
)


def statuses(firm: Firm) -> Iterator[str]:
    """Every status once, then as often as they are usual."""
    yield from STATUSES
    while True:
        yield firm.random.choices(list(STATUSES), list(STATUSES.values()))[0]


def subscriptions(firm: Firm, price: str, born: int, status: str) -> list[Json]:
    """Import rows, oldest first, all on one price: Stripe keeps a customer to one currency."""
    if status == "none":
        return []
    row = {"price": price} | _MAKE.get(status, _running)(firm, born, status)
    if status in ("active", "past_due") and firm.random.random() < 0.08 and row["created"] - born > 90 * DAY:
        return [{"price": price} | _ended(firm, born, "canceled", before=row["created"]), row]
    return [row]


def _running(firm: Firm, born: int, status: str) -> Json:
    """Half of them began with a trial; some began long after the customer was made."""
    random = firm.random
    late = random.random() < 0.2
    began = firm.moment(born, firm.now - 2 * TRIAL) if late and born < firm.now - 2 * TRIAL else born
    row: Json = {"status": status, "created": began}
    if random.random() < 0.5 and began + TRIAL < firm.now - DAY:
        row["trial_end"] = began + TRIAL
    return row | (random.choice(TWISTS) if status == "active" and random.random() < 0.1 else {})


def _ended(firm: Firm, born: int, status: str, before: int = 0) -> Json:
    """A third ended with the trial, without ever paying."""
    until = before or firm.now - DAY
    row: Json = {"status": status, "created": born}
    if firm.random.random() < 0.33 and born + TRIAL < until:
        return row | {"trial_end": born + TRIAL, "ended_at": born + TRIAL}
    return row | {"ended_at": firm.moment(min(born + 32 * DAY, until), until)}


def _trialing(firm: Firm, born: int, status: str) -> Json:
    began = max(born, firm.now - firm.random.randint(1, 12) * DAY)
    return {"status": status, "created": began, "trial_end": max(began, firm.now - 13 * DAY) + TRIAL}


def _paused(firm: Firm, born: int, status: str) -> Json:
    end = firm.moment(min(born + TRIAL, firm.now - DAY), firm.now - DAY)
    return {"status": status, "created": max(born, end - TRIAL), "trial_end": end}


def _incomplete(firm: Firm, born: int, status: str) -> Json:
    return {"status": status, "created": firm.now - firm.random.randint(1, 20) * 3600}


def _expired(firm: Firm, born: int, status: str) -> Json:
    return {"status": status, "created": born, "ended_at": born + 23 * 3600}


_MAKE = {
    "canceled": _ended,
    "trialing": _trialing,
    "paused": _paused,
    "incomplete": _incomplete,
    "incomplete_expired": _expired,
}
