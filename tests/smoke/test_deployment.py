"""As an operator does it: a real server, a work pool, the deployments of prefect.yaml, a worker, and scheduled runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import DOMAIN, PERSON, Installation, vendors
from prefect_server import Server, process, until

pytestmark = pytest.mark.smoke


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    """Set up with all targets on, with one trial request waiting."""
    with vendors() as url:
        installation = Installation(tmp_path, url, "smoke")
        setup = "from flows.house import init; from flows.settings import load_settings; init(load_settings(), on=True)"
        subprocess.run([sys.executable, "-c", setup], env=os.environ | installation.environment, check=True, timeout=60)
        installation.request_trial()
        yield installation


def test_scheduled_runs_start_a_trial(server: Server, installed: Installation, tmp_path: Path) -> None:
    server.command("work-pool", "create", "instep", "--type", "process")
    server.command("deploy", "--all", "--no-prompt")
    found = server.deployments()
    assert set(found) == {"audit", "pull", "reconcile", "sweep", "sync"}
    scheduled = [found["pull"], found["reconcile"], found["sweep"]]
    until(lambda: all(server.runs(one, "SCHEDULED") for one in scheduled), 20, "every schedule has its runs")
    assert not server.runs(found["sync"], "SCHEDULED")

    server.schedule_often(found["pull"], {})
    server.schedule_often(found["reconcile"], {"watch_seconds": 3})
    worker = tmp_path / "worker.log"
    with process(worker, server.environment | installed.environment, "worker", "start", "--pool", "instep"):
        until(lambda: server.runs(found["pull"], "COMPLETED"), 60, "a scheduled pull has completed")
        until(lambda: installed.access() == "trialing", 45, "the trial has its access row")
        until(lambda: server.runs(found["reconcile"], "COMPLETED"), 45, "a scheduled reconcile has completed")
    assert not (tmp_path / "prefect" / "storage").exists(), "no result is ever stored"
    told = worker.read_text().lower()
    assert PERSON.lower() not in told
    assert DOMAIN not in told
    wrong = [line for line in (tmp_path / "server.log").read_text().splitlines() if "ERROR" in line]
    assert not [line for line in wrong if "chedule" in line]
