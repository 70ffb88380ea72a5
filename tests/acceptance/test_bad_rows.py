"""Rows as real products have them: what can be cleaned is cleaned, what cannot is put aside, the others go on."""

from __future__ import annotations

import logging

import pytest
from town import Town

LONG = "x" * 10_000


def test_bad_rows_are_put_aside_and_the_others_go_on(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    town.init()
    town.team("acme", ann="owner")
    bad = {"noat": "not an address", "none": None, "two": "a@b.example, c@d.example", "blank": "  "}
    for person, email in bad.items():
        town.join("acme", person, "member", email=email)
    town.product.add_people({
        "user_id": f"{town.name}-pad ", "email": "pad@x.example", "name": "Pad", "verified": True, "traits": None,
        "team_id": town.account("acme"), "role": "member", "joined_at": town.vendors.now,
    })  # fmt: skip
    with caplog.at_level(logging.WARNING):
        report = town.sync()
    assert report.tally.bugs == []
    assert [record for record in caplog.records if record.exc_info] == []
    assert [person["external_id"] for person in town.people()] == [f"{town.name}-ann"]
    todo = town.todo()
    assert {key: todo[key] for key in sorted(todo) if "person" in key} == {
        f"person:{town.name}-blank intercom.contacts": "the e-mail is not an address",
        f"person:{town.name}-noat intercom.contacts": "the e-mail is not an address",
        f"person:{town.name}-none intercom.contacts": "there is no e-mail",
        f"person:{town.name}-two intercom.contacts": "the e-mail is not an address",
    }
    assert any(f"{town.name}-pad" in key for key in todo)

    # Repaired in the product: the line ends by itself.
    town.product.execute(
        "UPDATE users SET email = :email WHERE user_id = :id", {"email": town.email("noat"), "id": f"{town.name}-noat"}
    )
    town.sync()
    assert town.person("noat")["email"] == town.email("noat")
    assert f"person:{town.name}-noat intercom.contacts" not in town.todo()


CLEANED = {
    LONG: "x" * 255,
    "Zoë 🦄 👩‍👩‍👧‍👦 家族 Ünal": "Zoë 🦄 👩‍👩‍👧‍👦 家族 Ünal",
    "<script>alert('x')</script> & '; DROP TABLE users; -- {{ name }} %s": (
        "<script>alert('x')</script> & '; DROP TABLE users; -- {{ name }} %s"
    ),
    "  two\r\nlines\tand tabs, bell\x07 and escape\x1b ": "two lines and tabs, bell and escape",
}


def test_names_arrive_cleaned(town: Town) -> None:
    """The company's, the person's and the Stripe customer's."""
    town.init()
    for number, name in enumerate(CLEANED):
        town.team(f"c{number}", name)
        town.join(f"c{number}", f"p{number}", name=name)
        town.request_trial(f"c{number}", f"p{number}")
    town.sync()
    for number, shown in enumerate(CLEANED.values()):
        names = (town.company(f"c{number}"), town.person(f"p{number}"), town.customer(f"c{number}"))
        assert [found["name"] for found in names] == [shown] * 3
        assert town.access(f"c{number}")["stage"] == "trialing"
    assert town.todo() == {}


def join_with_broken_text(town: Town) -> None:
    """A person of whom a text cannot be written down: as much of it as this database can hold."""
    if town.product.dialect == "postgresql":
        town.join("acme", "odd", traits='{"note": "half a pair \\ud800"}')
    else:
        town.join("acme", "odd")
        broken = "UPDATE users SET name = CAST(x'41EDA0800042' AS TEXT) WHERE user_id = :id"
        town.product.execute(broken, {"id": f"{town.name}-odd"})


def test_an_id_that_no_system_can_carry_stops_nobody(town: Town) -> None:
    """It is the last of its page, after which the next one would go on; the other one only looks like a NUL."""
    if town.product.dialect == "postgresql":
        return
    town.init()
    town.team("acme", ann="owner")
    town.join("acme", r"CORP\u0000417", email="corp@x.example")
    town.product.execute("INSERT INTO users (user_id, email) VALUES (CAST(x'FC626572' AS TEXT), 'x@example.com')")
    joined = "INSERT INTO memberships VALUES (CAST(x'FC626572' AS TEXT), :team, 'member', 0)"
    town.product.execute(joined, {"team": town.account("acme")})
    report = town.sync()
    assert report.tally.bugs == []
    assert town.stage("ann") == town.stage(r"CORP\u0000417") == "sub:prospect"


def test_half_a_character_stops_nobody(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    join_with_broken_text(town)
    report = town.sync()
    assert report.tally.bugs == []
    assert town.stage("ann") == town.stage("odd") == "sub:prospect"
    assert town.person("odd")["name"] == ("Odd" if town.product.dialect == "postgresql" else "AB")
