"""Trials and what becomes of them on the clock."""

import pytest
from sandbox_process import DAY, HOUR

WILL_END = "customer.subscription.trial_will_end"


@pytest.fixture
def trial(sandbox):
    """A function: (customer, subscription) in a trial of 14 days with the given behaviour and card."""

    def begin(behavior="pause", card=None, **params):
        customer = sandbox.customer(card=card)
        settings = {"trial_settings[end_behavior][missing_payment_method]": behavior}
        return customer, sandbox.subscribe(customer, **({"trial_period_days": 14} | settings | params))

    return begin


def test_a_trial_starts_with_an_invoice_of_zero(sandbox, trial):
    customer, sub = trial()
    assert (sub["status"], sub["trial_end"] - sub["trial_start"]) == ("trialing", 14 * DAY)
    (item,) = sub["items"]["data"]
    assert (item["current_period_start"], item["current_period_end"]) == (sub["trial_start"], sub["trial_end"])
    assert "current_period_end" not in sub
    invoice = sandbox.get(f"/v1/invoices/{sub['latest_invoice']}")
    assert (invoice["status"], invoice["amount_due"], invoice["billing_reason"]) == ("paid", 0, "subscription_create")
    assert invoice["parent"]["subscription_details"]["subscription"] == sub["id"]
    assert "customer.subscription.created" in sandbox.events(customer)


def test_the_notice_comes_three_days_before_the_end(sandbox, trial):
    customer, sub = trial()
    sandbox.advance(11 * DAY - 1)
    assert WILL_END not in sandbox.events(customer)
    sandbox.advance(1)
    (event,) = [event for event in sandbox.event_list(customer) if event["type"] == WILL_END]
    assert event["created"] == sub["trial_end"] - 3 * DAY


def test_the_notice_of_a_short_trial_comes_at_once(sandbox, trial):
    customer, _ = trial(trial_period_days=2)
    assert sandbox.events(customer)[-1] == WILL_END
    sandbox.advance(2 * DAY)
    assert sandbox.events(customer).count(WILL_END) == 1


def test_a_trial_without_a_card_pauses(sandbox, trial):
    customer, sub = trial("pause")
    sandbox.advance(14 * DAY)
    held = sandbox.subscription(sub)
    paused = {"type": "subscription", "transitioned_at": sub["trial_end"]}
    paused["subscription"] = {"type": "trial_end_without_payment_method"}
    assert (held["status"], held["status_details"]) == ("paused", {"paused": paused})
    assert sandbox.events(customer)[-2:] == ["customer.subscription.updated", "customer.subscription.paused"]


def test_a_trial_without_a_card_cancels(sandbox, trial):
    customer, sub = trial("cancel")
    sandbox.advance(14 * DAY)
    held = sandbox.subscription(sub)
    assert (held["status"], held["ended_at"]) == ("canceled", sub["trial_end"])
    assert sandbox.events(customer)[-1] == "customer.subscription.deleted"


def test_a_trial_without_a_card_that_invoices_becomes_past_due(sandbox, trial):
    _, sub = trial("create_invoice")
    sandbox.advance(14 * DAY)
    assert sandbox.subscription(sub)["status"] == "active"
    sandbox.advance(HOUR)
    assert sandbox.subscription(sub)["status"] == "past_due"


def test_a_card_turns_the_trial_active_before_the_money_comes(sandbox, trial):
    customer, sub = trial(card="ok")
    sandbox.advance(14 * DAY)
    held = sandbox.subscription(sub)
    draft = sandbox.get(f"/v1/invoices/{held['latest_invoice']}")
    assert (held["status"], draft["status"], draft["amount_due"]) == ("active", "draft", 4900)
    assert draft["created"] == sub["trial_end"]
    sandbox.advance(HOUR)
    paid = sandbox.get(f"/v1/invoices/{held['latest_invoice']}")
    assert (paid["status"], paid["amount_paid"]) == ("paid", 4900)
    assert paid["status_transitions"]["paid_at"] == sub["trial_end"] + HOUR
    assert sandbox.events(customer, since=sub["trial_end"]) == [
        "invoice.created",
        "customer.subscription.updated",
        "invoice.updated",
        "invoice.finalized",
        "charge.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]


def test_the_trial_end_event_says_what_changed(sandbox, trial):
    customer, sub = trial(card="ok")
    sandbox.advance(14 * DAY)
    event = sandbox.event_list(customer)[-1]
    before = event["data"]["previous_attributes"]
    assert (event["type"], event["created"]) == ("customer.subscription.updated", sub["trial_end"])
    assert (before["status"], before["latest_invoice"]) == ("trialing", sub["latest_invoice"])
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert event["data"]["object"]["status"] == "active"


def test_a_moved_trial_end_moves_the_notice_and_the_end(sandbox, trial):
    customer, sub = trial("pause")
    later = sub["trial_end"] + 7 * DAY
    moved = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"trial_end": later})
    assert moved["items"]["data"][0]["current_period_end"] == later
    sandbox.advance(14 * DAY)
    assert sandbox.subscription(sub)["status"] == "trialing"
    assert WILL_END not in sandbox.events(customer)
    sandbox.advance(4 * DAY)
    assert WILL_END in sandbox.events(customer)
    sandbox.advance(3 * DAY)
    assert sandbox.subscription(sub)["status"] == "paused"


def test_a_trial_ended_now_is_charged_now(sandbox, trial):
    customer, sub = trial(card="ok")
    ended = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"trial_end": "now", "expand[]": "latest_invoice"})
    assert (ended["status"], ended["latest_invoice"]["status"]) == ("active", "paid")
    assert ended["latest_invoice"]["amount_paid"] == 4900
    assert WILL_END in sandbox.events(customer)


def test_trial_ends_in_the_past_are_refused(sandbox, trial):
    _, sub = trial()
    status, error = sandbox.error("POST", f"/v1/subscriptions/{sub['id']}", {"trial_end": sandbox.now})
    assert (status, error["param"]) == (400, "trial_end")


def test_a_plan_change_keeps_the_trial(sandbox, trial):
    _, sub = trial()
    (item,) = sub["items"]["data"]
    params = {"items[0][id]": item["id"], "items[0][price]": "price_team_monthly"}
    changed = sandbox.post(f"/v1/subscriptions/{sub['id']}", params)
    assert (changed["status"], changed["trial_end"]) == ("trialing", sub["trial_end"])
    (now,) = changed["items"]["data"]
    assert (now["id"], now["price"]["id"], now["plan"]["amount"]) == (item["id"], "price_team_monthly", 9900)
    assert now["current_period_end"] == sub["trial_end"]


def test_a_price_without_an_item_id_is_added_not_replaced(sandbox, trial):
    _, sub = trial()
    changed = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"items[0][price]": "price_team_monthly"})
    assert len(changed["items"]["data"]) == 2
    assert sandbox.error("POST", f"/v1/subscriptions/{sub['id']}", {"items[0][price]": "price_team_monthly"})[0] == 400


def test_resuming_charges_and_fails_into_past_due_without_retries(sandbox, trial):
    customer, sub = trial("pause")
    sandbox.advance(14 * DAY)
    resumed = sandbox.post(f"/v1/subscriptions/{sub['id']}/resume", {"expand[]": "latest_invoice"})
    assert (resumed["status"], resumed["status_details"]) == ("past_due", None)
    assert resumed["latest_invoice"]["next_payment_attempt"] is None
    assert sandbox.error("POST", f"/v1/subscriptions/{sub['id']}/resume")[0] == 400
    assert "customer.subscription.resumed" in sandbox.events(customer)


def test_resuming_with_a_card_is_active_and_paid(sandbox, trial):
    customer, sub = trial("pause")
    sandbox.advance(15 * DAY)
    sandbox.control("POST", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    assert sandbox.subscription(sub)["status"] == "paused"
    resumed = sandbox.post(f"/v1/subscriptions/{sub['id']}/resume", {"expand[]": "latest_invoice"})
    assert (resumed["status"], resumed["latest_invoice"]["status"]) == ("active", "paid")
    assert resumed["items"]["data"][0]["current_period_start"] == sandbox.now


def test_resume_on_payment_success_waits_for_the_money(sandbox, trial):
    customer, sub = trial("pause")
    sandbox.advance(14 * DAY)
    params = {"payment_behavior": "resume_on_payment_success", "expand[]": "latest_invoice"}
    waiting = sandbox.post(f"/v1/subscriptions/{sub['id']}/resume", params)
    assert (waiting["status"], waiting["latest_invoice"]["status"]) == ("paused", "open")
    sandbox.control("POST", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    sandbox.control("POST", f"/stripe/customers/{customer['id']}/pay")
    assert sandbox.subscription(sub)["status"] == "active"
    assert "customer.subscription.resumed" in sandbox.events(customer)


def test_an_unpaid_resume_invoice_is_voided_after_23_hours(sandbox, trial):
    _, sub = trial("pause")
    sandbox.advance(14 * DAY)
    params = {"payment_behavior": "resume_on_payment_success"}
    invoice = sandbox.post(f"/v1/subscriptions/{sub['id']}/resume", params)["latest_invoice"]
    sandbox.advance(23 * HOUR)
    assert sandbox.get(f"/v1/invoices/{invoice}")["status"] == "void"
    assert sandbox.subscription(sub)["status"] == "paused"
