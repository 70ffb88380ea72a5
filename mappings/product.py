"""Product rows -> Facts, and the row of ``instep_access`` and the answers that the product should hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from mappings.brake import CREATES, REMOVALS
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.links import account_link
from mappings.matching import account_keys
from mappings.model import (
    Access,
    AccessRow,
    Account,
    AccountFacts,
    AccountId,
    Desired,
    Fact,
    Held,
    Person,
    Record,
    Ref,
    Request,
    RequestId,
    Scalar,
    Step,
    UserId,
    account_subject,
    request_subject,
    subject_id,
)  # fmt: skip
from mappings.seen import states_of
from mappings.text import clean, email, identifier, integer
from mappings.trials import UNKNOWN

# Longer than any text of ours in a row of instep_access.
LONGEST = 2000
ROLES = ("owner", "billing", "member")
TRUE = (True, 1, "1", "t", "true", "True", "TRUE", "yes")
Row = Mapping[str, Any]


def facts(record: Record) -> list[Fact]:
    """The facts of one product root: a user's memberships, an account, a request or an access row."""
    if record.data is None:
        return []
    if record.ref.kind == "user":
        return [_person_fact(record.ref, row) for row in record.data["rows"]]
    return [_ONE[record.ref.kind](record.ref, record.data)]


def _person_fact(root: Ref, row: Row) -> Fact:
    person = person_from(row)
    offers = list(account_keys(person.account_id))
    if person.email and person.email_verified:
        offers.append(f"email:{person.email.casefold()}")
    if person.intercom_external_id:
        offers.append(f"contact:{person.intercom_external_id}")
    name = f"{person.user_id}@{person.account_id}"
    return Fact(root, "person", name, person, person.account_id, tuple(offers), states=states_of(person))


def person_from(row: Row) -> Person:
    """A row of ``instep_users``. Bad values become a ``problem`` that parks this person only."""
    user_id = str(row["user_id"])
    account_id = AccountId(str(_given(row, "account_id", user_id)))
    role = str(_given(row, "role", "owner")).casefold()
    address = email(row.get("email"))
    problem = "" if address else "the e-mail is not an address" if row.get("email") else "there is no e-mail"
    if not identifier(user_id) or not identifier(account_id):
        problem = "user_id or account_id is empty, over 200 characters, padded or holds control characters"
    return Person(
        user_id=UserId(user_id),
        account_id=account_id,
        email=address,
        role=role if role in ROLES else "member",
        name=clean(row.get("name")),
        email_verified=row.get("email_verified") in TRUE,
        joined_at=integer(row.get("joined_at")),
        signed_up_at=integer(row.get("signed_up_at")),
        last_seen_at=_day(integer(row.get("last_seen_at"))),
        intercom_external_id=clean(row.get("intercom_external_id")),
        erased=row.get("erased") in TRUE,
        traits=_traits(row.get("traits")),
        problem=problem,
    )


def account_from(row: Row) -> Account:
    """A row of ``instep_accounts``. Raises ValueError for a trial end that is no time: what is known stays."""
    trial_ends_at = integer(row.get("trial_ends_at"))
    if trial_ends_at is None and row.get("trial_ends_at") not in (None, ""):
        raise ValueError("trial_ends_at is not a time")
    return Account(
        account_id=AccountId(str(row["account_id"])),
        name=clean(row.get("name")),
        domain=clean(row.get("domain")),
        stripe_customer_id=clean(row.get("stripe_customer_id")),
        instance_name=clean(row.get("instance_name")),
        plan=clean(row.get("plan")),
        trial_ends_at=trial_ends_at,
        comped=row.get("comped") in TRUE,
        hold_reason=clean(row.get("hold_reason")),
        excluded=row.get("excluded") in TRUE,
        erased=row.get("erased") in TRUE,
        timezone=clean(row.get("timezone")),
        traits=_traits(row.get("traits")),
    )


def request_from(row: Row) -> Request:
    """A row of ``instep_requests``; what cannot be read becomes a ``problem``, which refuses the request."""
    numbers = {"requested_at": integer(row.get("requested_at"))}
    numbers |= {name: _whole(row.get(name)) for name in ("days", "amount_minor")}
    bad = [name for name, number in numbers.items() if number is None and row.get(name) is not None]
    problem = f"{bad[0]} is not a number" if bad else "" if numbers["requested_at"] else "requested_at is missing"
    return Request(
        request_id=RequestId(str(row["request_id"])),
        account_id=AccountId(str(row.get("account_id") or "")),
        kind=clean(row.get("kind")),
        requested_at=numbers["requested_at"] or 0,
        user_id=str(row.get("user_id") or ""),
        plan=clean(row.get("plan")),
        days=numbers["days"],
        amount_minor=numbers["amount_minor"],
        currency=clean(row.get("currency")),
        description=clean(row.get("description")),
        requested_by=clean(row.get("requested_by")),
        answer=clean(row.get("answer")),
        reason=clean(row.get("reason")),
        answered_at=integer(row.get("answered_at")),
        problem=problem,
    )


def access_from(row: Row) -> AccessRow:
    """A row of ``instep_access``, whoever wrote it."""
    names = (
        "stage",
        "access",
        "reason",
        "plan",
        "instance_url",
        "instance_status",
        "stripe_customer_id",
        "billing_url",
    )
    texts: dict[str, Any] = {name: clean(row.get(name), LONGEST) for name in names}
    account = AccountId(str(row["account_id"]))
    return AccessRow(account_id=account, trial_ends_at=integer(row.get("trial_ends_at")), **texts)


def _account_fact(root: Ref, row: Row) -> Fact:
    account = account_from(row)
    offers = list(account_keys(account.account_id))
    if account.stripe_customer_id:
        offers.append(f"customer:{account.stripe_customer_id}")
    if account.instance_name:
        offers.append(f"instance:{account.instance_name}")
    return Fact(root, "account", root.id, account, account.account_id, tuple(offers), states=states_of(account))


def _request_fact(root: Ref, row: Row) -> Fact:
    request = request_from(row)
    return Fact(root, "request", root.id, request, request.account_id or None)


def _access_fact(root: Ref, row: Row) -> Fact:
    row_ = access_from(row)
    return Fact(root, "access", root.id, row_, row_.account_id, states=states_of(row_))


_ONE = {"account": _account_fact, "request": _request_fact, "access": _access_fact}


def _given(row: Row, name: str, default: str) -> Any:
    value = row.get(name)
    return default if value is None or value == "" else value


def _whole(value: Any) -> int | None:
    """None for a number with a fraction, which would be cut: 4.99 is no amount in minor units."""
    number = integer(value)
    return None if isinstance(value, float | Decimal) and value != number else number


def _day(at: int | None) -> int | None:
    return None if at is None else at - at % 86400


def _traits(value: Any) -> Mapping[str, Scalar]:
    if isinstance(value, str | bytes):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    if not isinstance(value, Mapping):
        return {}
    held = {clean(name): clean(v) if isinstance(v, str) else v for name, v in value.items()}
    return {name: v for name, v in held.items() if isinstance(v, str | int | float | bool) or v is None}


def desired_access(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The row of ``instep_access``. Where access is not ours to decide, the row's access is left alone. An account that
    neither the product nor Stripe shows gets none."""
    shown = bool(facts.account or facts.people or facts.customers)
    values: dict[str, Scalar] = {
        "stage": life.stage,
        "reason": life.reason,
        "plan": life.plan if life.plan is not None else facts.access.plan if facts.access else "",
        "trial_ends_at": life.trial_ends_at,
        "instance_url": life.instance_url,
        "instance_status": life.instance_status,
        "stripe_customer_id": life.customer_id,
    }
    if facts.billing_urls is not None:
        values["billing_url"] = account_link(facts)
    if life.access is not None:
        values["access"] = life.access
    # A missing row means full access, but a trial that is being made takes nothing away.
    today = facts.access.access if facts.access else "none" if life.stage == "trial_requested" else "full"
    lowers = lower(life.access, today)
    falls = lowers and not life.fall_foreseen
    yield Desired(
        "product.access",
        account_subject(facts.account_id),
        values,
        create=shown and life.access is not None,
        lowers=lowers,
        why=life.reason,
        creates=REMOVALS if falls else CREATES,
        guarded=frozenset({"access"}),
        brake=REMOVALS if falls else "",
    )


def desired_answers(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The answer to each request that has one. That the product does not know an account has to be read there."""
    for request in facts.requests:
        if request.request_id in life.answers:
            answer, reason = life.answers[request.request_id]
            subject, values = request_subject(request.request_id), {"answer": answer, "reason": reason}
            unknown = (answer, reason) == UNKNOWN
            yield Desired("product.requests", subject, values, lowers=unknown, why=f"request {answer}")


def held_access(facts: AccountFacts, desired: Desired) -> Held | None:
    """The row as the product sees it."""
    row = facts.access
    if row is None:
        return None
    return Held(row.account_id, {name: getattr(row, name) for name in desired.values})


def held_answer(facts: AccountFacts, desired: Desired) -> Held | None:
    """What the request's row says now."""
    asked = subject_id(desired.subject)
    request = next((r for r in facts.requests if r.request_id == asked), None)
    return Held(request.request_id, {"answer": request.answer, "reason": request.reason}) if request else None


def expect_answer(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    """The facts once the answer is written."""
    answer, reason = str(step.values.get("answer") or ""), str(step.values.get("reason") or "")
    answered = (
        replace(r, answer=answer or r.answer, reason=reason or r.reason)
        if request_subject(r.request_id) == step.subject
        else r
        for r in facts.requests
    )
    return replace(facts, requests=tuple(answered))


_WORTH: Mapping[str, int] = {"full": 3, "grace": 2, "read_only": 1, "none": 0}


def lower(new: Access | None, old: str) -> bool:
    """Whether ``new`` takes something away; a missing row means full."""
    return new is not None and _WORTH[new] < _WORTH.get(old, 3)
