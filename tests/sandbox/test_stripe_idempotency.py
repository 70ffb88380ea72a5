"""Answers under idempotency keys: replayed, refused for other parameters, forgotten after a day."""

import uuid

from sandbox_process import DAY


def key():
    return uuid.uuid4().hex


def test_the_first_answer_is_replayed_and_nothing_is_done_twice(sandbox):
    mine = key()
    first = sandbox.raw("POST", "/v1/customers", {"name": "Ann"}, key=mine)
    again = sandbox.raw("POST", "/v1/customers", {"name": "Ann"}, key=mine)
    assert again.json() == first.json()
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert (sandbox.last_write()["replayed"], sandbox.last_write()["effect"]) == (True, "")


def test_other_parameters_or_another_path_under_the_same_key_are_refused(sandbox):
    mine = key()
    customer = sandbox.post("/v1/customers", {"name": "Ann"}, key=mine)
    status, error = sandbox.error("POST", "/v1/customers", {"name": "Eve"}, key=mine)
    assert (status, error["type"]) == (400, "idempotency_error")
    assert sandbox.error("POST", f"/v1/customers/{customer['id']}", {"name": "Ann"}, key=mine)[0] == 400


def test_a_stored_500_is_replayed_although_the_customer_exists(sandbox):
    mine, email = key(), f"{key()}@example.com"
    sandbox.control("POST", "/faults", [{"action": "500_after", "system": "stripe", "path": "^/v1/customers$"}])
    first = sandbox.raw("POST", "/v1/customers", {"email": email}, key=mine)
    again = sandbox.raw("POST", "/v1/customers", {"email": email}, key=mine)
    assert (first.status_code, again.status_code, again.json()) == (500, 500, first.json())
    assert len(sandbox.get("/v1/customers", email=email)["data"]) == 1


def test_validation_failures_and_failures_before_the_work_are_not_stored(sandbox):
    mine = key()
    assert sandbox.error("POST", "/v1/customers", {"emial": "x"}, key=mine)[0] == 400
    sandbox.control("POST", "/faults", [{"action": "500_before", "system": "stripe"}])
    assert sandbox.raw("POST", "/v1/customers", {"name": "Ann"}, key=mine).status_code == 500
    assert sandbox.raw("POST", "/v1/customers", {"name": "Ann"}, key=mine).status_code == 200


def test_a_decline_is_stored(sandbox):
    customer, mine = sandbox.customer(card="decline"), key()
    params = {"customer": customer["id"], "items[0][price]": "price_pro_monthly"}
    params["payment_behavior"] = "error_if_incomplete"
    assert sandbox.error("POST", "/v1/subscriptions", params, key=mine)[0] == 402
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    assert sandbox.error("POST", "/v1/subscriptions", params, key=mine)[0] == 402


def test_keys_are_forgotten_after_24_hours(sandbox):
    mine = key()
    first = sandbox.post("/v1/customers", {"name": "Ann"}, key=mine)
    sandbox.advance(DAY - 1)
    assert sandbox.post("/v1/customers", {"name": "Ann"}, key=mine)["id"] == first["id"]
    sandbox.advance(1)
    assert sandbox.post("/v1/customers", {"name": "Ann"}, key=mine)["id"] != first["id"]


def test_events_name_the_request_that_caused_them(sandbox):
    mine = key()
    customer = sandbox.post("/v1/customers", {"name": "Ann"}, key=mine)
    (event,) = sandbox.event_list(customer)
    assert event["request"]["idempotency_key"] == mine
    assert event["request"]["id"].startswith("req_")
