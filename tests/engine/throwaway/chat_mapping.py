"""What is told to the team: everything that happened to an account, once."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, account_subject


def desired_lines(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    if life.occurrences:
        yield Desired("chat", account_subject(facts.account_id), occurrences=life.occurrences, why=life.reason)
