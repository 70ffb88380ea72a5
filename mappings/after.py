"""What the team's own hooks are told: what happened to an account, once each and in the order in which it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, account_subject
from mappings.occurrences import news


def hook(name: str) -> str:
    """The target that follows the occurrence ``name``."""
    return f"after.{name}"


def desired_calls(name: str) -> Callable[[AccountFacts, Life, Config], Iterable[Desired]]:
    """One call for each occurrence ``name`` since we were born and in the last 72 hours. Ids and dates only: whoever is
    called asks for the rest under its own rights."""

    def desired(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
        plan = {"plan": life.last_plan} if life.last_plan else {}
        told = [
            replace(o, details={**plan, **o.details})
            for o in news(life.occurrences, facts.born_at, life.now)
            if o.name == name
        ]
        if told and life.stage not in ("blocked", "erased"):
            yield Desired(
                hook(name),
                account_subject(facts.account_id),
                beside={"account_id": facts.account_id},
                occurrences=tuple(sorted(told, key=lambda o: (o.at, o.id))),
                why=life.reason,
            )

    return desired
