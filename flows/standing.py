"""How an installation stands, read from its state alone, and how one account does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flows.gathering import gather
from flows.house import Instep, open_store
from flows.settings import Failed, Settings
from mappings.access import left_alone
from mappings.audit import Drift, told
from mappings.brake import CONTESTED
from mappings.exclusion import excluded
from mappings.lifecycle import life
from mappings.model import AccountId, Scalar, account_subject, person_subject
from mappings.product import desired_access
from state.store import Backlog, House, Store, Todo
from state.store import Entry as Entry

ACCESS = "product.access"


@dataclass(frozen=True, slots=True)
class Standing:
    """``sources``: when each was last read whole. ``stages``: accounts per stage; ``rowless``: those without a row in
    ``instep_access`` though its target is on and nothing is due. The rest as in Store."""

    house: House
    sources: Mapping[str, int | None]
    lateness: Mapping[str, tuple[int, int]]
    stages: Mapping[str, int]
    rowless: int
    backlog: Backlog
    runs: Sequence[Mapping[str, Any]]
    todo: Sequence[Todo]

    def as_data(self) -> dict[str, Any]:
        """For JSON; todo as a count."""
        return {
            "installation": asdict(self.house),
            "sources": dict(self.sources),
            "lateness": {name: {"events": n, "most_seconds": most} for name, (n, most) in self.lateness.items()},
            "stages": dict(self.stages),
            "without_row": self.rowless,
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
    now = settings.clock()()
    backlog, lateness = store.backlog(now), store.lateness(now)
    stages = store.stages()
    done = house.modes.get(ACCESS) == "on" and ACCESS not in house.pilots and not backlog.due
    # Another worker may write a row between the two counts.
    rowless = max(0, sum(1 for _ in store.accounts()) - sum(stages.values())) if done else 0
    return Standing(house, store.read_at(), lateness, stages, rowless, backlog, store.runs(runs), store.todo())


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """``values``: the columns of ``instep_access`` as they should be now, none where it is excluded, without ``access``
    where that is not ours to decide; ``left`` says why. ``written``: as they are, None without a row; ``todo``: what of
    it needs a person; ``theirs``: what others have done to what is ours, and what becomes of it."""

    account_id: AccountId
    values: Mapping[str, Scalar]
    left: str
    written: Mapping[str, Scalar] | None
    next_look_at: int | None
    todo: Sequence[Todo]
    theirs: Sequence[str]


def account_standing(instep: Instep, account: AccountId) -> AccountStanding:
    """By what was read last; nothing is asked of Stripe but its prices, nothing is sent."""
    store, systems = instep.store, instep.systems
    domains = systems.config.trials.one_per_domain
    facts = gather(store, account, instep.house.born_at, systems.pseudonyms, domains, systems.tickets)
    current = life(facts, systems.config, systems.catalog, instep.now(), systems.managed, systems.zone)
    wanted = [] if excluded(facts, systems.config) else desired_access(facts, current, systems.config)
    values = {name: value for one in wanted for name, value in one.values.items()}
    scalars = {name: value for name, value in values.items() if value is None or isinstance(value, str | int | float)}
    written = {name: getattr(facts.access, name) for name in (*values, "access")} if facts.access else None
    subjects = {account_subject(account), *(person_subject(person.user_id) for person in facts.people)}
    todo = [item for item in store.todo() if item.subject in subjects]
    left = left_alone(facts, current.stage, current.access, systems.config)
    return AccountStanding(account, scalars, left, written, current.next_look_at, todo, _theirs(store, account))


def _theirs(store: Store, account: AccountId) -> list[str]:
    """Fields that are left to others, and what the last audit found that was not sent since."""
    left = [f"{h.target} {h.subject}: {h.says}" for h in store.holds(account) if h.kind == CONTESTED]
    found = [(f"{link.target} {link.subject}", Drift(**stored)) for link, stored in store.differing(account)]
    changed = [f"{where}: {told(drift)}" for where, drift in found if not drift.explained]
    return [*left, *changed]
