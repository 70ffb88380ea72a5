"""The contract of the targets that carry requests out, one by one against the sandbox."""

from typing import ClassVar

import pytest
from contract_tests import HttpContract
from pydantic import SecretStr
from vendor_world import gate, plain_http

from connectors.contract import Transient, Unknown
from connectors.stripe import StripeApi, StripeCancellations, StripeCharges, StripeSettings
from mappings.model import Desired, RequestId, request_subject


@pytest.fixture
def paying(stripe_api):
    """A running subscription with a card: (customer, subscription)."""
    customer = stripe_api.post("/v1/customers", {"email": "1@example.com"}, "customer")[0]["id"]
    card = stripe_api.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer}, "card")[0]["id"]
    default = {"invoice_settings": {"default_payment_method": card}}
    stripe_api.post(f"/v1/customers/{customer}", default, "default")
    wanted = {"customer": customer, "items": [{"price": "price_team_monthly"}]}
    return customer, stripe_api.post("/v1/subscriptions", wanted, "subscription")[0]["id"]


class OfRequests(HttpContract):
    """Targets that carry a request out on a running subscription."""

    system = "stripe"
    made = StripeCancellations

    @pytest.fixture
    def target(self, stripe_api):
        return self.made(stripe_api)

    @pytest.fixture
    def stranger(self, live):
        settings = StripeSettings(SecretStr("sk_test_wrong"), live.base + "/stripe")
        return self.made(StripeApi(settings, gate("x"), plain_http()))

    @pytest.fixture
    def wanted(self, paying, live):
        customer, subscription = self.prepared(live, *paying)
        live.world.ledger.clear()

        def desired(request_id: str) -> Desired:
            marks = {"metadata.account_id": "a1", "metadata.request_id": request_id}
            values = {"customer": customer, "subscription": subscription, **marks, **self.values}
            subject = request_subject(RequestId(request_id))
            return Desired(self.made.name, subject, {name: v for name, v in values.items() if v is not None})

        return desired

    def prepared(self, live, customer: str, subscription: str) -> tuple[str, str]:
        return customer, subscription


class TestStripeCancellationsAtPeriodEnd(OfRequests):
    created, values = "subscription.updated", {"do": "cancel", "comment": "Too dear"}


class TestStripeCancellationsAtOnce(OfRequests):
    """Marked first, then ended: a mark alone is not found."""

    created, method, values = "subscription.deleted", "DELETE", {"do": "cancel_now"}

    def test_a_mark_alone_is_no_end(self, target, wanted, live):
        live.fault("500_after", self.system, "POST", times=1)
        with pytest.raises(Unknown):
            self.make(target, wanted("a1"))
        assert target.find(wanted("a1"), live.world.now) is None
        assert self.make(target, wanted("a1"), "key-2").external_id
        assert self.effects(live) == 1

    def test_what_somebody_else_ended_meanwhile_is_ended(self, target, wanted, live):
        stripe_of(live).delete(f"/v1/subscriptions/{wanted('a1').values['subscription']}")
        assert self.make(target, wanted("a1")).external_id
        assert target.find(wanted("a1"), None)


class TestStripeCancellationsTakenBack(OfRequests):
    created, values = "subscription.updated", {"do": "keep", "clear": "cancel_at_period_end"}

    def prepared(self, live, customer, subscription):
        stripe_of(live).post(f"/v1/subscriptions/{subscription}", {"cancel_at_period_end": True}, "cancel")
        return customer, subscription


class TestStripeCancellationsTakenBackFromADate(OfRequests):
    created, values = "subscription.updated", {"do": "keep", "clear": "cancel_at"}

    def prepared(self, live, customer, subscription):
        at = live.world.now + 86400
        stripe_of(live).post(f"/v1/subscriptions/{subscription}", {"cancel_at": at}, "cancel")
        return customer, subscription


class TestStripeCancellationsRenewed(OfRequests):
    created, values = "subscription.created", {"do": "subscribe", "price": "price_team_monthly", "subscription": None}


class TestStripeCancellationsResumed(OfRequests):
    created, values = "subscription.resumed", {"do": "resume"}

    def prepared(self, live, customer, subscription):
        paused = stripe_of(live).post(f"/v1/subscriptions/{subscription}/pause", {"type": "subscription"}, "pause")[0]
        self.values = self.values | {"paused_at": paused["status_details"]["paused"]["transitioned_at"]}
        return customer, subscription

    def test_another_subject_is_not_found(self, target, wanted):
        """There is one resume a pause, whoever asks."""
        self.make(target, wanted("a1"))
        assert target.find(wanted("a2"), None)

    def test_hostile_ids_are_refused_or_stay_whole(self):
        """Whoever asks."""


class OfTrialEnds(OfRequests):
    """On a trial that was started for it, and ends fifty days later than it did."""

    created = "subscription.updated"

    def prepared(self, live, customer, subscription):
        wanted = {"customer": customer, "items": [{"price": "price_team_monthly"}], "trial_period_days": 14}
        trial = stripe_of(live).post("/v1/subscriptions", wanted, "trial")[0]
        self.values = self.values | {"trial_end": trial["trial_end"] + 50 * 86400}
        return customer, trial["id"]

    def test_it_reaches_stripe_in_one_change(self, target, wanted, live):
        values = wanted("a1").values
        self.make(target, wanted("a1"))
        trial = stripe_of(live).get(f"/v1/subscriptions/{values['subscription']}")
        assert (trial["trial_end"], trial["metadata"]) == (values["trial_end"], {self.mark: "a1"})
        assert self.effects(live) == 1


class TestStripeCancellationsExtended(OfTrialEnds):
    values, mark = {"do": "extend"}, "instep_request"

    def test_what_somebody_has_given_meanwhile_is_not_taken_back(self, target, wanted, live):
        values = wanted("a1").values
        later = {"trial_end": values["trial_end"] + 1}
        stripe_of(live).post(f"/v1/subscriptions/{values['subscription']}", later, "later")
        assert target.find(wanted("a1"), None)

    def test_a_trial_that_has_ended_meanwhile_does_not_begin_again(self, target, wanted, live):
        stripe_of(live).post(f"/v1/subscriptions/{wanted('a1').values['subscription']}", {"trial_end": "now"}, "end")
        with pytest.raises(Transient, match="has ended"):
            target.find(wanted("a1"), None)


class TestStripeCancellationsShifted(OfTrialEnds):
    values, mark = {"do": "shift"}, "instep_shifted"

    def test_another_subject_is_not_found(self, target, wanted):
        """There is one shift a trial, whoever asks."""
        self.make(target, wanted("a1"))
        assert target.find(wanted("a2"), None)

    def test_hostile_ids_are_refused_or_stay_whole(self):
        """Whoever asks."""

    @pytest.mark.parametrize("change", ["later", "now"])
    def test_what_has_been_given_or_has_ended_meanwhile_is_left_alone(self, target, wanted, live, change):
        values = wanted("a1").values
        end = "now" if change == "now" else values["trial_end"] + 86400
        stripe_of(live).post(f"/v1/subscriptions/{values['subscription']}", {"trial_end": end}, "end")
        assert target.find(wanted("a1"), None)


class TestStripeCharges(OfRequests):
    made, created = StripeCharges, "invoiceitem.created"
    values: ClassVar = {"amount": 500, "currency": "usd", "description": "Setup"}


def stripe_of(live) -> StripeApi:
    return StripeApi(StripeSettings(SecretStr("sk_test_sandbox"), live.base + "/stripe"), gate("stripe"), plain_http())
