"""How several workers share what is to be read and who is to be worked on."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from works import Works

from flows import hub as hubs
from flows import stopping
from flows.hub import Hub


def test_whoever_reads_one_source_of_a_system_reads_the_rest_of_it(town: Works) -> None:
    """Else an account would be known before the request that came with it."""
    town.sync()
    account = town.trial()
    with town.memory() as store:
        cursor = store.lease_cursor("product.requests", "another worker", 300)
        assert cursor
        report = town.try_sync()
        assert [pulled.source for pulled in report.pulled if not pulled.busy] == ["stripe", "instances"]
        assert town.access("acme") == {}
        store.release_cursor(cursor)
    town.sync()
    town.assert_in_step(account)


def test_what_cannot_be_begun_in_time_is_given_back(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    account = town.trial()
    with Hub(town.open(), "test") as hub:
        hub.pull()
        assert hub.ready()
        (lease,) = hub.due()
        with monkeypatch.context() as patch:
            patch.setattr(hubs, "LEASE", 0.0)
            assert hub.work([lease]) == 0
        assert town.links(account) == []
        (again,) = hub.due()
        assert (again.account_id, again.token, again.wake) == (account, lease.token + 1, lease.wake)
        assert (again.reason, again.attempts, again.taken_over) == (lease.reason, lease.attempts, False)
        assert hub.work([again]) == 1
    town.sync()
    town.assert_in_step(account)


def test_a_batch_outlives_a_slow_look_at_whose_the_workspace_is(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    account, instep, passed = town.trial(), town.open(), [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(passed), time=time.time, sleep=time.sleep)
    for module in (hubs, stopping):
        monkeypatch.setattr(module, "time", clock)
    instep.kept_by = lambda: passed.append(hubs.LEASE + stopping.LOOK_PAUSE) or ""
    with Hub(instep, "test") as hub:
        hub.pull()
        assert hub.ready()
        assert hub.work(hub.due()) == 0, "given back before anything is sent under leases that have ended"
        assert hub.work(hub.due()) == 1, "not looked for again at once"
    town.sync()
    town.assert_in_step(account)


def test_a_batch_is_as_large_as_the_speed_allows(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(16):
        town.team(f"t{number}", **{f"t{number}owner": "owner"})
    with Hub(town.open(), "test") as hub:
        hub.pull()
        assert hub.ready()
        sizes = []
        with monkeypatch.context() as patch:
            patch.setattr(hubs, "LEASE", 0.0)
            hub.work(hub.due())
        while leases := hub.due():
            sizes.append(len(leases))
            hub.work(leases)
    threads = town.settings.instep_concurrency
    assert sizes[:2] == [threads, 2 * threads]
