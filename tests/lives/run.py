"""Random lives, day by day and with one late jump, held against the model at every stop.

``python -m tests.lives.run`` lives a thousand of them; ``--seed 201 --count 100`` a part, ``--only 17 29`` these alone.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .life import DAYS, GROUPS, Life, life
from .living import Run
from .outcome import Outcome, other_ends
from .recipes import MEANING
from .scene import scene

# So many lives must show every recipe somebody.
ENOUGH = 100


def braked(folder: Path, lives: Sequence[Life], group: int, days: int = DAYS) -> Outcome:
    """The lives day by day under the brake that ships: one that is held back is found wrong by the model."""
    with scene(folder, lives, GROUPS[group], brake=True) as world:
        return Run(world, GROUPS[group], False, days).live()


def live(folder: Path, lives: Sequence[Life], group: int, days: int = DAYS) -> tuple[Outcome, Outcome]:
    """The same lives day by day, and with Instep standing still from the group's day on."""
    ended = []
    for jumps in (False, True):
        with scene(folder / ("jump" if jumps else "daily"), lives, GROUPS[group]) as world:
            ended.append(Run(world, GROUPS[group], jumps, days).live())
    for seed, what in other_ends(*ended):
        ended[0].wrong.setdefault(seed, what)
    return ended[0], ended[1]


def parts(seeds: Sequence[int], size: int) -> Iterator[tuple[int, list[Life]]]:
    """(group, lives that share a world), ``size`` of them at most."""
    for group in range(len(GROUPS)):
        mine = [life(seed) for seed in seeds if seed % len(GROUPS) == group]
        yield from ((group, mine[first : first + size]) for first in range(0, len(mine), size))


def main() -> int:
    options = argparse.ArgumentParser(description="Random lives over 400 virtual days, held against the model.")
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1, help="the first life's seed; the others follow")
    options.add_argument("--world", type=int, default=400, help="lives that share one world at most")
    options.add_argument("--only", type=int, nargs="+", help="live these seeds alone")
    options.add_argument("--brake", action="store_true", help="day by day only, under the brake that ships")
    given = options.parse_args()
    seeds = given.only or list(range(given.seed, given.seed + given.count))
    total = Outcome()
    for group, some in parts(seeds, given.world):
        with TemporaryDirectory(prefix="instep-lives-") as folder:
            where = Path(folder)
            for found in (braked(where, some, group),) if given.brake else live(where, some, group):
                total.add(found)
        print(f"group {group}: {len(some)} lives, {len(total.wrong)} wrong so far, {_seconds():.0f} s", flush=True)
    missing = [name for name in MEANING if not total.members[name]]
    for line in (*total.lines(), *(f"nobody was ever in the recipe {name}" for name in missing)):
        print(line)
    print(f"{len(seeds)} lives from seed {seeds[0]}, {len(total.wrong)} wrong, {_seconds():.0f} s")
    return 1 if total.wrong or (missing and len(seeds) >= ENOUGH) else 0


def _seconds() -> float:
    """Of processor time, the simulated vendors' included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    sys.exit(main())
