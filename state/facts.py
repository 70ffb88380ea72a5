"""Facts: what was read, in our words. A look replaces the rows of a root; an older look never undoes a newer one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, union

from mappings.model import BODIES, AccountId, Change, Fact, Ref, body_from_json
from state.agenda import HELD, named, put_mark
from state.cursors import fence
from state.database import Base, reading, writing
from state.inbox import handle, handle_pushed, put, wait
from state.landing import Landing, match_keys_move
from state.matching import Matching, lock_matching, same_fact
from state.refs import root_key, root_ref, under
from state.schema import agenda, facts, links, match_keys
from state.sql import any_given, any_of, given
from state.types import Cause, Cursor, Finding, Hint, Landed, Lease, Match

_live = select(facts).where(facts.c.gone.is_(False)).order_by(facts.c.root, facts.c.kind, facts.c.id)
_OWN: Final = _live.where(facts.c.account_id.in_(any_given("accounts")))
_MEMBERSHIPS: Final = _live.where(facts.c.root.in_(any_given("users")), facts.c.kind == "person")


class Facts(Base):
    @writing
    def record(
        self,
        connection: Connection,
        look_no: int,
        findings: Sequence[Finding],
        *,
        match: Match,
        now: int,
        reason: str,
        hints: Sequence[Hint] = (),
        unsettled: Sequence[Hint] = (),
        again_at: int = 0,
        changes: Sequence[Change] = (),
        cursor: Cursor | None = None,
        resume: str | None = None,
        holder: Lease | None = None,
        cause: Cause = "",
    ) -> Landed:
        """What a look found, in one transaction with everything that follows from it.

        - Facts: a root read whole by a higher look, and a row written by one, stay as they are. Unchanged rows only get
          the look's number. A root with nothing left keeps its look number.
        - Accounts: unmatched facts find one (see Matching), in both directions.
        - Agenda: every account with a fact under a root that moved is marked (due ``now``, for ``cause``), but not the
          holder's own.
        - ``hints`` are handled, and those that the holder's own pushes left for these roots. The ``unsettled`` of
          them are due once more, ``again_at``, where their root did not move.
        - ``changes`` become hints where the ledger does not know them.
        - ``resume`` becomes the cursor's scan position, and the roots that moved stay known (see ``scan_found``).
          LeaseLost when the cursor is fenced."""
        if cursor:
            fence(connection, cursor, **({} if resume is None else {"scan": resume}))
        first = cursor is not None and cursor.scanned_at is None
        locked = match_keys_move(connection, findings, first)
        keys = {key for finding in findings for fact in finding.facts for key in (*fact.offers, *fact.seeks)}
        if locked:
            lock_matching(connection, self.database, keys)
        landing = Landing(connection, self.database, look_no, findings, now)
        landing.write()
        if cause == "inferred" or (cursor and not first):
            landing.keep_moved()
        if landing.keys_moved and not locked:  # Since then.
            lock_matching(connection, self.database, keys)
        matching = Matching(connection, self.database, match, now)
        matching.forget(landing.vanished)
        matching.run(landing.unmatched | matching.seekers(landing.offered))
        mine = _own(connection, holder)
        put_mark(connection, self.database, (landing.accounts | matching.accounts) - mine, now, reason, cause)
        handle(connection, hints, now)
        wait(connection, [hint for hint in unsettled if root_key(hint.ref) not in landing.changed], again_at)
        if holder:
            handle_pushed(connection, holder, [finding.root for finding in findings], now)
        told = put(connection, self.database, changes, now)
        return Landed(frozenset(map(root_ref, landing.changed)), landing.rows, told)

    @writing
    def rematch(self, connection: Connection, *, match: Match, now: int, after: str = "") -> str | None:
        """Match a batch of unmatched roots again, after a scan is complete; returns where to go on, None at the end."""
        lock_matching(connection, self.database)
        open_ = select(facts.c.root).where(facts.c.account_id.is_(None), facts.c.gone.is_(False), facts.c.root > after)
        page = connection.scalars(open_.distinct().order_by(facts.c.root).limit(self.database.batch)).all()
        matching = Matching(connection, self.database, match, now)
        matching.run(set(page))
        put_mark(connection, self.database, matching.accounts, now, "matched")
        return page[-1] if len(page) == self.database.batch else None

    @reading
    def facts(self, connection: Connection, accounts: Sequence[AccountId]) -> dict[AccountId, list[Fact]]:
        """All live facts of these accounts, and for their people the memberships elsewhere (same root, another
        ``account_id``). Every account asked for has a list."""
        own = connection.execute(_OWN, given("accounts", list(accounts))).all()
        users = {row.root for row in own if row.kind == "person"}
        people = connection.execute(_MEMBERSHIPS, given("users", list(users))).all()
        memberships = defaultdict(list)
        for row in people:
            memberships[row.root].append(row)
        found: dict[AccountId, dict[tuple[str, str, str], Row[Any]]] = {account: {} for account in accounts}
        for row in own:
            for fact in (row, *(memberships[row.root] if row.kind == "person" else ())):
                found[row.account_id][fact.root, fact.kind, fact.id] = fact
        return {account: _facts(rows.values()) for account, rows in found.items()}

    @reading
    def roots(self, connection: Connection, account: AccountId) -> list[Ref]:
        """Roots of the account's live facts."""
        mine = select(facts.c.root).where(facts.c.account_id == account, facts.c.gone.is_(False))
        return [root_ref(key) for key in connection.scalars(mine.distinct().order_by(facts.c.root))]

    @reading
    def count_roots(self, connection: Connection, source: str, kinds: Sequence[str]) -> int:
        """How many roots of these kinds there are."""
        live = under(facts.c.root, source, kinds) & facts.c.gone.is_(False)
        return int(connection.scalar(select(func.count(facts.c.root.distinct())).where(live)) or 0)

    @reading
    def root_facts(self, connection: Connection, root: Ref) -> list[Fact]:
        """What is known under a root, whether it has an account or not."""
        mine = (facts.c.root == root_key(root)) & facts.c.gone.is_(False)
        return _facts(connection.execute(select(facts).where(mine).order_by(facts.c.kind, facts.c.id)))

    @reading
    def known(self, connection: Connection, kind: str, id: str) -> bool:
        """Whether the product shows a living root of this kind."""
        mine = (facts.c.root == root_key(Ref("product", kind, id))) & facts.c.gone.is_(False)
        return connection.execute(select(facts.c.root).where(mine).limit(1)).first() is not None

    @reading
    def offering(self, connection: Connection, keys: Collection[str]) -> dict[str, dict[str, set[AccountId]]]:
        """Match key -> the roots that offer it -> their accounts."""
        offer = (match_keys.c.role == "offer") & match_keys.c.key.in_(any_of(keys)) & facts.c.gone.is_(False)
        owned = select(match_keys.c.key, facts.c.root, facts.c.account_id).join(facts, same_fact)
        found: dict[str, dict[str, set[AccountId]]] = defaultdict(lambda: defaultdict(set))
        for row in connection.execute(owned.where(offer, facts.c.account_id.is_not(None))):
            found[row.key][row.root].add(row.account_id)
        return found

    @reading
    def accounts_of(self, connection: Connection, refs: Collection[Ref]) -> dict[Ref, set[AccountId]]:
        """The accounts that these roots have a fact in."""
        rows = select(facts.c.root, facts.c.account_id).where(facts.c.root.in_(any_of(map(root_key, refs))))
        found: dict[Ref, set[AccountId]] = defaultdict(set)
        for row in connection.execute(rows.where(facts.c.gone.is_(False), facts.c.account_id.is_not(None))):
            found[root_ref(row.root)].add(row.account_id)
        return found

    @reading
    def contents(self, connection: Connection, kind: str) -> dict[str, str]:
        """id -> ``content`` of every living fact of this kind."""
        rows = select(facts.c.id, facts.c.fingerprint).where(facts.c.kind == kind, facts.c.gone.is_(False))
        return dict(connection.execute(rows).tuples().all())

    @reading
    def stages(self, connection: Connection) -> dict[str, int]:
        """How many accounts are in each stage, as last written to the product."""
        rows = select(facts.c.body).where(facts.c.kind == "access", facts.c.gone.is_(False))
        return dict(sorted(Counter(str(body["stage"]) for body in connection.scalars(rows)).items()))

    @reading
    def unmatched(self, connection: Connection, limit: int = 100) -> tuple[int, list[Fact]]:
        """How many roots have no account, and the first of their facts."""
        open_ = facts.c.account_id.is_(None) & facts.c.gone.is_(False)
        count = connection.scalar(select(func.count(facts.c.root.distinct())).where(open_)) or 0
        first = select(facts).where(open_).order_by(facts.c.root, facts.c.kind, facts.c.id).limit(limit)
        return count, _facts(connection.execute(first))

    @reading
    def listed(self, connection: Connection, kind: str, after: str) -> tuple[list[Fact], str | None]:
        """A page of the live facts of a kind, by root, and where to go on; None at the end."""
        rows = select(facts).where(facts.c.kind == kind, facts.c.gone.is_(False), facts.c.root > after)
        page = connection.execute(rows.order_by(facts.c.root).limit(self.database.batch)).all()
        return _facts(page), page[-1].root if len(page) == self.database.batch else None

    def accounts(self) -> Iterator[AccountId]:
        """Every account with a live fact or a Link, in order; read in pages, one short transaction each."""
        page = self._accounts("")
        while page:
            yield from page
            page = self._accounts(page[-1])

    @reading
    def _accounts(self, connection: Connection, after: str) -> Sequence[AccountId]:
        lived = select(facts.c.account_id).where(facts.c.account_id > after, facts.c.gone.is_(False))
        linked = select(links.c.account_id).where(links.c.account_id > after)
        limit = self.database.batch
        both = union(*(_first(part, limit) for part in (lived, linked))).subquery()
        return connection.scalars(select(both.c.account_id).order_by(both.c.account_id).limit(limit)).all()


def _first(part: Any, limit: int) -> Any:
    column = part.selected_columns[0]
    return select(part.distinct().order_by(column).limit(limit).subquery())


def _own(connection: Connection, holder: Lease | None) -> set[AccountId]:
    """The holder plans with these facts itself, as long as it is the holder."""
    if holder is None:
        return set()
    return set(connection.scalars(select(agenda.c.account_id).where(HELD), named(holder)))


def _facts(rows: Any) -> list[Fact]:
    """Kinds that a newer version wrote are left out."""
    return [_fact(row) for row in rows if row.kind in BODIES]


def _fact(row: Row[Any]) -> Fact:
    body = body_from_json(row.kind, row.body, row.seen)
    keys = tuple(row.offers or ()), tuple(row.seeks or ())
    return Fact(root_ref(row.root), row.kind, row.id, body, row.account_id, *keys)
