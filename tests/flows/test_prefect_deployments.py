"""Hooks and instances that are Prefect deployments, on a real server: what a run is given, what its state means."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parents[1] / "connectors"))

from contract_tests import HOSTILE, TargetContract, step

from connectors.contract import ConnectorError, Rejected, Source, Transient, Unknown
from connectors.gate import Gate
from connectors.prefect import DeployedInstances, DeploymentRuns
from flows.prefect_api import prefect_api
from mappings.model import Desired, Occurrence, Ref, Step, Subject

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]

# What Prefect answers while its SQLite database is locked.
BUSY = 503
numbers = count(1)
JSON = dict[str, Any]
HAPPENED = Occurrence("converted-trial", "sub_1", 1_794_312_000, {"plan": "pro"})


class Deployment:
    """A deployment of its own that no worker runs: its runs do what the test says."""

    def __init__(self) -> None:
        from prefect.settings import get_current_settings

        self._url = get_current_settings().api.url
        self.flow, self.name = f"flow-{next(numbers)}", "team's own"
        flow = self.call("POST", "/flows/", {"name": self.flow})
        schema = {
            "type": "object",
            "properties": {"account_id": {"type": "string"}, "at": {"type": "string", "format": "date-time"}},
            "required": ["account_id"],
        }
        body = {"name": self.name, "flow_id": flow["id"], "parameter_openapi_schema": schema}
        self.id = self.call("POST", "/deployments/", body)["id"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        for _ in range(10):
            answer = requests.request(method, f"{self._url}{path}", json=body, timeout=30)
            if answer.status_code != BUSY:
                break
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def runs(self) -> list[JSON]:
        found: list[JSON] = self.call("POST", "/flow_runs/filter", {"flows": {"name": {"any_": [self.flow]}}})
        return sorted(found, key=lambda run: run["created"])

    def becomes(self, state: str, message: str | None = None, run: int = -1) -> None:
        body = {"state": {"type": state, "message": message}, "force": True}
        self.call("POST", f"/flow_runs/{self.runs()[run]['id']}/set_state", body)

    def delete(self) -> None:
        self.call("DELETE", f"/deployments/{self.id}")

    def instances(self) -> DeployedInstances:
        return DeployedInstances(self.api("prefect"))

    def hook(self) -> DeploymentRuns:
        return DeploymentRuns("after.converted-trial", self.api("after.converted-trial"))

    def api(self, system: str):
        api = prefect_api(system, f"{self.flow}/{self.name}")
        api.gate = Gate(system, sleep=lambda seconds: None)
        return api


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


def call(key: str = "k1") -> Step:
    subject, values = Subject("account:acct_1"), {"account_id": "acct_1"}
    return Step("after.converted-trial", subject, "send", key, values=values, occurrence=HAPPENED)


def tell(target: DeploymentRuns | DeployedInstances, wanted: Step):
    """As often as Prefect is busy: the key is the same."""
    for _ in range(9):
        try:
            return target.push(wanted)
        except Unknown:
            continue
    return target.push(wanted)


def test_an_occurrence_is_a_run_once(deployment: Deployment) -> None:
    target = deployment.hook()
    held = tell(target, call())
    assert (held.external_id, held.sent) == ("account:acct_1", {HAPPENED.key: HAPPENED.at})
    assert tell(target, call()).vendor_request_id == held.vendor_request_id
    (run,) = deployment.runs()
    assert run["parameters"] == {
        "account_id": "acct_1",
        "occurrence": "converted-trial",
        "at": "2026-11-10T12:00:00Z",
        "details": {"source_id": "sub_1", "plan": "pro"},
    }
    assert (run["name"], run["tags"], run["state_type"]) == ("converted-trial acct_1", ["instep"], "SCHEDULED")
    tell(target, call("k2"))
    assert len(deployment.runs()) == 2


def test_a_deployment_that_is_not_there_or_takes_something_else_is_refused(deployment: Deployment) -> None:
    strange = Step("after.x", Subject("account:a"), "send", "k", values={"account_id": 1}, occurrence=HAPPENED)
    target = deployment.hook()
    schema = {"type": "object", "properties": {"team": {"type": "string"}}, "required": ["team"]}
    deployment.call("PATCH", f"/deployments/{deployment.id}", {"parameter_openapi_schema": schema})
    with pytest.raises(Rejected, match="are not those that Instep gives"):
        target.push(strange)
    deployment.delete()
    with pytest.raises(Rejected, match=f"Prefect has no deployment {deployment.flow}/team's own"):
        target.push(call())


def test_hostile_ids_arrive_whole_or_start_nothing(deployment: Deployment) -> None:
    target, taken = deployment.hook(), list[str]()
    for number, id in enumerate(HOSTILE):
        values, happened = {"account_id": id}, Occurrence("converted-trial", id, 1_794_312_000, {"plan": id})
        wanted = Step("after.x", Subject(f"account:{id}"), "send", f"key {number}", values=values, occurrence=happened)
        try:
            tell(target, wanted)
        except ConnectorError as error:
            assert f"{error}".isprintable(), ascii(id)  # noqa: PT017
        else:
            taken.append(id)
    told = [run["parameters"] for run in deployment.runs()]
    assert [(one["account_id"], one["details"]) for one in told] == [
        (id, {"source_id": id, "plan": id}) for id in taken
    ]
    assert set(HOSTILE) - set(taken) <= {"\ud800", "nul\x00byte", "x" * 10_000}


class TestDeployedInstances(TargetContract):
    def make(self, target, desired, key="key-1"):
        return put(target, desired, key)

    @pytest.fixture
    def target(self, deployment: Deployment) -> DeployedInstances:
        return deployment.instances()

    @pytest.fixture
    def wanted(self):
        return wanted


def wanted(account_id: str = "a1", state: str = "running", revision: int = 1) -> Desired:
    values = {"name": f"{account_id}-1", "desired": state, "account_id": account_id, "plan": "pro"}
    subject = Subject(f"instance:{account_id}#1")
    return Desired("instances", subject, values, whole=True, beside={"revision": revision})


def put(target: DeployedInstances, desired: Desired, key: str = "k1"):
    return tell(target, step(desired, "create", key))


REF = Ref("instances", "instance", "a1-1")
URL = "https://a1-1.example.com"


def told(target: DeployedInstances) -> tuple[str, str]:
    data = target.fetch(REF).data
    assert data is not None
    return data["status"], data["url"]


def test_it_is_a_source(deployment: Deployment) -> None:
    target = deployment.instances()
    assert isinstance(target, Source)
    assert list(target.changes(None)) == list(target.scan(None)) == []
    assert target.fetch(REF).gone


def test_the_same_key_is_the_same_run(deployment: Deployment) -> None:
    target = deployment.instances()
    first, second = put(target, wanted()), put(target, wanted())
    assert first == second
    (run,) = deployment.runs()
    assert run["parameters"] == {"name": "a1-1", "desired": "running", "account_id": "a1", "plan": "pro", "revision": 1}
    assert run["tags"] == ["instance:a1-1", "instep"] or run["tags"] == ["instep", "instance:a1-1"]


def test_what_the_state_of_a_run_means(deployment: Deployment) -> None:
    target = deployment.instances()
    assert put(target, wanted()).pending
    for state in ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING"):
        deployment.becomes(state)
        assert told(target) == ("provisioning", "")
        assert target.find(wanted(), None).pending
    for state in ("FAILED", "CRASHED", "CANCELLED"):
        deployment.becomes(state, "it broke")
        assert told(target) == ("failed", "")
        assert target.find(wanted(), None).values["desired"] == ""
    deployment.becomes("RUNNING")
    assert told(target) == ("provisioning", ""), "somebody started it again"
    deployment.becomes("COMPLETED", URL)
    assert told(target) == ("ready", URL)
    found = target.find(wanted(), None)
    assert (found.pending, found.values["desired"]) == (False, "running")


def test_a_life_keeps_its_address_and_its_first_moment(deployment: Deployment) -> None:
    target = deployment.instances()
    put(target, wanted())
    deployment.becomes("COMPLETED", URL)
    ready_at = target.fetch(REF).data["ready_at"]
    for revision, (state, status) in enumerate([("suspended",) * 2, ("running", "ready"), ("deleted",) * 2], 2):
        put(target, wanted(state=state, revision=revision), f"k{revision}")
        assert told(target) == ("provisioning", URL)
        deployment.becomes("COMPLETED", "All states completed.")
        data = target.fetch(REF).data
        assert (data["status"], data["url"], data["ready_at"]) == (status, URL, ready_at)
        assert data["revision"] == revision


def test_runs_of_one_instance_never_overlap(deployment: Deployment) -> None:
    target = deployment.instances()
    put(target, wanted())
    deployment.becomes("RUNNING")
    for _ in range(6):
        with pytest.raises(Transient, match="not finished"):
            put(target, wanted(state="suspended", revision=2), "k2")
    assert not target.gate.breaker.open
    put(target, wanted("b1"), "k3")
    deployment.becomes("COMPLETED", run=0)
    put(target, wanted(state="suspended", revision=2), "k2")
    assert [run["parameters"]["desired"] for run in deployment.runs()] == ["running", "running", "suspended"]


def test_an_answer_for_another_account_is_rejected(deployment: Deployment) -> None:
    target = deployment.instances()
    put(target, wanted())
    other = wanted()
    other = Desired(other.target, other.subject, {**other.values, "account_id": "a2"})
    with pytest.raises(Rejected, match="another account"):
        target.find(other, None)


def test_runs_outlive_their_deployment(deployment: Deployment) -> None:
    target = deployment.instances()
    put(target, wanted())
    deployment.becomes("COMPLETED", URL)
    deployment.delete()
    assert told(target) == ("ready", URL)
