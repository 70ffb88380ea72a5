"""A town with a door that listens, and what people do at it."""

from __future__ import annotations

import re
import threading

import requests
import uvicorn
from starlette.types import Receive, Scope, Send
from town import Town

from flows.door import Door
from instep.door import application

SECRET = "a secret of more than thirty-two letters"


class House:
    """A town with a door that listens on its public URL."""

    def __init__(self, town: Town) -> None:
        self.town = town
        config = uvicorn.Config(self._answer, interface="asgi3", lifespan="off", port=0, log_level="error")
        self._server = uvicorn.Server(config)
        sockets = [config.bind_socket()]
        town.public_url, town.secrets = f"http://127.0.0.1:{sockets[0].getsockname()[1]}", SECRET
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": sockets}, daemon=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def open(self) -> None:
        self.app = application(Door(lambda: self.town.settings, lambda: self.town.vendors.now))
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def link(self) -> str:
        """The owner's, as Intercom holds it."""
        return str(self.town.person("ann")["custom_attributes"]["billing_url"])

    def look(self) -> str:
        answer = requests.get(self.link, timeout=30)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        return answer.text

    def press(self, page: str, **more: str) -> str:
        """Where the button leads."""
        plan = re.search(r'name="plan" value="(\w+)"', page)
        form = {"seen": re.search(r'name="seen" value="(\w+)"', page)[1], **({"plan": plan[1]} if plan else {})}
        answer = requests.post(self.link, data=form | more, allow_redirects=False, timeout=30)
        assert answer.status_code == 303
        return answer.headers["location"]

    def charges(self) -> list[int]:
        """What was really paid."""
        paid = [
            invoice["amount_paid"]
            for customer in self.town.vendors.stripe("GET", "/v1/customers", limit=100)["data"]
            if customer["id"] in self.ours()
            for invoice in self.town.vendors.stripe("GET", "/v1/invoices", customer=customer["id"])["data"]
        ]
        return [amount for amount in paid if amount]

    def ours(self) -> set[str]:
        return {customer["id"] for customer in self.town.customers("acme")}


def trial(house: House) -> None:
    house.town.request_trial("acme", "ann")
    house.town.sync()


def settle(house: House, seconds: int = 0) -> None:
    house.town.vendors.advance(seconds + 300)
    house.town.sync()
    house.town.vendors.advance(300)
    house.town.sync()


def active(house: House) -> bool:
    return (house.town.access("acme")["stage"], house.town.stage("ann")) == ("active", "sub:active")
