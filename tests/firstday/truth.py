"""Who is who: what Instep has linked against what the sandbox knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

JSON = dict[str, Any]
Mistake = tuple[str | None, JSON]

TARGETS = {"contact": "intercom.contacts", "company": "intercom.companies"}


def mistakes(state: Path, truth: Sequence[JSON]) -> list[Mistake]:
    """(what it is taken for, its row of ``truth``): matchable and not linked, or linked to anybody else."""
    taken = _taken(state)
    compared = [(taken.get((row["kind"], row["id"])), row) for row in truth]
    return [(found, row) for found, row in compared if found != (_who(row) if row["matchable"] else None)]


def _who(row: JSON) -> str:
    return f"person:{row['user_id']}" if row["kind"] == "contact" else f"account:{row['account_id']}"


def _taken(state: Path) -> dict[tuple[str, str], str]:
    """Kind and the vendor's id -> the subject that it is taken for."""
    links = "SELECT target, external_id, subject FROM links WHERE external_id <> ''"
    customers = "SELECT id, account_id FROM facts WHERE kind = 'customer' AND account_id <> '' AND NOT gone"
    with closing(sqlite3.connect(state)) as connection:
        kinds = {target: kind for kind, target in TARGETS.items()}
        found = {(kinds[t], id): subject for t, id, subject in connection.execute(links) if t in kinds}
        return found | {("customer", id): f"account:{account}" for id, account in connection.execute(customers)}
