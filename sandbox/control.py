"""The sandbox's own controls under ``/_sandbox``: clock, ledger, faults, limits. No vendor has these."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from sandbox import livedin
from sandbox.faults import ACTIONS
from sandbox.world import Fault, World

Json = dict[str, Any]

LIMITS = ("stripe_per_second", "stripe_endpoint_per_second", "intercom")


def moment(text: str | int) -> int:
    """Unix seconds of an ISO instant with a zone, or of unix seconds. Raises ValueError."""
    if isinstance(text, int) or text.isdigit():
        return int(text)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("the instant needs a zone, as in 2026-11-22T09:00:00+00:00")
    return int(instant.timestamp())


def control(world: World) -> FastAPI:
    """``GET state``, ``POST clock``, ``GET ledger``, ``POST|DELETE faults``, ``POST limits``, ``POST company``,
    ``GET truth``; a mistake is a 400."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    async def state(request: Request) -> Response:
        held = {"now": world.now, "next_at": world.next_at, "calls": len(world.ledger)}
        return _json(held | {"limits": world.limits, "faults": _waiting(world)})

    async def clock(request: Request) -> Response:
        _set_clock(world, orjson.loads(await request.body()))
        return _json({"now": world.now})

    async def ledger(request: Request) -> Response:
        entries = world.entries(int(request.query_params.get("since", 0)))
        writes = request.query_params.get("writes") == "1"
        return _json([entry for entry in entries if entry["write"] or not writes])

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            world.faults.clear()
        else:
            world.faults.extend([_fault(row) for row in orjson.loads(await request.body())])
        return _json(_waiting(world))

    async def limits(request: Request) -> Response:
        wanted = orjson.loads(await request.body())
        if unknown := set(wanted) - set(LIMITS):
            raise ValueError(f"no limit {unknown}; there are {', '.join(LIMITS)} (0 = unlimited)")
        world.limits |= wanted
        return _json(world.limits)

    async def company(request: Request) -> Response:
        return _json(livedin.build(world, **orjson.loads(await request.body())))

    async def truth(request: Request) -> Response:
        if not request.url.path.endswith(".csv"):
            return _json(world.truth)
        return Response(_csv(world.truth), media_type="text/csv")

    app.add_route("/_sandbox/company", company, methods=["POST"])
    app.add_route("/_sandbox/truth", truth, methods=["GET"])
    app.add_route("/_sandbox/truth.csv", truth, methods=["GET"])
    app.add_route("/_sandbox/state", state, methods=["GET"])
    app.add_route("/_sandbox/clock", clock, methods=["POST"])
    app.add_route("/_sandbox/ledger", ledger, methods=["GET"])
    app.add_route("/_sandbox/faults", faults, methods=["POST", "DELETE"])
    app.add_route("/_sandbox/limits", limits, methods=["POST"])
    for mistake in (ValueError, TypeError, KeyError):
        app.add_exception_handler(mistake, _mistake)
    return app


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _csv(rows: list[Json]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


async def _mistake(request: Request, problem: Exception) -> Response:
    kind = "" if type(problem) is ValueError else f"{type(problem).__name__}: "
    return _json({"error": f"{kind}{problem}"}, 400)


def _waiting(world: World) -> list[Json]:
    return [asdict(fault) for fault in world.faults if fault.times > 0]


def _fault(row: Json) -> Fault:
    fault = Fault(**row)
    if fault.action not in ACTIONS:
        raise ValueError(f"no action {fault.action}; there are {', '.join(ACTIONS)}")
    re.compile(fault.path)
    re.compile(fault.about)
    return fault


def _set_clock(world: World, wanted: Json) -> None:
    if wanted.get("run"):
        world.run_clock()
    elif "advance" in wanted:
        world.set_clock(world.now + int(wanted["advance"]))
    else:
        world.set_clock(moment(wanted["now"]))
