"""Tables as CSV files for spreadsheets, out and in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """UTF-8; a text that would be a formula gets an apostrophe in front."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_escaped(cell) for cell in row])


def read(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """Rows by column, as ``write`` was given them, whatever a spreadsheet made of separators. Raises Misuse."""
    from flows.settings import Misuse

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"{path} cannot be read: it has to be a CSV file in UTF-8.") from None
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=separator)
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise Misuse(f"{path} has no column {missing[0]}: `instep todo --csv FILE` writes one that has.")
    return [{name: _plain(value or "") for name, value in row.items() if isinstance(name, str)} for row in reader]


def _escaped(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell
