"""The company's Stripe account: eight years of customers, some of them unknown, doubled, deleted or from the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.livedin.firm import DAY, Firm, Team, Truth, User
from sandbox.livedin.prices import Prices
from sandbox.livedin.subscriptions import statuses, subscriptions
from sandbox.stripe import seeding
from sandbox.stripe.http import service
from sandbox.world import World

Json = dict[str, Any]

# How the customers of a company of size 1 came to be; see the methods of the same names.
KINDS = {
    "view": 1400, "metadata": 700, "subscription": 120, "email": 300, "contradiction": 10, "shared": 40,
    "unverified": 40, "second": 60, "former": 90, "stranger": 140, "test_era": 40, "deleted": 60,
}  # fmt: skip
# What other tools and older code wrote into metadata.
NOISE: tuple[Json, ...] = (
    {}, {}, {}, {"source": "website"}, {"order": "first"}, {"utm_campaign": "spring"}, {"account": "none"},
    {"team": "see crm"},
)  # fmt: skip


def build(world: World, firm: Firm) -> None:
    """Prices, customers and subscriptions; no calls, no limits. Events of the last weeks are in the log."""
    Billing(world, firm).fill()


class Billing:
    """One method for each kind of customer."""

    def __init__(self, world: World, firm: Firm) -> None:
        self.world, self.firm, self.random = world, firm, firm.random
        self.account = service(world).account
        self.prices = Prices(self.account, firm)
        self.truth: dict[str, Truth] = {}
        self._statuses = statuses(firm)
        self._serial = 0

    def fill(self) -> None:
        """The picky kinds choose their teams first; free teams are what is left."""
        free = self.firm.living[:]
        self.random.shuffle(free)
        counts = self.firm.deck(KINDS)
        certain, homes = self.firm.certain(), self.firm.homes()
        alone = {id for id in certain if len(homes.get(id, ())) == 1}
        shared = {user.id for user in self.firm.shared()}
        picks: list[tuple[str, Callable[[Team], bool]]] = [
            ("shared", lambda team: team.owner.id in shared),
            ("unverified", lambda team: not team.owner.verified_at and len(homes[team.owner.id]) == 1),
            ("email", lambda team: team.owner.id in alone),
            *((kind, lambda team: True) for kind in ("view", "metadata", "subscription", "contradiction")),
        ]
        for kind, fits in picks:
            chosen = [team for team in free if fits(team)][: counts[kind]]
            taken = {team.id for team in chosen}
            free = [team for team in free if team.id not in taken]
            for team in chosen:
                getattr(self, f"_{kind}")(team)
        for kind in ("second", "former", "stranger", "test_era", "deleted"):
            getattr(self, f"_{kind}")(counts[kind], free)
        self.prices.retire()
        self.world.truth += [truth.row() for truth in self.truth.values()]

    def _view(self, team: Team) -> None:
        """The product remembers the customer's id; metadata says anything."""
        team.customer = self._customer(team, team.owner, self._noise(), "view")

    def _metadata(self, team: Team) -> None:
        self._customer(team, team.owner, self._noise() | {"account_id": str(team.id)}, "metadata")

    def _subscription(self, team: Team) -> None:
        """Only the subscription names the account."""
        self._customer(team, team.owner, self._noise(), "subscription metadata", inner={"account_id": str(team.id)})

    def _email(self, team: Team) -> None:
        """Nothing but the address of a verified owner; some carry a key that we do not know, some write capitals."""
        metadata = self.random.choice(({}, {"team_id": str(team.id)}, {"user": str(team.owner.id)}))
        self._customer(team, team.owner, metadata, "email")

    def _contradiction(self, team: Team) -> None:
        """The product names it, its metadata another team: the product is right."""
        other = self.random.choice(self.firm.teams)
        metadata = {"account_id": str(other.id)}
        team.customer = self._customer(team, team.owner, metadata, "view", note="metadata names another account")

    def _shared(self, team: Team) -> None:
        self._customer(team, team.owner, {}, "", note="the address belongs to two users")

    def _unverified(self, team: Team) -> None:
        self._customer(team, team.owner, {}, "", note="the address is not verified")

    def _second(self, count: int, free: list[Team]) -> None:
        """Another customer of an account that has one: made twice by a checkout, or by hand."""
        known = [truth for truth in self.truth.values() if truth.by in ("view", "metadata")]
        teams = {str(team.id): team for team in self.firm.teams}
        for first in self.random.sample(known, min(count, len(known))):
            team, named = teams[first.account_id], first.by == "metadata" or self.random.random() < 0.4
            metadata = {"account_id": first.account_id} if named else {}
            by = "metadata" if named else ""
            self._customer(team, team.owner, metadata, by, note=f"the account has {first.id} too", old=True)

    def _former(self, count: int, free: list[Team]) -> None:
        """Of accounts that are no longer in the product."""
        for _ in range(count):
            id = str(self.random.randint(1, 100))
            self._customer(None, None, {"account_id": id}, "", note=f"account {id} is not in the product", old=True)

    def _stranger(self, count: int, free: list[Team]) -> None:
        for _ in range(count):
            self._customer(None, None, self._noise(), "", note="nobody's")

    def _test_era(self, count: int, free: list[Team]) -> None:
        for _ in range(count):
            self._customer(None, None, {"env": "test"}, "", note="from the tests", tested=True)

    def _deleted(self, count: int, free: list[Team]) -> None:
        """Deleted by hand in Stripe; the product still names some of them."""
        for number in range(count):
            team = free.pop() if number % 3 == 0 and free else None
            id = self._customer(team, team.owner if team else None, {}, "", note="deleted", old=True)
            if team:
                team.customer = id
            self.account.customers.remove(id, {"id": id, "object": "customer", "deleted": True})

    def _noise(self) -> Json:
        return dict(self.random.choice(NOISE))

    def _customer(
        self, team: Team | None, owner: User | None, metadata: Json, by: str, *, note: str = "",
        inner: Json | None = None, old: bool = False, tested: bool = False,
    ) -> str:  # fmt: skip
        """Its id; with the subscriptions that fit its age."""
        self._serial += 1
        first = self.firm.now - 8 * 365 * DAY
        born = team.created_at if team else self.firm.moment(first, self.firm.now - (365 if old else 5) * DAY)
        address = owner.email if owner else self.firm.names.stranger(self._serial)
        if tested:
            address, born = f"test+{self._serial}@example.com", self.firm.moment(first, first + 300 * DAY)
        row: Json = {"email": address, "name": team.name if team else None, "metadata": metadata, "created": born}
        status = "canceled" if old or tested else next(self._statuses)
        drawn = subscriptions(self.firm, self.prices.era(born, tested), born, status)
        if inner is not None and not drawn:
            drawn = [{"price": self.prices.usual, "status": "active", "created": born}]
        if drawn and drawn[-1]["status"] not in ("paused", "incomplete", "incomplete_expired"):
            row["card"] = "decline" if drawn[-1]["status"] in ("past_due", "unpaid") else "ok"
        ids = seeding.add(self.account, row)
        customer = self.account.customers.need(ids["customer"])
        for each in drawn:
            self._subscribe(customer, each | {"metadata": inner or {}})
        if team and drawn:
            self._tell(team, drawn[-1])
        self.truth[customer["id"]] = Truth(
            "stripe", "customer", customer["id"], str(team.id) if team else "", "", by, note
        )
        return str(customer["id"])

    def _subscribe(self, customer: Json, row: Json) -> None:
        sub = seeding.subscribe(self.account, customer, row)
        at = row.get("ended_at") or sub["created"]
        if at > self.firm.now - 30 * DAY:
            ended = sub["status"] == "canceled"
            self.account.emit(f"customer.subscription.{'deleted' if ended else 'created'}", sub, at=at)

    def _tell(self, team: Team, sub: Json) -> None:
        """What the product knows of it."""
        team.plan = self.prices.plan(sub["price"]) if sub["status"] in ("active", "trialing", "past_due") else "free"
        team.trial_ends_at = sub.get("trial_end")
