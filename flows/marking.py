"""One workspace, one installation: whose id stands in Intercom, and what follows where it is another's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from connectors.intercom import Mark, leave_mark, marks
from flows.asking import ask
from flows.declaring import spelled
from flows.identity import tolerant
from flows.systems import Wires
from mappings.model import Mode, Name
from state.store import House, Store

CONTACT = spelled(Name("contact", ""))


def keeper(w: Wires, store: Store, house: House) -> str:
    """The id of another installation that keeps this workspace; empty where there is none, and then our own is left
    there. Remembered for when Intercom does not answer, or shows none of its names. Raises Failed."""
    known = store.house() or house
    found = _marks(w, known.names)
    others = [mark.installation for mark in found if mark.installation not in ("", house.installation_id)]
    if not others and not any(mark.installation for mark in found):
        _leave(w, found[:1], house.installation_id)
    other = others[0] if others else "" if found else known.other
    if other != known.other:
        store.amend({"other": other})
    return other


def keeper_known(ask_now: Callable[[], str], store: Store, unreachable: dict[str, str]) -> str:
    """The same; where Intercom cannot be asked, what it was when it last could."""
    asked = None if "intercom" in unreachable else tolerant("intercom", ask_now, unreachable)
    if asked is not None:
        return asked
    known = store.house()
    return known.other if known else ""


def take_over(w: Wires, installation: str, ours: Collection[str]) -> None:
    """From now on this installation keeps the workspace; the other one reads only from its next look on."""
    found = _marks(w, ours)
    marked = [mark for mark in found if mark.installation]
    _leave(w, [mark for mark in marked or found[:1] if mark.installation != installation], installation)


def watching(modes: Mapping[str, Mode]) -> dict[str, Mode]:
    """Nothing is on."""
    return {name: "watch" if mode == "on" else mode for name, mode in modes.items()}


def read_only(other: str) -> str:
    """What to do about it, in one sentence."""
    return (
        f"Nothing is sent: the Intercom workspace is kept by installation {other}, and two must not write there. Pause "
        "this one (`instep pause`), or, where the other one is gone for good, run `instep init --take-over`"
    )


def _marks(w: Wires, ours: Collection[str]) -> list[Mark]:
    attributes = {name.removeprefix(CONTACT) for name in ours if name.startswith(CONTACT)}
    return ask("Intercom", lambda: marks(w.intercom, attributes))


def _leave(w: Wires, where: list[Mark], installation: str) -> None:
    for mark in where:
        ask("Intercom", lambda mark=mark: leave_mark(w.intercom, mark, installation))  # type: ignore[misc]
