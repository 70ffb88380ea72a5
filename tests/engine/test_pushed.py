"""What a push changed is looked at, whatever happens between the push and the look; once, where nothing happens."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from works import CREATED, Works, ended

from connectors.contract import Transient
from connectors.provisioning import Instances
from flows.house import Instep
from flows.hub import sync
from mappings.model import Link, Record, Ref
from state.store import Store

DAY = 86_400


def dies_after_acknowledging(target: str) -> Any:
    def work(instep: Instep) -> None:
        acknowledge = Store.acknowledge

        def last(self: Store, lease: Any, link: Link, *rest: Any, **more: Any) -> Link:
            done = acknowledge(self, lease, link, *rest, **more)
            if link.target == target:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        Store.acknowledge = last  # type: ignore[method-assign]
        sync(instep)

    return work


@pytest.mark.parametrize("target", ["instances", "stripe.customers", "stripe.trials"])
def test_a_worker_dies_between_the_acknowledgement_and_the_look(town: Works, target: str) -> None:
    account, mark = town.trial(), town.vendors.mark
    assert ended(town.start(work=dies_after_acknowledging(target))) == -signal.SIGKILL
    town.sync()
    assert town.created(mark) == CREATED
    town.assert_in_step(account)


def test_the_look_after_the_push_fails(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    account, fetch, failed = town.trial(), Instances.fetch, []

    def fails_once(self: Instances, ref: Ref) -> Record:
        if not failed:
            failed.append(ref)
            raise Transient("not now")
        return fetch(self, ref)

    monkeypatch.setattr(Instances, "fetch", fails_once)
    town.try_sync()
    assert failed
    town.let_retries_pass()
    town.sync()
    town.assert_in_step(account)


def test_what_was_looked_at_is_not_looked_at_again(town: Works) -> None:
    town.trial()
    mark = town.vendors.mark
    town.sync()
    calls = [call.method for call in town.vendors.since(mark) if call.system == "provisioner"]
    assert calls == ["GET", "PUT", "GET"], "looked for, made, looked at"
    with town.memory() as store:
        assert store.due_hints(town.vendors.now + DAY, 10) == []


def test_a_failed_change_of_address_is_made_later(town: Works) -> None:
    account = town.trial()
    town.sync()
    town.vendors.advance(DAY)
    town.product.execute("UPDATE users SET email = 'moved-' || email")
    town.vendors.fault("500_before", "stripe", "POST", "/v1/customers/")
    town.try_sync()
    town.let_retries_pass()
    town.sync()
    assert town.customer("acme")["email"].startswith("moved-")
    town.assert_in_step(account)
