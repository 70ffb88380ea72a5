"""An instance over the wire: deleted after retention, a few a day; lost, lied about, or there before us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import requests
from standardwebhooks import Webhook
from town import CONFIG, Build, Town
from vendors import DAY, HOUR, MINUTE

from sandbox.provisioner import SECRET

both = pytest.mark.parametrize("town", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def town(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    """On SQLite, where a test does not say otherwise."""
    with build(getattr(request, "param", "sqlite")) as here:
        yield here


def configure(town: Town, policy: str = "", brake: str = "") -> None:
    town._config.write_text(f"{CONFIG}{policy}\n[brake]\n{brake}\n")


def started(town: Town, *names: str) -> Town:
    """A trial with its instance for each account."""
    town.init()
    for name in names:
        town.team(name, **{f"{name}owner": "owner"})
        town.request_trial(name, f"{name}owner")
    town.sync()
    return town


def put_by_hand(town: Town, name: str, account: str, desired: str = "running") -> None:
    """What another tool has made: signed as Standard Webhooks asks for."""
    body = orjson.dumps({"desired": desired, "revision": 1, "account_id": account})
    now = datetime.now(UTC)
    headers = {
        "Idempotency-Key": f"by-hand-{name}-{desired}",
        "webhook-id": "by-hand",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("by-hand", now, body.decode()),
    }
    answer = requests.put(f"{town.vendors.url}/provisioner/instances/{name}", data=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


def instances(town: Town) -> dict[str, str]:
    """Name -> status, of this town."""
    listed = town.vendors.control("GET", "/provisioner/settings")["instances"]
    return {row["name"]: row["status"] for row in listed if str(row["account_id"]).startswith(f"{town.name}-")}


def done(town: Town, mark: int) -> list[str]:
    return [effect.split()[0] for effect in town.vendors.effects(mark) if effect.startswith("instance.")]


def churned(town: Town) -> Town:
    """A paid subscription that has just been ended; thirty days of retention."""
    configure(town, "retention_days = 30")
    started(town, "acme").card("acme")
    town.vendors.advance(14 * DAY + 2 * HOUR)
    town.sync()
    leave(town, "first")
    assert (town.access("acme")["stage"], town.instance("acme")["status"]) == ("churned", "suspended")
    return town


def leave(town: Town, id: str) -> None:
    ask(town, id, "cancel", days=0)
    town.sync()


def ask(town: Town, id: str, kind: str, days: int | None = None) -> None:
    town.product.add_request(
        request_id=f"{town.name}-{id}", kind=kind, account_id=town.account("acme"), user_id="", plan=None, days=days,
        requested_at=town.vendors.now,
    )  # fmt: skip


@both
def test_deleted_after_retention_and_a_new_one_for_who_comes_back(town: Town) -> None:
    churned(town)
    town.vendors.advance(29 * DAY)
    town.sync()
    assert town.instance("acme")["status"] == "suspended"

    ask(town, "back", "reactivate")
    town.sync()
    assert instances(town) == {f"{town.name}-acme-1": "ready"}
    town.vendors.advance(2 * DAY)
    town.sync()
    leave(town, "second")
    town.vendors.advance(29 * DAY)
    mark = town.vendors.mark
    town.sync()
    assert done(town, mark) == []  # The clock began anew.

    town.vendors.advance(DAY)
    town.sync()
    assert done(town, mark) == ["instance.deleted"]
    row = town.access("acme")
    assert (row["instance_status"], row["instance_url"]) == ("deleted", "")
    assert town.plan() == []

    ask(town, "again", "reactivate")
    town.sync()
    assert instances(town) == {f"{town.name}-acme-1": "deleted", f"{town.name}-acme-2": "ready"}
    assert town.access("acme")["instance_url"] == f"https://{town.name}-acme-2.instances.test"
    assert town.plan() == []


def test_nothing_is_deleted_without_a_fresh_look_at_everything(town: Town) -> None:
    churned(town)
    town.vendors.advance(31 * DAY)
    town.vendors.fault("500_before", "stripe", "GET", "/subscriptions", times=99)
    mark = town.vendors.mark
    town.try_sync()
    assert done(town, mark) == []
    town.vendors.heal()
    town.let_retries_pass()


def erase(town: Town, *names: str) -> None:
    for name in names:
        row = {"yes": True, "t": town.account(name)}
        town.product.execute("UPDATE teams SET erased = :yes WHERE team_id = :t", row)


@both
def test_of_erased_accounts_a_few_a_day_and_the_rest_when_it_may_go_on(town: Town) -> None:
    configure(town, brake="instance_deletions_a_day = 2\ninferred = { floor = 50, share = 1.0 }")
    names = ["aa", "bb", "cc", "dd", "ee"]
    started(town, *names)
    erase(town, *names)
    mark = town.vendors.mark
    town.sync()
    assert done(town, mark) == ["instance.deleted"] * 2
    held = [why for subject, why in town.todo().items() if "instances" in subject]
    assert held == ["held by the brake: instance_deletions: 2 a day"] * 3

    town.vendors.advance(DAY - MINUTE)
    town.sync()
    assert done(town, mark) == ["instance.deleted"] * 2
    town.vendors.advance(2 * MINUTE)
    town.sync()
    assert done(town, mark) == ["instance.deleted"] * 4
    town.vendors.advance(DAY + MINUTE)
    town.sync()
    assert done(town, mark) == ["instance.deleted"] * 5
    assert set(instances(town).values()) == {"deleted"}
    assert not [subject for subject in town.todo() if "instances" in subject]
    assert town.plan() == []


@pytest.mark.parametrize("action", ["500_after", "500_before", "cut_after", "html_200_after"])
def test_deleted_once_whatever_becomes_of_the_answer(town: Town, action: str) -> None:
    """And counted once: the limit of one is not spent by trying again."""
    configure(town, brake="instance_deletions_a_day = 1")
    started(town, "acme")
    erase(town, "acme")
    town.vendors.fault(action, "provisioner", "PUT", times=1)
    mark = town.vendors.mark
    for _ in range(3):
        town.try_sync()
        town.let_retries_pass()
    assert done(town, mark) == ["instance.deleted"]
    assert town.plan() == []


def test_one_that_was_deleted_by_hand_is_told_and_not_made_again(town: Town) -> None:
    started(town, "acme")
    name, account = f"{town.name}-acme-1", town.account("acme")
    town.vendors.provisioner(lost=[name])
    mark = town.vendors.mark
    assert town.try_sync([account]).ok
    assert town.try_sync([account]).ok
    assert done(town, mark) == []
    row = town.access("acme")
    assert (row["access"], row["instance_status"], row["instance_url"]) == ("full", "failed", "")
    assert "does not know it" in town.todo()[f"instance:{account}#1 instances"]
    assert "no longer there" in town.todo()[f"account:{account}"]

    town.vendors.provisioner(lost=[])
    assert town.try_sync([account]).ok
    assert town.access("acme")["instance_status"] == "ready"
    assert town.todo() == {}
    assert town.plan() == []


def test_an_answer_for_another_account_changes_nothing(town: Town) -> None:
    started(town, "acme", "beta")
    account, before = town.account("acme"), {name: town.access(name) for name in ("acme", "beta")}
    town.vendors.provisioner(lie={f"{town.name}-acme-1": town.account("beta")})
    mark = town.vendors.mark
    assert town.try_sync([account, town.account("beta")]).ok
    assert done(town, mark) == []
    for name in ("acme", "beta"):
        assert {**town.access(name), "updated_at": 0} == {**before[name], "updated_at": 0}
    assert "another account" in town.todo()[f"instance:{account}#1 instances"]
    assert f"account:{town.account('beta')}" not in town.todo()

    town.vendors.provisioner(lie={})
    assert town.try_sync([account]).ok
    assert town.todo() == {}


def test_an_answer_for_another_account_from_the_start(town: Town) -> None:
    town.vendors.provisioner(lie={f"{town.name}-acme-1": f"{town.name}-beta"})
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    row = town.access("acme")
    assert (row["stage"], row["access"], row["instance_url"]) == ("trial_requested", "none", None)
    assert "another account" in town.todo()[f"instance:{town.account('acme')}#1 instances"]
    town.vendors.advance(16 * MINUTE)
    town.sync()
    assert town.access("acme")["access"] == "full"


def adopted(town: Town, **row: Any) -> Town:
    """A paying account from before us, whose instance another tool has made."""
    town.team("acme", ann="owner")
    customer = town.vendors.stripe("POST", "/v1/customers", **{"metadata[account_id]": town.account("acme")})["id"]
    town.vendors.control("POST", f"/stripe/customers/{customer}/card", {"outcome": "ok"})
    town.vendors.stripe("POST", "/v1/subscriptions", customer=customer, **{"items[0][price]": "price_pro_monthly"})
    put_by_hand(town, f"{town.name}-legacy", town.account("acme"))
    town.vendors.advance(HOUR)
    for name, value in row.items():
        town.product.execute(
            f"UPDATE teams SET {name} = :v WHERE team_id = :t", {"v": value, "t": town.account("acme")}
        )
    return town.init()


@pytest.mark.parametrize("policy", ["", 'instances = "all"'])
def test_of_an_adopted_account_nothing_is_taken_over_that_is_not_named(town: Town, policy: str) -> None:
    configure(town, policy)
    adopted(town)
    mark = town.vendors.mark
    town.sync()
    assert done(town, mark) == []
    assert (town.access("acme")["stage"], town.access("acme")["instance_status"]) == ("active", None)


def test_of_an_adopted_account_the_named_instance_is_taken_over(town: Town) -> None:
    adopted(town, instance_name=f"{town.name}-legacy")
    mark = town.vendors.mark
    town.sync()
    row = town.access("acme")
    assert (row["instance_status"], row["instance_url"]) == ("ready", f"https://{town.name}-legacy.instances.test")
    town.sync()
    assert town.plan() == []
    assert instances(town) == {f"{town.name}-legacy": "ready"}
    assert done(town, mark) in ([], ["instance.updated"])
    mark = town.vendors.mark
    town.product.execute("UPDATE teams SET instance_name = NULL WHERE team_id = :t", {"t": town.account("acme")})
    town.sync()
    assert done(town, mark) == []
    assert town.access("acme")["instance_url"] == f"https://{town.name}-legacy.instances.test"
    leave(town, "end")
    assert done(town, mark) == ["instance.suspended"]
    assert instances(town) == {f"{town.name}-legacy": "suspended"}


def test_a_named_instance_that_is_not_there_is_not_made(town: Town) -> None:
    adopted(town, instance_name=f"{town.name}-elsewhere")
    mark = town.vendors.mark
    town.sync()
    assert done(town, mark) == []
    assert "is not there" in town.todo()[f"instance:{town.account('acme')}#1 instances"]
