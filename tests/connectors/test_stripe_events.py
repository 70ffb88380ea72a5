"""How far back Stripe's event log is trusted."""

import pytest
from vendor_world import NOW

from connectors.contract import Stale
from connectors.stripe import StripeBilling
from connectors.stripe.events import REACH


@pytest.fixture
def billing(live, stripe_api) -> StripeBilling:
    return StripeBilling(stripe_api, lambda: live.world.now)


def test_a_cursor_that_events_do_not_reach_back_to_is_stale(live, billing):
    live.world.set_clock(NOW + REACH)
    assert next(billing.changes(str(NOW)))
    live.world.set_clock(NOW + REACH + 1)
    with pytest.raises(Stale):
        next(billing.changes(str(NOW)))
