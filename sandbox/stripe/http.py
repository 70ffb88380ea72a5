"""The HTTP side: key, version, rate limits, parameters, idempotency, and errors in Stripe's shape."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import Answer, send_answer, server_error
from sandbox.stripe import expand, forms, params, portal, rights
from sandbox.stripe.account import VERSION, Account
from sandbox.stripe.errors import NotBegun, StripeError
from sandbox.stripe.idempotency import Kept
from sandbox.stripe.misc import ACCOUNT_ID
from sandbox.stripe.route import Route
from sandbox.stripe.routes import find
from sandbox.world import Entry, Window, World

Json = dict[str, Any]

# Stripe docs: rate limits. 100 requests a second for the account, 25 a second for each endpoint.
PER_SECOND = 100
ENDPOINT_PER_SECOND = 25


@dataclass(slots=True, eq=False)
class Service:
    """One account behind one secret key; ``lacks``: what its restricted form may not do. ``version``: the only one."""

    account: Account
    key: str = "sk_test_sandbox"
    lacks: set[str] = field(default_factory=set)
    version: str = VERSION
    kept: Kept = field(default_factory=Kept)
    windows: dict[str, Window] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    route: Route
    id: str
    raw: Json
    key: str
    entry: Entry


_SERVICES: WeakKeyDictionary[World, Service] = WeakKeyDictionary()


def service(world: World) -> Service:
    """The one account of a world, made on first use."""
    if world not in _SERVICES:
        account = Account(world)
        account.portal = portal.saved(world.now)
        _SERVICES[world] = Service(account)
    return _SERVICES[world]


def build(world: World) -> ASGIApp:
    """The API as an ASGI app; it expects ``root_path`` and ``state.entry`` in its scope."""
    held = service(world)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix(scope["root_path"])
        text = (message["body"] or scope["query_string"]).decode("utf-8", "replace")
        await send_answer(answer(held, scope["method"], path, text, headers, scope["state"]["entry"]), send)

    return app


def answer(held: Service, method: str, path: str, text: str, headers: dict[str, str], entry: Entry) -> Answer:
    """Always one of Stripe's answers; carries Request-Id and Stripe-Version."""
    request = held.account.world.new_id("req_")
    entry.idempotency_key = headers.get("idempotency-key", "")
    held.account.request = {"id": request, "idempotency_key": entry.idempotency_key or None}
    try:
        result = _admitted(held, method, path, text, headers, entry)
    except StripeError as refusal:
        result = _refusal(refusal)
    held.account.request = {"id": None, "idempotency_key": None}
    result.headers |= {"request-id": request, "stripe-version": held.version}
    return result


def _refusal(refusal: StripeError) -> Answer:
    reason = refusal.error.pop("limited", "")
    return Answer.json(refusal.status, refusal.body, **({"stripe-rate-limited-reason": reason} if reason else {}))


def _admitted(held: Service, method: str, path: str, text: str, headers: dict[str, str], entry: Entry) -> Answer:
    key = _authenticate(held, headers)
    if headers.get("stripe-version", held.version) != held.version:
        raise NotBegun(400, f"Invalid Stripe API version: {headers['stripe-version']}")
    route, id = find(method, path)
    if route is None:
        raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
    rights.require(route, key, held.lacks, ACCOUNT_ID)
    _take(held, route)
    try:
        raw = forms.decode(text)
    except ValueError as problem:
        raise NotBegun(400, str(problem)) from problem
    # Stripe docs: idempotency keys act on POST only.
    call = Call(route, id, raw, entry.idempotency_key if method == "POST" else "", entry)
    return _once(held, call, (method, path, raw))


def _authenticate(held: Service, headers: dict[str, str]) -> str:
    """The key. Raises StripeError 401."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        raise StripeError(401, "You did not provide an API key.")
    if key not in (held.key, held.key.replace("sk_", "rk_", 1)):
        raise StripeError(401, f"Invalid API Key provided: {key[:8]}***")
    return key


def _take(held: Service, route: Route) -> None:
    limits = held.account.world.limits
    wanted = {
        "endpoint-rate": (
            f"{route.method} {route.path}",
            limits.get("stripe_endpoint_per_second", ENDPOINT_PER_SECOND),
        ),
        "global-rate": ("", limits.get("stripe_per_second", PER_SECOND)),
    }
    for reason, (name, limit) in wanted.items():
        window = held.windows.setdefault(name, Window(limit, 1))
        window.limit = limit
        if not window.take(time.time()):
            raise StripeError(429, "Request rate limit exceeded.", code="rate_limit", limited=reason)


def _once(held: Service, call: Call, asked: Any) -> Answer:
    """The stored answer of this key, or the answer of doing it now."""
    now = held.account.now
    if call.key and (stored := held.kept.replay(call.key, asked, now)):
        call.entry.replayed = True
        return stored
    values = _checked(call)
    try:
        done = Answer.json(200, _perform(held.account, call, values))
    except NotBegun:
        raise
    except StripeError as refusal:
        done = _refusal(refusal)
    if call.entry.fault == "500_after":
        done = server_error("stripe")
    if call.key:
        held.kept.keep(call.key, asked, now, done)
    return done


def _checked(call: Call) -> Json:
    values = params.check(call.route.params, call.raw)
    call.entry.params = values
    if beyond := sorted(values.keys() - call.route.takes):
        raise NotBegun(
            400,
            f"The sandbox does not simulate the parameter '{beyond[0]}' here.",
            code="sandbox_unsupported",
            param=beyond[0],
        )
    expand.check(call.route.kind, values.get("expand", []), listed=call.route.lists)
    return values


def _perform(account: Account, call: Call, values: Json) -> Json:
    account.touched = ""
    try:
        result = call.route.handler(account, call.id, values)
    finally:
        call.entry.effect, call.entry.object_id = account.touched, call.id
    if account.touched:
        call.entry.effect, call.entry.object_id = call.route.effect, result["id"]
    return expand.expanded(account, result, values["expand"]) if "expand" in values else result
