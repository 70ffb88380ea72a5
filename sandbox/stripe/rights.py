"""What a restricted key may not do: the permission that each endpoint needs, and the refusal that names it.

Source: the refusals of the real service; write implies read (Stripe docs: restricted API keys). Which permission
invoice items need is assumed.
"""

from __future__ import annotations

from sandbox.stripe.errors import NotBegun
from sandbox.stripe.route import Route

# Permissions that are not called as the object is.
NAMES = {
    "account": "accounts_kyc_basic",
    "price": "plan",
    "refund": "charge",
    "invoiceitem": "invoice",
    "webhook_endpoint": "webhook",
    "session": "customer_portal",
    "billing_portal.configuration": "customer_portal",
    "checkout.session": "checkout_session",
}


def require(route: Route, key: str, lacks: set[str], account: str) -> None:
    """Raises StripeError 403 where the restricted ``key`` lacks the permission, like ``rak_customer_read``."""
    name = f"rak_{NAMES.get(route.kind, route.kind)}"
    needed = f"{name}_{'read' if route.method == 'GET' else 'write'}"
    if key.startswith("rk_") and lacks & {needed, f"{name}_read"}:
        raise NotBegun(
            403,
            f"The provided key '{key[:8]}***' does not have the required permissions for this endpoint on account "
            f"'{account}'. Having the '{needed}' permission would allow this request to continue.",
        )
