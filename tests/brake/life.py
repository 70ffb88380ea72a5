"""What happens to a company in hours: people come, ask, pay, fail to pay, leave and change their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random

from instep import example

from .company import JSON, Company


@dataclass
class Life:
    """``happened``: how often what did, by the hands of people; what clocks do, Stripe counts."""

    company: Company
    random: Random = field(default_factory=lambda: Random(5))
    happened: Counter[str] = field(default_factory=Counter)
    _new: count[int] = field(default_factory=lambda: count(1))

    def live(self, days: float) -> None:
        """What so many days bring, all of it now."""
        for what, (rate, deed) in DEEDS.items():
            wanted = rate * self.company.size * days
            for _ in range(int(wanted) + (self.random.random() < wanted % 1)):
                if deed(self):
                    self.happened[what] += 1

    def sign_up(self, trial: bool = False) -> str:
        """A team of one, more than half of them for a trial; returns its account."""
        account, now = f"new_{next(self._new):04}", self.company.now
        self.company.write("INSERT INTO teams (id, name) VALUES (?, ?)", [(account, account.title())])
        self._person(f"{account}_user_1", account, "owner")
        if trial or self.random.random() < 0.6:
            example.ask_for_trials(self.company.folder / "product.db", [account], "pro", now)
            self.happened["asks for a trial"] += 1
        return account

    def join(self) -> str:
        """One more person in a team."""
        number, account = next(self._new), self._account()
        self._person(f"{account}_user_n{number}", account, "member")
        return account

    def edit(self) -> str:
        """Another name and another address."""
        user, word = f"{self._account()}_user_1", f"e{next(self._new)}"
        self.company.write("UPDATE users SET email = ? || email, name = ? WHERE id = ?", [(word, word.title(), user)])
        return user

    def promote(self) -> str:
        """A member is told of billing from now on."""
        user = f"{self._account()}_user_2"
        self.company.write("UPDATE users SET role = 'billing' WHERE id = ?", [(user,)])
        return user

    def leave(self) -> str:
        """With the end of the period, mostly; else at once."""
        sub = self._subscription("active")
        if not sub:
            return ""
        vendors, path = self.company.vendors, f"/v1/subscriptions/{sub['id']}"
        if self.random.random() < 0.3:
            vendors.stripe("DELETE", path)
            self.happened["leaves at once"] += 1
        else:
            vendors.stripe("POST", path, {"cancel_at_period_end": "true"})
        return str(sub["id"])

    def pay(self) -> str:
        """What was owed, with another card; returns the account."""
        sub = self._subscription("past_due")
        if not sub:
            return ""
        self.company.vendors.control("POST", f"/stripe/customers/{sub['customer']}/card", {"outcome": "ok"})
        self.company.vendors.control("POST", f"/stripe/customers/{sub['customer']}/pay")
        return str(sub["metadata"]["account_id"])

    def _person(self, user: str, account: str, role: str) -> None:
        row = (user, account, f"{user.replace('_', '-')}@example.com", user.title(), role, self.company.now)
        self.company.write(f"INSERT INTO users ({example.USER}) VALUES (?, ?, ?, ?, ?, 1, ?)", [row])

    def _account(self) -> str:
        return f"acct_{self.random.randint(1, self.company.size):04}"

    def _subscription(self, status: str) -> JSON | None:
        """One of the newest hundred past due; else any that is active."""
        stripe = self.company.vendors.stripe
        if status == "past_due":
            owing = stripe("GET", "/v1/subscriptions?status=past_due&limit=100")["data"]
            return self.random.choice(owing) if owing else None
        _, id = self.random.choice(list(self.company.subscriptions.values()))
        sub = stripe("GET", f"/v1/subscriptions/{id}")
        return sub if sub["status"] == "active" and not sub["cancel_at_period_end"] else None


# Of a company's accounts in a day.
DEEDS: dict[str, tuple[float, Callable[[Life], str]]] = {
    "signs up": (0.003, Life.sign_up),
    "joins": (0.002, Life.join),
    "changes name and address": (0.002, Life.edit),
    "is made billing": (0.0005, Life.promote),
    "leaves": (0.0015, Life.leave),
    "pays what was owed": (0.003, Life.pay),
}
