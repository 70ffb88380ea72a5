"""`instep tags` and docs/tags.md, which is what it prints for the instep.toml that ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from home import Home

ROOT = Path(__file__).parents[2]
TRAIT = '[traits.seats]\ntype = "integer"\nlevel = "account"\ndescription = "Seats | bought"\n'


def test_the_page_is_what_the_mappings_say(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTEP_CONFIG", str(ROOT / "instep.toml"))
    printed = home.run("tags", "--markdown").out
    assert (ROOT / "docs/tags.md").read_text() == printed, "docs/tags.md is out of date: run `make docs`"


def test_it_lists_the_names_of_this_workspace_and_needs_no_key(home: Home) -> None:
    home.set("STRIPE_API_KEY", None)
    home.set("INTERCOM_ACCESS_TOKEN", None)
    home.configure((home.folder / "instep.toml").read_text() + TRAIT + '[names]\nattributes = { mrr = "revenue" }\n')
    lines = {(line["kind"], line["name"]): line for line in home.run("tags", "--json").data}
    assert lines["contact", "revenue"]["key"] == "mrr"
    assert lines["contact", "seats"]["audience"] == "everyone"
    assert lines["company", "account_seats"]["says"] == "Seats | bought"
    assert lines["tag", "sub:past-due"]["comes"]
    assert lines["event", "neared-trial-end"]["details"] == ["plan", "days_left", "trial_ends_at", "charge_follows"]
    said = home.run("tags")
    assert (said.code, said.err) == (0, "")
    assert "revenue" in said.out
    assert "Seats \\| bought" in home.run("tags", "--markdown").out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('[audience]\nplann = "everyone"\n', "audience names 'plann', which Instep does not know"),
        ('[names]\nevents = { "started-trail" = "x" }\n', "names.events names 'started-trail'"),
        ('[names]\nattributes = { plan = "mrr" }\n', "plan and mrr would both be called 'mrr' in Intercom"),
    ],
)
def test_a_mistake_in_the_names_is_one_sentence(home: Home, wrong: str, words: str) -> None:
    home.configure((home.folder / "instep.toml").read_text() + wrong)
    said = home.run("tags")
    assert said.code == 2
    assert words in said.sentence
