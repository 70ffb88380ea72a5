"""Erasing by order: what is shown before and after, who may be named, and what is left to be read."""

from __future__ import annotations

from home import Home


def test_a_person_is_erased_by_order(on: Home) -> None:
    on.run("sync")
    said = on.run("erase", on.user, "--yes")
    assert said.code == 0
    assert "deleted for ever" in said.out
    assert "Now run `instep sync`" in said.out
    assert on.run("erased").out.count(f"person:{on.user}") == 1
    assert on.run("erased", "--json").data[0]["standing"] == "waits for the next sync"
    assert on.run("sync").code == 0
    (line,) = on.run("erased", on.user, "--json").data
    assert line["standing"] == "done: a later look is to prove it"
    assert "contact" in line["places"]["intercom"]["what"]
    people = on.control("GET", "/intercom/people")
    assert [row for row in people if row["external_id"] == on.user] == []
    before = on.vendor_writes()
    assert on.run("sweep").code == 0
    assert on.vendor_writes() == before


def test_an_account_is_erased_by_order(on: Home) -> None:
    on.run("sync")
    (line,) = [on.run("erase", "--account", on.account, "--yes", "--json").data]
    assert line["subject"] == f"account:{on.account}"
    assert on.run("sync").code == 0
    assert on.access() == "erased"
    assert [row for row in on.control("GET", "/intercom/people") if row["external_id"] == on.user] == []
    assert "kept, as the policy says" in on.run("erased").out or "nothing was there" in on.run("erased").out


def test_nothing_is_erased_without_agreement(on: Home) -> None:
    on.run("sync")
    said = on.run("erase", on.user)
    assert (said.code, said.sentence) == (
        2, f"Erase person {on.user} for ever? This cannot be taken back. Add --yes to agree."
    )  # fmt: skip
    assert on.run("erased").out == "Nothing was erased.\n"


def test_mistakes_end_in_one_sentence(on: Home) -> None:
    assert on.run("erase").sentence == "Name one person, or --account ACCOUNT, or --held."
    assert on.run("erase", "a", "--account", "b").code == 2
    unknown = on.run("erase", "nobody", "--yes")
    assert (unknown.code, unknown.sentence) == (
        2, "Neither the state nor the product knows a person nobody: look in instep_users."
    )  # fmt: skip
    assert on.run("erased", "nobody").sentence == "Nothing is known of an erasure of nobody."
    assert on.run("erase", "--held", "--yes").out == "Nothing is held.\n"


def test_a_watching_installation_says_so(home: Home) -> None:
    assert home.run("init").code == 0
    assert home.run("sync").code == 0
    assert "intercom.erasures only watches" in home.run("erase", home.user, "--yes").out
    before = home.vendor_writes()
    home.run("sync")
    assert home.vendor_writes() == before
    assert home.run("erased", "--json").data[0]["state"] == "due"
