"""The Prefect server of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect_server import Server, process, until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    log = tmp_path / "server.log"
    start = ("server", "start", "--host", "127.0.0.1", "--port", str(server.port), "--no-ui")
    with process(log, server.environment, *start):
        until(server.is_up, 90, "the server answers")
        yield server
