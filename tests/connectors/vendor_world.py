"""A sandbox over real HTTP with a fresh world for each test, and connectors that do not wait."""

import socket
import threading

import httpx
import orjson
import pytest
import uvicorn
from contract_tests import step
from pydantic import SecretStr

from connectors.gate import Gate
from connectors.intercom import IntercomApi, IntercomContacts, IntercomSettings
from connectors.intercom.contacts import MATCH_EMAIL
from connectors.provisioning import Instances, ProvisionerSettings
from connectors.stripe import StripeApi, StripeBilling, StripeSettings
from mappings.model import Desired, Held, Name, UserId, person_subject
from sandbox import fixtures
from sandbox.__main__ import application
from sandbox.provisioner import SECRET
from sandbox.world import Fault, World

NOW = 1_794_312_000
OWNED = frozenset({"sub:active", "sub:trialing"})
NAMES = [Name("tag", tag) for tag in sorted(OWNED)] + [Name("contact", "plan", "string", "The plan")]
EMAIL = "Jane@example.com"


class Live:
    """One server for the session; ``world`` is replaced by each test. ``asked``: method and path as they were sent."""

    def __init__(self) -> None:
        # With the protocol named, asyncio switches Nagle's algorithm off: 40 ms less for each call.
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.answer, log_level="error", interface="asgi3", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)
        self.thread.start()

    def renew(self) -> None:
        self.world = World(now=NOW)
        self.world.limits = {"stripe_per_second": 0, "stripe_endpoint_per_second": 0, "intercom": 0}
        fixtures.seed(self.world, 0)
        self.front = application(self.world)
        self.asked: list[tuple[str, str]] = []

    def fault(self, action: str, system: str = "", method: str = "", path: str = "", **more) -> None:
        self.world.faults.append(Fault(action, system, method, path, **more))

    def effects(self, system: str) -> list[str]:
        return [entry.effect for entry in self.world.ledger if entry.system == system and entry.effect]

    def calls(self, system: str) -> list[str]:
        return [f"{entry.method} {entry.path}" for entry in self.world.ledger if entry.system == system]

    async def answer(self, scope, receive, send) -> None:
        self.asked.append((scope["method"], scope["raw_path"].decode("ascii")))
        await self.front(scope, receive, send)


@pytest.fixture(scope="session")
def server():
    live = Live()
    yield live
    live.server.should_exit = True
    live.thread.join(5)


@pytest.fixture
def live(server) -> Live:
    server.renew()
    return server


def plain_http() -> httpx.HTTPTransport:
    """Without certificates, whose loading takes longer than most tests."""
    return httpx.HTTPTransport(verify=False)


def gate(system: str, **more) -> Gate:
    """A gate without limits that does not sleep."""
    return Gate(system, sleep=lambda seconds: None, **more)


@pytest.fixture
def stripe_api(live) -> StripeApi:
    return StripeApi(StripeSettings(SecretStr("sk_test_sandbox"), live.base + "/stripe"), gate("stripe"), plain_http())


@pytest.fixture
def intercom_api(live) -> IntercomApi:
    return IntercomApi(
        IntercomSettings(SecretStr("tok_sandbox"), live.base + "/intercom"), gate("intercom"), plain_http()
    )


@pytest.fixture
def instances(live) -> Instances:
    return Instances(ProvisionerSettings(live.base + "/provisioner", SecretStr(SECRET)), gate("provisioner"))


@pytest.fixture
def contacts(intercom_api) -> IntercomContacts:
    target = IntercomContacts(intercom_api, OWNED.__contains__)
    target.declare(NAMES)
    return target


@pytest.fixture
def hand(live):
    """The API as a teammate at the workspace uses it."""
    with httpx.Client(
        base_url=live.base + "/intercom",
        headers={"Authorization": "Bearer tok_sandbox", "Intercom-Version": "2.14"},
        verify=False,
    ) as http:
        yield lambda method, path, body=None: orjson.loads(http.request(method, path, json=body).content or b"{}")


def wanted(user_id: str = "u1", verified: bool = False, **values) -> Desired:
    values = {"external_id": user_id, "email": EMAIL.lower(), "role": "user", **values}
    beside = {MATCH_EMAIL: verified}
    return Desired("intercom.contacts", person_subject(UserId(user_id)), values, beside=beside)


def create(target, desired: Desired) -> Held:
    return target.push(step(desired, "create"))


@pytest.fixture
def short_pages(monkeypatch):
    """Ten objects a page make short tests."""
    monkeypatch.setattr("connectors.stripe.client.PAGE", 10)
    monkeypatch.setattr("connectors.stripe.scan.PAGE", 10)
    monkeypatch.setattr("connectors.stripe.events.CHANGES_PER_PAGE", 20)


@pytest.fixture
def billing(live, stripe_api) -> StripeBilling:
    return StripeBilling(stripe_api, lambda: live.world.now)


def scripted(*answers) -> StripeApi:
    """Stripe as a list of answers, one a request; what was asked is kept in ``asked``."""
    left = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        api.asked.append(str(request.url))
        answer = left.pop(0)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    api = StripeApi(StripeSettings(SecretStr("sk_test")), gate("stripe"), httpx.MockTransport(handler))
    api.asked = []
    return api
