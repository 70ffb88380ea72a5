"""A vendor that answers in another API version than it was asked for is not believed (fault 47)."""

import httpx
import pytest
from pydantic import SecretStr
from vendor_world import gate

from connectors.contract import Transient
from connectors.stripe import StripeApi, StripeSettings
from connectors.stripe.client import VERSION


def answering(headers: dict[str, str]) -> StripeApi:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"id": "acct_1"}, headers=headers))
    return StripeApi(StripeSettings(SecretStr("sk_test")), gate("stripe"), transport)


def test_another_version_of_stripe_is_named():
    with pytest.raises(Transient, match=f"answers in API version 2030-01-01.later, though it was asked for {VERSION}"):
        answering({"stripe-version": "2030-01-01.later"}).identity()


@pytest.mark.parametrize("headers", [{}, {"stripe-version": VERSION}])
def test_the_version_that_was_asked_for_is_believed(headers):
    assert answering(headers).identity().account_id == "acct_1"
