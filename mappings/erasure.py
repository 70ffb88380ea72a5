"""Erasing a person or an account: what Intercom and Stripe shall hold no more, and what we may still know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mappings.config import Config
from mappings.lifecycle import Life
from mappings.matching import account_keys
from mappings.model import (
    Account,
    AccountFacts,
    Customer,
    Desired,
    Erasure,
    Fact,
    Person,
    Request,
    Subject,
    UserId,
    Value,
    person_subject,
    subject_id,
)  # fmt: skip
from mappings.requests import OPEN

# After this long a deletion is looked at again.
PROOF_AFTER = 86400
PRODUCT, OPERATOR = "product", "operator"
WHY = {PRODUCT: "the product marked it erased", OPERATOR: "an operator ordered the erasure"}


def of_account(erasure: Erasure) -> bool:
    return erasure.subject.startswith("account:")


def desired_in_intercom(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """No contact of these people, no company of an erased account; ``proved`` once a later look found none."""
    found: dict[Subject, Desired] = {}
    for erasure in facts.erasures:
        for user, contact in sorted(erasure.contacts.items()):
            subject = person_subject(user)
            found[subject] = _away(erasure, life, subject, *_contact(erasure, user, contact))
        if of_account(erasure):
            company = {"company": erasure.company}
            found[erasure.subject] = _away(
                erasure, life, erasure.subject, {"company_id": subject_id(erasure.subject)}, company
            )
    return found.values()


def _contact(erasure: Erasure, user: UserId, contact: str | None) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
    """An address is no id that may stay: it is told beside, and forgotten before the proof."""
    name = erasure.known_as.get(user, user)
    beside: dict[str, Value] = {"contact": contact}
    beside |= {"known_as": name} if "@" in name else {}
    beside |= {"shared": True} if user in erasure.shared else {}
    return {"external_id": user if "@" in name else name}, beside


def desired_in_stripe(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """None of an erased account's customers, where the policy says so: Stripe ends their subscriptions with them and
    keeps the invoices."""
    customers = " ".join(sorted(customer.customer_id for customer in facts.customers))
    for erasure in facts.erasures:
        if of_account(erasure) and customers and config.policy.erase_in_stripe == "delete":
            yield _away(erasure, life, erasure.subject, {"customers": customers}, {}, "stripe.erasures")


def _away(
    erasure: Erasure,
    life: Life,
    subject: Subject,
    values: Mapping[str, Value],
    beside: Mapping[str, Value],
    target: str = "intercom.erasures",
) -> Desired:
    # Its mark was weighed before it began.
    look_again = erasure.prove_at is not None and life.now >= erasure.prove_at
    proved = {"proved": True} if look_again else {}
    return Desired(
        target, subject, {**values, **proved}, beside=beside, whole=True, lowers=True,
        why=erasure.why, creates="",
    )  # fmt: skip


def minimal(fact: Fact, under_way: bool = False) -> Fact:
    """What may be stored of somebody erased: ids, and that they are. An address that Intercom knows the contact by is
    one while the erasure is ``under_way``."""
    body = fact.body
    if isinstance(body, Person):
        other = "" if "@" in body.intercom_external_id and not under_way else body.intercom_external_id
        bare = Person(body.user_id, body.account_id, erased=True, problem=body.problem, intercom_external_id=other)
        return replace(fact, body=bare, offers=account_keys(body.account_id), states={})
    if isinstance(body, Account):
        kept = Account(
            body.account_id, stripe_customer_id=body.stripe_customer_id, instance_name=body.instance_name, erased=True
        )
        return replace(fact, body=kept, states={})
    if isinstance(body, Customer):
        seeks = tuple(key for key in fact.seeks if not key.startswith("email:"))
        return replace(fact, body=replace(body, email="", name=""), seeks=seeks)
    if isinstance(body, Request) and body.answer not in OPEN:
        return replace(fact, body=replace(body, description="", requested_by=""))
    return fact
