"""Answers kept under idempotency keys (Stripe docs: idempotent requests)."""

from __future__ import annotations

from typing import Any

from sandbox.faults import Answer
from sandbox.stripe.errors import NotBegun

KEPT = 24 * 3600
LONGEST = 255


class Kept:
    """Key to (when, what was asked, what was answered); a key is forgotten 24 hours after its first use."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[int, Any, Answer]] = {}

    def replay(self, key: str, asked: Any, now: int) -> Answer | None:
        """The first answer, or None for a new key. Raises NotBegun (400 idempotency_error) for other parameters."""
        if len(key) > LONGEST:
            raise NotBegun(400, f"Idempotency keys may be at most {LONGEST} characters.", type="idempotency_error")
        at, before, answer = self._answers.get(key, (0, None, None))
        if answer is None or at + KEPT <= now:
            return None
        if before != asked:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            raise NotBegun(400, f"{message} Try using a key other than '{key}'.", type="idempotency_error")
        return Answer(answer.status, answer.body, {**answer.headers, "idempotent-replayed": "true"})

    def keep(self, key: str, asked: Any, now: int, answer: Answer) -> None:
        self._answers[key] = (now, asked, answer)
