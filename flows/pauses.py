"""How long an account that did not go through waits before it is tried again, in seconds."""

from __future__ import annotations

BACKOFF = (30, 60, 120, 300, 600, 1800)
# Whoever a vendor fails is back as soon after an outage; many are spared by the breaker.
AFTER_OUTAGE = 120


def backoff(attempts: int, failed: str = "", timer: int | None = None) -> float:
    """``failed``: a system that is to blame. ``timer``: seconds until the account is due anyhow: a failing target does
    not hold up what the others are to hear on time."""
    longest = AFTER_OUTAGE if failed else BACKOFF[-1]
    soonest = longest if timer is None else max(1, timer)
    return min(BACKOFF[min(attempts, len(BACKOFF) - 1)], longest, soonest)
