"""Erasures within the loop: heeded when facts come in, begun under proof, finished when every vendor has confirmed.

Until an erasure has begun nothing changes: a mark that the product takes back, or that is held, has no effect at all.
From then on a keyed hash keeps whoever it is away, whatever the sources say. Think of a crash between any two lines.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from flows.erased import is_erased, key_of, linked_only
from flows.outcomes import Outcome, Pair
from flows.wiring import Systems
from mappings.config import Config
from mappings.erasure import PRODUCT, desired_in_intercom, desired_in_stripe, minimal, of_account
from mappings.lifecycle import Life
from mappings.model import (
    Account,
    AccountFacts,
    AccountId,
    Customer,
    Desired,
    Erasure,
    Fact,
    Link,
    Person,
    Ref,
    Request,
    Subject,
    UserId,
    account_subject,
    person_subject,
)  # fmt: skip
from state.erasures import HELD
from state.store import Finding, Lease, Order, Store, Todo

KINDS = ("user", "account", "customer", "request")
SUBJECTS: Mapping[str, Callable[[str], Subject]] = {
    "user": lambda id: person_subject(UserId(id)),
    "account": lambda id: account_subject(AccountId(id)),
}


class Heed:
    """What one look is told of erasures. ``new`` and ``withdrawn`` orders are noted by the caller."""

    def __init__(self, store: Store, systems: Systems, findings: Sequence[Finding], now: int) -> None:
        self._pseudonyms, self._now = systems.pseudonyms, now
        self._erased = store.suppressed()
        named = {SUBJECTS[f.root.kind](f.root.id) for f in findings if f.root.kind in SUBJECTS}
        if self._erased:
            people = [fact.body for f in findings for fact in f.facts if isinstance(fact.body, Person)]
            named |= {account_subject(person.account_id) for person in people}
        self._open = store.open_orders(named)
        customers = [f.root for f in findings if f.root.kind == "customer"]
        self._owners = store.accounts_of(customers) if self._erased and customers else {}
        self.new: list[Order] = []
        self.withdrawn: list[str] = []

    def __call__(self, finding: Finding) -> Finding:
        """The same finding, with ids only of whoever is erased."""
        bodies = [fact.body for fact in finding.facts]
        if finding.root.kind == "user":
            people = [body for body in bodies if isinstance(body, Person)]
            if people:
                self._follow(person_subject(UserId(finding.root.id)), all(p.erased for p in people), people)
        elif finding.root.kind == "account":
            for body in bodies:
                if isinstance(body, Account):
                    self._follow(account_subject(body.account_id), body.erased, [body])
        if not self._erased:
            return finding
        heeded = [minimal(f, self._under_way(f)) if self._concerns(f) else f for f in finding.facts]
        return replace(finding, facts=tuple(heeded))

    def _follow(self, subject: Subject, marked: bool, bodies: Sequence[Person | Account]) -> None:
        order = self._open.get(subject)
        if marked and order is None and not self._is(subject):
            account = min(body.account_id for body in bodies)
            self.new.append(Order(subject, account, PRODUCT, self._now))
        elif not marked and order and order.asked_by == PRODUCT and order.begun_at is None:
            self.withdrawn.append(subject)

    def _concerns(self, fact: Fact) -> bool:
        match fact.body:
            case Person() as person:
                return self._is(person_subject(person.user_id)) or self._is(account_subject(person.account_id))
            case Account() as account:
                return self._is(account_subject(account.account_id))
            case Customer() as customer:
                owners = {AccountId(customer.account_id), *self._owners.get(fact.root, ())}
                return any(self._is(account_subject(owner)) for owner in owners)
            case Request() as request:
                asker = person_subject(UserId(request.user_id))
                return self._is(account_subject(request.account_id)) or self._is(asker)
        return False

    def _under_way(self, fact: Fact) -> bool:
        """Whether the vendors are still to be asked."""
        if not isinstance(person := fact.body, Person):
            return False
        subjects = (person_subject(person.user_id), account_subject(person.account_id))
        return any(order and order.state == "begun" for order in map(self._open.get, subjects))

    def _is(self, subject: Subject) -> bool:
        return bool(self._erased) and is_erased(self._pseudonyms, self._erased, subject)


def heed(store: Store, systems: Systems, findings: Sequence[Finding], now: int) -> list[Finding]:
    """To be called with everything that is about to be stored."""
    if not any(finding.root.kind in KINDS for finding in findings):
        return list(findings)
    told = Heed(store, systems, findings, now)
    heeded = [told(finding) for finding in findings]
    if told.new or told.withdrawn:
        store.note_orders(told.new, told.withdrawn, now)
    return heeded


def weigh(store: Store, config: Config, now: int) -> None:
    """Let new orders go on, or hold them all where there are too many at once; a person is told."""
    if not store.unweighed():
        return
    limit = config.brake.inferred
    store.weigh(now, limit.floor, limit.share, lambda held: _held(held, now))


def _held(held: int, now: int) -> Todo:
    were = "1 person or account was" if held == 1 else f"{held} people or accounts were"
    reason = f"{were} marked erased within a day, more than usual: nothing of them is changed"
    proposal = "take the mark back in the product, or `instep erase --held` to let all of them go on"
    return Todo("held", HELD, "", reason, proposal, since=now, command="instep erase --held")


class Erasing:
    """The erasures of the account that is being worked on. ``now`` is the mapping clock."""

    def __init__(self, store: Store, systems: Systems, now: Callable[[], int]) -> None:
        self._store, self._systems, self._now = store, systems, now

    def follow(self, systems: Systems) -> None:
        """From the next account on."""
        self._systems = systems

    def due(self, account: AccountId) -> bool:
        """Whether one is to begin: its mark has to be read in this look first."""
        if self._systems.mode("intercom.erasures", account) != "on":
            return False
        return any(order.state == "due" for order in self._store.orders_of(account))

    def also(self, account: AccountId) -> list[Ref]:
        """Roots that an erasure needs a look at beside those of the account: people known by their Links only."""
        orders = self._store.orders_of(account)
        if not any(order.subject == account_subject(account) for order in orders):
            return []
        people = sorted(linked_only(self._store, account))
        return [Ref("product", "user", user) for user in people]

    def begin(self, lease: Lease) -> None:
        """The product's marks were read in this look; those taken back are no orders any more."""
        due = [order for order in self._store.orders_of(lease.account_id) if order.state == "due"]
        keys = {order.subject: self._systems.pseudonyms.redeeming(key_of(order.subject)) for order in due}
        known = self._store.facts([lease.account_id])[lease.account_id]
        also = {p.account_id for f in known if isinstance(p := f.body, Person)} - {lease.account_id}
        self._store.begin_erasures(lease, keys, sorted(also), self._now())

    def finish(self, lease: Lease, facts: AccountFacts, life: Life, pairs: Mapping[str, Pair]) -> bool:
        """Our own memory goes last, when all the others have confirmed; True when an erasure came further."""
        still, moved = list(facts.erasures), False
        for erasure in facts.erasures:
            links = [self._link(desired) for desired in self._wanted(erasure, facts, life)]
            proved = all(link.values.get("proved") for link in links)
            if not self._confirmed(erasure, facts, pairs) or not all(map(_acknowledged, links)):
                continue
            if erasure.prove_at is None or proved:  # At the end once more: a worker without the lease may have written.
                self._forget(lease, erasure, facts, links)
                moved = True
            if erasure.prove_at is not None and proved:
                still.remove(erasure)
                self._close(lease, erasure, {user for other in still for user in other.contacts})
        return moved

    def _close(self, lease: Lease, erasure: Erasure, shared: Collection[UserId]) -> None:
        """People whom another open erasure needs keep their names until that one is closed."""
        names = {person_subject(user) for user in erasure.contacts if user not in shared}
        names |= {erasure.subject} if of_account(erasure) else set()
        hashed = {subject: self._pseudonym(subject) for subject in names}
        self._store.close_erasure(lease, erasure.subject, self._pseudonym(erasure.subject), hashed, self._now())

    def _wanted(self, erasure: Erasure, facts: AccountFacts, life: Life) -> list[Desired]:
        alone, config = replace(facts, erasures=(erasure,)), self._systems.config
        return [*desired_in_intercom(alone, life, config), *desired_in_stripe(alone, life, config)]

    def _link(self, desired: Desired) -> Link:
        found = self._store.links([desired.subject]).get((desired.target, desired.subject))
        return found or Link(desired.target, desired.subject)

    def _confirmed(self, erasure: Erasure, facts: AccountFacts, pairs: Mapping[str, Pair]) -> bool:
        """Stripe's customer carries somebody else now, and what is stored of the product is bare."""
        bare = not any(p.email or p.name for p in facts.people if p.user_id in erasure.contacts)
        customer = pairs.get("stripe.customers")
        return bare and (customer is None or customer.outcome in (Outcome.UNCHANGED, Outcome.APPLIED))

    def _forget(self, lease: Lease, erasure: Erasure, facts: AccountFacts, links: Collection[Link]) -> None:
        people = [person_subject(user) for user in sorted(erasure.contacts)]
        left = [p for p in facts.people if not p.erased]
        keep = {value for p in left for value in (p.email, p.name) if value}
        keep |= {facts.account.name} if facts.account and facts.account.name else set()
        places = places_of(erasure, facts, links, self._systems.config, self._now())
        self._store.erase_memory(lease, erasure.subject, people, frozenset(keep), places, self._now())

    def _pseudonym(self, subject: Subject) -> str:
        return pseudonym(subject, self._systems.pseudonyms.redeeming(key_of(subject))[1])


def pseudonym(subject: str, key_hash: str) -> str:
    """``person:#1234567890abcdef``"""
    return f"{subject.partition(':')[0]}:#{key_hash[:16]}"


def _acknowledged(link: Link) -> bool:
    return bool(link.external_id) and link.state == "ok" and not link.pending_key


def places_of(
    erasure: Erasure, facts: AccountFacts, links: Collection[Link], config: Config, now: int
) -> dict[str, dict[str, object]]:
    """Place -> what was done there, and when; ids of the vendors only."""
    contacts = [i for x in links if x.subject.startswith("person:") for i in _ids(x)]
    companies = [
        i for x in links if x.target == "intercom.erasures" and x.subject.startswith("account:") for i in _ids(x)
    ]
    gone = [f"{what} {', '.join(ids)} deleted" for what, ids in (("contact", contacts), ("company", companies)) if ids]
    at = max((link.acknowledged_at or now for link in links), default=now)
    return {
        "intercom": {"at": at, "what": "; ".join(gone) or "nothing was there"},
        "stripe": {"at": now, "what": _in_stripe(erasure, facts, config)},
        "instep": {"at": now, "what": "facts, links, journal and todo hold ids only"},
    }


def _ids(link: Link) -> list[str]:
    return [] if link.external_id.startswith("nothing ") else link.external_id.split()


def _in_stripe(erasure: Erasure, facts: AccountFacts, config: Config) -> str:
    customers = sorted(c.customer_id for c in facts.customers)
    named = f"customer {', '.join(customers)}"
    if not customers:
        return "nothing was there"
    if of_account(erasure):
        return f"{named} {'deleted' if config.policy.erase_in_stripe == 'delete' else 'kept, as the policy says'}"
    if len([c for c in facts.customers if not c.deleted]) > 1:
        return f"several customers: look whether one of {', '.join(customers)} still carries the address"
    return f"{named} carries the next billing contact, or none"
