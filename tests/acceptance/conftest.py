"""Towns on SQLite and on PostgreSQL; the vendors' process is shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from doors import House
from postgres import Postgres
from products import Product
from town import Build, Town
from vendors import HOUR, Vendors

from connectors.gate import Gate

numbers = count(1)
HERE = Path(__file__).parent
# Their tests run on PostgreSQL in `make test` too; those of the others in `make postgresql`.
ON_BOTH = {"test_trial_request", "test_lost_state", "test_thousand", "test_bad_rows"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        module = item.path.stem
        if item.path.parent == HERE and "postgresql" in item.name and module not in ON_BOTH:
            item.add_marker("postgresql")


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    process = Vendors.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def build(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Build:
    """A town on ``sqlite`` or ``postgresql``, not set up yet: call its ``init``."""

    @contextmanager
    def built(kind: str) -> Iterator[Town]:
        folder, made = tmp_path_factory.mktemp("town"), list[str]()
        postgres: Postgres | None = request.getfixturevalue("postgres") if kind == "postgresql" else None

        def create() -> str:
            made.append(postgres.create() if postgres else f"sqlite:///{folder}/{len(made)}.db")
            return made[-1]

        vendors.advance(HOUR)  # So that other towns' events are out of every overlap.
        here = Town(f"t{next(numbers)}", vendors, Product(create()), folder / "instep.toml", create)
        yield here
        here.close()
        here.product.close()
        vendors.heal()
        vendors.provisioner(ready_after=0, fail=[], never=[], lie={}, lost=[])
        for url in made if postgres else ():
            postgres.drop(url)

    return built


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(Gate, "_wait", lambda gate, state: 0.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    with build(request.param) as here:
        yield here


@pytest.fixture
def house(build: Build) -> Iterator[House]:
    with build("sqlite") as town:
        here = House(town)
        town.init()
        town.team("acme", ann="owner", cyd="member")
        town.sync()
        here.open()
        yield here
        here.close()
