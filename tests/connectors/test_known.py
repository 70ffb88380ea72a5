"""What a Link names is looked up by that id, whatever else about it has moved."""

from dataclasses import replace

import pytest
from contract_tests import step
from vendor_world import NOW

from connectors.stripe import StripeCustomers, StripeTrials
from mappings.model import AccountId, Desired, RequestId, account_subject, request_subject

LATER = NOW + 86_400


@pytest.fixture
def customers(stripe_api):
    return StripeCustomers(stripe_api)


@pytest.fixture
def wanted(customers) -> Desired:
    """A customer made under an old address, known by its id, to get a new one."""
    values = {"metadata.account_id": "a1", "email": "old@example.com", "name": "Some one"}
    desired = Desired("stripe.customers", account_subject(AccountId("a1")), values)
    made = customers.push(step(desired, "create"))
    return replace(desired, values={**values, "email": "new@example.com"}, external_id=made.external_id)


@pytest.mark.parametrize("since", [None, LATER])
def test_a_customer_under_its_old_address_is_found(customers, wanted, since):
    found = customers.find(wanted, since)
    assert found.external_id == wanted.external_id == found.changed.id
    assert found.values["email"] == "old@example.com"


def test_a_deleted_or_unknown_customer_is_not_found(customers, wanted, stripe_api):
    stripe_api._http.delete(f"/v1/customers/{wanted.external_id}")
    assert customers.find(wanted, LATER) is None
    assert customers.find(replace(wanted, external_id="cus_nobody"), LATER) is None


def test_a_trial_is_found_when_its_request_id_was_taken_off(wanted, stripe_api):
    trials = StripeTrials(stripe_api)
    values = {"customer": wanted.external_id, "price": "price_team_monthly", "trial_days": 14}
    values |= {"missing_payment_method": "pause", "metadata.account_id": "a1", "metadata.request_id": "r1"}
    desired = Desired("stripe.trials", request_subject(RequestId("r1")), values)
    made = trials.push(step(desired, "create", "key-2"))
    stripe_api.post(f"/v1/subscriptions/{made.external_id}", {"metadata": {"request_id": ""}}, "key-3")
    assert trials.find(desired, NOW) is None
    found = trials.find(replace(desired, external_id=made.external_id), NOW)
    assert (found.external_id, found.changed.id) == (made.external_id, wanted.external_id)
    assert trials.find(replace(desired, external_id="sub_nobody"), NOW) is None
