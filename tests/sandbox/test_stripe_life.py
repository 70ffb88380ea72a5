"""Paying, failing, renewing and ending on the clock."""

from datetime import UTC, datetime

import pytest
from sandbox_process import DAY, HOUR


@pytest.fixture
def paying(sandbox):
    """(customer, active subscription) with a card that works."""
    customer = sandbox.customer(card="ok")
    return customer, sandbox.subscribe(customer)


@pytest.fixture
def failing(sandbox, paying):
    """The same one month and an hour later: the bank has declined the renewal."""
    customer, sub = paying
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "decline"})
    sandbox.advance(sub["items"]["data"][0]["current_period_end"] + HOUR - sandbox.now)
    return customer, sandbox.subscription(sub)


def invoice_of(sandbox, sub):
    return sandbox.get(f"/v1/invoices/{sub['latest_invoice']}")


def test_a_working_card_pays_the_first_invoice_at_once(sandbox, paying):
    customer, sub = paying
    assert (sub["status"], invoice_of(sandbox, sub)["amount_paid"]) == ("active", 4900)
    types = [event for event in sandbox.events(customer) if event.startswith("customer.subscription")]
    assert types == ["customer.subscription.created", "customer.subscription.updated"]


def test_a_declined_first_invoice_expires_after_23_hours(sandbox):
    sub = sandbox.subscribe(sandbox.customer(card="decline"))
    assert (sub["status"], invoice_of(sandbox, sub)["status"]) == ("incomplete", "open")
    sandbox.advance(23 * HOUR)
    held = sandbox.subscription(sub)
    assert (held["status"], invoice_of(sandbox, held)["status"]) == ("incomplete_expired", "void")


def test_paying_the_first_invoice_in_time_makes_it_active(sandbox):
    customer = sandbox.customer()
    sub = sandbox.subscribe(customer, payment_behavior="default_incomplete")
    assert (sub["status"], invoice_of(sandbox, sub)["attempt_count"]) == ("incomplete", 0)
    sandbox.control("POST", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    assert sandbox.post(f"/v1/invoices/{sub['latest_invoice']}/pay")["status"] == "paid"
    assert sandbox.subscription(sub)["status"] == "active"
    sandbox.advance(23 * HOUR)
    assert sandbox.subscription(sub)["status"] == "active"


def test_without_a_card_nothing_is_made(sandbox):
    customer = sandbox.customer()
    params = {"customer": customer["id"], "items[0][price]": "price_pro_monthly"}
    status, error = sandbox.error("POST", "/v1/subscriptions", params)
    assert (status, error["code"]) == (400, "resource_missing")
    assert sandbox.get("/v1/subscriptions", customer=customer["id"], status="all")["data"] == []


def test_renewal_moves_the_period_by_a_calendar_month(sandbox, paying):
    _, sub = paying
    for _ in range(3):
        (item,) = sandbox.subscription(sub)["items"]["data"]
        start, end = (datetime.fromtimestamp(item[f"current_period_{edge}"], UTC) for edge in ("start", "end"))
        assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == 1
        sandbox.advance(item["current_period_end"] + HOUR - sandbox.now)
        held = sandbox.subscription(sub)
        assert (held["status"], invoice_of(sandbox, held)["status"]) == ("active", "paid")
        assert invoice_of(sandbox, held)["billing_reason"] == "subscription_cycle"
        assert held["items"]["data"][0]["current_period_start"] == item["current_period_end"]


def test_a_failed_renewal_is_past_due_and_tried_again_after_3_5_7_days(sandbox, failing):
    customer, sub = failing
    assert sub["status"] == "past_due"
    assert sandbox.get(f"/v1/customers/{customer['id']}")["delinquent"] is True
    for count, days in ((1, 3), (2, 5), (3, 7)):
        invoice = invoice_of(sandbox, sub)
        assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (count, sandbox.now + days * DAY)
        sandbox.advance(days * DAY)
    held = sandbox.subscription(sub)
    assert (held["status"], held["cancellation_details"]["reason"]) == ("canceled", "payment_failed")
    assert sandbox.events(customer).count("invoice.payment_failed") == 4
    assert invoice_of(sandbox, sub)["auto_advance"] is False


def test_exhausted_retries_can_leave_it_unpaid(sandbox, failing):
    sandbox.control("PUT", "/stripe/settings", {"dunning": "unpaid"})
    sandbox.advance(15 * DAY)
    assert sandbox.subscription(failing[1])["status"] == "unpaid"


def test_a_new_card_alone_pays_nothing_but_the_next_retry_does(sandbox, failing):
    customer, sub = failing
    sandbox.control("POST", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    assert sandbox.subscription(sub)["status"] == "past_due"
    sandbox.advance(3 * DAY)
    assert sandbox.subscription(sub)["status"] == "active"
    assert sandbox.get(f"/v1/customers/{customer['id']}")["delinquent"] is False


def test_paying_by_hand_recovers_and_a_decline_is_402(sandbox, failing):
    customer, sub = failing
    status, error = sandbox.error("POST", f"/v1/invoices/{sub['latest_invoice']}/pay")
    assert (status, error["type"], error["code"]) == (402, "card_error", "card_declined")
    assert invoice_of(sandbox, sub)["attempt_count"] == 1
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    assert sandbox.control("POST", f"/stripe/customers/{customer['id']}/pay") == {sub["latest_invoice"]: True}
    assert sandbox.subscription(sub)["status"] == "active"
    assert sandbox.error("POST", f"/v1/invoices/{sub['latest_invoice']}/pay")[0] == 400
    last = [event for event in sandbox.event_list(customer) if event["type"] == "customer.subscription.updated"][-1]
    assert last["data"]["previous_attributes"] == {"status": "past_due"}


def test_cancelling_at_period_end_keeps_the_status_until_then(sandbox, paying):
    customer, sub = paying
    held = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at_period_end": "true"})
    end = sub["items"]["data"][0]["current_period_end"]
    assert (held["status"], held["cancel_at"], held["canceled_at"]) == ("active", end, sandbox.now)
    assert held["cancellation_details"]["reason"] == "cancellation_requested"
    sandbox.advance(end - sandbox.now)
    ended = sandbox.subscription(sub)
    assert (ended["status"], ended["ended_at"], ended["latest_invoice"]) == ("canceled", end, sub["latest_invoice"])
    assert sandbox.events(customer)[-1] == "customer.subscription.deleted"


def test_a_scheduled_cancellation_can_be_taken_back(sandbox, paying):
    _, sub = paying
    sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at_period_end": "true"})
    held = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at_period_end": "false"})
    assert (held["cancel_at"], held["canceled_at"], held["cancellation_details"]["reason"]) == (None, None, None)
    sandbox.advance(32 * DAY)
    assert sandbox.subscription(sub)["status"] == "active"


def test_cancel_at_ends_it_at_that_second(sandbox, paying):
    _, sub = paying
    at = sandbox.now + 5 * DAY
    assert sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at": at})["cancel_at_period_end"] is False
    sandbox.advance(5 * DAY - 1)
    assert sandbox.subscription(sub)["status"] == "active"
    sandbox.advance(1)
    assert sandbox.subscription(sub)["status"] == "canceled"


def test_cancel_at_min_period_end_is_the_period_end(sandbox, paying):
    _, sub = paying
    held = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at": "min_period_end"})
    assert held["cancel_at"] == sub["items"]["data"][0]["current_period_end"]
    assert sandbox.error("POST", f"/v1/subscriptions/{sub['id']}", {"cancel_at": "someday"})[0] == 400


def test_cancelling_now_ends_it_and_only_once(sandbox, paying):
    customer, sub = paying
    params = {"cancellation_details[comment]": "too big"}
    gone = sandbox.raw("DELETE", f"/v1/subscriptions/{sub['id']}", params).json()
    assert (gone["status"], gone["ended_at"], gone["canceled_at"]) == ("canceled", sandbox.now, sandbox.now)
    assert gone["cancellation_details"]["comment"] == "too big"
    assert sandbox.last_write()["effect"] == "subscription.deleted"
    assert sandbox.raw("DELETE", f"/v1/subscriptions/{sub['id']}").status_code == 404
    assert sandbox.error("POST", f"/v1/subscriptions/{sub['id']}", {"cancel_at_period_end": "true"})[0] == 400
    assert sandbox.events(customer)[-1] == "customer.subscription.deleted"


def test_a_new_interval_starts_a_new_period_and_is_charged(sandbox, paying):
    _, sub = paying
    sandbox.advance(DAY)
    params = {"items[0][id]": sub["items"]["data"][0]["id"], "items[0][price]": "price_pro_yearly"}
    held = sandbox.post(f"/v1/subscriptions/{sub['id']}", params)
    assert held["items"]["data"][0]["current_period_start"] == sandbox.now
    assert invoice_of(sandbox, held)["amount_paid"] == 49000


def test_an_unchanged_update_logs_nothing(sandbox, paying):
    customer, sub = paying
    before = sandbox.events(customer)
    sandbox.post(f"/v1/subscriptions/{sub['id']}", {"cancel_at_period_end": "false", "metadata[a]": ""})
    assert sandbox.events(customer) == before
    assert sandbox.last_write()["effect"] == ""


def test_a_sent_invoice_is_active_at_once_and_past_due_when_overdue(sandbox):
    customer = sandbox.customer()
    sub = sandbox.subscribe(customer, collection_method="send_invoice", days_until_due=10)
    assert sub["status"] == "active"
    sandbox.advance(HOUR)
    invoice = invoice_of(sandbox, sub)
    assert (invoice["status"], invoice["due_date"]) == ("open", sandbox.now + 10 * DAY)
    sandbox.advance(10 * DAY)
    assert sandbox.subscription(sub)["status"] == "past_due"
    sandbox.post(f"/v1/invoices/{invoice['id']}/pay", {"paid_out_of_band": "true"})
    assert sandbox.subscription(sub)["status"] == "active"


def test_paused_collection_keeps_the_status_and_collects_nothing(sandbox, paying):
    _, sub = paying
    sandbox.post(f"/v1/subscriptions/{sub['id']}", {"pause_collection[behavior]": "void"})
    sandbox.advance(sub["items"]["data"][0]["current_period_end"] + HOUR - sandbox.now)
    held = sandbox.subscription(sub)
    assert (held["status"], invoice_of(sandbox, held)["status"]) == ("active", "void")


def test_a_pause_stops_renewals_until_resumed(sandbox, paying):
    _, sub = paying
    paused = sandbox.post(f"/v1/subscriptions/{sub['id']}/pause")
    assert paused["status_details"]["paused"]["subscription"]["type"] == "pause_requested"
    sandbox.advance(60 * DAY)
    held = sandbox.subscription(sub)
    assert (held["status"], held["latest_invoice"]) == ("paused", sub["latest_invoice"])
