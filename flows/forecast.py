"""What switching on would send, counted and listed: the numbers of the adoption report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flows.gathering import gather
from flows.house import Instep
from flows.preview import Planned, preview
from mappings.access import left_alone
from mappings.lifecycle import life
from mappings.model import AccountId, Scalar
from mappings.money import mrr
from mappings.plan import scalars

# What a first day must not start.
STARTS = {
    ("stripe.trials", "create"): "trials",
    ("stripe.charges", "create"): "charges",
    ("stripe.cancellations", "create"): "subscription changes",
    ("instances", "create"): "instances",
    ("intercom.events", "send"): "events",
}
# Grace is all of the product, with a warning.
RANK = {"full": 2, "grace": 2, "read_only": 1, "none": 0}
CUSTOMERS, ACCESS = "stripe.customers", "product.access"
# The product's rows are ours, and written in no time.
NO_CALL = "product."


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A field that holds something else today."""

    account_id: AccountId
    target: str
    subject: str
    name: str
    before: Scalar
    after: Scalar


@dataclass(frozen=True, slots=True)
class Fall:
    """An account whose access would go down, and what it pays a month in major units."""

    account_id: AccountId
    before: str
    after: str
    reason: str
    mrr: float | None
    currency: str


@dataclass(slots=True)
class Forecast:
    """``steps``: (target, operation, what) -> how many, ``what`` being a tag or the kind of a member; ``starts``: what
    would begin, all of it to be 0; ``left``: rule -> accounts that get no row in ``instep_access`` by it."""

    accounts: int = 0
    steps: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    starts: Counter[str] = field(default_factory=Counter)
    overwrites: list[Overwrite] = field(default_factory=list)
    falls: list[Fall] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    def calls(self) -> Counter[str]:
        """Per vendor. What is made is looked for first; a customer that was changed is looked at, in three requests."""
        counted: Counter[str] = Counter()
        for (target, operation, _), count in self.steps.items():
            if not target.startswith(NO_CALL):
                each = 4 if target == CUSTOMERS else 2 if operation == "create" else 1
                counted[target.partition(".")[0]] += count * each
        return counted


def forecast(instep: Instep, only: Sequence[AccountId], tell: Callable[[str, int], None]) -> Forecast:
    """Every account (or ``only``) planned against what its Links say is held. Sends and stores nothing."""
    found = Forecast()
    salt = instep.house.installation_id[:8]
    for account in only or instep.store.accounts():
        planned = preview(instep.store, instep.systems, account, instep.now(), instep.house.born_at, salt)
        found.accounts += 1
        for one in planned:
            _count(found, one)
        _weigh(found, instep, account, [one for one in planned if one.step.target == ACCESS])
        tell("planning", 1)
    return found


def _count(found: Forecast, planned: Planned) -> None:
    step = planned.step
    found.steps[step.target, step.operation, step.member[1] if step.member[0] == "tags" else step.member[0]] += 1
    if what := "hooks" if step.target.startswith("after.") else STARTS.get((step.target, step.operation)):
        found.starts[what] += 1
    if step.operation == "update" and not step.target.startswith(NO_CALL):
        for name, after in scalars(step.values).items():
            before = planned.before.get(name)
            if before not in (None, "") and before != after:
                found.overwrites.append(Overwrite(planned.account_id, step.target, step.subject, name, before, after))


def _weigh(found: Forecast, instep: Instep, account: AccountId, planned: Sequence[Planned]) -> None:
    """A missing row means allow: writing the first one can take something away too."""
    down, systems = [one for one in planned if _lower(one)], instep.systems
    if (planned and not down) or systems.mode(ACCESS) == "off":
        return
    domains = systems.config.trials.one_per_domain
    facts = gather(instep.store, account, instep.house.born_at, systems.pseudonyms, domains)
    current = life(facts, systems.config, systems.catalog, instep.now(), systems.managed, systems.zone)
    # What is paid though the stage, like a hold, has no revenue.
    paid = mrr(facts, "active")
    found.falls += [Fall(account, *_access(one), one.step.why, paid, current.currency) for one in down]
    if not planned and not facts.access and (why := left_alone(facts, current.stage, current.access, systems.config)):
        found.left[why] += 1


def _lower(one: Planned) -> bool:
    before, after = _access(one)
    return RANK.get(after, 0) < RANK.get(before, 0)


def _access(one: Planned) -> tuple[str, str]:
    """Before and after; as before where the step does not say."""
    before = str(one.before.get("access") or "full")
    return before, str(one.step.values.get("access") or before)
