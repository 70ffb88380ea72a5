"""Order, paging and filters of lists, and the event log."""

import pytest
from sandbox_process import DAY


def ids(page):
    return [row["id"] for row in page["data"]]


@pytest.fixture
def five(sandbox):
    """Five customers, two seconds apart, oldest first, with one shared e-mail of their own."""
    email = f"five-{sandbox.advance(10)}@Example.com"
    made = []
    for _ in range(5):
        made.append(sandbox.post("/v1/customers", {"email": email}))
        sandbox.advance(2)
    return made


def test_lists_are_newest_first_and_page_older(sandbox, five):
    expected = [row["id"] for row in five[::-1]]
    first = sandbox.get("/v1/customers", limit=2)
    assert (first["object"], first["url"], first["has_more"]) == ("list", "/v1/customers", True)
    second = sandbox.get("/v1/customers", limit=2, starting_after=ids(first)[-1])
    assert ids(first) + ids(second) == expected[:4]


def test_ending_before_gives_the_page_next_to_the_cursor(sandbox, five):
    page = sandbox.get("/v1/customers", limit=2, ending_before=five[0]["id"])
    assert (ids(page), page["has_more"]) == ([five[2]["id"], five[1]["id"]], True)
    page = sandbox.get("/v1/customers", limit=2, ending_before=five[3]["id"])
    assert (ids(page), page["has_more"]) == ([five[4]["id"]], False)


def test_created_filters_have_exact_bounds(sandbox, five):
    second = five[2]["created"]
    email = {"email": five[0]["email"]}
    assert ids(sandbox.get("/v1/customers", **email, created=second)) == [five[2]["id"]]
    assert ids(sandbox.get("/v1/customers", **email, **{"created[gt]": second})) == [five[4]["id"], five[3]["id"]]
    assert len(ids(sandbox.get("/v1/customers", **email, **{"created[gte]": second}))) == 3
    assert ids(sandbox.get("/v1/customers", **email, **{"created[lt]": second})) == [five[1]["id"], five[0]["id"]]
    assert len(ids(sandbox.get("/v1/customers", **email, **{"created[lte]": second}))) == 3


def test_the_email_filter_is_case_sensitive(sandbox, five):
    assert len(ids(sandbox.get("/v1/customers", email=five[0]["email"]))) == 5
    assert ids(sandbox.get("/v1/customers", email=five[0]["email"].lower())) == []


def test_a_deleted_customer_leaves_the_lists_and_fails_as_cursor(sandbox, five):
    gone = five[2]["id"]
    stub = sandbox.raw("DELETE", f"/v1/customers/{gone}").json()
    assert stub == {"id": gone, "object": "customer", "deleted": True}
    assert sandbox.get(f"/v1/customers/{gone}") == stub
    assert len(ids(sandbox.get("/v1/customers", email=five[0]["email"]))) == 4
    status, error = sandbox.error("GET", "/v1/customers", {"starting_after": gone})
    assert (status, error["code"]) == (400, "resource_missing")
    assert sandbox.error("POST", f"/v1/customers/{gone}", {"name": "x"})[0] == 404


def test_deleting_a_customer_cancels_its_subscriptions_at_once(sandbox):
    customer = sandbox.customer()
    sub = sandbox.subscribe(customer, trial_period_days=14)
    sandbox.raw("DELETE", f"/v1/customers/{customer['id']}")
    assert sandbox.subscription(sub)["status"] == "canceled"
    assert sandbox.events(customer)[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    assert ids(sandbox.get("/v1/subscriptions", customer=customer["id"], status="all")) == [sub["id"]]


def test_canceled_subscriptions_are_listed_only_when_asked_for(sandbox):
    customer = sandbox.customer()
    kept, gone = (sandbox.subscribe(customer, trial_period_days=14) for _ in range(2))
    sandbox.raw("DELETE", f"/v1/subscriptions/{gone['id']}")
    mine = {"customer": customer["id"]}
    assert ids(sandbox.get("/v1/subscriptions", **mine)) == [kept["id"]]
    assert ids(sandbox.get("/v1/subscriptions", **mine, status="all")) == [gone["id"], kept["id"]]
    assert ids(sandbox.get("/v1/subscriptions", **mine, status="canceled")) == [gone["id"]]
    assert ids(sandbox.get("/v1/subscriptions", **mine, status="ended")) == [gone["id"]]
    assert ids(sandbox.get("/v1/subscriptions", **mine, status="active")) == []
    assert ids(sandbox.get("/v1/subscriptions", **mine, price="price_team_monthly")) == []


def test_prices_are_found_by_lookup_key_and_product(sandbox):
    found = sandbox.get("/v1/prices", **{"lookup_keys[]": "pro_yearly", "expand[]": "data.product"})["data"]
    assert [(row["id"], row["unit_amount"], row["product"]["name"]) for row in found] == [
        ("price_pro_yearly", 49000, "Pro")
    ]
    assert len(sandbox.get("/v1/prices", product="prod_pro")["data"]) == 2


def test_events_are_listed_by_type_newest_first_with_what_changed(sandbox):
    customer = sandbox.customer(name="Ann", **{"metadata[a]": "1", "metadata[b]": "2"})
    sandbox.post(f"/v1/customers/{customer['id']}", {"name": "Eve", "metadata[a]": "", "metadata[c]": "3"})
    page = sandbox.get("/v1/events", **{"types[0]": "customer.updated", "types[1]": "customer.deleted", "limit": 1})
    (event,) = page["data"]
    assert event["data"]["previous_attributes"] == {"name": "Ann", "metadata": {"a": "1", "c": None}}
    assert event["data"]["object"]["metadata"] == {"b": "2", "c": "3"}
    assert sandbox.get(f"/v1/events/{event['id']}") == event
    many = {f"types[{n}]": "customer.updated" for n in range(21)}
    assert sandbox.error("GET", "/v1/events", many)[0] == 400


def test_events_are_kept_30_days(sandbox):
    customer = sandbox.customer()
    (event,) = sandbox.event_list(customer)
    sandbox.advance(30 * DAY)
    assert sandbox.event_list(customer) == [event]
    sandbox.advance(1)
    assert sandbox.event_list(customer) == []
    assert sandbox.raw("GET", f"/v1/events/{event['id']}").status_code == 404


def test_the_sdk_pages_through_everything(sandbox, five):
    seen = [row.id for row in sandbox.sdk.v1.customers.list({"email": five[0]["email"], "limit": 2}).auto_paging_iter()]
    assert seen == [row["id"] for row in five[::-1]]


def test_metadata_limits(sandbox):
    assert sandbox.error("POST", "/v1/customers", {"metadata[" + "k" * 41 + "]": "v"})[0] == 400
    assert sandbox.error("POST", "/v1/customers", {"metadata[k]": "v" * 501})[0] == 400
    assert sandbox.error("POST", "/v1/customers", {f"metadata[k{n}]": "v" for n in range(51)})[0] == 400


def test_webhook_endpoints_show_their_secret_once(sandbox):
    params = {"url": "https://example.com/hook", "enabled_events[]": "customer.created", "metadata[installation]": "i1"}
    made = sandbox.post("/v1/webhook_endpoints", params)
    assert made["secret"].startswith("whsec_")
    (listed,) = sandbox.get("/v1/webhook_endpoints")["data"]
    assert "secret" not in listed
    assert listed["metadata"] == {"installation": "i1"}
    assert sandbox.post(f"/v1/webhook_endpoints/{made['id']}", {"disabled": "true"})["status"] == "disabled"
    sandbox.raw("DELETE", f"/v1/webhook_endpoints/{made['id']}")
    assert sandbox.get("/v1/webhook_endpoints")["data"] == []


def test_events_may_be_listed_late_or_never(sandbox):
    sandbox.advance(10)
    started = sandbox.now
    try:
        sandbox.control("PUT", "/stripe/settings", {"event_lag": 300})
        late = sandbox.customer()
        sandbox.control("PUT", "/stripe/settings", {"event_lag": None})
        lost = sandbox.customer()
    finally:
        sandbox.control("PUT", "/stripe/settings", {"event_lag": 0})
    assert (sandbox.events(late), sandbox.events(lost)) == ([], [])
    sandbox.advance(300)
    assert (sandbox.events(late), sandbox.events(lost)) == (["customer.created"], [])
    assert sandbox.get(f"/v1/customers/{lost['id']}")["created"] == started
