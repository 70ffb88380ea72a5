"""Charges that wait for a subscription's next invoice."""

import pytest
from sandbox_process import DAY, HOUR


@pytest.fixture
def customer(sandbox):
    return sandbox.customer(card="ok")


@pytest.fixture
def sub(sandbox, customer):
    return sandbox.subscribe(customer)


def charge(sandbox, sub, amount=500, **more):
    params = {"customer": sub["customer"], "subscription": sub["id"], "amount": amount, "currency": "usd"} | more
    return sandbox.post("/v1/invoiceitems", params)


def test_an_item_waits_for_the_next_invoice_of_its_subscription(sandbox, customer, sub):
    other = sandbox.subscribe(customer, "price_pro_yearly")
    item = charge(sandbox, sub, description="Setup", **{"metadata[request_id]": "r1"})
    assert (item["amount"], item["invoice"], item["metadata"]) == (500, None, {"request_id": "r1"})
    sandbox.advance(31 * DAY + 2 * HOUR)
    invoice = sandbox.get(f"/v1/invoices/{sandbox.subscription(sub)['latest_invoice']}")
    assert [line["amount"] for line in invoice["lines"]["data"]] == [4900, 500]
    assert (invoice["total"], invoice["amount_paid"]) == (5400, 5400)
    assert invoice["lines"]["data"][1]["parent"]["invoice_item_details"]["invoice_item"] == item["id"]
    assert sandbox.get(f"/v1/invoiceitems/{item['id']}")["invoice"] == invoice["id"]
    assert sandbox.subscription(other)["latest_invoice"] == other["latest_invoice"]
    sandbox.advance(31 * DAY)
    assert sandbox.get(f"/v1/invoices/{sandbox.subscription(sub)['latest_invoice']}")["total"] == 4900


def test_listed_by_customer_and_by_whether_they_wait(sandbox, customer, sub):
    first, second = charge(sandbox, sub), charge(sandbox, sub, 700)
    charge(sandbox, sandbox.subscribe(sandbox.customer(card="ok")))

    def listed(**params):
        return [i["id"] for i in sandbox.get("/v1/invoiceitems", customer=customer["id"], **params)["data"]]

    assert listed() == listed(pending="true") == [second["id"], first["id"]]
    sandbox.advance(31 * DAY + 2 * HOUR)
    assert listed(pending="true") == []
    assert len(listed(pending="false")) == 2
    assert listed(invoice=sandbox.subscription(sub)["latest_invoice"]) == [second["id"], first["id"]]


def test_only_what_waits_can_be_deleted(sandbox, sub):
    first, second = charge(sandbox, sub), charge(sandbox, sub)
    assert sandbox.raw("DELETE", f"/v1/invoiceitems/{first['id']}").json()["deleted"] is True
    assert sandbox.last_write()["effect"] == "invoiceitem.deleted"
    assert sandbox.error("GET", f"/v1/invoiceitems/{first['id']}")[0] == 404
    sandbox.advance(31 * DAY)
    assert sandbox.error("DELETE", f"/v1/invoiceitems/{second['id']}")[0] == 400


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ({"amount": ""}, "parameter_invalid_empty", "amount"),
        ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "eur"}, None, "currency"),
        ({"subscription": "sub_unknown"}, "resource_missing", "subscription"),
        ({"quantity": 2}, "sandbox_unsupported", "quantity"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
    ],
    ids=str,
)
def test_refused_items(sandbox, sub, wrong, code, param):
    params = {"customer": sub["customer"], "subscription": sub["id"], "amount": 500, "currency": "usd"} | wrong
    status, error = sandbox.error("POST", "/v1/invoiceitems", params)
    assert (status, error.get("code"), error["param"]) == (400, code, param)
    assert sandbox.get("/v1/invoiceitems", customer=sub["customer"])["data"] == []


def test_a_subscription_of_somebody_else_or_an_ended_one(sandbox, customer, sub):
    stranger = {"customer": sandbox.customer(card="ok")["id"], "subscription": sub["id"]}
    wanted = {"amount": 500, "currency": "usd"}
    assert sandbox.error("POST", "/v1/invoiceitems", wanted | stranger)[0] == 400
    sandbox.raw("DELETE", f"/v1/subscriptions/{sub['id']}")
    mine = {"customer": customer["id"], "subscription": sub["id"]}
    assert sandbox.error("POST", "/v1/invoiceitems", wanted | mine)[0] == 400
