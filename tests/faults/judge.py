"""What must hold at the end of a schedule (invariants I1 to I9), from the vendors' own ledger and the lives' model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flows.report import Report
from tests.lives import watch
from tests.lives.happening import Teller
from tests.lives.life import GROUPS
from tests.lives.model import Account, Expected, Facts

from .customers import Customers
from .hands import Hands
from .plan import SLOTS, Turn, slot
from .stage import Stage
from .touched import Touched

JSON = dict[str, Any]

# Counted from the look that saw it first, which a fault may have delayed.
FIRST_SEEN = ("read_only_ends_at", "stuck_since")
FIRST_SEEN_EVENTS = (
    "added-payment-method", "kept-subscription", "resumed-subscription", "failed-payment", "exhausted-retries",
)  # fmt: skip
# Calls that one run over all accounts may make at the very most.
MOST_CALLS = 200 + 120 * SLOTS
CANARY = re.compile(r"@example\.com|Person \d|tok_sandbox|sk_test_")
REFUSED = "SELECT request_id FROM instep_requests WHERE answer NOT IN ('accepted', 'done')"
# Made for a request; nobody needs them once it is refused.
NEEDED_ONLY = ("stripe.customers", "instances")
DONE_ONCE = ("stripe.cancellations", "stripe.charges")
VERSION = re.compile(r" v(\d+)$")


class Judge:
    def __init__(self, stage: Stage, wrong: list[str]) -> None:
        self.stage, self.wrong = stage, wrong
        self._began = stage.control("GET", "/state")["calls"]
        self._mark = self._began
        self._renamed = 0
        self._moved: set[str] = set()
        self._killed: list[JSON] = []
        self.out_of_sight: set[str] = set()
        self.hands = Hands(stage)
        self.touched = Touched(stage, self.hands)
        self.customers = Customers(stage)
        self._people, self._customers = self._contacts(), stage._all("/v1/customers")
        self._strangers = self._not_ours()

    # What others do meanwhile

    def rename(self, account: str) -> None:
        """A name whose newest version can be told from older ones."""
        if people := self.stage.facts[account].people:
            self._renamed += 1
            self.stage.write("UPDATE users SET name = ? WHERE id = ?", f"Person v{self._renamed}", people[0]["id"])

    def moved(self, account: str) -> None:
        """The end of its trial was moved: what had been due before a look saw that is not announced."""
        self._moved.add(account)

    def by_hand(self, turn: Turn) -> None:
        if turn.what == "edit customer":
            self.customers.edit(slot(turn.seed).account, turn.number)
            return
        done = self.hands.do(turn)
        if done and turn.what != "make anew":
            taken_off = {*done[0]["tags"]} - {*done[1]["tags"]}
            lost = [call for call in self.calls() if call["fault"]] if taken_off else []
            self.touched.note(*done, [*self._killed, *lost])

    def known_as(self, account: str) -> str:
        """A pattern of all ids that calls about this account hold."""
        facts = self.stage.facts.get(account, Facts())
        ids = [facts.customer["id"], *(sub["id"] for sub in facts.subscriptions)] if facts.customer else []
        contacts = [row["id"] for row in self._contacts() if str(row["external_id"]).startswith(f"{account}_")]
        return rf"\b{account}\b|\b{account}_|" + "|".join(["(?!)", *ids, *contacts])

    # Every run

    def before(self) -> None:
        self._mark = self.stage.control("GET", "/state")["calls"]

    def killed(self) -> None:
        """A worker, since ``before``: nobody has heard the answer to its last call."""
        self._killed += self.calls(self._mark)[-1:]

    def after(self, report: Report) -> None:
        """I6, I7, I8 of one run."""
        calls = self.calls(self._mark)
        if len(calls) > MOST_CALLS:
            self.wrong.append(f"I6: one run made {len(calls)} calls")
        tally = report.tally
        if not tally.balanced or tally.bugs:
            self.wrong.append(f"I7: {tally.looked} pairs, {dict(tally.outcomes)}, bugs {tally.bugs}")
        lines = self.stage.state(f"SELECT count(*) AS n FROM journal WHERE run = '{report.run}'")[0]["n"]
        if lines != report.writes:
            self.wrong.append(f"I7: {report.writes} writes told, {lines} in the journal")
        if CANARY.search(f"{report.troubles} {tally.bugs}"):
            self.wrong.append("I8: a report names a person or a key")

    # The end

    def finally_(self, seeds: Sequence[int] = ()) -> None:
        self.stage.read()
        self.touched.look()
        self._people, self._customers = self._contacts(), self.stage._all("/v1/customers")
        self.out_of_sight = self.hands.out_of_sight(self.calls())
        contacts: dict[str, JSON] = {}
        for row in self.hands.contacts():
            if row["external_id"] and row["external_id"] not in self.out_of_sight:
                contacts[row["external_id"]], wrong = self.touched.untouched(row)
                self.wrong += wrong
        companies = {row["company_id"]: row for row in self.stage.control("GET", "/intercom/companies")}
        rows = watch.rows(self.stage)
        for number in range(1, SLOTS + 1):
            account = slot(number).account
            facts = self.stage.facts.get(account)
            if facts and facts.people:
                for what in self._of_account(account, facts, rows.get(account, {}), contacts, companies):
                    self.wrong.append(f"{account} (seed {_seed(seeds, number)}): {what}")
        self.wrong += [*self._doubled(), *self._regressed(), *self._touched()]
        self.wrong += [*self._left_over(), *self._loud()]

    def _of_account(
        self, account: str, facts: Facts, row: JSON, contacts: dict[str, JSON], companies: dict[str, JSON]
    ) -> Iterator[str]:
        """I1, I2: what every system must hold, worked out from Stripe and the product."""
        expected = Account(GROUPS[0], self.stage.born).look(facts, self.stage.now)
        expected.moved = self.stage.now if account in self._moved else 0
        if expected.stage == "awaiting_payment":  # It keeps the access that it had, which only a memory knows.
            expected.row["access"] = expected.attributes["product_access"] = row.get("access")
        found = [*watch.of_row(expected, row), *watch.of_instances(facts, expected), *watch.of_requests(facts)]
        found += self.customers.wrong(account, facts)
        bare = replace(facts, people=[row for row in facts.people if row["id"] not in self.out_of_sight])
        found += watch.of_people(bare, replace(expected, tags=expected.tags - self.touched.retired), contacts)
        found += watch.of_company(facts, expected, companies[account]) if account in companies else [("company", 1, 0)]
        for what, wanted, held in found:
            if not what.endswith(FIRST_SEEN):
                yield f"I1: {what} should be {wanted}, is {held}"
        yield from self._told(facts, expected, contacts)

    def _told(self, facts: Facts, expected: Expected, contacts: dict[str, JSON]) -> Iterator[str]:
        """I2, I3: what a look can still tell was told, and nothing twice."""
        teller = Teller()
        teller.look(facts, expected, self.stage.now)
        gone = self.out_of_sight | self.hands.anew  # What they were told went with the contact.
        for person in (person for person in facts.people if person["id"] not in gone):
            held = Counter((e["event_name"], e["created_at"]) for e in contacts.get(person["id"], {}).get("events", ()))
            if doubled := [one for one, n in held.items() if n > 1]:
                yield f"I3: {person['id']} was told twice of {doubled}"
            wanted = {one for one in teller.told.get(person["id"], ()) if one[0] not in FIRST_SEEN_EVENTS}
            names = {name for name, _ in held}
            # A trial that paused first and was cancelled later is told of once, by whichever a look saw.
            if lost := {one for one in wanted - set(held) if one[0] != "expired-trial" or one[0] not in names}:
                yield f"I2: {person['id']} was never told of {sorted(lost)}"

    def _doubled(self) -> Iterator[str]:
        customers = [row["metadata"].get("account_id") for row in self._customers]
        contacts = [row["external_id"] for row in self._people]
        companies = [row["company_id"] for row in self.stage.control("GET", "/intercom/companies")]
        instances = [row["name"] for row in self.stage.control("GET", "/provisioner/settings")["instances"]]
        tags = [row["name"].casefold() for row in self.stage.control("GET", "/intercom/hand/tags")["data"]]
        charged = [row["metadata"].get("request_id") for row in self.stage._all("/v1/invoiceitems")]
        asked = "SELECT request_id FROM instep_requests WHERE kind = 'charge' AND answer IN ('accepted', 'done')"
        if missing := {row["request_id"] for row in self.stage.rows(asked)} - set(charged):
            yield f"I2: accepted and not charged: {sorted(missing)}"
        made = {
            "charges": charged, "customers": customers, "contacts": contacts, "companies": companies,
            "instances": instances, "tags": tags,
        }  # fmt: skip
        for name, ids in made.items():
            if doubled := [id for id, n in Counter(ids).items() if id and n > 1]:
                yield f"I3: {name} twice: {doubled}"

    def _regressed(self) -> Iterator[str]:
        """I4: no contact, customer or company got an older name after a newer one."""
        newest: dict[str, int] = {}
        for call in self.calls():
            said = call["params"].get("name") if isinstance(call["params"], dict) else None
            if call["effect"] and isinstance(said, str) and (version := VERSION.search(said)):
                number, object = int(version[1]), call["object_id"]
                if number < newest.get(object, 0):
                    yield f"I4: {object} went from v{newest[object]} back to v{number}"
                newest[object] = number

    def _touched(self) -> Iterator[str]:
        """I5: what is not ours is as it was, or as its own people left it."""
        if self._not_ours() != self._strangers:
            yield "I5: somebody else's customer or contact has changed"
        contacts = {row["id"]: row for row in self._people}
        for id, number in self.hands.nps.items():
            if id in contacts and contacts[id]["custom_attributes"].get("nps") != number:
                yield f"I5: a teammate's value on {id} was lost"
            if id in contacts and "VIP" not in contacts[id]["tags"]:
                yield f"I5: a teammate's tag on {id} was lost"
        for contact in contacts.values():
            if contact["external_id"] in self.hands.away and not contact["archived"]:
                yield f"I5: {contact['id']}, which somebody archived, is back"

    def _left_over(self) -> Iterator[str]:
        """I9: nothing pending, doubted, parked or waiting for a person. But a message that nobody wants any more,
        and what was wanted for a request that was refused meanwhile and is not there, may have been tried; a stranger
        is told of; and what was done once for a request stays in doubt after a ghost, as nobody sends it again."""
        refused = {f"request:{row['request_id']}" for row in self.stage.rows(REFUSED)}
        instances = self.stage.control("GET", "/provisioner/settings")["instances"]
        there = {f"instance:{'#'.join(row['name'].rsplit('-', 1))}" for row in instances}
        there |= {f"account:{row['metadata'].get('account_id')}" for row in self._customers}
        away = {f"person:{person}" for person in self.hands.away}
        links = self.stage.state("SELECT target, subject, external_id, state, pending_key FROM links ORDER BY 1, 2")
        open_links = [link for link in links if link["pending_key"] or link["state"] != "ok"]
        left = [
            tuple(link.values())
            for link in open_links
            if link["target"] != "intercom.events"
            and link["subject"] not in away
            and (link["external_id"] or link["subject"] not in refused)
            and (link["external_id"] or link["target"] not in NEEDED_ONLY or link["subject"] in there)
            and (link["target"] not in DONE_ONCE or link["state"] != "suspect" or link["pending_key"])
        ]
        if left:
            yield f"I9: links left over: {left}"
        lines = self.stage.state("SELECT kind, subject, target, reason FROM todo WHERE resolved_at IS NULL")
        asked = [line for line in lines if line["subject"] not in away and line["kind"] not in ("alert", "unmatched")]
        if todo := [tuple(line.values()) for line in asked]:
            yield f"I9: left for a person: {todo}"
        # A young hint whose fact did not move waits for its second look.
        overdue = f"SELECT source, event_id FROM inbox WHERE handled_at IS NULL AND due_at <= {self.stage.now}"
        if unread := self.stage.state(overdue):
            yield f"I2: hints never looked at: {len(unread)}"

    def _loud(self) -> Iterator[str]:
        """I8: our own memory of what was done names nobody."""
        for table in ("runs", "journal", "todo"):
            for row in self.stage.state(f"SELECT * FROM {table}"):
                if found := CANARY.search(str(row)):
                    yield f"I8: {table} holds {found[0]}"
                    break

    def calls(self, since: int | None = None) -> list[JSON]:
        found: list[JSON] = self.stage.control("GET", f"/ledger?since={self._began if since is None else since}")
        return found

    def _contacts(self) -> list[JSON]:
        found: list[JSON] = self.stage.control("GET", "/intercom/people")
        return found

    def _not_ours(self) -> list[JSON]:
        customers = [row for row in self._customers if not row["metadata"].get("account_id")]
        return customers + [row for row in self._people if not (row["external_id"] or row["merged_into"])]


def _seed(seeds: Sequence[int], number: int) -> int:
    return next((seed for seed in seeds if slot(seed).seed == number), 0)
