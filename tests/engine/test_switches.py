"""What people switch on or pause beside a running worker holds from its next batch on, and stays."""

from __future__ import annotations

import pytest
from forgetting import mark
from works import Works

from flows import stopping
from flows.house import open_instep
from flows.hub import Hub
from flows.switching import pause


def switch(town: Works, mode: str) -> None:
    with town.memory() as store:
        store.amend({"modes": {**town.house().modes, "intercom.erasures": mode}})
        store.make_all_due(town.vendors.now, "switches changed")


def test_a_pause_outlasts_what_is_connected_anew(town: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "RENEW_PAUSE", 0)
    town.vendors.fault("500_before", "intercom", times=1_000_000)
    settings = town.settings
    town.opened = open_instep(settings, reread=lambda: settings)
    with Hub(town.opened, "reconcile") as hub:
        pause(town.settings, "stripe.customers")
        hub.due()
        assert hub.instep.systems.mode("stripe.customers") == "watch"
        town.vendors.heal()
        hub.due()
        assert not hub.instep.unreachable
        assert hub.instep.systems.mode("stripe.customers") == "watch"
        assert hub.instep.house == town.house()


@pytest.mark.parametrize(("before", "after", "state"), [("on", "watch", "due"), ("watch", "on", "done")])
def test_whether_an_erasure_begins_is_asked_of_the_switches_of_now(
    town: Works, before: str, after: str, state: str
) -> None:
    account = town.trial()
    town.sync()
    switch(town, before)
    mark(town, "acmeowner")
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        switch(town, after)
        hub.until_idle()
    with town.memory() as store:
        assert [order.state for order in store.orders_of(account)] == [state]
