"""Stripe's completed Checkout sessions in our words: whose a customer is that came through one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.model import Checkout, Fact, Ref
from mappings.text import clean

PART = "checkout.session"
# Sorts behind "subscription", so that what the metadata of subscriptions says comes first (state/matching).
KIND = "subscription_checkout"


def checkout_fact(root: Ref, data: Mapping[str, Any]) -> Fact:
    """``data``: ``id`` and ``client_reference_id`` of a session of the customer ``root``."""
    found = Checkout(data["id"], clean(data["client_reference_id"]))
    return Fact(root, KIND, found.session_id, found, seeks=(f"reference:{found.reference}",))
