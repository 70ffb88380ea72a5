"""Stripe's error answers: one exception with the status, type, code and param that clients branch on."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """Answered as ``{"error": {type, message, code?, param?}}`` (Stripe docs: API errors)."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        type: str = "invalid_request_error",
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"message": message, "type": type} | extra
        if code:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.error["param"] = param

    @property
    def body(self) -> Json:
        return {"error": self.error}


class NotBegun(StripeError):
    """Refused before execution began: never stored under an idempotency key (Stripe docs: idempotent requests)."""


def invalid(message: str, param: str = "", code: str = "") -> StripeError:
    return StripeError(400, message, param=param, code=code)


def missing(kind: str, id: str, param: str = "id") -> StripeError:
    """404 for the object in the path, 400 for one named in a parameter."""
    status = 404 if param == "id" else 400
    return StripeError(status, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def declined(message: str = "Your card was declined.") -> StripeError:
    return StripeError(402, message, type="card_error", code="card_declined", decline_code="generic_decline")
