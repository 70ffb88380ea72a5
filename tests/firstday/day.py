"""The first day lived by the commands of the page, and what was seen at each step of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import page
from .commands import Said
from .company import JSON, Company, company


@dataclass
class Day:
    """What was seen at each step. ``effects``: what the vendors booked as changed."""

    company: Company
    ended: list[tuple[page.Command, int]] = field(default_factory=list)
    before: dict[str, JSON] = field(default_factory=dict)
    piloted: dict[str, JSON] = field(default_factory=dict)
    after: dict[str, JSON] = field(default_factory=dict)
    report: JSON = field(default_factory=dict)
    again: JSON = field(default_factory=dict)
    planned: list[JSON] = field(default_factory=list)
    pilot: list[str] = field(default_factory=list)
    watching: list[JSON] = field(default_factory=list)
    adopting: list[JSON] = field(default_factory=list)
    effects: list[JSON] = field(default_factory=list)
    synced: JSON = field(default_factory=dict)
    quiet: list[JSON] = field(default_factory=list)
    status: JSON = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)

    def run(self, command: page.Command, *more: str) -> Said:
        """A command of the page, agreed to; exit 3 tells of what needs a person."""
        said = self.company.run(*page.agreed(command), *more)
        assert said.code in (0, 3), (command, said.out, said.err)
        self.ended.append((command, said.code))
        return said

    def user(self, contact: JSON) -> str:
        """Whose contact it was before, else whose it says that it is."""
        return self._users.get(contact["id"]) or str(contact["external_id"])

    @property
    def _users(self) -> dict[str, str]:
        return {row["id"]: row["user_id"] for row in self.company.truth if row["kind"] == "contact"}


@contextmanager
def lived(folder: Path) -> Iterator[Day]:
    """Live for everybody, and two syncs more."""
    # In this one the accounts that the page names are there, as in the full company.
    with company(folder, seed=3) as here:
        *preparing, adopt, pilot, sync, live, sync_all, status = page.commands()
        day = Day(here, ended=[(command, 0) for command in preparing])
        here.set_up()
        day.before = here.everything()
        mark = here.mark
        day.report = day.run(adopt, "--json").data
        day.adopting = here.calls(mark)
        day.watching = here.calls()
        day.pilot = [word for word in pilot if word.isdecimal()]
        mark = here.mark
        day.run(pilot)
        day.run(sync)
        day.piloted = here.everything()
        day.again = here.run("adopt", "--json").data
        day.run(live)
        day.planned = here.run("plan", "--json").data
        day.synced = day.run(sync_all, "--json").data
        day.status = day.run(status, "--json").data
        day.effects = here.effects(mark)
        mark = here.mark
        _sync(here)
        _sync(here)
        day.quiet = here.effects(mark)
        day.after = here.everything()
        day.names = _names(here)
        yield day


def _sync(here: Company) -> None:
    said = here.run("sync")
    assert said.code in (0, 3), (said.out, said.err)


def _names(here: Company) -> dict[str, set[str]]:
    """Kind -> what Instep calls its own."""
    found: dict[str, set[str]] = {kind: set() for kind in ("tag", "event", "attribute")}
    for entry in here.run("tags", "--json").data:
        found[entry["kind"] if entry["kind"] in found else "attribute"].add(entry["name"])
    return found


@dataclass
class Later:
    """``began``: when the six days began, in which no clock of an adopted account may run out; ``rows``: what accounts
    may do before them, after them, and two days on. ``answers``: to those who had a trial years ago."""

    company: Company
    began: int
    rows: list[dict[str, str]]
    effects: list[JSON]
    answers: dict[str, tuple[str, str]]


def lived_on(day: Day, folder: Path) -> Later:
    """In a copy: the day itself stays as it is."""
    there = day.company.copy(folder, day.company.vendors)
    began, mark = there.now, there.mark
    rows = [_access(there)]
    for days in (6, 2):
        there.advance(days * 86_400)
        _sync(there)
        rows.append(_access(there))
    effects = there.effects(mark)
    config = there.folder / "instep.toml"
    config.write_text(config.read_text().replace('mode = "observe"', 'mode = "stripe"'))
    past = "SELECT account_id FROM facts WHERE account_id <> '' AND json_extract(body, '$.trial_end') < ?"
    had = {row["account_id"] for row in there.rows("state.db", past, began)} - rows[-1].keys()
    there.ask([(f"again-{account}", account, there.now) for account in sorted(had)[:3]])
    _sync(there)
    answered = there.rows("company.db", "SELECT account_id, answer, reason FROM instep_requests")
    return Later(there, began, rows, effects, {r["account_id"]: (r["answer"], r["reason"]) for r in answered})


def _access(here: Company) -> dict[str, str]:
    return {row["account_id"]: row["access"] for row in here.rows("company.db", "SELECT * FROM instep_access")}
