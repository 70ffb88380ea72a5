"""Seeded fault schedules, twenty to a world: ``python -m tests.faults.run --count 200 --seed 1``.

``--only 17`` plays that schedule alone with the troubles of its world (with ``--world``, its whole world), and leaves
out what it does not need to go wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lives.life import GROUPS
from tests.postgres import Postgres

from .cast import first_world
from .plan import SLOTS, Plan, worlds
from .play import play
from .shrink import shrunk
from .stage import impatient
from .states import server_if


@dataclass
class Total:
    """``wrong``: the first seed of a world -> what went wrong there."""

    wrong: dict[int, list[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)


def run(
    folder: Path, seeds: Sequence[int], told: Callable[[str], None] = lambda line: None, server: Postgres | None = None
) -> Total:
    """All schedules in worlds that begin alike, with Instep's memory on this PostgreSQL server, if given."""
    total, started = Total(), time.monotonic()
    with impatient(), closing(first_world(folder / "first", GROUPS[0], server)) as first:
        for plan in worlds(seeds):
            played = play(first, folder / f"world-{plan.seeds[0]}", plan)
            total.faults.update(played.faults)
            total.counts.update(played.counts)
            if played.wrong:
                total.wrong[plan.seeds[0]] = played.wrong
            told(f"{time.monotonic() - started:6.0f} s  {total.counts['schedules']} schedules, "
                 f"{len(total.wrong)} worlds wrong")  # fmt: skip
    return total


def replay(folder: Path, seed: int, whole: bool, server: Postgres | None) -> int:
    """One schedule, or its world; shrunk where it goes wrong."""
    start = (seed - 1) // SLOTS * SLOTS + 1
    (plan,) = worlds(range(start, start + SLOTS) if whole else [seed])
    with impatient(), closing(first_world(folder / "first", GROUPS[0], server)) as first:

        def wrong(one: Plan) -> list[str]:
            return play(first, folder / "again", one).wrong

        found = wrong(plan)
        if found:
            plan = shrunk(plan, lambda smaller: bool(wrong(smaller)))
            found = wrong(plan) or found
    print(f"seeds {plan.seeds}, pauses {plan.pauses}")
    for turn in sorted(plan.turns, key=lambda turn: turn.round):
        print(f"  {turn}")
    print("\n".join(found) or "nothing went wrong")
    return 1 if found else 0


def main() -> int:
    options = argparse.ArgumentParser(description="Seeded fault schedules, judged by an independent model.")
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=1, help="the first schedule's seed; the others follow")
    options.add_argument("--only", type=int, help="play and shrink this schedule alone")
    options.add_argument("--world", action="store_true", help="with --only: with all schedules of its world")
    options.add_argument("--postgresql", action="store_true", help="Instep's memory is there, else in SQLite")
    given = options.parse_args()
    with TemporaryDirectory(prefix="instep-faults-") as folder, server_if(given.postgresql) as server:
        if given.only is not None:
            return replay(Path(folder), given.only, given.world, server)
        seeds = range(given.seed, given.seed + given.count)
        total = run(Path(folder), seeds, lambda line: print(line, flush=True), server)
    for title, counted in (("counts", total.counts), ("faults", total.faults)):
        print(f"{title}: " + ", ".join(f"{name} {n}" for name, n in sorted(counted.items())))
    for seed, lines in sorted(total.wrong.items()):
        print(f"world of seed {seed} (--only {seed} --world):", *lines, sep="\n  ")
    print(f"{given.count} schedules, {sum(total.faults.values())} faults, {len(total.wrong)} worlds wrong")
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
