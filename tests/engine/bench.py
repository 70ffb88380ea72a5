"""A small engine on a real store: one product whose accounts have names, and targets of the test's own."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Literal

from town import CONFIG

from connectors.contract import Page
from flows.engine import Engine, Tally
from flows.gathering import gather
from flows.pseudonyms import Pseudonyms
from flows.reading import Reader
from flows.wiring import SourceLine, Systems, TargetLine
from mappings import product
from mappings.catalog import Catalog
from mappings.config import Config
from mappings.model import AccountFacts, AccountId, Change, Record, Ref
from state.store import Lease, Store

NOW = 1_800_000_000
events = count(1)


def root(account: str) -> Ref:
    return Ref("product", "account", account)


class Shop:
    """Source ``product``: ``names`` by account. ``before_answer`` runs once a fetch has read what it will answer."""

    name = system = "product"
    kinds: tuple[str, ...] = ("account",)
    feed: Literal["hints", "truth"] = "hints"

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.before_answer: Callable[[], None] = lambda: None

    def changes(self, cursor: str | None) -> Iterator[Page]:
        return iter(())

    def scan(self, resume: str | None) -> Iterator[Page]:
        return iter(())

    def fetch(self, ref: Ref) -> Record:
        name = self.names.get(ref.id)
        self.before_answer()
        return Record(ref, None if name is None else {"account_id": ref.id, "name": name})


class Bench:
    """Workers are made and lost at will; what lasts is the store, the shop and what the targets hold."""

    def __init__(self, url: str, targets: Callable[[], Sequence[TargetLine]]) -> None:
        self.store, self.shop, self._targets = Store(url), Shop(), targets
        self.tally = Tally()
        self._pool = ThreadPoolExecutor(4)

    def close(self) -> None:
        self._pool.shutdown()
        self.store.close()

    def systems(self) -> Systems:
        targets = self._targets()
        modes = {line.target.name: "on" for line in targets}
        config = Config.model_validate(tomllib.loads(CONFIG))
        sources = [SourceLine(self.shop, product.facts)]
        return Systems(
            sources,
            targets,
            config,
            Catalog(),
            False,
            modes,
            pseudonyms=Pseudonyms(("a secret",)),  # type: ignore[arg-type]
        )

    def reader(self, systems: Systems | None = None, now: int = NOW) -> Reader:
        return Reader(self.store, systems or self.systems(), lambda: now, "worker", self._pool)

    def hear(self, *accounts: str) -> None:
        """Somebody says that these accounts deserve a look."""
        changes = [Change(root(account), f"event {next(events)}", NOW - 3600) for account in accounts]
        self.store.take_in(None, changes, None, NOW)

    def work(self) -> Tally:
        """A new worker deals with everything that is due, account by account."""
        systems = self.systems()
        tally = Tally()
        engine = Engine(self.store, systems, self.reader(systems), lambda: NOW, "run", 0, "salt", tally)
        while leases := self.lease():
            for lease in leases:
                engine.work(lease)
        assert tally.bugs == []
        return tally

    def lease(self) -> list[Lease]:
        return self.store.lease_accounts("worker", NOW, 10, 60)

    def facts(self, account: str) -> str | None:
        """The name that is stored."""
        known: AccountFacts = gather(self.store, AccountId(account), 0, Pseudonyms(("a secret",)))
        return known.account.name if known.account else None


def copied(template: Path, to: Path) -> str:
    """The URL of a copy of an SQLite database that may be open."""
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return f"sqlite:///{to}"
