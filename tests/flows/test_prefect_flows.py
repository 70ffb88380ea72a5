"""The Prefect flows on a real server: what they do, what they show, and how they end."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from threading import Timer
from typing import Any
from uuid import UUID

import pytest
from installation import DOMAIN, PERSON, Installation, writes
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import TaskRun
from prefect.logging.handlers import APILogHandler

from flows.house import open_instep
from flows.pull import pull
from flows.reconcile import reconcile
from flows.settings import load_settings
from flows.sweep import sweep
from flows.sync import sync
from mappings.model import AccountId

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]


@dataclass
class Run:
    """A flow run as Prefect's pages show it. ``artifacts``: key -> data; ``tasks``: name -> (state, message)."""

    name: str
    state: str
    message: str
    artifacts: dict[str, Any]
    tasks: dict[str, tuple[str, str]]
    logs: str

    @property
    def all_text(self) -> str:
        return json.dumps([self.name, self.message, self.artifacts, self.tasks, self.logs])


def run(flow: Flow[..., Any], **parameters: Any) -> Run:
    id = flow(**parameters, return_state=True).state_details.flow_run_id
    assert id
    APILogHandler().flush()
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(id)
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[id]))
        )
        logs = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[id])))
        logged = {log.task_run_id for log in logs if log.task_run_id}
        tasks = _finished_tasks(client, FlowRunFilter(id=FlowRunFilterId(any_=[id])), logged)
    assert found.state
    return Run(
        found.name,
        found.state.name,
        found.state.message or "",
        {artifact.key or "": artifact.data for artifact in artifacts},
        {task.name: (task.state.name, task.state.message or "") for task in tasks if task.state},
        "\n".join(log.message for log in logs),
    )


def _finished_tasks(client: SyncPrefectClient, of_run: FlowRunFilter, logged: set[UUID]) -> list[TaskRun]:
    """The server learns of task runs a little later than of their logs."""
    give_up = time.monotonic() + 20
    while True:
        tasks = client.read_task_runs(flow_run_filter=of_run)
        finished = {task.id for task in tasks if task.state and task.state.is_final()}
        if (logged <= finished and len(finished) == len(tasks)) or time.monotonic() > give_up:
            return tasks


def silent(shown: Run) -> None:
    assert "Finished in state" in shown.logs
    text = shown.all_text.lower()
    assert PERSON.lower() not in text
    assert DOMAIN not in text
    assert "sk_test" not in text


def test_a_sync_brings_a_trial_to_every_system(installed: Installation) -> None:
    shown = run(sync)
    assert (shown.state, installed.access()) == ("Completed", "trialing")
    assert re.fullmatch(r"sync \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", shown.name)
    assert shown.artifacts["sync-report"].startswith("# sync: done")
    targets = {row["target"] for row in json.loads(shown.artifacts["sync-changes"])}
    assert {"stripe.trials", "instances", "product.access", "intercom.contacts"} <= targets
    silent(shown)


def test_a_task_is_a_source_or_a_batch(installed: Installation) -> None:
    tasks = run(sync).tasks
    assert {name for name in tasks if name.startswith("read ")} == {
        "read product.accounts", "read product.users", "read product.access", "read stripe",
        "read product.requests", "read instances",
    }  # fmt: skip
    assert tasks["read product.users"] == ("Completed", "1 row and 0 hints came in")
    worked = {name: told for name, told in tasks.items() if name.startswith("work on ")}
    assert set(worked) == {"work on 1 account"}


def test_a_second_run_writes_nothing(installed: Installation, vendors_url: str) -> None:
    run(sync)
    before = writes(vendors_url)
    shown = run(sync)
    assert shown.state == "Completed"
    assert writes(vendors_url) == before
    assert set(shown.artifacts) == {"sync-report"}
    assert "0 changes sent" in shown.artifacts["sync-report"]


def test_a_refused_key_ends_as_failed(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_wrong")
    shown = run(pull)
    assert shown.state == "Failed"
    assert shown.message == "Stripe refuses the key in STRIPE_API_KEY. Put a working key there."
    assert shown.artifacts == {}
    silent(shown)


def test_a_bug_ends_as_failed_without_its_text(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(f"{PERSON}@{DOMAIN}")

    monkeypatch.setattr("flows.hub.Hub.look", broken)
    shown = run(sync)
    assert shown.state == "Failed"
    assert "ValueError at broken, line" in shown.message
    assert shown.artifacts["sync-report"].startswith("# sync: failed")
    silent(shown)


def test_a_bug_at_an_account_shows_in_its_batch(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(f"{PERSON}@{DOMAIN}")

    monkeypatch.setattr("flows.engine.life", broken)
    shown = run(sync)
    assert shown.state == "Failed"
    state, message = shown.tasks["work on 1 account"]
    assert state == "Failed"
    assert message.startswith(f"a bug at account {installed.account}: ValueError in broken")
    silent(shown)


def test_a_source_that_fails_shows_red_and_the_others_are_read(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(PERSON)

    monkeypatch.setattr("connectors.stripe.StripeBilling.scan", broken)
    shown = run(pull)
    assert shown.state == "Failed"
    states = {name: state for name, (state, _) in shown.tasks.items()}
    assert states.pop("read stripe") == "Failed"
    assert set(states.values()) == {"Completed"}
    silent(shown)


def test_a_source_in_use_is_left_to_its_reader(installed: Installation) -> None:
    store = open_instep(load_settings()).store
    cursor = store.lease_cursor("product.users", "another", 300)
    assert cursor
    shown = run(pull)
    assert shown.state == "Completed"
    assert shown.tasks["read product.users"] == ("Completed", "another run is reading it")
    store.release_cursor(cursor)
    store.close()


def test_nothing_is_sent_before_everything_was_read(installed: Installation, vendors_url: str) -> None:
    before = writes(vendors_url)
    shown = run(reconcile, watch_seconds=1)
    assert shown.state == "Failed"
    assert "not read completely yet" in shown.message
    assert writes(vendors_url) == before


def test_reconcile_watches_what_falls_due(installed: Installation) -> None:
    run(sync)
    instep = open_instep(load_settings())
    ordered = Timer(2, instep.store.mark, [[AccountId(installed.account)], instep.now(), "an order"])
    ordered.start()
    shown = run(reconcile, watch_seconds=4)
    ordered.join()
    instep.store.close()
    assert shown.tasks == {"work on 1 account": ("Completed", "0 changes sent")}


def test_only_is_for_these_accounts(installed: Installation) -> None:
    run(pull)
    shown = run(reconcile, only=["another"], watch_seconds=0)
    assert shown.name.endswith(", 1 account")
    assert installed.access() is None


def test_a_sweep_reads_everything_whole(installed: Installation) -> None:
    run(sync)
    shown = run(sweep)
    assert shown.state == "Completed"
    assert "| stripe | yes |" in shown.artifacts["sweep-report"]
    assert "| stripe | no |" in run(pull).artifacts["pull-report"]


def test_a_sweep_waits_for_whoever_is_reading(installed: Installation) -> None:
    instep = open_instep(load_settings())
    instep.store.lease_cursor("product.users", "another", 1.0)
    instep.store.close()
    shown = run(sweep)
    assert "| product.users | yes | 1 |" in shown.artifacts["sweep-report"]
