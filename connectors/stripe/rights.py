"""What a Stripe key has to be allowed: the permissions of a restricted key, and which of them one lacks.

https://docs.stripe.com/keys/restricted-api-keys; the refusals name permissions like ``rak_customer_read``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMED = re.compile(r"'rak_(\w+)_(read|write)'")


class Right(NamedTuple):
    """``name`` as Stripe's Dashboard has it, ``key`` as its refusals do. ``path``: a list that it lets read, if any.
    ``linked``: for billing links only."""

    name: str
    key: str
    path: str
    writes: bool = False
    linked: bool = False


RIGHTS = (
    Right("Accounts: basic information", "accounts_kyc_basic", ""),
    Right("Customers", "customer", "/v1/customers", writes=True),
    Right("Subscriptions", "subscription", "/v1/subscriptions", writes=True),
    Right("Invoices", "invoice", "/v1/invoices", writes=True),
    Right("Charges and Refunds", "charge", "/v1/charges"),
    Right("Disputes", "dispute", "/v1/disputes"),
    Right("Coupons", "coupon", "/v1/coupons"),
    Right("Payment Methods", "payment_method", "/v1/payment_methods"),
    Right("Prices", "plan", "/v1/prices"),
    Right("Products", "product", "/v1/products"),
    Right("Events", "event", "/v1/events"),
    Right("Customer portal", "customer_portal", "/v1/billing_portal/configurations", writes=True, linked=True),
    Right("Checkout Sessions", "checkout_session", "/v1/checkout/sessions", writes=True, linked=True),
)


def named(message: object) -> str:
    """The permission that a refusal names, as ``spelled``; empty where it names none."""
    found = _NAMED.search(str(message))
    return spelled(found[1], found[2]) if found else ""


def spelled(key: str, what: str) -> str:
    """``read for Customers (rak_customer_read)``"""
    name = next((right.name for right in RIGHTS if right.key == key), "")
    return f"{what} for {name} (rak_{key}_{what})" if name else f"rak_{key}_{what}"
