"""Killed at every commit and every HTTP call of every flow: ``python -m tests.faults.kills``.

Each flow is run once to write its crash points down; then once for each of them, to be killed right there. Afterwards
one sync, and nobody's help, must bring everything in step. A ghost is stopped instead, wakes up when another worker has
taken over and finished, and does what it was about to do. Of the first day, the command is run again (tests/firstday).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from flows.hub import sync
from tests.firstday import kills as firstday
from tests.lives.life import GROUPS
from tests.postgres import Postgres

from .cast import first_world
from .flows import FLOWS, Flow
from .judge import Judge
from .points import Passed, arm, stop_at, write_down
from .stage import Stage, ended, impatient
from .states import server_if

Told = Callable[[str], None]


class Range:
    """One flow made ready, to be killed in as often as one likes."""

    def __init__(self, first: Stage, folder: Path, flow: Flow) -> None:
        self._folder, self._flow = folder, flow
        self._ready = first.clone(folder / "ready")
        flow.ready(self._ready)

    def points(self) -> list[str]:
        """What one run passes, in order. Raises AssertionError where that run does not end in step."""
        path = self._folder / "points"
        with self._clone() as stage:
            judge = Judge(stage, [])
            assert self._fork(stage, write_down(str(path))) == 0
            wrong = self._judged(stage, judge)
            assert wrong == [], wrong
        return path.read_text("utf-8").splitlines()

    def killed_at(self, number: int) -> list[str]:
        """What is wrong after a worker was killed at this point and another one has run once."""
        with self._clone() as stage:
            judge = Judge(stage, [])
            how = self._fork(stage, stop_at(number))
            return self._judged(stage, judge) + ([] if how == -signal.SIGKILL else [f"it ended with {how}"])

    def killed_after(self, seconds: float) -> list[str]:
        """The same at a random moment, wherever that is."""
        with self._clone() as stage:
            judge = Judge(stage, [])
            pid = stage.fork(self._work)
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
            ended(pid)
            return self._judged(stage, judge)

    def stopped_at(self, number: int) -> list[str]:
        """What is wrong after a worker slept here beyond its leases, another one ran, and it woke up and went on."""
        with self._clone() as stage:
            judge = Judge(stage, [])
            pid = stage.fork(lambda mine: self._armed(mine, stop_at(number, signal.SIGSTOP)))
            assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
            stage.end_leases()
            stage.run(sync)
            stage.rest()
            os.kill(pid, signal.SIGCONT)
            how = ended(pid)
            found = self._judged(stage, judge) + ([f"it ended with {how}"] if how else [])
            # A late overwrite by a ghost is repaired, not prevented.
            return [line for line in found if not line.startswith("I4")]

    @property
    def one_writer(self) -> bool:
        return self._ready.memory.one_writer

    def close(self) -> None:
        self._ready.close()

    @contextmanager
    def _clone(self) -> Iterator[Stage]:
        stage = self._ready.clone(self._folder / "clone")
        try:
            yield stage
        finally:
            stage.close()

    def _fork(self, stage: Stage, passed: Passed) -> int:
        return ended(stage.fork(lambda mine: self._armed(mine, passed)))

    def _armed(self, stage: Stage, passed: Passed) -> None:
        arm(passed)
        self._work(stage)

    def _work(self, stage: Stage) -> None:
        self._flow.work(stage.wake())

    def _judged(self, stage: Stage, judge: Judge) -> list[str]:
        stage.move(stage.now + 300)
        if self._flow.again:
            self._work(stage)
        judge.before()
        report = stage.run(sync)
        judge.after(report)
        if not report.ok:
            judge.wrong.append(f"the sync afterwards went wrong: {report.troubles} {report.tally.bugs}")
        self._flow.then(stage, judge)
        judge.finally_()
        return judge.wrong


@dataclass
class Done:
    """``wrong``: flow and point -> what was wrong afterwards."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    points: int = 0
    kills: int = 0
    ghosts: int = 0
    told: Told = lambda line: None

    def add(self, where: str, found: list[str]) -> None:
        if found:
            self.wrong[where] = found
            self.told(f"wrong: {where}")


def kill(
    folder: Path,
    names: Sequence[str],
    every: int,
    ghosts: int,
    random: int,
    told: Told = lambda line: None,
    server: Postgres | None = None,
) -> Done:
    """At every so many points of each flow; ``ghosts``: stopped at every so many, and ``random``: how many moments.
    ``server``: where Instep's memory is, else in SQLite."""
    done = Done(told=told)
    with impatient(read_timeout=15.0), closing(first_world(folder / "first", GROUPS[0], server)) as first:
        for name in names:
            with closing(Range(first, folder / name.replace(" ", "-"), FLOWS[name])) as range_:
                _one(name, range_, done, every, ghosts, random)
            counted = f"{done.points} points, {done.kills} kills, {done.ghosts} ghosts, {len(done.wrong)} wrong"
            told(f"so far, after {name}: {counted}")
    return done


def _one(name: str, range_: Range, done: Done, every: int, ghosts: int, random: int) -> None:
    points, dice = range_.points(), Random(name)
    done.points += len(points)
    for number in range(1 + dice.randrange(every), len(points) + 1, every):
        done.kills += 1
        done.add(f"{name} {number}: killed {points[number - 1]}", range_.killed_at(number))
    skipped = ("before commit",) if range_.one_writer else ()  # Asleep in a commit it would keep SQLite locked.
    places = [number for number, point in enumerate(points, 1) if not point.startswith(skipped)]
    for number in places[dice.randrange(ghosts) :: ghosts] if ghosts else ():
        done.ghosts += 1
        done.add(f"{name} {number}: stopped {points[number - 1]}", range_.stopped_at(number))
    for _ in range(random):
        seconds = dice.random() * (0.2 + len(points) / 400)
        done.kills += 1
        done.add(f"{name}: killed after {seconds:.3f} s", range_.killed_after(seconds))


def main() -> int:
    options = argparse.ArgumentParser(description="Workers killed at every commit and every HTTP call.")
    names = [*FLOWS, *firstday.FIRST]
    options.add_argument("--flow", choices=names, action="append", help="only this one; may be repeated")
    options.add_argument("--every", type=int, default=1, help="every how many points")
    options.add_argument("--ghosts", type=int, default=4, help="stopped and woken at every how many; 0 for none")
    options.add_argument("--random", type=int, default=20, help="kills at random moments, of each flow")
    options.add_argument("--postgresql", action="store_true", help="Instep's memory is there, else in SQLite")
    given = options.parse_args()
    if given.postgresql and set(given.flow or ()) & set(firstday.FIRST):
        options.error("the first day is killed with its memory in SQLite only")
    with TemporaryDirectory(prefix="instep-kills-") as folder, server_if(given.postgresql) as server:
        started = time.monotonic()
        wanted = given.flow or list(FLOWS if server else names)

        def told(line: str) -> None:
            print(f"{time.monotonic() - started:6.0f} s  {line}", flush=True)

        done = Done()
        if flows := [name for name in wanted if name in FLOWS]:
            done = kill(Path(folder), flows, given.every, given.ghosts, given.random, told, server)
        if first := [name for name in wanted if name in firstday.FIRST]:
            done.wrong |= firstday.kill(Path(folder), first, given.every, told)
    for where, lines in done.wrong.items():
        print(where, *lines, sep="\n  ")
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
