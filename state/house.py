"""The one row that says who this installation is, within other transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from state.schema import house
from state.types import House


def amended(connection: Connection, changes: Mapping[str, Any]) -> House:
    """With these fields changed, whatever others change meanwhile."""
    body = connection.execute(select(house.c.body).with_for_update()).scalar_one() | dict(changes)
    connection.execute(update(house).values(body=body))
    return house_of(body)


def house_of(body: Mapping[str, Any]) -> House:
    """Fields that a newer version wrote are left alone."""
    return House(**{name: value for name, value in body.items() if name in House.__dataclass_fields__})
