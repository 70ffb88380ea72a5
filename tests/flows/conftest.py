"""A temporary Prefect server for the session, and an installation whose settings are in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from installation import Installation, vendors

numbers = count(1)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture(scope="session")
def vendors_url() -> Iterator[str]:
    with vendors() as url:
        yield url


@pytest.fixture
def installed(tmp_path: Path, vendors_url: str, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Set up, all targets on, with one trial request waiting."""
    from flows.house import init
    from flows.settings import load_settings

    installation = Installation(tmp_path, vendors_url, f"f{next(numbers)}")
    for name, value in installation.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    # A second is as good as a minute to wait for what comes by itself.
    monkeypatch.setattr("flows.hub.Hub.batches.__defaults__", ((), 1.0, False))
    init(load_settings(), on=True)
    installation.request_trial()
    return installation
