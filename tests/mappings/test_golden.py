"""Each line of the tables in ``golden``: facts in, what every system should hold out."""

from collections import Counter

import pytest
from golden import asking, before, company, disputing, leaving, owing, paying, remembering
from golden.words import ACME, CATALOG, NOW, Case

from mappings import intercom, product, provisioning, stripe
from mappings.glossary import CONTACT
from mappings.lifecycle import Life, life
from mappings.model import Desired

BILLING = {name for name, line in CONTACT.items() if line.audience == "billing"} - {"product_access", "last_mrr"}
TABLES = (asking, before, paying, owing, disputing, leaving, company, remembering)
CASES = [case for table in TABLES for case in table.CASES]


def lived(case: Case) -> Life:
    return life(case.given, case.config, CATALOG, NOW, case.provisioner)


def contact(case: Case, user: str = "olga") -> Desired | None:
    found = intercom.desired_contacts(case.given, lived(case), case.config)
    return next((d for d in found if d.subject == f"person:{user}"), None)


every = pytest.mark.parametrize("case", CASES, ids=str)


def test_each_line_has_its_own_name() -> None:
    assert [name for name, count in Counter(map(str, CASES)).items() if count > 1] == []


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
    if "mrr" in case.attributes:
        assert wanted.values["custom.last_mrr"] == case.attributes["mrr"]
    today = case.given.access.access if case.given.access else None
    assert wanted.values["custom.product_access"] == (case.access or today)


@every
def test_events(case: Case) -> None:
    sent = [o.name for d in intercom.desired_events(case.given, lived(case), case.config) for o in d.occurrences]
    assert sent == case.events.split()


@every
def test_requests_and_the_trial_that_starts(case: Case) -> None:
    found = lived(case)
    answers = {r: answer for r, (answer, _) in found.answers.items()}
    assert answers == case.answers
    assert all(reason for _, reason in found.answers.values())
    trials = list(stripe.desired_trials(case.given, found, case.config))
    assert [t.values["price"] for t in trials] == ([case.starts] if case.starts else [])


@every
def test_the_instance(case: Case) -> None:
    asked = provisioning.desired_instance(case.given, lived(case), case.config)
    assert [d.values["desired"] for d in asked] == ([case.instance] if case.instance else [])


@every
def test_staff_are_told(case: Case) -> None:
    told = " ".join(lived(case).alerts)
    assert case.alert in told
    assert bool(case.alert) == bool(told)


@every
def test_the_company_of_a_team(case: Case) -> None:
    companies = list(intercom.desired_companies(case.given, lived(case), case.config))
    if case.tags:
        assert [c.values["company_id"] for c in companies] == [ACME]
        assert companies[0].values["custom.account_stage"] == case.stage
    else:
        assert companies == []
