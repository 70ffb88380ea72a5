"""What must have been told of an account: each occurrence once to each person whom billing concerns, reminders too.

Told from what is true at a look: what came and went between two looks, or lies more than 72 hours back, is not told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from .billing import Sub, billed
from .model import DAY, HOUR, RUNNING, Expected, Facts

STALE = 72 * HOUR
REMINDER_DAYS, REMINDER_HOUR = (1, 3, 7), 9
Occurrence = tuple[str, str, int]  # name, what it is about, second


@dataclass(slots=True)
class Seen:
    """A subscription as a look saw it, and since when."""

    state: str
    cancels: bool
    attempt: str
    kept: int | None = None
    resumed: int | None = None
    tried: tuple[str, int] | None = None
    exhausted: int | None = None


@dataclass(slots=True)
class Teller:
    """One account. ``told``: person -> (name, second). ``reminders``: what the last look found due, by its second."""

    told: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    reminders: list[Occurrence] = field(default_factory=list)
    _known: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    _subs: dict[str, Seen] = field(default_factory=dict)
    _card: int | None = None

    def look(self, facts: Facts, expected: Expected, now: int) -> None:
        subs = billed(facts.subscriptions, facts.invoices, now)
        for sub in subs:
            self._see(sub, now)
        self._card = (self._card or now) if facts.card else None
        self.reminders = list(due_reminders(facts, expected, now))
        ended = _ended(expected.lead) if expected.lead else ()
        found = [*self._happened(facts, subs), *ended, *self.reminders]
        if expected.stage == "blocked":
            return
        for person in facts.bills:
            known = self._known.setdefault(person, set())
            for name, about, at in found:
                if at >= now - STALE and (name, about) not in known:
                    known.add((name, about))
                    self.told.setdefault(person, set()).add((name, at))

    def _see(self, sub: Sub, now: int) -> None:
        data, latest = sub.data, sub.latest
        attempt = f"{latest.get('id')}#{latest.get('attempt_count')}"
        state = "expired" if data["status"] == "paused" and sub.stage == "trial_expired" else data["status"]
        before = self._subs.get(data["id"])
        seen = self._subs.setdefault(data["id"], Seen(state, bool(data["cancel_at"]), attempt))
        if before is None:
            return
        if seen.cancels != bool(data["cancel_at"]):
            seen.kept = None if data["cancel_at"] else now
        if seen.state != state:
            seen.resumed = now if seen.state == "paused" else None
            seen.exhausted = now if state == "unpaid" else None
        if seen.attempt != attempt:
            seen.tried = (attempt, now)
        seen.state, seen.cancels, seen.attempt = state, bool(data["cancel_at"]), attempt

    def _happened(self, facts: Facts, subs: list[Sub]) -> Iterator[Occurrence]:
        for instance in facts.instances:
            if instance["ready_at"]:
                yield "provisioned-instance", instance["name"], instance["ready_at"]
        if self._card:
            yield "added-payment-method", f"@{self._card}", self._card
        for sub in subs:
            yield from self._of(sub)
        firsts = sorted((sub.paid[0]["status_transitions"]["paid_at"], sub.data["id"]) for sub in subs if sub.paid)
        for number, (at, id) in enumerate(firsts):
            if not number:
                yield "converted-trial", id, at
            elif _returned(subs, id):
                yield "reactivated-subscription", id, at

    def _of(self, sub: Sub) -> Iterator[Occurrence]:
        data, id, seen = sub.data, sub.data["id"], self._subs[sub.data["id"]]
        running = data["status"] in RUNNING
        if data["trial_start"]:
            yield "started-trial", id, data["trial_start"]
        if data["cancel_at"] and data["canceled_at"] and not data["ended_at"]:
            yield "scheduled-cancellation", f"{id}@{data['canceled_at']}", data["canceled_at"]
        if running and seen.kept:
            yield "kept-subscription", f"{id}@{seen.kept}", seen.kept
        if running and seen.resumed:
            yield "resumed-subscription", f"{id}@{seen.resumed}", seen.resumed
        yield from self._of_payment(sub, seen)

    def _of_payment(self, sub: Sub, seen: Seen) -> Iterator[Occurrence]:
        status, latest = sub.data["status"], sub.latest
        moved = latest.get("status_transitions") or {}
        if status in ("past_due", "unpaid") and latest.get("status") == "open":
            if latest["attempt_count"]:
                yield "failed-payment", f"{latest['id']}#1", moved["finalized_at"]
            if seen.tried and latest["attempt_count"] > 1:
                yield "failed-payment", *seen.tried
        if status == "canceled" and sub.data["cancellation_details"]["reason"] == "payment_failed":
            yield "exhausted-retries", latest["id"], sub.data["ended_at"]
        if status == "unpaid" and seen.exhausted and latest.get("status") == "open":
            yield "exhausted-retries", latest["id"], seen.exhausted
        if (
            latest.get("status") == "paid"
            and latest["amount_paid"]
            and latest["billing_reason"] != "subscription_create"
        ):
            failed_first = latest["attempt_count"] > 1 or moved["paid_at"] - moved["finalized_at"] > 2 * HOUR
            if failed_first:
                yield "recovered-payment", latest["id"], moved["paid_at"]


def _ended(lead: Sub) -> Iterator[Occurrence]:
    """Whoever has another subscription that is alive has neither left nor paused: only the end of the lead is told."""
    id, at = lead.data["id"], lead.since
    if at and lead.stage == "trial_expired":
        yield "expired-trial", id, at
    if at and lead.stage == "churned":
        yield "canceled-subscription", id, at
    if at and lead.stage == "paused":
        yield "paused-subscription", f"{id}@{at}", at


def _returned(subs: list[Sub], id: str) -> bool:
    """Whether it is a new subscription after a paid one; an old debt that somebody settles is no return."""
    (new,) = (sub.data for sub in subs if sub.data["id"] == id)
    return new["status"] != "canceled" and any(sub.paid and sub.data["created"] < new["created"] for sub in subs)


def planned_reminders(facts: Facts, expected: Expected) -> Iterator[tuple[int, Occurrence]]:
    """(days before, the reminder) of a running trial that nothing was collected for and that will not just end."""
    lead = expected.lead
    silent = expected.tags & {"is:canceling", "is:comped"} or expected.stage != "trialing"
    if lead is None or silent or lead.paid or not lead.data["trial_end"]:
        return
    zone, ends = ZoneInfo(facts.team["timezone"] or "UTC"), lead.data["trial_end"]
    for days in REMINDER_DAYS:
        date = datetime.fromtimestamp(ends, zone).date() - timedelta(days=days)
        at = int(datetime.combine(date, time(REMINDER_HOUR), zone).timestamp())
        if at >= max(lead.data["trial_start"], expected.moved):
            yield days, ("neared-trial-end", f"{lead.data['id']}@{ends}#{days}", at)


def due_reminders(facts: Facts, expected: Expected, now: int) -> Iterator[Occurrence]:
    """On its own local date, from the reminder hour on, never after the end."""
    for _, (name, about, at) in planned_reminders(facts, expected):
        zone = ZoneInfo(facts.team["timezone"] or "UTC")
        today = datetime.fromtimestamp(now, zone).date() == datetime.fromtimestamp(at, zone).date()
        if at <= now < int(about.partition("@")[2].partition("#")[0]) and today:
            yield name, about, at


__all__ = ["DAY", "Teller", "due_reminders", "planned_reminders"]
