"""Orders to erase: asked, weighed, begun, done, proved. What has begun is remembered for ever, as a keyed hash."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from mappings.model import AccountId, Ref, Subject
from state.agenda import put_mark, seconds_left
from state.database import Base, reading, writing
from state.forgetting import forget
from state.refs import root_key
from state.schema import agenda, erasures, facts, journal, links, redemptions, todo
from state.sql import any_given, any_of, filled, given
from state.todos import clear_todo, put_todo
from state.types import Lease, LeaseLost, Order, Todo

DAY: Final = 86_400
KINDS: Final = ("person", "account")
HELD: Final = "erasures"
"""The subject of the todo that tells of held orders."""
OPEN: Final = ("new", "held", "due", "begun", "done")
Key = tuple[str, str]
"""kind of redemption, key hash"""
_mine = (erasures.c.account_id == bindparam("account")) | erasures.c.subject.in_(any_given("subjects"))
_ORDERS: Final = select(erasures).where(_mine, erasures.c.state.in_(OPEN)).order_by(erasures.c.subject)


class Erasures(Base):
    @reading
    def suppressed(self, connection: Connection) -> frozenset[Key]:
        """(kind, key hash) of whoever is never to be brought back."""
        rows = select(redemptions.c.kind, redemptions.c.key_hash)
        wanted = redemptions.c.kind.in_([f"erased:{kind}" for kind in KINDS])
        return frozenset((row.kind, row.key_hash) for row in connection.execute(rows.where(wanted)))

    @reading
    def orders(self, connection: Connection) -> list[Order]:
        """Every order, oldest first, the proved ones too."""
        rows = select(erasures).order_by(erasures.c.asked_at, erasures.c.subject)
        return [_order(row) for row in connection.execute(rows)]

    @reading
    def open_orders(self, connection: Connection, subjects: Collection[Subject]) -> dict[str, Order]:
        """Those about ``subjects``, by subject, not proved yet."""
        rows = select(erasures).where(erasures.c.subject.in_(any_of(subjects)), erasures.c.state.in_(OPEN))
        return {row.subject: _order(row) for row in connection.execute(rows)}

    @reading
    def unweighed(self, connection: Connection) -> bool:
        """Whether there are new orders."""
        first = select(erasures.c.subject).where(erasures.c.state == "new").limit(1)
        return connection.execute(first).first() is not None

    @reading
    def orders_of(self, connection: Connection, account: AccountId, subjects: Sequence[Subject] = ()) -> list[Order]:
        """Open orders worked on with this account, and those about ``subjects``."""
        rows = connection.execute(_ORDERS, {"account": account} | given("subjects", subjects))
        return [_order(row) for row in rows]

    @reading
    def account_of(self, connection: Connection, subject: Subject) -> AccountId | None:
        """The account with which a person or account is known, by facts or else by Links; None for nobody we know."""
        kind, _, id = subject.partition(":")
        root = root_key(Ref("product", "user" if kind == "person" else "account", id))
        mine = (facts.c.root == root) if kind == "person" else (facts.c.account_id == id)
        read = select(func.min(facts.c.account_id)).where(mine, facts.c.gone.is_(False))
        linked = select(func.min(links.c.account_id)).where(links.c.subject == subject)
        found = connection.scalar(read) or connection.scalar(linked)
        return AccountId(found) if found else None

    @reading
    def waiting_for(self, connection: Connection, accounts: Sequence[str]) -> dict[str, str]:
        """Account -> the system that it waits for."""
        stuck = select(agenda.c.account_id, agenda.c.waiting).where(filled(agenda.c.waiting))
        return dict(connection.execute(stuck.where(agenda.c.account_id.in_(any_of(accounts)))).tuples().all())

    @writing
    def note_orders(self, connection: Connection, orders: Sequence[Order], withdrawn: Sequence[str], now: int) -> None:
        """What the product marked, and what it marked no more before anything had begun. Accounts are due ``now``."""
        if withdrawn:
            early = erasures.c.state.in_(("new", "held", "due")) & (erasures.c.asked_by == "product")
            connection.execute(delete(erasures).where(erasures.c.subject.in_(any_of(withdrawn)), early))
            _end_hold(connection)
        if orders:
            new = self.database.insert(erasures).on_conflict_do_nothing()
            connection.execute(new, [_values(order) for order in orders])
            put_mark(connection, self.database, [AccountId(o.account_id) for o in orders], now, "erasure ordered")

    @writing
    def order(self, connection: Connection, order: Order, people: Sequence[Subject], now: int) -> None:
        """An operator's own order: it replaces any other about the subject, and everything is done (again)."""
        again = links.c.target.like("%.erasures") & links.c.subject.in_(any_of([order.subject, *people]))
        connection.execute(delete(links).where(again))
        connection.execute(delete(erasures).where(erasures.c.subject == order.subject))
        connection.execute(insert(erasures).values(_values(order)))
        _end_hold(connection)
        put_mark(connection, self.database, [AccountId(order.account_id)], now, "erasure ordered")

    @writing
    def weigh(self, connection: Connection, now: int, floor: int, share: float, line: Callable[[int], Todo]) -> None:
        """New orders become due; all of them are held where the product marked more than max(floor, share of all known)
        within 24 hours. ``line``: what a person is told, by how many are held."""
        for kind in KINDS:
            ours = erasures.c.subject.like(f"{kind}:%")
            new = ours & (erasures.c.state == "new")
            accounts = connection.scalars(select(erasures.c.account_id).where(new)).all()
            if not accounts:
                continue
            marked = ours & (erasures.c.asked_by == "product") & (erasures.c.asked_at > now - DAY)
            recent = connection.scalar(select(func.count()).where(marked)) or 0
            known = select(func.count(facts.c.root.distinct())).where(facts.c.kind == kind, facts.c.gone.is_(False))
            held = recent > max(floor, share * (connection.scalar(known) or 0))
            connection.execute(update(erasures).where(new).values(state="held" if held else "due"))
            if not held:
                put_mark(connection, self.database, accounts, now, "erasure due")
        if held_now := _held(connection):
            put_todo(connection, self.database, [line(held_now)])

    @writing
    def release_orders(self, connection: Connection, now: int) -> int:
        """What is held may go on; returns how many."""
        held = erasures.c.state == "held"
        accounts = connection.scalars(select(erasures.c.account_id).where(held)).all()
        connection.execute(update(erasures).where(held).values(state="due"))
        put_mark(connection, self.database, accounts, now, "erasure due")
        _end_hold(connection)
        return len(accounts)

    @writing
    def begin_erasures(
        self, connection: Connection, lease: Lease, keys: Mapping[str, Key], also: Sequence[AccountId], now: int
    ) -> None:
        """From this commit on nothing brings these subjects back (subject -> what remembers it). What Stripe holds
        for the account is read again before it counts as known; ``also`` are accounts to be looked at. LeaseLost."""
        _must_hold(connection, lease)
        due = erasures.c.subject.in_(any_of(keys)) & (erasures.c.state == "due")
        begun = connection.scalars(update(erasures).where(due).values(state="begun", begun_at=now).returning(
            erasures.c.subject
        )).all()  # fmt: skip
        rows = [{"kind": keys[s][0], "key_hash": keys[s][1], "request_id": ""} for s in sorted(begun)]
        if rows:
            connection.execute(self.database.insert(redemptions).on_conflict_do_nothing(), rows)
        customer = (links.c.target == "stripe.customers") & (links.c.account_id == lease.account_id)
        connection.execute(update(links).where(customer, links.c.state == "ok").values(state="suspect"))
        put_mark(connection, self.database, also, now, "a person is erased")

    @writing
    def erase_memory(
        self,
        connection: Connection,
        lease: Lease,
        subject: Subject,
        people: Sequence[Subject],
        keep: frozenset[str],
        places: Mapping[str, Mapping[str, Any]],
        now: int,
    ) -> None:
        """Every vendor has confirmed: what we remember of ``people`` (and of an erased account) goes, except values
        that others of the account still have (``keep``). LeaseLost."""
        _must_hold(connection, lease)
        whole = subject if subject.startswith("account:") else None
        forget(connection, lease.account_id, people, whole, keep)
        first = (erasures.c.subject == subject) & (erasures.c.state == "begun")
        connection.execute(update(erasures).where(first).values(state="done", done_at=now, places=places))

    @writing
    def close_erasure(
        self,
        connection: Connection,
        lease: Lease,
        subject: Subject,
        pseudonym: str,
        names: Mapping[Subject, str],
        now: int,
    ) -> None:
        """A later look found nothing: from now on the record knows the subject by its pseudonym only, and the journal
        those in ``names`` by theirs. LeaseLost."""
        _must_hold(connection, lease)
        for person, hashed in names.items():
            gone = links.c.target.like("%.erasures") & (links.c.subject == person)
            connection.execute(delete(links).where(gone))
            connection.execute(update(journal).where(journal.c.subject == person).values(subject=hashed))
            connection.execute(delete(todo).where(todo.c.subject == person))
        connection.execute(delete(erasures).where(erasures.c.subject == pseudonym))
        proved = {"subject": pseudonym, "account_id": "", "state": "proved", "proved_at": now}
        connection.execute(update(erasures).where(erasures.c.subject == subject).values(proved))


def _must_hold(connection: Connection, lease: Lease) -> None:
    if seconds_left(connection, lease) is None:
        raise LeaseLost(f"someone else holds {lease.account_id} now")


def _held(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(erasures.c.state == "held")) or 0


def _end_hold(connection: Connection) -> None:
    if not _held(connection):
        clear_todo(connection, ["held"], [HELD])


def _values(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in Order.__dataclass_fields__}


def _order(row: Row[Any]) -> Order:
    return Order(**{name: getattr(row, name) for name in Order.__dataclass_fields__})
