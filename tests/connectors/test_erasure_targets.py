"""What erasing means on the wire: all of a person goes, a second push finds nothing, and a proof only reads."""

import pytest
from vendor_world import create, wanted

from connectors.contract import Ambiguous, Rejected, Unknown
from connectors.intercom import IntercomErasures
from connectors.stripe import StripeErasures
from mappings.model import Step, Subject
from sandbox.intercom.space import workspace

PERSON, ACCOUNT = Subject("person:u1"), Subject("account:a1")


def erase(target, subject=PERSON, **values):
    return target.push(Step(target.name, subject, "create", "key", "", values))


def prove(target, known, subject=PERSON, **values):
    return target.push(Step(target.name, subject, "update", "key", known, {**values, "proved": True}))


def left(live):
    return [contact.external_id for contact in workspace(live.world).order if not contact.deleted]


@pytest.fixture
def target(intercom_api):
    return IntercomErasures(intercom_api)


@pytest.fixture
def contact(contacts):
    return create(contacts, wanted("u1")).external_id


def test_the_contact_goes_and_a_second_push_finds_nothing(target, contact, live):
    assert erase(target, external_id="u1", contact=contact).external_id == contact
    assert left(live) == []
    effects = live.effects("intercom")
    assert erase(target, external_id="u1", contact=None).external_id == "nothing of person:u1"
    assert live.effects("intercom") == effects


def test_somebody_else_stays(target, contact, contacts, live):
    create(contacts, wanted("u2", email="u2@example.com"))
    erase(target, external_id="u1", contact=contact)
    assert left(live) == ["u2"]


def test_a_known_archived_contact_goes_without_a_probe(target, contact, hand, live):
    hand("POST", f"/contacts/{contact}/archive")
    assert erase(target, external_id="u1", contact=contact).external_id == contact
    assert live.effects("intercom").count("contact.created") == 1


def test_an_archived_contact_whose_id_was_lost_is_named_by_a_conflict(target, contact, hand, live):
    hand("POST", f"/contacts/{contact}/archive")
    assert erase(target, external_id="u1", contact="").external_id == contact
    assert left(live) == []


def test_what_a_probe_makes_goes_at_once(target, live):
    erase(target, external_id="u1", contact="")
    assert live.effects("intercom") == ["contact.created", "contact.deleted"]


def test_a_lead_with_the_same_external_id_goes_too(target, contact, hand, live):
    hand("POST", "/contacts", {"role": "lead", "external_id": "u1"})
    erase(target, external_id="u1", contact=contact)
    assert left(live) == []


def test_a_contact_that_is_somebody_else_now_is_not_deleted(target, contact, hand, live):
    hand("PUT", f"/contacts/{contact}", {"external_id": "u9"})
    with pytest.raises(Ambiguous):
        erase(target, external_id="u1", contact=contact)
    assert left(live) == ["u9"]


@pytest.mark.parametrize("fault", ["500_after", "cut_after", "html_200_after"])
def test_an_unknown_outcome_is_pushed_again(target, contact, live, fault):
    live.fault(fault, "intercom", "DELETE", times=1)
    with pytest.raises(Unknown):
        erase(target, external_id="u1", contact=contact)
    assert target.find(wanted("u1"), live.world.now) is None
    erase(target, external_id="u1", contact=contact)
    assert live.effects("intercom").count("contact.deleted") == 1


def test_a_proof_only_reads(target, contact, live):
    with pytest.raises(Rejected, match=contact):
        prove(target, "x", external_id="u1")
    erase(target, external_id="u1", contact=contact)
    effects = live.effects("intercom")
    assert prove(target, contact, external_id="u1").external_id == contact
    assert live.effects("intercom") == effects


def test_the_company_goes(target, hand, live):
    company = hand("POST", "/companies", {"company_id": "a1", "name": "Acme"})["id"]
    with pytest.raises(Rejected, match=company):
        prove(target, "x", ACCOUNT, company_id="a1")
    assert erase(target, ACCOUNT, company_id="a1", company=company).external_id == company
    assert prove(target, company, ACCOUNT, company_id="a1").external_id == company
    assert erase(target, ACCOUNT, company_id="a1", company="").external_id == "nothing of account:a1"


@pytest.fixture
def customer(stripe_api):
    return stripe_api.post("/v1/customers", {"email": "1@example.com"}, "customer")[0]["id"]


def test_customers_go_once_and_their_subscriptions_end(stripe_api, customer, live):
    card = stripe_api.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer}, "card")[0]["id"]
    stripe_api.post(f"/v1/customers/{customer}", {"invoice_settings": {"default_payment_method": card}}, "default")
    wanted = {"customer": customer, "items": [{"price": "price_team_monthly"}]}
    subscription = stripe_api.post("/v1/subscriptions", wanted, "subscription")[0]["id"]
    target = StripeErasures(stripe_api)
    with pytest.raises(Rejected, match=customer):
        prove(target, customer, ACCOUNT, customers=customer)
    done = erase(target, ACCOUNT, customers=customer)
    assert (done.external_id, done.changed.id) == (customer, customer)
    assert stripe_api.get(f"/v1/subscriptions/{subscription}")["status"] == "canceled"
    assert stripe_api.get("/v1/invoices", {"customer": customer})["data"]
    effects = live.effects("stripe")
    assert erase(target, ACCOUNT, customers=customer).changed is None
    assert prove(target, customer, ACCOUNT, customers=customer).external_id == customer
    assert live.effects("stripe") == effects
