"""A town that is set up already: its databases are copies of one that was, so that no test pays for `init`."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres import Postgres, database_of

sys.path.insert(0, str(Path(__file__).parents[1] / "acceptance"))

from products import Product
from vendors import HOUR, Vendors
from works import Works, end_all

from connectors import gate, wire
from connectors.product.shapes import metadata
from flows.house import connect
from flows.marking import take_over

numbers = count(1)
KEEPER = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for our own rate limits, one try a call. A vendor is given up soon only where it hangs: elsewhere it
    is a busy machine that takes its time."""
    monkeypatch.setattr(gate.Pace, "wait", lambda self, deadline: True)
    monkeypatch.setattr(gate, "TRIES", 1)
    if "hang_after" in request.node.name:
        monkeypatch.setattr(wire, "READ_TIMEOUT", 0.7)


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    process = Vendors.start()
    yield process
    process.stop()


def built(url: str, folder: Path, vendors: Vendors) -> str:
    """A state that `init --on` has made. All of them are one installation: the workspace is kept by it."""
    town = Works(f"e{next(numbers)}", vendors, product(folder), folder / "instep.toml", lambda: url)
    town.init()
    house = town.open().store.amend({"installation_id": KEEPER})
    take_over(connect(town.settings), KEEPER, house.names)
    town.close()
    town.product.close()
    return url


def product(folder: Path) -> Product:
    made = Product(f"sqlite:///{folder}/product.db")
    engine = sa.create_engine(made.url)
    metadata.create_all(engine)
    engine.dispose()
    return made


@pytest.fixture(scope="session")
def sqlite_state(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    built(f"sqlite:///{folder}/state.db", folder, vendors)
    return folder / "state.db"


@pytest.fixture(scope="session")
def postgres_state(vendors: Vendors, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = built(postgres.create(), tmp_path_factory.mktemp("built"), vendors)
    postgres.disconnect(url)
    return database_of(url)


@pytest.fixture
def on_sqlite(sqlite_state: Path, tmp_path: Path) -> Callable[[], str]:
    def create() -> str:
        with closing(sqlite3.connect(sqlite_state)) as source, closing(sqlite3.connect(tmp_path / "state.db")) as copy:
            source.backup(copy)
        return f"sqlite:///{tmp_path}/state.db"

    return create


@pytest.fixture
def on_postgres(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_state")
    made: list[str] = []

    def create() -> str:
        made.append(server.create(template))
        return made[-1]

    yield create
    for url in made:
        server.drop(url)


@pytest.fixture
def settle_in(vendors: Vendors, tmp_path: Path) -> Iterator[Callable[[Callable[[], str]], Works]]:
    """Builds the test's town on a state; afterwards the vendors are as before."""
    towns: list[Works] = []

    def build(new_state: Callable[[], str]) -> Works:
        vendors.advance(HOUR)
        towns.append(Works(f"e{next(numbers)}", vendors, product(tmp_path), tmp_path / "instep.toml", new_state))
        return towns[-1]

    yield build
    end_all()
    for town in towns:
        town.close()
        town.product.close()
    vendors.heal()
    vendors.provisioner(ready_after=0, fail=[], never=[], lie={})


@pytest.fixture
def town(settle_in: Callable[[Callable[[], str]], Works], on_sqlite: Callable[[], str]) -> Works:
    return settle_in(on_sqlite)


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, settle_in: Callable[[Callable[[], str]], Works]) -> Works:
    """The town on SQLite, then on PostgreSQL."""
    return settle_in(request.getfixturevalue("on_sqlite" if request.param == "sqlite" else "on_postgres"))


@pytest.fixture
def shared(settle_in: Callable[[Callable[[], str]], Works], on_postgres: Callable[[], str]) -> Works:
    """The town on PostgreSQL, where several workers may run at once."""
    return settle_in(on_postgres)
