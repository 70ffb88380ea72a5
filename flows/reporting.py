"""What a flow run shows in Prefect: its name, a report, a table of changes, and how it ended. No person is named."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from prefect import runtime, states
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State

from connectors.contract import ConnectorError
from flows.comparing import Compared, verdict
from flows.failures import opened, troubles
from flows.hub import Hub
from flows.reading import Pulled
from flows.report import Report
from flows.settings import Failed, Misuse, load_settings
from flows.wording import counted
from mappings.links import hidden
from state.store import Entry, StateError

# A table of more rows is slow to open; the journal has them all.
MOST_ROWS = 500
MOST_LETTERS = 500
OURS = (ConnectorError, StateError, Failed, Misuse)
# Values that name a state of ours; of anything else a report says only that it changed.
SHOWN = re.compile(r"(custom\.(account_)?)?(stage|access|plan|tags|companies|event|answer|desired|instance_status)")


def run_name() -> str:
    """The name of the flow run that is starting: purpose, moment, and for how many accounts."""
    only = runtime.flow_run.parameters.get("only")
    name = f"{runtime.flow_run.flow_name} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    return f"{name}, {counted(len(only), 'account')}" if only else name


def run(purpose: str, work: Callable[[Hub], None]) -> State[None]:
    """Open the house, do ``work``, publish what was done; the state in which the flow run ends, in one sentence.

    Anything wrong makes it Failed. No exception escapes, for Prefect would show its text and trace.
    """
    try:
        hub = Hub(opened(load_settings(), purpose), purpose)
    except Exception as error:
        return _failed([sentence(error)])
    wrong = _attempt(hub, work)
    try:
        entries = hub.sent()
        hub.instep.store.close()
        _publish(hub.report, entries, wrong)
    except Exception as error:
        wrong.append(f"the report could not be published: {sentence(error)}")
    return _failed(wrong) if wrong else states.Completed(message=_done(hub.report))


def shown(report: Report, work: Callable[[], str]) -> State[None]:
    """Do ``work`` as a task run: it shows the sentence that comes back, or red with what went wrong meanwhile."""
    before, done = problems(report), ""
    try:
        done = work()
    except Exception as error:
        report.troubles[type(error).__name__] = sentence(error)
    wrong = [problem for problem in problems(report) if problem not in before]
    return _failed(wrong) if wrong else states.Completed(message=done)


def problems(report: Report) -> list[str]:
    """Everything that makes a run a failed one."""
    bugs = [f"a bug at account {bug}" for bug in report.tally.bugs]
    unbalanced = (
        [] if report.tally.balanced else ["the books do not balance: not all pairs looked at are accounted for"]
    )
    return [public(text) for text in (*troubles(report), *bugs, *unbalanced)]


def sentence(error: Exception) -> str:
    """Our own errors say what is wrong; of a foreign one only its kind and place, for its text may name a person."""
    if isinstance(error, OURS):
        return public(str(error))
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"something unexpected happened: {type(error).__name__} at {place.name}, line {place.lineno}"


def public(text: str) -> str:
    """Anything like an e-mail address is hidden."""
    return re.sub(r"\S*@\S*", "(hidden)", hidden(text))


def escaped(text: str) -> str:
    """Plain text as Markdown that shows just that text, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&-])", r"\\\1", " ".join(public(text).split()))


def markdown(report: Report, entries: Sequence[Entry], wrong: Sequence[str]) -> str:
    """The report of a run: what went wrong first, then what was read and sent."""
    tally, backlog = report.tally, report.backlog
    looked = f"{_worked(tally.accounts, len(entries))}, {counted(report.looked.roots, 'object')} fetched"
    due = f"{counted(backlog.due, 'account')} and {counted(backlog.hints, 'hint')} due" if backlog else ""
    left = f"Left: {due}, {backlog.leased} in work." if backlog else ""
    new = counted(report.new_todo, "new line", "needs", "need")
    todo = f"{new} a person: `instep todo` lists what does." if report.new_todo else ""
    blocks = [
        f"# {escaped(report.purpose)}: {'failed' if wrong else 'done'}",
        f"Run `{report.run}`: {looked}. {left}",
        " ".join(filter(None, [report.brake, todo])),
        _section("What is wrong", [f"- {escaped(problem)}" for problem in wrong]),
        _table("Sources", ("source", "whole", "rows", "hints", "gone"), [_source(p) for p in report.pulled]),
        _table("Compared", ("what", "compared", "equal", "differ, by reason"), [_compared(c) for c in report.compared]),
        _table("Changes", ("target", "count"), sorted(tally.writes.items())),
        _table("Accounts and targets", ("outcome", "count"), sorted(tally.outcomes.items())),
    ]
    return "\n\n".join(block for block in blocks if block)


def rows(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Table rows, oldest first, MOST_ROWS at most."""
    return [_row(entry) for entry in entries[:MOST_ROWS]]


def _attempt(hub: Hub, work: Callable[[Hub], None]) -> list[str]:
    """Everything that went wrong."""
    unexpected = []
    try:
        with hub:
            work(hub)
    except Exception as error:
        unexpected.append(sentence(error))
    return [*unexpected, *problems(hub.report)]


def _done(report: Report) -> str:
    rows, hints = (sum(getattr(pulled, what) for pulled in report.pulled) for what in ("rows", "hints"))
    found = verdict(report.compared)
    did = f"{came_in(rows, hints)}, {_worked(report.tally.accounts, report.writes)}"
    return "; ".join(filter(None, [found, did, report.brake]))


def came_in(rows: int, hints: int) -> str:
    return f"{counted(rows, 'row')} and {counted(hints, 'hint')} came in"


def _worked(accounts: int, writes: int) -> str:
    return f"{counted(accounts, 'account')} worked on, {counted(writes, 'change')} sent"


def _failed(wrong: Sequence[str]) -> State[None]:
    return states.Failed(message=_cut("; ".join(wrong)))


def _publish(report: Report, entries: Sequence[Entry], wrong: Sequence[str]) -> None:
    """The report always; the table when something was sent, so that its newest version is the last change."""
    create_markdown_artifact(markdown(report, entries, wrong), key=f"{report.purpose}-report")
    if not entries:
        return
    left = len(entries) - MOST_ROWS
    more = f"; the first {MOST_ROWS} are shown, {left} are left out: the journal has them" if left > 0 else ""
    what = f"{counted(len(entries), 'change')} of run {report.run}{more}"
    create_table_artifact(rows(entries), key=f"{report.purpose}-changes", description=what)


def _row(entry: Entry) -> dict[str, str]:
    row = {
        "sent at": f"{datetime.fromtimestamp(entry.sent_at, UTC):%Y-%m-%d %H:%M:%S}",
        "target": entry.target,
        "subject": entry.subject,
        "operation": entry.operation,
        "what": ", ".join(_what(name, value) for name, value in entry.after.items()),
        "why": entry.reason,
        "vendor request": entry.vendor_request_id,
    }
    return {name: public(text) for name, text in row.items()}


def _what(name: str, value: object) -> str:
    return f"{name}={value}" if SHOWN.fullmatch(name) else name


def _source(pulled: Pulled) -> tuple[object, ...]:
    whole = "read elsewhere" if pulled.busy else "yes" if pulled.scanned else "no"
    return pulled.source, whole, pulled.rows, pulled.hints, len(pulled.absent)


def _compared(one: Compared) -> tuple[object, ...]:
    reasons = Counter(difference.reason for difference in one.differences)
    return one.of, one.all, one.equal, ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))


def _table(title: str, head: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *([escaped(str(cell)) for cell in row] for row in body)]
    return _section(title, [f"| {' | '.join(line)} |" for line in lines]) if body else ""


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}..."
