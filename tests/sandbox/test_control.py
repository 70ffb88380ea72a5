"""The clock, the ledger, scripted faults on every vendor, bulk import, and the process itself."""

import signal
import time
import uuid
from email.utils import parsedate_to_datetime

import pytest
import requests
from sandbox_process import DAY, KEY, START, Sandbox, start


def fault(sandbox, action, **more):
    sandbox.control("POST", "/faults", [{"action": action, "system": "stripe", "path": "^/v1/customers$"} | more])


def mine():
    return f"{uuid.uuid4().hex}@example.com"


def made(sandbox, email):
    return len(sandbox.get("/v1/customers", email=email)["data"])


def test_the_clock_stands_still_and_only_moves_forward(sandbox):
    now = sandbox.now
    assert sandbox.advance(60) == now + 60
    assert sandbox.control("POST", "/clock", {"now": now + 90})["now"] == now + 90
    answer = requests.post(f"{sandbox.url}/_sandbox/clock", json={"now": now}, timeout=10)
    assert (answer.status_code, sandbox.now) == (400, now + 90)
    assert sandbox.customer()["created"] == now + 90


def test_an_instant_without_a_zone_is_refused(sandbox):
    answer = requests.post(f"{sandbox.url}/_sandbox/clock", json={"now": "2030-01-01T00:00:00"}, timeout=10)
    assert "zone" in answer.json()["error"]


def test_timers_run_in_order_each_at_its_own_moment(sandbox):
    customer = sandbox.customer()
    sub = sandbox.subscribe(customer, trial_period_days=14)
    sandbox.advance(20 * DAY)
    events = sandbox.event_list(customer)
    assert [event["created"] for event in events] == sorted(event["created"] for event in events)
    assert any(event["created"] == sub["trial_end"] for event in events)


def test_the_state_says_when_the_next_timer_rings(sandbox):
    sub = sandbox.subscribe(sandbox.customer(), trial_period_days=2)
    while (at := sandbox.control("GET", "/state")["next_at"]) < sub["trial_end"]:
        assert at >= sandbox.now
        sandbox.control("POST", "/clock", {"now": at})
    assert at == sub["trial_end"]


def test_the_ledger_can_be_read_from_a_point_on_and_writes_only(sandbox):
    since = sandbox.control("GET", "/state")["calls"]
    sandbox.get("/v1/customers", limit=1)
    sandbox.customer(email="x@example.com")
    both = sandbox.control("GET", f"/ledger?since={since}")
    assert [(entry["method"], entry["path"]) for entry in both] == [("GET", "/v1/customers"), ("POST", "/v1/customers")]
    assert both[0]["params"] == {"limit": 1}
    (write,) = sandbox.control("GET", f"/ledger?since={since}&writes=1")
    assert (write["system"], write["status"], write["at"]) == ("stripe", 200, sandbox.now)


def test_a_read_that_is_spelled_post_is_no_write(sandbox):
    since = sandbox.control("GET", "/state")["calls"]
    headers = {"Authorization": "Bearer tok_sandbox"}
    paged = {"query": {"field": "email", "operator": "=", "value": "a"}}
    requests.post(f"{sandbox.url}/intercom/contacts/search", json=paged, headers=headers, timeout=10)
    requests.post(f"{sandbox.url}/intercom/companies/list?page=1", headers=headers, timeout=10)
    sandbox.raw("POST", "/v1/invoices/create_preview", {"subscription": "sub_none"})
    assert len(sandbox.control("GET", f"/ledger?since={since}")) == 3
    assert sandbox.control("GET", f"/ledger?since={since}&writes=1") == []


def test_an_answer_may_carry_a_wrong_date(sandbox):
    fault(sandbox, "skew", arg=600)
    late, right = (
        parsedate_to_datetime(sandbox.raw("GET", "/v1/customers").headers["date"]).timestamp() - time.time()
        for _ in range(2)
    )
    assert late > 590
    assert abs(right) < 10


def test_faults_match_what_a_call_says(sandbox):
    fault(sandbox, "500_before", about="metadata.*mine", times=2)
    assert sandbox.raw("POST", "/v1/customers", {"metadata[id]": "theirs"}).status_code == 200
    assert sandbox.raw("POST", "/v1/customers", {"metadata[id]": "mine"}).status_code == 500
    sandbox.control("DELETE", "/faults")


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("429", 429, "rate_limit"),
        ("429_retry_after", 429, "rate_limit"),
        ("lock_timeout", 429, "lock_timeout"),
        ("key_in_use", 409, "idempotency_key_in_use"),
        ("500_before", 500, None),
    ],
)
def test_refusals_change_nothing(sandbox, action, status, code):
    fault(sandbox, action, arg=7)
    email = mine()
    answer = sandbox.raw("POST", "/v1/customers", {"email": email})
    assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)
    assert answer.headers.get("retry-after") == ("7" if action == "429_retry_after" else None)
    assert made(sandbox, email) == 0


@pytest.mark.parametrize("action", ["html_200", "null_200", "junk_502", "redirect_302"])
def test_something_in_between_may_or_may_not_let_the_call_through(sandbox, action):
    for name, effects in ((action, 0), (f"{action}_after", 1)):
        fault(sandbox, name)
        email = mine()
        answer = sandbox.http.post(
            f"{sandbox.url}/stripe/v1/customers",
            data={"email": email},
            headers={"Authorization": f"Bearer {KEY}"},
            allow_redirects=False,
            timeout=10,
        )
        assert str(answer.status_code) in action
        assert b'"id"' not in answer.content
        assert sandbox.last_write()["fault"] == name
        assert made(sandbox, email) == effects


def test_a_truncated_answer_is_half_a_body_after_the_effect(sandbox):
    fault(sandbox, "truncated")
    email = mine()
    answer = sandbox.raw("POST", "/v1/customers", {"email": email})
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert made(sandbox, email) == 1


def test_a_cut_connection_comes_after_the_effect(sandbox):
    fault(sandbox, "cut_after")
    email = mine()
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        sandbox.raw("POST", "/v1/customers", {"email": email})
    assert made(sandbox, email) == 1


def test_a_held_answer_comes_after_the_effect_and_holds_nobody_else(sandbox):
    fault(sandbox, "hang_after", arg=30)
    email = mine()
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{sandbox.url}/stripe/v1/customers",
            data={"email": email},
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=0.2,
        )
    assert made(sandbox, email) == 1


def test_a_delayed_call_takes_its_time_and_works(sandbox):
    fault(sandbox, "delay", arg=0.2)
    email, before = mine(), time.monotonic()
    assert sandbox.raw("POST", "/v1/customers", {"email": email}).status_code == 200
    assert time.monotonic() - before >= 0.2
    assert made(sandbox, email) == 1


def test_faults_match_method_and_path_and_count(sandbox):
    fault(sandbox, "500_before", method="POST", skip=1, times=2)
    statuses = [sandbox.raw("POST", "/v1/customers", {"email": mine()}).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]
    fault(sandbox, "500_before", method="POST")
    assert sandbox.raw("GET", "/v1/customers").status_code == 200
    assert sandbox.control("GET", "/state")["faults"][0]["times"] == 1
    sandbox.control("DELETE", "/faults")
    assert sandbox.raw("POST", "/v1/customers", {"email": mine()}).status_code == 200


@pytest.mark.parametrize(("system", "path"), [("intercom", "/contacts"), ("provisioner", "/instances/a-1")])
def test_faults_reach_the_other_vendors_in_their_own_shape(sandbox, system, path):
    sandbox.control("POST", "/faults", [{"action": "500_before", "system": system}])
    answer = requests.get(f"{sandbox.url}/{system}{path}", timeout=10)
    assert answer.status_code == 500
    assert ("errors" in answer.json()) == (system == "intercom")


@pytest.mark.parametrize("row", [{"action": "explode"}, {"action": "429", "colour": "red"}])
def test_a_mistaken_fault_is_refused(sandbox, row):
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=[row], timeout=10).status_code == 400


def test_imported_customers_are_simply_there(sandbox):
    now, email = sandbox.now, mine()
    subscription = {"price": "price_pro_monthly", "status": "active", "metadata": {"account_id": "a"}}
    row = {"email": email, "metadata": {"account_id": "a"}, "created": now - 100 * DAY, "card": "ok"}
    (ids,) = sandbox.control("POST", "/stripe/import", [row | {"subscription": subscription}])
    (customer,) = sandbox.get("/v1/customers", email=email)["data"]
    assert (customer["id"], customer["created"]) == (ids["customer"], now - 100 * DAY)
    sub = sandbox.get(f"/v1/subscriptions/{ids['subscription']}")
    (item,) = sub["items"]["data"]
    assert item["current_period_start"] <= now < item["current_period_end"]
    assert sandbox.get(f"/v1/invoices/{sub['latest_invoice']}")["status_transitions"]["paid_at"] < now
    assert sandbox.event_list(customer) == []
    sandbox.advance(32 * DAY)
    assert "invoice.paid" in sandbox.events(customer)


def test_an_imported_debt_is_tried_again(sandbox):
    row = {"card": "ok", "subscription": {"price": "price_pro_monthly", "status": "past_due"}}
    (ids,) = sandbox.control("POST", "/stripe/import", [row])
    sub = sandbox.get(f"/v1/subscriptions/{ids['subscription']}", **{"expand[]": "latest_invoice"})
    assert (sub["latest_invoice"]["status"], sub["latest_invoice"]["attempt_count"]) == ("open", 1)
    assert sandbox.get(f"/v1/customers/{ids['customer']}")["delinquent"] is True
    sandbox.advance(3 * DAY)
    assert sandbox.subscription(sub)["status"] == "active"


def test_the_process_takes_its_options_and_ends_cleanly():
    process, url = start("--accounts", "30", "--stripe-key", "sk_test_mine")
    try:
        own = Sandbox(url)
        assert own.now == START
        assert own.raw("GET", "/v1/account").status_code == 401
        page = own.raw("GET", "/v1/customers", {"limit": 100}, auth="sk_test_mine").json()["data"]
        assert sorted(row["metadata"]["account_id"] for row in page) == [f"acct_{n:04d}" for n in range(1, 31)]
        params = {"limit": 100, "status": "all"}
        subs = own.raw("GET", "/v1/subscriptions", params, auth="sk_test_mine").json()["data"]
        assert {row["status"] for row in subs} == {"active", "trialing", "paused", "canceled", "past_due"}
        assert {own.raw("GET", "/v1/account", auth="sk_test_mine").status_code for _ in range(60)} == {200, 429}
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        process.stdout.close()
