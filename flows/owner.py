"""Who this worker is, and whether another worker on this machine is certainly gone."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from uuid import uuid4


def here() -> str:
    """This machine since its last start, and this process namespace; empty where that cannot be told (not Linux)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()}/{boot[:8]}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def this_worker() -> str:
    """``place|pid|start time|random``: the start time tells a reused pid apart."""
    place = here()
    started = _started(os.getpid()) if place else ""
    return f"{place}|{os.getpid()}|{started}|{uuid4().hex[:8]}"


def gone(owner: str) -> bool:
    """True only when that worker ran here and its process has ended: its leases cannot be used any more."""
    place, pid, started, *_ = [*owner.split("|"), "", "", ""]
    if not place or place != here() or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
