"""Billing links in what others hold: whose link stands where, and how it is told without giving it away."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mappings.model import AccountFacts, Request, RequestId, UserId
from mappings.people import billing_contact

# Why a request is refused that a payment would help.
NO_CARD = "there is no usable default payment method"
PAYMENT_OPEN = "a payment is open: paying it reactivates the subscription"
TRIAL_USED = "the trial was already used"
PAID_OPEN = f"{TRIAL_USED}: a paid subscription was started instead, its first payment is open"
PAID_LATE = f"{TRIAL_USED}, and the first payment of a paid subscription was not made in time"
WANT_PAYMENT = (NO_CARD, PAYMENT_OPEN, TRIAL_USED, PAID_OPEN, PAID_LATE)
_ADDRESS = re.compile(r"https?://\S+/billing/[A-Za-z0-9_-]{20,}")


def hidden(text: str) -> str:
    """The text without the links in it: who has one can open the page."""
    return _ADDRESS.sub("(billing link)", text)


def account_link(facts: AccountFacts) -> str:
    """The billing contact's link; empty where nobody has one."""
    contact = billing_contact(facts.people)
    return _link(facts, contact.user_id) if contact else ""


def with_links(answers: Mapping[RequestId, tuple[str, str]], facts: AccountFacts) -> dict[RequestId, tuple[str, str]]:
    """Answers that leave somebody without a way to pay name one: that of who asked, else the billing contact's."""
    asked = {request.request_id: request for request in facts.requests}
    return {id: (answer, _told(answer, reason, facts, asked[id])) for id, (answer, reason) in answers.items()}


def _told(answer: str, reason: str, facts: AccountFacts, request: Request) -> str:
    if answer != "refused" or reason not in WANT_PAYMENT:
        return reason
    link = _link(facts, UserId(request.user_id)) if request.user_id else account_link(facts)
    return f"{reason}: {link}" if link else reason


def _link(facts: AccountFacts, user: UserId) -> str:
    return (facts.billing_urls or {}).get(user, "")
