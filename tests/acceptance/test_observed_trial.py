"""Trials that others start at Stripe (``trials.mode = "observe"``): followed like ours, and none is started."""

from town import Town
from vendors import DAY


def test_a_trial_that_others_start_is_followed_and_none_is_started(town: Town) -> None:
    town.configure('[trials]\nmode = "observe"\n')
    town.init()
    town.team("acme", ann="owner")
    asked = town.request_trial("acme", "ann")
    town.sync()
    assert (town.answer(asked)[0], town.customers("acme")) == ("refused", [])

    account = {"metadata[account_id]": town.account("acme")}
    customer = town.vendors.stripe("POST", "/v1/customers", email=town.email("ann"), **account)["id"]
    price = {"items[0][price]": "price_pro_monthly", "trial_period_days": 8}
    settings = {"trial_settings[end_behavior][missing_payment_method]": "pause"}
    trial = town.vendors.stripe("POST", "/v1/subscriptions", customer=customer, **price, **settings)
    town.sync()
    assert (town.access("acme")["access"], town.stage("ann")) == ("full", "sub:trialing")
    assert ("started-trial", trial["trial_start"]) in town.events("ann")
    town.vendors.move_to(trial["trial_end"] + DAY)
    town.sync()
    assert (town.access("acme")["access"], town.stage("ann")) == ("read_only", "sub:trial-expired")
    town.card("acme")
    town.vendors.stripe("POST", f"/v1/subscriptions/{trial['id']}/resume")
    town.sync()
    assert (town.access("acme")["access"], town.stage("ann")) == ("full", "sub:active")
    assert len(town.subscriptions("acme")) == 1
