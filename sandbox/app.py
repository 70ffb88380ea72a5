"""The one door of the sandbox: reads a request whole, books it, lets a scripted fault happen, asks its vendor.

Vendors are ASGI apps under ``/stripe``, ``/intercom``, ``/provisioner`` and ``/hooks``. A vendor finds the ledger entry
of its call in ``scope["state"]["entry"]`` (``request.state.entry``), whose ``fault`` names a scripted failure, and
fills ``effect`` and ``object_id``. Calls are answered one at a time, in order of arrival, so vendors need no locks.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import Answer, afterwards, hold, instead, send_answer
from sandbox.world import Entry, World

Wire = tuple[Receive, Send]


class Front:
    """ASGI app over one World and its vendors; ``control`` answers ``/_sandbox`` and is not booked."""

    def __init__(self, world: World, vendors: dict[str, ASGIApp], control: ASGIApp) -> None:
        self.world = world
        self.vendors = vendors
        self.control = control
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        system, _, rest = scope["path"].lstrip("/").partition("/")
        if system in self.vendors:
            await self._serve(system, f"/{rest}", scope, body, (receive, send))
        else:
            await self._direct(scope, body, send)

    async def _direct(self, scope: Scope, body: bytes, send: Send) -> None:
        async with self._turn:
            self.world.tick()
            answer = await _ask(self.control, scope, body)
        await send_answer(answer, send)

    async def _serve(self, system: str, path: str, scope: Scope, body: bytes, wire: Wire) -> None:
        said = _params(scope, body)
        async with self._turn:
            fault = self.world.fault_for(system, scope["method"], path, said)
        if fault is not None and fault.action == "delay":
            await asyncio.sleep(fault.arg)
        async with self._turn:
            self.world.tick()
            entry = self.world.record(system, scope["method"], path, said)
            entry.fault = fault.action if fault is not None else ""
            answer = instead(fault, system) if fault is not None else None
            if answer is None:
                answer = await _ask(self.vendors[system], _inside(scope, system, entry), body)
                answer = afterwards(fault, system, answer) if fault is not None else answer
            entry.status = answer.status
        if fault is not None and fault.action == "hang_after":
            await hold(wire[0], fault.arg)
        await send_answer(answer, wire[1], fault)


def _inside(scope: Scope, system: str, entry: Entry) -> Scope:
    return {**scope, "root_path": f"/{system}", "state": {"entry": entry}}


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message: Message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _ask(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    answer = Answer(500, b"")

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def _params(scope: Scope, body: bytes) -> Any:
    """What the call said, for the ledger: the query, the form or the JSON body; raw text where it is none of these."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if not body:
        return query
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
        return query | (dict(parse_qsl(text, keep_blank_values=True)) or {"body": text})
