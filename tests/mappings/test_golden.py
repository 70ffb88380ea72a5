"""Each line of the tables in ``golden``: facts in, what every system should hold out."""

from collections import Counter
from pathlib import Path

import pytest
from golden import (
    asking,
    before,
    calendar,
    company,
    disputing,
    edges,
    leaving,
    owing,
    paying,
    remembering,
    rows,
    selling,
)
from golden.words import ACME, CATALOG, Case

from mappings import billing, erasure, intercom, product, provisioning, stripe
from mappings.concerns import concerns
from mappings.glossary import CONTACT, EVENTS
from mappings.lifecycle import Life, life
from mappings.model import Desired, Link, Step
from mappings.offers import offer_of
from mappings.plan import next_step
from mappings.standing import RULES as LIFE

BILLING = {name for name, line in CONTACT.items() if line.audience == "billing"} - {"product_access", "last_mrr"}
TABLES = (before, calendar, asking, paying, owing, disputing, leaving, company, remembering, selling, edges)
CASES = [case for table in TABLES for case in table.CASES]
TESTS = Path(__file__).parents[1]


def lived(case: Case) -> Life:
    return life(case.given, case.config, CATALOG, case.now, case.provisioner)


def contact(case: Case, user: str = "olga") -> Desired | None:
    found = intercom.desired_contacts(case.given, lived(case), case.config)
    return next((d for d in found if d.subject == f"person:{user}"), None)


every = pytest.mark.parametrize("case", CASES, ids=str)


def test_each_line_has_its_own_name() -> None:
    assert [name for name, count in Counter(map(str, CASES)).items() if count > 1] == []


@pytest.mark.parametrize("stage", LIFE)
def test_each_stage_is_in_the_tables(stage: str) -> None:
    by_name = {str(case): case for case in CASES}
    assert {by_name[name].stage for name in rows.STAGES[stage]} == {stage}


@pytest.mark.parametrize("rule", rows.RULES)
def test_each_rule_is_in_the_tables(rule: str) -> None:
    """Or shown by a test elsewhere, where it is not a question of facts in, desired state out."""
    names = set(map(str, CASES))
    for shown in rows.RULES[rule]:
        file, _, test = shown.partition("::")
        assert shown in names or (test and f"def {test}(" in (TESTS / file).read_text()), shown


@pytest.mark.parametrize("event", EVENTS)
def test_each_event_is_dated_by_hand(event: str) -> None:
    name, at = rows.EVENTS[event]
    (case,) = (case for case in CASES if str(case) == name)
    assert event in case.events.split()
    assert {o.at for o in lived(case).occurrences if o.name == event and o.at >= case.now - 3 * 86400} == {at}


@every
def test_stage_access_and_the_next_look(case: Case) -> None:
    found = lived(case)
    assert (found.stage, found.access, found.next_look_at) == (case.stage, case.access, case.look)


@every
def test_the_row_that_the_product_reads(case: Case) -> None:
    (row,) = product.desired_access(case.given, lived(case), case.config)
    assert row.values["stage"] == case.stage
    assert row.values.get("access") == case.access
    assert row.create == (case.access is not None)
    assert row.values["reason"]
    if case.tags:
        assert row.values["plan"] == case.attributes.get("plan", "")
        assert row.values["trial_ends_at"] == case.attributes.get("trial_ends_at")
        assert row.values["instance_url"] == case.attributes.get("instance_url", "")
        assert row.values["instance_status"] == case.attributes.get("instance_status", "")


@every
def test_the_contact_of_the_owner(case: Case) -> None:
    wanted = contact(case)
    if not case.tags:
        assert wanted is None
        return
    assert wanted is not None
    assert wanted.sets["tags"] == set(case.tags.split())
    known = {f"custom.{name}" for name in BILLING}
    held = {n: v for n, v in wanted.values.items() if n in known and v is not None and v is not False}
    assert held == {f"custom.{name}": value for name, value in case.attributes.items()}
    if "mrr" in case.attributes and any(sub.ever_paid for sub in case.given.subscriptions):
        assert wanted.values["custom.last_mrr"] == case.attributes["mrr"]
    today = case.given.access.access if case.given.access else None
    assert wanted.values["custom.product_access"] == (case.access or today)


@every
def test_events(case: Case) -> None:
    told = list(intercom.desired_events(case.given, lived(case), case.config))
    sent = [occurrence for d in told if d.subject == "person:olga" for occurrence in d.occurrences]
    assert [o.name for o in sent] == case.events.split()
    assert {o.name: o.at for o in sent if o.name in case.dated} == case.dated


@every
def test_the_contacts_of_colleagues(case: Case) -> None:
    wanted = {user: contact(case, user) for user in case.colleagues}
    assert {user: d and d.sets["tags"] for user, d in wanted.items()} == {
        user: set(tags.split()) for user, tags in case.colleagues.items()
    }


@every
def test_what_is_asked_of_stripe(case: Case) -> None:
    found = lived(case)
    customers = [step for d in stripe.desired_customer(case.given, found, case.config) if (step := first_step(case, d))]
    asked = ["customer" for step in customers if step.operation == "create"]
    asked += ["customer.email" for step in customers if step.operation == "update" and "email" in step.values]
    asked += ["customer.card" for step in customers if stripe.DEFAULT_METHOD in step.values]
    asked += [f"{d.values['do']}:{d.values.get('subscription') or d.values['price']}"
              for d in billing.desired_changes(case.given, found, case.config)]  # fmt: skip
    asked += [f"charge:{d.values['amount']}{d.values['currency']}:{d.values['subscription']}"
              for d in billing.desired_charges(case.given, found, case.config)]  # fmt: skip
    new = ["customer"] if case.starts and not case.given.customers else []
    assert asked == new + case.stripe.split()


def first_step(case: Case, desired: Desired) -> Step | None:
    held = stripe.held_customer(case.given, desired)
    link = Link(desired.target, desired.subject, held.external_id, held.values) if held else None
    return next_step(desired, link or Link(desired.target, desired.subject))


@every
def test_requests_and_the_trial_that_starts(case: Case) -> None:
    found = lived(case)
    answers = {r: answer for r, (answer, _) in found.answers.items()}
    assert answers == case.answers
    assert all(reason for _, reason in found.answers.values())
    trials = list(stripe.desired_trials(case.given, found, case.config))
    made = [f"{t.values['price']}{'' if t.values['trial_days'] else ' paid'}" for t in trials]
    assert made == ([case.starts] if case.starts else [])


@every
def test_where_the_billing_link_leads(case: Case) -> None:
    offer = offer_of(case.given, lived(case), case.config)
    assert not case.way or f"{offer.way} {offer.url}".strip() == case.way


@every
def test_who_is_erased(case: Case) -> None:
    found = lived(case)
    gone = [d.subject for d in erasure.desired_in_intercom(case.given, found, case.config)]
    deleted = [d.values["customers"] for d in erasure.desired_in_stripe(case.given, found, case.config)]
    assert sorted([*gone, *(f"stripe:{names}" for names in deleted)]) == case.erases.split()


@every
def test_the_instance(case: Case) -> None:
    asked = provisioning.desired_instance(case.given, lived(case), case.config)
    wanted, _, name = case.instance.partition(" ")
    assert [d.values["desired"] for d in asked] == ([wanted] if wanted else [])
    assert [d.values["name"] for d in asked] == [name or d.values["name"] for d in asked]


@every
def test_staff_are_told(case: Case) -> None:
    told = " ".join(f"{c.reason}; {c.proposal}" for c in concerns(case.given, lived(case), case.config))
    assert case.alert in told
    assert bool(case.alert) == bool(told)


@every
def test_the_company_of_a_team(case: Case) -> None:
    companies = list(intercom.desired_companies(case.given, lived(case), case.config))
    if case.tags:
        assert [c.values["company_id"] for c in companies] == [ACME]
        values = companies[0].values
        assert values["custom.account_stage"] == case.stage
        assert values["custom.account_trial_ends_at"] == case.attributes.get("trial_ends_at")
        assert values["custom.account_instance_url"] == case.attributes.get("instance_url")
        assert values["monthly_spend"] == int(case.attributes.get("mrr", 0))
        assert values.get("plan", "") == case.attributes.get("plan", "")
    else:
        assert companies == []
