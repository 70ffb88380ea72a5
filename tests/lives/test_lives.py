"""A few random lives, day by day and with one late jump; `make lives` lives a thousand of them for 400 days."""

from __future__ import annotations

from pathlib import Path

from .life import GROUPS, life
from .run import live

SEEDS = (1, 7, 10)
DAYS = 55


def test_random_lives_are_as_the_model_has_them(tmp_path: Path) -> None:
    (group,) = {seed % len(GROUPS) for seed in SEEDS}
    daily, jumped = live(tmp_path, [life(seed) for seed in SEEDS], group, DAYS)
    assert daily.wrong == {}
    assert jumped.wrong == {}
    assert daily.told["neared-trial-end"] > 0
    assert daily.ends.keys() == set(SEEDS)
