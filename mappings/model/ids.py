"""Names of things: ids as distinct types, typed subjects, fingerprints."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Literal, NewType

import orjson

AccountId = NewType("AccountId", str)
UserId = NewType("UserId", str)
RequestId = NewType("RequestId", str)
Subject = NewType("Subject", str)

Scalar = str | int | float | bool | None
JSONObject = dict[str, Any]

Stage = Literal[
    "prospect", "trial_requested", "trialing", "trial_expired", "awaiting_payment", "active",
    "past_due", "unpaid", "paused", "churned", "blocked", "erased",
]  # fmt: skip
Access = Literal["full", "grace", "read_only", "none"]
Mode = Literal["off", "watch", "on"]


def account_subject(account_id: AccountId) -> Subject:
    return Subject(f"account:{account_id}")


def person_subject(user_id: UserId) -> Subject:
    return Subject(f"person:{user_id}")


def request_subject(request_id: RequestId) -> Subject:
    return Subject(f"request:{request_id}")


def instance_subject(account_id: AccountId, generation: int) -> Subject:
    return Subject(f"instance:{account_id}#{generation}")


def subject_id(subject: Subject) -> str:
    """The id behind the type: ``account:a1`` -> ``a1``."""
    return subject.split(":", 1)[1]


def at_iso(at: int) -> str:
    """A unix second as ISO 8601 in UTC: ``2026-11-22T09:00:00Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fingerprint(value: Any) -> str:
    """Equal for equal content, whatever the order of keys: blake2b over sorted JSON, 32 hex digits."""
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
