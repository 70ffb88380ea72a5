"""One sandbox process for the whole session."""

from collections.abc import Iterator

import pytest
from sandbox_process import KEY, Sandbox, start


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    process, url = start("--limits", "off")
    yield Sandbox(url)
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture
def sandbox(sandbox_process) -> Iterator[Sandbox]:
    yield sandbox_process
    sandbox_process.control("DELETE", "/faults")
    sandbox_process.control("POST", "/limits", {"stripe_per_second": 0, "stripe_endpoint_per_second": 0})
    sandbox_process.control("PUT", "/stripe/settings", {"dunning": "canceled", "key": KEY, "lacks": []})
    sandbox_process.control("PUT", "/stripe/portal", {})
