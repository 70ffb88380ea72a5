"""A plan says exactly what a sync then does, and afterwards there is nothing left to plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from forecast import Reader, planned, planned_rows, written_rows
from town import Town
from vendors import DAY, HOUR


def new_trial(town: Town) -> None:
    town.team("acme", "Acme Inc", ann="owner", bob="billing", cyd="member")
    town.request_trial("acme", "ann")


def conversion(town: Town) -> None:
    town.card("acme")
    town.vendors.advance(14 * DAY + 2 * HOUR)


def expiry(town: Town) -> None:
    town.vendors.advance(14 * DAY + 2 * HOUR)


def new_email(town: Town) -> None:
    statement = "UPDATE users SET email = :email WHERE user_id = :id"
    town.product.execute(statement, {"email": f"new@{town.name}.example", "id": f"{town.name}-bob"})


@pytest.mark.parametrize("happens", [new_trial, conversion, expiry, new_email])
def test_what_was_planned_is_what_is_done(town: Town, happens: Callable[[Town], None]) -> None:
    town.init()
    if happens is not new_trial:
        new_trial(town)
        town.sync()
    happens(town)

    before, mark = town.product.instep_rows(), town.vendors.mark
    plan = town.plan()
    assert town.vendors.writes(mark) == []
    assert town.product.instep_rows() == before
    assert plan != []

    town.sync()
    writes = town.vendors.writes(mark)
    assert Reader(town).lines(writes) == planned(town, plan)
    assert written_rows(before, town.product.instep_rows()) == planned_rows(plan)
    assert town.plan() == []
