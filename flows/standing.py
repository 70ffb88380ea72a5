"""How an installation stands, read from its state alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flows.house import open_store
from flows.settings import Failed, Settings
from state.store import Backlog, House, Todo
from state.store import Entry as Entry


@dataclass(frozen=True, slots=True)
class Standing:
    """``sources``: when each was last read whole. ``stages``: accounts per stage. ``runs`` and ``todo``: see Store."""

    house: House
    sources: Mapping[str, int | None]
    stages: Mapping[str, int]
    backlog: Backlog
    runs: Sequence[Mapping[str, Any]]
    todo: Sequence[Todo]

    def as_data(self) -> dict[str, Any]:
        """For JSON; todo as a count."""
        return {
            "installation": asdict(self.house),
            "sources": dict(self.sources),
            "stages": dict(self.stages),
            "backlog": asdict(self.backlog),
            "runs": [dict(run) for run in self.runs],
            "todo": len(self.todo),
        }


def standing(settings: Settings, runs: int = 5) -> Standing:
    """Raises Failed when the state cannot be read or was never set up."""
    store = open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    backlog = store.backlog(settings.clock()())
    return Standing(house, store.read_at(), store.stages(), backlog, store.runs(runs), store.todo())
