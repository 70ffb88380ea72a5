"""What must be true of an account, worked out a second time from the written rules of the subscription life alone.

Shares nothing with what it judges: it reads Stripe's own objects, the product's rows and the provisioner's answers, and
remembers only when Instep looked. Everything that honestly depends on that moment (clocks of read-only access, what no
source dates) starts here at the first look that saw it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .billing import JSON, Sub, billed, mrr
from .life import Group

DAY, HOUR = 86400, 3600
GRACE, READ_ONLY, SOON, DEADLINE = 7 * DAY, 14 * DAY, 3 * DAY, 900
RUNNING = ("trialing", "active", "past_due")
# The best access leads, then the worst warning; where none is alive the one that ended last, then what never started.
WORTH = {"trialing": 30, "active": 30, "past_due": 23, "unpaid": 12, "paused": 11, "trial_expired": -1, "churned": -1}
ACCESS = {"trialing": "full", "active": "full", "paused": "read_only", "churned": "none", "blocked": "none",
          "trial_requested": "none"}  # fmt: skip
SUSPENDED = ("trial_expired", "unpaid", "paused", "churned", "blocked")
STEPS = ("has_project", "has_report")
WIN_BACK = (90, 30, 7)


@dataclass(slots=True)
class Facts:
    """What the sources hold of one account."""

    team: JSON = field(default_factory=dict)
    people: list[JSON] = field(default_factory=list)
    customer: JSON = field(default_factory=dict)
    subscriptions: list[JSON] = field(default_factory=list)
    invoices: list[JSON] = field(default_factory=list)
    instances: list[JSON] = field(default_factory=list)
    requests: list[JSON] = field(default_factory=list)

    @property
    def card(self) -> bool:
        return bool(self.customer and self.customer["invoice_settings"]["default_payment_method"])

    @property
    def card_ends(self) -> int | None:
        """Noon UTC on the last day of the month that stands on the card."""
        if not self.card:
            return None
        card = self.customer["invoice_settings"]["default_payment_method"]["card"]
        after = datetime(card["exp_year"] + card["exp_month"] // 12, card["exp_month"] % 12 + 1, 1, 12, tzinfo=UTC)
        return int(after.timestamp()) - DAY

    @property
    def bills(self) -> list[str]:
        """Whom billing concerns."""
        return [person["id"] for person in self.people if person["role"] in ("owner", "billing")]


@dataclass(slots=True)
class Expected:
    """``row``: of instep_access. ``attributes``: of owner and billing people. ``open``: of everyone.
    ``moved``: the look that saw the trial's end move to where it is."""

    stage: str = ""
    row: JSON = field(default_factory=dict)
    attributes: JSON = field(default_factory=dict)
    open: JSON = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    lead: Sub | None = None
    moved: int = 0


@dataclass(slots=True)
class Memory:
    """Of one account: what only a look could date. ``clock``: the leading subscription and its stage, so ``since``."""

    clock: tuple[str, str] = ("", "")
    since: int = 0
    trials: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    access: str | None = None
    done: dict[tuple[str, str], int] = field(default_factory=dict)


class Account:
    """One account through all looks. ``born``: when Instep began; a grace starts then at the earliest."""

    def __init__(self, group: Group, born: int = 0) -> None:
        self._without, self._born = group.without, born
        self._memory = Memory()
        self.expected = Expected()

    def look(self, facts: Facts, now: int) -> Expected:
        """What every system must hold after a run of Instep at ``now``."""
        memory, subs = self._memory, billed(facts.subscriptions, facts.invoices, now)
        lead = max(subs, key=_rank, default=None)
        judged = lead.stage if lead else "prospect"
        if memory.clock != (clock := (lead.data["id"] if lead else "", judged)):
            memory.clock, memory.since = clock, now
        stage = self._stage(facts, judged, lead, now)
        memory.access, falls = self._access(stage, lead, now)
        running = stage in RUNNING
        instance = facts.instances[0] if facts.instances else {}
        plan = lead.plan if lead and lead.alive and stage != "awaiting_payment" else None
        revenue = mrr(subs) if running else None
        ever = [sub.monthly for sub in subs if sub.paid]
        cancels = lead.data["cancel_at"] if lead and running else None
        step, since = self._journey(facts, now)
        owed = lead.owed if lead and stage in ("past_due", "unpaid", "awaiting_payment") else None
        known: JSON = {
            "plan": plan, "last_plan": lead.plan if lead else None, "mrr": revenue,
            "last_mrr": (ever[-1] if revenue is None else revenue) if ever else None, "mrr_mixed": False,
            "product_access": memory.access,
            "has_payment_method": facts.card, "card_expires_at": facts.card_ends, "instance_url": instance.get("url"),
            "instance_status": instance.get("status"),
            "trial_started_at": lead.data["trial_start"] if lead else None,
            "trial_ends_at": lead.data["trial_end"] if lead else None,
            "trial_expired_at": lead.since if lead and stage == "trial_expired" else None,
            "cancels_at": cancels,
            "payment_failed_at": lead.failing_since if lead and stage in ("past_due", "unpaid") else None,
            "payment_retry_at": lead.latest.get("next_payment_attempt") if lead and stage == "past_due" else None,
            "grace_ends_at": falls if stage == "past_due" else None,
            "read_only_ends_at": falls if stage in ("trial_expired", "unpaid") else None,
            "paused_at": lead.since if lead and stage == "paused" else None,
            "churned_at": lead.since if lead and stage == "churned" else None,
            "cancel_reason": lead.cancel_reason if lead and (cancels or stage == "churned") else None,
            "pause_reason": lead.pause_reason if lead and stage == "paused" else None,
            "hold_reason": facts.team["hold_reason"] if stage == "blocked" else None,
            "payment_action_url": owed,
            "win_back_step": _win_back(lead, stage, now),
            "reactivated_at": _reactivated_at(subs, lead) if running else None,
            "next_step": step, "stuck_since": since,
        }  # fmt: skip
        row = {"stage": stage, "access": memory.access, "plan": plan, "trial_ends_at": known["trial_ends_at"],
               "instance_url": known["instance_url"], "instance_status": known["instance_status"],
               "stripe_customer_id": facts.customer.get("id")}  # fmt: skip
        traits = {name: any(_has(person, name) for person in facts.people) for name in STEPS}
        told = {"support_tier": "full" if running else "basic", **traits}
        tags = _tags(facts, stage, plan, cancels, known["trial_ends_at"], now)
        self.expected = Expected(stage, row, known, told, tags, lead, self._moved(subs, lead, now))
        return self.expected

    def _moved(self, subs: list[Sub], lead: Sub | None, now: int) -> int:
        known = self._memory.trials
        for sub in subs:
            id, end = sub.data["id"], sub.data["trial_end"]
            if id not in known or known[id][0] != end:
                known[id] = (end, now if id in known else 0)
        return known[lead.data["id"]][1] if lead else 0

    def _stage(self, facts: Facts, judged: str, lead: Sub | None, now: int) -> str:
        if facts.team["hold_reason"]:
            return "blocked"
        if facts.team["comped"] and judged not in ("trialing", "active"):
            return "active"
        if judged == "trialing" and lead and facts.instances and not facts.instances[0]["ready_at"]:
            waits = facts.instances[0]["status"] == "provisioning"
            return "trial_requested" if waits and now < lead.data["trial_start"] + DEADLINE else judged
        return judged

    def _access(self, stage: str, lead: Sub | None, now: int) -> tuple[str | None, int | None]:
        """The access, and when it falls next."""
        memory = self._memory
        if stage == "prospect":
            return self._without, None
        if stage == "awaiting_payment":
            return memory.access, None
        if stage == "past_due":
            ends = max(lead.failing_since or 0 if lead else 0, self._born) + GRACE
            return ("grace", ends) if now < ends else ("read_only", None)
        if stage in ("trial_expired", "unpaid"):
            ends = memory.since + READ_ONLY
            return ("read_only", ends) if now < ends else ("none", None)
        return ACCESS[stage], None

    def _journey(self, facts: Facts, now: int) -> tuple[str | None, int | None]:
        """The first step that nobody has done, and since when that is so: the look that saw the last one done."""
        held = {(person["id"], name) for person in facts.people for name in STEPS if _has(person, name)}
        self._memory.done = {key: self._memory.done.get(key, now) for key in held}
        done = {name: min(at for (_, n), at in self._memory.done.items() if n == name) for _, name in held}
        step = next((name for name in STEPS if name not in done), None)
        if step is None:
            return None, None
        return step, max(done.values()) if done else min(person["created_at"] for person in facts.people)


def _rank(sub: Sub) -> tuple[int, int, int, str]:
    worth = WORTH.get(sub.stage, -2)
    return worth, sub.since or 0 if worth == -1 else 0, sub.data["created"], sub.data["id"]


def _has(person: JSON, trait: str) -> bool:
    return bool(json.loads(person["traits"] or "{}").get(trait))


def _tags(
    facts: Facts, stage: str, plan: str | None, cancels: int | None, ends: int | None, now: int
) -> frozenset[str]:
    own = {f"sub:{stage.replace('_', '-')}"}
    if stage == "blocked":
        return frozenset(own)
    if facts.team["comped"]:
        own.add("is:comped")
    if cancels:
        own.add("is:canceling")
    elif stage == "trialing" and not facts.team["comped"] and ends and 0 < ends - now <= SOON:
        own.add("is:ending-soon")
    return frozenset(own | ({f"plan:{plan}"} if plan else set()))


def _win_back(lead: Sub | None, stage: str, now: int) -> int | None:
    if stage != "churned" or lead is None or lead.since is None:
        return None
    passed = (now - lead.since) / DAY
    return next((days for days in WIN_BACK if days <= passed < 120), None)


def _reactivated_at(subs: list[Sub], lead: Sub | None) -> int | None:
    """Paying again: a subscription that is paid, after an earlier one that had been."""
    if lead is None or not lead.paid or lead.data["status"] == "canceled":
        return None
    began = lead.data["created"]
    paid = [sub for sub in subs if sub.paid]
    first = min(paid, key=lambda sub: (sub.paid[0]["status_transitions"]["paid_at"], sub.data["created"]))
    again = first is not lead and any(sub.data["created"] < began for sub in paid)
    return max(began, lead.data["trial_end"] or 0) if again else None


def wants_running(expected: Expected) -> bool | None:
    """Whether the instance must run; None leaves it as it is."""
    if expected.stage in ("prospect", "awaiting_payment"):
        return None
    return expected.stage not in SUSPENDED


def differences(expected: JSON, held: JSON) -> Iterator[tuple[str, Any, Any]]:
    """(name, expected, held) where they are not the same; None and an empty text are both nothing."""
    for name in sorted({*expected, *held}):
        if (expected.get(name) or None) != (held.get(name) or None) or _falls(expected.get(name), held.get(name)):
            yield name, expected.get(name), held.get(name)


def _falls(wanted: Any, held: Any) -> bool:
    """False is something: it is always sent."""
    return isinstance(wanted, bool) and wanted is not held
