"""Opening the house: settings checked, the right vendors behind the keys, everything connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import uuid4

from connectors.contract import ConnectorError
from connectors.gate import Gate
from connectors.stripe import StripeBilling
from flows.asking import ask
from flows.declaring import claim, declare, follow_tags, names_wait, spelled
from flows.hooks import housed, joined
from flows.identity import calendar, identify, prices, same_house
from flows.keeping import kept_modes, make_tables
from flows.marking import keeper, keeper_known, take_over, watching
from flows.pseudonyms import pseudonyms
from flows.settings import Failed, Misuse, Settings, load_config, load_settings
from flows.systems import Wires, sources, targets, wires
from flows.tickets import Tickets, tickets
from flows.wiring import SourceLine, Systems, TargetLine
from mappings.catalog import catalog
from mappings.config import Config
from mappings.model import Mode, fingerprint
from mappings.naming import names
from state.store import Cause, House, StateError, Store

NO_TICKETS = Tickets()
# Why accounts are due then. What was pulled is enough to begin with, as after any other change; proof is read where a
# step wants it.
SWITCHED = "switches changed"
TargetLines = Callable[[Wires, Config, Callable[[], int]], Sequence[TargetLine]]
SourceLines = Callable[[Wires, Callable[[], int]], Sequence[SourceLine]]


@dataclass(slots=True)
class Instep:
    """An opened installation. ``unreachable``: system -> why it could not say who it is; nothing is sent there.
    ``connect``: the same installation with other settings; ``reread``: the settings as they are now. ``other``: the
    installation that keeps the workspace instead of this one, as far as is known; ``kept_by``: the same, asked now."""

    settings: Settings
    store: Store
    systems: Systems
    house: House
    now: Callable[[], int]
    gates: Sequence[Gate]
    connect: Callable[[Settings], Instep]
    reread: Callable[[], Settings]
    kept_by: Callable[[], str]
    other: str = ""
    unreachable: Mapping[str, str] = field(default_factory=dict)

    def switched(self, house: House) -> Systems:
        """The systems by the switches of ``house`` and without the tags that it has retired; nothing is on where
        another installation keeps the workspace."""
        modes, retired = watching(house.modes) if self.other else house.modes, frozenset(house.retired)
        since = joined(house, self.systems.target_names, self.now())
        lines = [replace(x, since=since.get(x.target.name, 0), retired=retired) for x in self.systems.targets]
        return replace(self.systems, targets=lines, modes=modes, pilots=house.pilots)

    def follow(self, house: House) -> None:
        """What others have switched, declared, retired or made again meanwhile."""
        self.house, self.systems = house, self.switched(house)
        follow_tags(self.systems, house.tags)


def open_instep(
    settings: Settings,
    target_lines: TargetLines = targets,
    source_lines: SourceLines = sources,
    stripe_per_second: int | None = None,
    now: Callable[[], int] | None = None,
    reread: Callable[[], Settings] = load_settings,
) -> Instep:
    """Raises Misuse or Failed with one sentence; writes nothing to any vendor. For simulated vendors:
    ``stripe_per_second`` where Stripe allows more than the real one, ``now`` a clock that they share."""
    config, store = load_config(settings.instep_config), open_store(settings)
    now = now or settings.clock()

    def open_with(settings: Settings) -> Instep:
        house = store.house()
        if house is None:
            raise Failed("This state was never set up. Run `instep init` first.")
        w = connect(settings, stripe_per_second)
        unreachable: dict[str, str] = {}
        found = identify(w, unreachable)
        same_house(house, found)
        ask("the product database", w.product.check)
        known = prices(w, store, now, unreachable)
        zone, sealing = calendar(settings, store, found), tickets(settings, house.installation_id)
        systems = assemble(w, config, house.modes, now, target_lines, source_lines, zone, sealing, known)
        hashes = pseudonyms(settings.instep_secrets.get_secret_value(), house.installation_id)
        kept_by = partial(keeper, w, store, house)
        other = keeper_known(kept_by, store, unreachable) if "on" in house.modes.values() else ""
        for gate in w.gates:
            gate.breaker.on_recover = partial(store.wake_waiting, gate.system)
            if gate.system in unreachable:
                gate.breaker.shut()
        store.let_probe([gate.system for gate in w.gates if gate.system not in unreachable])
        systems = replace(systems, pseudonyms=hashes)
        opened = Instep(settings, store, systems, house, now, w.gates, open_with, reread, kept_by, other, unreachable)
        opened.follow(house)
        return opened

    return open_with(settings)


def renew(instep: Instep) -> bool:
    """Connect anew where the settings name other keys than those that a vendor refused, or one did not answer; whether
    that was done."""
    try:
        settings = instep.reread()
        if settings == instep.settings and not instep.unreachable:
            return False
        fresh = instep.connect(settings)
    except (Failed, Misuse):
        return False
    instep.settings, instep.systems, instep.gates = settings, fresh.systems, fresh.gates
    instep.house, instep.unreachable = fresh.house, fresh.unreachable
    instep.kept_by, instep.other = fresh.kept_by, fresh.other
    return True


def open_store(settings: Settings) -> Store:
    """The state database, migrated and reachable."""
    try:
        store = Store(settings.instep_state_url.get_secret_value())
        if store.database.missing:
            raise Failed(
                f"There is no file {store.database.url.database}: run `instep init`, or correct INSTEP_STATE_URL."
            )
        store.check()
    except StateError as error:
        raise Failed(str(error)) from None
    return store


def connect(settings: Settings, stripe_per_second: int | None = None) -> Wires:
    """Clients only; nothing is sent."""
    try:
        return wires(settings, stripe_per_second)
    except (ValueError, ConnectorError) as error:
        raise Misuse(f"{error}.") from None


def assemble(
    w: Wires,
    config: Config,
    modes: Mapping[str, Mode],
    now: Callable[[], int],
    target_lines: TargetLines = targets,
    source_lines: SourceLines = sources,
    zone: str = "UTC",
    sealing: Tickets = NO_TICKETS,
    known: Sequence[Mapping[str, Any]] | None = None,
) -> Systems:
    """Connect everything. ``known``: Stripe's prices, which say which plan a subscription is on; None reads them."""
    if known is None:
        known = ask("Stripe", StripeBilling(w.stripe, now).prices)
    return Systems(
        sources=source_lines(w, now),
        targets=target_lines(w, config, now),
        config=config,
        catalog=catalog(config, known),
        managed=w.instances is not None,
        modes=modes,
        names=names(config, sealing.on),
        zone=zone,
        tickets=sealing,
    )


def configuration_changed(instep: Instep) -> bool:
    """Whether instep.toml, or what billing links are made of, is another than the accounts were last brought in step
    with."""
    return config_mark(instep.systems) != instep.house.config_fingerprint


def config_mark(systems: Systems) -> str:
    """Moves with instep.toml, with a version that needs other names in Intercom, with what links are made of, and with
    the time zone."""
    config, sealing = systems.config, systems.tickets
    needed = sorted(f"{name.kind} {name.name} {name.type}" for name in names(config, sealing.on))
    more = [*([sealing.mark] if sealing.on else []), *([systems.zone] if systems.zone != "UTC" else [])]
    return fingerprint([config.model_dump(mode="json"), needed, *more])


def follow_configuration(instep: Instep) -> None:
    """After a change of what ``config_mark`` is made of: make the names that the targets in use need, and every account
    due again. Where those cannot be made now, the next run follows."""
    if not configuration_changed(instep) or names_wait(instep.systems, instep.unreachable):
        return
    instep.store.amend({"names": claim(instep.systems, instep.house.names)})
    instep.store.amend({"tags": {**instep.house.tags, **declare(instep.systems)}})
    begin_again(instep.store, instep.now(), "the configuration changed", "inferred")
    house = housed(instep.store.house() or instep.house, instep.systems.target_names, instep.now())
    mark = config_mark(instep.systems)
    changes = {"modes": house.modes, "joined": house.joined, "config_fingerprint": mark}
    instep.house = instep.store.amend(changes)


def begin_again(store: Store, now: int, reason: str, cause: Cause) -> None:
    """Every account is due, and what was parked is tried again."""
    store.forget_parking()
    store.make_all_due(now, reason, cause)


def init(settings: Settings, on: bool = False, taking_over: bool = False) -> tuple[House, bool]:
    """Set this installation up: everything is checked before the first table is made.

    Returns the house and whether it is new. ``on`` switches all targets on and makes the names they need in
    Intercom; without it they watch. ``taking_over``, and ``on``, which is for test keys only: another installation
    writes nothing to this workspace any more. Raises Misuse or Failed; then nothing was written.
    """
    if on and settings.live:
        raise Misuse("`init --on` is refused with a live Stripe key: a live installation starts by watching.")
    config = load_config(settings.instep_config)
    w = connect(settings)
    found = identify(w)
    ask("the product database", w.product.check)
    sealing = tickets(settings)
    systems = assemble(w, config, {}, settings.clock(), sealing=sealing)
    store = _reachable(settings)
    house = store.house()
    if house:
        same_house(house, found)
    systems = replace(systems, zone=calendar(settings, store, found))
    kept = make_tables(w)
    modes: dict[str, Mode] = {line.target.name: "on" if on else "watch" for line in systems.targets}
    modes = kept_modes(modes, kept)
    follow_tags(systems, house.tags if house else {})
    tags = declare(replace(systems, modes=modes)) if on else {}
    fresh = house is None
    house = House(
        installation_id=house.installation_id if house else uuid4().hex,
        born_at=house.born_at if house else settings.clock()(),
        stripe_account=str(found["stripe_account"]),
        livemode=bool(found["livemode"]),
        intercom_workspace=str(found["intercom_workspace"]),
        intercom_region=str(found["intercom_region"]),
        modes=modes if on or house is None else kept_modes({**modes, **house.modes}, kept),
        joined=joined(house, systems.target_names, settings.clock()()) if house else {},
        config_fingerprint=config_mark(systems) if on or house is None else house.config_fingerprint,
        pilots={} if on or house is None else house.pilots,
        adopted_at=house.adopted_at if house else None,
        adopted_mark=house.adopted_mark if house else "",
        names=[spelled(name) for name in systems.names] if on else house.names if house else (),
        tags={**(house.tags if house else {}), **tags},
        retired=house.retired if house else (),
        other=house.other if house and not (on or taking_over) else "",
    )
    if on or taking_over:
        take_over(w, house.installation_id, house.names)
        begin_again(store, settings.clock()(), SWITCHED, "accepted" if on else "")
    store.settle_in(house)
    return house, fresh


def _reachable(settings: Settings) -> Store:
    try:
        store = Store(settings.instep_state_url.get_secret_value())
        store.upgrade()
    except StateError as error:
        raise Failed(str(error)) from None
    return store
