"""What an account may use: its access and when that falls next."""

from __future__ import annotations

from mappings.config import Config
from mappings.disputes import unknown
from mappings.exclusion import excluded
from mappings.instances import LOWERING
from mappings.model import Access, AccountFacts, Stage
from mappings.seen import RUNNING
from mappings.standing import DAY, RULES, STATUS, Verdict


def access_of(facts: AccountFacts, verdict: Verdict, config: Config, now: int) -> tuple[Access | None, int | None]:
    """The access of a stage, and when it falls next. Adoption never lowers access: what ended before we were born
    keeps what it has, and an account from before then without a subscription is left alone. A clock without a known
    start takes nothing away; those of read-only access start at the look that first saw the state."""
    policy = config.policy
    if _unknown(facts):
        return None, None
    if verdict.stage == "prospect":
        new = bool(facts.people) and all((p.joined_at or 0) >= facts.born_at for p in facts.people)
        return ("full" if policy.access_without_subscription == "full" else "none" if new else None), None
    rule = RULES[verdict.stage][0]
    if rule == "keep":
        return None, None
    if verdict.stage in LOWERING and not _was_better(verdict) and _found_so(facts, verdict):
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


def left_alone(facts: AccountFacts, stage: Stage, access: Access | None, config: Config) -> str:
    """By which rule access stays what the product gave; empty where it is ours to decide (``access_of``)."""
    if excluded(facts, config):
        return "excluded"
    if access is not None:
        return ""
    if _unknown(facts):
        return "of a status that this version does not know"
    if stage == "prospect":
        return "without a subscription since before Instep"
    return "waiting for a first payment" if stage == "awaiting_payment" else "ended before Instep"


def _unknown(facts: AccountFacts) -> bool:
    return any(s.status not in STATUS for s in facts.subscriptions) or bool(unknown(facts))


def _was_better(verdict: Verdict) -> bool:
    """Whether we saw it paying or in trial ourselves before."""
    return bool(verdict.seen and verdict.seen.before in RUNNING)


def _found_so(facts: AccountFacts, verdict: Verdict) -> bool:
    """Whether it had ended before we were born; or was not paying then, so that it has no row of ours, and ended since
    in another way, as what is unpaid is canceled at last. Without a date only what is older than we are had ended."""
    created = [s.created for s in facts.subscriptions]
    since = min(created, default=-1) if verdict.since is None else verdict.since
    untouched = facts.access is None and all(at < facts.born_at for at in created)
    return since < facts.born_at or (untouched and not verdict.product)
