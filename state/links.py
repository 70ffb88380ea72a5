"""Links: who a subject is in a target, and the two commits around every push."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, insert, select, update

from mappings.model import AccountId, Link, Ref, RequestId, Step, Subject, subject_id
from state.agenda import put_mark, renew, seconds_left
from state.brake import spend, use_up
from state.database import Base, reading, writing
from state.inbox import put_pushed
from state.ledger import redeem_keys, release_keys, write_journal
from state.schema import links
from state.sql import any_of
from state.todos import put_todo
from state.types import Claimed, Entry, Hold, Lease, LeaseLost, Limit, Todo

# A lease outlasts the longest push by this many seconds.
SPARE = 10


class Links(Base):
    @reading
    def links(self, connection: Connection, subjects: Sequence[Subject]) -> dict[tuple[str, Subject], Link]:
        """By (target, subject)."""
        rows = connection.execute(select(links).where(links.c.subject.in_(any_of(subjects))))
        return {(row.target, row.subject): link_of(row) for row in rows}

    @reading
    def links_of(self, connection: Connection, account: AccountId) -> list[Link]:
        """Links last written for this account."""
        mine = select(links).where(links.c.account_id == account).order_by(links.c.target, links.c.subject)
        return [link_of(row) for row in connection.execute(mine)]

    @reading
    def linked(self, connection: Connection, target: str, external_ids: Collection[str]) -> dict[str, Subject]:
        """Who these ids of a target are."""
        known = select(links.c.external_id, links.c.subject).where(links.c.target == target)
        rows = connection.execute(known.where(links.c.external_id.in_(any_of(external_ids))))
        return {row.external_id: Subject(row.subject) for row in rows}

    @writing
    def add_links(
        self, connection: Connection, new: Sequence[tuple[AccountId, Link]], lines: Sequence[Todo] = ()
    ) -> int:
        """Links of subjects that have none, or a parked one because nobody was found, as an adoption found them; one
        that stays parked is parked for what is wanted now. A subject or an external id that has another one keeps it.
        ``lines``: what a person is told of them. Returns how many were new."""
        put_todo(connection, self.database, lines)
        rows = [link_values(link) | {"account_id": account} for account, link in new]
        if not rows:
            return 0
        added = self.database.insert(links).on_conflict_do_nothing().returning(links.c.subject)
        inserted = set(connection.scalars(added, rows))
        known = [{f"_{name}": value for name, value in row.items()} for row in rows if row["subject"] not in inserted]
        if known:
            connection.execute(_TAKE, known)
        return len(inserted)

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
        acknowledge. What ``release`` has used up is free again. ``line``: what a person is told of it. LeaseLost, also
        when someone else has intended or acknowledged since ``link`` was read; Claimed."""
        if seconds_left(connection, lease) is None:
            raise LeaseLost(f"someone else holds {lease.account_id} now")
        stored = _stored(connection, link)
        if foreign(stored, link):
            raise LeaseLost(f"someone else has written {link.target} {link.subject} meanwhile")
        refuse_claimed(connection, link)
        put_pushed(connection, self.database, lease, [changed], now)
        write_journal(connection, journal, once=True)
        if release:
            release_keys(connection, release)
        put_todo(connection, self.database, [line] if line else [])
        return _save(connection, lease, stored, answered(link))

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
        stored = _stored(connection, link)
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
        ``now``: whoever comes after a worker that dies here looks at it. An approval of ``hold`` is used up.

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
        stored = _stored(connection, link)
        put_pushed(connection, self.database, lease, [changed], now)
        claim = _claim(connection, link)
        ours = left is not None and not foreign(stored, link)
        write_journal(connection, journal, once=not ours)
        if ours and not claim:
            if hold:
                use_up(connection, hold)
            return _save(connection, lease, stored, doubted(stored, answered(link)))
        self._suspect(connection, lease, stored, link if not claim else replace(link, external_id=""))
        if ours and claim:
            return claim
        return LeaseLost(f"someone else holds {lease.account_id} now")

    def _suspect(self, connection: Connection, lease: Lease, stored: Link | None, link: Link) -> None:
        """Whoever writes for the subject now keeps what they stored, but reads the target before anything else."""
        if stored is None:
            _save(connection, lease, None, replace(link, state="suspect"))
        named = update(links).where(is_link(link), links.c.external_id == "").values(external_id=link.external_id)
        connection.execute(named)
        doubted = update(links).where(is_link(link)).values(state="suspect").returning(links.c.account_id)
        accounts = [lease.account_id, *connection.scalars(doubted)]
        put_mark(connection, self.database, accounts, 0, "pushed without the lease")

    @writing
    def forget_parking(self, connection: Connection) -> int:
        """What is parked is tried again when its account is next worked on; returns how many."""
        parked = update(links).where(links.c.state == "parked", links.c.parked_for != "")
        return connection.execute(parked.values(parked_for="")).rowcount


_nobody = (links.c.state == "parked") & (links.c.external_id == "") & (links.c.pending_key == "")
_other = links.alias()
_claimed = (_other.c.target == bindparam("_target")) & (_other.c.external_id == bindparam("_external_id"))
_unclaimed = ~exists(select(_other.c.subject).where(_claimed, _other.c.external_id != ""))
_taken = ("external_id", "held", "sets", "state", "parked_for")
_TAKE = (
    update(links)
    .where(_nobody, _unclaimed, links.c.subject == bindparam("_subject"), links.c.target == bindparam("_target"))
    .values({name: bindparam(f"_{name}", type_=links.c[name].type) for name in _taken})
)


def is_link(link: Link) -> Any:
    return (links.c.target == link.target) & (links.c.subject == link.subject)


def _stored(connection: Connection, link: Link) -> Link | None:
    row = connection.execute(select(links).where(is_link(link)).with_for_update()).one_or_none()
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
    same = (links.c.target == link.target) & (links.c.external_id == link.external_id)
    holder = connection.execute(select(links.c.subject).where(same, links.c.subject != link.subject)).scalar()
    return Claimed(link.target, link.external_id, Subject(holder)) if holder else None


def refuse_claimed(connection: Connection, link: Link) -> None:
    if claim := _claim(connection, link):
        raise claim


def answered(link: Link) -> Link:
    return replace(link, pending_key="", pending_body=None, pending_since=None)


def _save(connection: Connection, lease: Lease, stored: Link | None, link: Link) -> Link:
    """An insert that meets a row someone else has just made fails, and the whole transaction is done again."""
    values = link_values(link) | {"account_id": lease.account_id}
    connection.execute(update(links).where(is_link(link)).values(values) if stored else insert(links).values(values))
    return link


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
