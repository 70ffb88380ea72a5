"""What people do by hand to a customer in Stripe's pages: it stays until an audit repairs it, but for an e-mail where
the account's billing contact moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lives.model import Facts
from tests.lives.watch import Difference

from .stage import Stage

JSON = dict[str, Any]


class Customers:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._at_first = {account: _billing_contact(facts.people) for account, facts in stage.facts.items()}
        self._edited: dict[str, tuple[str, str]] = {}

    def edit(self, account: str, number: int) -> None:
        facts = self._stage.facts[account]
        name, value = (("name", "By hand"), ("email", f"{account}-by-hand@example.com"))[number % 2]
        if facts.customer and self._stage.stripe("POST", f"/v1/customers/{facts.customer['id']}", **{name: value}):
            self._edited[account] = name, value

    def wrong(self, account: str, facts: Facts) -> Iterator[Difference]:
        """Before an audit repairs it."""
        name, value = self._edited.get(account, ("", ""))
        contact = _billing_contact(facts.people)
        if name == "email" and contact == self._at_first.get(account) and facts.customer["email"] != value:
            yield "customer.email", value, facts.customer["email"]
        if name == "name" and facts.customer["name"] not in (value, facts.team["name"]):
            yield "customer.name", (value, facts.team["name"]), facts.customer["name"]

    def differing(self) -> dict[str, set[str]]:
        """Account -> which field of its customer is not as we sent it."""
        self._stage.read()
        found = {}
        for account, (name, _) in self._edited.items():
            facts = self._stage.facts[account]
            (email,) = [row["email"] for row in facts.people if row["id"] == _billing_contact(facts.people)]
            if facts.customer[name] != {"name": facts.team["name"], "email": email}[name]:
                found[account] = {name}
        return found


def _billing_contact(people: list[JSON]) -> str:
    """Role billing, else the earliest owner, else the earliest person."""
    ranks = {"billing": 0, "owner": 1}
    first = min(people, key=lambda row: (ranks.get(row["role"], 2), row["created_at"], row["id"]), default={"id": ""})
    return str(first["id"])
