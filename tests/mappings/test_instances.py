"""What the provisioner is asked for."""

from dataclasses import replace

import pytest
from golden.words import ACME, CATALOG, NOW, account, config, instance, known, person, sub

from mappings.alerts import alerts
from mappings.instances import adopted_name
from mappings.lifecycle import life
from mappings.model import AccountFacts, Desired, instance_subject
from mappings.provisioning import desired_instance, desired_run, held_instance

CONFIG = config()


def asked(facts: AccountFacts) -> Desired:
    (found,) = desired_instance(facts, life(facts, CONFIG, CATALOG, NOW, True), CONFIG)
    return found


def test_the_whole_state_each_time() -> None:
    found = asked(known(sub("active", request_id="req_1"), people=(person("olga"), person("bill", "billing"))))
    assert found.subject == instance_subject(ACME, 1)
    assert dict(found.values) == {
        "name": "acme-1",
        "desired": "running",
        "account_id": ACME,
        "plan": "pro",
        "owner_email": "bill@example.com",
        "request_id": "req_1",
    }
    assert (found.whole, found.lowers) == (True, False)


def test_a_deployment_is_given_the_same_without_a_person() -> None:
    facts = known(sub("active", request_id="req_1"), people=(person("olga"),))
    usual = asked(facts)
    (found,) = desired_run(facts, life(facts, CONFIG, CATALOG, NOW, True), CONFIG)
    assert {**found.values, "owner_email": "olga@example.com"} == dict(usual.values)
    assert "owner_email" not in found.values
    assert (found.beside, found.whole, found.lowers) == (usual.beside, usual.whole, usual.lowers)


def test_a_new_generation_only_after_a_confirmed_deletion() -> None:
    names = [asked(known(sub("active"), instance(status, 2))).values["name"] for status in ("suspended", "deleted")]
    assert names == ["acme-2", "acme-3"]


def test_suspending_takes_something_away() -> None:
    assert asked(known(sub("paused", pause_type="pause_requested", paused_at=NOW), instance())).lowers


def test_the_revision_rises_above_what_the_provisioner_knew() -> None:
    ahead = replace(instance(), revision=NOW + 50)
    assert asked(known(sub("active"), instance())).beside["revision"] == NOW
    assert asked(known(sub("active"), ahead)).beside["revision"] == NOW + 51


def test_of_requests_of_the_same_second_one_is_named_whatever_the_order() -> None:
    pair = (sub("active", "sub_a", request_id="req_a"), sub("active", "sub_b", request_id="req_b"))
    assert asked(known(*pair)).values == asked(known(*reversed(pair))).values


def test_others_start_subscriptions_without_an_instance_unless_all_get_one() -> None:
    facts = known(sub("active"))
    everyone = config(policy={"instances": "all"})
    for rules, wanted in ((CONFIG, "not_managed"), (everyone, "running")):
        assert life(facts, rules, CATALOG, NOW, True).instance == wanted


def test_what_is_being_made_is_waited_for_and_what_failed_is_not_asked_for_again() -> None:
    making, failed = (known(sub("active"), instance(status)) for status in ("provisioning", "failed"))
    assert held_instance(making, asked(making)).pending  # type: ignore[union-attr]
    held = held_instance(failed, asked(failed))
    assert held is not None
    assert not held.pending


LEGACY = replace(instance(), name="legacy")


@pytest.mark.parametrize("named", ["", "legacy", "another"])
def test_an_adopted_instance_stays_whatever_the_view_names_now(named: str) -> None:
    facts = known(account(instance_name=named), sub("active"), LEGACY)
    found = asked(facts)
    assert (found.values["name"], found.create, found.adopts) == ("legacy", False, True)
    told = alerts(facts, life(facts, CONFIG, CATALOG, NOW, True))
    assert [line for line in told if "another" in line] == (
        ["the account view names instance another, but legacy is the one that was found: it stays"]
        if named == "another"
        else []
    )


def test_an_adopted_instance_that_is_gone_gives_way() -> None:
    """Deleted, to our next generation; lost, to another one that the view names; and never beside one of ours."""
    deleted, lost = (replace(LEGACY, status=status) for status in ("deleted", "gone"))
    assert asked(known(sub("active"), deleted)).values["name"] == "acme-2"
    assert adopted_name(known(account(instance_name=""), lost)) == "legacy"
    assert adopted_name(known(account(instance_name="another"), lost)) == "another"
    assert adopted_name(known(account(instance_name="legacy"), deleted)) == ""
    assert adopted_name(known(account(instance_name="legacy"), instance())) == ""
