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
from instep.story import ACTS, TEAMS, Act, World
from instep.telling import by_target, telling
from instep.vendors import Vendors
from mappings.model import subject_id

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.hub import Report
    from flows.settings import Settings
    from flows.standing import Entry

# The simulated Stripe allows more than the real one, whose limit Instep keeps otherwise.
CALLS_PER_SECOND = 500


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
        return len({example.account_of(subject_id(entry.subject)) for entry in self.sent})


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
        return _play(Path(folder), vendors, json, began)


def _play(folder: Path, vendors: Vendors, json: bool, began: float) -> int:
    from flows.house import init

    product = folder / "product.db"
    url = example.make(product, example.teams(TEAMS), ACTS[0].at)
    environment = vendors.environment(url, f"sqlite:///{folder / 'state.db'}")
    init(_settings(environment, ACTS[0]), on=True)
    world, played = World(vendors, product), []
    for number, act in enumerate(ACTS, 1):
        played.append(_act(world, environment, act))
        if not json:
            _tell(number, played[-1])
    mark = _writes(vendors)
    again = _sync(environment, ACTS[-1])
    received = _writes(vendors) - mark
    people = _people(vendors)
    if json:
        as_json(_data(played, received, people, example.access(product), time.monotonic() - began))
    else:
        _end(again, received, people, example.access(product), time.monotonic() - began)
    return int(not all(p.report.ok for p in (*played, again)))


def _act(world: World, environment: Mapping[str, str], act: Act) -> Played:
    world.vendors.control("POST", "/clock", {"now": act.at})
    act.happens(world)
    return _sync(environment, act)


def _sync(environment: Mapping[str, str], act: Act) -> Played:
    from flows.house import open_instep
    from flows.hub import sync

    started = time.monotonic()
    instep: Instep = open_instep(_settings(environment, act), stripe_per_second=CALLS_PER_SECOND)
    try:
        report = sync(instep)
        sent = instep.store.journal(limit=10_000, run=report.run)[::-1]
    finally:
        instep.store.close()
    targets = [line.target.name for line in instep.systems.targets]
    return Played(act, report, sent, targets, time.monotonic() - started)


def _settings(environment: Mapping[str, str], act: Act) -> Settings:
    """Only the demo's own: whatever the environment or a .env says of real accounts is not read."""
    from flows.settings import load_settings
    from instep.starting import EXAMPLE

    given = {name.lower(): value for name, value in environment.items()}
    neutral = {"stripe_webhook_secrets": "", "instep_public_url": "", "instep_secrets": "", "instep_timezone": "UTC"}
    return load_settings(
        _env_file=None, instep_config=EXAMPLE, instep_now=act.now, instep_concurrency=8, **neutral, **given
    )


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
