"""Stripe's own pages: a card typed into the portal, Checkout and a hosted invoice does there what it would do."""

import pytest
from sandbox_process import DAY, HOUR

GOOD, DECLINED, LATER = "4242 4242 4242 4242", "4000000000000002", "4000000000000341"
BACK = "https://example.com/back"
PAUSE = {"trial_settings[end_behavior][missing_payment_method]": "pause"}
PRO = {"line_items[0][price]": "price_pro_monthly", "line_items[0][quantity]": 1, "success_url": f"{BACK}?s=1"}


def press(sandbox, url, number=GOOD, **more):
    card = {"number": number, "expiry": "12/40", "cvc": "123"}
    return sandbox.http.post(url, data=card | more, allow_redirects=False, timeout=10)


def portal(sandbox, customer, **flow):
    return sandbox.post("/v1/billing_portal/sessions", {"customer": customer["id"], "return_url": BACK, **flow})


def update_flow(sandbox, customer):
    after = {"flow_data[after_completion][type]": "redirect"}
    after |= {"flow_data[after_completion][redirect][return_url]": BACK}
    return portal(sandbox, customer, **{"flow_data[type]": "payment_method_update", **after})


def checkout(sandbox, **params):
    return sandbox.post("/v1/checkout/sessions", params)


def test_a_card_typed_in_the_portal_becomes_the_default_and_pays_nothing(sandbox):
    customer = sandbox.customer(card="ok")
    sub = sandbox.subscribe(customer)
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "decline"})
    sandbox.advance(31 * DAY + 2 * HOUR)
    url = update_flow(sandbox, customer)["url"]
    page = sandbox.http.get(url, timeout=10)
    assert (page.status_code, "Card number" in page.text) == (200, True)
    answer = press(sandbox, url)
    assert (answer.status_code, answer.headers["location"]) == (303, BACK)
    held = sandbox.get(f"/v1/customers/{customer['id']}")
    newest = sandbox.get("/v1/payment_methods", customer=customer["id"])["data"][0]
    assert held["invoice_settings"]["default_payment_method"] == newest["id"]
    assert sandbox.subscription(sub)["status"] == "past_due"
    assert sandbox.events(customer)[-2:] == ["payment_method.attached", "customer.updated"]


def test_a_refused_card_changes_nothing_and_says_why(sandbox):
    customer = sandbox.customer()
    url = update_flow(sandbox, customer)["url"]
    for number, said in ((DECLINED, "was declined"), ("4242424242424241", "number is invalid")):
        answer = press(sandbox, url, number)
        assert (answer.status_code, said in answer.text) == (200, True)
    assert "security code" in press(sandbox, url, cvc="1").text
    assert sandbox.get("/v1/payment_methods", customer=customer["id"])["data"] == []


def test_the_portals_own_page_leads_to_a_card_and_back(sandbox):
    customer = sandbox.customer()
    sandbox.subscribe(customer, trial_period_days=5)
    url = portal(sandbox, customer)["url"]
    page = sandbox.http.get(url, timeout=10).text
    assert "trialing" in page
    assert BACK in page
    assert f"{url}/method" in page
    assert "visa ending in 4242" in press(sandbox, f"{url}/method").text
    sandbox.advance(2 * HOUR)
    assert sandbox.http.get(url, timeout=10).status_code == 410


def test_checkout_makes_a_customer_and_a_paid_subscription_once(sandbox):
    session = checkout(sandbox, mode="subscription", **PRO, **{"subscription_data[metadata][account_id]": "acme"})
    assert (session["status"], session["payment_status"], session["customer"]) == ("open", "unpaid", None)
    assert "49.00 USD" in sandbox.http.get(session["url"], timeout=10).text
    for number, email, said in ((GOOD, "", "email is incomplete"), (LATER, "a@example.com", "was declined")):
        assert said in press(sandbox, session["url"], number, email=email).text
    answer = press(sandbox, session["url"], email="a@example.com")
    assert answer.headers["location"] == f"{BACK}?s=1"
    done = sandbox.get(f"/v1/checkout/sessions/{session['id']}")
    sub = sandbox.get(f"/v1/subscriptions/{done['subscription']}")
    assert (done["status"], done["payment_status"], done["url"]) == ("complete", "paid", None)
    assert (sub["status"], sub["trial_end"], sub["metadata"]) == ("active", None, {"account_id": "acme"})
    assert sub["default_payment_method"]
    assert sandbox.events({"id": done["customer"]})[-1] == "checkout.session.completed"
    assert "complete" in press(sandbox, session["url"], email="a@example.com").text
    assert len(sandbox.get("/v1/subscriptions", customer=done["customer"])["data"]) == 1


def test_a_setup_leaves_a_card_that_is_no_default(sandbox):
    customer = sandbox.customer()
    session = checkout(sandbox, mode="setup", customer=customer["id"], success_url=BACK)
    assert press(sandbox, session["url"]).status_code == 303
    assert len(sandbox.get("/v1/payment_methods", customer=customer["id"])["data"]) == 1
    assert sandbox.get(f"/v1/customers/{customer['id']}")["invoice_settings"]["default_payment_method"] is None


def test_checkout_sessions_end(sandbox):
    customer = sandbox.customer()
    first, second = (checkout(sandbox, mode="subscription", customer=customer["id"], **PRO) for _ in range(2))
    ended = sandbox.post(f"/v1/checkout/sessions/{first['id']}/expire")
    assert (ended["status"], ended["url"]) == ("expired", None)
    listed = sandbox.get("/v1/checkout/sessions", customer=customer["id"], status="open")["data"]
    assert [session["id"] for session in listed] == [second["id"]]
    assert press(sandbox, first["url"]).status_code == 410
    assert sandbox.error("POST", f"/v1/checkout/sessions/{first['id']}/expire")[0] == 400
    sandbox.advance(DAY + 1)
    assert press(sandbox, second["url"]).status_code == 410
    assert sandbox.get("/v1/subscriptions", customer=customer["id"])["data"] == []


@pytest.mark.parametrize(
    "params",
    [
        {"mode": "payment", **PRO},
        {"mode": "subscription", "success_url": BACK},
        {"mode": "setup"},
        {"mode": "subscription", **PRO, "expires_at": 1},
        {"mode": "subscription", **PRO, "line_items[0][price]": "price_none"},
        {"mode": "subscription", **PRO, "customer": "cus_none"},
    ],
)
def test_bad_checkout_sessions_are_refused(sandbox, params):
    assert sandbox.error("POST", "/v1/checkout/sessions", params)[0] == 400


def test_an_open_invoice_is_paid_on_its_page(sandbox):
    customer = sandbox.customer(card="ok")
    sub = sandbox.subscribe(customer)
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "decline"})
    period = sandbox.subscription(sub)["items"]["data"][0]
    sandbox.advance(period["current_period_end"] - period["current_period_start"] + 2 * HOUR)
    invoice = sandbox.get(f"/v1/invoices/{sandbox.subscription(sub)['latest_invoice']}")
    url = invoice["hosted_invoice_url"]
    assert "Due: 49.00 USD" in sandbox.http.get(url, timeout=10).text
    assert "was declined" in press(sandbox, url, LATER).text
    assert press(sandbox, url).status_code == 303
    assert "paid" in sandbox.http.get(url, timeout=10).text
    assert sandbox.subscription(sub)["status"] == "active"
    paid = sandbox.get(f"/v1/invoices/{invoice['id']}")
    assert (paid["amount_paid"], paid["attempt_count"]) == (4900, 1)
    assert press(sandbox, url).status_code == 200
    assert sandbox.subscription(sub)["default_payment_method"] is None


def test_a_preview_says_what_comes_next_and_makes_nothing(sandbox):
    customer = sandbox.customer()
    sub = sandbox.subscribe(customer, trial_period_days=3, **PAUSE)
    charge = {"customer": customer["id"], "subscription": sub["id"], "amount": 500, "currency": "usd"}
    sandbox.post("/v1/invoiceitems", charge)
    seen = sandbox.post("/v1/invoices/create_preview", {"subscription": sub["id"]})
    assert (seen["amount_due"], seen["currency"], seen["next_payment_attempt"]) == (
        5400,
        "usd",
        sub["trial_end"] + HOUR,
    )
    now = sandbox.advance(4 * DAY)
    assert sandbox.error("POST", "/v1/invoices/create_preview", {"subscription": sub["id"]})[0] == 404
    resumed = {"subscription": sub["id"], "subscription_details[resume_at]": "now"}
    seen = sandbox.post("/v1/invoices/create_preview", resumed)
    assert (seen["amount_due"], seen["created"]) == (5400, now)
    assert sandbox.control("GET", "/ledger")[-1]["effect"] == ""
    assert len(sandbox.get("/v1/invoices", customer=customer["id"])["data"]) == 1


def test_without_portal_settings_there_is_no_session(sandbox):
    customer = {"customer": sandbox.customer()["id"]}
    change = customer | {"flow_data[type]": "payment_method_update"}
    listed = "/v1/billing_portal/configurations"
    (usual,) = sandbox.get(listed, is_default="true", active="true")["data"]
    assert usual["features"]["subscription_update"]["trial_update_behavior"] == "continue_trial"
    assert sandbox.get(listed, is_default="false")["data"] == []
    sandbox.control("PUT", "/stripe/portal", {"payment_method_update": {"enabled": False}})
    assert sandbox.error("POST", "/v1/billing_portal/sessions", change)[0] == 400
    assert sandbox.post("/v1/billing_portal/sessions", customer)["configuration"] == usual["id"]
    sandbox.http.put(f"{sandbox.url}/_sandbox/stripe/portal", data="null", timeout=10)
    assert sandbox.get(listed)["data"] == []
    assert (
        "save your customer portal settings"
        in sandbox.error("POST", "/v1/billing_portal/sessions", customer)[1]["message"]
    )
