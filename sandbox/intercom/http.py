"""The HTTP side: token, rate window, version, JSON body, and errors as ``error.list``.

Source: Intercom "Authentication", "API versioning", "Rate limiting" and "HTTP responses".
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sandbox.intercom import scopes
from sandbox.intercom.errors import ApiError, resource_not_found
from sandbox.intercom.routes import ROUTES, Route
from sandbox.intercom.space import RATE_LIMIT, RATE_SECONDS, Call, Workspace, workspace
from sandbox.world import Entry, World

DEFAULT_VERSION = "2.14"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Endpoint = Callable[[Request], Awaitable[Response]]


def build(world: World) -> APIRouter:
    """The simulated API of the world's workspace. A path or method that is not simulated answers 404."""
    router = APIRouter()
    space = workspace(world)
    for route in ROUTES:
        router.add_route(route.path, endpoint(space, route), methods=[route.method])
    nothing = Route("", "", _nothing)
    router.add_route("/{path:path}", endpoint(space, nothing), methods=METHODS)
    return router


def endpoint(space: Workspace, route: Route) -> Endpoint:
    async def answer(request: Request) -> Response:
        raw = await request.body()
        headers = {"X-Request-Id": space.uuid()}
        try:
            _authenticate(space, request)
            headers |= _take(space)
            scopes.require(route, space.lacks)
            result = route.handler(space, _call(space, request, raw, request.state.entry))
        except ApiError as refusal:
            return send(refusal.status, refusal.body(headers["X-Request-Id"]), headers | refusal.headers)
        return send(route.status, result, headers)

    return answer


def by_hand(space: Workspace, route: Route) -> Endpoint:
    """The same function without token, rate window and ledger: what a teammate does in Intercom's own pages."""

    async def answer(request: Request) -> Response:
        entry = Entry(0, space.world.now, "intercom", request.method, request.url.path, None)
        try:
            result = route.handler(space, _call(space, request, await request.body(), entry))
        except ApiError as refusal:
            return send(refusal.status, refusal.body(space.uuid()), {})
        return send(route.status, result, {})

    return answer


def send(status: int, body: Any, headers: dict[str, str]) -> Response:
    content = b"" if body is None else orjson.dumps(body)
    return Response(content, status, headers, media_type=None if body is None else "application/json")


def _nothing(space: Workspace, call: Call) -> None:
    raise resource_not_found()


def _authenticate(space: Workspace, request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {space.token}":
        raise ApiError(401, "unauthorized", "Access Token Invalid")


def _take(space: Workspace) -> dict[str, str]:
    """Count the call in the app's 10-second window. The headers tell what is left, in a refusal too.

    Without a limit (0) every answer shows an unused window.
    """
    window = space.window
    window.limit = space.world.limits.get("intercom", RATE_LIMIT)
    admitted = window.take(time.time())
    headers = {
        "X-RateLimit-Limit": str(window.limit or RATE_LIMIT),
        "X-RateLimit-Remaining": str(window.remaining if window.limit else RATE_LIMIT),
        "X-RateLimit-Reset": str(window.reset_at),
    }
    if not admitted:
        message = f"Exceeded rate limit of {window.limit} in {RATE_SECONDS}_seconds"
        raise ApiError(429, "rate_limit_exceeded", message, headers)
    return headers


def _call(space: Workspace, request: Request, raw: bytes, entry: Entry) -> Call:
    version = request.headers.get("intercom-version", DEFAULT_VERSION)
    if version not in space.versions:
        raise ApiError(400, "intercom_version_invalid", f"The requested version '{version}' could not be found")
    return Call(request.path_params, request.query_params, _body(request, raw), version, entry)


def _body(request: Request, raw: bytes) -> dict[str, Any]:
    """A JSON object, announced as JSON; no body counts as an empty one."""
    if not raw:
        return {}
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ApiError(400, "bad_request", "Content-Type must be application/json")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise ApiError(400, "bad_request", "The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise ApiError(400, "bad_request", "The body must be a JSON object")
    return body
