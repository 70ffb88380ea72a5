"""A trial whose instance a deployment makes, and a deployment that follows it: a real server, real flow runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from installation import CONFIG, DOMAIN, PERSON, Installation, vendors
from prefect_server import Server, until

pytestmark = pytest.mark.smoke

AFTER = """
[after."started-trial"]
deployment = "tell-sales/chat"
"""


@contextmanager
def served(server: Server, told: Path, log: Path) -> Iterator[None]:
    environment = server.environment | {"TOLD": str(told), "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    script = str(Path(__file__).with_name("team_flows.py"))
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, script], env=environment, stdout=output, stderr=output)
    try:
        until(lambda: {"chat", "terraform"} <= server.deployments().keys(), 60, "the deployments are there")
        yield
    finally:
        process.terminate()
        process.wait(30)


def instep(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "instep.main", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150)


def test_a_trial_with_the_teams_own_flows(server: Server, tmp_path: Path) -> None:
    told, log = tmp_path / "told", tmp_path / "flows.log"
    with vendors() as url, served(server, told, log):
        installation = Installation(tmp_path, url, "team")
        (tmp_path / "instep.toml").write_text(CONFIG + AFTER)
        environment = os.environ | installation.environment
        environment |= {"PREFECT_API_URL": server.api, "PREFECT_HOME": server.environment["PREFECT_HOME"]}
        environment |= {"PROVISIONER_URL": "prefect://instance/terraform"}
        assert instep(environment, "init", "--on").returncode == 0
        check = instep(environment, "check").stdout
        assert "the deployment instance/terraform is there" in check
        assert "started-trial calls deployment tell-sales/chat" in check
        installation.request_trial()
        for _ in range(3):
            said = instep(environment, "sync")
            if installation.access() == "trialing":
                break
        assert installation.access() == "trialing", said.stdout + said.stderr + log.read_text()
        with closing(sqlite3.connect(tmp_path / "product.db")) as product:
            found = product.execute("SELECT instance_url, instance_status FROM instep_access").fetchone()
        assert found == ("https://team-acct-1.example.com", "ready")
        until(lambda: "started-trial" in told.read_text(), 60, "sales were told")
    lines = sorted(told.read_text().splitlines())
    assert lines == ["running team-acct-1 team-acct pro", "started-trial team-acct UTC ['plan', 'source_id']"]
    everything = (log.read_text() + str(server.environment)).lower()
    assert PERSON.lower() not in everything
    assert DOMAIN not in everything
