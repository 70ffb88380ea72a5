"""A town that knows people, who are then marked erased; and whether anything still tells of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from town import Town

from state.store import Order


def acquainted(town: Town) -> Town:
    """acme is in trial, with an owner and a member."""
    town.init()
    town.team("acme", "", ann="owner", bob="member")
    town.request_trial("acme", "ann")
    town.sync()
    return town


def mark(town: Town, person: str, value: bool | None = True) -> None:
    town.product.execute(
        "UPDATE users SET erased = :value WHERE user_id = :id", {"value": value, "id": f"{town.name}-{person}"}
    )


def mark_account(town: Town, short: str) -> None:
    town.product.execute("UPDATE teams SET erased = :yes WHERE team_id = :id", {"yes": True, "id": town.account(short)})


def dump(town: Town) -> str:
    """Every value of every table of the state."""
    engine = sa.create_engine(town._state.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [repr(row) for table in tables for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return "\n".join(rows)


def assert_forgotten(town: Town, *people: str) -> None:
    """Neither e-mail nor name is in any table, nor in the bytes of the file."""
    town.close()
    told = dump(town)
    for person in people:
        assert town.email(person) not in told
        assert f'"{person.title()}"' not in told
    if town._state.startswith("sqlite"):
        file = Path(town._state.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = file.read_bytes()
        for person in people:
            assert town.email(person).encode() not in content


def order(town: Town, place: int = 0) -> Order:
    return town.open().store.orders()[place]
