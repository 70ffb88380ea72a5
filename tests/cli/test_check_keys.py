"""`instep check`: keys and their rights, regions, versions, environments, the portal and clocks; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from home import Home

from connectors.intercom import INTERCOM_VERSION
from connectors.stripe import STRIPE_VERSION
from flows.checks.keys import region, versions

SETTINGS = {"key": "sk_test_sandbox", "lacks": [], "version": "2026-10-28.endive"}
WORKSPACE = {"name": "Sandbox", "lacks": [], "versions": [f"2.{minor}" for minor in range(7, 17)]}


@pytest.fixture
def vendors(on: Home) -> Iterator[Home]:
    """Vendors that are as they were, afterwards."""
    yield on
    on.control("PUT", "/stripe/settings", SETTINGS)
    on.control("PUT", "/intercom/settings", WORKSPACE)
    on.control("PUT", "/stripe/portal", {})
    on.control("DELETE", "/faults")


def told(home: Home, about: str) -> list[tuple[str, str]]:
    """What is said about one thing: level and text."""
    return [(line["level"], line["text"]) for line in home.run("check", "--json").data if line["about"] == about]


def stripe(home: Home, **settings: Any) -> None:
    home.control("PUT", "/stripe/settings", settings)


def linked(home: Home) -> Home:
    home.set("INSTEP_PUBLIC_URL", "https://billing.example.com")
    home.set("INSTEP_SECRETS", "0123456789abcdef0123456789abcdef")
    return home


def test_it_writes_nothing_and_asks_little(vendors: Home) -> None:
    vendors.set("STRIPE_API_KEY", "rk_test_sandbox")
    mark = vendors.control("GET", "/state")["calls"]
    assert linked(vendors).run("check").code == 0
    calls = vendors.control("GET", f"/ledger?since={mark}")
    assert [call for call in calls if call["write"] or call["effect"]] == []
    assert len(calls) <= 30


def test_each_permission_that_a_restricted_key_lacks_is_named(vendors: Home) -> None:
    vendors.set("STRIPE_API_KEY", "rk_test_sandbox")
    ((level, text),) = told(vendors, "Stripe key")
    assert level == "ok"
    assert text.endswith("it needs write for Customers, Subscriptions, Invoices")
    stripe(vendors, lacks=["rak_dispute_read", "rak_plan_read", "rak_customer_portal_read"])
    assert told(vendors, "Stripe key") == [
        ("problem", f"The key in STRIPE_API_KEY lacks {lacks}: edit the key in Stripe's Dashboard, under API keys.")
        for lacks in ("read for Disputes (rak_dispute_read)", "read for Prices (rak_plan_read)")
    ]
    assert told(vendors, "plans") == [("warning", "not looked at: see Stripe key")]
    assert told(linked(vendors), "billing links")[-1] == ("warning", "not looked at: see Stripe key")
    assert vendors.run("check").code == 1


def test_that_nobody_is_recognised_by_a_checkout_session_is_told(vendors: Home) -> None:
    vendors.set("STRIPE_API_KEY", "rk_test_sandbox")
    stripe(vendors, lacks=["rak_checkout_session_read"])
    (level, text), _ = told(vendors, "Stripe key")
    assert (level, "lacks read for Checkout Sessions (rak_checkout_session_read)" in text) == ("warning", True)


def test_a_restricted_key_that_may_not_say_whose_it_is(vendors: Home) -> None:
    vendors.set("STRIPE_API_KEY", "rk_test_sandbox")
    stripe(vendors, lacks=["rak_accounts_kyc_basic_read"])
    ((level, text),) = told(vendors, "Stripe")
    assert (level, "Accounts: basic information (rak_accounts_kyc_basic_read)" in text) == ("problem", True)
    said = vendors.run("sync")
    assert (said.code, said.sentence) == (1, text)


def test_a_right_that_is_missing_while_something_is_sent_is_named(vendors: Home) -> None:
    vendors.set("STRIPE_API_KEY", "rk_test_sandbox")
    stripe(vendors, lacks=["rak_customer_write"])
    vendors.control("PUT", "/intercom/settings", {"lacks": ["Write users and companies"]})
    vendors.request_trial()
    said = vendors.run("sync")
    assert said.code == 1
    assert "lacks write for Customers (rak_customer_write)" in " ".join((said.out + said.err).split())
    assert "lacks Write users and companies: tick it" in " ".join((said.out + said.err).split())


def test_each_scope_that_a_token_lacks_is_named(vendors: Home) -> None:
    vendors.control("PUT", "/intercom/settings", {"lacks": ["Read tags"]})
    ((level, text),) = told(vendors, "Intercom token")
    assert level == "problem"
    assert "INTERCOM_ACCESS_TOKEN lacks Read tags: tick it for the app" in text
    assert told(vendors, "Intercom names") == [("warning", "not looked at: see Intercom token")]


def test_a_token_of_another_region_is_refused_and_the_address_is_named(vendors: Home) -> None:
    vendors.set("INTERCOM_ACCESS_TOKEN", "tok_wrong")
    ((level, text),) = told(vendors, "Intercom")
    assert level == "problem"
    assert text.endswith("or the address of its own region into INTERCOM_API_BASE.")


def test_the_address_of_another_region_is_named() -> None:
    (found,) = region("https://api.intercom.io", "EU")
    assert (found.level, found.text.endswith("set it to https://api.eu.intercom.io")) == ("problem", True)
    assert list(region("https://api.eu.intercom.io/", "EU")) == []
    assert list(region("https://proxy.example.com", "AU")) == []


def test_versions_that_a_vendor_takes_no_more(vendors: Home) -> None:
    stripe(vendors, version="2030-01-01.later")
    vendors.control("PUT", "/intercom/settings", {"versions": ["2.20"]})
    for system, version in (("Stripe", "2026-10-28.endive"), ("Intercom", "2.14")):
        text = (
            f"{system} does not take requests in API version {version}: upgrade Instep, which speaks that version only."
        )
        assert told(vendors, system) == [("problem", text)]


def test_versions_that_a_vendor_answers_in_unasked() -> None:
    (fine,) = versions(STRIPE_VERSION, "")
    told = list(versions("2030-01-01.later", "2.9"))
    assert (fine.level, [finding.level for finding in told]) == ("ok", ["problem", "problem"])
    assert f"Intercom answers in API version 2.9, though it was asked for {INTERCOM_VERSION}" in told[1].text


def test_a_live_key_beside_what_is_for_tests(vendors: Home) -> None:
    stripe(vendors, key="sk_live_1")
    vendors.set("STRIPE_API_KEY", "sk_live_1")
    assert [line[0] for line in told(vendors, "environment")] == ["problem", "warning"]
    vendors.control("PUT", "/intercom/settings", {"name": "Acme [TEST]"})
    elsewhere, beside = told(vendors, "environment")
    assert "a live Stripe key is sent to 127.0.0.1: unset STRIPE_API_BASE" in elsewhere[1]
    assert beside[0] == "problem"
    assert "is one for tests: use keys that belong together" in beside[1]
    ((level, _),) = told(vendors, "house")
    assert level == "problem"


def test_a_test_key_beside_a_workspace_of_real_people(vendors: Home) -> None:
    vendors.control("PUT", "/intercom/settings", {"name": "Acme"})
    ((level, text),) = told(vendors, "environment")
    assert (level, "does not look like one for tests" in text) == ("warning", True)


def test_the_portal_has_to_offer_what_links_lead_to(vendors: Home) -> None:
    linked(vendors)
    assert [level for level, _ in told(vendors, "billing links")] == ["ok", "ok"]
    features = {
        "subscription_update": {"trial_update_behavior": "end_trial"},
        "payment_method_update": {"enabled": False},
    }
    vendors.control("PUT", "/stripe/portal", features)
    _, method, trial, _ = told(vendors, "billing links")
    assert (method[0], "lets nobody change a payment method" in method[1]) == ("problem", True)
    assert (trial[0], "let it continue the trial" in trial[1]) == ("warning", True)
    requests.put(f"{vendors.url}/_sandbox/stripe/portal", data="null", timeout=10)
    assert told(vendors, "billing links")[-1][1].startswith("Stripe opens no portal before its settings are saved")


def test_webhooks_to_where_nobody_takes_them(vendors: Home) -> None:
    data = {"url": "https://billing.example.com/stripe", "enabled_events[0]": "invoice.paid"}
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    made = requests.post(f"{vendors.url}/stripe/v1/webhook_endpoints", data=data, headers=headers, timeout=10).json()
    level, text = told(linked(vendors), "billing links")[-1]
    requests.delete(f"{vendors.url}/stripe/v1/webhook_endpoints/{made['id']}", headers=headers, timeout=10)
    assert (level, made["id"] in text) == ("warning", True)


def test_clocks_that_do_not_agree(vendors: Home) -> None:
    skews = [{"action": "skew", "system": "stripe", "arg": 400, "times": 99}]
    vendors.control("POST", "/faults", [*skews, {"action": "skew", "system": "intercom", "arg": -90, "times": 99}])
    (stripe_off, intercom_off, agreed) = told(vendors, "clock")
    assert stripe_off[0] == "problem"
    assert "behind that of Stripe: set it right" in stripe_off[1]
    assert (intercom_off[0], "ahead of that of Intercom" in intercom_off[1]) == ("warning", True)
    assert agreed == ("ok", "this machine agrees with the state database within 60 seconds")
