"""Whether what ends today was known a day before: such an end counts against no limit."""

from __future__ import annotations

from mappings.config import Config
from mappings.model import Access, AccountFacts, Seen, Subscription
from mappings.standing import DAY, Verdict


def ended_as_known(facts: AccountFacts, leading: Subscription | None, verdict: Verdict) -> bool:
    """Whether the stage is the end of a trial or of a subscription on a date that our looks knew 24 h before it."""
    if verdict.product:
        return verdict.stage == "trial_expired" and _known(*_own_trial(facts))
    if leading is None or any(customer.deleted for customer in facts.customers):
        return False
    trial, cancel = leading.trial_end, leading.cancel_at
    if verdict.stage == "trial_expired" and _known(leading.seen.get("trial"), trial) and _on_that_day(leading, trial):
        return True
    ended = verdict.stage in ("trial_expired", "churned") and _known(leading.seen.get("cancel"), cancel)
    return ended and _on_that_day(leading, cancel)


def falls_as_known(stage: bool, facts: AccountFacts, verdict: Verdict, access: Access | None, config: Config) -> bool:
    """Whether access falls on such a date (``stage``), or when a time of ours is over whose end was known as early."""
    policy, since = config.policy, verdict.since or 0
    if verdict.stage == "past_due" and access == "read_only":
        return _early(verdict.seen, max(since, facts.born_at) + policy.grace_days * DAY)
    if verdict.stage in ("trial_expired", "unpaid") and access == "none" and not stage:
        seen = _own_trial(facts)[0] if verdict.product else verdict.seen
        starts = since if verdict.product or not seen else seen.since
        return _early(seen, starts + policy.read_only_days * DAY)
    return stage


def _own_trial(facts: AccountFacts) -> tuple[Seen | None, int | None]:
    account = facts.account
    return (account.seen.get("trial"), account.trial_ends_at) if account else (None, None)


def _known(seen: Seen | None, at: int | None) -> bool:
    return at is not None and seen is not None and seen.value == str(at) and _early(seen, at)


def _early(seen: Seen | None, at: int) -> bool:
    return seen is not None and seen.since <= at - DAY


def _on_that_day(leading: Subscription, at: int | None) -> bool:
    ended = leading.paused_at if leading.status == "paused" else leading.ended_at
    return at is not None and at <= (ended or at) <= at + DAY
