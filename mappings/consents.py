"""Consent to start a paused subscription: given on the billing page for one pause, at an amount that was shown there.

It is a request to reactivate which waits for a payment method instead of being refused for want of one.
"""

from __future__ import annotations

from mappings.model import Request, RequestId, Subscription

BY_LINK = "billing link"
# How long a payment method may take to come: after that nobody remembers what the page said.
LASTS = 86400


def consent_id(sub: Subscription, amount: int, currency: str, now: int) -> RequestId:
    """The same for the same pause, amount and day (UTC): pressed twice, it is given once."""
    return RequestId(f"{_pause(sub)}-{amount}{currency}-{now // LASTS}")


def consents(request: Request) -> bool:
    return request.requested_by == BY_LINK


def about(request: Request, sub: Subscription) -> bool:
    """Whether it was given for this pause of this subscription."""
    return request.request_id.startswith(f"{_pause(sub)}-")


def _pause(sub: Subscription) -> str:
    return f"link-{sub.subscription_id}-{sub.paused_at or 0}"
