"""The team's own hooks: each occurrence told once and in order, whoever dies or fails, and nobody waits for a hook."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from bench import NOW, Bench
from pydantic import SecretStr
from vendors import DAY, HOUR, Vendors
from works import CREATED, Works, ended, trip

from connectors.hooks import Hook
from flows.hooks import secrets_of
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import AccountFacts, Desired, Occurrence, account_subject, at_iso

STARTED, READY = "started-trial", "provisioned-instance"
ONE = f"after.{STARTED}"


@pytest.fixture
def hooked(town: Works) -> Works:
    """Two hooks that have been on since the house was born."""
    return hook_up(town)


def hook_up(town: Works, *names: str, on: bool = True) -> Works:
    names = names or (STARTED, READY)
    town.configure("".join(f'\n[after."{name}"]\nurl = "{url(town, name)}"\n' for name in names))
    for name in names if on else ():
        town.switch_on(f"after.{name}")
    town.vendors.control("PUT", "/hooks/settings", {"answers": {}, "secrets": {}})
    return town


def url(town: Works, name: str) -> str:
    return f"{town.vendors.url}/hooks/{town.name}-{name}"


def received(town: Works) -> list[dict[str, Any]]:
    """What this town's receivers took, in order of arrival."""
    found = town.vendors.control("GET", "/hooks/settings")["messages"]
    return [row for row in found if row["hook"].startswith(f"{town.name}-")]


def told(town: Works) -> list[tuple[str, str, int]]:
    return [(row["account_id"], row["type"], row["times"]) for row in received(town)]


def answer(town: Works, name: str, status: int) -> None:
    town.vendors.control("PUT", "/hooks/settings", {"answers": {f"{town.name}-{name}": status}})


def heal(town: Works) -> None:
    town.vendors.control("PUT", "/hooks/settings", {"answers": {}})
    town.vendors.heal()
    town.let_retries_pass()


def test_each_occurrence_is_told_once_signed_and_without_a_person(hooked: Works) -> None:
    town = hooked
    (secret,) = secrets_of(url(town, STARTED), town.settings.instep_secrets)
    town.vendors.control("PUT", "/hooks/settings", {"secrets": {f"{town.name}-{STARTED}": secret.get_secret_value()}})
    account = town.trial()
    town.sync()
    assert sorted(told(town)) == [(account, READY, 1), (account, STARTED, 1)]
    (body,) = [row for row in received(town) if row["type"] == STARTED]
    (subscription,) = town.subscriptions("acme")
    assert body["verified"]
    assert body["data"] == {"source_id": subscription["id"], "plan": "pro"}
    assert body["timestamp"] == at_iso(subscription["created"])
    assert town.name + ".example" not in str(body)
    assert town.sync_again().writes == 0
    assert len(received(town)) == 2


def test_a_wrong_secret_stops_that_hook_and_nothing_else(hooked: Works) -> None:
    town, account, mark = hooked, hooked.trial(), hooked.vendors.mark
    other = "whsec_" + "b3RoZXI="
    town.vendors.control("PUT", "/hooks/settings", {"secrets": {f"{town.name}-{STARTED}": other}})
    report = town.try_sync()
    assert list(report.troubles) == [ONE]
    assert told(town) == [(account, READY, 1)]
    assert town.created(mark) == CREATED
    assert town.todo() == {}
    town.vendors.control("PUT", "/hooks/settings", {"secrets": {}})
    town.let_retries_pass()
    town.sync()
    assert (account, STARTED, 1) in told(town)


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
def test_killed_at_a_call(hooked: Works, before: bool) -> None:
    """The receiver may be told twice, under the same id; our books have it once."""
    town, account, mark = hooked, hooked.trial(), hooked.vendors.mark
    assert ended(town.start(trip(ONE, signal.SIGKILL, before))) == -signal.SIGKILL
    town.sync()
    assert sorted(told(town)) == [(account, READY, 1), (account, STARTED, 1 if before else 2)]
    assert town.created(mark) == CREATED
    town.assert_in_step(account)
    assert town.told_once()


@pytest.mark.parametrize(
    "action",
    ["500_before", "500_after", "hang_after", "cut_after", "junk_502", "junk_502_after", "429"],
)  # fmt: skip
def test_an_answer_that_is_lost_or_late_is_asked_for_again(hooked: Works, action: str) -> None:
    town, account = hooked, hooked.trial()
    town.vendors.fault(action, "hooks", "POST", STARTED, arg=30)
    report = town.try_sync()
    assert told(town)[-1] == (account, READY, 1), "the other hook does not wait"
    assert town.access("acme")["access"] == "full"
    assert not report.ok
    heal(town)
    town.sync()
    times = 2 if action.endswith("_after") else 1
    assert sorted(told(town)) == [(account, READY, 1), (account, STARTED, times)]
    town.assert_in_step(account)


@pytest.mark.parametrize("status", [400, 404, 409, 302])
def test_a_refusal_is_parked_with_its_reason_and_ends_with_the_next_configuration(hooked: Works, status: int) -> None:
    town, account = hooked, hooked.trial()
    answer(town, STARTED, status)
    town.sync()
    mark = town.vendors.mark
    (reason,) = town.todo().values()
    assert list(town.todo()) == [f"account:{account} {ONE}"]
    assert reason.startswith(f"the receiver answered {status}")
    assert "127.0.0.1" not in reason
    town.sync_again()
    assert [call for call in town.vendors.since(mark) if call.system == "hooks"] == []
    heal(town)
    hook_up(town, STARTED)
    town.sync()
    assert (account, STARTED, 1) in told(town)
    assert town.todo() == {}


def test_a_hook_that_comes_later_tells_nothing_of_before(town: Works) -> None:
    account = town.trial()
    town.sync()
    hook_up(town, STARTED, READY, on=False)
    town.vendors.advance(HOUR)
    assert [p for p in town.plan() if p.step.target == ONE] == []
    town.sync()
    assert town.house().modes[ONE] == "watch"
    town.switch_on(ONE)
    town.sync_again()
    town.vendors.advance(HOUR)
    later = town.trial("later")
    town.sync()
    assert told(town) == [(later, STARTED, 1)]
    assert account != later


def test_a_hook_that_was_taken_out_begins_anew(town: Works) -> None:
    hook_up(town, STARTED)
    town.sync()
    town.configure("")
    town.vendors.advance(HOUR)
    town.trial("meanwhile")
    town.sync()
    assert ONE not in town.house().modes
    town.vendors.advance(HOUR)
    hook_up(town, STARTED, on=False)
    town.sync()
    town.switch_on(ONE)
    town.sync_again()
    assert told(town) == []


def test_watching_calls_nobody_and_a_plan_names_the_call(town: Works) -> None:
    hook_up(town, STARTED, on=False)
    account = town.trial()
    town.sync()
    assert told(town) == []
    town.switch_on(ONE)
    with town.memory() as store:
        store.make_all_due(town.vendors.now, "test")
    (planned,) = [p for p in town.plan() if p.step.target == ONE]
    assert planned.step.values == {"account_id": account}
    town.sync_again()
    assert told(town) == [(account, STARTED, 1)]


def test_what_is_older_than_three_days_is_known_not_told(hooked: Works) -> None:
    town = hooked
    town.trial()
    town.vendors.fault("500_before", "hooks", times=10_000)
    town.try_sync()
    town.vendors.advance(3 * DAY + HOUR)
    heal(town)
    town.sync()
    assert told(town) == []


def test_the_next_moment_of_an_account_does_not_wait_for_a_failing_hook(hooked: Works) -> None:
    """The back-off of the hook ends where a timer of the account rings."""
    town = hooked
    town.trial(days=4)
    town.vendors.fault("500_before", "hooks", times=10_000)
    for _ in range(4):
        town.try_sync()
        town.let_retries_pass()
    town.vendors.move_to(town.access("acme")["trial_ends_at"] - 3 * DAY - 20)
    town.try_sync()
    assert 0 < town.retry_in("acme") <= 20
    town.vendors.advance(30)
    town.let_retries_pass()
    town.try_sync()
    assert town.retry_in("acme") > 100


def test_a_later_occurrence_waits_for_the_earlier_one_of_its_account_only(
    vendors: Vendors, on_sqlite: Callable[[], str]
) -> None:
    """Whatever becomes of the earlier one: unclear, or refused."""
    to = f"{vendors.url}/hooks/bench-order"

    def twice(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
        told = tuple(Occurrence("paid", f"{facts.account_id} {n}", NOW + n) for n in (1, 2))
        beside = {"account_id": facts.account_id}
        yield Desired("after.paid", account_subject(facts.account_id), beside=beside, occurrences=told)

    bench = Bench(on_sqlite(), lambda: [TargetLine(Hook("after.paid", to, [SecretStr("whsec_b3RoZXI=")]), twice)])
    for action in ("500_before", "redirect_302", "delay"):
        vendors.fault(action, "hooks", "POST", "bench-order")
        bench.shop.names = {"a1": action, "a2": action}
        bench.hear("a1", "a2")
        bench.reader().look()
        bench.store.forget_parking()
        bench.work()
    bench.close()
    found = vendors.control("GET", "/hooks/settings")["messages"]
    mine = [row["data"]["source_id"] for row in found if row["hook"] == "bench-order"]
    assert mine == ["a2 1", "a2 2", "a1 1", "a1 2"]
