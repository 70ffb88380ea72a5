"""What one run did, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from flows.comparing import Compared
from flows.engine import Tally
from flows.looking import Looked
from flows.reading import Pulled
from flows.wording import counted
from mappings.brake import SAYS
from state.store import Backlog


@dataclass(slots=True)
class Report:
    """``troubles``: system -> what is wrong, one sentence each. ``compared``: by a sweep or an audit.
    ``braked``: kind -> how many steps the brake holds at its end."""

    run: str
    purpose: str
    pulled: list[Pulled] = field(default_factory=list)
    looked: Looked = field(default_factory=Looked)
    tally: Tally = field(default_factory=Tally)
    troubles: dict[str, str] = field(default_factory=dict)
    compared: list[Compared] = field(default_factory=list)
    backlog: Backlog | None = None
    new_todo: int = 0
    braked: dict[str, int] = field(default_factory=dict)

    @property
    def brake(self) -> str:
        """What waits for an approval, in a sentence; empty where nothing does."""
        steps, kinds = counted(sum(self.braked.values()), "step"), ", ".join(SAYS[kind] for kind in self.braked)
        return f"The brake holds {steps} ({kinds}): see `instep approve`." if self.braked else ""

    @property
    def ok(self) -> bool:
        return not self.troubles and not self.tally.bugs and self.tally.balanced

    @property
    def writes(self) -> int:
        return sum(self.tally.writes.values())

    def ending(self, error: BaseException | None) -> str:
        """One line for the books; ``error`` is what stopped the run."""
        if error is not None:
            return f"failed: {type(error).__name__}"
        if not self.tally.balanced:
            return "failed: the books do not balance"
        return "done" if self.ok else "failed: " + "; ".join([*self.troubles.values(), *self.tally.bugs])[:500]
