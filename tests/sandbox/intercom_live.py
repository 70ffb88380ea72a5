"""A sandbox on a loopback port with a fresh world for each test, and a small client for it."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from sandbox.__main__ import application
from sandbox.world import World

# Tuesday 2026-11-10 12:00 UTC, 04:00 in Los Angeles
NOON = 1_794_312_000
DAY = 86_400
TOKEN = "tok_sandbox"


class Live:
    """One server; ``renew`` gives it a new world, so that no test sees another's state."""

    def __init__(self) -> None:
        self.renew()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = uvicorn.Server(
            uvicorn.Config(self.answer, port=self.port, log_level="error", interface="asgi3", lifespan="off")
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline:
            self.thread.join(0.01)
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=10, verify=False)

    def stop(self) -> None:
        self.http.close()
        self.server.should_exit = True
        self.thread.join(5)

    def renew(self) -> World:
        self.world = World(now=NOON)
        self.front = application(self.world)
        return self.world

    async def answer(self, scope, receive, send):
        await self.front(scope, receive, send)


class Api:
    """Intercom calls with the right token; ``hand`` goes through the control routes."""

    def __init__(self, live: Live) -> None:
        self.url, self.http, self.world = live.url, live.http, live.renew()
        self.headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.14"}

    def call(self, method: str, path: str, body=None, **headers: str) -> httpx.Response:
        return self.http.request(method, f"/intercom{path}", json=body, headers=self.headers | headers)

    def ok(self, method: str, path: str, body=None):
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body=None) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        answer = self.call(method, path, body)
        error = answer.json()
        assert error["type"] == "error.list"
        assert error["request_id"] == answer.headers["x-request-id"]
        return answer.status_code, error["errors"][0]["code"], error["errors"][0]["message"]

    def control(self, method: str, path: str, body=None):
        answer = self.http.request(method, f"/_sandbox/intercom{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def contact(self, **fields) -> str:
        return self.ok("POST", "/contacts", fields)["id"]

    def user(self, external_id: str, **fields) -> str:
        return self.contact(role="user", external_id=external_id, **fields)

    def lead(self, **fields) -> str:
        return self.contact(role="lead", **fields)

    def attribute(self, name: str, data_type: str = "string", model: str = "contact", **more) -> dict:
        return self.ok("POST", "/data_attributes", {"name": name, "model": model, "data_type": data_type, **more})

    def tag(self, name: str) -> str:
        return self.ok("POST", "/tags", {"name": name})["id"]

    def company(self, company_id: str, **fields) -> str:
        return self.ok("POST", "/companies", {"company_id": company_id, **fields})["id"]

    @property
    def effect(self) -> str:
        """What the last call changed."""
        return self.world.ledger[-1].effect


@pytest.fixture(scope="session", name="live")
def live_fixture() -> Iterator[Live]:
    server = Live()
    yield server
    server.stop()


@pytest.fixture(name="api")
def api_fixture(live: Live) -> Api:
    return Api(live)
