"""The product's database on SQLite and on PostgreSQL, for the tests of its connectors."""

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from vendor_world import gate

from connectors.product import ProductDatabase, ProductSettings


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        (tmp_path / "product.db").touch()
        return f"sqlite:///{tmp_path / 'product.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def database(url) -> ProductDatabase:
    return opened(url)


def opened(url) -> ProductDatabase:
    return ProductDatabase(ProductSettings(SecretStr(url)), gate("product"))


@pytest.fixture
def run(database):
    def execute(*statements: str) -> None:
        for statement in statements:
            database.write(sa.text(statement))
        database.forget()

    return execute
