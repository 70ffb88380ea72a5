"""The words of a decision, filters that evaluate nothing, and the pages that ids lead to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.concerns import with_kept, with_started
from mappings.config import Config
from mappings.dashboards import Dashboards
from mappings.deciding import choices, command, decision
from mappings.exclusion import excluded
from mappings.filters import picking
from mappings.model import AccountFacts, AccountId, Customer, Request, RequestId, Subscription

CONTACT = ("conflict", "person:1", "intercom.contacts")
CUSTOMER = ("unmatched", "customer:cus_1", "")
TEST = Dashboards("acct_1", False, "abc123", "EU")
ACME = AccountId("acme")


@pytest.mark.parametrize(
    ("words", "proposed", "line", "found"),
    [
        ("", "link 5f", CONTACT, ("link", "5f")),
        ("yes", "create", CONTACT, ("create", "")),
        ("Link  5f", "", CONTACT, ("link", "5f")),
        ("link a b", "", CONTACT, "'link a b' does not fit: choose link CONTACT, create, retry or ignore"),
        ("accept", "", CUSTOMER, "nothing is proposed: choose link ACCOUNT or ignore"),
        ("create", "", CUSTOMER, "'create' does not fit: choose link ACCOUNT or ignore"),
        ("start", "ignore", ("parked", "request:r", ""), ("start", "")),
        ("retry", "", ("parked", "user:r", "product.users"), "'retry' does not fit: choose ignore"),
    ],
)
def test_what_a_person_writes(
    words: str, proposed: str, line: tuple[str, str, str], found: tuple[str, str] | str
) -> None:
    if isinstance(found, tuple):
        assert decision(words, proposed, *line) == found
        return
    with pytest.raises(ValueError, match=found):
        decision(words, proposed, *line)


def test_every_line_has_a_command() -> None:
    assert command(7, *CUSTOMER, "") == "instep resolve 7 link ACCOUNT"
    assert command(7, *CUSTOMER, "ignore") == "instep resolve 7 ignore"
    assert command(7, "held", "account:a", "", "", "instep approve a") == "instep approve a"
    assert choices("alert", "account:a", "") == ("ignore",)


def test_filters_compare_texts() -> None:
    row = {"kind": "unmatched", "reason": "account 17 (which) is [not] there", "subject": "customer:cus_1"}
    for conditions, fits in (
        (["kind=unmatched"], True),
        (["kind!=unmatched"], False),
        (["kind=unmatched", "reason=*is [not]*"], True),
        (["reason=account 1. *"], False),
        (["subject=customer:*"], True),
    ):
        assert picking(conditions)(row) == fits
    for wrong in ("kind", "__class__=1", "since=1"):
        with pytest.raises(ValueError, match="is no filter: write FIELD=VALUE"):
            picking([wrong])


def test_ids_lead_to_the_vendors_pages() -> None:
    assert TEST.address("cus_1") == "https://dashboard.stripe.com/acct_1/test/customers/cus_1"
    assert replace(TEST, live=True).address("sub_1") == "https://dashboard.stripe.com/acct_1/subscriptions/sub_1"
    contact = "6b039d290bf2d9433a00003b"
    assert TEST.named(f"two: {contact}, cus_1; req_1") == {
        contact: f"https://app.eu.intercom.com/a/apps/abc123/users/{contact}",
        "cus_1": "https://dashboard.stripe.com/acct_1/test/customers/cus_1",
    }
    assert TEST.address("team_7") == ""


def test_the_kept_customer_stands_as_long_as_no_other_one_has_a_living_subscription() -> None:
    two = AccountFacts(ACME, customers=(Customer("cus_1", 1), Customer("cus_2", 2)))
    assert [c.deleted for c in with_kept(two, "cus_2").customers] == [True, False]
    alive = replace(two, subscriptions=(Subscription("sub_1", "cus_1", "active", 1),))
    assert with_kept(alive, "cus_2") == alive
    assert with_kept(two, "cus_9") == two
    lost = replace(two, customers=(Customer("cus_1", 1), Customer("cus_2", 2, deleted=True)))
    assert with_kept(lost, "cus_2") == lost


def test_a_started_request_counts_as_asked_at_our_birth() -> None:
    old = Request(RequestId("r"), ACME, "trial", 5)
    found = with_started(AccountFacts(ACME, requests=(old,), born_at=100), [RequestId("r")])
    assert [r.requested_at for r in found.requests] == [100]


def test_accounts_are_excluded_by_the_configuration_too() -> None:
    plain = {"plans": {"pro": {"prices": ["price_1"]}}, "policy": {"access_without_subscription": "full"}}
    config = Config.model_validate(plain | {"exclude": {"accounts": ["acme"]}})
    assert excluded(AccountFacts(ACME), config)
    assert not excluded(AccountFacts(AccountId("beta")), config)
