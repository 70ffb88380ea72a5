"""The first day: who is who in a workspace that people have lived in. Reads everything, writes nothing but Links."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from connectors.contract import Observes
from flows.asking import ask
from flows.gathering import gather
from flows.house import Instep
from flows.settings import Failed
from flows.wiring import TargetLine
from flows.wording import counted
from mappings.adoption import Contact, contact_of, match, strangers
from mappings.lifecycle import life
from mappings.model import (
    AccountFacts,
    AccountId,
    Desired,
    Held,
    Link,
    Record,
    Ref,
    Subject,
    account_subject,
    person_subject,
    subject_id,
)  # fmt: skip
from mappings.plan import version_of
from state.store import Todo

COMPANIES, CONTACTS = "intercom.companies", "intercom.contacts"
USERS = "product.users"
PAGE = 200
# More than this share of rows listed twice is no slip.
TWICE = 0.05
Found = tuple[AccountId, Link]


@dataclass(slots=True)
class Matched:
    """``how``: what subjects were matched by, e.g. ``contacts by external_id``."""

    how: Counter[str] = field(default_factory=Counter)
    conflicts: list[Todo] = field(default_factory=list)


class Adopter:
    """One adoption; done again it finds the same and keeps what is linked."""

    def __init__(self, instep: Instep, tell: Callable[[str, int], None]) -> None:
        self._instep, self._store, self._tell = instep, instep.store, tell
        self._lines = {line.target.name: line for line in instep.systems.targets}
        self.matched = Matched()
        # Contacts that no external_id gives to a person: with an e-mail by it, the others counted.
        self._others: dict[str, list[tuple[Contact, Record]]] = defaultdict(list)
        self._strangers: list[Contact] = []
        # Company, by Intercom's id, to our account: known before the Links are stored.
        self._teams: dict[str, AccountId] = {}

    @property
    def _known(self) -> int:
        return self.matched.how["contacts by external_id"] + self.matched.how["contacts linked before"]

    def run(self) -> Matched:
        """Raises Failed where the workspace's ids are not the product's, or a view lists people twice."""
        self._memberships()
        new = [*self._companies(), *self._contacts()]
        if reason := strangers(self._known, self._strangers):
            raise Failed(f"{reason}. Nothing was written.")
        self._store.add_links(new)
        self._people()
        self._store.todo_add(self.matched.conflicts)
        return self.matched

    def _memberships(self) -> None:
        """A few users listed twice are a warning of `check`; many are a join gone wrong."""
        rows = twice = 0
        for source in (line.source for line in self._instep.systems.sources if line.source.name == USERS):
            for page in ask("the product database", lambda source=source: list(source.scan(None))):  # type: ignore[misc]
                for record in page.records:
                    listed = (record.data or {}).get("rows", [])
                    rows += len(listed)
                    twice += len(listed) - len({str(row.get("account_id")) for row in listed})
        if twice > TWICE * rows:
            raise Failed(
                f"instep_users lists {twice} of {counted(rows, 'row')} twice, the same user_id in the same account: "
                "look for a join in the view that finds several rows for one user. Nothing was written."
            )

    def _companies(self) -> list[Found]:
        """By company_id, which is our account_id."""
        found: list[Found] = []
        for records in self._observed(COMPANIES):
            ids = [AccountId(str((record.data or {}).get("company_id"))) for record in records]
            wanted = self._wanted(COMPANIES, set(ids))
            new = [
                self._link(COMPANIES, record, *wanted[subject])
                for id, record in zip(ids, records, strict=True)
                if (subject := account_subject(id)) in wanted
            ]
            found += new
            self._teams |= {link.external_id: account for account, link in new}
            self.matched.how["companies by company_id"] += len(new)
            if others := len(records) - len(new):
                self.matched.how["companies of others"] += others
        return found

    def _contacts(self) -> list[Found]:
        """By external_id, page by page; the rest waits until all were seen."""
        found: list[Found] = []
        for records in self._observed(CONTACTS):
            contacts = [contact_of(record) for record in records]
            accounts = self._accounts_by_contact(
                {c.external_id for c in contacts if c.external_id and c.role == "user"}
            )
            wanted = self._wanted(CONTACTS, {account for found in accounts.values() for account in found})
            by_external_id = {
                str(desired.values["external_id"]): (account, desired) for account, desired in wanted.values()
            }
            before = self._store.linked(CONTACTS, [contact.id for contact in contacts])
            for contact, record in zip(contacts, records, strict=True):
                if contact.id in before:
                    self.matched.how["contacts linked before"] += 1
                elif contact.role == "user" and contact.external_id in by_external_id:
                    found.append(self._link(CONTACTS, record, *by_external_id[contact.external_id]))
                    self.matched.how["contacts by external_id"] += 1
                else:
                    self._set_aside(contact, record, known=contact.external_id in accounts)
        return found

    def _set_aside(self, contact: Contact, record: Record, known: bool) -> None:
        """``known``: of a user whom another contact stands for, or who is left alone."""
        self.matched.how[f"contacts of others ({contact.role})"] += 1
        if contact.role == "user" and contact.external_id and not known:
            self._strangers.append(contact)
        if contact.email:
            may_be_taken = contact.role == "lead" or not contact.external_id
            keep = record if may_be_taken else replace(record, data=None)
            self._others[contact.email].append((contact, keep))

    def _people(self) -> None:
        """Who has no contact by external_id: by e-mail, exactly one on each side; else it will be made."""
        for accounts in _pages(self._store.accounts(), PAGE):
            wanted = self._wanted(CONTACTS, accounts)
            linked = self._store.links(list(wanted))
            missing = {s: found for s, found in wanted.items() if not _known(linked.get((CONTACTS, s)))}
            new = [
                link for subject, (account, desired) in missing.items() if (link := self._by_email(account, desired))
            ]
            self._store.add_links(new)
            self._tell("matching people", len(wanted))

    def _by_email(self, account: AccountId, desired: Desired) -> tuple[AccountId, Link] | None:
        email = str(desired.values.get("email") or "").casefold()
        same = self._others.get(email, [])
        if desired.problem:
            return None
        if not same:
            self.matched.how["people without a contact"] += 1
            return None
        people = self._gather(account).people
        person = next(p for p in people if person_subject(p.user_id) == desired.subject)
        sharers = len(self._store.offering([f"email:{email}"]).get(f"email:{email}", {}))
        found = match(person, [contact for contact, _ in same], sharers)
        how = f"contacts {'by' if found.contact else 'in'} {found.how}" if found.how else "people without a contact"
        self.matched.how[how] += 1
        if found.contact:
            record = next(record for contact, record in same if contact is found.contact)
            return self._link(CONTACTS, record, account, desired)
        if found.how:
            reason = "Intercom has this e-mail under another external_id"
            ids = ", ".join(found.candidates)
            proposal = f"give the right contact of {ids} the external_id {desired.values['external_id']}"
            todo = Todo("conflict", desired.subject, CONTACTS, reason, proposal, since=self._instep.now())
            self.matched.conflicts.append(todo)
            return account, Link(CONTACTS, desired.subject, state="parked", parked_for=version_of(desired))
        return None

    def _link(self, target: str, record: Record, account: AccountId, desired: Desired) -> tuple[AccountId, Link]:
        observer = self._observer(target)
        held = self._translated(observer.holds(record, desired), desired)
        return account, Link(
            target, desired.subject, external_id=held.external_id, values=held.values, sets=held.sets, state="ok"
        )

    def _translated(self, held: Held, desired: Desired) -> Held:
        """Members that are accounts, by our ids; what others have put there is not ours."""
        sets = dict(held.sets)
        for name, maker in desired.ids.items():
            members = held.sets.get(name, ())
            ours = {subject_id(subject) for subject in self._store.linked(maker, members).values()}
            ours |= {str(self._teams[member]) for member in members if member in self._teams}
            sets[name] = tuple(sorted(ours & desired.sets[name]))
        return replace(held, sets=sets)

    def _observed(self, target: str) -> Iterator[list[Record]]:
        pages = self._observer(target).observe(None)
        while page := ask("Intercom", lambda: next(pages, None)):
            self._tell(f"reading {target}", len(page.records))
            yield list(page.records)

    def _observer(self, target: str) -> Observes:
        found = self._lines[target].target
        if not isinstance(found, Observes):
            raise TypeError(f"{target} cannot be observed")
        return found

    def _wanted(self, target: str, accounts: Iterable[AccountId]) -> dict[Subject, tuple[AccountId, Desired]]:
        """What the target should hold for these accounts."""
        line: TargetLine = self._lines[target]
        systems, wanted = self._instep.systems, {}
        for account in sorted(accounts):
            facts = self._gather(account)
            current = life(facts, systems.config, systems.catalog, self._instep.now(), systems.managed, systems.zone)
            for desired in line.wanted(facts, current, systems.config):
                wanted[desired.subject] = (account, desired)
        return wanted

    def _gather(self, account: AccountId) -> AccountFacts:
        systems = self._instep.systems
        domains = systems.config.trials.one_per_domain
        return gather(self._store, account, self._instep.house.born_at, systems.pseudonyms, domains)

    def _accounts_by_contact(self, external_ids: set[str]) -> dict[str, set[AccountId]]:
        """By user id, or by what the product says that Intercom knows the user by."""
        refs = {Ref("product", "user", id): id for id in external_ids}
        found = {refs[ref]: accounts for ref, accounts in self._store.accounts_of(list(refs)).items()}
        offers = self._store.offering([f"contact:{id}" for id in external_ids])
        named = {key.partition(":")[2]: set().union(*roots.values()) for key, roots in offers.items()}
        return found | named


def _known(link: Link | None) -> bool:
    return bool(link and link.external_id)


def _pages(accounts: Iterator[AccountId], size: int) -> Iterator[Sequence[AccountId]]:
    while page := list(islice(accounts, size)):
        yield page
