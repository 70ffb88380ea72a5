"""`check` against a real Prefect server: what prefect.yaml names, whether it is registered and will be run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from flows.checks.deployments import deployments

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]

BUSY = 503
YAML = """
deployments:
  - {name: often, entrypoint: "flows/looked_at.py:looked_at"}
  - {name: nightly, entrypoint: "flows/looked_at.py:looked_at"}
"""


def call(method: str, path: str, body: Any = None) -> Any:
    """As often as Prefect's SQLite database is locked."""
    from prefect.settings import get_current_settings

    for _ in range(10):
        answer = requests.request(method, f"{get_current_settings().api.url}{path}", json=body, timeout=30)
        if answer.status_code != BUSY:
            break
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def deploy(name: str, **more: Any) -> None:
    flow = call("POST", "/flows/", {"name": "looked-at"})
    call("POST", "/deployments/", {"name": name, "flow_id": flow["id"], **more})


def told(level: str) -> list[str]:
    return [finding.text for finding in deployments() if finding.level == level]


def test_from_nothing_registered_to_a_live_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no prefect.yaml here" in told("ok")[0]
    (tmp_path / "prefect.yaml").write_text(YAML)
    assert told("warning")[0].startswith("none of looked-at/often, looked-at/nightly is registered")
    deploy("often")
    missing, poolless = told("problem")
    assert missing.startswith("looked-at/nightly not registered: `prefect deploy --all --no-prompt`")
    assert poolless.startswith("looked-at/often has no work pool")
    call("POST", "/work_pools/", {"name": "looked-at", "type": "process"})
    every_day = [{"active": False, "schedule": {"cron": "0 3 * * *", "timezone": "UTC"}}]
    deploy("often", work_pool_name="looked-at")
    deploy("nightly", work_pool_name="looked-at", schedules=every_day, concurrency_limit=1)
    assert told("problem") == [
        "no worker of the work pool looked-at is alive: keep `prefect worker start --pool looked-at` running"
    ]
    paused, limited = told("warning")
    assert paused.startswith("looked-at/nightly is paused, so its schedule starts nothing")
    assert limited.startswith("looked-at/nightly has a concurrency limit")
    call("POST", "/work_pools/looked-at/workers/heartbeat", {"name": "somebody"})
    assert told("problem") == []
    assert told("ok")[-1] == "the work pool looked-at has a live worker"
    call("PATCH", "/work_pools/looked-at", {"is_paused": True})
    assert told("problem") == ["the work pool looked-at is paused: `prefect work-pool resume looked-at`"]


def test_a_file_that_names_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.settings import Failed

    monkeypatch.chdir(tmp_path)
    (tmp_path / "prefect.yaml").write_text("deployments: [1]")
    with pytest.raises(Failed, match=r"prefect\.yaml cannot be read: correct it"):
        told("problem")
