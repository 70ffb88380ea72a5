"""The first day from the command line: the adoption report, go-live and pause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from flows.wording import counted
from instep import sheets
from instep.options import Json, Only, Yes
from instep.running import tell_excluded
from instep.screen import as_json, complain, confirm, progress, public, say, show, table

if TYPE_CHECKING:
    from flows.adoption import Adoption
    from flows.switching import House

# Steps of the report that are one line each; the rest is in the files.
LINES = 30
STARTED = ("trials", "subscription changes", "instances", "charges", "events", "hooks")


def adopt(
    *,
    only: Only | None = None,
    csv: Annotated[Path | None, Parameter(help="Write every line of the report into this folder, as CSV.")] = None,
    json: Json = False,
) -> int:
    """Read everything, find out who is who, and report what going live would change. Nothing is sent."""
    from flows.adoption import adopt as run
    from flows.failures import opened
    from flows.requesting import must_be_known
    from flows.settings import load_settings

    instep = opened(load_settings(), "adopt")
    must_be_known(instep, only)
    with progress() as tell:
        report = run(instep, only or (), tell)
    if csv:
        write_files(report, csv)
    if json:
        as_json(_data(report))
    else:
        _report(report, csv)
    tell_excluded(instep, only)
    return 0


def go_live(
    target: Annotated[str, Parameter(help="A target or a system; everything without it.")] = "",
    /,
    *,
    only: Only | None = None,
    accept_names: Annotated[
        bool, Parameter(negative=(), help="Use tags and attributes of these names that others have made.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Switch targets on, for everybody or for a pilot of accounts; the next sync sends."""
    from flows.failures import opened
    from flows.requesting import must_be_known
    from flows.settings import load_settings
    from flows.switching import go_live as switch

    settings = load_settings()
    instep = opened(settings, "go-live")
    must_be_known(instep, only)
    who = counted(len(set(only)), "account") if only else "every account"
    if not confirm(f"Switch {target or 'every target'} on for {who}?", yes):
        say("Nothing was done.")
        return 0
    return _switched(switch(instep, target, only or (), accept_names), json)


def pause(
    target: Annotated[str, Parameter(help="A target or a system; everything without it.")] = "",
    /,
    *,
    json: Json = False,
) -> int:
    """Stop sending: targets watch again, from the next account of every worker on."""
    from flows.settings import load_settings
    from flows.switching import pause as switch

    return _switched(switch(load_settings(), target), json)


def _switched(house: House, json: bool) -> int:
    if json:
        as_json({"modes": dict(house.modes), "pilots": {name: list(who) for name, who in house.pilots.items()}})
        return 0
    rows = [
        (
            name,
            f"on for {counted(len(house.pilots[name]), 'account')}" if mode == "on" and name in house.pilots else mode,
        )
        for name, mode in house.modes.items()
    ]
    show(table(("target", "mode"), rows))
    if "on" in house.modes.values():
        say("What a sync would send: `instep plan`; send it: `instep sync`.")
    return 0


def _report(report: Adoption, folder: Path | None) -> None:
    """One screen: who was recognised, what would change, what would start, what it takes."""
    forecast = report.forecast
    show(table(("recognised", "#"), sorted(report.matched.items()), title="Who is who"))
    rows = [(target, operation, what, count) for (target, operation, what), count in sorted(forecast.steps.items())]
    show(table(("target", "operation", "what", "#"), rows[:LINES], title="What going live would send"))
    if len(rows) > LINES:
        say(f"and {counted(len(rows) - LINES, 'line')} more: --csv FOLDER writes all of them.")
    started = {name: forecast.starts[name] for name in STARTED}
    say(f"Would start: {', '.join(f'{name} {count}' for name, count in started.items())}.")
    if any(started.values()):
        complain("Something would start that a first day should not: look at `instep plan` before going live.")
    money = ", ".join(f"{amount:.2f} {currency.upper()}" for currency, amount in sorted(report.money().items()))
    falls = f"{counted(len(forecast.falls), 'account', 'loses', 'lose')} access" + (
        f", paying {money} a month" if money else ""
    )
    say(f"{falls}." if forecast.falls else "Nobody loses access.")
    if forecast.left:
        some = counted(forecast.left.total(), "account", "keeps", "keep")
        why = ", ".join(f"{count} {rule}" for rule, count in sorted(forecast.left.items()))
        say(f"{some} what the product gives, without a row in instep_access: {why}.")
    say(f"{counted(len(forecast.overwrites), 'field')} would be overwritten; what is there now is kept in the journal.")
    if report.foreign:
        more = " ..." if len(report.foreign) > 6 else ""
        say(f"Made by others, with a name of ours: {', '.join(report.foreign[:6])}{more}.")
        say("Rename them in [names] of instep.toml, or use what is there: `instep go-live --accept-names`.")
    for hindrance in report.hindrances:
        complain(f"In the way of going live: {hindrance}.")
    if made := sum(count for key, count in forecast.steps.items() if key[:2] == ("intercom.contacts", "create")):
        some = counted(made, "contact")
        say(f"{some} would be made, but for people whose contact was archived by hand: no list shows these.")
    if report.conflicts:
        say(f"{counted(report.conflicts, 'conflict')} to decide: `instep todo`.")
    calls = ", ".join(f"{count} to {system}" for system, count in sorted(forecast.calls().items())) or "none"
    say(f"Calls: {calls}; about {counted(report.minutes, 'minute')}. Nothing was sent.")
    say(f"All lines are in {folder}." if folder else "Every line as a file: --csv FOLDER.")
    if report.hindrances:
        say("Next: what is in the way, then `instep adopt` again.")
    else:
        say("Next: `instep go-live --only ACCOUNT ...` for a few accounts, then `instep go-live`.")


def _data(report: Adoption) -> dict[str, Any]:
    forecast = report.forecast
    steps = [
        {"target": t, "operation": o, "what": what, "count": n} for (t, o, what), n in sorted(forecast.steps.items())
    ]
    return {
        "accounts": forecast.accounts,
        "matched": dict(report.matched),
        "steps": steps,
        "starts": dict(forecast.starts),
        "access_falls": [asdict(fall) for fall in forecast.falls],
        "left_to_product": dict(forecast.left),
        "overwrites": len(forecast.overwrites),
        "names_of_others": list(report.foreign),
        "hindrances": list(report.hindrances),
        "conflicts": report.conflicts,
        "calls": dict(forecast.calls()),
        "minutes": report.minutes,
    }


def write_files(report: Adoption, folder: Path) -> None:
    """``steps.csv``, ``overwrites.csv`` and ``access.csv``; ids only, what names a person is hidden."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [(*key, count) for key, count in sorted(report.forecast.steps.items())]
    sheets.write(folder / "steps.csv", ("target", "operation", "what", "count"), steps)
    sheets.write(
        folder / "overwrites.csv", ("account_id", "target", "subject", "name", "before", "after"), _overwrites(report)
    )
    falls = [tuple(asdict(fall).values()) for fall in report.forecast.falls]
    sheets.write(folder / "access.csv", ("account_id", "before", "after", "reason", "mrr", "currency"), falls)


def _overwrites(report: Adoption) -> Iterator[tuple[Any, ...]]:
    for line in report.forecast.overwrites:
        before, after = (public({line.name: value})[line.name] for value in (line.before, line.after))
        yield line.account_id, line.target, line.subject, line.name, before, after
