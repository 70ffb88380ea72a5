"""Everything outside Instep on simulated vendors: their clock, the product's database, what people and banks do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from instep.vendors import Vendors

if TYPE_CHECKING:
    from flows.house import Instep

# The simulated Stripe allows more than the real one, whose limit Instep keeps otherwise.
CALLS_PER_SECOND = 500


@dataclass(slots=True)
class World:
    """``now``: where all clocks stand, in unix seconds. The product's database and the state are in ``folder``."""

    vendors: Vendors
    folder: Path
    now: int

    @property
    def product(self) -> Path:
        return self.folder / "product.db"

    @contextmanager
    def instep(self, timezone: str = "UTC") -> Iterator[Instep]:
        """Instep set up with every target on, living on this clock. The product's database is there already.

        Only these settings: whatever the environment or a .env says of real accounts is not read.
        """
        from flows.house import init, open_instep
        from flows.settings import load_settings
        from instep.starting import EXAMPLE

        now = datetime.fromtimestamp(self.now, UTC).isoformat()
        environment = self.vendors.environment(f"sqlite:///{self.product}", f"sqlite:///{self.folder / 'state.db'}")
        given = {name.lower(): value for name, value in environment.items()}
        neutral = {"stripe_webhook_secrets": "", "instep_public_url": "", "instep_secrets": ""}
        settings = load_settings(
            _env_file=None, instep_config=EXAMPLE, instep_now=now,
            instep_concurrency=8, instep_timezone=timezone, **neutral, **given,
        )  # fmt: skip
        init(settings, on=True)
        instep = open_instep(settings, stripe_per_second=CALLS_PER_SECOND, now=lambda: self.now)
        try:
            yield instep
        finally:
            instep.store.close()

    def move(self, to: int) -> None:
        """All clocks; what vendors had planned until then happens at its own moment."""
        self.vendors.control("POST", "/clock", {"now": to})
        self.now = to

    def customer(self, account: str) -> str:
        """The account's newest Stripe customer. Raises Failed where it has none."""
        return self.customer_of(account) or _refuse(f"{account} has no Stripe customer yet")

    def customer_of(self, account: str) -> str:
        """The same; empty where it has none."""
        found = self.vendors.stripe("GET", "/v1/customers?limit=100")["data"]
        return next((str(row["id"]) for row in found if row["metadata"].get("account_id") == account), "")

    def subscription(self, account: str) -> str:
        """The account's newest subscription. Raises Failed where it has none."""
        found = self.vendors.stripe("GET", f"/v1/subscriptions?status=all&customer={self.customer(account)}")["data"]
        return str(found[0]["id"]) if found else _refuse(f"{account} has no subscription yet")

    def card(self, account: str, outcome: str = "ok") -> None:
        """A new card, made the default; ``outcome``: ok or decline."""
        self.vendors.control("POST", f"/stripe/customers/{self.customer(account)}/card", {"outcome": outcome})

    def bank(self, account: str, outcome: str) -> None:
        """The bank changes its mind about the default card."""
        self.vendors.control("PUT", f"/stripe/customers/{self.customer(account)}/card", {"outcome": outcome})

    def pay(self, account: str) -> None:
        """Every open invoice, on its page."""
        self.vendors.control("POST", f"/stripe/customers/{self.customer(account)}/pay", {})

    def dispute(self, account: str, status: str, new: bool) -> None:
        """The bank disputes the latest payment, or moves that dispute. Raises Failed where there is none."""
        path = f"/stripe/customers/{self.customer(account)}/dispute"
        self.vendors.control("POST" if new else "PUT", path, {"status": status})

    def refund(self, account: str, amount: int | None = None) -> None:
        """The latest payment, or ``amount`` of it (minor units)."""
        found = self.vendors.stripe("GET", f"/v1/charges?customer={self.customer(account)}")["data"]
        paid = next((str(charge["id"]) for charge in found if charge["paid"]), "") or _refuse(f"{account} paid nothing")
        self.vendors.stripe("POST", "/v1/refunds", {"charge": paid} | ({"amount": str(amount)} if amount else {}))

    def resume(self, account: str) -> None:
        self.vendors.stripe("POST", f"/v1/subscriptions/{self.subscription(account)}/resume")

    def cancel(self, account: str) -> None:
        """At once."""
        self.vendors.stripe("DELETE", f"/v1/subscriptions/{self.subscription(account)}")

    def cancel_at_period_end(self, account: str, yes: bool = True) -> None:
        fields = {"cancel_at_period_end": str(yes).lower()}
        self.vendors.stripe("POST", f"/v1/subscriptions/{self.subscription(account)}", fields)

    def subscribe(self, account: str, plan: str) -> None:
        """What a checkout does for a customer that has a card."""
        fields = {"customer": self.customer(account), "items[0][price]": self.price(plan)}
        self.vendors.stripe("POST", "/v1/subscriptions", fields)

    def price(self, plan: str) -> str:
        """Raises Failed for a plan that Stripe has no monthly price of."""
        found = self.vendors.stripe("GET", f"/v1/prices?lookup_keys[]={plan}_monthly")["data"]
        return str(found[0]["id"]) if found else _refuse(f"there is no plan {plan}")


def _refuse(why: str) -> NoReturn:
    from flows.settings import Failed

    raise Failed(f"This cannot happen: {why}.")
