"""The relations that the product and Instep share: their columns, and one spelling for what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

USERS, ACCOUNTS, REQUESTS, ACCESS = "instep_users", "instep_accounts", "instep_requests", "instep_access"

metadata = sa.MetaData()

requests = sa.Table(
    REQUESTS,
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text),
    sa.Column("plan", sa.Text),
    sa.Column("days", sa.Integer),
    sa.Column("amount_minor", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("description", sa.Text),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("requested_by", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("answered_at", sa.BigInteger),
)

access = sa.Table(
    ACCESS,
    metadata,
    sa.Column("account_id", sa.Text, primary_key=True),
    sa.Column("stage", sa.Text),
    sa.Column("access", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("plan", sa.Text),
    sa.Column("trial_ends_at", sa.BigInteger),
    sa.Column("instance_url", sa.Text),
    sa.Column("instance_status", sa.Text),
    sa.Column("stripe_customer_id", sa.Text),
    sa.Column("billing_url", sa.Text),
    sa.Column("updated_at", sa.BigInteger),
)

TABLES = {REQUESTS: requests, ACCESS: access}

REQUIRED: Mapping[str, tuple[str, ...]] = {
    USERS: ("user_id", "email"),
    ACCOUNTS: ("account_id",),
    REQUESTS: tuple(requests.columns.keys()),
    ACCESS: tuple(access.columns.keys()),
}
OPTIONAL = (ACCOUNTS, REQUESTS, ACCESS)
"""Relations that may be absent: the view of accounts for good, the two tables until they are made."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    USERS: (
        "user_id", "email", "account_id", "role", "name", "email_verified", "joined_at", "signed_up_at", "last_seen_at",
        "intercom_external_id", "erased", "traits", "updated_at",
    ),
    ACCOUNTS: (
        "account_id", "name", "domain", "stripe_customer_id", "instance_name", "plan", "trial_ends_at", "comped",
        "hold_reason", "excluded", "erased", "timezone", "traits", "updated_at",
    ),
    REQUESTS: REQUIRED[REQUESTS],
    ACCESS: REQUIRED[ACCESS],
}  # fmt: skip
"""Columns that are read; others never leave the database."""


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it: ids as text, ``*_at`` in unix seconds, ``traits`` as an object, numbers as numbers."""
    return {name: _plain(name, value) for name, value in row.items()}


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if name.endswith("_at"):
        return unix_seconds(value)
    if name.endswith("_id"):
        return str(value)
    if name == "traits":
        return _traits(value)
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str | int | float | dict | list) else str(value)


def unix_seconds(value: Any) -> Any:
    """A timestamp, a date, ISO text or unix seconds (as a number or as text) in unix seconds; no zone means UTC.

    What is none of these comes back as it was, for the mapping to complain about.
    """
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    return _whole(value) if isinstance(value, int | float | Decimal) else value


def _whole(number: int | float | Decimal) -> int | None:
    try:
        return int(number)
    except (ValueError, OverflowError):  # not a number, or infinite
        return None


def _parsed(text: str) -> Any:
    for parse in (float, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return text or None


def _traits(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value if isinstance(value, str) else None
