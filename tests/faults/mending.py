"""What an operator does once all is healed: settles what waits for a person, has an audit made, and has it repair."""

from __future__ import annotations

from flows.auditing import audit
from flows.comparing import Difference
from flows.deciding import choose, decider
from flows.hub import Hub
from flows.report import Report
from flows.retiring import restore, retire
from flows.standing import account_standing
from mappings.model import AccountId

from .hands import BACK_AT_LAST, BACK_SOON
from .judge import Judge
from .stage import Stage

CONTACTS, CUSTOMERS = "intercom.contacts", "stripe.customers"
HELD = "SELECT subject FROM todo WHERE resolved_at IS NULL AND kind = 'held'"


class Operator:
    def __init__(self, stage: Stage, judge: Judge) -> None:
        self._stage, self._judge = stage, judge
        self._hands, self._touched = judge.hands, judge.touched

    def settle(self) -> None:
        """After the first run: deleted tags, contacts that were archived or are gone. An archived contact that is to
        stay so is left alone."""
        self._settle_tags()
        self._hands.take_back(BACK_SOON, BACK_AT_LAST)
        away = {f"person:{person}" for person in self._hands.away}
        deciding, store = decider(self._stage.settings)
        lines = [line for line in store.todo() if line.target.startswith("intercom.") and line.subject not in away]
        chosen, wrong = choose(store, [(line.id, "", None) for line in lines])
        done = deciding.run(chosen, lambda what, n: None)
        store.close()
        self._judge.wrong += [f"line {id} cannot be settled: {why}" for id, why in (wrong | done.left).items()]

    def _settle_tags(self) -> None:
        """A tag of ours that somebody deleted is not there, and one line says so where anybody should wear it."""
        wanted = {tag for account in self._stage.facts for tag in self._touched.tags_of(account)}
        held = [row["subject"] for row in self._stage.state(HELD)]
        told = [subject.removeprefix("tag:") for subject in held if subject.startswith("tag:")]
        for name, order in self._hands.deleted.items():
            if name in self._hands.names().values():
                self._judge.wrong.append(f"the tag {name}, which somebody deleted, is there again")
            if name in wanted and told.count(name) != 1:
                self._judge.wrong.append(f"todo has {told.count(name)} lines of the deleted tag {name}")
            if order == "restore":
                restore(self._stage.wake(), name, "somebody")
                self._touched.made_again(name)
            else:
                self._touched.retired.add(name)
                retire(self._stage.wake(), name, "somebody")
        self._judge.wrong += [f"todo has a line of the tag {name}" for name in {*told} - {*self._hands.deleted}]

    def audit(self, what: str) -> None:
        """``audit`` finds what is not as it should be, all of it and nothing else; ``repair`` mends that."""
        if what == "audit":
            self._find(self._touched.differing(self._hands.contacts()))
        if what == "repair":
            self._compared(repair=True)
            if customers := self._judge.customers.differing():
                self._judge.wrong.append(f"not repaired: {customers}")
            left = self._touched.differing(self._hands.contacts())
            self._judge.wrong += [f"not repaired: {one} in {left[one]}" for one in left if one not in self._hands.away]
            lines = {one: self._lines(one) for one in left if one in self._hands.away}
            self._judge.wrong += [f"todo has {n} lines of the archived {one}" for one, n in lines.items() if n != 1]

    def _find(self, differing: dict[str, set[str]]) -> None:
        found = self._compared(repair=False)
        told = {id.removeprefix("person:"): {*one.what} for (of, id), one in found.items() if of == CONTACTS}
        edited = {id.removeprefix("account:"): {*one.what} for (of, id), one in found.items() if of == CUSTOMERS}
        others = [(key, one) for key, one in found.items() if key[0] not in (CONTACTS, CUSTOMERS)]
        strange = [f"{key}: {one.reason} {one.what}" for key, one in others]
        wrong = self._judge.wrong
        if edited != (customers := self._judge.customers.differing()):
            wrong.append(f"an audit told {edited} of customers, which differ in {customers}")
        wrong += [f"an audit told of what nobody touched: {line}" for line in strange]
        for person in sorted({*differing, *told}):
            plain = person not in self._judge.out_of_sight
            if plain and told.get(person) == differing.get(person):
                self._shown(person, differing[person])
            elif plain or not (person in told or self._lines(person)):
                wrong.append(f"an audit told {told.get(person)} of {person}, which differs in {differing.get(person)}")

    def _lines(self, person: str) -> int:
        """Of todo, about this person's contact."""
        mine = f"resolved_at IS NULL AND target = '{CONTACTS}' AND subject = 'person:{person}'"
        return len(self._stage.state(f"SELECT id FROM todo WHERE {mine}"))

    def _shown(self, person: str, differing: set[str]) -> None:
        """``instep status`` says of an account which tags were taken off."""
        lines = account_standing(self._stage.wake(), AccountId(person.partition("_")[0])).theirs
        for what in differing:
            if what.startswith("-tags ") and not any(what.removeprefix("-tags ") in line for line in lines):
                self._judge.wrong.append(f"the account of {person} does not show {what}: {lines}")

    def _compared(self, repair: bool) -> dict[tuple[str, str], Difference]:
        report = self._audited(repair)
        if report.troubles or report.tally.bugs:
            self._judge.wrong.append(f"an audit went wrong: {report.troubles} {report.tally.bugs}")
        return {(one.of, difference.id): difference for one in report.compared for difference in one.differences}

    def _audited(self, repair: bool) -> Report:
        with Hub(self._stage.wake(), "audit") as hub:
            audit(hub, repair, lambda what, n: None)
        return hub.report
