"""Rehearsals: a described life lived on simulated vendors and their own clock, told as a timeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from instep import example
from instep.options import Json
from instep.screen import as_json, say, show, table
from instep.vendors import Vendors
from instep.world import World

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.report import Report
    from instep.script import Script
    from instep.timeline import Entry


def rehearse(
    file: Annotated[Path, Parameter(help="A rehearsal: docs/rehearsing.md tells how to write one.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Play a described life on simulated vendors and print what became of each account, day by day."""
    from instep.script import load

    script = load(file)
    entries = list(play(script))
    if json:
        as_json({"title": script.title, "timeline": [entry.data() for entry in entries]})
    else:
        _show(script, entries)
    return 0


def play(script: Script) -> Iterator[Entry]:
    """Every account's entries in the order of time. Raises Failed where a line cannot happen or a sync goes wrong."""
    from instep.acting import cast

    now = datetime.fromtimestamp(script.starts_at, UTC).isoformat()
    with (
        TemporaryDirectory(prefix="instep-rehearsal-") as folder,
        Vendors("--port", "0", "--limits", "off", "--now", now) as vendors,
    ):
        import flows.hub  # noqa: F401  (while the vendors start)

        world = World(vendors, Path(folder), script.starts_at)
        example.make(world.product, [], world.now)
        cast(world, script)
        with world.instep(script.timezone) as instep:
            yield from _live(script, world, instep)


def _live(script: Script, world: World, instep: Instep) -> Iterator[Entry]:
    """From moment to moment: the described ones, what the account waits for, what the vendors have planned."""
    from flows.hub import sync
    from instep.acting import act
    from instep.timeline import Entry, Snapshot, read

    cues = list(script.cues)
    before = {account: Snapshot() for account in script.accounts}
    while world.now <= script.ends_at:
        happened: dict[str, list[str]] = {}
        while cues and cues[0].at <= world.now:
            cue = cues.pop(0)
            happened.setdefault(cue.account, []).append(act(world, cue))
        report = sync(instep)
        _must_be_well(script, world.now, report)
        after = read(world, script.people)
        for account, snapshot in after.items():
            if account in happened or snapshot != before[account]:
                told = tuple(filter(None, happened.get(account, ())))
                yield Entry(account, world.now, told, snapshot, before[account])
        before = after
        world.move(_next(script, world, report, cues[0].at if cues else script.ends_at))


def _next(script: Script, world: World, report: Report, described: int) -> int:
    """The next moment in which anything can happen; one after the end when there is none."""
    due = report.backlog.next_at if report.backlog else None
    planned = world.vendors.control("GET", "/state")["next_at"]
    coming = [at for at in (due, planned, described) if at is not None and at > world.now]
    return min(coming, default=script.ends_at + 1)


def _must_be_well(script: Script, now: int, report: Report) -> None:
    if not report.ok:
        from flows.settings import Failed

        wrong = next(chain(report.troubles.values(), report.tally.bugs), "the books do not balance")
        raise Failed(f"{_when(script, now)}: a sync went wrong: {wrong}.")


def _show(script: Script, entries: list[Entry]) -> None:
    say(script.title, "bold")
    for account in script.accounts:
        rows = [
            (day(e.at, script.starts_at, script.timezone), _when(script, e.at), e.what, e.after.stage or "-",
             e.after.access or "-", e.after.instance or "-", e.tags, ", ".join(e.events) or "-")
            for e in entries if e.account == account
        ]  # fmt: skip
        columns = (
            "day#",
            f"when ({script.timezone})",
            "what happened",
            "stage",
            "access",
            "instance",
            "tags",
            "events",
        )
        show(table(columns, rows, title=account if len(script.accounts) > 1 else ""))


def day(at: int, start: int, timezone: str) -> int:
    """How many midnights after ``start``."""
    zone = ZoneInfo(timezone)
    return (datetime.fromtimestamp(at, zone).date() - datetime.fromtimestamp(start, zone).date()).days


def _when(script: Script, at: int) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(script.timezone)).strftime("%Y-%m-%d %H:%M")
