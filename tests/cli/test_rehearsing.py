"""`instep rehearse`: what it prints, and one sentence, with nothing started, for a file that cannot be played."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from instep import rehearsing
from instep.main import main
from instep.moments import moment
from instep.timeline import Contact, Entry, Snapshot

SHORT = """
title: A short one
accounts: [acme, other]
story:
  - at: day 0
    account: acme
    trial: pro
  - account: acme
    trial: pro
  - at: +2 hours
    note: a quiet look
    account: other
  - account: other
    request: cancel now
"""
REFUSED = "a quiet look; asks to cancel at once; request refused: there is no subscription to cancel"
HEAD = "title: x\naccounts: [acme]\nstory:\n"
BAD = {
    "": "line 1: the file needs keys with values, like `at: day 3`",
    "- a": "line 1: the file needs keys with values, like `at: day 3`",
    "a: [": "line 1: this is not YAML: ",
    "title: x\n": "line 1: `accounts` is missing",
    "title: x\naccounts: [{name: acme}]\nstory:\n  - at: day 1\n": "line 2: list names alone, or write each account as",
    "title: x\naccounts: []\nstory:\n  - at: day 1\n": "line 2: `accounts`: ",
    "title: x\naccounts: [acme]\nstory:\n": "line 3: `story`: ",
    f"{HEAD}  - at: day 1\n    crad: works\n": "line 5: `crad` is not a known key; did you mean `card`",
    f"{HEAD}  - at: day 1\n    zzz: 1\n": "line 5: `zzz` is not a known key; known here: at, account, note, trial",
    f"{HEAD}  - at: day 1\n    card: gold\n": "line 5: `card`: input should be 'works', 'declines' or 'asks'",
    f"{HEAD}  - request: stay\n": "line 4: `request`: input should be 'cancel', 'cancel now', 'keep' or ",
    f"{HEAD}  - at: tomorrow\n": "line 4: 'tomorrow' is no moment: write `day 3`, ",
    f"{HEAD}  - at: 9:30\n": "line 4: `at`: ",
    f"{HEAD}  - at: day 3\n  - at: day 2\n": "line 5: 'day 2' is before the line above (2026-03-05 09:00)",
    f"{HEAD}  - at: day 3 25:00\n": "line 4: 25:00 is no time of day",
    f"{HEAD}  - at: day 3\n    card: works\n    pays: yes\n": "line 4: one thing a line, please, not card and pays",
    f"{HEAD}  - card: works\n    card: declines\n": "line 4: `card` is there twice",
    f"{HEAD}  - card: works\n    account: other\n": "line 5: there is no other under `accounts`: acme",
    f"{HEAD}  - leaves: ada\n": "line 4: acme has no ada: owner",
    f"{HEAD}  - instances: 9 hours\n": "line 4: say `at once`, `fail`, or a time of at most 6 hours",
    f"{HEAD}  - people: {{ada: {{role: boss}}}}\n": "line 4: `role`: input should be ",
    f"{HEAD}  - people: {{ada: {{email: ada}}}}\n": "line 4: `email`: not an e-mail address",
    f"starts: soon\n{HEAD}  - at: day 1\n": "line 1: 'soon' is no date",
    f"timezone: Mars\n{HEAD}  - at: day 1\n": "line 1: 'Mars' is not a time zone",
    f"until: day 1\n{HEAD}  - at: day 2\n": "line 1: 'day 1' is before the line above",
    "title: x\naccounts: [a, b]\nstory:\n  - card: works\n": "line 4: say whose it is with `account`: a, b",
    "title: x\naccounts:\n  a b: {}\nstory:\n  - at: day 1\n": "line 3: `a b`: use letters, digits, - and _",
}  # fmt: skip


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*words: Any) -> None:
        raise AssertionError("the vendors were started")

    monkeypatch.setattr(rehearsing, "Vendors", start)


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(("text", "sentence"), BAD.items())
def test_a_bad_file_is_one_sentence_and_nothing_starts(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert main(["rehearse", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"instep: {path}, {sentence}"), said.err
    assert said.err.endswith(".\n")
    assert len(said.err.splitlines()) == 1


@pytest.mark.usefixtures("nothing_starts")
def test_no_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml does not exist." in capsys.readouterr().err
    assert main(["rehearse", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "latin.yaml").write_bytes("title: Café".encode("latin-1"))
    assert main(["rehearse", str(tmp_path / "latin.yaml")]) == 2
    assert "is not text in UTF-8." in capsys.readouterr().err


def played(tmp_path: Path, text: str, *words: str) -> int:
    path = tmp_path / "life.yaml"
    path.write_text(text)
    return main(["rehearse", str(path), *words])


def test_the_timeline_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert played(tmp_path, SHORT, "--json") == 0
    said = capsys.readouterr()
    assert said.err == ""
    told = json.loads(said.out)
    assert told["title"] == "A short one"
    first, other, later = told["timeline"]
    assert (first["account"], first["at"], first["stage"]) == ("acme", "2026-03-02T09:00:00+00:00", "trialing")
    assert "request already: " in first["what"]
    assert first["events"]["started-trial"] == ["owner"]
    assert first["people"]["owner"]["tags"] == ["plan:pro", "sub:trialing"]
    assert (other["stage"], other["what"]) == ("prospect", "there is no subscription")
    assert (later["account"], later["at"], later["what"]) == ("other", "2026-03-02T11:00:00+00:00", REFUSED)
    assert "@" not in said.out


def test_the_timeline_as_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = ("started-trial", 1772442000)
    ada = Contact("ada@acme.example", ("sub:trialing",), {"plan": "pro"}, (event,))
    before, after = Snapshot("prospect"), Snapshot("trialing", "full", "it runs", "ready", (), {"ada": ada})
    ben = Contact("ben@acme.example", (), {}, ())
    both = replace(after, people={"ada": replace(ada, attributes={"plan": "team"}), "ben": ben})
    lived = [
        Entry("acme", 1772442000, (), after, before),
        Entry("acme", 1772532000, ("a look",), both, after),
        Entry("acme", 1772532001, (), replace(both, people={"ada": ada, "ben": ben}), both),
    ]
    monkeypatch.setattr(rehearsing, "play", lambda script: iter(lived))
    assert played(tmp_path, SHORT) == 0
    out = capsys.readouterr().out
    rows = [" ".join(line.split()) for line in out.splitlines()]
    assert rows[0] == "A short one"
    assert [row for row in rows if row in ("acme", "other")] == ["acme", "other"]
    assert "0 2026-03-02 09:00 it runs trialing full ready sub:trialing started-trial" in rows
    assert "1 2026-03-03 10:00 a look trialing full ready ada: sub:trialing; ben: - -" in rows
    assert "1 2026-03-03 10:00 attributes: plan trialing full ready ada: sub:trialing; ben: - -" in rows
    assert "@" not in out


def test_what_cannot_happen_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert played(tmp_path, f"{HEAD}  - at: day 1\n    resumes: yes\n") == 1
    assert capsys.readouterr().err == (
        "instep: Line 4 of the rehearsal: This cannot happen: acme has no Stripe customer yet.\n"
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", timedelta(days=2)), ("day 3", timedelta(days=3)), ("Day  3 10:30", timedelta(days=3, hours=1.5)),
        ("+14 days 09:00", timedelta(days=16)), ("+ 1 week", timedelta(days=9)),
        ("+90 minutes", timedelta(days=2, hours=1.5)),
        ("2026-03-07", timedelta(days=5)), ("2026-03-07 08:00", timedelta(days=4, hours=23)),
    ],
)  # fmt: skip
def test_moments(text: str, after: timedelta) -> None:
    start = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("UTC"))
    assert moment(text, start + timedelta(days=2), start) - start == after


def test_days_keep_the_time_of_day_when_the_clocks_change() -> None:
    before = datetime(2026, 3, 28, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert moment("+1 day", before, before).isoformat() == "2026-03-29T09:00:00+02:00"
    assert moment("+24 hours", before, before).isoformat() == "2026-03-29T09:00:00+02:00"
    assert moment("+25 hours", before, before).isoformat() == "2026-03-29T10:00:00+02:00"
