"""A real Prefect server and what belongs to it, each in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]
PREFECT = [sys.executable, "-m", "prefect"]
JSON = dict[str, Any]


@contextmanager
def process(log: Path, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """``prefect ...`` in a process group of its own, of which nothing is left at the end."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [*PREFECT, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(5)


class Server:
    """Prefect's API, asked over HTTP."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.environment = os.environ | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            # The worker looks and the scheduler schedules often enough for a test.
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
        }

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(f"{self.api}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.api}/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [*PREFECT, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deployments(self) -> dict[str, JSON]:
        return {found["name"]: found for found in self.post("/deployments/filter", {})}

    def runs(self, deployment: JSON, state: str) -> list[JSON]:
        """Runs that the schedule made."""
        chosen = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": [state]}}}
        found = self.post("/flow_runs/filter", {"flow_runs": chosen})
        return [run for run in found if run["auto_scheduled"]]

    def schedule_often(self, deployment: JSON, parameters: JSON) -> None:
        """One more schedule, in seconds, for nobody waits minutes in a test."""
        more = {"schedule": {"interval": 15}, "active": True, "parameters": parameters}
        self.post(f"/deployments/{deployment['id']}/schedules", [more])


def until(condition: Callable[[], Any], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} seconds in vain: {what}"
        time.sleep(0.3)
