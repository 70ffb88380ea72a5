"""A trial request becomes a customer, a trial, an instance, a company, contacts, an event, access and an answer."""

from __future__ import annotations

import pytest
from town import Town
from vendors import DAY, HOUR, MINUTE


@pytest.fixture
def requested(town: Town) -> Town:
    """One team with an owner, a billing person and a member, and a request for plan pro."""
    town.init()
    town.team("acme", "Acme Inc", ann="owner", bob="billing", cyd="member")
    town.request_trial("acme", "ann")
    return town


def test_a_trial_reaches_every_system(requested: Town) -> None:
    town, now = requested, requested.vendors.now
    ends = now + 14 * DAY
    town.sync()

    customer = town.customer("acme")
    assert customer["metadata"] == {"account_id": town.account("acme")}
    assert (customer["email"], customer["name"]) == (town.email("bob"), "Acme Inc")
    sub = town.subscription("acme")
    assert (sub["status"], sub["trial_start"], sub["trial_end"]) == ("trialing", now, ends)
    assert sub["trial_settings"]["end_behavior"]["missing_payment_method"] == "pause"
    assert [item["price"]["id"] for item in sub["items"]["data"]] == ["price_pro_monthly"]
    assert sub["metadata"] == {"account_id": town.account("acme"), "request_id": f"{town.name}-r-acme"}

    instance = town.instance("acme")
    url = f"https://{town.name}-acme-1.instances.test"
    assert (instance["name"], instance["status"], instance["url"]) == (f"{town.name}-acme-1", "ready", url)
    assert town.access("acme") == {
        "account_id": town.account("acme"),
        "stage": "trialing",
        "access": "full",
        "reason": "the trial is running",
        "plan": "pro",
        "trial_ends_at": ends,
        "instance_url": url,
        "instance_status": "ready",
        "stripe_customer_id": customer["id"],
        "billing_url": None,
        "updated_at": now,
    }
    assert town.answer(f"{town.name}-r-acme") == ("accepted", "the trial was started")

    company = town.company("acme")
    assert (company["name"], company["plan"]["name"], company["monthly_spend"]) == ("Acme Inc", "pro", 0)
    assert company["custom_attributes"] == {
        "account_stage": "trialing",
        "account_access": "full",
        "account_trial_ends_at": ends,
        "account_instance_url": url,
    }
    billing = {
        "plan": "pro",
        "last_plan": "pro",
        "product_access": "full",
        "has_payment_method": False,
        "instance_url": url,
        "instance_status": "ready",
        "trial_started_at": now,
        "trial_ends_at": ends,
        "support_tier": "full",
        "mrr_mixed": False,
    }
    assert {name: town.attributes(name) for name in ("ann", "bob", "cyd")} == {
        "ann": {**billing, "billing_role": "owner"},
        "bob": {**billing, "billing_role": "billing"},
        "cyd": {"billing_role": "member", "support_tier": "full"},
    }
    for name in ("ann", "bob"):
        assert town.tags(name) == {"sub:trialing", "plan:pro"}
        assert town.events(name) == [("provisioned-instance", now), ("started-trial", now)]
    assert town.tags("cyd") == set()
    assert town.events("cyd") == []
    for name in ("ann", "bob", "cyd"):
        person = town.person(name)
        assert (person["email"], person["name"], person["role"]) == (town.email(name), name.title(), "user")
        assert person["companies"] == [town.account("acme")]


def test_everything_is_sent_once(requested: Town) -> None:
    mark = requested.vendors.mark
    requested.sync()
    effects = [call.effect for call in requested.vendors.since(mark)]
    assert sorted(effect for effect in effects if effect and "updated" not in effect) == [
        "company.attached", "company.attached", "company.attached", "company.created",
        "contact.created", "contact.created", "contact.created",
        "contact.tagged", "contact.tagged", "contact.tagged", "contact.tagged",
        "customer.created",
        "event.created", "event.created", "event.created", "event.created",
        "instance.running", "subscription.created",
    ]  # fmt: skip


def test_a_slow_instance_is_waited_for(requested: Town) -> None:
    town, start = requested, requested.vendors.now
    town.vendors.provisioner(ready_after=6 * MINUTE)
    town.sync()
    assert town.instance("acme")["status"] == "provisioning"
    row = town.access("acme")
    assert (row["stage"], row["access"], row["instance_status"]) == ("trial_requested", "none", "provisioning")
    assert town.stage("ann") == town.stage("bob") == "sub:trial-requested"
    assert town.answer(f"{town.name}-r-acme")[0] == "accepted"

    town.vendors.advance(5 * MINUTE)
    town.sync()
    assert town.access("acme")["access"] == "none"

    town.vendors.advance(5 * MINUTE)
    town.sync()
    row = town.access("acme")
    assert (row["stage"], row["access"], row["instance_status"]) == ("trialing", "full", "ready")
    assert row["instance_url"] == f"https://{town.name}-acme-1.instances.test"
    assert town.stage("ann") == town.stage("bob") == "sub:trialing"
    assert ("provisioned-instance", start + 6 * MINUTE) in town.events("ann")


def test_a_trial_that_is_cancelled_while_its_instance_is_made(requested: Town) -> None:
    """It is finished and then stopped; nobody is told that it is ready, and a second one is never made (fault 76)."""
    town, mark = requested, requested.vendors.mark
    town.vendors.provisioner(ready_after=6 * MINUTE)
    town.sync()
    town.vendors.advance(MINUTE)
    town.vendors.stripe("DELETE", f"/v1/subscriptions/{town.subscription('acme')['id']}")
    town.sync()
    town.vendors.advance(15 * MINUTE)
    town.sync()
    row = town.access("acme")
    assert (row["stage"], row["access"]) == ("trial_expired", "read_only")
    assert town.instance("acme")["status"] == "suspended"
    made = [effect for effect in town.vendors.effects(mark) if effect.startswith("instance.")]
    assert made == [f"instance.{what} {town.name}-acme-1" for what in ("running", "suspended")]
    assert "provisioned-instance" not in [name for name, _ in town.events("ann")]
    assert (town.plan(), town.todo()) == ([], {})


def test_an_instance_that_never_comes_is_flagged_and_does_not_hold_up_the_trial(requested: Town) -> None:
    town = requested
    town.vendors.provisioner(never=["*"])
    town.sync()
    assert town.access("acme")["stage"] == "trial_requested"
    town.vendors.advance(15 * MINUTE)
    town.sync()
    row = town.access("acme")
    assert (row["stage"], row["access"], row["instance_status"]) == ("trialing", "full", "provisioning")
    assert town.stage("ann") == "sub:trialing"
    assert "instance" in town.todo()[f"account:{town.account('acme')}"]


def test_a_failed_instance_is_flagged(requested: Town) -> None:
    town = requested
    town.vendors.provisioner(fail=["*"])
    town.sync()
    assert town.access("acme")["instance_status"] == "failed"
    assert "failed" in town.todo()[f"account:{town.account('acme')}"]


def test_a_second_request_is_answered_and_starts_nothing(requested: Town) -> None:
    town = requested
    town.sync()
    town.vendors.advance(HOUR)
    second = town.request_trial("acme", "bob", id="again")
    town.sync()
    assert town.answer(second)[0] == "already"
    assert len(town.subscriptions("acme")) == 1


def test_a_request_that_cannot_be_granted_says_why(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    request = town.request_trial("acme", "ann", plan="gold")
    town.sync()
    assert town.answer(request) == ("refused", "instep.toml has no plan 'gold'")
    assert town.customers("acme") == []
