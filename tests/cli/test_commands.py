"""The commands on an installation that works: what they do, what they print, their exit codes, JSON for programs."""

from __future__ import annotations

import pytest
from home import Home


def test_init_tells_who_and_that_it_watches(home: Home) -> None:
    before = home.vendor_writes()
    said = home.run("init")
    assert said.code == 0
    assert "acct_1SandboxInstep00" in said.out
    assert "Every target watches" in said.out
    assert home.vendor_writes() == before
    again = home.run("init", "--json").data
    assert not again["new"]
    assert set(again["modes"].values()) == {"watch"}


def test_init_product_makes_the_two_tables_and_nothing_else(home: Home) -> None:
    before = home.vendor_writes()
    assert home.run("init", "--product", "--json").data["made"] == ["instep_requests", "instep_access"]
    home.request_trial()
    assert home.access() is None
    assert home.vendor_writes() == before
    assert home.run("sync").code == 1


def test_init_writes_an_example_with_the_choice_that_has_no_default(home: Home) -> None:
    (home.folder / "instep.toml").unlink()
    assert home.run("init").code == 2
    assert home.run("init", "--access", "none").code == 0
    assert 'access_without_subscription = "none"' in (home.folder / "instep.toml").read_text()


def test_watching_sends_nothing_and_says_so(home: Home) -> None:
    home.run("init")
    home.request_trial()
    before = home.vendor_writes()
    assert "Every target only watches" in home.run("plan").out
    said = home.run("sync")
    assert "Nothing was sent." in said.out
    assert "Every target only watches" in said.out
    assert home.vendor_writes() == before
    assert home.access() is None


def test_plan_shows_what_sync_then_sends(on: Home) -> None:
    on.set("PREFECT_API_URL", "http://127.0.0.1:1/api")  # Its server is down: nobody asks it (fault 86).
    on.request_trial()
    before = on.vendor_writes()
    steps = on.run("plan", "--json").data
    assert on.vendor_writes() == before
    assert {step["account"] for step in steps} == {on.account}
    assert set(steps[0]) == {
        "account", "target", "subject", "operation", "values", "member", "occurrence", "then", "held", "why"
    }  # fmt: skip
    by_target = [step["target"] for step in steps]
    assert by_target[0] == "stripe.customers"
    assert [step["then"] for step in steps if step["target"] in ("instances", "product.access")] == [False, True]
    assert on.run("plan").code == 0
    said = on.run("sync", "--json")
    assert said.code == 0
    assert set(said.data["writes"]) == set(by_target)
    assert on.access() == "trialing"


def test_a_second_sync_and_plan_have_nothing_to_send(on: Home) -> None:
    on.request_trial()
    first = on.run("sync")
    assert (first.code, first.err) == (0, "")
    assert "stripe.trials" in first.out
    assert "trialing with access full  because the trial is running" in first.out
    assert "Nothing was sent." in on.run("sync").out
    assert on.run("plan").out == "Nothing to send.\n"
    assert on.run("plan", "--json").data == []


def test_only_leaves_the_others_alone(on: Home) -> None:
    on.write("INSERT INTO members SELECT 'other', 'other-account', 'other@example.org', role, name, 1 FROM members")
    on.run("sync", "--only", on.account)
    assert on.access() == "prospect"
    assert {step["account"] for step in on.run("plan", "--json").data} == {"other-account"}
    assert {step["account"] for step in on.run("plan", "--json", "--only", on.account, "other-account").data} == {
        "other-account"
    }


def test_sweep_repairs_what_no_event_told(on: Home) -> None:
    on.run("sync")
    on.write("UPDATE members SET role = 'billing'")
    said = on.run("sweep", "--json").data
    assert said["purpose"] == "sweep"
    assert all(source["whole"] for source in said["sources"])
    assert said["writes"] == {"intercom.contacts": 1}


def test_status_and_todo_need_no_vendor(on: Home) -> None:
    on.run("sync")
    on.set("STRIPE_API_BASE", "http://127.0.0.1:1")
    data = on.run("status", "--json").data
    assert data["stages"] == {"prospect": 1}
    assert data["sources"]["stripe"] is not None
    assert [run["purpose"] for run in data["runs"]] == ["sync"]
    assert data["installation"]["stripe_account"] == "acct_1SandboxInstep00"
    assert "prospect" in on.run("status").out
    assert on.run("todo", "--json", "--where", "kind!=unmatched").data == []
    assert on.run("todo").out.startswith("Nothing needs a person.\n")


def test_what_is_new_for_a_person_is_code_three_once(on: Home) -> None:
    on.run("sync")
    on.write("UPDATE members SET email = 'nowhere'")
    said = on.run("sync")
    assert said.code == 3
    assert "`instep todo`" in said.sentence
    (line,) = on.run("todo", "--json", "--kind", "parked").data
    assert (line["kind"], line["subject"]) == ("parked", f"person:{on.user}")
    assert line["reason"] in on.run("todo").out.replace("\n", " ") or line["subject"] in on.run("todo").out
    assert on.run("sync").code == 0


def test_a_vendor_that_fails_is_code_one(on: Home) -> None:
    on.control("POST", "/faults", [{"action": "500_before", "system": "stripe", "path": "/v1/events", "times": 9}])
    try:
        said = on.run("sync")
    finally:
        on.control("DELETE", "/faults")
    assert said.code == 1
    assert "stripe could not be read" in said.err


def test_a_trial_is_asked_for_the_way_the_product_would(on: Home) -> None:
    said = on.run("request", "trial", on.account, "--days", "7", "--user", on.user)
    assert said.code == 0
    assert "`instep sync`" in said.out
    steps = on.run("plan", "--json").data
    (trial,) = [step for step in steps if step["target"] == "stripe.trials"]
    assert trial["values"]["trial_days"] == 7
    assert on.run("request", "trial", on.account, "--json").data["plan"] == "pro"


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--plan", "gold"], "instep.toml has no plan gold. It has: pro."),
        (["--days", "0"], "A trial lasts 1 to 730 days, not 0."),
        (["--days", "-14"], "A trial lasts 1 to 730 days, not -14."),
        (["--days", "100000"], "A trial lasts 1 to 730 days, not 100000."),
        (["--days", "many"], "many"),
        (["--user", "stranger"], "User stranger is not in account"),
    ],
)
def test_a_request_that_would_be_refused(on: Home, extra: list[str], sentence: str) -> None:
    before, rows = on.vendor_writes(), on.requests()
    said = on.run("request", "trial", on.account, *extra)
    assert said.code == 2
    assert (on.vendor_writes(), on.requests()) == (before, rows)
    assert sentence in said.sentence
    assert on.run("plan", "--json").data[0]["target"] == "product.access"


def test_a_request_for_nobody(on: Home) -> None:
    said = on.run("request", "trial", "nobody")
    assert said.code == 2
    assert "The product knows no account nobody" in said.sentence


@pytest.fixture
def trialing(on: Home) -> Home:
    on.request_trial()
    assert on.run("sync").code == 0
    return on


def test_a_subscription_is_ended_and_kept_on_request(trialing: Home) -> None:
    said = trialing.run("request", "cancel", trialing.account, "--comment", "Too dear", "--user", trialing.user)
    assert said.code == 0
    assert f"to end the subscription of {trialing.account} at the end of its period" in said.out
    (step,) = [s for s in trialing.run("plan", "--json").data if s["target"] == "stripe.cancellations"]
    assert (step["values"]["do"], step["values"]["comment"]) == ("cancel", "Too dear")
    assert trialing.run("sync").code == 0
    assert trialing.run("request", "keep", trialing.account, "--json").data["kind"] == "keep"
    (step,) = [s for s in trialing.run("plan", "--json").data if s["target"] == "stripe.cancellations"]
    assert step["values"]["do"] == "keep"
    assert trialing.run("sync").code == 0
    assert trialing.run("request", "cancel", trialing.account, "--at-once", "--json").data["days"] == 0
    assert trialing.run("sync").code == 0
    assert trialing.access() == "trial_expired"


def test_a_charge_is_asked_for(trialing: Home) -> None:
    said = trialing.run("request", "charge", trialing.account, "500", "USD", "--description", "Setup")
    assert said.code == 0
    assert "a charge of 500 usd" in said.out
    (step,) = [s for s in trialing.run("plan", "--json").data if s["target"] == "product.requests"]
    assert step["values"]["answer"] == "held"
    said = trialing.run("sync")
    assert "held  because charges are held until policy.max_charge_minor is set" in said.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("charge {} 0 usd", "An amount is 1 to 99999999 in the currency's smallest unit, not 0."),
        ("charge {} -5 usd", "-5"),
        ("charge {} 4.99 usd", "4.99"),
        ("charge {} five usd", "five"),
        ("charge {} 500", "CURRENCY"),
        ("charge {} 100000000 usd", "not 100000000."),
        ("charge {} 500 dollars", "dollars is no currency"),
        ("charge nobody 500 usd", "The product knows no account nobody"),
        ("reactivate {} --plan gold", "instep.toml has no plan gold"),
        ("cancel nobody", "The product knows no account nobody"),
        ("keep {} --user stranger", "User stranger is not in account"),
    ],
)
def test_a_change_that_would_be_refused(on: Home, words: str, sentence: str) -> None:
    before, rows = on.vendor_writes(), on.requests()
    said = on.run("request", *words.format(on.account).split())
    assert said.code == 2
    assert (on.vendor_writes(), on.requests()) == (before, rows)
    assert sentence in said.sentence


def test_staff_grant_and_extend_under_their_own_name(on: Home) -> None:
    assert on.run("request", "trial", on.account, "--plan", "pro", "--override", "a lost week").code == 0
    assert on.run("sync").code == 0
    said = on.run("request", "extend", on.account, "5", "--reason", "they asked")
    assert "5 more days of trial" in said.out
    assert on.run("sync").code == 0
    asked = on.rows("SELECT requested_by, description, answer FROM instep_requests ORDER BY requested_at, rowid")
    assert [row[1:] for row in asked] == [("a lost week", "accepted"), ("they asked", "accepted")]
    assert all(row[0].startswith("staff:") for row in asked)
    assert on.run("request", "extend", on.account, "0", "--reason", "no").code == 2
    assert on.run("request", "extend", on.account, "5", "--reason", " ").code == 2
