"""Lines in a chat room. A target of kind message: it cannot be read, so an unknown outcome repeats or drops."""

from __future__ import annotations

from typing import Literal

from connectors.gate import Gate
from mappings.model import Desired, Held, Step


class Room:
    """The vendor. ``failures`` are raised by the next calls, before or (``said``) after the line was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[tuple[bool, Exception]] = []

    def say(self, line: str) -> None:
        said, error = self.failures.pop(0) if self.failures else (True, None)
        if said:
            self.lines.append(line)
        if error:
            raise error


class Chat:
    """Target ``chat``. No values: a line for each occurrence."""

    name = system = "chat"
    kind: Literal["state", "message"] = "message"
    gone: Literal["recreate", "once", "never"] = "never"

    def __init__(self, room: Room, unknown: Literal["repeat", "drop"]) -> None:
        self._room, self._gate = room, Gate(self.system)
        self.timeout = self._gate.timeout
        self.unknown: Literal["read", "repeat", "drop"] = unknown

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return None

    def push(self, step: Step) -> Held:
        assert step.occurrence
        line = f"{step.subject} {step.occurrence.name}"
        self._gate.call(lambda: self._room.say(line), write=True)
        return Held("", sent={step.occurrence.key: step.occurrence.at})
