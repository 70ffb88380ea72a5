"""What an account may use: its access and when that falls next, and what its instance should do."""

from __future__ import annotations

from mappings.config import Config
from mappings.disputes import unknown
from mappings.model import Access, AccountFacts, Instance, Stage, Subscription
from mappings.seen import RUNNING
from mappings.standing import DAY, RULES, STATUS, Verdict, Wanted

_LOWERING = ("trial_expired", "unpaid", "paused", "churned")


def access_of(facts: AccountFacts, verdict: Verdict, config: Config, now: int) -> tuple[Access | None, int | None]:
    """The access of a stage, and when it falls next. Adoption never lowers access: what ended before we were born
    keeps what it has, and an account from before then without a subscription is left alone. A clock without a known
    start takes nothing away; those of read-only access start at the look that first saw the state."""
    policy = config.policy
    if any(s.status not in STATUS for s in facts.subscriptions) or unknown(facts):
        return None, None
    if verdict.stage == "prospect":
        new = bool(facts.people) and all((p.joined_at or 0) >= facts.born_at for p in facts.people)
        return ("full" if policy.access_without_subscription == "full" else "none" if new else None), None
    rule = RULES[verdict.stage][0]
    if rule == "keep":
        return None, None
    if verdict.stage in _LOWERING and not _was_better(verdict) and _found_so(facts, verdict):
        return None, None
    if verdict.stage == "past_due":
        if verdict.since is None:
            return "grace", None
        ends = max(verdict.since, facts.born_at) + policy.grace_days * DAY
        return ("grace", ends) if now < ends else ("read_only", None)
    if verdict.stage in ("trial_expired", "unpaid"):
        starts = verdict.seen.since if verdict.seen else verdict.since or 0
        ends = starts + policy.read_only_days * DAY
        return ("read_only", ends) if now < ends else ("none", None)
    return rule, None


def _was_better(verdict: Verdict) -> bool:
    """Whether we saw it paying or in trial ourselves before."""
    return bool(verdict.seen and verdict.seen.before in RUNNING)


def _found_so(facts: AccountFacts, verdict: Verdict) -> bool:
    """Whether it had ended before we were born; or was not paying then, so that it has no row of ours, and ended since
    in another way, as what is unpaid is canceled at last."""
    untouched = facts.access is None and all(s.created < facts.born_at for s in facts.subscriptions)
    return (verdict.since or -1) < facts.born_at or (untouched and not verdict.product)


def managed_here(facts: AccountFacts, leading: Subscription | None, config: Config, managed: bool) -> bool:
    """Whether this account's instance is ours to run."""
    started = any(r.kind == "trial" and r.answer == "accepted" for r in facts.requests)
    ours = started or bool(leading and leading.request_id)
    return managed and (bool(facts.instances) or ours or (config.policy.instances == "all" and leading is not None))


def current_instance(facts: AccountFacts) -> Instance | None:
    return max(facts.instances, key=lambda i: (i.generation, i.name), default=None)


def generation(facts: AccountFacts) -> int:
    """Rises only after a confirmed deletion."""
    current = current_instance(facts)
    return 1 if current is None else current.generation + (current.status == "deleted")


def wanted_instance(facts: AccountFacts, stage: Stage, managed: bool) -> Wanted:
    if not managed:
        return "not_managed"
    wanted = RULES[stage][1]
    return "none" if wanted in ("suspended", "deleted") and not _exists(facts) else wanted


def _exists(facts: AccountFacts) -> bool:
    """After a lost state only the product's row still tells of an instance."""
    current = current_instance(facts)
    told = current.status if current else facts.access.instance_status if facts.access else ""
    return told not in ("", "deleted")


def wait_for_instance(
    facts: AccountFacts, verdict: Verdict, leading: Subscription | None, managed: bool, config: Config, now: int
) -> tuple[Verdict, int | None]:
    """A trial whose instance is still starting is ``trial_requested`` until the deadline."""
    if verdict.stage != "trialing" or not managed or leading is None:
        return verdict, None
    current = current_instance(facts)
    deadline = (leading.trial_start or leading.created) + config.policy.provision_deadline_minutes * 60
    if was_ready(current) or now >= deadline:
        return verdict, None
    return Verdict("trial_requested", "the instance is being started", ends=verdict.ends), deadline


def was_ready(instance: Instance | None) -> bool:
    return bool(instance and (instance.ready_at or instance.status in ("ready", "suspended")))
