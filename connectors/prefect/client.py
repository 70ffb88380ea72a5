"""The client: a deployment by its name, a run of it, the runs with a tag. https://docs.prefect.io/v3/api-ref/rest-api"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from connectors import wire
from connectors.contract import Gone, Rejected
from connectors.gate import Gate
from mappings.model import JSONObject

MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class PrefectSettings:
    """``url`` as PREFECT_API_URL. ``key``: Prefect Cloud's; ``login``: ``user:password`` of a server of one's own."""

    url: str
    key: SecretStr | None = None
    login: SecretStr | None = None


class PrefectApi:
    """One deployment, named ``flow/deployment``; ``system`` names it in errors and to its gate."""

    def __init__(
        self,
        system: str,
        name: str,
        settings: PrefectSettings,
        gate: Gate | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.gate = gate or Gate(system, limit=10, timeout=60.0)
        # A push asks for runs and for the deployment, then makes a run.
        self.timeout = 3 * self.gate.timeout
        self._name, self._flow = name, name.partition("/")[0]
        self._http = wire.client(system, _complaint, settings.url, _headers(settings), inner)

    def deployment(self) -> str:
        """Its id. Raises Rejected when there is none of that name."""
        found = self.registered()
        if found is None:
            raise Rejected(f"Prefect has no deployment {self._name}")
        return str(found["id"])

    def registered(self) -> JSONObject | None:
        """The deployment as Prefect holds it: pool, schedules, limit; None where there is none of that name."""
        flow, _, deployment = self._name.partition("/")
        try:
            return self._call("GET", wire.path("deployments", "name", flow, deployment), None)
        except Gone:
            return None

    def pool(self, name: str) -> JSONObject | None:
        """A work pool; its status is READY while a worker of it is alive."""
        try:
            return self._call("GET", wire.path("work_pools", name), None)
        except Gone:
            return None

    def start(self, title: str, parameters: Mapping[str, Any], key: str, tags: Sequence[str] = ()) -> JSONObject:
        """A flow run; for the same ``key`` the same one."""
        body = {"name": title, "parameters": parameters, "idempotency_key": key, "tags": ["instep", *tags]}
        path = wire.path("deployments", self.deployment(), "create_flow_run")
        try:
            return self._call("POST", path, body, write=True)
        except wire.Conflict:
            raise Rejected(f"the parameters of {self._name} are not those that Instep gives") from None

    def runs(self, tag: str) -> list[JSONObject]:
        """Flow runs with this tag, newest first, of the flow and not of the deployment: that may be made anew."""
        chosen = {"flows": {"name": {"any_": [self._flow]}}, "flow_runs": {"tags": {"all_": ["instep", tag]}}}
        body = {**chosen, "sort": "START_TIME_DESC", "limit": MOST_RUNS}
        return list(self._call("POST", "/flow_runs/paginate", body)["results"])

    def _call(self, method: str, path: str, body: JSONObject | None, write: bool = False) -> JSONObject:
        return wire.data_of(self.gate.call(lambda: self._http.request(method, path, json=body), write=write))


def _headers(settings: PrefectSettings) -> dict[str, str]:
    if settings.login:
        return {"Authorization": f"Basic {b64encode(settings.login.get_secret_value().encode()).decode()}"}
    return {"Authorization": f"Bearer {settings.key.get_secret_value()}"} if settings.key else {}


def _complaint(body: JSONObject) -> wire.Complaint | None:
    """Prefect explains in ``detail`` or ``exception_message``; a ``detail`` of "Not Found" is any server's."""
    said = body.get("exception_message") or body.get("detail")
    return wire.Complaint() if said and said != "Not Found" else None
