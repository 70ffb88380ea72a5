"""The demo: the whole life of twenty trials on the sandbox, told in acts. No account, no key, no network."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flows.wording import counted
from instep import example
from instep.options import Json
from instep.screen import as_json, console, program, say, show, table
from instep.story import ACTS, TEAMS, Act
from instep.telling import by_target, telling
from instep.vendors import Vendors
from instep.world import World
from mappings.model import subject_id

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.report import Report
    from flows.standing import Entry


@dataclass(frozen=True, slots=True)
class Played:
    """An act as it went. ``seconds``: how long its sync took."""

    act: Act
    report: Report
    sent: Sequence[Entry]
    targets: Sequence[str]
    seconds: float

    @property
    def changed(self) -> int:
        """How many accounts something was sent for."""
        lived = (entry.subject for entry in self.sent if not entry.subject.startswith("request:"))
        return len({example.account_of(subject_id(subject)) for subject in lived})


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
    example.make(world.product, example.teams(TEAMS), world.now)
    with world.instep() as instep:
        played = []
        for number, act in enumerate(ACTS, 1):
            world.move(act.at)
            act.happens(world)
            played.append(_sync(instep, act))
            if not json:
                _tell(number, played[-1])
        mark = _writes(world.vendors)
        again = _sync(instep, ACTS[-1])
    received = _writes(world.vendors) - mark
    people, access, seconds = _people(world.vendors), example.access(world.product), time.monotonic() - began
    if json:
        as_json(_data(played, received, people, access, seconds))
    else:
        _end(again, received, people, access, seconds)
    return int(not all(p.report.ok for p in (*played, again)))


def _sync(instep: Instep, act: Act) -> Played:
    from flows.hub import sync

    started = time.monotonic()
    report = sync(instep)
    sent = instep.store.journal(limit=10_000, run=report.run)[::-1]
    targets = [line.target.name for line in instep.systems.targets]
    return Played(act, report, sent, targets, time.monotonic() - started)


def _tell(number: int, played: Played) -> None:
    from rich.rule import Rule
    from rich.text import Text

    from flows.failures import troubles

    act = played.act
    say()
    show(Rule(Text(f" {number}  {act.title} · {act.now[:10]} {act.now[11:16]} ", "bold"), align="left", style="dim"))
    say(act.told)
    show(table(("target", "sent#", "what"), by_target(played.sent, played.targets)))
    for line in telling(played.sent):
        console().print("  ", line, sep="", soft_wrap=True)
    accounts = f"{counted(played.report.tally.accounts, 'account')} looked at, {played.changed} changed"
    say(f"  {accounts}: {counted(played.report.writes, 'write')} in {played.seconds:.1f} s", "dim")
    for trouble in (*troubles(played.report), *played.report.tally.bugs):
        say(f"  {trouble}", "red")


def _writes(vendors: Vendors) -> int:
    """How many writes the simulated vendors have received so far, by their own books."""
    return len(vendors.control("GET", "/ledger?writes=1"))


def _people(vendors: Vendors) -> dict[str, int]:
    """People per tag, as Intercom has them."""
    people = vendors.control("GET", "/intercom/people")
    counted = Counter(tag for person in people for tag in person["tags"])
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))) | {"(all people)": len(people)}


def _end(again: Played, received: int, people: Mapping[str, int], access: Mapping[str, int], seconds: float) -> None:
    from rich.columns import Columns
    from rich.rule import Rule
    from rich.text import Text

    say()
    show(Rule(Text(" What the systems hold now ", "bold"), align="left", style="dim"))
    tags = table(("tag in Intercom", "people#"), people.items())
    show(Columns([tags, table(("access in the product", "accounts#"), access.items())], padding=(0, 6)))
    writes = counted(again.report.writes, "write")
    sent = f"sends {writes}" if again.report.writes or received else "sends nothing: everything is in step"
    say(f"A second sync right away {sent}.", "bold")
    proof = f"The simulated vendors' own books show {counted(received, 'write')} since the sync before."
    say(f"{counted(again.report.tally.accounts, 'account')} looked at, {writes} sent. {proof}", "dim")
    say(f"{seconds:.0f} seconds in all. Try it yourself: `{program()} sandbox`; with your own accounts: README.md.")


def _data(
    played: Sequence[Played], received: int, people: Mapping[str, int], access: Mapping[str, int], seconds: float
) -> dict[str, Any]:
    return {
        "acts": [
            {"title": p.act.title, "now": p.act.now, "told": p.act.told, "writes": dict(p.report.tally.writes),
             "telling": [str(line) for line in telling(p.sent)], "ok": p.report.ok, "seconds": round(p.seconds, 1)}
            for p in played
        ],
        "people": dict(people), "access": dict(access), "second_sync_writes": received,
        "seconds": round(seconds, 1),
    }  # fmt: skip
