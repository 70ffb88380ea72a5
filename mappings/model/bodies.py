"""What facts say: one frozen shape per kind of object, in our words. Times are unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.model.ids import AccountId, JSONObject, RequestId, Scalar, UserId


@dataclass(frozen=True, slots=True)
class Seen:
    """Since when a look has seen this value of a state, and the value before it; empty: seen like this from the start.

    ``since`` is the time of the look that saw it first, for what no source dates.
    """

    value: str
    since: int
    before: str = ""


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
    seen: Mapping[str, Seen] = field(default_factory=dict)


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
    seen: Mapping[str, Seen] = field(default_factory=dict)

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
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Customer:
    """A Stripe customer. ``account_id`` is what its metadata says; a hint that people can edit. ``spare_method``: its
    only payment method, where that is not the default."""

    customer_id: str
    created: int
    email: str = ""
    name: str = ""
    account_id: str = ""
    has_payment_method: bool = False
    spare_method: str = ""
    card_expires_at: int | None = None
    livemode: bool = False
    deleted: bool = False
    seen: Mapping[str, Seen] = field(default_factory=dict)


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
    due_at: int | None = None
    period_start: int | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription with its latest invoice. ``mrr_minor`` is per month, after discount, without tax.
    ``due_at``: when its open sent invoices fall due, the oldest first. ``sends_invoices``: they are sent, not charged.
    ``collection_paused``: invoices are made and nothing is collected. ``request_id`` made it, ``changed_by`` is the
    request that changed it last, ``shifted_for`` the one whose late instance has moved its trial end."""

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
    cancel_at_period_end: bool = False
    cancel_reason: str = ""
    cancel_feedback: str = ""
    canceled_at: int | None = None
    ended_at: int | None = None
    pause_type: str = ""
    paused_at: int | None = None
    account_id: str = ""
    request_id: str = ""
    changed_by: str = ""
    shifted_for: str = ""
    has_payment_method: bool = False
    card_expires_at: int | None = None
    sends_invoices: bool = False
    collection_paused: bool = False
    open_since: int | None = None
    due_at: tuple[int, ...] = ()
    pay_url: str = ""
    pay_amount: int = 0
    ever_paid: bool = False
    first_paid_at: int | None = None
    invoice: Invoice | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that the customer's bank disputes or inquires about. Amounts in minor units."""

    dispute_id: str
    status: str
    created: int
    reason: str = ""
    amount: int = 0
    currency: str = ""
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back for a payment, in minor units."""

    refund_id: str
    status: str
    created: int
    amount: int = 0
    currency: str = ""
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A completed Checkout session of Stripe's: ``reference`` is the account that whoever opened it named."""

    session_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A product instance as the provisioner reports it. ``account_id``: whose it says that it is, or empty."""

    name: str
    account_id: AccountId
    generation: int
    status: str
    url: str = ""
    ready_at: int | None = None
    revision: int = 0
    requested_at: int | None = None


Body = Account | Person | Request | AccessRow | Customer | Subscription | Dispute | Refund | Checkout | Instance
BODIES: Mapping[str, type[Any]] = {
    "account": Account, "person": Person, "request": Request, "access": AccessRow,
    "customer": Customer, "subscription": Subscription, "dispute": Dispute, "refund": Refund,
    "subscription_checkout": Checkout, "instance": Instance,
}  # fmt: skip


def body_from_json(kind: str, data: JSONObject, seen: JSONObject | None = None) -> Body:
    """Rebuild a fact's body from its stored JSON and what was ``seen`` of its states; fields that a newer version wrote
    are ignored."""
    cls = BODIES[kind]
    data = data | {"seen": {name: Seen(**state) for name, state in (seen or {}).items()}}
    known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
    if kind == "subscription":
        was_paid = (seen or {}).get("paid", {}).get("before") == "yes"
        known["ever_paid"] = bool(known.get("ever_paid") or was_paid)
        known |= {name: tuple(known.get(name) or ()) for name in ("price_ids", "lookup_keys", "product_ids", "due_at")}
        known["invoice"] = Invoice(**known["invoice"]) if known.get("invoice") else None
    return cls(**known)  # type: ignore[no-any-return]
