"""Killed at commits and HTTP calls, or asleep beyond the lease: one sync afterwards and all is in step (faults 1, 3
to 5, 11, 12, 75, 77, 88; invariants I1 to I9). `make kills` goes through every point of every flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import Postgres

from .kills import kill


@pytest.mark.kills
def test_killed_at_commits_and_calls(tmp_path: Path) -> None:
    done = kill(tmp_path, ["sync"], every=50, ghosts=170, random=0)
    assert done.wrong == {}
    assert done.points > 250
    assert (done.kills, done.ghosts) >= (10, 2)


@pytest.mark.postgresql
def test_killed_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    done = kill(tmp_path, ["sync"], every=60, ghosts=180, random=5, server=postgres)
    assert done.wrong == {}
    assert (done.kills, done.ghosts) >= (10, 2)
