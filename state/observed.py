"""What targets showed in bulk, for the length of one adoption: in a private temporary file, so that memory stays flat
and nothing is left when the process ends."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import orjson

from mappings.model import JSONObject, Record, Ref

SCHEMA = """
CREATE TABLE seen (target TEXT, id TEXT, key TEXT, role TEXT, email TEXT, kind TEXT, body BLOB,
  PRIMARY KEY (target, id)) WITHOUT ROWID;
CREATE INDEX by_key ON seen (target, key);
CREATE INDEX by_email ON seen (target, email);
"""
SELECT = "SELECT id, key, role, email, kind, body FROM seen WHERE target = ?"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """One object of a target. ``key``: our id, where it carries one; ``role`` and ``email`` (case-folded) of a contact;
    ``body``: the target's JSON."""

    id: str
    key: str = ""
    role: str = ""
    email: str = ""
    kind: str = ""
    body: bytes = b"null"

    def record(self, target: str) -> Record:
        return Record(Ref(target, self.kind, self.id), orjson.loads(self.body))


def encoded(body: JSONObject | None) -> bytes:
    """For ``Shown.body``."""
    return orjson.dumps(body)


class Observed:
    """By target and by what an object can be recognised by. For one thread; to be closed."""

    def __init__(self) -> None:
        # An empty name is a file of SQLite's own, deleted as soon as it is open.
        self._file = sqlite3.connect("")
        self._file.executescript(SCHEMA)

    def close(self) -> None:
        self._file.close()

    def add(self, target: str, rows: Iterable[Shown]) -> None:
        """A later row with the same id replaces the earlier one: pages may repeat."""
        values = [(target, row.id, row.key, row.role, row.email, row.kind, row.body) for row in rows]
        self._file.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def by_key(self, target: str, keys: Collection[str]) -> list[Shown]:
        return self._among(target, "key", keys)

    def by_email(self, target: str, emails: Collection[str]) -> list[Shown]:
        return self._among(target, "email", emails)

    def by_id(self, target: str, ids: Collection[str]) -> list[Shown]:
        return self._among(target, "id", ids)

    def pages(self, target: str) -> Iterator[list[Shown]]:
        """Everything of a target, by id."""
        after = ""
        while page := self._rows(f"{SELECT} AND id > ? ORDER BY id LIMIT {PAGE}", target, after):
            yield page
            after = page[-1].id

    def _among(self, target: str, column: str, values: Collection[str]) -> list[Shown]:
        return self._rows(f"{SELECT} AND {column} IN (SELECT value FROM json_each(?))", target, json.dumps([*values]))

    def _rows(self, query: str, *values: str) -> list[Shown]:
        return [Shown(*row) for row in self._file.execute(query, values)]
