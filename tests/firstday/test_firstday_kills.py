"""Killed at many points of init, adopt, go-live and the first sync, over and over: the same end as undisturbed. `make
kills` goes through every point of all but the sync."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import page
from .commands import KILLED
from .company import JSON, Company, company

SIZE = 0.01
# Command -> how often it is killed at most. Each next kill lies further on, so that every part is met.
KILLS = {
    ("init", "--product", "--yes"): 2,
    ("init",): 3,
    ("adopt",): 5,
    ("go-live", "--accept-names", "--yes"): 3,
    ("sync",): 7,
}
# Instep signs an attribute of its own.
INSTALLATION = re.compile(r"Instep installation \w+")
# Kind -> the field that holds our id.
OURS = {"people": "external_id", "companies": "company_id"}


@pytest.mark.kills
def test_killed_anywhere_and_run_again_it_ends_the_same(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("calm", "killed")]
    for folder in folders:
        folder.mkdir()
    with company(folders[0], SIZE) as calm, company(folders[1], SIZE) as killed:
        passed = _undisturbed(calm)
        for command in _commands(killed):
            most = KILLS.get(command, 0)
            assert _killed(killed, command, passed[command], most) >= most // 2
        assert killed.run("sync").code in (0, 3)
        assert calm.run("sync").code in (0, 3)
        assert _end(killed) == _end(calm)
        mark = killed.mark
        assert killed.run("sync").code in (0, 3)
        assert killed.effects(mark) == []


def _undisturbed(here: Company) -> dict[tuple[str, ...], int]:
    """How many points each command passes."""
    passed = {}
    for command in _commands(here):
        said = here.run(*command)
        assert said.code in (0, 3), said.err
        passed[command] = len(said.points)
    return passed


def _commands(here: Company) -> Iterator[tuple[str, ...]]:
    """Each as soon as its turn has come."""
    plans, *_ = page.commands()
    for command in (plans, *KILLS):
        if command == ("adopt",):
            here.configure(page.by_hand())
        yield command


def _killed(here: Company, command: tuple[str, ...], points: int, most: int) -> int:
    """How often it was killed before it got through."""
    places = sorted(random.Random(f"{command}").sample(range(1, points), most))
    for times, place in enumerate(places):
        said = here.run(*command, kill_at=place)
        if said.code != KILLED:
            assert said.code in (0, 3), (place, said.err)
            return times
    assert here.run(*command).code in (0, 3)
    return most


def _end(here: Company) -> JSON:
    """Everything that anybody can see, new objects by our ids instead of the vendor's."""
    before = {row["id"] for row in here.truth}
    found: JSON = {}
    for key, one in here.everything().items():
        kind, ours = key.partition(" ")[0], OURS.get(key.partition(" ")[0], "")
        if kind in OURS and one["id"] not in before:
            key = f"new {kind} {one[ours]}"
        assert key not in found, "there twice"
        plain = one | {name: sorted(one[name]) for name in ("tags", "companies") if isinstance(one.get(name), list)}
        plain |= {"id": ""} if kind in ("tags", "data_attributes") else {}
        found[key] = INSTALLATION.sub("", json.dumps(plain, sort_keys=True).replace(here.vendors.url, ""))
        if key.startswith("new"):
            found[key] = found[key].replace(one["id"], "")
    found["access"] = here.rows("company.db", "SELECT * FROM instep_access ORDER BY account_id")
    found["todo"] = here.rows("state.db", "SELECT kind, subject, target FROM todo ORDER BY kind, subject, target")
    found["links"] = here.rows("state.db", "SELECT target, subject, state FROM links ORDER BY target, subject")
    found["made"] = Counter(call["effect"] for call in here.effects() if call["effect"].endswith(".created"))
    return found
