"""Intercom's HTTP: plain JSON for what happens once per person, the vendor's SDK for what happens once per run.

Version 2.14 throughout, the one that the SDK's models are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import httpx
from pydantic import SecretStr

from connectors import wire
from connectors.contract import Unauthorized
from connectors.gate import Gate
from connectors.intercom import scopes
from connectors.lists import Walk, ids_of
from mappings.model import JSONObject

if TYPE_CHECKING:
    from intercom import Intercom

T = TypeVar("T")
VERSION = "2.14"
# Not x-intercom-version, which names a build of theirs.
_VERSION_HEADER = "intercom-version"


@dataclass(frozen=True, slots=True)
class IntercomSettings:
    """``api_base`` is the region's host: api.intercom.io, api.eu.intercom.io or api.au.intercom.io."""

    access_token: SecretStr
    api_base: str = "https://api.intercom.io"


class IntercomIdentity(NamedTuple):
    """``timezone``: the workspace's, an IANA name; may be empty."""

    workspace: str
    region: str
    timezone: str


class IntercomApi:
    """One workspace behind one Gate; shared by all its connectors.

    1,666 calls per 10 seconds and app: https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    """

    system = "intercom"

    def __init__(
        self, settings: IntercomSettings, gate: Gate | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.gate = gate or Gate(self.system, limit=1666, seconds=10)
        self._settings = settings
        token = settings.access_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": VERSION, "Accept": "application/json"}
        self._http = wire.client(self.system, _complaint, settings.api_base, headers, transport)

    @cached_property
    def sdk(self) -> Intercom:
        """The vendor's SDK over the same client, so with our errors. Its own retries are off unless asked for."""
        # Importing it takes more than a second.
        from intercom import Intercom

        return Intercom(
            token=self._settings.access_token.get_secret_value(),
            base_url=self._settings.api_base,
            headers={"Intercom-Version": VERSION},
            httpx_client=self._http,
        )

    def identity(self) -> IntercomIdentity:
        app = self.get("/me")["app"]
        return IntercomIdentity(str(app["id_code"]), str(app["region"]), str(app.get("timezone") or ""))

    def ask(self, call: Callable[[Intercom], T], write: bool = False) -> T:
        """One call through the SDK."""
        return self.gate.call(lambda: call(self.sdk), write=write)

    def hello(self) -> wire.Hello:
        """The admin with its ``app``, as ``identity`` reads it, in whatever API version it answers."""
        return wire.hello(self._send("GET", "/me"), _VERSION_HEADER)

    def get(self, path: str, params: dict[str, str] | None = None) -> JSONObject:
        return self._read("GET", path, params=params)

    def pages(self, path: str, resume: str | None, per_page: int) -> Iterator[tuple[list[JSONObject], str | None]]:
        """A cursor list, page by page: the rows, and where to go on after them (None at the end). Raises Transient for
        a list that ends or repeats without saying so."""
        walk = Walk(self.system, path, resume)
        while True:
            params = {"per_page": str(per_page)} | ({"starting_after": resume} if resume else {})
            answer = self.get(path, params)
            rows, following = answer.get("data") or [], next_page(answer)
            resume = following.get("starting_after") if isinstance(following, dict) else None
            walk.reach(resume if rows else None, bool(following))
            yield rows, resume
            if not resume:
                return

    def numbered(self, path: str, per_page: int) -> Iterator[JSONObject]:
        """The rows of a list whose pages have numbers. Raises Transient for a list that stops short or repeats."""
        walk = Walk(self.system, path)
        for number in count(1):
            answer = self.get(path, {"page": str(number), "per_page": str(per_page)})
            rows, more = answer.get("data") or [], bool(next_page(answer))
            walk.reach(ids_of(rows), more)
            yield from rows
            if not more:
                return

    def search(self, path: str, body: JSONObject) -> JSONObject:
        """A read that is spelled POST."""
        return self._read("POST", path, json=body)

    def _read(self, method: str, path: str, **content: Any) -> JSONObject:
        """Raises Transient where another API version answers than the one that was asked."""
        return wire.in_version(self.system, self._send(method, path, **content), _VERSION_HEADER, VERSION)

    def write(self, method: str, path: str, body: JSONObject | None = None) -> tuple[JSONObject, str]:
        """The answer and the vendor's request id."""
        response = self._send(method, path, write=True, json=body)
        return wire.data_of(response), wire.request_id(response.headers)

    def _send(self, method: str, path: str, write: bool = False, **content: Any) -> httpx.Response:
        try:
            return self.gate.call(lambda: self._http.request(method, path, **content), write=write)
        except Unauthorized as refused:
            if refused.lacks:
                raise Unauthorized(f"{self.system} refuses {method}", scopes.needed(path, write)) from None
            raise


def next_page(answer: JSONObject) -> Any:
    """What a page says of the next one; empty at the end."""
    return (answer.get("pages") or {}).get("next")


def _complaint(body: JSONObject) -> wire.Complaint | None:
    """``{"type": "error.list", "errors": [{"code", "message", "field"}]}``"""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None
    code = str(first.get("code") or "")
    return wire.Complaint(code, str(first.get("field") or ""), "a scope" if code in scopes.REFUSED else "")
