"""The loop from the command line: plan, sync and sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flows.wording import counted
from instep.comparing import show_compared
from instep.options import Json, Only
from instep.screen import as_json, complain, console, moment, progress, public, say, show, table
from instep.telling import by_target, not_done, telling

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.preview import Planned
    from flows.reading import Pulled
    from flows.report import Report
    from mappings.model import AccountId, Step

FAILED, NEEDS_A_PERSON = 1, 3
# How many field names a line of a plan shows.
FIELDS = 4
# The most lines of the journal that a summary is made from.
JOURNAL = 100_000


def plan(*, only: Only | None = None, json: Json = False) -> int:
    """Read every source and show what a sync would send, without sending it."""
    from flows.hub import Hub

    instep = open_for(only, "plan")
    with progress() as tell, Hub(instep, "plan", tell) as hub:
        hub.pull()
        steps = hub.plan(only or ())
    if json:
        as_json([_step(planned) for planned in steps])
    elif steps:
        show(table(("account", "target", "operation", "subject", "what", "why"), _rows(steps)))
        accounts = len({planned.account_id for planned in steps})
        say(f"{counted(len(steps), 'step')} for {counted(accounts, 'account')}.{_braked(steps)}{_watching(instep)}")
    elif hub.report.ok:
        say(f"Nothing to send.{_watching(instep)}")
    tell_excluded(instep, only)
    return ended(hub.report)


def sync(*, only: Only | None = None, json: Json = False) -> int:
    """Read every source, then send what is missing until nothing is left to do."""
    from flows.hub import sync as run

    instep = open_for(only, "sync")
    with progress() as tell:
        report = run(instep, only or (), tell)
    return _told(instep, report, only, json)


def sweep(*, only: Only | None = None, json: Json = False) -> int:
    """Compare every source whole with what is known of it, whatever its events said, then do what sync does."""
    from flows.hub import sweep as run

    instep = open_for(only, "sweep")
    with progress() as tell:
        report = run(instep, only or (), tell)
    return _told(instep, report, only, json)


def open_for(only: Sequence[AccountId] | None, purpose: str) -> Instep:
    """Raises Failed or Misuse; a run that could not begin is kept for ``status``."""
    from flows.failures import opened
    from flows.requesting import must_be_known
    from flows.settings import load_settings

    instep = opened(load_settings(), purpose)
    must_be_known(instep, only)
    return instep


def tell_excluded(instep: Instep, only: Sequence[AccountId] | None) -> None:
    """On standard error: which of the named accounts are left alone, as the sources say now."""
    from flows.requesting import excluded_among

    if only and (left := excluded_among(instep, only)):
        complain(left)


def _braked(steps: Sequence[Planned]) -> str:
    held = sum(bool(planned.held) for planned in steps)
    return f" The brake would hold {counted(held, 'step')}: see `instep approve`." if held else ""


def _watching(instep: Instep) -> str:
    """Said wherever somebody could believe that something is sent."""
    modes = {line.target.name: instep.systems.mode(line.target.name) for line in instep.systems.targets}
    watch = [name for name, mode in modes.items() if mode == "watch"]
    if not watch:
        return ""
    some = f"{', '.join(watch)} only {'watches' if len(watch) == 1 else 'watch'}"
    which = "Every target only watches" if len(watch) == len(modes) else some
    return f" {which}: a sync sends nothing there."


def _step(planned: Planned) -> dict[str, Any]:
    step, happened = planned.step, planned.step.occurrence
    return {
        "account": planned.account_id,
        "target": step.target,
        "subject": step.subject,
        "operation": step.operation,
        "values": public(step.values),
        "member": list(step.member) if step.member[0] else None,
        "occurrence": {"name": happened.name, "id": happened.id, "at": happened.at} if happened else None,
        "then": planned.then,
        "held": planned.held or None,
        "why": step.why,
    }


def _rows(steps: Sequence[Planned]) -> Iterator[tuple[str, ...]]:
    """An account is named once, above its steps."""
    before = ""
    for planned in steps:
        step = planned.step
        operation = f"then {step.operation}" if planned.then else step.operation
        operation = f"{operation} (held)" if planned.held else operation
        account = planned.account_id if planned.account_id != before else ""
        yield account, step.target, operation, step.subject, _what(step), step.why
        before = planned.account_id


def _what(step: Step) -> str:
    if step.occurrence:
        return f"{step.occurrence.name} at {moment(step.occurrence.at)}"
    if step.member[0]:
        return " ".join(step.member)
    fields = [name.removeprefix("custom.") for name in step.values]
    return ", ".join(fields[:FIELDS]) + (f" and {len(fields) - FIELDS} more" if len(fields) > FIELDS else "")


def _told(instep: Instep, report: Report, only: Sequence[AccountId] | None, json: bool) -> int:
    if json:
        as_json(summary(report))
    else:
        _summarise(instep, report)
    tell_excluded(instep, only)
    return ended(report)


def summary(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    tally, backlog = report.tally, report.backlog
    return {
        "run": report.run,
        "purpose": report.purpose,
        "ok": report.ok,
        "sources": [
            {"source": p.source, "rows": p.rows, "hints": p.hints, "whole": p.scanned, "busy": p.busy}
            for p in report.pulled
        ],
        "compared": [one.as_data() for one in report.compared],
        "looked_at": report.looked.roots,
        "accounts": tally.accounts,
        "outcomes": {str(name): count for name, count in tally.outcomes.items()},
        "writes": dict(tally.writes),
        "troubles": [*report.troubles.values(), *tally.bugs],
        "waiting": dict(backlog.waiting) if backlog else {},
        "next_at": backlog.next_at if backlog else None,
        "new_todo": report.new_todo,
        "braked": report.braked,
    }


def _summarise(instep: Instep, report: Report) -> None:
    """What is new, what was sent and why, what is left."""
    news = [_read(pulled) for pulled in report.pulled if pulled.busy or pulled.rows or pulled.hints]
    say(f"New in {', '.join(news)}." if news else "Nothing new in the sources since they were last read.")
    show_compared(report.compared)
    sent = instep.store.journal(limit=JOURNAL, run=report.run)[::-1]
    if sent:
        show(table(("target", "sent#", "what"), by_target(sent, [line.target.name for line in instep.systems.targets])))
        for line in (*telling(sent), *not_done(sent)):
            console().print("  ", line, sep="", soft_wrap=True)
        say()
    left = _left(report.tally.outcomes) if report.ok else ""
    say(f"Looked at {counted(report.tally.accounts, 'account')}. {_sent(report.writes)}{left}{_watching(instep)}")
    if report.brake:
        say(report.brake)


def _sent(writes: int) -> str:
    return f"{counted(writes, 'change', 'was', 'were')} sent." if writes else "Nothing was sent."


def _left(outcomes: Mapping[str, int]) -> str:
    """What comes by itself, and what needs a person; both are counted per account and target."""
    parked, waiting = outcomes.get("parked", 0), outcomes.get("waiting", 0)
    later = f" {counted(waiting, 'change', 'comes', 'come')} later by {'itself' if waiting == 1 else 'themselves'}."
    aside = f" {counted(parked, 'change', 'waits', 'wait')} for a person: see `instep todo`."
    return (later if waiting else "") + (aside if parked else "")


def _read(pulled: Pulled) -> str:
    if pulled.busy:
        return f"{pulled.source} (another worker is reading it)"
    found = [counted(pulled.rows, "row")] if pulled.rows else []
    found += [counted(pulled.hints, "hint")] if pulled.hints else []
    return f"{pulled.source} ({' and '.join(found)})"


def ended(report: Report) -> int:
    """Troubles on standard error, and the exit code."""
    from flows.failures import troubles

    for trouble in troubles(report):
        complain(trouble if trouble.endswith(".") else f"{trouble}.")
    for bug in report.tally.bugs:
        complain(f"account {bug} could not be worked on. Run the command again with --debug to see where.")
    if not report.ok:
        return FAILED
    if report.new_todo:
        complain(f"Something new needs a person ({report.new_todo}): see `instep todo`.")
        return NEEDS_A_PERSON
    return 0
