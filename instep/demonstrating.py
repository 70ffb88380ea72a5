"""The demo: the whole life of twenty trials on the sandbox, told in acts. No account, no key, no network."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from instep import example
from instep.options import Json
from instep.screen import as_json, console, counted, say, show, table
from instep.story import ACTS, TEAMS, Act
from instep.telling import by_target, telling
from instep.vendors import Vendors
from instep.world import World

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.hub import Report
    from flows.standing import Entry


@dataclass(frozen=True, slots=True)
class Played:
    """An act as it went. ``seconds``: how long its sync took."""

    act: Act
    report: Report
    sent: Sequence[Entry]
    seconds: float


def demo(*, json: Json = False) -> int:
    """Play the whole life of twenty trials on simulated vendors: nothing is needed, nothing is left behind."""
    began = time.monotonic()
    if not json:
        say("Instep keeps Stripe, Intercom and a product's own database in step.", "bold")
        say("Everything here is simulated on this machine. Starting Stripe, Intercom and a provisioner ...", "dim")
    with (
        TemporaryDirectory(prefix="instep-demo-") as folder,
        Vendors("--port", "0", "--limits", "off", "--now", ACTS[0].now) as vendors,
    ):
        return _play(World(vendors, Path(folder), ACTS[0].at), json, began)


def _play(world: World, json: bool, began: float) -> int:
    from flows.hub import sync

    example.make(world.product, example.teams(TEAMS), world.now)
    with world.instep() as instep:
        played = []
        for number, act in enumerate(ACTS, 1):
            played.append(_act(world, instep, act))
            if not json:
                _tell(number, played[-1])
        again = sync(instep)
    people, access, seconds = _people(world.vendors), example.access(world.product), time.monotonic() - began
    if json:
        as_json(_data(played, again, people, access, seconds))
    else:
        _end(again, people, access, seconds)
    return int(not all(report.ok for report in (*(p.report for p in played), again)))


def _act(world: World, instep: Instep, act: Act) -> Played:
    from flows.hub import sync

    world.move(act.at)
    act.happens(world)
    started = time.monotonic()
    report = sync(instep)
    return Played(act, report, instep.store.journal(limit=10_000, run=report.run)[::-1], time.monotonic() - started)


def _tell(number: int, played: Played) -> None:
    from rich.rule import Rule
    from rich.text import Text

    act = played.act
    say()
    show(Rule(Text(f" {number}  {act.title} · {act.now[:10]} {act.now[11:16]} ", "bold"), align="left", style="dim"))
    say(act.told)
    show(table(("target", "sent#", "what"), by_target(played.sent)))
    for line in telling(played.sent):
        console().print("  ", line, sep="", soft_wrap=True)
    accounts = counted(played.report.tally.accounts, "account")
    say(f"  {counted(played.report.writes, 'write')} for {accounts} in {played.seconds:.1f} s", "dim")
    for trouble in (*played.report.troubles.values(), *played.report.tally.bugs):
        say(f"  {trouble}", "red")


def _people(vendors: Vendors) -> dict[str, int]:
    """People per tag, as Intercom has them."""
    people = vendors.control("GET", "/intercom/people")
    counted = Counter(tag for person in people for tag in person["tags"])
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))) | {"(all people)": len(people)}


def _end(again: Report, people: Mapping[str, int], access: Mapping[str, int], seconds: float) -> None:
    from rich.columns import Columns
    from rich.rule import Rule
    from rich.text import Text

    say()
    show(Rule(Text(" What the systems hold now ", "bold"), align="left", style="dim"))
    tags = table(("tag in Intercom", "people#"), people.items())
    show(Columns([tags, table(("access in the product", "accounts#"), access.items())], padding=(0, 6)))
    sent = f"{again.writes} writes" if again.writes else "nothing: everything is in step"
    say(f"A second sync right away sends {sent}.", "bold")
    say(f"{seconds:.0f} seconds in all. Try it yourself: `instep sandbox`; with your own accounts: `instep init`.")


def _data(
    played: Sequence[Played], again: Report, people: Mapping[str, int], access: Mapping[str, int], seconds: float
) -> dict[str, Any]:
    return {
        "acts": [
            {"title": p.act.title, "now": p.act.now, "told": p.act.told, "writes": dict(p.report.tally.writes),
             "telling": [str(line) for line in telling(p.sent)], "ok": p.report.ok, "seconds": round(p.seconds, 1)}
            for p in played
        ],
        "people": dict(people), "access": dict(access), "second_sync_writes": again.writes,
        "seconds": round(seconds, 1),
    }  # fmt: skip
