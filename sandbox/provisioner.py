"""A simulated provisioner of product instances: whole desired state in, status out.

Its contract is Instep's own: ``PUT /instances/{name}``, signed per the Standard Webhooks convention, and ``GET``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response

from sandbox.world import Entry, World

SECRET = "whsec_" + base64.b64encode(b"sandbox-provisioner-shared-key").decode()
STATUSES = {"suspended": "suspended", "deleted": "deleted"}
_REQUIRED: Mapping[str, type] = {"desired": str, "revision": int, "account_id": str}


@dataclass(slots=True)
class Instance:
    """``body`` is the last accepted desired state. ``ready_at`` is None where it never becomes ready."""

    name: str
    body: dict[str, Any]
    ready_at: int | None


@dataclass(slots=True)
class Plan:
    """How instances turn out; ``fail``, ``never``, ``lost`` and the keys of ``lie`` are names, ``*`` allowed.

    ``ready_after`` is in seconds of the sandbox clock; ``lie`` gives the account_id answered instead of the true one;
    ``lost`` ones were deleted by hand: they are not found (404).
    """

    ready_after: int = 0
    fail: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    lie: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


class Refused(Exception):
    """A refused call: HTTP status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Provisioner:
    def __init__(self, world: World) -> None:
        self.world = world
        self.plan = Plan()
        self.instances: dict[str, Instance] = {}
        self.keys: dict[str, tuple[str, bytes]] = {}

    def put(self, name: str, body: dict[str, Any], entry: Entry) -> Instance:
        """Accept a desired state. Raises Refused 400 for its form, 409 for a stale or conflicting one."""
        _check(body)
        held = self.instances.get(name)
        if held is None:
            held = self.instances[name] = Instance(name, body, self._ready_at(name))
            entry.effect, entry.object_id = f"instance.{body['desired']}", name
        elif held.body != body:
            _check_follows(held.body, body)
            entry.effect, entry.object_id = self._effect(held, body["desired"]), name
            if held.ready_at is None or (held.body["desired"] == "suspended" and not self._made(held)):
                held.ready_at = self._ready_at(name)
            held.body = body
        else:
            entry.replayed = True
        return held

    def find(self, name: str) -> Instance | None:
        return None if _any(self.plan.lost, name) else self.instances.get(name)

    def show(self, instance: Instance) -> dict[str, Any]:
        body = instance.body
        lie = next((told for name, told in self.plan.lie.items() if fnmatchcase(instance.name, name)), None)
        ready = self._made(instance)
        return {
            "name": instance.name,
            "status": self.status(instance),
            "url": f"https://{instance.name}.instances.test" if ready else None,
            "ready_at": instance.ready_at if ready else None,
            "revision": body["revision"],
            "account_id": lie or body["account_id"],
        }

    def status(self, instance: Instance) -> str:
        if instance.body["desired"] in STATUSES:
            return STATUSES[instance.body["desired"]]
        if _any(self.plan.fail, instance.name):
            return "failed"
        return "ready" if self._made(instance) else "provisioning"

    def check_key(self, key: str, name: str, raw: bytes) -> None:
        """One Idempotency-Key names one request: the same path and the same bytes. Raises Refused 400, 409."""
        if not key:
            raise Refused(400, "the Idempotency-Key header is missing")
        if self.keys.setdefault(key, (name, raw)) != (name, raw):
            raise Refused(409, "this Idempotency-Key was used for another request")

    def _made(self, instance: Instance) -> bool:
        return instance.ready_at is not None and instance.ready_at <= self.world.now

    def _ready_at(self, name: str) -> int | None:
        if _any(self.plan.never, name) or _any(self.plan.fail, name):
            return None
        return self.world.now + self.plan.ready_after

    def _effect(self, held: Instance, desired: str) -> str:
        return "instance.updated" if held.body["desired"] == desired else f"instance.{desired}"


_PROVISIONERS: WeakKeyDictionary[World, Provisioner] = WeakKeyDictionary()


def provisioner(world: World) -> Provisioner:
    """The one provisioner of a world, made on first use."""
    if world not in _PROVISIONERS:
        _PROVISIONERS[world] = Provisioner(world)
    return _PROVISIONERS[world]


def build(world: World) -> APIRouter:
    """``PUT /instances/{name}`` (signed, with an Idempotency-Key) and ``GET`` the same."""
    router, service = APIRouter(), provisioner(world)

    async def put(request: Request) -> Response:
        raw, name = await request.body(), request.path_params["name"]
        entry: Entry = request.state.entry
        entry.idempotency_key = request.headers.get("idempotency-key", "")
        try:
            _verify(raw, request.headers)
            service.check_key(entry.idempotency_key, name, raw)
            instance = service.put(name, orjson.loads(raw), entry)
        except Refused as refusal:
            return _send(refusal.status, {"error": str(refusal)})
        return _send(202 if service.status(instance) == "provisioning" else 200, service.show(instance))

    async def get(request: Request) -> Response:
        instance = service.find(request.path_params["name"])
        return _send(200, service.show(instance)) if instance else _send(404, {"error": "no such instance"})

    router.add_route("/instances/{name}", put, methods=["PUT"])
    router.add_route("/instances/{name}", get, methods=["GET"])
    return router


def control(world: World) -> APIRouter:
    """To be mounted under ``/_sandbox/provisioner``: ``GET|PUT /settings`` shows or changes how instances turn out.

    The answer holds all instances too. Raises ValueError for an unknown setting.
    """
    router, service = APIRouter(), provisioner(world)

    async def settings(request: Request) -> Response:
        for name, value in orjson.loads(await request.body() or b"{}").items():
            if name not in Plan.__slots__:
                raise ValueError(f"no setting {name}; there are {', '.join(Plan.__slots__)}")
            setattr(service.plan, name, value)
        shown = {name: getattr(service.plan, name) for name in Plan.__slots__}
        return _send(200, shown | {"instances": [service.show(row) for row in service.instances.values()]})

    router.add_route("/settings", settings, methods=["GET", "PUT"])
    return router


def _verify(raw: bytes, headers: Mapping[str, str]) -> None:
    """Standard Webhooks: webhook-id, webhook-timestamp (within 5 minutes of real time) and webhook-signature."""
    try:
        Webhook(SECRET).verify(raw, dict(headers))
    except (WebhookVerificationError, ValueError) as problem:
        raise Refused(401, "the signature does not match") from problem


def _check(body: Any) -> None:
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    for name, kind in _REQUIRED.items():
        if not isinstance(body.get(name), kind) or isinstance(body[name], bool):
            raise Refused(400, f"{name} is missing or of the wrong type")
    if body["desired"] not in ("running", *STATUSES):
        raise Refused(400, "desired must be running, suspended or deleted")


def _check_follows(held: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    if body["revision"] <= held["revision"]:
        raise Refused(409, f"revision {held['revision']} is already accepted")
    if body["account_id"] != held["account_id"]:
        raise Refused(409, "this name belongs to another account")
    if held["desired"] == "deleted" and body["desired"] != "deleted":
        raise Refused(409, "a deleted instance does not come back under its name")


def _any(patterns: list[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _send(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
