"""Two hundred seeded schedules of changes and faults end in step (faults 6 to 9, 11, 22, 42, 51, 55 to 57, 61, 64,
69, 78, 90; invariants I1 to I9); `make faults` plays more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import Postgres

from .plan import AUDITS, FAULTS, HANDS, TAG_HANDS
from .run import run

COUNT = 200


def test_schedules_end_in_step(tmp_path: Path) -> None:
    total = run(tmp_path, range(1, COUNT + 1))
    assert total.wrong == {}
    assert total.counts["schedules"] == COUNT
    assert len(total.faults) >= len(FAULTS) - 2
    hands, audits = [what for what in (*HANDS, *TAG_HANDS) if what], [what for what in AUDITS if what]
    assert all(total.counts[f"by hand: {what}"] for what in hands)
    assert all(total.counts[f"operator: {what}"] for what in audits)


@pytest.mark.postgresql
def test_schedules_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    total = run(tmp_path, range(1, COUNT // 5 + 1), server=postgres)
    assert total.wrong == {}
    assert total.counts["killed"] > 0
