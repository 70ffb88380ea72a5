"""Stripe's HTTP: reads are plain GETs (lists by the thousand), writes go through the vendor's SDK (forms, keys)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import stripe
from pydantic import SecretStr

from connectors import wire
from connectors.gate import Gate
from connectors.lists import Walk, last_id
from connectors.stripe.rights import named
from mappings.model import JSONObject

# Otherwise latency figures are sent along and a file is written in the home directory.
stripe.enable_telemetry = False

Params = Mapping[str, Any]
PAGE = 100
VERSION = stripe.api_version
_VERSION_HEADER = "stripe-version"


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """``api_key``: a restricted key suffices (customers, subscriptions, invoices, charges, disputes, coupons, payment
    methods, prices, events). The account's limit is that of the key: 100 requests a second live, 25 in a sandbox."""

    api_key: SecretStr
    api_base: str = "https://api.stripe.com"

    @property
    def livemode(self) -> bool:
        return self.api_key.get_secret_value().startswith(("sk_live_", "rk_live_"))


class StripeIdentity(NamedTuple):
    account_id: str
    livemode: bool


class StripeApi:
    """One Stripe account behind one Gate; shared by all its connectors. https://docs.stripe.com/rate-limits"""

    system = "stripe"

    def __init__(
        self, settings: StripeSettings, gate: Gate | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.gate = gate or Gate(self.system, limit=100 if settings.livemode else 25, endpoint_limit=25)
        key = settings.api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}
        self._livemode = settings.livemode
        self._http = wire.client(self.system, _complaint, settings.api_base, headers, transport)
        self._sdk = stripe.StripeClient(
            key,
            base_addresses={"api": settings.api_base.rstrip("/")},
            http_client=_SdkTransport(self._http),
            max_network_retries=0,
        )

    def identity(self) -> StripeIdentity:
        return StripeIdentity(str(self.get("/v1/account")["id"]), self._livemode)

    def hello(self) -> wire.Hello:
        """The account, as ``identity`` reads it, in whatever API version it answers."""
        return wire.hello(self._get("/v1/account", None), _VERSION_HEADER)

    def get(self, path: str, params: Params | None = None) -> JSONObject:
        """One object or one page of a list, as plain JSON. Nested expands are listed under ``expand[]``. Raises
        Transient where another API version answers than the one that was asked."""
        return wire.in_version(self.system, self._get(path, params), _VERSION_HEADER, VERSION)

    def post(self, path: str, params: Mapping[str, Any], key: str) -> tuple[JSONObject, str]:
        """The changed object and the vendor's request id. ``key`` is the idempotency key."""
        answer = self.gate.call(
            lambda: self._sdk.raw_request("post", path, idempotency_key=key, **params),
            write=True,
            endpoint="POST " + _endpoint(path),
        )
        return answer.data, answer.request_id or ""

    def preview(self, params: Params) -> JSONObject:
        """The invoice that would come next; makes nothing, so it is tried again like a read.

        https://docs.stripe.com/api/invoices/create_preview"""
        path = "/v1/invoices/create_preview"
        answer = self.gate.call(
            lambda: self._sdk.raw_request("post", path, **params), write=False, endpoint="POST " + path
        )
        found: JSONObject = answer.data
        return found

    def delete(self, path: str) -> str:
        """Returns the vendor's request id. Takes no key: what is gone is Gone the second time."""
        answer = self.gate.call(
            lambda: self._sdk.raw_request("delete", path), write=True, endpoint="DELETE " + _endpoint(path)
        )
        return answer.request_id or ""

    def listed(
        self, path: str, params: Params, resume: str | None = None
    ) -> Iterator[tuple[list[JSONObject], str | None]]:
        """A list page by page, newest first, each with where to go on after it (an empty page tells nothing new).
        Raises Transient for a list that ends or repeats without saying so."""
        walk = Walk(self.system, path, resume)
        while True:
            after: Params = {"starting_after": resume} if resume else {}
            answer = self.get(path, {**params, "limit": PAGE, **after})
            items: list[JSONObject] = answer.get("data") or []
            more = bool(answer.get("has_more"))
            walk.reach(last_id(items), more)
            resume = last_id(items) or resume
            yield items, resume
            if not more:
                return

    def pages(self, path: str, params: Params) -> Iterator[list[JSONObject]]:
        """All pages of a list, newest first; see ``listed``."""
        return (items for items, _ in self.listed(path, params))

    def _get(self, path: str, params: Params | None) -> httpx.Response:
        return self.gate.call(lambda: self._http.get(path, params=params), write=False, endpoint=_endpoint(path))

    def everything(self, path: str, params: Params) -> Iterator[JSONObject]:
        for page in self.pages(path, params):
            yield from page


class _SdkTransport(stripe.HTTPClient):
    """Lets the SDK send through our httpx client, whose errors are ours already."""

    name = "instep"

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        response = self._http.request(method, url, headers=dict(headers or {}), content=post_data)
        return response.text, response.status_code, response.headers

    def close(self) -> None:
        self._http.close()


def _complaint(body: JSONObject) -> wire.Complaint | None:
    """``{"error": {"type", "code", "param", "message"}}``: https://docs.stripe.com/api/errors"""
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    code, lacks = str(error.get("code") or error.get("type") or ""), named(error.get("message"))
    return wire.Complaint(code, str(error.get("param") or ""), lacks)


def _endpoint(path: str) -> str:
    """The path with ids taken out: limits are counted per endpoint, not per object."""
    parts = path.split("/")
    return "/".join(parts[:3]) + ("/{id}" if len(parts) > 3 else "")
