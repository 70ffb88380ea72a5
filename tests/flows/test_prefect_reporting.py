"""Reports and tables: plain data in, text without people out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.reading import Pulled
from flows.report import Report
from flows.reporting import MOST_ROWS, escaped, markdown, problems, rows, sentence, shown
from flows.settings import Failed
from mappings.model import Ref
from state.store import Backlog, Entry

ENTRY = Entry(
    target="intercom.contacts",
    subject="person:u1",
    operation="update",
    reason="the trial is running",
    before={},
    after={"custom.plan": "pro", "custom.nickname": "Wil", "tags": "sub:trialing"},
    caused_at=None,
    sent_at=1_795_338_000,
    run="r1",
    vendor_request_id="req_1",
)


def report() -> Report:
    return Report("r1", "sync", backlog=Backlog(2, 3, 1))


def test_a_row_names_our_states_and_no_other_values() -> None:
    assert rows([ENTRY]) == [
        {
            "sent at": "2026-11-22 09:00:00",
            "target": "intercom.contacts",
            "subject": "person:u1",
            "operation": "update",
            "what": "custom.plan=pro, custom.nickname, tags=sub:trialing",
            "why": "the trial is running",
            "vendor request": "req_1",
        }
    ]


def test_an_address_that_serves_as_id_is_hidden() -> None:
    row = rows([replace(ENTRY, subject="person:ann@example.com")])[0]
    assert row["subject"] == "(hidden)"


def test_a_table_is_cut() -> None:
    assert len(rows([ENTRY] * (MOST_ROWS + 1))) == MOST_ROWS


@pytest.mark.parametrize("text", ["<b>", "a|b", "[x](y)", "*_`~", "# no", "- no", "back\\slash", "a\n\nb"])
def test_markdown_shows_the_text_as_it_is(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", escaped(text)) == " ".join(text.split())
    assert not re.search(r"(?<!\\)[<>|*_`~#\[\]()-]", escaped(text).replace("\\\\", ""))
    assert "\n" not in escaped(text)


def test_the_report_says_what_was_read_and_sent() -> None:
    made = report()
    made.pulled = [
        Pulled("stripe", hints=4, rows=7, absent=[Ref("stripe", "customer", "cus_1")]),
        Pulled("product.users", busy=True),
    ]
    made.tally.visited.update("abcde")
    made.tally.writes["stripe.customers"] = 2
    made.new_todo = 6
    made.braked = {"changes": 1}
    text = markdown(made, [ENTRY], [])
    assert text.startswith("# sync: done\n\nRun `r1`: 5 accounts worked on, 1 change sent, 0 objects fetched.")
    assert "| stripe | no | 7 | 4 | 1 |\n| product.users | read elsewhere | 0 | 0 | 0 |" in text
    assert "| stripe.customers | 2 |" in text
    held = "The brake holds 1 step (changes of e-mail, name or role): see `instep approve`."
    assert f"{held} 6 new lines need a person: `instep todo` lists what does." in text
    assert "Left: 2 accounts and 3 hints due, 1 in work." in text


def test_a_report_of_a_failed_run_begins_with_what_is_wrong() -> None:
    made = report()
    made.troubles["stripe"] = "stripe could not be read: <down>"
    text = markdown(made, [], problems(made))
    assert "# sync: failed" in text
    assert "## What is wrong\n\n- stripe could not be read: \\<down\\>" in text


def unbalanced(made: Report) -> None:
    made.tally.looked = 1


def troubled(made: Report) -> None:
    made.troubles["stripe"] = "refuses"


def buggy(made: Report) -> None:
    made.tally.bugs.append("a1: ValueError")


@pytest.mark.parametrize("spoil", [unbalanced, troubled, buggy])
def test_whatever_is_wrong_is_a_problem(spoil: Callable[[Report], None]) -> None:
    made = report()
    assert problems(made) == []
    spoil(made)
    assert len(problems(made)) == 1
    assert not made.ok


def test_a_task_is_red_for_its_own_problems_only() -> None:
    made = report()
    troubled(made)
    assert shown(made, lambda: "3 changes sent").message == "3 changes sent"
    red = shown(made, lambda: buggy(made) or "")  # type: ignore[func-returns-value]
    assert red.is_failed()
    assert red.message == "a bug at account a1: ValueError"


def test_only_our_own_errors_speak() -> None:
    assert sentence(Failed("Stripe refuses ann@example.com.")) == "Stripe refuses (hidden)"
    with pytest.raises(KeyError) as caught:
        {}["Wilhelmina"]
    assert re.fullmatch(r"something unexpected happened: KeyError at test_only\w+, line \d+", sentence(caught.value))
