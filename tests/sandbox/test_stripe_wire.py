"""Key, version, parameters, limits, errors and the request trail of the simulated Stripe."""

import pytest
import stripe


def test_wrong_key_and_missing_key_are_refused(sandbox):
    assert sandbox.raw("GET", "/v1/account", auth="sk_test_other").status_code == 401
    status, error = sandbox.error("GET", "/v1/account", auth="")
    assert (status, error["type"]) == (401, "invalid_request_error")
    assert sandbox.raw("GET", "/v1/account", auth="rk_test_sandbox").status_code == 200


def test_other_api_versions_are_refused(sandbox):
    assert sandbox.raw("GET", "/v1/account", headers={"Stripe-Version": "2024-06-20"}).status_code == 400
    assert sandbox.raw("GET", "/v1/account", headers={"Stripe-Version": "2026-10-28.endive"}).status_code == 200


def test_a_restricted_key_without_a_permission_is_told_which(sandbox):
    sandbox.control("PUT", "/stripe/settings", {"lacks": ["rak_plan_read", "rak_customer_write"]})
    restricted = {"auth": "rk_test_sandbox"}
    for method, path, needed in (("GET", "/v1/prices", "plan_read"), ("POST", "/v1/customers", "customer_write")):
        status, error = sandbox.error(method, path, **restricted)
        assert (status, error["type"]) == (403, "invalid_request_error")
        assert f"Having the 'rak_{needed}' permission" in error["message"]
        assert sandbox.raw(method, path).status_code == 200
    assert sandbox.raw("GET", "/v1/customers", **restricted).status_code == 200
    assert sandbox.raw("POST", "/v1/prices", **restricted).status_code == 403  # Write implies read.


def test_every_answer_has_a_request_id(sandbox):
    first, second = (sandbox.raw("GET", "/v1/account").headers["request-id"] for _ in range(2))
    assert first.startswith("req_")
    assert first != second


@pytest.mark.parametrize(
    ("method", "path", "params", "code", "param"),
    [
        ("POST", "/v1/customers", {"emial": "a@example.com"}, "parameter_unknown", "emial"),
        ("POST", "/v1/customers", {"address[town]": "x"}, "parameter_unknown", "address[town]"),
        ("POST", "/v1/prices", {"unit_amount": "5"}, "parameter_missing", "currency"),
        ("POST", "/v1/subscriptions", {"items[0][price]": "price_pro_monthly"}, "parameter_missing", "customer"),
        ("POST", "/v1/subscriptions", {"customer": "cus_x"}, "parameter_missing", "items"),
        ("GET", "/v1/customers", {"limit": "ten"}, "parameter_invalid_integer", "limit"),
        ("GET", "/v1/customers", {"limit": "101"}, "parameter_invalid_integer", "limit"),
        ("GET", "/v1/customers", {"limit": "0"}, "parameter_invalid_integer", "limit"),
        ("GET", "/v1/subscriptions", {"status": "running"}, None, "status"),
        ("GET", "/v1/prices", {"active": "yes"}, None, "active"),
        ("GET", "/v1/subscriptions", {"customer": ""}, "parameter_invalid_empty", "customer"),
        ("GET", "/v1/subscriptions", {"test_clock": "clock_1"}, "sandbox_unsupported", "test_clock"),
        ("GET", "/v1/subscriptions", {"customer": "cus_none"}, "resource_missing", "customer"),
        ("GET", "/v1/customers", {"starting_after": "cus_none"}, "resource_missing", "starting_after"),
    ],
)
def test_bad_parameters_are_refused_in_the_vendors_shape(sandbox, method, path, params, code, param):
    status, error = sandbox.error(method, path, params)
    assert (status, error["type"], error.get("code"), error["param"]) == (400, "invalid_request_error", code, param)


def test_unknown_objects_and_urls_are_404(sandbox):
    status, error = sandbox.error("GET", "/v1/customers/cus_none")
    assert (status, error["code"], error["message"]) == (404, "resource_missing", "No such customer: 'cus_none'")
    assert sandbox.raw("GET", "/v1/nothing").status_code == 404


def test_an_empty_id_reads_the_list(sandbox):
    assert sandbox.get("/v1/customers/")["object"] == "list"


@pytest.mark.parametrize(
    "path", ["latest_invoice", "data.metadata", "data.customer.nothing", "data.latest_invoice.lines"]
)
def test_paths_that_do_not_expand_are_refused(sandbox, path):
    status, error = sandbox.error("GET", "/v1/subscriptions", {"expand[]": path})
    assert (status, error["message"]) == (400, f"This property cannot be expanded ({path}).")


def test_expansion_ends_at_four_levels(sandbox):
    sub = sandbox.subscribe(sandbox.customer(), trial_period_days=9)
    deep = sandbox.get(f"/v1/subscriptions/{sub['id']}", **{"expand[]": "items.data.price.product"})
    assert deep["items"]["data"][0]["price"]["product"]["name"] == "Pro"
    status, error = sandbox.error("GET", "/v1/subscriptions", {"expand[]": "data.items.data.price.product"})
    assert (status, error["message"].startswith("You cannot expand more than 4 levels")) == (400, True)


def test_expand_replaces_ids_by_objects(sandbox):
    customer = sandbox.customer(card="ok")
    sub = sandbox.subscribe(customer, **{"expand[]": "latest_invoice"})
    assert sub["latest_invoice"]["status"] == "paid"
    params = {"customer": customer["id"], "expand[0]": "data.latest_invoice", "expand[1]": "data.customer"}
    (listed,) = sandbox.get("/v1/subscriptions", **params)["data"]
    assert listed["latest_invoice"]["object"] == "invoice"
    assert listed["customer"]["email"] == "someone@example.com"
    card = sandbox.get(f"/v1/customers/{customer['id']}", **{"expand[]": "invoice_settings.default_payment_method"})
    assert card["invoice_settings"]["default_payment_method"]["card"]["last4"] == "4242"
    held = sandbox.get(f"/v1/customers/{customer['id']}", **{"expand[]": "subscriptions"})
    assert [row["id"] for row in held["subscriptions"]["data"]] == [sub["id"]]
    assert isinstance(sandbox.subscription(sub)["customer"], str)


def test_each_endpoint_has_its_own_limit(sandbox):
    sandbox.control("POST", "/limits", {"stripe_endpoint_per_second": 3})
    answers = [sandbox.raw("GET", "/v1/account") for _ in range(8)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["error"]["code"] == "rate_limit"
    assert refused.headers["stripe-rate-limited-reason"] == "endpoint-rate"
    assert "retry-after" not in refused.headers
    assert sandbox.raw("GET", "/v1/webhook_endpoints/we_none").status_code == 404


def test_the_account_has_a_limit_over_all_endpoints(sandbox):
    sandbox.control("POST", "/limits", {"stripe_per_second": 2})
    answers = [sandbox.raw("GET", path) for path in ("/v1/account", "/v1/prices", "/v1/products", "/v1/events") * 2]
    reasons = {answer.headers.get("stripe-rate-limited-reason") for answer in answers if answer.status_code == 429}
    assert reasons == {"global-rate"}


def test_the_ledger_tells_effects_from_calls_without_effect(sandbox):
    customer = sandbox.customer(name="Ann")
    assert sandbox.last_write()["effect"] == "customer.created"
    assert sandbox.last_write()["params"] == {"name": "Ann"}
    sandbox.post(f"/v1/customers/{customer['id']}", {"name": "Ann"})
    assert (sandbox.last_write()["effect"], sandbox.last_write()["object_id"]) == ("", customer["id"])
    sandbox.post(f"/v1/customers/{customer['id']}", {"name": "Eve"})
    assert sandbox.last_write()["effect"] == "customer.updated"
    sandbox.error("POST", "/v1/customers", {"emial": "x"})
    assert (sandbox.last_write()["effect"], sandbox.last_write()["status"]) == ("", 400)


def test_the_sdk_works_under_a_path_prefix_and_maps_errors(sandbox):
    made = sandbox.sdk.v1.customers.create({"email": "sdk@example.com", "metadata": {"account_id": "a1"}})
    assert sandbox.sdk.v1.customers.retrieve(made.id).metadata["account_id"] == "a1"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.sdk.v1.customers.retrieve("cus_none")
    assert caught.value.code == "resource_missing"
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_test_no", base_addresses={"api": f"{sandbox.url}/stripe"}).v1.customers.list()
