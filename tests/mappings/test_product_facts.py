"""Rows of the product and answers of the provisioner in our words; and no input that stops more than itself."""

import copy
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import samples
from golden.words import ACME
from hypothesis import given
from hypothesis import strategies as st
from samples import T0

from mappings import product, provisioning, stripe
from mappings.model import AccountId, Fact, Instance, Record, Ref
from mappings.product import access_from, account_from, lower, person_from, request_from
from mappings.provisioning import generation_of, instance_name

USER = Ref("product", "user", "olga")
DAY = 86400


def test_a_person() -> None:
    found = person_from(samples.user_row())
    assert (found.user_id, found.account_id, found.role, found.email_verified) == ("olga", "acme", "owner", True)
    assert (found.joined_at, found.last_seen_at, found.problem) == (T0, (T0 + 5000) // DAY * DAY, "")


def test_two_columns_are_enough() -> None:
    found = person_from({"user_id": "olga", "email": "o@example.com"})
    assert (found.account_id, found.role, found.email_verified, found.problem) == ("olga", "owner", False, "")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"email": None}, "no e-mail"),
        ({"email": "olga"}, "not an address"),
        ({"user_id": ""}, "user_id or account_id"),
        ({"user_id": "x" * 201}, "user_id or account_id"),
        ({"account_id": " acme"}, "user_id or account_id"),
        ({"account_id": "a\x00"}, "user_id or account_id"),
    ],
)
def test_a_bad_value_is_this_persons_problem(row: dict[str, Any], words: str) -> None:
    assert words in person_from(samples.user_row(**row)).problem


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"role": "Billing"}, ("billing", True, T0)),
        ({"role": "janitor"}, ("member", True, T0)),
        ({"role": None}, ("owner", True, T0)),
        ({"email_verified": "t"}, ("owner", True, T0)),
        ({"email_verified": 0}, ("owner", False, T0)),
        ({"email_verified": "no"}, ("owner", False, T0)),
        ({"joined_at": "yesterday"}, ("owner", True, None)),
        ({"joined_at": None}, ("owner", True, None)),
    ],
)
def test_unknown_words_are_read_safely(row: dict[str, Any], found: tuple[str, bool, int | None]) -> None:
    person = person_from(samples.user_row(**row))
    assert (person.role, person.email_verified, person.joined_at) == found


def test_only_a_verified_address_leads_to_an_account() -> None:
    record = Record(USER, {"rows": [samples.user_row(), samples.user_row(account_id="beta", email_verified=False)]})
    sure, unsure = product.facts(record)
    assert sure.offers == ("account:acme", "reference:acme", "email:olga@example.com")
    assert unsure.offers == ("account:beta", "reference:beta")
    assert (sure.id, unsure.id) == ("olga@acme", "olga@beta")


def test_an_account_offers_its_customer() -> None:
    (fact,) = product.facts(Record(Ref("product", "account", "acme"), samples.account_row()))
    assert fact.offers == ("account:acme", "reference:acme", "customer:cus_1")
    assert fact.account_id == ACME


def test_a_trial_end_that_is_no_time_is_not_taken_for_none() -> None:
    assert account_from(samples.account_row(trial_ends_at=None)).trial_ends_at is None
    with pytest.raises(ValueError, match="trial_ends_at"):
        account_from(samples.account_row(trial_ends_at="soon"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, ""),
        ({"days": "14"}, ""),
        ({"days": "many"}, "days is not a number"),
        ({"requested_at": None}, "requested_at is missing"),
        ({"requested_at": "now"}, "requested_at is not a number"),
        ({"amount_minor": "ten"}, "amount_minor is not a number"),
        ({"amount_minor": 4.99}, "amount_minor is not a number"),
        ({"amount_minor": Decimal("4.99")}, "amount_minor is not a number"),
        ({"amount_minor": 5.0, "requested_at": 1770000000.5}, ""),
        ({"days": 7.5}, "days is not a number"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_not_lost(row: dict[str, Any], problem: str) -> None:
    assert request_from(samples.request_row(**row)).problem == problem


def test_a_row_of_access() -> None:
    found = access_from(samples.access_row(plan=None))
    assert (found.access, found.plan, found.trial_ends_at) == ("full", "", None)


@pytest.mark.parametrize(
    ("new", "old", "falls"),
    [
        ("none", "full", True),
        ("grace", "full", True),
        ("none", "", True),
        ("full", "none", False),
        (None, "full", False),
    ],
)
def test_what_takes_something_away(new: Any, old: str, falls: bool) -> None:
    assert lower(new, old) is falls


def test_an_instance() -> None:
    (fact,) = provisioning.facts(Record(Ref("instances", "instance", "acme-2"), samples.instance_answer(name="acme-2")))
    assert fact.body == Instance("acme-2", ACME, 2, "ready", "https://a.example.com", T0)


def test_a_status_that_nobody_knows_is_a_failure() -> None:
    (fact,) = provisioning.facts(Record(Ref("instances", "instance", "acme-1"), samples.instance_answer(status="odd")))
    assert isinstance(fact.body, Instance)
    assert fact.body.status == "failed"


def test_the_name_of_an_instance_is_safe_and_its_own() -> None:
    assert instance_name(AccountId("acme-1"), 2) == "acme-1-2"
    odd = [AccountId(name) for name in ("a b", "a/b", "é", "x" * 61)]
    hashed = {instance_name(name, 1) for name in odd}
    assert len(hashed) == len(odd)
    assert all(name.isascii() and "/" not in name and len(name) <= 63 for name in hashed)
    assert [generation_of(name) for name in ("acme-12", "acme", "acme-x")] == [12, 1, 1]


CUSTOMER = Ref("stripe", "customer", "cus_1")
WHOLE = samples.root(samples.subscription(), samples.paused(), open_invoices=(samples.open_invoice(),))
DISCOUNTED = samples.subscription(discounts=[samples.discount(percent_off=5)])
RECORDS = {
    "customer": (stripe.facts, Record(CUSTOMER, WHOLE)),
    "subscription": (stripe.facts, Record(CUSTOMER, DISCOUNTED, "subscription")),
    "a part": (stripe.facts, Record(CUSTOMER, samples.customer(), "customer")),
    "user": (product.facts, Record(USER, {"rows": [samples.user_row()]})),
    "account": (product.facts, Record(Ref("product", "account", "acme"), samples.account_row())),
    "request": (product.facts, Record(Ref("product", "request", "req_1"), samples.request_row())),
    "access": (product.facts, Record(Ref("product", "access", "acme"), samples.access_row())),
    "instance": (provisioning.facts, Record(Ref("instances", "instance", "acme-1"), samples.instance_answer())),
}
JUNK = st.sampled_from([None, "", "x", "\x00\ud800", 0, -1, 1.5, float("nan"), True, 10**30, [], {}, [1], {"a": 1}])


def paths(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, value in inner for path in [(*here, key), *paths(value, (*here, key))]]


def mutated(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if value is LEAVE_OUT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


LEAVE_OUT = object()


@pytest.mark.parametrize("name", RECORDS)
def test_plain_objects_are_read(name: str) -> None:
    read, record = RECORDS[name]
    assert all(isinstance(fact, Fact) and fact.body for fact in read(record))


@pytest.mark.parametrize("name", RECORDS)
@given(data=st.data())
def test_an_object_of_another_shape_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """The caller catches these four and keeps what it knew."""
    read, record = RECORDS[name]
    path = data.draw(st.sampled_from(paths(record.data)))
    changed = Record(record.ref, mutated(record.data, path, data.draw(JUNK | st.just(LEAVE_OUT))), record.part)
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        read(changed)
