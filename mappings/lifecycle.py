"""The one state machine: an account's facts and ``now`` -> stage, access, instance, overlays, occurrences, next look.

Pure and total: the same facts give the same answer in any order, unknown values keep today's access and raise an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.access import access_of
from mappings.catalog import Catalog
from mappings.config import Config
from mappings.details import OWING, details, next_win_back
from mappings.disputes import dispute_alerts, disputed
from mappings.fairness import Shift, late_shift
from mappings.foreseen import ended_as_known, falls_as_known
from mappings.instances import (
    current_instance,
    generation,
    managed_here,
    told,
    wait_for_instance,
    wanted_instance,
    was_ready,
)
from mappings.links import with_links
from mappings.model import Access, AccountFacts, Occurrence, Request, RequestId, Scalar, Stage, Subscription
from mappings.money import mrr
from mappings.occurrences import occurrences, product_trial
from mappings.people import billing_contact, home
from mappings.reminders import Reminders, reminders, zone_of
from mappings.requests import Accepted, asked
from mappings.seen import moved, paused_by_trial_end
from mappings.standing import DAY, STATUS, Verdict, Wanted, leading_subscription, verdict_of
from mappings.trials import OVER, Answer, decide

__all__ = ["Life", "billing_contact", "home", "life"]

ENDING_SOON = 3 * DAY
_RUNNING = ("trialing", "active", "past_due")
# Stages in which no subscription stands for a plan; ``last_plan`` stays.
_WITHOUT_PLAN = ("prospect", "awaiting_payment", "trial_expired", "churned")


@dataclass(frozen=True, slots=True)
class Life:
    """What is true of an account at ``now``. ``access`` None: not ours to decide, keep what is there.

    ``plan`` None: a price that no plan maps, keep the last tag. ``overlays``: each with its reason. ``start``: the
    request to start a trial for, at ``price``; ``paid``: the one to start a paid subscription for instead.
    ``accepted``: the requests to change or charge a subscription that are to be carried out now, in their order.
    ``shift``: the trial end that moves because the instance was late.
    ``foreseen``: the stage, or with ``fall_foreseen`` the access, is the end of something on a date known 24 h before.
    """

    now: int
    stage: Stage
    access: Access | None
    reason: str
    plan: str | None = ""
    last_plan: str = ""
    instance: Wanted = "not_managed"
    generation: int = 1
    instance_url: str = ""
    instance_status: str = ""
    customer_id: str = ""
    has_payment_method: bool = False
    mrr: float | None = None
    currency: str = ""
    overlays: Mapping[str, str] = field(default_factory=dict)
    dates: Mapping[str, int | None] = field(default_factory=dict)
    details: Mapping[str, Scalar] = field(default_factory=dict)
    occurrences: tuple[Occurrence, ...] = ()
    answers: Mapping[RequestId, Answer] = field(default_factory=dict)
    start: Request | None = None
    paid: Request | None = None
    price: str = ""
    accepted: tuple[Accepted, ...] = ()
    shift: Shift | None = None
    next_look_at: int | None = None
    alerts: tuple[str, ...] = ()
    foreseen: bool = False
    fall_foreseen: bool = False

    @property
    def trial_ends_at(self) -> int | None:
        return self.dates.get("trial_ends_at")


def life(facts: AccountFacts, config: Config, catalog: Catalog, now: int, managed: bool, zone: str = "UTC") -> Life:
    """The whole answer. ``managed``: a provisioner is configured. ``zone``: where an account names no time zone."""
    leading = leading_subscription(facts, config)
    verdict = verdict_of(facts, leading, config, now)
    decision = decide(facts, config, catalog, now)
    others = asked(facts, config, catalog, decision.start or decision.paid, now)
    if decision.start and verdict.stage in ("prospect", "trial_expired", "churned"):
        verdict = Verdict("trial_requested", "a trial was requested and is being made")
    instance = managed_here(facts, leading, config, managed)
    verdict, late = wait_for_instance(facts, verdict, leading, instance, config, now)
    access, ends = access_of(facts, verdict, config, now)
    plan = catalog.plan_of(leading) if leading else ""
    alerts = [f"subscription {s.subscription_id} has the unknown status {s.status!r}" for s in facts.subscriptions
              if s.status not in STATUS]  # fmt: skip
    if plan is None and leading:
        alerts.append(f"subscription {leading.subscription_id} has a price that no plan in instep.toml maps")
    alerts += dispute_alerts(facts, config)
    current = current_instance(facts)
    if verdict.stage == "trialing" and leading and instance and not was_ready(facts):
        alerts.append("the instance is late: the trial runs without it")
    foreseen = ended_as_known(facts, leading, verdict)
    wanted, deleted_at = wanted_instance(facts, verdict, leading, access, instance, config, now)
    url, status = told(facts)
    dates = _dates(facts, verdict, leading, ends)
    card = any(c.has_payment_method for c in facts.customers if not c.deleted)
    card = card or bool(leading and leading.has_payment_method)
    overlays = _overlays(facts, leading, verdict, dates["trial_ends_at"], now)
    reminder = _reminders(facts, leading, verdict, overlays, config, zone, now, card)
    own_trial = product_trial(facts, verdict.stage) if verdict.product else ()
    win_back = next_win_back(verdict, now)
    looks = [*verdict.ends, ends, late, deleted_at, leading.cancel_at if leading else None, reminder.next_at, win_back]
    looks += [others.next_look_at]
    looks += [decision.next_look_at, *(leading.due_at if leading and verdict.stage in OWING else ())]
    looks += [erasure.prove_at for erasure in facts.erasures]
    if verdict.stage == "trialing" and (trial_ends_at := dates["trial_ends_at"]):
        looks += [trial_ends_at - ENDING_SOON]
    return Life(
        now=now,
        stage=verdict.stage,
        access=access,
        reason=verdict.reason,
        plan="" if _without_plan(verdict, leading) or decision.start else plan,
        last_plan=plan or "",
        instance=wanted,
        generation=generation(facts),
        instance_url=url,
        instance_status=status,
        customer_id=_customer_id(facts, leading),
        has_payment_method=card,
        mrr=mrr(facts, verdict.stage),
        currency=leading.currency if leading else "",
        overlays=overlays,
        dates=dates,
        details=details(facts, leading, verdict, now),
        occurrences=(*occurrences(facts, leading, current), *own_trial, *reminder.due),
        answers=with_links({**decision.answers, **others.answers}, facts),
        start=decision.start,
        paid=decision.paid,
        price=decision.price,
        accepted=others.accepted,
        shift=late_shift(facts, leading, verdict.stage, current, config, now),
        next_look_at=min((at for at in looks if at is not None and at > now), default=None),
        alerts=tuple(sorted(alerts)),
        foreseen=foreseen,
        fall_foreseen=falls_as_known(foreseen, facts, verdict, access, config),
    )


def _without_plan(verdict: Verdict, leading: Subscription | None) -> bool:
    """An ended subscription stands for none, also where staff keep the account on hold or free of charge."""
    ended = leading and (leading.status in OVER or (leading.status == "paused" and paused_by_trial_end(leading)))
    return verdict.stage in _WITHOUT_PLAN or bool(ended and not verdict.product)


def _customer_id(facts: AccountFacts, leading: Subscription | None) -> str:
    """A living customer before a deleted one, then that of the subscription, one with a card, the oldest."""
    own = leading.customer_id if leading else ""
    if own and all(c.customer_id != own for c in facts.customers):
        return own  # Not read yet.
    ranked = sorted(
        (c.deleted, c.customer_id != own, not c.has_payment_method, c.created, c.customer_id) for c in facts.customers
    )
    return ranked[0][-1] if ranked else ""


def _card_expires_at(facts: AccountFacts, leading: Subscription | None) -> int | None:
    """Of the card that would be charged: the subscription's own, else its customer's default."""
    if leading and leading.has_payment_method:
        return leading.card_expires_at
    payer = _customer_id(facts, leading)
    return next((c.card_expires_at for c in facts.customers if c.customer_id == payer), None)


def _overlays(
    facts: AccountFacts, leading: Subscription | None, verdict: Verdict, trial_ends_at: int | None, now: int
) -> dict[str, str]:
    """Overlay -> why. Nobody is nagged about the end of what is free, disputed or will be canceled anyway."""
    found: dict[str, str] = {}
    comped = bool(facts.account and facts.account.comped)
    if comped:
        found["comped"] = "the product says that the account is free of charge"
    if why := disputed(facts):
        found["disputed"] = why
    if leading and leading.cancel_at and verdict.stage in _RUNNING:
        found["canceling"] = "the subscription will be canceled"
    elif not found and verdict.stage == "trialing" and trial_ends_at and 0 < trial_ends_at - now <= ENDING_SOON:
        found["ending_soon"] = "the trial ends within three days"
    return found


def _reminders(
    facts: AccountFacts,
    leading: Subscription | None,
    verdict: Verdict,
    overlays: Mapping[str, str],
    config: Config,
    zone: str,
    now: int,
    card: bool,
) -> Reminders:
    """Only for a running trial that nothing was collected for and that is not canceling, disputed or free of charge."""
    silent = overlays.keys() & {"canceling", "comped", "disputed"} or (leading and leading.ever_paid)
    if verdict.stage != "trialing" or silent:
        return Reminders()
    ends = next(iter(verdict.ends), None)
    trial = leading if leading and leading.trial_end == ends else None
    name, started = (trial.subscription_id, trial.trial_start) if trial else (str(facts.account_id), None)
    body = trial or facts.account
    if body and (shifted := moved(body, "trial")):
        started = max(started or 0, shifted.since)  # What fell due before this end was known was not true at its hour.
    calendar = zone_of(facts.account.timezone if facts.account else "", zone)
    return reminders(name, started, ends, calendar, config.policy, now, {"charge_follows": card})


def _dates(
    facts: AccountFacts, verdict: Verdict, leading: Subscription | None, access_falls: int | None
) -> dict[str, int | None]:
    """The instants that people and filters look at; None clears."""
    stage = verdict.stage
    product = facts.account.trial_ends_at if facts.account else None
    running = next(iter(verdict.ends), None) if stage == "trialing" else None
    trial = leading if leading and leading.trial_start and running in (None, leading.trial_end) else None
    return {
        "trial_started_at": trial.trial_start if trial else None,
        "trial_ends_at": trial.trial_end if trial else product,
        "trial_expired_at": verdict.since if stage == "trial_expired" else None,
        "cancels_at": leading.cancel_at if leading and stage in _RUNNING else None,
        "payment_failed_at": leading.open_since if leading and stage in ("past_due", "unpaid") else None,
        "payment_due_at": min(leading.due_at, default=None) if leading and stage in OWING else None,
        "card_expires_at": _card_expires_at(facts, leading),
        "payment_retry_at": leading.invoice.next_attempt_at
        if leading and leading.invoice and stage == "past_due"
        else None,
        "grace_ends_at": access_falls if stage == "past_due" else None,
        "read_only_ends_at": access_falls if stage in ("trial_expired", "unpaid") else None,
        "paused_at": verdict.since if stage == "paused" else None,
        "churned_at": verdict.since if stage == "churned" else None,
    }
