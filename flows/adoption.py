"""The adoption report: everything read, everybody recognised, what going live would do. Sends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flows.adopting import Adopter
from flows.forecast import Forecast, forecast
from flows.house import Instep, config_mark
from flows.hub import Hub
from flows.settings import Failed
from flows.switching import surveyed
from mappings.model import AccountId

# Four fifths of what each vendor documents, as the gates keep it.
PER_MINUTE = {"intercom": 8000, "stripe": 1200}


@dataclass(slots=True)
class Adoption:
    """``matched``: how subjects were recognised, how many each; ``foreign``: names of ours that others made;
    ``hindrances``: why go-live will be refused."""

    matched: Mapping[str, int] = field(default_factory=dict)
    conflicts: int = 0
    foreign: Sequence[str] = ()
    hindrances: Sequence[str] = ()
    forecast: Forecast = field(default_factory=Forecast)

    @property
    def minutes(self) -> int:
        """For the busiest vendor, rounded up."""
        return max((-(-n // PER_MINUTE.get(system, 1200)) for system, n in self.forecast.calls().items()), default=0)

    def money(self) -> Counter[str]:
        """Currency -> what accounts pay a month whose access would fall, in major units."""
        paid: Counter[str] = Counter()
        for fall in self.forecast.falls:
            paid[fall.currency] += fall.mrr or 0  # type: ignore[assignment]
        return +paid


def adopt(instep: Instep, only: Sequence[AccountId], tell: Callable[[str, int], None]) -> Adoption:
    """What is seen of everybody counts for go-live. Raises Failed where something could not be read, or the workspace's
    ids are not the product's."""
    with Hub(instep, "adopt", tell) as hub:
        hub.pull()
        if not hub.report.ok or not hub.scanned():
            raise Failed(f"{next(iter(hub.report.troubles.values()))}. Nothing was written.")
        matched = Adopter(instep, tell).run()
        foreseen = forecast(instep, only, tell)
    mark = config_mark(instep.systems)
    if not only:
        instep.house = instep.store.amend({"adopted_at": instep.now(), "adopted_mark": mark})
    conflicts = sum(line.kind == "conflict" for line in instep.store.todo())
    names = surveyed(instep)
    return Adoption(matched, conflicts, names.foreign, names.hindrances, foreseen)
