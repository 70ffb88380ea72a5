"""A command as a process of its own, and what it took."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """How it ended, what it printed, seconds, seconds of processor time, and its most memory in MB (Linux counts that
    of whoever starts it, where that is more)."""

    code: int
    out: str
    err: str
    seconds: float
    cpu: float
    peak: float

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> Ran:
    """In ``folder``, with these settings and those of this process."""
    began, complaints = time.monotonic(), folder / "complaints"
    with complaints.open("w") as err:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder, stdout=subprocess.PIPE, stderr=err
        )
        said = process.stdout.read().decode() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    spent, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Ran(process.returncode, said, complaints.read_text(), time.monotonic() - began, spent, peak)
