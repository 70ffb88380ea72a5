"""Three hundred lines of todo, decided in three commands; nothing is sent by that, and nothing is asked again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from .company import JSON, START, Company, company

MANY = 300
DECIDED = ("accept", "start", "ignore")


@dataclass
class Desk:
    """What was on the list before, and what the vendors booked while it was decided."""

    company: Company
    before: list[JSON] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    effects: list[JSON] = field(default_factory=list)

    def todo(self) -> list[JSON]:
        found: list[JSON] = self.company.run("todo", "--json").data
        return found

    def decided(self, words: str, kind: str) -> list[str]:
        """The subjects of these lines."""
        return [row["subject"] for row in self.rows if (row["decision"], row["kind"]) == (words, kind)]


def forget_requests(here: Company, many: int) -> None:
    """Asked before Instep was there, and never answered."""
    alive = here.rows("company.db", "SELECT id FROM teams WHERE deleted_at IS NULL ORDER BY id")
    teams = [str(row["id"]) for row in alive]
    here.ask([(f"old-{n}", teams[n % len(teams)], START - n) for n in range(many)])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Everything decided."""
    with company(tmp_path_factory.mktemp("todo"), size=0.02) as here:
        here.set_up(checked=False)
        forget_requests(here, MANY)
        assert here.run("adopt").code == 0
        made, mark = Desk(here), here.mark
        made.before = made.todo()
        assert here.run("todo", "--csv", "todo.csv").code == 0
        made.rows = decide(here)
        said = here.run("resolve", "--from", "todo.csv", "--yes")
        assert said.code == 0, said.err
        said = here.run("ignore", "--where", "kind=unmatched", "--yes")
        assert said.code == 0, said.err
        made.effects = here.effects(mark)
        yield made


def decide(here: Company) -> list[dict[str, str]]:
    """A person with a spreadsheet: what is proposed; two old requests are started; unmatched ones are left open."""
    file = here.folder / "todo.csv"
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        starts = row["subject"] in ("request:old-1", "request:old-2")
        words = "start" if starts else "accept" if row["proposed"] else "ignore"
        row["decision"] = "" if row["kind"] == "unmatched" else words
    with file.open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]), delimiter=";")  # As a spreadsheet in Europe writes it.
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_three_hundred_lines_are_decided_in_three_commands(desk: Desk) -> None:
    assert len(desk.before) >= MANY
    assert {line["kind"] for line in desk.before} >= {"conflict", "parked", "unmatched"}
    assert all(line["command"].startswith("instep ") for line in desk.before)
    assert desk.todo() == []
    assert desk.effects == []
    kept = desk.company.rows("state.db", "SELECT DISTINCT resolved_by FROM todo WHERE resolved_at IS NOT NULL")
    assert [row["resolved_by"].partition(":")[0] for row in kept] == ["staff"]


def test_deciding_the_same_again_changes_nothing(desk: Desk) -> None:
    said = desk.company.run("resolve", "--from", "todo.csv", "--yes", "--json")
    assert said.code == 0
    assert said.data["decided"].keys() == {"decided before"}
    assert said.data["left"] == {}


def test_decisions_are_carried_out_and_not_asked_for_again(desk: Desk) -> None:
    """They outlive another adoption and the first syncs."""
    here = desk.company
    assert here.run("adopt").code == 0
    assert here.run("go-live", "--accept-names", "--yes").code == 0
    for _ in range(2):
        assert here.run("sync").code in (0, 3)
    decided = {(row["kind"], row["subject"]) for row in desk.rows if row["decision"]}
    assert not decided & {(line["kind"], line["subject"]) for line in desk.todo()}
    people = here.vendors.control("GET", "/intercom/people")
    ours = {one["external_id"]: one["id"] for one in people}
    linked = here.links("intercom.contacts")
    for row in desk.rows:
        if (row["kind"], row["target"]) == ("conflict", "intercom.contacts"):
            verb, _, contact = row["proposed"].partition(" ")
            user = row["subject"].partition(":")[2]
            assert linked[ours[user]] == row["subject"]
            assert (ours[user] == contact) == (verb == "link")
    answers = {row["request_id"]: row["answer"] for row in here.rows("company.db", "SELECT * FROM instep_requests")}
    assert {id for id, answer in answers.items() if answer} == {"old-1", "old-2"}
