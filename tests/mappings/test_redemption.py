"""Which addresses are one mailbox, what a trial uses up, and what past trials have used up."""

from dataclasses import replace

import pytest
from golden.words import ACME, CATALOG, NOW, OLGA, config, day, known, person, request, sub

from mappings.model import RequestId
from mappings.redemption import asking, company_domain, past_trials, redeemed_email
from mappings.trials import decide

USED = frozenset({RequestId("elsewhere")})
SPELLINGS = [
    ("Olga@Example.COM", "olga@example.com"),
    (" olga@example.com ", "olga@example.com"),
    ("olga+trial2@example.com", "olga@example.com"),
    ("olga+a+b@outlook.com", "olga@outlook.com"),
    ("o.l.ga@example.com", "o.l.ga@example.com"),
    ("O.l.ga+x@gmail.com", "olga@gmail.com"),
    ("o.lga@GoogleMail.com", "olga@gmail.com"),
    ("+x@example.com", "+x@example.com"),
    (".@gmail.com", ".@gmail.com"),
    ("olga@gmail.com.example", "olga@gmail.com.example"),
    ("", ""),
]


@pytest.mark.parametrize(("given", "redeemed"), SPELLINGS)
def test_one_mailbox_has_one_spelling(given: str, redeemed: str) -> None:
    assert redeemed_email(given) == redeemed
    assert redeemed_email(redeemed) == redeemed


def test_a_request_is_held_against_its_requester_and_the_billing_contact() -> None:
    bill, mia = person("bill", "billing"), person("mia", "member", email="M.ia+2@gmail.com")
    mine, other = request(user_id="mia"), request("req_0", user_id="olga")
    assert asking(known(mine, other, people=(OLGA, bill, mia)), mine) == [
        ("account", ACME),
        ("user", "bill"),
        ("email", "bill@example.com"),
        ("user", "mia"),
        ("email", "mia@gmail.com"),
    ]


def test_who_had_a_trial_elsewhere_is_refused_and_nobody_else_of_the_account() -> None:
    mine, other = request("r1", user_id="mia"), request("r0", -1, user_id="bob")
    facts = known(mine, other, people=(person("mia"), person("bob", "member")))
    decision = decide(replace(facts, redeemed_by={RequestId("r0"): USED}), config(), CATALOG, NOW)
    assert (decision.start, set(decision.answers)) == (mine, {"r0"})
    both = replace(facts, redeemed_by={RequestId("r0"): USED, RequestId("r1"): USED})
    assert decide(both, config(), CATALOG, NOW).start is None


def test_past_trials_are_held_against_owners_the_billing_contact_and_the_requester() -> None:
    people = (OLGA, person("bill", "billing"), person("mia", "member"), person("tom", "member"))
    trial = sub("canceled", trial=(-30, -16), request_id="req_1")
    used = past_trials(known(trial, request(user_id="mia", answer="accepted"), people=people))
    who = {"account": {ACME}, "user": {"olga", "bill", "mia"}}
    assert {kind: {value for k, value in used if k == kind} for kind in who} == who
    assert {value for kind, value in used if kind == "email"} == {f"{name}@example.com" for name in who["user"]}
    assert set(used.values()) == {"req_1"}


def test_the_first_trial_counts_and_one_without_a_request_is_named_by_itself() -> None:
    first, second = sub("canceled", "sub_9", trial=(-60, -50)), sub("active", "sub_1", trial=(-30, -16), request_id="r")
    assert set(past_trials(known(second, first)).values()) == {"sub_9"}
    never = replace(sub("active"), trial_start=None, created=day(-3))
    assert past_trials(known(never)) == {}
    assert ("email", "") not in past_trials(known(first, people=(replace(OLGA, email=""),)))


@pytest.mark.parametrize(
    ("address", "verified", "domain"),
    [
        ("olga@Acme.example", True, "acme.example"),
        ("olga@acme.example", False, ""),
        ("olga@gmail.com", True, ""),
        ("olga@Web.de", True, ""),
        ("", True, ""),
    ],
)
def test_only_a_verified_address_names_a_company(address: str, verified: bool, domain: str) -> None:
    olga = replace(OLGA, email=address, email_verified=verified)
    assert company_domain(olga) == domain
    assert (("domain", domain) in asking(known(people=(olga,)), request(), domains=True)) == bool(domain)
    assert "domain" not in dict(asking(known(people=(olga,)), request()))
