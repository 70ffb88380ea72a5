"""Stored facts -> what is known about one account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from flows.erased import with_erasures
from flows.pseudonyms import Pseudonyms
from flows.tickets import Tickets, addresses
from mappings.concerns import waiting_since_before, with_kept, with_started
from mappings.deciding import LINK, START
from mappings.instances import GONE
from mappings.model import (
    AccessRow,
    Account,
    AccountFacts,
    AccountId,
    Customer,
    Dispute,
    Fact,
    Instance,
    Person,
    Ref,
    Refund,
    Request,
    RequestId,
    Subject,
    Subscription,
    account_subject,
    instance_subject,
    request_subject,
    subject_id,
)  # fmt: skip
from mappings.redemption import asking
from mappings.requests import OPEN, changes
from state.store import Store

T = TypeVar("T")
# A Link is parked for this when its create was definitely refused: nothing was made.
REJECTED = "rejected"
TRIALS = "stripe.trials"


def gather(
    store: Store,
    account: AccountId,
    born_at: int,
    pseudonyms: Pseudonyms,
    domains: bool = False,
    tickets: Tickets | None = None,
    planned: bool = False,
) -> AccountFacts:
    """Everything the state knows about ``account``, in an order that does not depend on how it came in. ``domains``: a
    company has one trial. ``tickets``: they make its billing links. ``planned``: for a dry run, see with_erasures."""
    known = assemble(account, store.facts([account]).get(account, []), born_at)
    facts = _with_requests(store, with_erasures(store, pseudonyms, known, planned))
    facts = _with_decisions(store, _with_deletions(store, facts))
    if tickets:
        facts = replace(facts, billing_urls=addresses(store, facts, tickets))
    return _with_trials(store, facts, pseudonyms, domains)


def _with_trials(store: Store, facts: AccountFacts, pseudonyms: Pseudonyms, domains: bool) -> AccountFacts:
    """What counts against each waiting trial request, and which of them the vendor refused to make."""
    waiting = [r for r in facts.requests if r.kind == "trial" and not r.answer]
    if not waiting:
        return facts
    keys = {
        r.request_id: [stored for key in asking(facts, r, domains) for stored in pseudonyms.redeemed(key)]
        for r in waiting
    }
    used = store.redeemed(sorted({key for stored in keys.values() for key in stored}))
    redeemed_by = {id: frozenset(used[key] for key in stored if key in used) for id, stored in keys.items()}
    return replace(facts, redeemed_by=redeemed_by, rejected=facts.rejected | _rejected(store, keys))


def unmet(store: Store, account: AccountId, roots: Iterable[Ref]) -> bool:
    """Whether somebody waits for an answer to this account, of these ``roots``, and no look has met anybody in it."""
    kinds = {root.kind for root in roots}
    if "request" not in kinds or "user" in kinds:
        return False
    return any(isinstance(f.body, Request) and f.body.answer in OPEN for f in store.facts([account])[account])


def _rejected(store: Store, requests: Iterable[RequestId]) -> frozenset[str]:
    subjects: dict[Subject, RequestId] = {request_subject(request): request for request in requests}
    links = store.links(list(subjects)).values()
    trials = (link for link in links if link.target == TRIALS and link.state == "parked")
    return frozenset(subjects[trial.subject] for trial in trials if trial.parked_for == REJECTED)


def _with_decisions(store: Store, facts: AccountFacts) -> AccountFacts:
    """What a person decided about several customers, and about requests from before our time."""
    facts = with_kept_customer(store, facts)
    if old := {request_subject(r.request_id): r.request_id for r in waiting_since_before(facts)}:
        decided = store.decided(list(old))
        facts = with_started(facts, [old[Subject(name)] for name, text in decided.items() if text == START])
    return facts


def with_kept_customer(store: Store, facts: AccountFacts) -> AccountFacts:
    """The one of several customers that a person decided to keep, see with_kept."""
    if sum(not customer.deleted for customer in facts.customers) < 2:
        return facts
    mine = account_subject(facts.account_id)
    verb, _, kept = store.decided([mine]).get(mine, "").partition(" ")
    return with_kept(facts, kept) if verb == LINK else facts


def _with_deletions(store: Store, facts: AccountFacts) -> AccountFacts:
    """An instance that the provisioner does not know any more is deleted, where that is what it was told last."""
    names = {instance_subject(facts.account_id, i.generation): i for i in facts.instances if i.status == GONE}
    links = store.links(list(names)) if names else {}
    told = {link.external_id for link in links.values() if link.values.get("desired") == "deleted"}
    instances = tuple(replace(i, status="deleted") if i.name in told else i for i in facts.instances)
    return replace(facts, instances=instances)


def _with_requests(store: Store, facts: AccountFacts) -> AccountFacts:
    """What we know of our own answers to open requests: a Link is there once its change was made."""
    opened = [request_subject(r.request_id) for r in facts.requests if changes(r) and r.answer in OPEN]
    links = [x for x in store.links(opened).values() if x.target.startswith("stripe.")] if opened else []
    return replace(
        facts,
        made=frozenset(subject_id(link.subject) for link in links if link.external_id),
        begun=frozenset(subject_id(link.subject) for link in links if link.pending_key),
        rejected=frozenset(subject_id(link.subject) for link in links if link.state == "parked"),
    )


def assemble(account: AccountId, facts: Iterable[Fact], born_at: int) -> AccountFacts:
    """Sort bodies by kind; memberships of other accounts go to ``elsewhere``."""
    bodies = [f.body for f in sorted(facts, key=lambda f: (f.kind, f.id))]
    people = _of(bodies, Person)
    return AccountFacts(
        account_id=account,
        account=next(iter(_of(bodies, Account)), None),
        people=tuple(p for p in people if p.account_id == account),
        elsewhere=tuple(p for p in people if p.account_id != account),
        customers=_of(bodies, Customer),
        subscriptions=_of(bodies, Subscription),
        disputes=_of(bodies, Dispute),
        refunds=_of(bodies, Refund),
        requests=_of(bodies, Request),
        instances=_of(bodies, Instance),
        access=next(iter(_of(bodies, AccessRow)), None),
        born_at=born_at,
    )


def _of(bodies: Iterable[object], cls: type[T]) -> tuple[T, ...]:
    return tuple(body for body in bodies if isinstance(body, cls))
