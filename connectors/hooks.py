"""The team's own URL, called once for each occurrence and signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from connectors import wire
from connectors.contract import Rejected, Transient, Unauthorized
from connectors.gate import Gate, Unclear
from connectors.signing import Signer
from mappings.model import Desired, Held, JSONObject, Step, at_iso, fingerprint


class Hook:
    """A message target under the name that it is given: ``POST`` to one URL, signed under each of ``secrets``.

    Body: ``id``, ``type`` (the occurrence's name), ``timestamp`` (ISO 8601, when it happened), ``account_id`` and
    ``data``, the occurrence's details. ``values["account_id"]`` of a step names the account. Any 2xx is a receipt. The
    receiver knows a repeated message by its ``webhook-id``, so an unknown outcome is sent again.
    """

    kind: Literal["state", "message"] = "message"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "repeat"

    def __init__(
        self,
        name: str,
        url: str,
        secrets: Sequence[SecretStr],
        gate: Gate | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = self.system = name
        self.gate = gate or Gate(name, limit=10)
        self.timeout = self.gate.timeout
        self._url, self._signer = url, Signer(secrets)
        self._http = wire.client(name, _complaint, url, {"Content-Type": "application/json"}, inner, _received)

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return None

    def push(self, step: Step) -> Held:
        occurrence = step.occurrence
        if occurrence is None:
            raise ValueError("a hook is called for an occurrence only")
        message = f"msg_{fingerprint(step.key)}"
        body: dict[str, Any] = {
            "id": message,
            "type": occurrence.name,
            "timestamp": at_iso(occurrence.at),
            "account_id": step.values["account_id"],
            "data": {"source_id": occurrence.id, **occurrence.details},
        }
        content = wire.body(body)

        def send() -> httpx.Response:
            return self._http.post(self._url, content=content, headers=self._signer.headers(message, content))

        response = self.gate.call(send, write=True)
        # One Link per account: the account names it.
        return Held(
            step.subject, sent={occurrence.key: occurrence.at}, vendor_request_id=wire.request_id(response.headers)
        )


def _received(
    system: str, explain: wire.Explain, status: int, headers: Mapping[str, str], content: bytes
) -> JSONObject | None:
    """Only the status counts: there is no agreed shape of an answer. Raises the class of anything but a 2xx."""
    if 200 <= status < 300:
        return None
    text, pause = f"the receiver answered {status}", wire.retry_after(headers)
    if status == 429:
        raise Transient(text, pause)
    if status in (408, 425) or status >= 500:
        raise Unclear(text, retry_after=pause)
    if status < 400:
        raise Rejected(f"{text}, and redirects are not followed: name the final address in instep.toml")
    if status in (401, 403):
        raise Unauthorized(text)
    raise Rejected(text)


def _complaint(body: JSONObject) -> None:
    return None
