"""`instep todo`, `resolve` and `ignore`: what they print and refuse, what a file may hold."""

from __future__ import annotations

import csv
import os
import pty
import subprocess
import sys
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from home import PERSON, Home
from rich.console import Console

from instep import screen, sheets
from instep.screen import moment


@pytest.fixture
def parked(on: Home) -> Home:
    """With a person whose e-mail is none, and a request from long ago."""
    on.write("UPDATE members SET email = 'nowhere'")
    row = "INSERT INTO instep_requests (request_id, kind, account_id, user_id, plan, requested_at)"
    on.write(
        f"{row} VALUES (?, ?, ?, ?, ?, ?)",
        f"{on.account}-old",
        "trial",
        on.account,
        on.user,
        "pro",
        int(time.time()) - 86_400,
    )
    assert on.run("sync").code == 3
    return on


def line(home: Home, subject: str) -> dict[str, object]:
    (found,) = home.run("todo", "--json", "--where", f"subject={subject}").data
    return dict(found)


def test_a_decision_stays_and_is_told_by_nobody_else(parked: Home) -> None:
    person = line(parked, f"person:{parked.user}")
    assert (person["account"], person["target"]) == (parked.account, "intercom.contacts")
    assert f"since {moment(int(str(person['since'])))}" in parked.run("todo").out
    assert person["command"] == f"instep resolve {person['id']} retry"
    said = parked.run("resolve", str(person["id"]), "ignore")
    assert (said.code, said.out) == (0, "Decided: ignore 1.\n")
    assert parked.run("sync").code == 0
    assert parked.run("todo", "--json", "--kind", "parked", "--where", "subject=person:*").data == []
    parked.write("UPDATE members SET email = ''")
    assert parked.run("sync").code == 3


def test_a_terminal_shows_names(parked: Home) -> None:
    """A real one: nothing else may hold names."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", "from instep.main import main; raise SystemExit(main())", "todo", "--show-people"]
    wide = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "250"}
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=wide) as running:
        os.close(end)
        shown = b""
        with suppress(OSError):  # The other end is closed.
            while part := os.read(terminal, 4096):
                shown += part
    os.close(terminal)
    assert running.returncode == 0, shown
    assert PERSON.encode() in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_an_id_in_a_table_leads_to_its_page_on_a_terminal_only(terminal: bool) -> None:
    page, shown = "https://dashboard.stripe.com/test/customers/cus_1", StringIO()
    cell = screen.linked("customer:cus_1 has two accounts", {"cus_1": page})
    Console(file=shown, force_terminal=terminal, width=80).print(screen.table(("subject",), [(cell,)]))
    assert (f";{page}\x1b\\cus_1\x1b" in shown.getvalue()) is terminal
    assert ("customer:cus_1 has two accounts" in shown.getvalue()) is not terminal


def test_an_old_request_is_started(parked: Home) -> None:
    request = line(parked, f"request:{parked.account}-old")
    assert "--yes" not in parked.run("resolve", str(request["id"]), "start").err
    parked.write("UPDATE members SET email = 'back@example.com'")
    parked.run("sync")
    assert parked.access() == "trialing"


def test_mistakes_are_one_sentence_and_decide_nothing(parked: Home, tmp_path: Path) -> None:
    id = str(line(parked, f"request:{parked.account}-old")["id"])
    file = tmp_path / "todo.csv"
    for words, why in (
        (["resolve"], "Name one line"),
        (["resolve", "99999"], "Line 99999: there is no such line (any more)"),
        (["resolve", id, "link", "x"], "'link x' does not fit: choose start or ignore"),
        (["resolve", "--from", str(file)], "cannot be read"),
        (["ignore", "--where", "kind=nothing"], "No line of todo is like that"),
        (["ignore", "--where", "import os"], "import os is no filter"),
        (["ignore", "--where", "kind=parked"], "Add --yes to agree"),
        (["todo", "--show-people"], "for a terminal only"),
    ):
        said = parked.run(*words)
        assert said.code == 2, words
        assert why in said.sentence
    file.write_text(f"id;decision\n{id};start\n{id}9;ignore\n")
    assert "Nothing was decided." in parked.run("resolve", "--from", str(file), "--yes").sentence
    assert line(parked, f"request:{parked.account}-old")["decision"] == "ignore"


def test_a_file_is_not_written_over_and_what_moved_stays_open(parked: Home, tmp_path: Path) -> None:
    file = tmp_path / "todo.csv"
    assert parked.run("todo", "--csv", str(file), "--kind", "parked").code == 0
    assert "is there already" in parked.run("todo", "--csv", str(file)).sentence
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        row |= {"decision": "ignore", "reason": "what it said before"}
    sheets.write(file, list(rows[0]), [list(row.values()) for row in rows])
    said = parked.run("resolve", "--from", str(file), "--yes")
    assert said.code == 1
    assert "stays open: what it is about has changed since" in said.err


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=x", "plain"])
def test_no_cell_is_a_formula_and_all_come_back(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    sheets.write(file, ("id", "text"), [(1, cell)])
    with file.open(newline="") as table:
        (row,) = csv.DictReader(table)
    assert row["text"][0] not in "=+-@\t\r"
    if not cell.startswith("'"):
        assert sheets.read(file, ("id",))[0]["text"] == cell


def test_accounts_of_the_exclusion_list_are_left_alone(on: Home) -> None:
    with (on.folder / "instep.toml").open("a") as file:
        file.write(f'\n[exclude]\naccounts = ["{on.account}"]\n')
    on.write("UPDATE members SET email = 'nowhere'")
    before = on.vendor_writes()
    assert on.run("plan", "--json").data == []
    assert on.run("sync").code == 0
    assert (on.access(), on.vendor_writes()) == (None, before)
