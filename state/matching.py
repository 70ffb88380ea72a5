"""Matching: roots without an account find one through match keys. The decision itself is the caller's pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

from sqlalchemy import ARRAY, Connection, Integer, Row, bindparam, func, literal, select, update

from mappings.model import AccountId, Undecided
from state.database import Database
from state.refs import root_ref
from state.schema import facts, match_keys
from state.sql import any_of
from state.todos import clear_todo, put_todo
from state.types import Match, Todo

same_fact = (match_keys.c.root == facts.c.root) & (match_keys.c.kind == facts.c.kind) & (match_keys.c.id == facts.c.id)
LANES: Final = 128
_open = facts.c.account_id.is_(None) & facts.c.gone.is_(False)


def lock_matching(connection: Connection, database: Database, keys: Iterable[str] | None = None) -> None:
    """Offers and seekers of one of these ``keys`` (None: of any) that land at the same time must see each other. To be
    taken before any root is locked; should two wait for each other all the same, one of them is done again."""
    lanes = range(LANES) if keys is None else {crc32(key.encode()) % LANES for key in keys}
    if lanes and not database.sqlite:
        lane = func.unnest(literal(sorted(lanes), ARRAY(Integer))).column_valued("lane")
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("instep matching"), lane)))


class Matching:
    """``accounts``: those that found something, to be marked.

    A root is matched once its own fact (``kind`` and ``id`` of the root) is there, by its keys first, then by those
    of the facts under it; all of its facts without an account get the one found."""

    def __init__(self, connection: Connection, database: Database, match: Match, now: int) -> None:
        self.connection, self.database, self.match, self.now = connection, database, match, now
        self.accounts: set[AccountId] = set()

    def forget(self, roots: set[str]) -> None:
        """What is gone is in nobody's way any more."""
        if roots:
            clear_todo(self.connection, ["conflict", "unmatched"], map(_subject, roots))

    def run(self, roots: set[str]) -> None:
        """Until nothing more is found: what was matched may offer keys that others seek."""
        while roots:
            rows = self._unmatched(roots)
            found = self._decide(rows)
            self._write(found)
            offers = {offer for root in found for row in rows[root] for offer in row.offers or ()}
            lock_matching(self.connection, self.database, offers)
            roots = self.seekers(offers)

    def seekers(self, keys: Iterable[str]) -> set[str]:
        """Roots without an account that seek one of these keys."""
        wanted = set(keys)
        if not wanted:
            return set()
        seek = (match_keys.c.role == "seek") & match_keys.c.key.in_(any_of(wanted))
        return set(self.connection.scalars(select(facts.c.root).join(match_keys, same_fact).where(seek, _open)))

    def _unmatched(self, roots: set[str]) -> dict[str, list[Row[Any]]]:
        """The facts of each root that has its own fact, that one first."""
        columns = (facts.c.root, facts.c.kind, facts.c.id, facts.c.offers, facts.c.seeks)
        rows: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self.connection.execute(select(*columns).where(facts.c.root.in_(any_of(roots)), _open)):
            rows[row.root].append(row)
        for group in rows.values():
            group.sort(key=lambda row: (not _is_root(row), row.kind, row.id))
        return {root: group for root, group in sorted(rows.items()) if _is_root(group[0])}

    def _decide(self, rows: dict[str, list[Row[Any]]]) -> dict[str, AccountId]:
        """Root -> account; what a person has to decide becomes a todo."""
        seeks = {root: [key for row in group for key in row.seeks or ()] for root, group in rows.items()}
        keys = {key for wanted in seeks.values() for key in wanted}
        if not keys:
            return {}
        offers, seekers = self._offers(keys), self._seekers(keys)
        decided = {root: self.match(wanted, offers, seekers) for root, wanted in seeks.items() if wanted}
        open_ = {root: found for root, found in decided.items() if isinstance(found, Undecided)}
        self._tell(open_)
        return {root: found for root, found in decided.items() if found and not isinstance(found, Undecided)}

    def _tell(self, found: dict[str, Undecided]) -> None:
        """Each root has one line."""
        conflicts = {_subject(root) for root, why in found.items() if why.conflict}
        clear_todo(self.connection, ["unmatched"], conflicts)
        clear_todo(self.connection, ["conflict"], {_subject(root) for root in found} - conflicts)
        lines = [
            Todo(
                "conflict" if why.conflict else "unmatched", _subject(root), "", why.reason, why.proposal,
                since=self.now, decision=why.decision,
            )
            for root, why in found.items()
        ]  # fmt: skip
        put_todo(self.connection, self.database, lines)

    def _offers(self, keys: set[str]) -> dict[str, frozenset[AccountId]]:
        offer = (match_keys.c.role == "offer") & match_keys.c.key.in_(any_of(keys))
        owned = select(match_keys.c.key, facts.c.account_id).join(facts, same_fact)
        accounts: dict[str, set[AccountId]] = defaultdict(set)
        for row in self.connection.execute(owned.where(offer, facts.c.account_id.is_not(None)).distinct()):
            accounts[row.key].add(row.account_id)
        return {key: frozenset(owners) for key, owners in accounts.items()}

    def _seekers(self, keys: set[str]) -> dict[str, int]:
        seek = (match_keys.c.role == "seek") & match_keys.c.key.in_(any_of(keys))
        counted = select(match_keys.c.key, func.count(match_keys.c.root.distinct())).where(seek)
        return dict(self.connection.execute(counted.group_by(match_keys.c.key)).tuples().all())

    def _write(self, found: dict[str, AccountId]) -> None:
        if not found:
            return
        owned = update(facts).where(facts.c.root == bindparam("_root"), facts.c.account_id.is_(None))
        rows = [{"_root": root, "account_id": account} for root, account in sorted(found.items())]
        self.connection.execute(owned, rows)
        clear_todo(self.connection, ["conflict", "unmatched"], map(_subject, found))
        self.accounts |= set(found.values())


def _is_root(row: Row[Any]) -> bool:
    ref = root_ref(row.root)
    return bool((row.kind, row.id) == (ref.kind, ref.id))


def _subject(root: str) -> str:
    ref = root_ref(root)
    return f"{ref.kind}:{ref.id}"
