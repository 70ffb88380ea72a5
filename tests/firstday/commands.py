"""`instep` as a process of its own that may be killed at any commit or call of it.

It is forked from one that has everything loaded; the commands themselves know nothing of this.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import httpx

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
from connectors.product import ProductDatabase
from instep.main import main
from state.database import Database

KILLED = -signal.SIGKILL
# Wherever the world outside the process changes or is asked: our state, a vendor, the product's database.
PLACES: tuple[tuple[type, str], ...] = (
    (Database, "write"),
    (httpx.HTTPTransport, "handle_request"),
    (ProductDatabase, "write"),
    (ProductDatabase, "execute"),
)


@dataclass(frozen=True)
class Said:
    """How a command ended (``KILLED``), what it printed, and how many points it passed."""

    code: int
    out: str
    err: str
    points: int

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def run(folder: Path, environment: Mapping[str, str], *arguments: str, kill_at: int = 0) -> Said:
    """One command in ``folder``. ``kill_at``: SIGKILL at the point of this number, counted from 1; a point lies right
    before and right after each call of PLACES."""
    out, err, points = (folder / f"said.{name}" for name in ("out", "err", "points"))
    pid = os.fork()
    if not pid:
        _be(folder, environment, arguments, kill_at, out, err, points)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    passed = kill_at if code == KILLED else int(points.read_text())
    return Said(code, out.read_text(), err.read_text(), passed)


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
        count = Points(kill_at)
        for owner, name in PLACES:
            setattr(owner, name, count.around(getattr(owner, name)))
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        points.write_text(str(count.passed))
    finally:
        os._exit(code)


class Points:
    def __init__(self, kill_at: int) -> None:
        self.passed, self._kill_at, self._lock = 0, kill_at, Lock()

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acts(*args: Any, **kwargs: Any) -> Any:
            self._pass()
            done = act(*args, **kwargs)
            self._pass()
            return done

        return acts

    def _pass(self) -> None:
        with self._lock:
            self.passed += 1
            if self.passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
