"""What people and programs see: sentences, tables, JSON, progress. Never an e-mail address or a name."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from mappings.links import hidden

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

PERSONAL = ("email", "name", "owner_email", "phone")
# What a table gets where there is no terminal to ask for its width.
PIPED_WIDTH = 140


def console(error: bool = False) -> Console:
    """Standard output, or standard error."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else PIPED_WIDTH)


def say(text: str = "", style: str = "") -> None:
    """One line for people; never taken for markup."""
    console().print(text, style=style or None, markup=False, soft_wrap=True)


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    sys.stderr.write(f"instep: {sentence}\n")


def as_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """Quiet lines, texts as they are. A column whose name ends in ``#`` holds numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for name in columns:
        made.add_column(name.removesuffix("#"), justify="right" if name.endswith("#") else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return made


def linked(text: str, links: Mapping[str, str]) -> Text:
    """A cell whose ids lead to the vendor's own page, on a terminal that can."""
    from rich.text import Text

    cell = Text(text)
    for id, address in links.items():
        cell.highlight_regex(re.escape(id), style=f"link {address}")
    return cell


def show(*things: Any) -> None:
    """Tables and the like."""
    screen = console()
    for thing in things:
        screen.print(thing)


def program() -> str:
    """How this command is called here: with its path where the shell does not find it by its name."""
    called = sys.argv[0]
    return "instep" if Path(called).name != "instep" or which("instep") == called else called


def moment(at: int | None) -> str:
    """A unix second as people read it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at is not None else "-"


def public(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values without what names a person."""
    return {name: "(hidden)" if _names(name) and value else _public(value) for name, value in values.items()}


def _names(field: str) -> bool:
    return field.rpartition(".")[2] in PERSONAL


def _public(value: Any) -> Any:
    if isinstance(value, Mapping):
        return public(value)
    if isinstance(value, list | tuple):
        return [_public(item) for item in value]
    if not isinstance(value, str):
        return value
    return "(hidden)" if "@" in value else hidden(value)


@contextmanager
def progress() -> Iterator[Callable[[str, int], None]]:
    """``tell(what, how many more)`` for long work; shown on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda what, more: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"))
    with Progress(*columns, console=console(error=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, more: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.advance(tasks[what], more)

        yield tell


def confirm(question: str, yes: bool) -> bool:
    """True with ``--yes``, or when a person at a terminal agrees. Raises Misuse where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        from flows.settings import Misuse

        raise Misuse(f"{question} Add --yes to agree.")
    return console().input(f"{question} [y/N] ", markup=False).strip().casefold() in ("y", "yes")
