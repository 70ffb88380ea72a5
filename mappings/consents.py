"""Consent to start a paused subscription: given on the billing page for one pause, at an amount that was shown there.

It is a request to reactivate which waits for a payment method instead of being refused for want of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from mappings.model import Request, RequestId, Subscription

BY_LINK = "billing link"
IN_VAIN = ("refused", "failed")
# How long a payment method may take to come: after that nobody remembers what the page said.
LASTS = 86400


def consent_ids(sub: Subscription, amount: int, currency: str, now: int) -> Iterator[RequestId]:
    """One after the other; the same for the same pause, amount and day (UTC). The first that was not answered in vain
    counts: pressed twice, it is given once; refused, it can be given again."""
    for attempt in count(1):
        again = f"-{attempt}" if attempt > 1 else ""
        yield RequestId(f"{_pause(sub)}-{amount}{currency}-{now // LASTS}{again}")


def consents(request: Request) -> bool:
    return request.requested_by == BY_LINK


def about(request: Request, sub: Subscription) -> bool:
    """Whether it was given for this pause of this subscription."""
    return request.request_id.startswith(f"{_pause(sub)}-")


def _pause(sub: Subscription) -> str:
    return f"link-{sub.subscription_id}-{sub.paused_at or 0}"
