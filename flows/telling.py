"""What an account asks of a person, as lines of todo."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.concerns import Concern
from mappings.model import AccountId
from state.store import Todo


def lines(account: AccountId, asked: Iterable[Concern], now: int) -> list[Todo]:
    return [
        Todo(c.kind, c.subject, "", c.reason, c.proposal, since=now, account_id=account, decision=c.decision)
        for c in asked
    ]
