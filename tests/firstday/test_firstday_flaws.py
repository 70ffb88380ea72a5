"""Three bad companies: each is stopped with its cause named, and nothing is written."""

from __future__ import annotations

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
    ("flaw", "cause"), [("email-ids", "e-mail addresses"), ("old-uuids", "another column or product")]
)
def test_ids_of_another_kind(tmp_path: Path, flaw: str, cause: str) -> None:
    with company(tmp_path, SIZE, flaw=flaw) as here:
        here.set_up(checked=False)
        assert_stopped(here, here.run("adopt"), "have an external_id that is no user_id", cause)


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
        assert_stopped(here, here.run("adopt"), "instep_users lists", "look for a join")
