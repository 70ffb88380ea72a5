"""Which account a Stripe customer belongs to; where that is not sure, a person is asked and nothing is guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from mappings.matching import account_keys, match, match_surely
from mappings.model import AccountId, Record, Ref, Undecided
from mappings.stripe import facts

ACME, BETA = AccountId("acme"), AccountId("beta")
SOUGHT = ("customer:c", "account:b", "email:e")
CAME = ("customer:c", "email:e", "reference:b")
ROOT, OLGA = Ref("stripe", "customer", "cus_1"), "email:olga@example.com"
METADATA = "its metadata (or Checkout) names account b, which the product does not know"


@pytest.mark.parametrize(
    ("offers", "seekers", "found"),
    [
        ({"customer:c": {ACME}, "account:b": {BETA}, "email:e": {BETA}}, {}, ACME),
        ({"account:b": {BETA}, "email:e": {ACME}}, {}, BETA),
        ({"customer:c": {BETA, ACME}, "account:b": {BETA}}, {}, "more than one account may own it: acme, beta"),
        ({"email:e": {ACME}}, {"email:e": 1}, METADATA),
        ({}, {}, METADATA),
    ],
    ids=["customer", "metadata", "two accounts", "no e-mail beside metadata", "unknown"],
)
def test_the_account_of_a_customer(offers: dict[str, set[AccountId]], seekers: dict[str, int], found: str) -> None:
    decided = match(SOUGHT, {key: frozenset(accounts) for key, accounts in offers.items()}, seekers)
    assert (decided.reason if isinstance(decided, Undecided) else decided) == found


@pytest.mark.parametrize(
    ("offers", "seekers", "found"),
    [
        ({"reference:b": {BETA}, "email:e": {ACME}}, {}, BETA),
        ({"email:e": {ACME}}, {"email:e": 1}, ACME),
        ({"email:e": {ACME}}, {"email:e": 2}, METADATA),
    ],
    ids=["reference", "e-mail", "two customers"],
)
def test_the_account_of_who_came_through_checkout(
    offers: dict[str, set[AccountId]], seekers: dict[str, int], found: str
) -> None:
    """What stands in a reference need not be an account of ours."""
    decided = match(CAME, {key: frozenset(accounts) for key, accounts in offers.items()}, seekers)
    assert (decided.reason if isinstance(decided, Undecided) else decided) == found


@pytest.mark.parametrize(
    ("seeks", "offers", "reason", "decision"),
    [
        (("customer:c", "email:e"), {ACME, BETA}, "people of several accounts have its e-mail: acme, beta", ""),
        (("customer:c", "email:e"), {ACME}, "several customers have the e-mail of account acme", ""),
        (("customer:c", "email:e"), set(), "no user with a verified e-mail has its e-mail", "ignore"),
        (("customer:c", "account:x@example.com"), set(), METADATA.replace("account b", "an account"), "ignore"),
    ],
)
def test_no_account_is_proposed_for_money(
    seeks: tuple[str, ...], offers: set[AccountId], reason: str, decision: str
) -> None:
    found = match(seeks, {"email:e": frozenset(offers)} if offers else {}, {"email:e": 2})
    assert isinstance(found, Undecided)
    assert (found.reason, found.decision, found.conflict) == (reason, decision, False)
    assert bool(found.proposal) == (not decision)
    assert match_surely(seeks, {}, {}) is None


def test_nobody_is_told_of_a_deleted_customer_or_of_an_instance() -> None:
    assert match(("customer:c",), {}, {}) is None
    assert match(("instance:i",), {}, {}) is None


@given(
    st.sampled_from(["", "acme", "gone"]),
    st.lists(st.sampled_from(["", "acme", "beta", "gone"]), max_size=3),
    st.lists(st.sampled_from(["acme", "beta", "gone"]), max_size=2),
    st.sets(st.sampled_from([ACME, BETA])),
)
def test_the_parts_of_a_customer_say_what_the_whole_says(
    own: str, inner: list[str], came: list[str], known: set[AccountId]
) -> None:
    """A look reads a customer whole, a scan its parts on pages of their own."""
    customer = samples.customer(metadata={"account_id": own})
    subscriptions = [samples.subscription(id=f"sub_{n}", metadata={"account_id": id}) for n, id in enumerate(inner)]
    checkouts = [{"id": f"cs_{n}", "client_reference_id": reference} for n, reference in enumerate(came)]
    whole = Record(ROOT, {"customer": customer, "subscriptions": subscriptions, "checkouts": checkouts})
    parts = [Record(ROOT, customer, "customer")]
    parts += [Record(ROOT, subscription, "subscription") for subscription in subscriptions]
    parts += [Record(ROOT, checkout, "checkout.session") for checkout in checkouts]
    offers = {OLGA: frozenset([ACME])} | {key: frozenset([id]) for id in known for key in account_keys(id)}
    assert match(sought(whole), offers, {OLGA: 1}) == match(sought(*parts), offers, {OLGA: 1})


def sought(*records: Record) -> list[str]:
    """As the state has them: the root's own fact first, then by kind and id."""
    found = [fact for record in records for fact in facts(record)]
    ordered = sorted(found, key=lambda fact: (fact.kind != "customer", fact.kind, fact.id))
    return [key for fact in ordered for key in fact.seeks]


@given(st.dictionaries(st.sampled_from(SOUGHT), st.frozensets(st.sampled_from([ACME, BETA]))))
def test_matching_treats_accounts_alike(offers: dict[str, frozenset[AccountId]]) -> None:
    """Swapping the two accounts swaps the answer."""
    swap = {ACME: BETA, BETA: ACME}
    straight = match(SOUGHT, offers, {})
    turned = match(SOUGHT, {key: frozenset(swap[a] for a in accounts) for key, accounts in offers.items()}, {})
    if isinstance(straight, Undecided) and isinstance(turned, Undecided):
        assert replace(turned, reason=straight.reason, proposal=straight.proposal) == straight
    else:
        assert isinstance(straight, str)
        assert turned == swap[AccountId(straight)]
