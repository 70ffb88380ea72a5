"""Links: who a subject is in a target, and the two commits around every push."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from mappings.model import AccountId, Link, Ref, RequestId, Step, Subject, subject_id
from state.agenda import put_mark, renew, seconds_left
from state.brake import BRAKED, spend, use_up
from state.database import Base, reading, writing
from state.inbox import put_pushed
from state.ledger import redeem_keys, release_keys, write_journal
from state.schema import holds, links
from state.sharing import NEWS, to_wake
from state.sql import any_given, filled, given
from state.todos import clear_todo, put_todo
from state.types import Claimed, Entry, Hold, Lease, LeaseLost, Limit, Todo, TodoKind

# A lease outlasts the longest push by this many seconds.
SPARE = 10


class Links(Base):
    @reading
    def links(self, connection: Connection, subjects: Sequence[Subject]) -> dict[tuple[str, Subject], Link]:
        """By (target, subject)."""
        rows = connection.execute(_OF, given("subjects", subjects))
        return {(row.target, row.subject): link_of(row) for row in rows}

    @reading
    def links_of(self, connection: Connection, account: AccountId) -> list[Link]:
        """Links last written for this account."""
        mine = select(links).where(links.c.account_id == account).order_by(links.c.target, links.c.subject)
        return [link_of(row) for row in connection.execute(mine)]

    @writing
    def adopt(
        self,
        connection: Connection,
        lease: Lease,
        link: Link,
        changed: Ref | None = None,
        *,
        now: int = 0,
        release: RequestId | None = None,
        journal: Sequence[Entry] = (),
        line: Todo | None = None,
    ) -> Link:
        """A Link is born or re-read with what the target holds; clears pending. ``changed``, ``journal``: see
        acknowledge. What ``release`` has used up is free again. ``line``: what a person is told of it; what they were
        told of one that is parked for something else now, or no more, ends. Where the account's own Link gets its first
        external id, the other accounts of its people are due ``now``. LeaseLost, also when someone else has intended or
        acknowledged since ``link`` was read; Claimed."""
        if seconds_left(connection, lease) is None:
            raise LeaseLost(f"someone else holds {lease.account_id} now")
        stored = stored_link(connection, link)
        if foreign(stored, link):
            raise LeaseLost(f"someone else has written {link.target} {link.subject} meanwhile")
        refuse_claimed(connection, link)
        put_pushed(connection, lease, [changed], now)
        write_journal(connection, journal, once=True)
        if release:
            release_keys(connection, release)
        saved = _save(connection, lease, stored, answered(link))
        put_mark(connection, self.database, to_wake(connection, lease, stored, link), now, NEWS)
        put_todo(connection, self.database, [line] if line else [])
        parked_again = stored is not None and stored.state == "parked"
        if line and link.state == "parked" and (parked_again or not link.external_id):  # Also: made again it was not.
            end_parking(connection, link, line.kind)
        return saved

    @writing
    def intend(
        self,
        connection: Connection,
        lease: Lease,
        link: Link,
        step: Step,
        body: Mapping[str, Any],
        margin: float,
        redeem: Sequence[tuple[str, str]] = (),
        *,
        now: int,
        limit: Limit | None = None,
        hold: Hold | None = None,
    ) -> Link:
        """Before a push: pending key and body committed, with the (kind, key hash) of a trial; returns the Link to push
        and acknowledge with. ``now`` becomes ``pending_since`` unless the same key was pending before.

        The lease is renewed where less than ``margin`` seconds (the longest that the push may take) remain. LeaseLost
        when the token is lost, or someone else has a key pending or has made the object since ``link`` was read.
        AlreadyRedeemed when another request has used one of the keys. Braked when ``limit`` is spent, or ``hold`` (what
        the step is known as to the brake) is held; see ``state.brake.spend``."""
        if not renew(connection, lease, margin + SPARE):
            raise LeaseLost(f"someone else holds {lease.account_id} now")
        stored = stored_link(connection, link)
        if stored and moved_on(stored, link):
            raise LeaseLost(f"someone else has written {link.target} {link.subject} meanwhile")
        redeem_keys(connection, self.database, redeem, RequestId(subject_id(step.subject)))
        since = link.pending_since if link.pending_key == step.key and link.pending_since is not None else now
        intent = replace(link, pending_key=step.key, pending_body=dict(body), pending_since=since)
        saved = _save(connection, lease, stored, doubted(stored, intent))
        if limit:  # Last, since every worker waits for it.
            spend(connection, self.database, limit, step.target, step.subject, hold, now)
        return saved

    def acknowledge(
        self,
        lease: Lease,
        link: Link,
        journal: Sequence[Entry],
        changed: Ref | None = None,
        *,
        now: int = 0,
        hold: Hold | None = None,
    ) -> Link:
        """After a push: the Link as given (``pending_key``: the key it was pushed with) with no key pending, and the
        journal, in one transaction; returns that Link. ``changed``, a root that the push changed, becomes a hint due
        ``now``: whoever comes after a worker that dies here looks at it. An approval of ``hold`` is used up. A first
        external id: see adopt.

        When the token was lost, or someone else has intended or acknowledged meanwhile: the stored Link stays and
        becomes suspect, all accounts concerned are woken, journal and hint are still written and LeaseLost is raised.
        Claimed when the external id is another subject's: likewise."""
        saved = self._acknowledge(lease, link, journal, changed, now, hold)
        if isinstance(saved, Exception):
            raise saved
        return saved

    @writing
    def _acknowledge(
        self,
        connection: Connection,
        lease: Lease,
        link: Link,
        journal: Sequence[Entry],
        changed: Ref | None,
        now: int,
        hold: Hold | None,
    ) -> Link | LeaseLost | Claimed:
        left = seconds_left(connection, lease)
        stored = stored_link(connection, link)
        put_pushed(connection, lease, [changed], now)
        claim = _claim(connection, link)
        ours = left is not None and not foreign(stored, link)
        write_journal(connection, journal, once=not ours)
        if ours and not claim:
            if hold:
                use_up(connection, hold)
            put_mark(connection, self.database, to_wake(connection, lease, stored, link), now, NEWS)
            return _save(connection, lease, stored, doubted(stored, answered(link)))
        self._suspect(connection, lease, stored, link if not claim else replace(link, external_id=""))
        if ours and claim:
            return claim
        return LeaseLost(f"someone else holds {lease.account_id} now")

    def _suspect(self, connection: Connection, lease: Lease, stored: Link | None, link: Link) -> None:
        """Whoever writes for the subject now keeps what they stored, but reads the target before anything else."""
        if stored is None:
            _save(connection, lease, None, replace(link, state="suspect"))
        named = update(links).where(IS_LINK, links.c.external_id == "").values(external_id=link.external_id)
        connection.execute(named, key_of(link))
        if stored and stored.state == "parked":
            end_parking(connection, link)
        doubted = update(links).where(IS_LINK).values(state="suspect").returning(links.c.account_id)
        accounts = [lease.account_id, *connection.scalars(doubted, key_of(link))]
        accounts += to_wake(connection, lease, stored, link)
        put_mark(connection, self.database, accounts, 0, "pushed without the lease")

    @writing
    def forget_parking(self, connection: Connection) -> int:
        """What is parked is tried again when its account is next worked on; returns how many."""
        parked = update(links).where(links.c.state == "parked", links.c.parked_for != "")
        return connection.execute(parked.values(parked_for="")).rowcount


IS_LINK: Final = (links.c.target == bindparam("_target")) & (links.c.subject == bindparam("_subject"))
_STORED: Final = select(links).where(IS_LINK).with_for_update()
_OF: Final = select(links).where(links.c.subject.in_(any_given("subjects")))
_INSERT: Final = insert(links)
_UPDATE: Final = update(links).where(IS_LINK)
_claimed = (links.c.target == bindparam("_target")) & (links.c.external_id == bindparam("_external_id"))
_HOLDER: Final = select(links.c.subject).where(
    _claimed, filled(links.c.external_id), links.c.subject != bindparam("_subject")
)


def key_of(link: Link) -> dict[str, Any]:
    """What IS_LINK asks for."""
    return {"_target": link.target, "_subject": link.subject}


def stored_link(connection: Connection, link: Link) -> Link | None:
    row = connection.execute(_STORED, key_of(link)).one_or_none()
    return link_of(row) if row else None


def moved_on(stored: Link, link: Link) -> bool:
    """Someone wrote this Link since ``link`` was read: a person's home moved, or a ghost came back."""
    foreign_key = stored.pending_key not in ("", link.pending_key)
    made = stored.external_id not in ("", link.external_id) and link.attempt <= stored.attempt
    return foreign_key or made


def foreign(stored: Link | None, link: Link) -> bool:
    """Someone else has intended or acknowledged since ``link`` was read or intended."""
    if stored is None or link.attempt > stored.attempt:
        return False
    return stored.pending_key != link.pending_key or stored.sequence > link.sequence


def doubted(stored: Link | None, link: Link) -> Link:
    """What someone else did to it meanwhile is not known: only a read ends the doubt."""
    return replace(link, state=stored.state) if stored and stored.unsure else link


def _claim(connection: Connection, link: Link) -> Claimed | None:
    if not link.external_id:
        return None
    holder = connection.execute(_HOLDER, key_of(link) | {"_external_id": link.external_id}).scalar()
    return Claimed(link.target, link.external_id, Subject(holder)) if holder else None


def refuse_claimed(connection: Connection, link: Link) -> None:
    if claim := _claim(connection, link):
        raise claim


def answered(link: Link) -> Link:
    return replace(link, pending_key="", pending_body=None, pending_since=None)


def _save(connection: Connection, lease: Lease, stored: Link | None, link: Link) -> Link:
    """An insert that meets a row someone else has just made fails, and the whole transaction is done again."""
    values = link_values(link) | {"account_id": lease.account_id}
    connection.execute(*((_UPDATE, values | key_of(link)) if stored else (_INSERT, values)))
    if stored and stored.state == "parked" and link.state != "parked":
        end_parking(connection, link)
    return link


def end_parking(connection: Connection, link: Link, told: TodoKind | None = None) -> None:
    """Nobody has to decide what it was parked for, but for what is ``told`` now. What is held of it still says so
    itself."""
    held = BRAKED & (holds.c.target == link.target) & (holds.c.subject == link.subject)
    still = connection.execute(select(holds.c.what).where(held).limit(1)).first()
    over: set[TodoKind] = {"parked", "conflict", "gone"} if still else {"parked", "conflict", "gone", "held"}
    clear_todo(connection, sorted(over - {told}), [link.subject], link.target)


def link_values(link: Link) -> dict[str, Any]:
    plain = {name: getattr(link, name) for name in _SAME}
    # What an audit found is about the Link as it was.
    held = {"held": link.values, "sets": link.sets, "sent": link.sent, "overwritten": link.overwritten or None}
    return plain | held | {"drift": None}


_SAME = (
    "target", "subject", "external_id", "state", "attempt", "sequence", "pending_key", "pending_body", "pending_since",
    "parked_for", "acknowledged_at",
)  # fmt: skip


def link_of(row: Row[Any]) -> Link:
    sets = {name: tuple(members) for name, members in row.sets.items()}
    same = {name: getattr(row, name) for name in _SAME}
    return Link(values=row.held, sets=sets, sent=row.sent, overwritten=row.overwritten or {}, **same)
