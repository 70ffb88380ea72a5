"""One installation in a small town: a product with its people, vendors in another process, and the public settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from products import Product
from vendors import KEY, TOKEN, Call, Vendors

from flows.house import Instep, init, open_instep
from flows.hub import Hub, sync
from flows.report import Report
from flows.settings import Settings, load_settings
from mappings.model import AccountId
from sandbox.provisioner import SECRET

JSON = dict[str, Any]

CONFIG = """
[plans.pro]
label = "Pro"
lookup_keys = ["pro_monthly"]
trial_days = 14
tag = "plan:pro"

[plans.team]
prices = ["price_team_monthly"]
trial_days = 30
tag = "plan:team"

[policy]
access_without_subscription = "none"
"""
STAGE_TAGS = (
    "sub:prospect", "sub:trial-requested", "sub:trialing", "sub:trial-expired", "sub:awaiting-payment", "sub:active",
    "sub:past-due", "sub:unpaid", "sub:paused", "sub:churned", "sub:blocked",
)  # fmt: skip


class Town:
    """``name`` makes every id of this town its own, so that towns may share vendors. ``new_state``: the URL of a new,
    empty state database."""

    def __init__(self, name: str, vendors: Vendors, product: Product, config: Path, new_state: Callable[[], str]):
        self.name, self.vendors, self.product = name, vendors, product
        self._config, self._new_state, self._state = config, new_state, new_state()
        self._config.write_text(CONFIG)
        self.public_url = self.secrets = ""
        self.timezone, self.stripe_key = "UTC", KEY
        self.opened: Instep | None = None

    # The product's side

    def team(self, short: str, name: str = "", **people: str) -> str:
        """A new account; ``people`` are short name -> role, each with an e-mail and a name."""
        account = self.account(short)
        self.product.add_teams({"team_id": account, "name": name or f"{short.title()} Ltd"})
        for person, role in people.items():
            self.join(short, person, role)
        return account

    def join(self, short: str, person: str, role: str = "owner", **row: Any) -> str:
        user = f"{self.name}-{person}"
        default = {"email": self.email(person), "name": person.title(), "verified": True, "traits": None}
        facts = {"user_id": user, "team_id": self.account(short), "role": role, "joined_at": self.vendors.now}
        self.product.add_people(default | facts | row)
        return user

    def account(self, short: str) -> str:
        return f"{self.name}-{short}"

    def email(self, person: str) -> str:
        return f"{person}@{self.name}.example"

    def request_trial(self, short: str, person: str, plan: str = "pro", days: int | None = None, id: str = "") -> str:
        request = f"{self.name}-{id or 'r-' + short}"
        self.product.add_request(
            request_id=request, kind="trial", account_id=self.account(short), user_id=f"{self.name}-{person}",
            plan=plan, days=days, requested_at=self.vendors.now,
        )  # fmt: skip
        return request

    # Instep, through its public settings

    @property
    def settings(self) -> Settings:
        url = self.vendors.url
        return load_settings(
            instep_config=self._config,
            instep_state_url=self._state,
            instep_product_url=self.product.url,
            stripe_api_key=self.stripe_key,
            stripe_api_base=f"{url}/stripe",
            intercom_access_token=TOKEN,
            intercom_api_base=f"{url}/intercom",
            provisioner_url=f"{url}/provisioner",
            provisioner_secret=SECRET,
            instep_public_url=self.public_url,
            instep_secrets=self.secrets,
            instep_concurrency=4,
            instep_timezone=self.timezone,
            instep_now=datetime.fromtimestamp(self.vendors.now, UTC).isoformat(),
        )

    def init(self, on: bool = True) -> Town:
        init(self.settings, on=on)
        self.vendors.town = self.name
        return self

    def open(self) -> Instep:
        """As a new process would: nothing is kept from the run before but the databases."""
        self.close()
        if self.vendors.town != self.name:
            self.vendors.forget_installations()
            self.vendors.town = self.name
        self.opened = open_instep(self.settings, stripe_per_second=1000)
        return self.opened

    def sync(self) -> Report:
        """One run that must go well."""
        report = self.try_sync()
        assert report.ok, (report.troubles, report.tally.bugs)
        return report

    def try_sync(self, only: Sequence[str] = ()) -> Report:
        return sync(self.open(), [AccountId(account) for account in only])

    def configure(self, more: str) -> None:
        """Add to instep.toml."""
        self._config.write_text(CONFIG + more)

    def plan(self) -> list[Any]:
        """What a sync would send now."""
        with Hub(self.open(), "plan") as hub:
            hub.pull()
            assert hub.report.ok, hub.report.troubles
            return hub.plan()

    def todo(self) -> dict[str, str]:
        """Subject (and target) -> reason."""
        return {f"{item.subject} {item.target}".strip(): item.reason for item in self.open().store.todo()}

    def lose_state(self) -> None:
        self.close()
        self._state = self._new_state()

    def let_retries_pass(self) -> None:
        """As if the back-off, which runs on the database's own clock, were over."""
        engine = sa.create_engine(self._state.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE agenda SET retry_at = NULL"))
        engine.dispose()

    def close(self) -> None:
        if self.opened:
            self.opened.store.close()
            self.opened = None

    # What everybody can see

    def access(self, short: str) -> JSON:
        """The row of instep_access; empty when there is none."""
        found = self.product.rows("SELECT * FROM instep_access WHERE account_id = :a", a=self.account(short))
        return found[0] if found else {}

    def answer(self, request: str) -> tuple[str | None, str | None]:
        found = self.product.rows("SELECT answer, reason FROM instep_requests WHERE request_id = :r", r=request)
        return found[0]["answer"], found[0]["reason"]

    def customers(self, short: str) -> list[JSON]:
        """Stripe customers that carry this account."""
        listed = self.vendors.stripe("GET", "/v1/customers", limit=100)["data"]
        return [c for c in listed if c["metadata"].get("account_id") == self.account(short)]

    def customer(self, short: str) -> JSON:
        (found,) = self.customers(short)
        return found

    def subscriptions(self, short: str) -> list[JSON]:
        """Of all the account's customers, newest first."""
        return [
            sub
            for customer in self.customers(short)
            for sub in self.vendors.stripe("GET", "/v1/subscriptions", customer=customer["id"], status="all")["data"]
        ]

    def subscription(self, short: str) -> JSON:
        (found,) = self.subscriptions(short)
        return found

    def card(self, short: str, outcome: str = "ok", method: str = "POST") -> None:
        path = f"/stripe/customers/{self.customer(short)['id']}/card"
        self.vendors.control(method, path, {"outcome": outcome})

    def pay(self, short: str) -> None:
        self.vendors.control("POST", f"/stripe/customers/{self.customer(short)['id']}/pay")

    def instance(self, short: str) -> JSON:
        """The provisioner's only instance of this account; empty when there is none."""
        listed = self.vendors.control("GET", "/provisioner/settings")["instances"]
        mine = [row for row in listed if row["account_id"] == self.account(short)]
        assert len(mine) <= 1
        return mine[0] if mine else {}

    def people(self) -> list[JSON]:
        """Every contact of this town."""
        listed = self.vendors.control("GET", "/intercom/people")
        return [row for row in listed if str(row["external_id"]).startswith(f"{self.name}-")]

    def person(self, short: str) -> JSON:
        (found,) = [row for row in self.people() if row["external_id"] == f"{self.name}-{short}"]
        return found

    def company(self, short: str) -> JSON:
        listed = self.vendors.control("GET", "/intercom/companies")
        (found,) = [row for row in listed if row["company_id"] == self.account(short)]
        return found

    def attributes(self, person: str) -> JSON:
        """Custom attributes that hold something."""
        return {k: v for k, v in self.person(person)["custom_attributes"].items() if v is not None}

    def tags(self, person: str) -> set[str]:
        return set(self.person(person)["tags"])

    def events(self, person: str) -> list[tuple[str, int]]:
        return [(event["event_name"], event["created_at"]) for event in self.person(person)["events"]]

    def stage(self, person: str) -> str:
        """The one stage tag that this person wears."""
        (found,) = [tag for tag in self.person(person)["tags"] if tag in STAGE_TAGS]
        return found


def lines(calls: list[Call]) -> list[str]:
    return [call.line for call in calls]


Build = Callable[[str], AbstractContextManager[Town]]


@contextmanager
def secluded(name: str, folder: Path) -> Iterator[Town]:
    """A town on SQLite that shares its vendors with nobody."""
    vendors, made = Vendors.start(), count()

    def create() -> str:
        return f"sqlite:///{folder}/{next(made)}.db"

    here = Town(name, vendors, Product(create()), folder / "instep.toml", create)
    yield here
    here.close()
    here.product.close()
    vendors.stop()
