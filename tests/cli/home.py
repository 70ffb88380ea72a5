"""The command in this process, against vendors in another one; everything it says is searched for what it must not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from installation import DOMAIN, PERSON, Installation

from instep.main import main

numbers = count(1)
SECRETS = ("sk_test_sandbox", "sk_test_wrong", "sk_live_1", "tok_sandbox", "tok_wrong", "c2FuZGJveC1wcm92", "hunter2")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line on standard error, without the command's name."""
        name, _, sentence = self.err.removesuffix("\n").partition(": ")
        assert name == "instep", self.err
        assert "\n" not in sentence, self.err
        return sentence


class Home(Installation):
    """An installation whose settings are in the environment, and the command to use it with."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
        super().__init__(folder, url, f"c{next(numbers)}")
        self.folder, self.url, self._environment, self._captured = folder, url, monkeypatch, capsys
        self.tables_before = self.tables("product.db")
        self._mark = self.control("GET", "/state")["calls"]
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def set(self, name: str, value: str | None) -> None:
        if value is None:
            self._environment.delenv(name)
        else:
            self._environment.setenv(name, value)

    def run(self, *arguments: str) -> Said:
        self._captured.readouterr()
        code = main(arguments)
        said = Said(code, *self._captured.readouterr())
        printed = (said.out + said.err).casefold()
        assert not [word for word in (*SECRETS, PERSON, DOMAIN) if word.casefold() in printed], printed
        assert "traceback" not in printed, printed
        return said

    def configure(self, text: str) -> None:
        (self.folder / "instep.toml").write_text(text)

    def tables(self, file: str) -> list[str]:
        if not (self.folder / file).exists():
            return []
        with closing(sqlite3.connect(self.folder / file)) as connection:
            return [name for (name,) in connection.execute(TABLES)]

    def requests(self) -> int:
        """How many rows instep_requests has."""
        return int(self.rows("SELECT count(*) FROM instep_requests")[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Of the product's database."""
        with closing(sqlite3.connect(self.folder / "product.db")) as connection:
            return connection.execute(query).fetchall()

    def vendor_writes(self) -> int:
        """How many writes the vendors booked since the test began."""
        return len(self.control("GET", f"/ledger?writes=1&since={self._mark}"))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()
