"""Fixtures for the command's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from home import Home
from installation import vendors

from connectors import gate

numbers = count(1)
SECRETS = ("sk_test_sandbox", "sk_test_wrong", "sk_live_1", "tok_sandbox", "tok_wrong", "c2FuZGJveC1wcm92", "hunter2")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


@pytest.fixture(scope="session")
def vendors_url() -> Iterator[str]:
    with vendors() as url:
        yield url


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One try a call, no waiting for our own rate limits, nor for what falls due soon."""
    monkeypatch.setattr(gate.Pace, "wait", lambda self, deadline: True)
    monkeypatch.setattr(gate, "TRIES", 1)
    monkeypatch.setattr("flows.hub.Hub.until_idle.__defaults__", ((), 0.0))


@pytest.fixture
def home(tmp_path: Path, vendors_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    """Not set up yet."""
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path, vendors_url, monkeypatch, capsys)


@pytest.fixture
def untouched(home: Home) -> Callable[[], bool]:
    """Whether neither a vendor, the product nor the state has been written since the test began."""
    before = home.vendor_writes()

    def check() -> bool:
        assert home.vendor_writes() == before
        assert home.tables("product.db") == home.tables_before
        assert home.tables("state.db") == []
        return True

    return check


@pytest.fixture
def on(home: Home) -> Home:
    """Set up, every target on."""
    assert home.run("init", "--on").code == 0
    return home
