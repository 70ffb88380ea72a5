"""Accounts that share people: one of them plans a person's contact, which names the companies of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from mappings.model import AccountId, Link, account_subject
from state.schema import facts
from state.sql import any_given, given
from state.types import Lease

NEWS: Final = "a shared account has something new"
_own, _other = facts.alias(), facts.alias()
_people = (_own.c.kind == "person", _other.c.kind == "person")
_SHARING: Final = (
    select(_other.c.account_id)
    .distinct()
    .join(_own, _own.c.root == _other.c.root)
    .where(_own.c.account_id.in_(any_given("accounts")), _other.c.account_id != _own.c.account_id, *_people)
)


def sharing(connection: Connection, accounts: Sequence[AccountId]) -> list[AccountId]:
    """The other accounts of these accounts' people."""
    return list(connection.scalars(_SHARING, given("accounts", accounts)))


def to_wake(connection: Connection, lease: Lease, stored: Link | None, link: Link) -> list[AccountId]:
    """Whom to mark in the transaction that gives the account's own Link its first external id. They have left out what
    had none, and do not come back for it by themselves."""
    first = link.external_id and not (stored and stored.external_id)
    return (
        sharing(connection, [lease.account_id]) if first and link.subject == account_subject(lease.account_id) else []
    )
