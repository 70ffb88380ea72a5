"""Charges, refunds, disputes, coupons, and a card that asks for 3-D Secure."""

import pytest
from sandbox_process import DAY, HOUR

MONTH = 31 * DAY + 2 * HOUR


@pytest.fixture
def customer(sandbox):
    return sandbox.customer(card="ok")


def charges(sandbox, customer, **params):
    return sandbox.get("/v1/charges", customer=customer["id"], **params)["data"]


def latest(sandbox, sub):
    return sandbox.get(f"/v1/invoices/{sandbox.subscription(sub)['latest_invoice']}")


def test_each_attempt_on_a_card_is_a_charge(sandbox, customer):
    sandbox.subscribe(customer, trial_period_days=1)
    assert charges(sandbox, customer) == []
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "decline"})
    sandbox.advance(DAY + 2 * HOUR)
    sandbox.control("PUT", f"/stripe/customers/{customer['id']}/card", {"outcome": "ok"})
    sandbox.advance(4 * DAY)
    assert [(c["paid"], c["amount"], c["amount_captured"]) for c in charges(sandbox, customer)] == [
        (True, 4900, 4900),
        (False, 4900, 0),
    ]


def test_a_refund_in_part_then_of_the_rest(sandbox, customer):
    sandbox.subscribe(customer)
    (charge,) = charges(sandbox, customer)
    first = sandbox.post("/v1/refunds", {"charge": charge["id"], "amount": 900, "reason": "requested_by_customer"})
    assert (first["amount"], first["customer"], first["reason"]) == (900, customer["id"], "requested_by_customer")
    rest = sandbox.post("/v1/refunds", {"charge": charge["id"]})
    assert rest["amount"] == 4000
    (now,) = charges(sandbox, customer, **{"expand[]": "data.refunds"})
    assert (now["amount_refunded"], now["refunded"]) == (4900, True)
    assert [r["id"] for r in now["refunds"]["data"]] == [rest["id"], first["id"]]
    assert [r["id"] for r in sandbox.get("/v1/refunds", charge=charge["id"])["data"]] == [rest["id"], first["id"]]
    assert sandbox.error("POST", "/v1/refunds", {"charge": charge["id"]})[1]["code"] == "charge_already_refunded"
    assert [e for e in sandbox.events(customer) if "refund" in e] == ["refund.created", "charge.refunded"] * 2


def test_a_refund_beyond_the_charge_is_refused(sandbox, customer):
    sandbox.subscribe(customer)
    (charge,) = charges(sandbox, customer)
    assert sandbox.error("POST", "/v1/refunds", {"charge": charge["id"], "amount": 4901})[0] == 400
    assert sandbox.error("POST", "/v1/refunds")[1]["param"] == "charge"


def test_a_dispute_is_opened_and_moves(sandbox, customer):
    path = f"/stripe/customers/{customer['id']}/dispute"
    sandbox.subscribe(customer)
    opened = sandbox.control("POST", path, {"reason": "fraudulent", "status": "warning_needs_response"})
    (charge,) = charges(sandbox, customer)
    assert charge["disputed"]
    assert (opened["charge"], opened["status"], opened["reason"]) == (
        charge["id"],
        "warning_needs_response",
        "fraudulent",
    )
    for status in ("needs_response", "under_review", "lost"):
        sandbox.control("PUT", path, {"status": status})
    (found,) = sandbox.get("/v1/disputes", charge=charge["id"], **{"expand[]": "data.charge"})["data"]
    assert (found["status"], found["charge"]["customer"]) == ("lost", customer["id"])
    told = sandbox.get("/v1/events", type="charge.dispute.*")["data"]
    mine = [e["type"] for e in told if e["data"]["object"]["id"] == opened["id"]][::-1]
    assert mine == ["charge.dispute.created", *["charge.dispute.updated"] * 3, "charge.dispute.closed"]


def test_only_a_payment_can_be_disputed_and_only_once(sandbox, customer):
    path = f"/stripe/customers/{customer['id']}/dispute"
    with pytest.raises(AssertionError, match="paid nothing"):
        sandbox.control("POST", path)
    sandbox.subscribe(customer)
    with pytest.raises(AssertionError, match="no dispute"):
        sandbox.control("PUT", path, {"status": "won"})
    sandbox.control("POST", path)
    with pytest.raises(AssertionError, match="disputed already"):
        sandbox.control("POST", path)


# Coupons


def coupon(sandbox, **params):
    return sandbox.post("/v1/coupons", params)["id"]


@pytest.mark.parametrize(
    ("given", "billed", "left"),
    [
        ({"percent_off": 50, "duration": "forever"}, [2450, 2450, 2450], 1),
        ({"percent_off": 100, "duration": "repeating", "duration_in_months": 1}, [0, 4900, 4900], 0),
        ({"amount_off": 900, "currency": "usd", "duration": "once"}, [4000, 4900, 4900], 0),
    ],
)
def test_a_coupon_comes_off_the_invoices_that_it_is_for(sandbox, customer, given, billed, left):
    sub = sandbox.subscribe(customer, **{"discounts[0][coupon]": coupon(sandbox, **given)})
    paid = [latest(sandbox, sub)["amount_paid"]]
    for _ in billed[1:]:
        sandbox.advance(MONTH)
        paid.append(latest(sandbox, sub)["amount_paid"])
    assert paid == billed
    assert latest(sandbox, sub)["subtotal"] == 4900
    assert len(sandbox.subscription(sub)["discounts"]) == left
    assert [c["amount"] for c in charges(sandbox, customer)] == [amount for amount in billed[::-1] if amount]


def test_a_coupon_waits_while_a_trial_costs_nothing(sandbox, customer):
    once = coupon(sandbox, percent_off=50, duration="once")
    sub = sandbox.subscribe(customer, trial_period_days=1, **{"discounts[0][coupon]": once})
    sandbox.advance(DAY + 2 * HOUR)
    assert latest(sandbox, sub)["amount_paid"] == 2450


def test_a_coupon_of_everything_needs_no_card(sandbox):
    free = coupon(sandbox, percent_off=100, duration="forever")
    sub = sandbox.subscribe(sandbox.customer(), **{"discounts[0][coupon]": free})
    assert sandbox.subscription(sub)["status"] == "active"


def test_a_discount_expands_to_its_coupon_in_lists_too(sandbox, customer):
    half = coupon(sandbox, percent_off=50, duration="forever")
    sub = sandbox.subscribe(customer, **{"discounts[0][coupon]": half})
    assert sandbox.subscription(sub)["discounts"][0].startswith("di_")
    (listed,) = sandbox.get(
        "/v1/subscriptions", customer=customer["id"], **{"expand[]": "data.discounts.source.coupon"}
    )["data"]
    (discount,) = listed["discounts"]
    assert (discount["subscription"], discount["source"]["coupon"]["percent_off"]) == (sub["id"], 50)
    cleared = sandbox.post(f"/v1/subscriptions/{sub['id']}", {"discounts": ""})
    assert cleared["discounts"] == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"percent_off": 5, "amount_off": 5, "currency": "usd"},
        {"amount_off": 5},
        {"percent_off": 5, "duration": "repeating"},
        {"percent_off": 5, "duration_in_months": 3},
    ],
)
def test_refused_coupons(sandbox, params):
    assert sandbox.error("POST", "/v1/coupons", params)[0] == 400


# 3-D Secure


def test_a_card_that_asks_for_3d_secure_waits_for_its_customer(sandbox):
    customer = sandbox.customer(card="action")
    sub = sandbox.subscribe(customer)
    assert sub["status"] == "incomplete"
    invoice = latest(sandbox, sub)
    assert sandbox.error("POST", f"/v1/invoices/{invoice['id']}/pay")[1]["code"] == (
        "invoice_payment_intent_requires_action"
    )
    assert "invoice.payment_action_required" in sandbox.events(customer)
    assert charges(sandbox, customer) == []
    assert sandbox.control("POST", f"/stripe/customers/{customer['id']}/pay") == {invoice["id"]: True}
    assert sandbox.subscription(sub)["status"] == "active"


def test_a_card_expires_when_it_is_said_to(sandbox, customer):
    card = sandbox.control("POST", f"/stripe/customers/{customer['id']}/card", {"expires": "2027-05"})
    assert (card["card"]["exp_year"], card["card"]["exp_month"]) == (2027, 5)
