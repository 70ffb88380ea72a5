"""Notes, one per account, in a vendor that lives in this process. A target of kind state."""

from __future__ import annotations

from typing import Any, Literal

from connectors.contract import Gone, Rejected
from connectors.gate import Gate
from mappings.model import Desired, Held, Step


class Pad:
    """The vendor: notes by id. ``failures`` are raised by the next calls, before or (``done``) after they acted."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.failures: list[tuple[str, bool, Exception]] = []

    def fail(self, call: str, error: Exception, done: bool = False, times: int = 1) -> None:
        self.failures += [(call, done, error)] * times

    def call(self, name: str, note: str = "", values: dict[str, Any] | None = None) -> Any:
        self.calls.append(name)
        failure = next((f for f in self.failures if f[0] == name), None)
        if failure:
            self.failures.remove(failure)
        if failure and not failure[1]:
            raise failure[2]
        answer = getattr(self, f"_{name}")(note, values or {})
        if failure:
            raise failure[2]
        return answer

    def _find(self, account: str, values: dict[str, Any]) -> str | None:
        return next((id for id, note in self.notes.items() if note["account"] == account), None)

    def _create(self, note: str, values: dict[str, Any]) -> str:
        if "forbidden" in values["text"]:
            raise Rejected("notes: this text is not taken")
        made = f"note_{len(self.calls)}"
        self.notes[made] = dict(values)
        return made

    def _update(self, note: str, values: dict[str, Any]) -> str:
        if note not in self.notes:
            raise Gone("notes: no such note")
        if "forbidden" in values.get("text", ""):
            raise Rejected("notes: this text is not taken")
        self.notes[note] |= values
        return note


class Notes:
    """Target ``notes``. Values: ``account``, ``text``."""

    name = system = "notes"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "recreate"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, pad: Pad) -> None:
        self._pad, self._gate = pad, Gate(self.system)
        self.timeout = self._gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        found = self._gate.call(lambda: self._pad.call("find", str(desired.values["account"])), write=False)
        return Held(found, self._pad.notes[found]) if found else None

    def push(self, step: Step) -> Held:
        operation: str = step.operation
        return Held(self._gate.call(lambda: self._pad.call(operation, step.external_id, dict(step.values)), write=True))
