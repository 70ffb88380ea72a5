"""Landing: what a look found is compared with what is stored, and only the difference is written, in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_, update

from mappings.model import AccountId, Fact, fingerprint
from state.database import Database
from state.refs import root_key, root_ref
from state.schema import facts, match_keys, roots
from state.sql import among, any_given, any_of, given
from state.types import Finding

Key = tuple[str, str, str]
_NAMES = ("root", "kind", "id")


def content(fact: Fact) -> str:
    """Equal for facts that say the same, whatever account they belong to."""
    return fingerprint([fact.body, fact.offers, fact.seeks, fact.states])


class Landing:
    """One look's findings. After ``write``: ``changed`` roots, ``accounts`` to mark, ``offered`` keys, ``unmatched``
    and ``vanished`` roots, whether match ``keys_moved``, and the number of ``rows`` written."""

    def __init__(
        self, connection: Connection, database: Database, look_no: int, findings: Sequence[Finding], now: int
    ) -> None:
        self.connection, self.database, self.look_no, self.now = connection, database, look_no, now
        self.changed: set[str] = set()
        self.keys_moved = False
        self.accounts: set[AccountId] = set()
        self.offered: set[str] = set()
        self.unmatched: set[str] = set()
        self.vanished: set[str] = set()
        self._found: dict[str, dict[Key, Fact]] = defaultdict(dict)
        self._whole = {root_key(finding.root) for finding in findings if finding.whole}
        for finding in findings:
            root = root_key(finding.root)
            self._found[root] |= {(root, fact.kind, fact.id): fact for fact in finding.facts}
        self._upserts: dict[Key, dict[str, Any]] = {}
        self._unchanged: list[Key] = []
        self._moves: dict[Key, AccountId | None] = {}
        self._gone: set[Key] = set()

    @property
    def rows(self) -> int:
        return len(self._upserts) + len(self._moves) + len(self._gone)

    def keep_moved(self) -> None:
        """For the scan that this landing is a page of, or a look for; somebody else may go on with it."""
        if self.changed:
            moved = update(roots).where(roots.c.root.in_(any_of(self.changed)))
            self.connection.execute(moved.values(scan_moved=self.look_no))

    def write(self) -> None:
        """Locks the roots, so that a parallel landing of the same root waits and then sees what this one stored."""
        looked = self._lock()
        known: dict[str, dict[Key, Row[Any]]] = defaultdict(dict)
        for row in self.connection.execute(_STORED, given("roots", list(self._found))):
            known[row.root][row.root, row.kind, row.id] = row
        current = {root for root in self._found if looked[root] <= self.look_no}
        for root in sorted(current):
            self._compare(root, known[root])
        self._write_facts()
        self._write_keys({key for rows in known.values() for key, row in rows.items() if row.offers or row.seeks})
        if whole := self._whole & current:
            self.connection.execute(_READ, given("roots", sorted(whole)) | {"_look_no": self.look_no})

    def _lock(self) -> dict[str, int]:
        """Root -> the last look that read it whole. Rows are made for roots never seen."""
        wanted = sorted(self._found)
        looked = {row.root: row.look_no for row in self.connection.execute(_LOCKED, given("roots", wanted))}
        new = [{"root": root, "look_no": 0} for root in wanted if root not in looked]
        if new:
            self.connection.execute(self.database.insert(roots).on_conflict_do_nothing(), new)
            looked = {row.root: row.look_no for row in self.connection.execute(_LOCKED, given("roots", wanted))}
        return looked

    def _compare(self, root: str, stored: dict[Key, Row[Any]]) -> None:
        """Sort the rows of one root into new or changed, unchanged, moved to another account, and gone."""
        found = {key: fact for key, fact in self._found[root].items() if self._free(stored.get(key))}
        absent = stored.keys() - self._found[root].keys() if root in self._whole else set()
        gone = {key for key in absent if self._free(stored[key])}
        before = {key: row.account_id for key, row in stored.items()}
        own = _root_row(root)
        after = _accounts(own, before, found, gone)
        changed = {key for key, fact in found.items() if self._place(key, fact, after[key], stored.get(key))}
        moved = {key for key in after.keys() - found.keys() if after[key] != before[key]}
        self._moves |= {key: after[key] for key in moved}
        self._gone |= gone
        if changed or moved or gone:
            self.changed.add(root)
            self.vanished |= {root} if own in gone or (own in changed and found[own].body is None) else set()
            self.accounts |= {account for account in (*before.values(), *after.values()) if account}
        self.offered |= {offer for key in changed if after[key] for offer in found[key].offers}
        if own in after and not after[own]:
            self.unmatched.add(root)

    def _free(self, stored: Row[Any] | None) -> bool:
        return stored is None or stored.look_no <= self.look_no

    def _place(self, key: Key, fact: Fact, account: AccountId | None, stored: Row[Any] | None) -> bool:
        """Whether the row is new or changed."""
        made = content(fact)
        if stored and stored.fingerprint == made and stored.account_id == account:
            self._unchanged.append(key)
            return False
        self.keys_moved |= bool(fact.offers or fact.seeks) and _keys_differ(fact, stored)
        self._upserts[key] = _named(key) | {
            "account_id": account,
            "body": fact.body,
            "offers": fact.offers or None,
            "seeks": fact.seeks or None,
            "seen": _seen(fact.states, (stored.seen if stored else None) or {}, self.now) or None,
            "fingerprint": made,
            "look_no": self.look_no,
            "gone": fact.body is None,
        }
        return True

    def _write_facts(self) -> None:
        if self._gone:
            self.connection.execute(delete(facts).where(among(facts, _NAMES, self._gone)))
        if self._upserts:
            new = self.database.insert(facts)
            fields = {name: new.excluded[name] for name in _CONTENT}
            upsert = new.on_conflict_do_update(index_elements=["root", "kind", "id"], set_=fields)
            self.connection.execute(upsert, [self._upserts[key] for key in sorted(self._upserts)])
        if self._moves:
            rows = [{f"_{name}": value for name, value in _named(key).items()} for key in sorted(self._moves)]
            accounts = [{"account_id": self._moves[key]} for key in sorted(self._moves)]
            move = update(facts).where(*(facts.c[name] == bindparam(f"_{name}") for name in _NAMES))
            self.connection.execute(move, [row | account for row, account in zip(rows, accounts, strict=True)])
        if self._unchanged:
            self.connection.execute(
                _SEEN, given("keys", *zip(*self._unchanged, strict=True)) | {"_look_no": self.look_no}
            )

    def _write_keys(self, keyed: set[Key]) -> None:
        outdated = keyed & (self._upserts.keys() | self._gone)
        if outdated:
            self.connection.execute(delete(match_keys).where(among(match_keys, _NAMES, outdated)))
        rows = [
            _named(key) | {"role": role, "key": match_key}
            for key, row in sorted(self._upserts.items())
            if not row["gone"]
            for role in ("offer", "seek")
            for match_key in row[f"{role}s"] or ()
        ]
        if rows:
            self.connection.execute(self.database.insert(match_keys).on_conflict_do_nothing(), rows)


def match_keys_move(connection: Connection, findings: Sequence[Finding], first: bool) -> bool:
    """Whether a fact has match keys, or an account, that are not stored just so. ``first``: nothing is stored."""
    found = {
        (root_key(finding.root), fact.kind, fact.id): fact
        for finding in findings
        for fact in finding.facts
        if fact.offers or fact.seeks
    }
    if first or not found:
        return bool(found)
    rows = connection.execute(_KEYED, given("keys", *zip(*found, strict=True)))
    stored = {(row.root, row.kind, row.id): row for row in rows}
    return any(_keys_differ(fact, stored.get(key)) for key, fact in found.items())


def _keys_differ(fact: Fact, stored: Row[Any] | None) -> bool:
    if stored is None or stored.account_id is None or fact.account_id not in (None, stored.account_id):
        return True
    return (tuple(stored.offers or ()), tuple(stored.seeks or ())) != (fact.offers, fact.seeks)


_CONTENT = ("account_id", "body", "offers", "seeks", "seen", "fingerprint", "look_no", "gone")
_KEY = (facts.c.root, facts.c.kind, facts.c.id)
_KEYS = (facts.c.account_id, facts.c.offers, facts.c.seeks)
_columns = (*_KEY, *_KEYS, facts.c.seen, facts.c.fingerprint, facts.c.look_no)
_STORED = select(*_columns).where(facts.c.root.in_(any_given("roots")))
_LOCKED = select(roots).where(roots.c.root.in_(any_given("roots"))).order_by(roots.c.root).with_for_update()
_READ = update(roots).where(roots.c.root.in_(any_given("roots"))).values(look_no=bindparam("_look_no"))
_these = tuple_(*_KEY).in_(any_given("keys", len(_KEY)))
_SEEN = update(facts).where(_these).values(look_no=bindparam("_look_no"))
_KEYED = select(*_KEY, *_KEYS).where(_these)


def _root_row(root: str) -> Key:
    """The fact about the root itself: its account is the account of everything under it."""
    ref = root_ref(root)
    return root, ref.kind, ref.id


def _accounts(
    own: Key, before: dict[Key, AccountId | None], found: dict[Key, Fact], gone: set[Key]
) -> dict[Key, AccountId | None]:
    """Whose each row is after this look: as the record says, else as the root's own row, else as before."""
    after = {key: account for key, account in before.items() if key not in gone}
    after |= {key: fact.account_id or before.get(key) for key, fact in found.items()}
    owner, former = after.get(own), before.get(own)
    if owner:
        said = {key for key, fact in found.items() if fact.account_id}
        inherits = {key for key in after.keys() - said if key in found or before[key] in (None, former)}
        after |= dict.fromkeys(inherits, owner)
    return after


def _seen(states: Mapping[str, str], known: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The states as they are now: one that did not move keeps its time, one that did remembers what it was."""

    def seen(value: str, old: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if old and old["value"] == value:
            return old
        return {"value": value, "since": now, "before": old["value"] if old else ""}

    return {name: seen(value, known.get(name)) for name, value in states.items()}


def _named(key: Key) -> dict[str, Any]:
    return dict(zip(_NAMES, key, strict=True))
