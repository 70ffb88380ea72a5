"""Look numbers: they, not times, order what was read."""

from __future__ import annotations

from sqlalchemy import Connection

from state.database import Base, Database, writing
from state.schema import counters


def next_look(connection: Connection, database: Database) -> int:
    first = database.insert(counters).values(name="look", value=1)
    drawn = first.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    return int(connection.execute(drawn.returning(counters.c.value)).scalar_one())


class Looks(Base):
    @writing
    def draw_look(self, connection: Connection) -> int:
        """A number higher than any drawn before; to be drawn before the look's first request."""
        return next_look(connection, self.database)
