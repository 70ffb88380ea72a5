"""Metadata (Stripe docs: 50 keys, names to 40 and values to 500 characters; an empty value removes a key)."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.errors import invalid

Json = dict[str, Any]


def merged(held: dict[str, str], params: Json) -> dict[str, str]:
    """What is held after ``params["metadata"]``, if there is any. Raises StripeError above the limits."""
    sent = params.get("metadata")
    if sent is None:
        return held
    if sent == "":
        return {}
    for name, value in sent.items():
        if len(name) > 40:
            raise invalid(f"Metadata keys can be up to 40 characters long: {name}", f"metadata[{name}]")
        if len(value) > 500:
            raise invalid("Metadata values can be up to 500 characters long.", f"metadata[{name}]")
    result = {name: value for name, value in (held | sent).items() if value != ""}
    if len(result) > 50:
        raise invalid("You can have up to 50 metadata keys.", "metadata")
    return result
