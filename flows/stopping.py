"""What a run must leave alone: systems that refuse their key or do not say who they are, and a workspace that another
installation keeps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from connectors.contract import ConnectorError, Unauthorized
from flows.house import Instep, renew
from flows.marking import read_only
from flows.settings import Failed
from flows.wiring import Systems

# A system that was stopped is tried again no sooner than this, by a run that lasts.
RENEW_PAUSE = 30
LOOK_PAUSE = 60


class Stopping:
    """``stopped``: system -> what it said; ``troubles``: of the run's report."""

    def __init__(self, instep: Instep, stopped: dict[str, str], troubles: dict[str, str]) -> None:
        self._instep, self._stopped, self._troubles = instep, stopped, troubles
        self._again_at = time.monotonic() + RENEW_PAUSE
        self._asked_at = -math.inf
        self._cannot_be_reached()

    def note(self) -> None:
        """What was stopped meanwhile is a trouble of the run."""
        for system, why in self._stopped.items():
            self._troubles.setdefault(system, f"{system} refuses the key: {why}")

    def could_not_read(self, what: str, system: str, error: ConnectorError) -> None:
        if isinstance(error, Unauthorized):
            self._stopped[system] = str(error)
            self.note()
        self._troubles.setdefault(what, f"{what} could not be read: {error}")

    def renew(self, follow: Callable[[Systems], None]) -> None:
        """A system that was stopped is tried again, with the key that the settings hold now."""
        if not self._stopped or time.monotonic() < self._again_at:
            return
        self._again_at = time.monotonic() + RENEW_PAUSE
        if not renew(self._instep):
            return
        follow(self._instep.systems)
        for system in [system for system in self._stopped if system not in self._instep.unreachable]:
            del self._stopped[system]
            self._troubles.pop(system, None)
            self._instep.store.wake_waiting(system)
        self._cannot_be_reached()

    def look_whose(self, follow: Callable[[Systems], None]) -> None:
        """Before the first batch, then once a minute: whether another installation has taken the workspace over."""
        instep = self._instep
        if instep.other or time.monotonic() < self._asked_at + LOOK_PAUSE or "intercom" in self._stopped:
            return
        try:
            instep.other = instep.kept_by() if "on" in instep.systems.modes.values() else ""
        except Failed:
            return
        finally:  # It may take longer than the pause.
            self._asked_at = time.monotonic()
        if instep.other:
            instep.systems = instep.switched(instep.house)
            follow(instep.systems)
            self._cannot_be_reached()

    def _cannot_be_reached(self) -> None:
        if self._instep.other:
            self._troubles["house"] = read_only(self._instep.other)
        for system, why in self._instep.unreachable.items():
            self._troubles[system] = self._stopped[system] = why
