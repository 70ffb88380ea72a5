"""The provisioner's wire: the whole desired state of one product instance, signed; its status back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

import requests
from pydantic import SecretStr
from urllib3.exceptions import NewConnectionError

from connectors import wire
from connectors.contract import Gone, Page, Rejected, Transient
from connectors.gate import Gate, Unclear
from connectors.signing import Signer
from mappings.model import Desired, Held, JSONObject, Record, Ref, Step

_ANSWERS = {"provisioning": "running", "ready": "running", "suspended": "suspended", "deleted": "deleted", "failed": ""}
"""What each status amounts to as a desired state."""


@dataclass(frozen=True, slots=True)
class ProvisionerSettings:
    """``secret`` as Standard Webhooks writes it, ``whsec_`` and base64; None sends unsigned requests."""

    url: str
    secret: SecretStr | None = None


class Instances:
    """Target and Source ``instances``: ``PUT`` and ``GET {url}/instances/{name}``.

    Values of a step: ``name`` and everything that the body shall hold, ``desired``, ``revision`` (an integer that rises
    with each change) and ``account_id`` among them. A Record's data is the answer: ``name``, ``account_id``, ``status``
    (provisioning, ready, suspended, deleted, failed), ``url``, ``ready_at``, ``revision``.
    Signature: https://github.com/standard-webhooks/standard-webhooks
    """

    name = "instances"
    system = "provisioner"
    kinds: tuple[str, ...] = ("instance",)
    feed: Literal["hints", "truth"] = "hints"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, settings: ProvisionerSettings, gate: Gate | None = None) -> None:
        self.gate = gate or Gate(self.system, limit=10)
        self.timeout = self.gate.timeout
        self._url = wire.address(self.system, settings.url)
        self._session = requests.Session()
        self._session.trust_env = False
        self._signer = Signer([settings.secret]) if settings.secret else None

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """A provisioner has no feed: a pending instance is looked at by its account's timer."""
        return iter(())

    def scan(self, resume: str | None) -> Iterator[Page]:
        return iter(())

    def fetch(self, ref: Ref) -> Record:
        try:
            return Record(ref, self._exchange("GET", ref.id)[0])
        except Gone:
            return Record(ref, None)

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """What the answer does not carry is taken as desired: the provisioner cannot be asked for it."""
        name = str(desired.values["name"])
        try:
            answer, _ = self._exchange("GET", name)
        except Gone:
            return None
        _check_owner(answer, desired.values.get("account_id"))
        known = answer | {"desired": _ANSWERS[answer["status"]]}
        values: dict[str, Any] = {field: known.get(field, wanted) for field, wanted in desired.values.items()}
        return Held(name, values, pending=answer["status"] == "provisioning", changed=_ref(name))

    def push(self, step: Step) -> Held:
        body = dict(step.values)
        name = str(body.pop("name", "") or step.external_id)
        answer, request = self._exchange("PUT", name, wire.body(body), step.key)
        _check_owner(answer, body["account_id"])
        return Held(
            name,
            {"status": answer["status"]},
            pending=answer["status"] == "provisioning",
            changed=_ref(name),
            vendor_request_id=request,
        )

    def _exchange(self, method: str, name: str, content: bytes = b"", key: str = "") -> tuple[JSONObject, str]:
        path = wire.path("instances", name)

        def send() -> tuple[JSONObject, str]:
            response = self._request(method, path, content, key)
            data = wire.understood(self.system, _complaint, response.status_code, response.headers, response.content)
            return _understood(data or {}, name), wire.request_id(response.headers)

        return self.gate.call(send, write=method == "PUT")

    def _request(self, method: str, path: str, content: bytes, key: str) -> requests.Response:
        # "from None": the original messages hold the URL.
        timeout = (wire.CONNECT_TIMEOUT, wire.READ_TIMEOUT)
        headers = self._headers(content, key)
        try:
            return self._session.request(
                method, self._url + path, data=content, headers=headers, timeout=timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            if _nothing_sent(error):
                raise Transient(f"{self.system} cannot be reached ({type(error).__name__})") from None
            raise Unclear(f"{self.system} did not answer completely ({type(error).__name__})") from None

    def _headers(self, content: bytes, key: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        if self._signer:
            headers |= self._signer.headers(key or uuid4().hex, content)
        return headers


def _nothing_sent(error: requests.RequestException) -> bool:
    """Whether the connection was never made; a connection that broke later may have carried the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _understood(answer: JSONObject, name: str) -> JSONObject:
    if answer.get("name") != name or answer.get("status") not in _ANSWERS:
        raise Unclear("the provisioner's answer is not about this instance or has no known status")
    return answer


def _check_owner(answer: JSONObject, account_id: Any) -> None:
    if "account_id" in answer and answer["account_id"] != account_id:
        raise Rejected("the provisioner answered for another account")


def _ref(name: str) -> Ref:
    return Ref("instances", "instance", name)


def _complaint(body: JSONObject) -> wire.Complaint:
    """Any JSON object: there is no agreed shape."""
    return wire.Complaint(str(body.get("code") or ""))
