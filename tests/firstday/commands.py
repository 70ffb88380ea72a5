"""`instep` as a process of its own that may be killed at any commit or call of it.

It is forked from one that has everything loaded; the commands themselves know nothing of this.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flows.adoption
import flows.checking
import flows.drafting
import flows.failures
import flows.hub
import flows.proposing
import flows.requesting
import flows.standing
import flows.switching  # noqa: F401
from connectors import gate
from instep.main import main
from tests.faults.points import arm, stop_at, write_down

KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Said:
    """How a command ended (``KILLED``), what it printed, and which points it passed where nobody killed it."""

    code: int
    out: str
    err: str
    points: list[str]

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def run(folder: Path, environment: Mapping[str, str], *arguments: str, kill_at: int = 0) -> Said:
    """One command in ``folder``. ``kill_at``: SIGKILL at the point of this number, counted from 1."""
    out, err, points = (folder / f"said.{name}" for name in ("out", "err", "points"))
    points.write_text("")
    pid = os.fork()
    if not pid:
        _be(folder, environment, arguments, kill_at, out, err, points)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Said(code, out.read_text(), err.read_text(), points.read_text().splitlines())


def _be(
    folder: Path, environment: Mapping[str, str], arguments: tuple[str, ...], kill_at: int, out: Path, err: Path,
    points: Path,
) -> None:  # fmt: skip
    """The child: never returns."""
    code = 70
    try:
        os.chdir(folder)
        os.environ.update(environment)
        sys.stdin = open(os.devnull)  # noqa: SIM115
        sys.stdout, sys.stderr = out.open("w"), err.open("w")
        gate.Pace.wait = lambda self, deadline: True  # type: ignore[method-assign,assignment]
        arm(stop_at(kill_at) if kill_at else write_down(str(points)))
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
