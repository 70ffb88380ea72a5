"""What the note of an account should say."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, account_subject


def desired_note(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    name = facts.account.name if facts.account else ""
    values = {"account": facts.account_id, "text": f"{name} is {life.stage}"}
    yield Desired("notes", account_subject(facts.account_id), values, why=life.reason)
