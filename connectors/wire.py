"""HTTP for all vendors: one table from what came back (or did not) to an error class, and JSON by orjson.

Sits under an ``httpx.Client`` as its transport, so that vendor SDKs which share the client raise the same classes.
"""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import orjson

from connectors.contract import ConnectorError, Gone, Rejected, Transient, Unauthorized
from connectors.gate import Unclear
from mappings.model import JSONObject

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=64)

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_BUSY = {"lock_timeout", "idempotency_key_in_use", "rate_limit"}
# They log whole URLs, and those may hold e-mail addresses.
for _library in ("httpx", "httpcore", "urllib3", "stripe"):
    logging.getLogger(_library).setLevel(logging.WARNING)

# And halves of characters, which cannot be written at all.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WORD = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,80}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says, reduced to the vendor's own words: never values. ``lacks``: the right that the key has
    not."""

    code: str = ""
    field: str = ""
    lacks: str = ""


class Hello(NamedTuple):
    """A vendor's answer to who it is. ``version``: of its API, empty where it does not tell. ``ahead``: seconds by
    which its clock is ahead of this machine's, None where it does not tell."""

    data: JSONObject
    version: str
    ahead: float | None


class Conflict(Rejected):
    """409. ``body`` is for the connector that knows how to read it, and is never shown."""

    def __init__(self, reason: str, body: Any) -> None:
        super().__init__(reason)
        self.body = body


Explain = Callable[[JSONObject], Complaint | None]
"""None for what is no error body of this vendor: then someone in between has answered."""
Read = Callable[[str, Explain, int, Mapping[str, str], bytes], JSONObject | None]
"""As ``understood``: an answer's JSON object, or the class of what went wrong."""


@cache
def _trust() -> ssl.SSLContext:
    """Loading the certificates takes 30 ms: once for all clients."""
    return httpx.create_ssl_context()


class Transport(httpx.BaseTransport):
    """Sends and reads one request; returns only understood JSON objects (decoded in ``extensions["data"]``).

    Raises Transient when nothing happened, Unclear when something may have, else Unauthorized, Gone, Conflict or
    Rejected. Redirects are never followed. A body that drips longer than READ_TIMEOUT is cut.
    """

    def __init__(
        self, system: str, explain: Explain, inner: httpx.BaseTransport | None = None, read: Read | None = None
    ) -> None:
        self._system, self._explain, self._understood = system, explain, read or understood
        self._inner = inner or httpx.HTTPTransport(verify=_trust(), limits=LIMITS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # "from None" throughout: the original messages hold URLs, and those may hold e-mail addresses.
        try:
            response = self._read(request)
        except _NOTHING_SENT as error:
            raise Transient(f"{self._system} cannot be reached ({type(error).__name__})") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise Unclear(f"{self._system} did not answer completely ({type(error).__name__})") from None
        response.extensions["data"] = self._understood(
            self._system, self._explain, response.status_code, response.headers, response.content
        )
        return response

    def _read(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + CONNECT_TIMEOUT + READ_TIMEOUT
        answer = self._inner.handle_request(request)
        chunks = []
        try:
            assert isinstance(answer.stream, httpx.SyncByteStream)  # noqa: S101
            for chunk in answer.stream:
                chunks.append(chunk)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("too slow")
        finally:
            answer.close()
        return httpx.Response(answer.status_code, headers=answer.headers, content=b"".join(chunks))

    def close(self) -> None:
        self._inner.close()


def understood(
    system: str, explain: Explain, status: int, headers: Mapping[str, str], content: bytes
) -> JSONObject | None:
    """The JSON object of a success (None where nothing is answered: 202, 204); raises the class of anything else."""
    data = _decoded(content)
    if 200 <= status < 300:
        if isinstance(data, dict):
            return data
        if status in (202, 204) and not content:
            return None
        raise Unclear(f"{system} {status} without JSON")
    said = explain(data) if isinstance(data, dict) else None
    words = [system, str(status), *_words(*((said.code, said.field) if said else ()), request_id(headers))]
    raise _problem(" ".join(words), status, headers, said, data)


def _problem(
    text: str, status: int, headers: Mapping[str, str], said: Complaint | None, data: Any
) -> ConnectorError | Unclear:
    """The error class of an answer that is no success. Only the vendor itself can say that something is gone."""
    pause, code = retry_after(headers), said.code if said else ""
    if status == 429 or code in _BUSY:
        return Transient(text, pause)
    if status < 400 or status == 408 or status >= 500:
        return Unclear(text, headers.get("idempotent-replayed") == "true", pause)
    if status in (401, 403) and code != "api_plan_restricted":
        return Unauthorized(text, said.lacks if said else "")
    if status in (404, 410):
        return Gone(text) if said else Unclear(text)
    return Conflict(text, data) if status == 409 else Rejected(text)


def client(
    system: str,
    explain: Explain,
    base: str,
    headers: dict[str, str],
    inner: httpx.BaseTransport | None,
    read: Read | None = None,
) -> httpx.Client:
    """An httpx client with our time-outs whose requests end in our classes, by ``understood`` unless ``read`` is
    given."""
    return httpx.Client(
        base_url=address(system, base),
        headers=headers,
        timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
        follow_redirects=False,
        transport=Transport(system, explain, inner, read),
    )


def address(system: str, base: str) -> str:
    """Without a slash at the end. Raises ValueError for what is no URL."""
    if not base.startswith(("https://", "http://")):
        raise ValueError(f"the address of {system} must begin with https:// or http://")
    return base.rstrip("/")


def data_of(response: httpx.Response) -> JSONObject:
    """The decoded body; an empty object where the vendor answers nothing (202, 204)."""
    data = response.extensions.get("data")
    return data if isinstance(data, dict) else {}


def in_version(system: str, response: httpx.Response, header: str, asked: str) -> JSONObject:
    """The decoded body. Raises Transient where the ``header`` tells of another API version than the one ``asked``."""
    said = response.headers.get(header, asked)
    if said != asked:
        known = said if _WORD.fullmatch(said) else "unknown"
        raise Transient(f"{system} answers in API version {known}, though it was asked for {asked}")
    return data_of(response)


def hello(response: httpx.Response, version: str) -> Hello:
    """``version``: the header that tells the API's. Read at once: the time of the answer counts."""
    try:
        ahead = parsedate_to_datetime(response.headers["date"]).timestamp() - time.time()
    except (KeyError, ValueError, TypeError):
        ahead = None
    return Hello(data_of(response), str(response.headers.get(version, "")), ahead)


def path(*parts: str) -> str:
    """A URL path of quoted parts. Raises Rejected for a part that would name another resource, or that some server
    between us and the vendor may read in its own way."""
    if any(part in ("", ".", "..") or _CONTROL.search(part) for part in parts):
        raise Rejected("an empty id, '.', '..' or an id with control characters cannot be looked up")
    return "/" + "/".join(quote(part, safe="") for part in parts)


def body(values: Mapping[str, Any]) -> bytes:
    """As JSON. Raises Rejected for what cannot be written."""
    try:
        return orjson.dumps(values)
    except TypeError:
        raise Rejected("a text with half of a character, or a number too large, cannot be sent") from None


def request_id(headers: Mapping[str, str]) -> str:
    return str(headers.get("request-id") or headers.get("x-request-id") or "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: Retry-After, else X-RateLimit-Reset (a unix second) less the answer's own Date."""
    try:
        if "retry-after" in headers:
            return float(headers["retry-after"])
        return float(headers["x-ratelimit-reset"]) - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def _decoded(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _words(*texts: str) -> list[str]:
    """Only what looks like a code or an id may enter a message."""
    return [text for text in texts if _WORD.fullmatch(text)]
