"""An installation in a folder: a small product in SQLite, settings as an environment, vendors in another process."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from sandbox.provisioner import SECRET

CONFIG = """
[plans.pro]
lookup_keys = ["pro_monthly"]
trial_days = 14
tag = "plan:pro"

[policy]
access_without_subscription = "full"
"""
TABLES = """
CREATE TABLE members (user_id TEXT, account_id TEXT, email TEXT, role TEXT, name TEXT, joined_at INTEGER);
CREATE VIEW instep_users AS SELECT *, 1 AS email_verified FROM members;
"""
# What must never be seen outside the product and the vendors.
PERSON, DOMAIN = "Wilhelmina", "example.org"


class Installation:
    """``name`` makes the ids of this one its own, so that several may share the vendors at ``vendors``."""

    def __init__(self, folder: Path, vendors: str, name: str) -> None:
        self.account, self.user, self._product = f"{name}-acct", f"{name}-user", folder / "product.db"
        config = folder / "instep.toml"
        config.write_text(CONFIG)
        with closing(sqlite3.connect(self._product)) as connection:
            connection.executescript(TABLES)
        self.write(
            "INSERT INTO members VALUES (?, ?, ?, 'owner', ?, 1700000000)",
            self.user, self.account, f"{name}.{PERSON}@{DOMAIN}".lower(), PERSON,
        )  # fmt: skip
        self.environment = {
            "INSTEP_CONFIG": str(config),
            "INSTEP_STATE_URL": f"sqlite:///{folder}/state.db",
            "INSTEP_PRODUCT_URL": f"sqlite:///{self._product}",
            "STRIPE_API_KEY": "sk_test_sandbox",
            "STRIPE_API_BASE": f"{vendors}/stripe",
            "INTERCOM_ACCESS_TOKEN": "tok_sandbox",
            "INTERCOM_API_BASE": f"{vendors}/intercom",
            "PROVISIONER_URL": f"{vendors}/provisioner",
            "PROVISIONER_SECRET": SECRET,
            "INSTEP_CONCURRENCY": "4",
        }

    def request_trial(self) -> None:
        """As the product does it."""
        row = "INSERT INTO instep_requests (request_id, kind, account_id, user_id, plan, requested_at)"
        self.write(
            f"{row} VALUES (?, 'trial', ?, ?, 'pro', ?)", f"{self.account}-r", self.account, self.user, int(time.time())
        )

    def access(self) -> str | None:
        """The account's stage as the product reads it; None without a row."""
        with closing(sqlite3.connect(self._product)) as connection:
            found = connection.execute("SELECT stage FROM instep_access WHERE account_id = ?", [self.account])
            row = found.fetchone()
        return row and row[0]

    def write(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(self._product, timeout=10)) as connection, connection:
            connection.execute(statement, values)


@contextmanager
def vendors() -> Iterator[str]:
    """The URL of a sandbox process whose clock is the real one."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--limits", "off"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout
        word, url = process.stdout.readline().split()
        assert word == "ready"
        yield url
    finally:
        process.terminate()
        process.wait(10)


def writes(vendors: str) -> int:
    """How many writes the vendors booked."""
    answer = requests.get(f"{vendors}/_sandbox/ledger", params={"writes": 1}, timeout=30)
    return len(answer.json())
