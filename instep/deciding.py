"""What needs a person: listed, decided one by one, by filter or in a spreadsheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from flows.wording import counted
from instep import sheets
from instep.options import Json, Yes
from instep.screen import as_json, complain, confirm, linked, moment, progress, say, show, table

if TYPE_CHECKING:
    from flows.deciding import Choice, Decided, Decider
    from flows.settings import Settings
    from flows.todos import Line

FAILED = 1
# The most lines that a terminal shows at once.
SHOWN = 100
COLUMNS = (
    "id", "decision", "proposed", "choices", "kind", "subject", "account", "target", "reason", "proposal", "since",
    "link",
)  # fmt: skip
Where = Annotated[
    list[str],
    Parameter(
        name="--where",
        negative=(),
        consume_multiple=True,
        help="Only lines with FIELD=VALUE or FIELD!=VALUE, * for any text: id, kind, subject, account, target, reason.",
    ),
]
Kind = Literal["conflict", "parked", "gone", "held", "alert", "unmatched"]


def todo(
    *,
    kind: Annotated[list[Kind] | None, Parameter(negative=(), consume_multiple=True, help="Only these kinds.")] = None,
    where: Where | None = None,
    csv: Annotated[Path | None, Parameter(help="Write all of it into this file, with a column to decide in.")] = None,
    show_people: Annotated[
        bool, Parameter(negative=(), help="Fetch names and e-mails, for this terminal only.")
    ] = False,
    json: Json = False,
) -> int:
    """List what needs a person, each line with its reason and the command that settles it."""
    from flows.settings import load_settings
    from flows.todos import lines

    settings = load_settings()
    if show_people:
        _must_be_seen_by_a_person(json, csv)
    found = lines(settings, kind or (), where or ())
    if csv:
        _write(csv, found)
        say(f"{counted(len(found), 'line')} written into {csv}. Fill in decision, then `instep resolve --from {csv}`.")
    elif json:
        as_json([line.as_data() for line in found])
    else:
        _show(settings, found, bool(kind or where), show_people)
    return 0


def _show(settings: Settings, found: Sequence[Line], asked: bool, show_people: bool) -> None:
    """Those that need a person; unless asked for, the others are a number."""
    listed = [line for line in found if asked or line.todo.kind != "unmatched"]
    people: Mapping[int, str] = {}
    if show_people:
        from flows.people import people_of

        people = people_of(settings, [line.todo for line in listed[:SHOWN]])
    if listed:
        _list(listed, people)
    else:
        say(_nothing(settings, asked))
    if others := len(found) - len(listed):
        many = counted(others, "Stripe customer", "belongs", "belong")
        say(f"{many} to no account; nothing has to be decided about that: `instep todo --kind unmatched`.")


def resolve(
    id: Annotated[int | None, Parameter(help="The line's number in `instep todo`.")] = None,
    /,
    *words: Annotated[
        str, Parameter(help="What to do: link ID, create, start, retry or ignore; without it, what is proposed.")
    ],
    file: Annotated[
        Path | None, Parameter(name="--from", help="Decide what the column decision of this CSV file says.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Decide a line of todo, or many from a file. Nothing is sent by this: the next sync does."""
    from flows.deciding import decider
    from flows.settings import Misuse, load_settings

    if (id is None) == (file is None):
        raise Misuse("Name one line, as in `instep resolve 12 ignore`, or a file with --from.")
    decides, store = decider(load_settings())
    written = _read(file) if file else [(id or 0, " ".join(words), None)]
    return _settle(decides, _chosen(store, written), yes or file is None, json)


def ignore(*, where: Where, yes: Yes = False, json: Json = False) -> int:
    """Leave many lines as they are, until what they say moves."""
    from flows.deciding import decider
    from flows.settings import Misuse, load_settings
    from flows.todos import lines

    if not where:
        raise Misuse("Say which with --where, as in `instep ignore --where kind=unmatched`.")
    settings = load_settings()
    found = lines(settings, (), where)
    decides, store = decider(settings)
    if not found:
        raise Misuse("No line of todo is like that: `instep todo` lists them.")
    return _settle(decides, _chosen(store, [(line.todo.id, "ignore", line.todo.reason) for line in found]), yes, json)


def _chosen(store: object, written: Sequence[tuple[int, str, str | None]]) -> list[Choice]:
    """All or none: a file with a mistake is mended first. Raises Misuse."""
    from flows.deciding import choose
    from flows.settings import Misuse

    chosen, wrong = choose(store, written)  # type: ignore[arg-type]
    if wrong:
        some = "; ".join(f"line {id}: {why}" for id, why in list(wrong.items())[:3])
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Misuse(f"Nothing was decided. {some[0].upper()}{some[1:]}{more}.")
    return chosen


def _settle(decides: Decider, chosen: Sequence[Choice], yes: bool, json: bool) -> int:
    asked = ", ".join(f"{verb} {count}" for verb, count in sorted(Counter(c.verb for c in chosen).items()))
    if not chosen:
        say("No line has a decision.")
        return 0
    if not confirm(f"Decide {counted(len(chosen), 'line')} ({asked})?", yes):
        say("Nothing was decided.")
        return 0
    with progress() as tell:
        decided = decides.run(chosen, tell)
    if json:
        as_json({"decided": dict(decided.counts), "left": {str(id): why for id, why in decided.left.items()}})
    else:
        _told(decided)
    for id, why in decided.left.items():
        complain(f"line {id} stays open: {why}.")
    return FAILED if decided.left else 0


def _told(decided: Decided) -> None:
    done = [f"{what} {count}" for what, count in sorted(decided.counts.items())]
    if done:
        say(f"Decided: {', '.join(done)}.")
    if decided.counts.keys() - {"ignore", "decided before"}:
        say("Nothing was sent: the next `instep sync` does. What it would send: `instep plan`.")


def _read(file: Path) -> list[tuple[int, str, str | None]]:
    from flows.settings import Misuse

    found: list[tuple[int, str, str | None]] = []
    for row in sheets.read(file, ("id", "decision")):
        if not row["decision"].strip():
            continue
        if not row["id"].strip().isdecimal():
            raise Misuse(f"{file} has a decision in a row whose id is no number. Nothing was decided.")
        found.append((int(row["id"]), row["decision"], row.get("reason")))
    return found


def _write(path: Path, found: Sequence[Line]) -> None:
    from flows.settings import Misuse

    if path.exists():
        raise Misuse(f"{path} is there already and may hold decisions: resolve it with --from, or name another file.")
    sheets.write(path, COLUMNS, map(_row, found))


def _row(line: Line) -> tuple[object, ...]:
    todo = line.todo
    return (
        todo.id, "", todo.decision, line.choices, todo.kind, todo.subject, todo.account_id, todo.target, todo.reason,
        todo.proposal, moment(todo.since), next(iter(line.links.values()), ""),
    )  # fmt: skip


def _list(found: Sequence[Line], people: Mapping[int, str]) -> None:
    shown = found[:SHOWN]
    columns = ("#", "kind", "about", *(["who"] if people else []), "why, and what is proposed", "settle it with")
    show(table(columns, _rows(shown, people)))
    kinds = Counter(line.todo.kind for line in found)
    say(f"{counted(len(found), 'line')}: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}.")
    if len(found) > len(shown):
        say(f"The first {len(shown)} are shown. All: `instep todo --csv todo.csv`; fewer: --kind, --where.")


def _rows(shown: Sequence[Line], people: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
    for line in shown:
        todo = line.todo
        why = f"{todo.reason}\n-> {todo.proposal}" if todo.proposal else todo.reason
        about = "\n".join(filter(None, (todo.subject, todo.target, f"since {moment(todo.since)}")))
        who = [people.get(todo.id, "")] if people else []
        yield todo.id, todo.kind, linked(about, line.links), *who, linked(why, line.links), line.command


def _nothing(settings: Settings, asked: bool) -> str:
    from flows.standing import standing
    from instep.knowing import nobody

    return "No line is like that." if asked else nobody(standing(settings))


def _must_be_seen_by_a_person(json: bool, csv: Path | None) -> None:
    import sys

    from flows.settings import Misuse

    if json or csv or not sys.stdout.isatty():
        raise Misuse("--show-people is for a terminal only: names and e-mails go into no file, pipe or program.")
