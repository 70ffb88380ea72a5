"""A worker dies around a deletion: the next one finishes it, and nothing is left of the person (faults 1 to 6)."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from works import Works, ended, trip

from flows.house import Instep
from flows.hub import sync

pytestmark = pytest.mark.kills


def marked(town: Works) -> str:
    """A team in trial with two people, the owner of which the product marks erased."""
    account = town.trial()
    town.join("acme", "bob", "owner")
    town.sync()
    town.product.execute("UPDATE users SET erased = 1 WHERE user_id = :id", {"id": f"{town.name}-acmeowner"})
    return account


def assert_erased(town: Works) -> None:
    assert [row["external_id"] for row in town.people()] == [f"{town.name}-bob"]
    assert town.customer("acme")["email"] == town.email("bob")
    with town.memory() as store:
        assert [order.state for order in store.orders()] == ["done"]
    mark = town.vendors.mark
    assert town.sync_again().writes == 0
    assert town.vendors.effects(mark) == []


@pytest.mark.parametrize("before", [False, True], ids=["after", "before"])
@pytest.mark.parametrize("target", ["stripe.customers", "intercom.erasures"])
def test_killed_at_a_deletion(town: Works, target: str, before: bool) -> None:
    marked(town)
    assert ended(town.start(trip(target, signal.SIGKILL, before))) == -signal.SIGKILL
    town.sync()
    assert_erased(town)


@pytest.mark.parametrize("fault", ["500_after", "cut_after", "html_200_after", "hang_after", "500_before"])
def test_a_deletion_of_unknown_outcome(town: Works, fault: str) -> None:
    marked(town)
    town.vendors.fault(fault, "intercom", "DELETE", arg=2)
    town.try_sync()
    town.vendors.heal()
    town.let_retries_pass()
    town.sync()
    assert_erased(town)


METHODS = ("note_orders", "weigh", "begin_erasures", "erase_memory")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", METHODS)
def test_killed_at_a_commit_of_ours(town: Works, method: str, after: bool) -> None:
    marked(town)

    def work(instep: Instep) -> None:
        inner = getattr(instep.store, method)

        def dying(*given: Any, **more: Any) -> None:
            if after:
                inner(*given, **more)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(instep.store, method, dying)
        sync(instep)

    assert ended(town.start(work=work)) == -signal.SIGKILL
    town.sync()
    assert_erased(town)
