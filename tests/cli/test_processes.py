"""The command as a process of its own: quick to help, a sandbox that ends with it, a demo that leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from instep import demonstrating, story, vendors
from instep.main import main
from sandbox.provisioner import SECRET

HEAVY = ("prefect", "stripe", "intercom", "sqlalchemy", "httpx", "pydantic_settings")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "instep.main", *words]


def listens(url: str) -> bool:
    try:
        with urlopen(f"{url}/_sandbox/state", timeout=5):
            return True
    except URLError:
        return False


def test_help_needs_nothing_heavy() -> None:
    script = f"import sys; from instep.main import main; main(['--help']); print({{*{HEAVY}}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
    names = "demo rehearse sandbox init check plans plan sync sweep status todo request"
    for name in names.split():
        assert f" {name} " in done.stdout


def test_wrong_use_is_exit_code_two() -> None:
    done = subprocess.run(command("nonsense"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("instep: There is no command nonsense.")
    assert len(done.stderr.splitlines()) == 1


def test_the_sandbox_serves_an_installation_and_ends_with_its_vendors(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("sandbox", "--port", "0", "--accounts", "10", "--json"), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    text = ""
    while not text.endswith("\n}\n"):
        text += process.stdout.readline()
    told = json.loads(text)
    assert listens(told["url"])
    assert told["environment"]["INSTEP_SECRETS"]
    environment = {**os.environ, **told["environment"]}
    set_up = subprocess.run(
        command("init", "--on", "--json"), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert set_up.returncode == 0, set_up.stderr
    assert json.loads(set_up.stdout)["new"]
    assert not listens(told["url"])


def test_the_sandbox_holds_a_company_with_a_history(tmp_path: Path) -> None:
    words = ("sandbox", "--port", "0", "--seed", "lived-in", "--size", "0.01", "--now", "2026-11-22T09:00:00+00:00")
    process = subprocess.Popen(command(*words, "--json"), cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    text = ""
    while not text.endswith("\n}\n"):
        text += process.stdout.readline()
    told = json.loads(text)
    with urlopen(f"{told['url']}/_sandbox/truth", timeout=5) as answer:
        truth = json.load(answer)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert told["company"]["customers"] == sum(row["kind"] == "customer" for row in truth)
    product = Path(told["environment"]["INSTEP_PRODUCT_URL"].removeprefix("sqlite:///"))
    with closing(sqlite3.connect(product)) as connection:
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"users", "teams", "memberships"} <= found
    assert not Path(told["environment"]["INSTEP_CONFIG"]).exists()


@pytest.mark.parametrize(
    "words",
    [("--seed", "x"), ("--seed", "lived-in:x"), ("--flaw", "twice"), ("--seed", "lived-in", "--accounts", "3")],
)
def test_a_company_that_cannot_be_is_wrong_use(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--port", "0", *words]) == 2
    assert "--seed" in capsys.readouterr().err


def test_a_port_in_use_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state.db").write_text("of the one that is running")
    with vendors.Vendors("--port", "0") as taken:
        port = taken.url.rpartition(":")[2]
        assert main(["sandbox", "--port", port, "--folder", str(tmp_path)]) == 1
    said = capfd.readouterr()
    assert said.err == f"instep: Port {port} is in use: choose another with --port.\n"
    assert (tmp_path / "state.db").exists()


def test_the_provisioner_s_key_is_the_sandbox_s() -> None:
    assert vendors.PROVISIONER_SECRET == SECRET


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story of one act for two teams."""
    monkeypatch.setattr(demonstrating, "ACTS", story.ACTS[:1])
    monkeypatch.setattr(demonstrating, "TEAMS", 2)
    monkeypatch.setattr(story, "TEAMS", 2)


@pytest.mark.usefixtures("short")
def test_the_demo_tells_its_story_in_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_of_somebody")
    monkeypatch.setenv("INSTEP_STATE_URL", "sqlite:////nowhere/real.db")
    assert main(["demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (act,) = told["acts"]
    assert act["ok"]
    assert act["writes"]["stripe.trials"] == 2
    assert told["people"]["sub:trialing"] == 4
    assert told["access"] == {"full": 2}
    assert told["second_sync_writes"] == 0


@pytest.mark.usefixtures("short")
def test_the_demo_speaks_to_people_without_naming_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "team_01 and 1 more" in said.out
    assert "A second sync right away sends nothing" in said.out
    assert "books show 0 writes since the sync before" in said.out
    assert "2 accounts looked at, 2 changed" in said.out
    assert "@" not in said.out
    assert "Example" not in said.out
