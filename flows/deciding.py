"""Decisions of a person about lines of todo: checked against what is known now, then stored with what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from getpass import getuser

from connectors.contract import Ambiguous, Target
from flows.asking import ask
from flows.failures import opened
from flows.gathering import gather
from flows.house import Instep, open_store
from flows.pseudonyms import pseudonyms
from flows.settings import Failed, Settings
from mappings.adoption import MATCH_EMAIL
from mappings.brake import FIELD
from mappings.concerns import running_elsewhere
from mappings.deciding import CONTACTS, CREATE, IGNORE, LINK, RETRY, decision
from mappings.lifecycle import life
from mappings.model import AccountFacts, AccountId, Desired, Held, Link, Ref, Subject
from mappings.text import same_email
from mappings.trials import STAFF
from state.store import Claimed, Decision, House, Settled, Store, Todo

TOLD: Mapping[Settled, str] = {
    "moved": "what it is about has changed since: look at it again with `instep todo`",
    "busy": "something is being sent for it right now: try again in a minute",
}


class Refused(Exception):
    """What is known now speaks against the decision; the message says what."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person wrote about a line. ``reason``: what the line said then, where that is known."""

    line: Todo
    verb: str
    id: str = ""
    reason: str | None = None

    @property
    def text(self) -> str:
        return f"{self.verb} {self.id}".strip()


@dataclass(slots=True)
class Decided:
    """``counts``: how many of what; ``left``: line -> why it stays open."""

    counts: Counter[str]
    left: dict[int, str]


def choose(store: Store, written: Sequence[tuple[int, str, str | None]]) -> tuple[list[Choice], dict[int, str]]:
    """(line, words, what it said then) -> what was chosen, and line -> what is wrong with it."""
    lines = store.todo_lines([id for id, _, _ in written])
    chosen: list[Choice] = []
    wrong: dict[int, str] = {}
    for id, words, reason in written:
        line = lines.get(id)
        if line is None:
            wrong[id] = "there is no such line (any more)"
            continue
        try:
            verb, name = decision(words, line.decision, line.kind, line.subject, line.target)
        except ValueError as error:
            wrong[id] = str(error)
            continue
        chosen.append(Choice(line, verb, name, reason))
    return chosen, wrong


class Decider:
    """``now`` is the mapping clock. The vendors are asked only where one has to be read."""

    def __init__(self, settings: Settings, store: Store, house: House) -> None:
        self._settings, self._store, self._born_at = settings, store, house.born_at
        self._now, self._by = settings.clock(), f"{STAFF}{getuser()}"
        self._pseudonyms = pseudonyms(settings.instep_secrets.get_secret_value(), house.installation_id)
        self._instep: Instep | None = None

    def run(self, chosen: Sequence[Choice], tell: Callable[[str, int], None]) -> Decided:
        """Each for itself; done again, what was decided stays as it is. Raises Failed where a vendor does not answer:
        what was decided before that stays."""
        decided = Decided(Counter(), {})
        for choice in chosen:
            try:
                settled = self._decide(choice)
            except (Refused, Claimed) as error:
                decided.left[choice.line.id] = f"{error}"
                continue
            if settled in TOLD:
                decided.left[choice.line.id] = TOLD[settled]
            else:
                decided.counts[choice.verb if settled == "done" else "decided before"] += 1
            tell("deciding", 1)
        return decided

    def _decide(self, choice: Choice) -> Settled:
        line = choice.line
        if line.decided == choice.text and line.resolved_at is not None:
            return "already"
        if choice.reason is not None and choice.reason != line.reason:
            return "moved"
        return self._store.decide(self._decision(choice), self._now())

    def _decision(self, choice: Choice) -> Decision:
        line = choice.line
        plain = Decision(line, choice.text, self._by)
        if choice.verb == IGNORE:
            return plain
        if choice.verb == LINK and line.subject.startswith("customer:"):
            owner = AccountId(choice.id)
            if not self._store.facts([owner])[owner]:
                raise Refused(f"no account {owner} is known: look for its account_id in instep_users")
            root = Ref("stripe", "customer", line.subject.partition(":")[2])
            return replace(plain, root=root, owner=owner, wake=(owner,))
        if line.subject.startswith(FIELD):
            same = {h.account_id for h in self._store.holds() if (h.target, h.what) == (line.target, line.subject)}
            wake = tuple(AccountId(account) for account in sorted(same))
            return replace(plain, field=line.subject.removeprefix(FIELD), wake=wake)
        if not line.account_id:
            raise Refused("its account is not known: run `instep sync` first")
        account = AccountId(line.account_id)
        woken = replace(plain, wake=(account,))
        if choice.verb == RETRY or (choice.verb == CREATE and line.kind == "conflict"):
            return replace(woken, retry=True)
        if choice.verb == CREATE:
            return replace(woken, link=Link(line.target, Subject(line.subject)))
        if choice.verb == LINK and line.target == CONTACTS:
            return replace(woken, link=self._contact(account, Subject(line.subject), choice.id))
        if choice.verb == LINK:
            self._check_customer(account, choice.id)
        return woken

    def _check_customer(self, account: AccountId, kept: str) -> None:
        facts = self._facts(account)
        living = sorted(c.customer_id for c in facts.customers if not c.deleted)
        if kept not in living:
            raise Refused(f"{kept} is no living customer of the account: {', '.join(living)} are")
        if other := running_elsewhere(facts, kept):
            raise Refused(f"another customer has subscription {other}, which is not over: end it in Stripe first")

    def _facts(self, account: AccountId) -> AccountFacts:
        return gather(self._store, account, self._born_at, self._pseudonyms)

    def _house(self) -> Instep:
        self._instep = self._instep or opened(self._settings, "resolve")
        return self._instep

    def _contact(self, account: AccountId, subject: Subject, contact: str) -> Link:
        """The Link to this contact, with what it holds now."""
        desired = self._wanted(account, subject)
        target = next(line.target for line in self._house().systems.targets if line.target.name == CONTACTS)
        asked = replace(desired, external_id=contact, beside={**desired.beside, MATCH_EMAIL: False})
        held = ask("Intercom", lambda: _found(target, asked))
        if held is None:
            raise Refused(f"Intercom has no contact {contact}")
        if held.external_id != contact:
            raise Refused(f"Intercom knows the person as {held.external_id} by now: choose retry")
        if not same_email(str(held.values.get("email") or ""), str(desired.values.get("email") or "")):
            raise Refused(f"contact {contact} has another e-mail than the person")
        return Link(CONTACTS, subject, held.external_id, held.values, held.sets)

    def _wanted(self, account: AccountId, subject: Subject) -> Desired:
        instep = self._house()
        systems, facts = instep.systems, self._facts(account)
        current = life(facts, systems.config, systems.catalog, instep.now(), systems.managed, systems.zone)
        line = next(line for line in systems.targets if line.target.name == CONTACTS)
        for desired in line.wanted(facts, current, systems.config):
            if desired.subject == subject:
                return desired
        raise Refused("the person is not at home in that account any more, or left alone: run `instep sync`")


def _found(target: Target, asked: Desired) -> Held | None:
    """Others with the person's e-mail are not the one that was named."""
    try:
        return target.find(asked, None)
    except Ambiguous:
        return None


def decider(settings: Settings) -> tuple[Decider, Store]:
    """Raises Failed where the state was never set up."""
    store = open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    return Decider(settings, store, house), store
