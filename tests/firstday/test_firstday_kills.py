"""Killed at many points of adopt, go-live and the first sync, over and over: the same end as undisturbed."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

from .commands import KILLED
from .company import JSON, Company, company

SIZE = 0.01
# Command -> how often it is killed at most. Each next kill lies further on, so that every part is met.
KILLS = {("adopt",): 5, ("go-live", "--accept-names", "--yes"): 3, ("sync",): 7}
# Instep signs an attribute of its own.
INSTALLATION = re.compile(r"Instep installation \w+")
# Kind -> the field that holds our id.
OURS = {"people": "external_id", "companies": "company_id"}


def test_killed_anywhere_and_run_again_it_ends_the_same(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("calm", "killed")]
    for folder in folders:
        folder.mkdir()
    with company(folders[0], SIZE) as calm, company(folders[1], SIZE) as killed:
        passed = _undisturbed(calm)
        killed.set_up(checked=False)
        for command, most in KILLS.items():
            assert _killed(killed, command, passed[command], most) >= most // 2
        assert killed.run("sync").code in (0, 3)
        assert calm.run("sync").code in (0, 3)
        assert _end(killed) == _end(calm)
        mark = killed.mark
        assert killed.run("sync").code in (0, 3)
        assert killed.effects(mark) == []


def _undisturbed(here: Company) -> dict[tuple[str, ...], int]:
    """How many points each command passes."""
    here.set_up(checked=False)
    passed = {}
    for command in KILLS:
        said = here.run(*command)
        assert said.code in (0, 3), said.err
        passed[command] = said.points
    return passed


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
