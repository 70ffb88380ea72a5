"""Intercom's refusals: one exception that carries status, code and message, and the ``error.list`` it is sent as.

Source: Intercom "HTTP responses", "Error codes" and "Error objects".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A refused call. ``code`` is one of Intercom's error codes, ``headers`` go out with the answer."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})

    def body(self, request_id: str) -> dict[str, Any]:
        error = {"code": self.code, "message": self.message}
        return {"type": "error.list", "request_id": request_id, "errors": [error]}


def invalid(message: str) -> ApiError:
    return ApiError(400, "parameter_invalid", message)


def missing(name: str) -> ApiError:
    return ApiError(400, "parameter_missing", f"{name} is missing")


def user_not_found() -> ApiError:
    """The contact of a path or body is unknown, archived or deleted ("User Not Found")."""
    return ApiError(404, "not_found", "User Not Found")


def resource_not_found() -> ApiError:
    """The tag of a path or body is unknown or not attached ("Resource Not Found")."""
    return ApiError(404, "not_found", "Resource Not Found")


def company_not_found() -> ApiError:
    return ApiError(404, "company_not_found", "Company Not Found")
