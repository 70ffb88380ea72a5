"""One world to live in: simulated vendors in a process of their own, a small product, Instep, and one clock for all."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from flows.house import Instep, init, open_instep
from flows.hub import sync
from flows.report import Report
from flows.settings import load_settings
from instep.example import make
from instep.vendors import INTERCOM_TOKEN, STRIPE_KEY, Vendors

from .life import Group, Life
from .model import Facts

JSON = dict[str, Any]

START = int(datetime(2026, 2, 3, tzinfo=UTC).timestamp())
# Provisioned between two of Instep's runs, so that a trial waits for its instance now and then.
READY_AFTER = 100
CONFIG = """
[plans.pro]
lookup_keys = ["pro_monthly", "pro_yearly"]
trial_days = 14
tag = "plan:pro"

[plans.team]
lookup_keys = ["team_monthly"]
trial_days = 30
tag = "plan:team"

[policy]
access_without_subscription = "{without}"

[traits.has_project]
type = "boolean"
default = false
level = "account"
rollup = "any"

[traits.has_report]
type = "boolean"
default = false
level = "account"
rollup = "any"

[journey]
steps = ["has_project", "has_report"]
"""
# Lives are wilder than a company, and what waits for a person is not what the model has.
OPEN_BRAKE = """
[brake]
removals = {floor = 100000, share = 1}
inferred = {floor = 100000, share = 1}
bursts = {floor = 100000, share = 1}
"""


@dataclass
class Scene:
    """``now``: where all clocks stand. ``facts``: what each account's sources hold, as read last. ``brake``: its limits
    are those that ship."""

    vendors: Vendors
    folder: Path
    lives: Sequence[Life]
    brake: bool = False
    now: int = START
    facts: dict[str, Facts] = field(default_factory=dict)
    _http: requests.Session = field(default_factory=requests.Session)
    _events: set[str] = field(default_factory=set)
    _heard: int = START
    _customers: dict[str, str] = field(default_factory=dict)
    _moved: set[str] = field(default_factory=set)

    @property
    def product(self) -> Path:
        return self.folder / "product.db"

    # All of time

    def move(self, to: int) -> None:
        """What vendors had planned until then happens at its own moment."""
        self.control("POST", "/clock", {"now": to})
        self.now = to

    # Calls

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"{self.vendors.url}/_sandbox{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else {}

    def stripe(self, method: str, path: str, **fields: Any) -> JSON:
        """In Stripe's pages; empty where Stripe refuses it."""
        where: JSON = {"params" if method == "GET" else "data": fields}
        headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
        answer = self._http.request(method, f"{self.vendors.url}/stripe{path}", headers=headers, timeout=60, **where)
        found: JSON = answer.json() if answer.status_code == 200 else {}
        return found

    def intercom(self, path: str, body: JSON) -> JSON:
        headers = {"Authorization": f"Bearer {INTERCOM_TOKEN}"}
        answer = self._http.post(f"{self.vendors.url}/intercom{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        found: JSON = answer.json()
        return found

    def rows(self, statement: str, *values: object) -> list[JSON]:
        self._database.row_factory = sqlite3.Row
        return [dict(row) for row in self._database.execute(statement, values)]

    def state(self, statement: str) -> list[JSON]:
        """Rows of Instep's own memory."""
        with closing(sqlite3.connect(self.folder / "state.db", timeout=30)) as state:
            state.row_factory = sqlite3.Row
            return [dict(row) for row in state.execute(statement)]

    def write(self, statement: str, *values: object) -> None:
        with self._database:
            self._database.execute(statement, values)

    # What the sources hold

    def read(self) -> None:
        """All sources; who has moved is remembered for ``moved``."""
        moved = {self._read_customer(customer) for customer in self._heard_of()}
        made = _by(self.control("GET", "/provisioner/settings")["instances"], "account_id")
        people = _by(self.rows("SELECT * FROM users ORDER BY id"), "team_id")
        requested = _by(self.rows("SELECT * FROM instep_requests ORDER BY requested_at, request_id"), "account_id")
        for team in self.rows("SELECT * FROM teams"):
            id = team["id"]
            facts = self.facts.setdefault(id, Facts())
            before = (facts.team, facts.people, facts.requests, facts.instances)
            facts.team, facts.people, facts.requests, facts.instances = team, people[id], requested[id], made[id]
            if before != (facts.team, facts.people, facts.requests, facts.instances):
                moved.add(id)
        self._moved |= moved

    def moved(self) -> set[str]:
        """Accounts whose sources have moved since this was asked last, now read."""
        self.read()
        moved, self._moved = self._moved, set()
        return moved

    def read_if_unknown(self, account: str) -> None:
        """Instep may have made the customer since we read last."""
        if not self.facts.get(account, Facts()).customer:
            self.read()

    def _heard_of(self) -> set[str]:
        """Customers that an event names which we have not seen; events are listed for 30 days only."""
        if self.now - self._heard > 20 * 86400:
            self._heard = self.now
            return {row["id"] for row in self._all_customers()}
        found: set[str] = set()
        after: JSON = {}
        while True:
            page = self.stripe("GET", "/v1/events", limit=100, **{"created[gte]": self._heard}, **after)
            for event in page["data"]:
                if event["id"] not in self._events:
                    thing = event["data"]["object"]
                    found.add(str(thing["id"] if thing["object"] == "customer" else thing.get("customer") or ""))
                self._events.add(event["id"])
            if not page["has_more"]:
                self._heard = self.now
                return found - {""}
            after = {"starting_after": page["data"][-1]["id"]}

    def _all_customers(self) -> Iterator[JSON]:
        after: JSON = {}
        while True:
            page = self.stripe("GET", "/v1/customers", limit=100, **after)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _read_customer(self, id: str) -> str:
        expanded = {"expand[]": "invoice_settings.default_payment_method"}
        customer = self.stripe("GET", f"/v1/customers/{id}", **expanded)
        account = self._customers.setdefault(id, customer.get("metadata", {}).get("account_id", ""))
        facts = self.facts.setdefault(account, Facts())
        facts.customer = customer
        facts.subscriptions = self.stripe("GET", "/v1/subscriptions", customer=id, status="all", limit=100)["data"]
        facts.invoices = self.stripe("GET", "/v1/invoices", customer=id, limit=100)["data"]
        return account

    # Instep

    def open(self, group: Group) -> Instep:
        config = self.folder / "instep.toml"
        config.write_text(CONFIG.format(without=group.without) + ("" if self.brake else OPEN_BRAKE))
        make(self.product, [], self.now)
        self._database = sqlite3.connect(self.product, timeout=30)
        environment = self.vendors.environment(f"sqlite:///{self.product}", f"sqlite:///{self.folder}/state.db")
        given = {name.lower(): value for name, value in environment.items()}
        neutral = {"stripe_webhook_secrets": "", "instep_public_url": "", "instep_secrets": ""}
        settings = load_settings(
            _env_file=None, instep_config=config, instep_now=datetime.fromtimestamp(self.now, UTC).isoformat(),
            instep_concurrency=4, instep_timezone="UTC", **neutral, **given,
        )  # fmt: skip
        init(settings, on=True)
        self.control("PUT", "/stripe/settings", {"dunning": group.dunning})
        self.control("PUT", "/provisioner/settings", {"ready_after": READY_AFTER})
        self.instep = open_instep(settings, stripe_per_second=5000, now=lambda: self.now)
        return self.instep

    def sync(self) -> Report:
        """One run of Instep that must go well."""
        report = sync(self.instep)
        assert report.ok, (self.now, report.troubles, report.tally.bugs)
        return report

    def due(self, report: Report) -> int | None:
        return report.backlog.next_at if report.backlog else None

    def close(self) -> None:
        self.instep.store.close()
        self._database.close()
        self._http.close()


def _by(rows: Sequence[JSON], name: str) -> defaultdict[str, list[JSON]]:
    found: defaultdict[str, list[JSON]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


@contextmanager
def scene(folder: Path, lives: Sequence[Life], group: Group, brake: bool = False) -> Iterator[Scene]:
    now = datetime.fromtimestamp(START, UTC).isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    with Vendors("--port", "0", "--limits", "off", "--now", now) as vendors:
        found = Scene(vendors, folder, lives, brake)
        found.open(group)
        try:
            yield found
        finally:
            found.close()
