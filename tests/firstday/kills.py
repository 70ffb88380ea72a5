"""The first day killed at every commit, every statement that makes or changes a table, and every HTTP call of its
commands: ``python -m tests.faults.kills --flow first-adopt`` (see ``FIRST``).

The day is walked as the page has it. Each command is killed in a copy of the company, of its databases and of the
vendors; there it is simply run again, and everything must stand as after a command that nobody killed.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from instep.vendors import Vendors
from tests.faults.worlds import Worlds

from . import page
from .commands import KILLED
from .company import JSON, Company, moment

SIZE, SEED = 0.01, 3
# Name -> how the command of the page begins.
FIRST = {
    "first-init-product": ("init", "--product"),
    "first-init": ("init",),
    "first-adopt": ("adopt",),
    "first-go-live-only": ("go-live", "--only"),
    "first-go-live": ("go-live",),
}
# Columns, without what belongs to a run alone.
TABLES = {
    "state.db": {
        "house": "body", "links": "*", "redemptions": "*", "match_keys": "*", "holds": "*", "brake": "*",
        "facts": "root, kind, id, account_id, body, offers, seeks, seen, gone",
        "agenda": "account_id, due_at, reason, cause", "journal": "target, subject, operation, before, after",
        "todo": "kind, subject, target, reason, proposal, decision, account_id, resolved_at",
        "cursors": "source, scan, scanned_at, met", "remembered": "*",
    },
    "company.db": dict.fromkeys(("instep_users", "instep_accounts", "instep_access", "instep_requests"), "*"),
}  # fmt: skip


class World(Vendors):
    """Vendors whose process can be forked."""

    def __init__(self, world: Worlds) -> None:
        self._world = world

    @cached_property
    def url(self) -> str:
        return self._world.url

    @contextmanager
    def clone(self) -> Iterator[World]:
        world = self._world.clone()
        try:
            yield World(world)
        finally:
            world.stop()


def kill(folder: Path, names: Collection[str], every: int, told: Callable[[str], None]) -> dict[str, list[str]]:
    """At every so many points of these commands; where -> what stands otherwise than it should."""
    wrong: dict[str, list[str]] = {}
    (folder / "company").mkdir()
    first = Worlds.start(moment())
    try:
        company = Company(folder / "company", World(first), SIZE, SEED, "")
        company.advance(3600)
        for command in page.commands():
            name = next((name for name in FIRST if command[: len(FIRST[name])] == FIRST[name]), "")
            if command[0] == "adopt":
                company.configure(page.by_hand())
            if name in names:
                points = _killed(company, folder / "clone", page.agreed(command), every, wrong, name)
                told(f"{name}: {points} points, {len(wrong)} wrong so far")
            company.run(*page.agreed(command))
    finally:
        first.stop()
    return wrong


def _killed(
    company: Company, folder: Path, command: page.Command, every: int, wrong: dict[str, list[str]], name: str
) -> int:
    with _clone(company, folder) as calm:
        said = calm.run(*command)
        assert said.code == 0, said.err
        wanted = stands(calm)
    for number in range(1, len(said.points) + 1, every):
        with _clone(company, folder) as killed:
            how, again = killed.run(*command, kill_at=number), killed.run(*command)
            found = [] if how.code == KILLED else [f"it ended with {how.code}: {how.err}"]
            found += [f"again, it ended with {again.code}: {again.err}"] if again.code else []
            stood = stands(killed)
            found += [f"{key}: {stood.get(key)} instead of {wanted.get(key)}" for key in _other(stood, wanted)]
            if found:
                wrong[f"{name} {number}: killed {said.points[number - 1]}"] = found
    return len(said.points)


def _other(stood: JSON, wanted: JSON) -> list[str]:
    return [key for key in sorted(stood.keys() | wanted.keys()) if stood.get(key) != wanted.get(key)]


def stands(company: Company) -> dict[str, Any]:
    """All that a command may have changed: our state, the product, instep.toml, the vendors and what they booked."""
    found: dict[str, Any] = {"instep.toml": (company.folder / "instep.toml").read_text()}
    for database in ("state.db", "company.db"):
        if (company.folder / database).exists():
            found[f"{database} tables"] = company.rows(database, "SELECT name, sql FROM sqlite_master ORDER BY name")
    made = {row["name"] for name in ("state.db", "company.db") for row in found.get(f"{name} tables", ())}
    for database, tables in TABLES.items():
        for table in tables.keys() & made:
            rows = company.rows(database, f"SELECT {tables[table]} FROM {table}")
            found[table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    found |= company.everything()
    found["booked"] = sorted(Counter(call["effect"] for call in company.effects()).items())
    house = json.loads(company.rows("state.db", "SELECT body FROM house")[0]["body"]) if "house" in made else {}
    lot = re.compile("|".join(map(re.escape, (company.vendors.url, house.get("installation_id") or "-" * 32))))
    return {key: lot.sub("", json.dumps(value, sort_keys=True)) for key, value in found.items()}


@contextmanager
def _clone(company: Company, folder: Path) -> Iterator[Company]:
    vendors = company.vendors
    assert isinstance(vendors, World)
    with vendors.clone() as world:
        folder.mkdir()
        yield company.copy(folder, world)
    shutil.rmtree(folder)
