"""The first day: who is who in a workspace that people have lived in. Reads everything, writes nothing but Links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

from connectors.contract import Observes
from flows.asking import ask
from flows.gathering import gather
from flows.house import Instep
from flows.strangers import refuse_doubles, refuse_strangers
from flows.telling import lines
from flows.wiring import TargetLine
from mappings.adoption import Match, contact_of, match
from mappings.concerns import concerns
from mappings.deciding import CREATE
from mappings.lifecycle import life
from mappings.model import (
    AccountFacts,
    AccountId,
    Desired,
    Fact,
    Held,
    Link,
    Person,
    Record,
    Subject,
    Undecided,
    person_subject,
)
from mappings.plan import version_of
from state.observed import Observed, Shown, encoded
from state.store import Todo

COMPANIES, CONTACTS = "intercom.companies", "intercom.contacts"
PAGE = 200
# What a customer was matched by, by the first word of its match key.
BY = {"customer": "the account view", "account": "metadata", "email": "e-mail"}
Found = tuple[AccountId, Link]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a target should hold for one subject of an account."""

    account: AccountId
    facts: AccountFacts
    desired: Desired

    @property
    def person(self) -> Person:
        return next(p for p in self.facts.people if person_subject(p.user_id) == self.desired.subject)

    @property
    def email(self) -> str:
        return str(self.desired.values.get("email") or "").casefold()


class Adopter:
    """One adoption; done again it finds the same and keeps what is linked. ``matched``: what subjects were matched by,
    e.g. ``contacts by external_id``."""

    def __init__(self, instep: Instep, tell: Callable[[str, int], None]) -> None:
        self._instep, self._store, self._tell = instep, instep.store, tell
        self._lines = {line.target.name: line for line in instep.systems.targets}
        self.matched: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        """Raises Failed where the workspace's ids are not the product's, or a view lists people twice."""
        refuse_doubles(self._instep)
        with closing(Observed()) as self._observed:
            for target in (COMPANIES, CONTACTS):
                self._observe(target)
            refuse_strangers(self._instep, self._observed.pages(CONTACTS))
            for accounts in _pages(self._store.accounts(), PAGE):
                self._match(accounts)
            self._others()
        self._customers()
        return self.matched

    def _observe(self, target: str) -> None:
        """Everything that the target shows, one request a page."""
        pages = self._observer(target).observe(None)
        while page := ask("Intercom", lambda: next(pages, None)):
            self._observed.add(target, map(_shown, page.records))
            self._tell(f"reading {target}", len(page.records))

    def _match(self, accounts: Sequence[AccountId]) -> None:
        """Who of these accounts is there already: Links for them and todos for conflicts, in one commit."""
        companies, contacts = self._wanted(accounts)
        linked = self._store.links([wish.desired.subject for wish in (*companies, *contacts)])
        known = {key for key, link in linked.items() if link.external_id}
        new = self._by_key(COMPANIES, "company_id", companies, known)
        new += self._by_key(CONTACTS, "external_id", contacts, known)
        known |= {(link.target, link.subject) for _, link in new}
        found, conflicts = self._by_email([w for w in contacts if (CONTACTS, w.desired.subject) not in known])
        self._store.add_links([*new, *found], conflicts)
        self._tell("matching accounts", len(accounts))

    def _wanted(self, accounts: Iterable[AccountId]) -> tuple[list[Wish], list[Wish]]:
        """What Intercom should hold for these accounts: companies and contacts."""
        wanted: dict[str, list[Wish]] = {COMPANIES: [], CONTACTS: []}
        instep, systems = self._instep, self._instep.systems
        domains = systems.config.trials.one_per_domain
        for account in accounts:
            facts = gather(self._store, account, instep.house.born_at, systems.pseudonyms, domains)
            current = life(facts, systems.config, systems.catalog, instep.now(), systems.managed, systems.zone)
            asked = lines(account, concerns(facts, current, systems.config), instep.now())
            self._store.todo_follow(account, asked)
            for target, wishes in wanted.items():
                line: TargetLine = self._lines[target]
                wishes += [Wish(account, facts, desired) for desired in line.wanted(facts, current, systems.config)]
        return wanted[COMPANIES], wanted[CONTACTS]

    def _by_key(self, target: str, key: str, wishes: Sequence[Wish], known: set[tuple[str, Subject]]) -> list[Found]:
        """Those that carry our id. A lead holds an id of Intercom's own making."""
        what, by = target.partition(".")[2], {str(wish.desired.values[key]): wish for wish in wishes}
        shown = {one.key: one for one in self._observed.by_key(target, by) if one.role != "lead"}
        found: list[Found] = []
        for id, wish in by.items():
            if (target, wish.desired.subject) in known:
                self.matched[f"{what} linked before"] += 1
            elif id in shown:
                found.append(self._link(shown[id], wish))
                self.matched[f"{what} by {key}"] += 1
        return found

    def _by_email(self, wishes: Sequence[Wish]) -> tuple[list[Found], list[Todo]]:
        """Whom no contact names: by e-mail, exactly one on each side; else the contact will be made."""
        found, conflicts = list[Found](), list[Todo]()
        offers = self._store.offering([f"email:{wish.email}" for wish in wishes])
        decided = self._store.decided([wish.desired.subject for wish in wishes], CONTACTS)
        for wish in wishes:
            if wish.desired.problem:
                continue
            same = self._observed.by_email(CONTACTS, [wish.email]) if wish.email else []
            sharers = len(offers.get(f"email:{wish.email}", {}))
            matched = match(wish.person, [contact_of(one.record(CONTACTS)) for one in same], sharers)
            self.matched[_how(matched)] += 1
            if matched.contact:
                shown = next(one for one in same if one.id == matched.contact.id)
                found.append(self._link(shown, wish))
            elif matched.asked and decided.get(wish.desired.subject) != CREATE:
                conflicts.append(self._conflict(wish, matched.asked))
                found.append((wish.account, _parked(wish.desired)))
            else:
                self._observed.add(CONTACTS, [_to_be_made(wish)])
        return found, conflicts

    def _conflict(self, wish: Wish, asked: Undecided) -> Todo:
        return Todo(
            "conflict", wish.desired.subject, CONTACTS, asked.reason, asked.proposal, self._instep.now(),
            account_id=wish.account, decision=asked.decision,
        )  # fmt: skip

    def _link(self, shown: Shown, wish: Wish) -> Found:
        target, desired = wish.desired.target, wish.desired
        held = self._translated(self._observer(target).holds(shown.record(target), desired), desired)
        return wish.account, Link(
            target, desired.subject, external_id=held.external_id, values=held.values, sets=held.sets, state="ok"
        )

    def _translated(self, held: Held, desired: Desired) -> Held:
        """Members that are accounts, by our ids; what others have put there is not ours."""
        sets = dict(held.sets)
        for name, maker in desired.ids.items():
            ours = {shown.key for shown in self._observed.by_id(maker, held.sets.get(name, ()))}
            sets[name] = tuple(sorted(ours & desired.sets[name]))
        return replace(held, sets=sets)

    def _others(self) -> None:
        """What is nobody's of ours, as far as anybody can say."""
        for target, what in ((COMPANIES, "companies of others"), (CONTACTS, "contacts of others ({})")):
            for page in self._observed.pages(target):
                linked = self._store.linked(target, [shown.id for shown in page])
                others = (shown for shown in page if shown.kind and shown.id not in linked)
                self.matched.update(what.format(shown.role) for shown in others)

    def _customers(self) -> None:
        """What Stripe's customers were recognised by."""
        after: str | None = ""
        while after is not None:
            page, after = self._store.listed("customer", after)
            offers = self._store.offering([key for fact in page for key in fact.seeks])
            self.matched.update(_customer(fact, offers) for fact in page)

    def _observer(self, target: str) -> Observes:
        found = self._lines[target].target
        if not isinstance(found, Observes):
            raise TypeError(f"{target} cannot be observed")
        return found


def _shown(record: Record) -> Shown:
    data = record.data or {}
    contact = contact_of(record)
    key = contact.external_id or str(data.get("company_id") or "")
    return Shown(contact.id, key, contact.role, contact.email, record.ref.kind, encoded(data))


def _to_be_made(wish: Wish) -> Shown:
    """Whoever has the same e-mail will meet this contact."""
    external_id = str(wish.desired.values["external_id"])
    body = {"id": f"({wish.desired.subject})", "role": "user", "external_id": external_id, "email": wish.email}
    return Shown(body["id"], external_id, "user", wish.email, "", encoded(body))


def _parked(desired: Desired) -> Link:
    return Link(CONTACTS, desired.subject, state="parked", parked_for=version_of(desired))


def _how(matched: Match) -> str:
    if matched.contact:
        return f"contacts by {matched.how}"
    return "people in conflict" if matched.how else "people without a contact"


def _customer(fact: Fact, offers: dict[str, dict[str, set[AccountId]]]) -> str:
    if fact.account_id is None:
        return "customers of nobody"
    keys = (key for key in fact.seeks if any(fact.account_id in owners for owners in offers.get(key, {}).values()))
    word = next(keys, "").partition(":")[0]
    return f"customers by {BY.get(word, 'their subscriptions or Checkout')}"


def _pages(accounts: Iterator[AccountId], size: int) -> Iterator[Sequence[AccountId]]:
    while page := list(islice(accounts, size)):
        yield page
