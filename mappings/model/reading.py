"""The words of reading: where to look, what was found, what is known of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.model.bodies import (
    AccessRow,
    Account,
    Body,
    Customer,
    Dispute,
    Instance,
    Person,
    Refund,
    Request,
    Subscription,
)
from mappings.model.ids import AccountId, JSONObject, RequestId, Scalar, Subject, UserId


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of a root object in a system: Stripe customer, product account, product user, request, instance."""

    source: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Change:
    """A hint that a Ref deserves a look. Carries no data. ``event_id`` is unique within its source."""

    ref: Ref
    event_id: str
    occurred_at: int


@dataclass(frozen=True, slots=True)
class Record:
    """What a system said about a Ref when read, in its own JSON; ``data`` is None when it is gone.

    ``part`` names the piece of the root that a bulk page holds (``subscription``); empty means the whole root.
    """

    ref: Ref
    data: JSONObject | None
    part: str = ""

    @property
    def gone(self) -> bool:
        return self.data is None


@dataclass(frozen=True, slots=True)
class Fact:
    """A Record in our words. ``body`` is None for a root that is gone.

    ``offers`` are match keys that lead to this fact's account; ``seeks`` are keys, best first, by which a fact
    without an account finds one (``customer:cus_1``, ``account:a1``, ``email:x@example.com``). ``states``: values whose
    change no source dates; the store keeps since when it has seen them, in the body's ``seen``.
    """

    root: Ref
    kind: str
    id: str
    body: Body | None
    account_id: AccountId | None = None
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undecided:
    """Why a root has no account yet, for a person. ``conflict``: several accounts may own it, else none does.
    ``decision``: what is proposed, as `instep resolve` takes it; empty where a person has to choose."""

    reason: str
    proposal: str = ""
    decision: str = ""
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """The erasure of a person or an account, under way. ``contacts``: its people, each with the id of its contact
    (None: there never was one as far as we know; empty: its id was lost); ``company``: that of its company.
    ``known_as``: the external_id of those whom Intercom knows by another one than the user id; ``shared``: those whose
    other one is somebody else's too. ``prove_at``: when everything was away, the time to look again.
    """

    subject: Subject
    contacts: Mapping[UserId, str | None] = field(default_factory=dict)
    company: str = ""
    known_as: Mapping[UserId, str] = field(default_factory=dict)
    shared: frozenset[UserId] = frozenset()
    prove_at: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything known about one account, and the memberships its people have elsewhere.

    ``redeemed_by``: trial request -> the requests that have used up a trial of the account, of who asks or of the
    billing contact. ``rejected``: requests whose trial or change the vendor refused to make. ``made``: open requests
    whose change was made; ``begun``: those whose change may have been sent, its outcome not known yet.
    ``billing_urls``: the billing link of each person who may have one; None where there are no links. ``erasures``:
    those under way.
    """

    account_id: AccountId
    account: Account | None = None
    people: tuple[Person, ...] = ()
    elsewhere: tuple[Person, ...] = ()
    customers: tuple[Customer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    refunds: tuple[Refund, ...] = ()
    requests: tuple[Request, ...] = ()
    instances: tuple[Instance, ...] = ()
    access: AccessRow | None = None
    redeemed_by: Mapping[RequestId, frozenset[RequestId]] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    billing_urls: Mapping[UserId, str] | None = None
    erasures: tuple[Erasure, ...] = ()
    born_at: int = 0

    @property
    def living_customer(self) -> Customer | None:
        """The one customer that is not deleted; None where there is none, or where there are several."""
        living = [customer for customer in self.customers if not customer.deleted]
        return living[0] if len(living) == 1 else None

    def made_for(self, request: str) -> Subscription | None:
        """The oldest subscription that carries the request's id."""
        carrying = (sub for sub in self.subscriptions if sub.request_id == request)
        return min(carrying, key=lambda sub: (sub.created, sub.subscription_id), default=None)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened at a second the source itself dates; sent once under ``name`` and ``id``.

    ``by_clock``: only time says so (a reminder), so it is sent with facts fetched in the same look or not at all.
    """

    name: str
    id: str
    at: int
    details: Mapping[str, Scalar] = field(default_factory=dict)
    by_clock: bool = False

    @property
    def key(self) -> str:
        return f"{self.name}:{self.id}"
