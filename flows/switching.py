"""Switching targets on and off: go-live after an adoption report, pause at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.contract import Declares
from flows.declaring import Survey, claim, declare, survey
from flows.hooks import housed
from flows.house import SWITCHED, Instep, begin_again, config_mark, open_store
from flows.marking import read_only
from flows.requesting import excluded_among
from flows.settings import Failed, Misuse, Settings
from mappings.model import AccountId, Mode
from state.store import House as House

REPORT_LASTS = 24 * 3600


def go_live(instep: Instep, target: str, only: Sequence[AccountId], accept_names: bool) -> House:
    """Switch ``target`` (empty: all) on, for ``only`` or for everybody; nothing is sent by this.

    Raises Misuse without a report of the last 24 hours, for an excluded account, and where names in Intercom cannot be
    ours, or are those of others and not accepted."""
    now = instep.now()
    house = housed(instep.house, instep.systems.target_names, now)
    mark = config_mark(instep.systems)
    targets = _targets(house, target)
    if other := instep.kept_by():
        raise Misuse(f"{read_only(other)}.")
    if house.adopted_at is None or not 0 <= now - house.adopted_at < REPORT_LASTS:
        raise Misuse("There is no adoption report of the last 24 hours: run `instep adopt`, read it, then go live.")
    if house.adopted_mark != mark:
        raise Misuse(
            "instep.toml has changed since the adoption report: run `instep adopt` again, read it, then go live."
        )
    _must_be_sent(instep, only)
    modes: dict[str, Mode] = {**house.modes, **dict.fromkeys(targets, "on")}
    pilots = {name: accounts for name, accounts in house.pilots.items() if name not in targets}
    if only:
        pilots |= dict.fromkeys(targets, sorted(set(only)))
    systems = replace(instep.systems, modes=modes, pilots=pilots)
    found = surveyed(instep, targets)
    if found.hindrances:
        raise Misuse(f"{found.refused}.")
    if found.foreign and not accept_names:
        some = ", ".join(found.foreign[:3]) + (f" and {len(found.foreign) - 3} more" if len(found.foreign) > 3 else "")
        raise Misuse(
            f"{some} exist in Intercom and were not made here. Rename them in [names] of instep.toml (or set "
            "intercom_prefix), or use what is there with --accept-names."
        )
    instep.store.amend({"names": claim(systems, [*house.names, *found.foreign])})
    instep.store.amend({"tags": {**instep.house.tags, **declare(systems)}})
    # Accounts that a worker looked at before it saw the switches are marked after them; a crash in between shows as a
    # changed configuration, which marks them too.
    switched = {"modes": modes, "pilots": pilots, "joined": house.joined, "config_fingerprint": ""}
    instep.store.amend(switched)
    instep.kept_by()
    begin_again(instep.store, now, SWITCHED, "accepted")
    return instep.store.amend({"config_fingerprint": mark})


def _must_be_sent(instep: Instep, only: Sequence[AccountId]) -> None:
    """Raises Misuse naming accounts of ``only`` that switching on has no effect for."""
    if left := excluded_among(instep, only):
        raise Misuse(f"{left} Leave excluded accounts out of --only, or end that.")


def surveyed(instep: Instep, targets: Sequence[str] | None = None) -> Survey:
    """Tags and attributes that we would use: which others have made, and what is in the way."""
    lines = [line.target for line in instep.systems.targets if targets is None or line.target.name in targets]
    declaring = [target for target in lines if isinstance(target, Declares)]
    return survey(declaring, instep.systems.names, instep.house.names)


def pause(settings: Settings, target: str) -> House:
    """Switch ``target`` (empty: all) to watching; workers finish the accounts they are at. No vendor is asked."""
    store = open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    return store.amend({"modes": {**house.modes, **dict.fromkeys(_targets(house, target), "watch")}})


def _targets(house: House, target: str) -> list[str]:
    """A system's (``intercom``), one (``intercom.contacts``) or, without a name, all; but none that is off."""
    named = [name for name in house.modes if not target or name == target or name.startswith(f"{target}.")]
    found = [name for name in named if house.modes[name] != "off"]
    if named and not found:
        raise Misuse(
            f"{' and '.join(named)} cannot be switched on: the product's database takes no rows. Once it does, run "
            "`instep init`."
        )
    if not found:
        raise Misuse(f"There is no target {target}. There are: {', '.join(house.modes)}.")
    return found
