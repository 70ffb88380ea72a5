"""What erasing asks of each target, and what may still be stored of whoever is erased."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from golden.words import ACME, CATALOG, NOW, account, config, customer, known, person, request, sub

from mappings import intercom, product, stripe
from mappings.alerts import alerts
from mappings.erasure import PROOF_AFTER, desired_in_intercom, desired_in_stripe, minimal
from mappings.lifecycle import life
from mappings.model import (
    AccountFacts,
    Desired,
    Erasure,
    Link,
    Record,
    Ref,
    UserId,
    account_subject,
    person_subject,
)  # fmt: skip
from mappings.plan import next_step

KEEP, DELETE = config(), config(policy={"erase_in_stripe": "delete"})
OLGA, BILL = person("olga", joined=-50), person("bill", joined=-10)
GONE = Erasure(person_subject(UserId("olga")), {UserId("olga"): "c1"}, why="the product marked it erased")
CLOSED = Erasure(account_subject(ACME), {UserId("olga"): "c1", UserId("bill"): None}, "co1")


def erasing(*things: Any, erasures: tuple[Erasure, ...], **more: Any) -> AccountFacts:
    return replace(known(*things, **more), erasures=erasures)


def asked(facts: AccountFacts, settings=KEEP) -> dict[str, Desired]:
    lived = life(facts, settings, CATALOG, NOW, False)
    both = (*desired_in_intercom(facts, lived, settings), *desired_in_stripe(facts, lived, settings))
    return {f"{d.target} {d.subject}": d for d in both}


def test_a_person_is_taken_out_of_intercom_by_id_and_external_id() -> None:
    (name,) = found = asked(
        erasing(sub("active"), customer(), people=(replace(OLGA, erased=True), BILL), erasures=(GONE,))
    )
    assert name == "intercom.erasures person:olga"
    assert (dict(found[name].values), dict(found[name].beside)) == ({"external_id": "olga"}, {"contact": "c1"})
    assert found[name].lowers


def test_whom_intercom_knows_by_another_id_is_taken_out_by_that() -> None:
    """An address is told beside: what stays is compared, and kept until the proof."""

    def told(known_as: str, **more: Any) -> list[dict[str, object]]:
        gone = replace(GONE, known_as={UserId("olga"): known_as}, **more)
        (found,) = asked(erasing(sub("active"), people=(replace(OLGA, erased=True),), erasures=(gone,))).values()
        return [dict(found.values), dict(found.beside)]

    assert told("legacy-1") == [{"external_id": "legacy-1"}, {"contact": "c1"}]
    assert told("o@example.com") == [{"external_id": "olga"}, {"contact": "c1", "known_as": "o@example.com"}]
    assert told("legacy-1", shared=frozenset({UserId("olga")}))[1] == {"contact": "c1", "shared": True}


def test_an_account_takes_its_people_and_its_company_along() -> None:
    facts = erasing(account(erased=True), sub("active"), customer(), erasures=(CLOSED,))
    names = {f"intercom.erasures {s}" for s in ("person:olga", "person:bill", "account:acme")}
    assert set(asked(facts)) == names
    assert set(asked(facts, DELETE)) == {*names, "stripe.erasures account:acme"}
    assert asked(facts, DELETE)["stripe.erasures account:acme"].values == {"customers": "cus_1"}


def test_nothing_is_asked_twice_until_it_is_time_to_look_again() -> None:
    def step(at: int):
        facts = erasing(sub("active"), erasures=(replace(GONE, prove_at=at),))
        (desired,) = asked(facts).values()
        done = Link(desired.target, desired.subject, "c1", {"external_id": "olga", "contact": "c1"})
        return next_step(desired, done), life(facts, KEEP, CATALOG, NOW, False).next_look_at

    assert step(NOW + PROOF_AFTER) == (None, NOW + PROOF_AFTER)
    found, _ = step(NOW)
    assert found is not None
    assert (found.operation, found.values["proved"], found.needs_proof) == ("update", True, True)


def test_the_customer_follows_the_next_billing_contact_or_has_no_address() -> None:
    def carried(facts: AccountFacts) -> dict[str, object]:
        (found,) = stripe.desired_customer(facts, life(facts, KEEP, CATALOG, NOW, False), KEEP)
        return {name: found.values[name] for name in ("email", "name")}

    erased = replace(OLGA, email="", name="", erased=True)
    facts = erasing(sub("active"), customer(), people=(erased, BILL), erasures=(GONE,))
    assert carried(facts) == {"email": BILL.email, "name": BILL.name or None}
    assert carried(replace(facts, people=(erased,))) == {"email": None, "name": None}
    assert carried(replace(facts, people=())) == {"email": None, "name": None}
    closed = known(account(erased=True), sub("active"), customer(), people=(OLGA,))
    assert [*stripe.desired_customer(closed, life(closed, KEEP, CATALOG, NOW, False), KEEP)] == []


def test_staff_are_told_of_a_subscription_that_runs_on() -> None:
    facts = known(account(erased=True), sub("active"), customer())
    (told,) = [text for text in alerts(facts, life(facts, KEEP, CATALOG, NOW, False)) if "erased" in text]
    assert "`instep request cancel acme --at-once`" in told


ROW = {"user_id": "u1", "account_id": "a1", "email": "jane@example.com", "name": "Jane", "role": "owner",
       "email_verified": True, "joined_at": 1, "signed_up_at": 2, "last_seen_at": 86400, "intercom_external_id": "x",
       "traits": {"title": "CTO"}}  # fmt: skip


def test_ids_are_all_that_is_stored_of_an_erased_person() -> None:
    (fact,) = product.facts(Record(Ref("product", "user", "u1"), {"rows": [ROW]}))
    bare = minimal(fact)
    said = {name for name, value in asdict(bare.body).items() if value not in ("", None, {}, False)}  # type: ignore[call-overload]
    assert said == {"user_id", "account_id", "role", "erased", "intercom_external_id"}
    (mailed,) = product.facts(
        Record(Ref("product", "user", "u1"), {"rows": [{**ROW, "intercom_external_id": "u1@example.com"}]})
    )
    assert "@" not in str(asdict(minimal(mailed).body))  # type: ignore[call-overload]
    under_way = minimal(mailed, under_way=True)
    assert under_way == replace(
        minimal(mailed), body=replace(minimal(mailed).body, intercom_external_id="u1@example.com")
    )
    assert (bare.offers, dict(bare.states)) == (("account:a1", "reference:a1"), {})


def test_a_customer_and_an_answered_request_lose_what_is_personal() -> None:
    data = {"id": "cus_1", "created": 1, "email": "jane@example.com", "name": "Jane", "metadata": {}}
    (fact,) = stripe.facts(Record(Ref("stripe", "customer", "cus_1"), data, "customer"))
    bare = minimal(fact)
    assert "jane" not in str((bare.body, bare.seeks)).casefold()
    asked_for = replace(request(), description="for Jane", requested_by="jane@example.com")
    told = [minimal(replace(fact, body=replace(asked_for, answer=answer))).body for answer in ("", "accepted")]
    assert ["jane" in str(body).casefold() for body in told] == [True, False]


def test_an_erased_person_has_neither_contact_nor_events() -> None:
    facts = known(sub("trialing", trial=(-1, 13)), people=(replace(OLGA, erased=True), BILL))
    lived = life(facts, KEEP, CATALOG, NOW, False)
    for mapping in (intercom.desired_contacts, intercom.desired_events):
        assert {d.subject for d in mapping(facts, lived, KEEP)} == {"person:bill"}
