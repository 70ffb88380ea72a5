"""A trial whose instance was late ends later by as much, once: nobody loses days of it by waiting for us."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.config import Config
from mappings.model import AccountFacts, Instance, Request, RequestId, Stage, Subscription
from mappings.standing import DAY


@dataclass(frozen=True, slots=True)
class Shift:
    """Move the trial end of ``subscription``, which ``request_id`` has started, to ``until``."""

    subscription: Subscription
    request_id: RequestId
    until: int


def trial_days(request: Request, config: Config) -> int | None:
    """The length asked for, else that of the plan; None for a plan that is not there (any more)."""
    plan = config.plans.get(request.plan)
    return request.days or (plan.trial_days if plan else None)


def late_shift(
    facts: AccountFacts, leading: Subscription | None, stage: Stage, instance: Instance | None, config: Config, now: int
) -> Shift | None:
    """The days asked for, counted from when the instance was ready, where that was after the deadline: later only, at
    most ``policy.max_trial_shift_days`` later. What Stripe has marked as shifted is never computed again."""
    sub = leading if leading and leading.status == "trialing" and stage == "trialing" else None
    if sub is None or sub.trial_start is None or sub.trial_end is None or sub.shifted_for or sub.cancel_at:
        return None
    ready = instance.ready_at if instance and instance.ready_at else None
    deadline = sub.trial_start + config.policy.provision_deadline_minutes * 60
    if ready is None or not deadline < ready <= now or ready < facts.born_at:
        return None
    request = next((r for r in facts.requests if r.request_id == sub.request_id), None)
    days = trial_days(request, config) if request else None
    if request is None or days is None or config.trials.mode != "stripe":
        return None
    most = config.policy.max_trial_shift_days * DAY
    until = min(sub.trial_start + days * DAY + min(ready - sub.trial_start, most), sub.trial_end + most)
    return Shift(sub, request.request_id, until) if until > sub.trial_end > now else None
