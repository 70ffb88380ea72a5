"""Short words for the tables: an account's facts on one day, and what follows from them.

All times are days from today: ``day(-4)`` was four days ago. Instep was started 100 days ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mappings.catalog import Catalog
from mappings.config import Config
from mappings.model import (
    AccessRow,
    Account,
    AccountFacts,
    AccountId,
    Customer,
    Dispute,
    Instance,
    Invoice,
    Person,
    Refund,
    Request,
    RequestId,
    Scalar,
    Seen,
    Subscription,
    UserId,
)

NOW = 1_772_452_800  # 2026-03-02 12:00 UTC
ACME = AccountId("acme")


def day(days: float) -> int:
    return NOW + round(days * 86400)


def morning(days: int) -> int:
    """Nine o'clock UTC on that day, when reminders go out."""
    return day(days) - 3 * 3600


def minutes(count: int) -> int:
    return NOW + count * 60


def local(text: str, zone: str = "UTC") -> int:
    """A wall clock's time there: ``local("2026-03-08T09:00", "Europe/Berlin")``."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


BORN = day(-100)
TOML: Mapping[str, Any] = {
    "plans": {
        "pro": {"lookup_keys": ["pro_monthly"], "prices": ["price_yearly", "price_yen"], "tag": "plan:pro"},
        "team": {"prices": ["price_team"], "tag": "plan:team", "trial_days": 30},
        "free": {"prices": ["price_free"]},
        "gone": {"prices": ["price_archived"]},
    },
    "policy": {"access_without_subscription": "none"},
}
CATALOG = Catalog(
    plans={
        "price_pro": "pro",
        "price_yearly": "pro",
        "price_yen": "pro",
        "price_team": "team",
        "price_free": "free",
    },
    prices={"pro": "price_pro", "team": "price_team", "free": "price_free"},
)


def config(**tables: Mapping[str, Any]) -> Config:
    """The house rules; each table given is laid over the default one."""
    merged = {name: {**TOML.get(name, {}), **table} for name, table in tables.items()}
    return Config.model_validate({**TOML, **merged})


def account(**more: Any) -> Account:
    return Account(ACME, **{"name": "Acme", **more})


def person(user: str, role: str = "owner", joined: float = -50, **more: Any) -> Person:
    given: dict[str, Any] = {"account_id": ACME, "email": f"{user}@example.com", "joined_at": day(joined), **more}
    return Person(UserId(user), role=role, **given)


OLGA = person("olga")


def sub(status: str, name: str = "sub_1", created: float = -40, **more: Any) -> Subscription:
    """A subscription to plan pro for 20 dollars a month. ``trial=(-4, 10)``: began 4 days ago, ends in 10."""
    trial = more.pop("trial", None)
    if trial:
        created = trial[0]
        more |= {"trial_start": day(trial[0]), "trial_end": day(trial[1])}
    given: dict[str, Any] = {"price_ids": ("price_pro",), "currency": "usd", "mrr_minor": 2000, **more}
    return Subscription(name, "cus_1", status, day(created), **given)


def seen(**states: tuple[str, float, str]) -> dict[str, Seen]:
    """What our looks remember: ``status=("active", -1, "paused")``, active since yesterday, paused before."""
    return {name: Seen(value, day(since), before) for name, (value, since, before) in states.items()}


def unpaid_invoice(**more: Any) -> Invoice:
    given: dict[str, Any] = {"amount_due": 2000, "attempt_count": 1, "finalized_at": day(-2), **more}
    return Invoice("in_1", "open", **given)


def paid_invoice(paid: float, **more: Any) -> Invoice:
    given: dict[str, Any] = {
        "amount_due": 2000,
        "amount_paid": 2000,
        "attempt_count": 1,
        "finalized_at": day(paid),
        **more,
    }
    return Invoice("in_1", "paid", paid_at=day(paid), **given)


def customer(name: str = "cus_1", created: int = 1, **more: Any) -> Customer:
    return Customer(name, created, **{"email": "olga@example.com", **more})


def dispute(status: str, opened: float = -3, **more: Any) -> Dispute:
    """``saw=-1, was="needs_response"``: a look saw it take this status yesterday."""
    saw, was = more.pop("saw", opened), more.pop("was", "")
    return Dispute("dp_1", status, day(opened), seen=seen(status=(status, saw, was)), **more)


def refund(name: str = "re_1", made: float = -1, status: str = "succeeded", **more: Any) -> Refund:
    return Refund(name, status, day(made), **{"amount": 2000, "currency": "usd", **more})


def request(name: str = "req_1", asked: float = 0, **more: Any) -> Request:
    given: dict[str, Any] = {"kind": "trial", "plan": "pro", "user_id": "olga", **more}
    return Request(RequestId(name), ACME, requested_at=day(asked), **given)


def instance(status: str = "ready", generation: int = 1, ready: float | None = -4) -> Instance:
    return Instance(
        f"acme-{generation}",
        ACME,
        generation,
        status,
        "https://acme.example.com",
        None if ready is None else day(ready),
    )


def today(access: str, stage: str = "") -> AccessRow:
    """What the product lets the account do right now."""
    return AccessRow(ACME, stage=stage, access=access)


def known(
    *things: Any, people: tuple[Person, ...] = (OLGA,), born: int = BORN, redeemed: tuple[str, ...] = ()
) -> AccountFacts:
    """Everything known about Acme. It has one owner, Olga, unless ``people`` says otherwise."""

    def of(cls: type) -> Any:
        return tuple(thing for thing in things if isinstance(thing, cls))

    requests = of(Request)
    return AccountFacts(
        ACME,
        account=next(iter(of(Account)), None),
        people=tuple(p for p in people if p.account_id == ACME),
        elsewhere=tuple(p for p in people if p.account_id != ACME),
        customers=of(Customer),
        subscriptions=of(Subscription),
        disputes=of(Dispute),
        refunds=of(Refund),
        requests=requests,
        instances=of(Instance),
        access=next(iter(of(AccessRow)), None),
        redeemed_by={r.request_id: frozenset(RequestId(by) for by in redeemed) for r in requests},
        born_at=born,
    )


@dataclass(frozen=True)
class Case:
    """One line: what is known, and all that follows. What is left out must not happen.

    ``access`` None: the product keeps what it has. ``tags``, ``attributes`` and ``events``: on the owner's contact;
    attributes that are empty or false are left out. ``look``: when time alone changes something. ``instance``: what the
    provisioner is asked for, with its name where that matters. ``starts``: the price of the trial that is started,
    with `` paid`` where it is none.
    ``stripe``: what else is asked of Stripe. ``alert``: words that staff are told. ``dated``: the second of an event.
    ``way``: where the billing link leads, left out where another line shows it. ``erases``: who leaves Intercom, and
    which customers Stripe. ``colleagues``: user -> tags of the other contacts. ``now``: another moment than today noon.
    """

    name: str
    given: AccountFacts
    stage: str
    access: str | None
    tags: str = ""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    events: str = ""
    look: int | None = None
    instance: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    starts: str = ""
    stripe: str = ""
    alert: str = ""
    dated: Mapping[str, int] = field(default_factory=dict)
    colleagues: Mapping[str, str] = field(default_factory=dict)
    way: str = ""
    erases: str = ""
    now: int = NOW
    provisioner: bool = False
    config: Config = field(default_factory=config)

    def __str__(self) -> str:
        return self.name
