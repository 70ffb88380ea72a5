"""A simulated receiver of the team's own hooks: ``POST /hooks/{name}``, signed per the Standard Webhooks convention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response

from sandbox.world import Entry, World

SETTINGS = ("secrets", "answers")
Row = dict[str, Any]


@dataclass(slots=True)
class Receiver:
    """``secrets``: hook name -> ``whsec_...``; a hook without one takes everything. ``answers``: hook name -> the HTTP
    status that it answers instead of taking the message. ``messages`` by name and webhook-id, in order of arrival."""

    secrets: dict[str, str] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    messages: dict[tuple[str, str], Row] = field(default_factory=dict)

    def take(self, name: str, raw: bytes, headers: Mapping[str, str], entry: Entry) -> int:
        """The HTTP status to answer. The same webhook-id again is taken without effect."""
        secret, message = self.secrets.get(name), headers.get("webhook-id", "")
        entry.idempotency_key = message
        if secret and not _signed(secret, raw, headers):
            return 401
        if name in self.answers:
            return self.answers[name]
        known = self.messages.get((name, message))
        if known:
            known["times"] += 1
            entry.replayed = True
            return 200
        body = orjson.loads(raw)
        self.messages[name, message] = {"hook": name, "verified": bool(secret), "times": 1, **body}
        entry.effect, entry.object_id = "hook.received", f"{name} {body.get('account_id')} {body.get('type')}"
        return 200


_RECEIVERS: WeakKeyDictionary[World, Receiver] = WeakKeyDictionary()


def receiver(world: World) -> Receiver:
    """The one receiver of a world, made on first use."""
    if world not in _RECEIVERS:
        _RECEIVERS[world] = Receiver()
    return _RECEIVERS[world]


def build(world: World) -> APIRouter:
    """``POST /{name}``."""
    router, service = APIRouter(), receiver(world)

    async def post(request: Request) -> Response:
        raw = await request.body()
        status = service.take(request.path_params["name"], raw, request.headers, request.state.entry)
        return _send(status, {"taken": 200 <= status < 300})

    router.add_route("/{name}", post, methods=["POST"])
    return router


def control(world: World) -> APIRouter:
    """To be mounted under ``/_sandbox/hooks``: ``GET|PUT /settings`` shows or changes ``secrets`` and ``answers``.

    The answer holds all messages too. Raises ValueError for an unknown setting.
    """
    router, service = APIRouter(), receiver(world)

    async def settings(request: Request) -> Response:
        for name, value in orjson.loads(await request.body() or b"{}").items():
            if name not in SETTINGS:
                raise ValueError(f"no setting {name}; there are {', '.join(SETTINGS)}")
            setattr(service, name, value)
        shown = {name: getattr(service, name) for name in SETTINGS}
        return _send(200, shown | {"messages": list(service.messages.values())})

    router.add_route("/settings", settings, methods=["GET", "PUT"])
    return router


def _signed(secret: str, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Standard Webhooks: webhook-id, webhook-timestamp (within 5 minutes of real time) and webhook-signature."""
    try:
        Webhook(secret).verify(raw, dict(headers))
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _send(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
