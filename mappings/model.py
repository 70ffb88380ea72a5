"""The words everybody uses, as frozen dataclasses. No I/O, no clock, no vendor SDK.

All times are unix seconds (int) unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, NewType

import orjson

AccountId = NewType("AccountId", str)
UserId = NewType("UserId", str)
RequestId = NewType("RequestId", str)
Subject = NewType("Subject", str)

Scalar = str | int | float | bool | None
JSONObject = dict[str, Any]

Stage = Literal[
    "prospect", "trial_requested", "trialing", "trial_expired", "awaiting_payment", "active",
    "past_due", "unpaid", "paused", "churned", "blocked", "erased",
]  # fmt: skip
Access = Literal["full", "grace", "read_only", "none"]
Mode = Literal["off", "watch", "on"]

NOTHING: Mapping[str, Any] = {}


def account_subject(account_id: AccountId) -> Subject:
    return Subject(f"account:{account_id}")


def person_subject(user_id: UserId) -> Subject:
    return Subject(f"person:{user_id}")


def request_subject(request_id: RequestId) -> Subject:
    return Subject(f"request:{request_id}")


def instance_subject(account_id: AccountId, generation: int) -> Subject:
    return Subject(f"instance:{account_id}#{generation}")


def subject_id(subject: Subject) -> str:
    """The id behind the type: ``account:a1`` -> ``a1``."""
    return subject.split(":", 1)[1]


def fingerprint(value: Any) -> str:
    """Equal for equal content, whatever the order of keys: blake2b over sorted JSON, 32 hex digits."""
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


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
class Account:
    """A row of ``instep_accounts``."""

    account_id: AccountId
    name: str = ""
    domain: str = ""
    stripe_customer_id: str = ""
    instance_name: str = ""
    plan: str = ""
    trial_ends_at: int | None = None
    comped: bool = False
    hold_reason: str = ""
    excluded: bool = False
    erased: bool = False
    timezone: str = ""
    traits: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A row of ``instep_users``: one user in one account. ``problem`` says why the row cannot be used as it is."""

    user_id: UserId
    account_id: AccountId
    email: str = ""
    role: str = "owner"
    name: str = ""
    email_verified: bool = False
    joined_at: int | None = None
    signed_up_at: int | None = None
    last_seen_at: int | None = None
    intercom_external_id: str = ""
    erased: bool = False
    traits: Mapping[str, Scalar] = field(default_factory=dict)
    problem: str = ""

    @property
    def bills(self) -> bool:
        return self.role in ("owner", "billing")


@dataclass(frozen=True, slots=True)
class Request:
    """A row of ``instep_requests``. ``answer`` is empty until Instep wrote one."""

    request_id: RequestId
    account_id: AccountId
    kind: str
    requested_at: int
    user_id: str = ""
    plan: str = ""
    days: int | None = None
    amount_minor: int | None = None
    currency: str = ""
    description: str = ""
    requested_by: str = ""
    answer: str = ""
    reason: str = ""
    answered_at: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """The row of ``instep_access`` as the product sees it now: the access that an account has today."""

    account_id: AccountId
    stage: str = ""
    access: str = ""
    reason: str = ""
    plan: str = ""
    trial_ends_at: int | None = None
    instance_url: str = ""
    instance_status: str = ""
    stripe_customer_id: str = ""
    billing_url: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A Stripe customer. ``account_id`` is what its metadata says; a hint that people can edit."""

    customer_id: str
    created: int
    email: str = ""
    name: str = ""
    account_id: str = ""
    has_payment_method: bool = False
    livemode: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """The latest invoice of a subscription. Amounts in minor units."""

    invoice_id: str
    status: str
    amount_due: int = 0
    amount_paid: int = 0
    attempt_count: int = 0
    next_attempt_at: int | None = None
    finalized_at: int | None = None
    paid_at: int | None = None
    period_start: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription with its latest invoice. ``mrr_minor`` is per month, after discount, without tax."""

    subscription_id: str
    customer_id: str
    status: str
    created: int
    price_ids: tuple[str, ...] = ()
    lookup_keys: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    currency: str = ""
    mrr_minor: int = 0
    trial_start: int | None = None
    trial_end: int | None = None
    period_start: int | None = None
    period_end: int | None = None
    cancel_at: int | None = None
    cancel_reason: str = ""
    canceled_at: int | None = None
    ended_at: int | None = None
    pause_type: str = ""
    paused_at: int | None = None
    account_id: str = ""
    request_id: str = ""
    has_payment_method: bool = False
    open_since: int | None = None
    ever_paid: bool = False
    first_paid_at: int | None = None
    invoice: Invoice | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A product instance as the provisioner reports it."""

    name: str
    account_id: AccountId
    generation: int
    status: str
    url: str = ""
    ready_at: int | None = None
    revision: int = 0
    requested_at: int | None = None


Body = Account | Person | Request | AccessRow | Customer | Subscription | Instance
BODIES: Mapping[str, type[Any]] = {
    "account": Account, "person": Person, "request": Request, "access": AccessRow,
    "customer": Customer, "subscription": Subscription, "instance": Instance,
}  # fmt: skip


def body_from_json(kind: str, data: JSONObject) -> Body:
    """Rebuild a fact's body from its stored JSON; fields that a newer version wrote are ignored."""
    cls = BODIES[kind]
    known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
    if kind == "subscription":
        known |= {name: tuple(known.get(name) or ()) for name in ("price_ids", "lookup_keys", "product_ids")}
        known["invoice"] = Invoice(**known["invoice"]) if known.get("invoice") else None
    return cls(**known)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Fact:
    """A Record in our words. ``body`` is None for a root that is gone.

    ``offers`` are match keys that lead to this fact's account; ``seeks`` are keys, best first, by which a fact
    without an account finds one (``customer:cus_1``, ``account:a1``, ``email:x@example.com``).
    """

    root: Ref
    kind: str
    id: str
    body: Body | None
    account_id: AccountId | None = None
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything known about one account, and the memberships its people have elsewhere.

    ``redeemed_by``: requests that have used up a trial of this account or its people.
    """

    account_id: AccountId
    account: Account | None = None
    people: tuple[Person, ...] = ()
    elsewhere: tuple[Person, ...] = ()
    customers: tuple[Customer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    requests: tuple[Request, ...] = ()
    instances: tuple[Instance, ...] = ()
    access: AccessRow | None = None
    redeemed_by: frozenset[str] = frozenset()
    born_at: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened at a second the source itself dates; sent once under ``name`` and ``id``."""

    name: str
    id: str
    at: int
    details: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.name}:{self.id}"


@dataclass(frozen=True, slots=True)
class Later:
    """A value known only after something else was made: the external id of that subject in that target."""

    target: str
    subject: Subject


Value = Scalar | Later | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desired:
    """What one target should hold for one subject.

    ``values``: fields to hold; a name left out is left alone, None clears. ``sets``: owned members per set (``tags``,
    ``companies``). ``beside``: sent along with any step, never compared. ``ids``: for a set whose members are accounts,
    the target that knows their ids. ``occurrences``: to be sent once each. ``born_with``: the values sent with a create
    (None: all); the others follow as an update. ``whole``: an update sends every value (a PUT). ``once``: no update. ``create``: False means it is
    only kept up where it exists. ``problem``: why this row cannot be sent (parks it). ``lowers``: an update takes
    something away from the customer. ``keep``: members that are not taken off though ``sets`` does not name them.
    """

    target: str
    subject: Subject
    values: Mapping[str, Value] = field(default_factory=dict)
    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    beside: Mapping[str, Value] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    occurrences: tuple[Occurrence, ...] = ()
    born_with: frozenset[str] | None = None
    whole: bool = False
    once: bool = False
    create: bool = True
    problem: str = ""
    lowers: bool = False
    keep: frozenset[str] = frozenset()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What a target holds for a subject: its id there and the owned things.

    ``pending``: accepted but unfinished, to be looked at again. ``changed``: the root of a source that this push
    changed. ``sent``: keys of occurrences already delivered, with their second.
    """

    external_id: str
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    pending: bool = False
    changed: Ref | None = None
    vendor_request_id: str = ""


LinkState = Literal["ok", "pending", "suspect", "parked"]


@dataclass(frozen=True, slots=True)
class Link:
    """Who a subject is in a target and what the target holds as far as we know.

    ``pending_key``/``pending_body`` are committed before a push and cleared with its answer. ``attempt`` counts
    creates; it rises only after a read proved that nothing was made. ``sequence`` counts acknowledged pushes.
    """

    target: str
    subject: Subject
    external_id: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    state: LinkState = "ok"
    attempt: int = 1
    sequence: int = 0
    pending_key: str = ""
    pending_body: JSONObject | None = None
    pending_since: int | None = None
    parked_for: str = ""
    acknowledged_at: int | None = None


Operation = Literal["create", "update", "add", "remove", "send"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to send. ``values``: fields for create and update. ``member``: (set, name) for add and remove.

    ``lowers``: takes something away, so its source facts must have been fetched in this look.
    """

    target: str
    subject: Subject
    operation: Operation
    key: str
    external_id: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    member: tuple[str, str] = ("", "")
    occurrence: Occurrence | None = None
    lowers: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that must exist in a target before it is used. ``kind``: ``tag``, ``contact`` or ``company`` (attributes).

    ``type`` for attributes: string, integer, float, boolean, date.
    """

    kind: Literal["tag", "contact", "company"]
    name: str
    type: str = ""
    description: str = ""
