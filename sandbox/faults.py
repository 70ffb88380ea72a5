"""What goes wrong on the wire: the answers of scripted faults, in each vendor's shape, and how they are sent."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import orjson
from starlette.types import Receive, Send

from sandbox.world import Fault

Json = dict[str, Any]


@dataclass(slots=True)
class Answer:
    """A whole HTTP answer, held before it is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, body: Any, **headers: str) -> Answer:
        return cls(status, orjson.dumps(body), {"content-type": "application/json"} | headers)


_HTML = b"<html><head><title>Service</title></head><body><h1>One moment please</h1></body></html>"

# Answers of something between us and the vendor. As "<name>" the vendor never saw the call, as "<name>_after" it did.
_BETWEEN = {
    "html_200": Answer(200, _HTML, {"content-type": "text/html"}),
    "null_200": Answer(200, b"null", {"content-type": "application/json"}),
    "junk_502": Answer(502, b"\x00bad gateway\xff", {"content-type": "text/plain"}),
    "redirect_302": Answer(302, b"", {"location": "/elsewhere"}),
}
_REFUSALS = {"429": 429, "429_retry_after": 429, "500_before": 500, "lock_timeout": 429, "key_in_use": 409}
_CHANGED = ("500_after", "hang_after", "cut_after", "truncated")
ACTIONS = (*_REFUSALS, *_BETWEEN, *(f"{name}_after" for name in _BETWEEN), *_CHANGED, "delay", "skew")

_STRIPE = {
    "429": ("invalid_request_error", "rate_limit", "Request rate limit exceeded."),
    "429_retry_after": ("invalid_request_error", "rate_limit", "Request rate limit exceeded."),
    "lock_timeout": ("invalid_request_error", "lock_timeout", "This object cannot be accessed right now."),
    "key_in_use": (
        "idempotency_error",
        "idempotency_key_in_use",
        "There is another in-progress request with this key.",
    ),
}
_INTERCOM = {429: "rate_limit_exceeded", 409: "conflict", 500: "server_error"}


def server_error(system: str) -> Answer:
    """The vendor's own 500."""
    return Answer.json(500, _body(system, "500_before", 500))


def _body(system: str, action: str, status: int) -> Json:
    if system == "stripe":
        kind, code, message = _STRIPE.get(action, ("api_error", "", "An unknown error occurred."))
        return {"error": {"message": message, "type": kind} | ({"code": code} if code else {})}
    if system == "intercom":
        error = {"code": _INTERCOM[status], "message": "Scripted failure", "field": None}
        return {"type": "error.list", "request_id": None, "errors": [error]}
    return {"error": "scripted failure"}


def instead(fault: Fault, system: str) -> Answer | None:
    """The answer given without the vendor seeing the call, or None when it does see it."""
    if fault.action in _BETWEEN:
        return _BETWEEN[fault.action]
    if status := _REFUSALS.get(fault.action):
        answer = Answer.json(status, _body(system, fault.action, status))
        if fault.action == "429_retry_after":
            answer.headers["retry-after"] = str(int(fault.arg or 1))
        return answer
    return None


def afterwards(fault: Fault, system: str, answer: Answer) -> Answer:
    """What becomes of the vendor's answer once its effect is committed."""
    if fault.action == "500_after":
        return server_error(system)
    if fault.action == "truncated":
        return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
    return _BETWEEN.get(fault.action.removesuffix("_after"), answer)


async def hold(receive: Receive, seconds: float) -> None:
    """Keep the caller waiting, at most until it gives up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass


async def send_answer(answer: Answer, send: Send, fault: Fault | None = None) -> None:
    """Send it whole; for cut_after half of it, and the server closes the connection; for skew the Date is wrong."""
    off = fault.arg if fault is not None and fault.action == "skew" else 0
    date = formatdate(time.time() + off, usegmt=True)
    headers = {**answer.headers, "content-length": str(len(answer.body)), "date": date}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if fault is not None and fault.action == "cut_after":
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": answer.body})
