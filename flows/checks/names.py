"""What `check` finds about our names in Intercom: whether they exist, what hinders them, whether there is room."""

from __future__ import annotations

from connectors.intercom import MOST_ATTRIBUTES, attributes, declaration_of, missing, used
from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.declaring import spelled
from flows.systems import Wires
from flows.wording import counted
from mappings.config import Config
from mappings.model import JSONObject, Name
from mappings.naming import entries, names
from state.store import House

ABOUT = "Intercom names"
# Active event names of a workspace. Intercom has no call that lists them.
MOST_EVENTS = 120


def intercom_names(w: Wires, config: Config, house: House | None, linked: bool) -> Findings:
    """``linked``: with billing links."""
    wanted = names(config, linked)
    there = ask("Intercom", lambda: attributes(w.intercom))
    tags = {str(tag["name"]).casefold() for tag in ask("Intercom", lambda: w.intercom.get("/tags")).get("data") or []}
    found = declaration_of(wanted, there)
    for problem in found.hindrances:
        yield Finding(ABOUT, "problem", problem)
    present = [name for name in wanted if name.kind == "tag" and name.name.casefold() in tags]
    absent = [name for name in wanted if name.kind == "tag" and name not in present]
    yield from _taken([*present, *found.existing], house)
    yield from _absent(wanted, [*absent, *found.missing])
    yield from _budgets(config, wanted, there)


def _taken(present: list[Name], house: House | None) -> Findings:
    """A house that an earlier version switched on knows no names: what exists is its own."""
    sent = bool(house and house.modes.get("intercom.contacts") == "on")
    ours = set(house.names) if house else set[str]()
    others = [name for name in present if spelled(name) not in ours] if ours or not sent else []
    if others:
        some = f"{counted(len(others), 'name', 'of ours exists', 'of ours exist')} already and not by Instep's hand"
        adopt = "rename ours in [names], or use what is there by `instep go-live --accept-names`"
        yield Finding(ABOUT, "warning", f"{some} (like {_like(others)}): {adopt}")


def _absent(wanted: list[Name], absent: list[Name]) -> Findings:
    if absent:
        many = (
            f"{len(absent)} of {len(wanted)} tags and attributes {'does' if len(absent) == 1 else 'do'} not exist yet"
        )
        yield Finding(ABOUT, "warning", f"{many} (like {_like(absent)}): made when targets are switched on")
    else:
        yield Finding(ABOUT, "ok", f"all {len(wanted)} tags and attributes exist")


def _like(some: list[Name]) -> str:
    return ", ".join(name.name for name in some[:3])


def _budgets(config: Config, wanted: list[Name], there: list[JSONObject]) -> Findings:
    more = len(missing(wanted, there))
    room = f"{used(there)} of {MOST_ATTRIBUTES} custom attributes are in use (archived ones do not count)"
    yield Finding(ABOUT, "ok", f"{room}, Instep needs {more} more")
    events = sum(entry.kind == "event" and entry.audience != "none" for entry in entries(config))
    kinds = f"Instep uses {events} of the {MOST_EVENTS} active event names that a workspace may have"
    yield Finding(ABOUT, "ok", f"{kinds}; Intercom tells no program how many others there are: look in its settings")
