"""A mass of changes stops at the limit, is told, and goes on when a person approves it: twenty accounts, one world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from town import CONFIG, Build, Town
from vendors import DAY, HOUR

from flows.approval import Held, approve, believe, held
from flows.hub import Hub
from flows.settings import Misuse

ACCOUNTS, BURST, FALLS = 20, 50, 10
PEOPLE = 3 * ACCOUNTS
VIEW = """CREATE VIEW instep_users AS
  SELECT u.user_id, u.email, u.name, u.verified AS email_verified, m.team_id AS account_id, m.role, m.joined_at
  FROM users u JOIN memberships m ON m.user_id = u.user_id"""


@pytest.fixture(scope="module")
def town(build: Build) -> Iterator[Town]:
    """Three people in each account, all of them sent with the first sync, which the brake lets through."""
    with build("sqlite") as here:
        here._config.write_text(CONFIG.replace('"none"', '"full"'))
        for n in range(ACCOUNTS):
            here.team(f"a{n}", **{f"p{n}o": "owner", f"p{n}b": "billing", f"p{n}m": "member"})
        here.init()
        here.sync()
        assert (len(here.people()), here.todo()) == (PEOPLE, {})
        yield here


@pytest.fixture(autouse=True)
def another_day(town: Town) -> Iterator[None]:
    town.vendors.advance(2 * DAY)
    assert town.sync().writes == 0
    yield
    town.product.execute("DROP VIEW instep_users")
    town.product.execute(VIEW)
    town.vendors.advance(2 * DAY)
    town.try_sync()
    let_through(town)
    town.sync()
    assert (town.todo(), town.plan()) == ({}, [])


def shows(town: Town, view: str) -> None:
    town.product.execute("DROP VIEW instep_users")
    town.product.execute(view)


def effects(town: Town, mark: int, effect: str) -> int:
    return sum(call.effect == effect for call in town.vendors.since(mark))


def let_through(town: Town) -> Held:
    """As `instep approve --all` does."""
    instep = town.open()
    with Hub(instep, "approve") as hub:
        hub.pull()
        found = held(instep, (), (), lambda what, more: None)
    approve(instep, found, "dana")
    return found


def test_a_mass_email_change_stops_and_goes_on_six_hours_later(town: Town) -> None:
    town.product.execute("UPDATE users SET email = 'x' || email")
    planned = [step for step in town.plan() if step.step.target == "intercom.contacts"]
    assert [bool(step.held) for step in planned] == [False] * BURST + [True] * (PEOPLE - BURST)
    mark = town.vendors.mark
    report = town.sync()
    assert effects(town, mark, "contact.updated") == BURST
    assert (report.new_todo, len(town.todo())) == (PEOPLE - BURST, PEOPLE - BURST)
    assert all("changes of e-mail, name or role" in why for why in town.todo().values())
    assert report.brake == "The brake holds 10 steps (changes of e-mail, name or role): see `instep approve`."

    town.vendors.advance(6 * HOUR)
    waiting = sorted(key.split()[0].removeprefix("person:") for key in town.todo())
    moved, back, *others = waiting
    town.product.execute("UPDATE users SET email = 'y' || email WHERE user_id = :u", {"u": moved})
    town.product.execute("UPDATE users SET email = substr(email, 2) WHERE user_id = :u", {"u": back})
    town.product.execute("UPDATE users SET traits = '{\"has_project\": true}'")
    mark = town.vendors.mark
    assert town.sync().new_todo == 0
    assert effects(town, mark, "contact.updated") == 0
    assert len(town.todo()) == PEOPLE - BURST - 1
    found = let_through(town)
    assert sorted(hold.subject for hold in found.same) == [f"person:{user}" for user in others]
    assert [hold.subject for hold, _ in found.moved] == [f"person:{moved}"]
    town.sync()
    assert effects(town, mark, "contact.updated") == len(others)
    assert [key.split()[0] for key in town.todo()] == [f"person:{moved}"]
    assert [hold.subject for hold in let_through(town).same] == [f"person:{moved}"]
    town.sync()
    assert effects(town, mark, "contact.updated") == len(others) + 1
    assert town.sync().writes == 0


def test_a_source_that_shows_nothing_is_out_of_order(town: Town) -> None:
    shows(town, f"{VIEW} WHERE 1 = 0")
    mark = town.vendors.mark
    for _ in range(2):
        report = town.try_sync()
        assert "product.users" in report.troubles
        assert not report.ok
    town.try_sync([town.account("a1")])
    assert town.vendors.effects(mark) == []
    assert "0 person rows where 60 were" in town.todo()["source:product.users"]
    assert town.access("a1")["access"] == "full"
    shows(town, VIEW)
    town.let_retries_pass()
    town.sync()
    assert (town.todo(), town.vendors.effects(mark)) == ({}, [])


def test_a_mass_deletion_that_is_real_goes_on_when_its_source_is_approved(town: Town) -> None:
    gone = [f"{town.name}-p{n}{role}" for n in range(12) for role in "obm"]
    rows = town.product.rows("SELECT * FROM memberships")
    with pytest.raises(Misuse, match="is not held"):
        believe(town.settings, "product.users", "dana")
    for user in gone:
        town.product.execute("DELETE FROM memberships WHERE user_id = :u", {"u": user})
    assert not town.try_sync().ok
    believe(town.settings, "product.users", "dana")
    assert town.sync().ok
    known = {fact.id for facts in town.open().store.facts([town.account("a1")]).values() for fact in facts}
    assert not any(user in name for name in known for user in gone)
    town.product.execute("DELETE FROM memberships")
    statement = "INSERT INTO memberships VALUES (:user_id, :team_id, :role, :joined_at)"
    town.product.execute(statement, *rows)


def test_a_view_that_lists_everyone_twice_stops_at_the_limit(town: Town) -> None:
    second = "SELECT u.user_id, u.email, u.name, u.verified, u.user_id, 'member', m.joined_at"
    shows(town, f"{VIEW} UNION ALL {second} FROM users u JOIN memberships m ON m.user_id = u.user_id")
    before = len(town.product.rows("SELECT * FROM instep_access"))
    town.sync()
    assert len(town.product.rows("SELECT * FROM instep_access")) == before + BURST
    assert sum("more than 50 creates" in why for why in town.todo().values()) == PEOPLE - BURST
    shows(town, VIEW)
    town.sync()
    assert (town.todo(), len(town.product.rows("SELECT * FROM instep_access"))) == ({}, before + BURST)


def test_a_wrong_where_takes_access_from_a_few_only(town: Town) -> None:
    town.product.execute("UPDATE teams SET hold_reason = 'unpaid invoice'")
    town.sync()
    rows = town.product.rows("SELECT * FROM instep_access WHERE stage = 'blocked'")
    fallen = [row for row in rows if row["access"] == "none"]
    assert (len(rows), len(fallen)) == (ACCOUNTS, FALLS)
    town.vendors.advance(6 * HOUR)
    town.product.execute("UPDATE teams SET hold_reason = NULL WHERE team_id = :t", {"t": town.account("a3")})
    assert len(let_through(town).same) == ACCOUNTS - FALLS - ("a3" not in str(fallen))
    town.sync()
    rows = town.product.rows("SELECT * FROM instep_access WHERE access = 'none'")
    assert len(rows) == ACCOUNTS - 1
    town.product.execute("UPDATE teams SET hold_reason = NULL")
