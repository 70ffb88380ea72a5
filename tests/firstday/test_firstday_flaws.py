"""Three bad companies: each is stopped with its cause named, and nothing is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from .commands import Said
from .company import Company, company

SIZE = 0.01


def assert_stopped(here: Company, said: Said, *causes: str) -> None:
    assert said.code == 1
    assert said.err.count("\n") == 1, said.err
    for cause in causes:
        assert cause in said.err, said.err
    assert [call for call in here.calls() if call["effect"]] == []
    assert here.rows("state.db", "SELECT * FROM links") == []
    assert here.rows("company.db", "SELECT * FROM instep_access") == []
    refused = here.run("go-live", "--accept-names", "--yes")
    assert refused.code == 2
    assert "no adoption report" in refused.err


@pytest.mark.parametrize(
    ("flaw", "cause", "column"),
    [
        ("email-ids", "most are e-mail addresses", "users.email"),
        ("old-uuids", "another column or product", "users.legacy_uuid"),
    ],
)
def test_ids_of_another_kind_and_what_mends_them(tmp_path: Path, flaw: str, cause: str, column: str) -> None:
    with company(tmp_path, SIZE, flaw=flaw) as here:
        here.set_up(checked=False)
        remedy = f"--column intercom_external_id={column}"
        assert_stopped(here, here.run("adopt"), "have an external_id that is no user_id", cause, remedy)
        with closing(sqlite3.connect(here.product)) as connection:
            connection.executescript("DROP VIEW instep_users; DROP VIEW instep_accounts")
        assert here.run("init", "--product", "--yes", *remedy.split()).code == 0
        matched = here.run("adopt", "--json").data["matched"]
        assert matched["contacts by external_id"] >= 60


def test_a_view_that_lists_users_twice(tmp_path: Path) -> None:
    with company(tmp_path, SIZE, flaw="twice") as here:
        assert here.run("plans", "import", "--write", "--access", "full").code == 0
        refused = here.run("init", "--product", "--yes")
        assert refused.code == 1
        assert "more than once" in refused.err
        assert here.run("init").code == 0
        checked = here.run("check")
        assert checked.code == 1
        assert "instep_users lists" in checked.out
        assert_stopped(here, here.run("adopt"), "instep_users lists", "a join brings them twice")
