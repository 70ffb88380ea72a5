"""Control of the simulated workspace for tests, demo and rehearsals; nothing here is booked in the ledger."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sandbox.intercom import companies, events
from sandbox.intercom.contact_view import show
from sandbox.intercom.http import by_hand, send
from sandbox.intercom.routes import ROUTES
from sandbox.intercom.space import Contact, Workspace, workspace
from sandbox.world import World

_PLAIN = ("token", "id_code", "name", "region", "search_lag", "lacks", "versions")


def control(world: World) -> APIRouter:
    """Routes to be mounted under ``/_sandbox/intercom``.

    ``GET /people`` and ``GET /companies`` dump everything; ``GET|PUT /settings`` shows or changes token, id_code,
    name, region, search_lag (seconds), lacks (scopes that the token has not), versions (of the API) and timezone;
    ``PUT /in_use`` marks a tag or attribute as needed by a segment; ``/hand/...`` is the whole API as a teammate would
    use it.
    """
    router, space = APIRouter(), workspace(world)

    async def people(request: Request) -> Response:
        return send(200, [person(space, contact) for contact in space.order if not contact.deleted], {})

    async def all_companies(request: Request) -> Response:
        return send(200, [companies.show(space, row) for row in space.companies.values()], {})

    async def settings(request: Request) -> Response:
        return _settings(space, orjson.loads(await request.body() or b"{}"))

    async def in_use(request: Request) -> Response:
        return _in_use(space, orjson.loads(await request.body()))

    router.add_route("/people", people, methods=["GET"])
    router.add_route("/companies", all_companies, methods=["GET"])
    router.add_route("/settings", settings, methods=["GET", "PUT"])
    router.add_route("/in_use", in_use, methods=["PUT"])
    for route in ROUTES:
        router.add_route(f"/hand{route.path}", by_hand(space, route), methods=[route.method])
    return router


def person(space: Workspace, contact: Contact) -> dict[str, Any]:
    """A contact whole: every tag by name, every company by the customer's own id, every event, oldest first."""
    mine = {"user_id": contact.external_id}
    return show(space, contact) | {
        "archived": contact.archived,
        "merged_into": contact.merged_into or None,
        "tags": [space.tags[id_].name for id_ in contact.tags],
        "companies": [space.companies[id_].company_id for id_ in contact.companies],
        "events": [
            events.show(event, mine) for event in sorted(space.events[contact.id], key=lambda event: event.created_at)
        ],
    }


def _settings(space: Workspace, changes: dict[str, Any]) -> Response:
    if unknown := set(changes) - {*_PLAIN, "timezone"}:
        raise ValueError(f"no setting {unknown}; there are timezone, {', '.join(_PLAIN)}")
    space.zone = ZoneInfo(changes.pop("timezone", space.zone.key))
    for name, value in changes.items():
        setattr(space, name, value)
    shown = {name: getattr(space, name) for name in _PLAIN} | {"timezone": space.zone.key}
    return send(200, shown, {})


def _in_use(space: Workspace, body: dict[str, Any]) -> Response:
    """``{"tag": name}`` or ``{"attribute": name}``, and ``by``: the segment that needs it ("" for none)."""
    if "attribute" in body:
        space.attributes[body["attribute"]].used_by = body["by"]
    else:
        {tag.name: tag for tag in space.tags.values()}[body["tag"]].segment = body["by"]
    return send(200, body, {})
