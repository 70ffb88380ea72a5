"""Completed Checkout sessions that say whose a customer is: whoever opened one may name an account of the product in
``client_reference_id``. They matter for customers whose metadata names none.

https://docs.stripe.com/api/checkout/sessions/list
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.contract import Unauthorized
from connectors.stripe.client import StripeApi
from connectors.stripe.rights import spelled
from mappings.model import JSONObject

CHECKOUT = "checkout.session"
PATH = "/v1/checkout/sessions"
COMPLETED: dict[str, Any] = {"status": "complete"}
RIGHT = spelled("checkout_session", "read")


def withheld(refused: Unauthorized) -> bool:
    """Whether a restricted key lacks just the right to read them: then they tell of nobody. No other refusal does."""
    return refused.lacks == RIGHT


def unmarked(customer: JSONObject) -> bool:
    """Whether its metadata names no account of ours."""
    return not customer.get("deleted") and not (customer.get("metadata") or {}).get("account_id")


def of_customer(api: StripeApi, customer: str) -> list[JSONObject]:
    """Nothing where they are ``withheld``."""
    try:
        listed = list(api.everything(PATH, {**COMPLETED, "customer": customer}))
    except Unauthorized as refused:
        if not withheld(refused):
            raise
        return []
    return [_bare(session, customer) for session in listed if session.get("client_reference_id")]


def of_unmarked(sessions: Iterable[JSONObject]) -> Iterator[JSONObject]:
    """The same of a bulk page, whose customers are expanded."""
    for session in sessions:
        customer = session.get("customer")
        if session.get("client_reference_id") and isinstance(customer, dict) and unmarked(customer):
            yield _bare(session, customer["id"])


def _bare(session: JSONObject, customer: str) -> JSONObject:
    return {"id": session["id"], "customer": customer, "client_reference_id": session["client_reference_id"]}
