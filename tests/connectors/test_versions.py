"""A vendor that answers in another API version than it was asked for is not believed (fault 47)."""

import httpx
import pytest
from pydantic import SecretStr
from vendor_world import gate

from connectors.contract import Transient
from connectors.intercom import INTERCOM_VERSION, IntercomApi, IntercomSettings
from connectors.stripe import STRIPE_VERSION, StripeApi, StripeSettings

ME = {"id": "acct_1", "app": {"id_code": "w1", "region": "US"}}
VENDORS = {
    "stripe": lambda transport: StripeApi(StripeSettings(SecretStr("sk_test")), gate("stripe"), transport),
    "intercom": lambda transport: IntercomApi(IntercomSettings(SecretStr("tok")), gate("intercom"), transport),
}
ASKED = {"stripe": STRIPE_VERSION, "intercom": INTERCOM_VERSION}


def answering(system: str, headers: dict[str, str]):
    return VENDORS[system](httpx.MockTransport(lambda request: httpx.Response(200, json=ME, headers=headers)))


@pytest.mark.parametrize("system", VENDORS)
def test_another_version_is_named(system):
    api = answering(system, {f"{system}-version": "2030-01-01.later"})
    other = f"^{system} answers in API version 2030-01-01.later, though it was asked for {ASKED[system]}$"
    for reading in (api.identity, lambda: api.get("/any")):
        with pytest.raises(Transient, match=other):
            reading()
    assert api.hello().version == "2030-01-01.later"


@pytest.mark.parametrize("system", VENDORS)
def test_the_version_that_was_asked_for_is_believed(system):
    for headers in ({}, {f"{system}-version": ASKED[system]}, {"x-intercom-version": "3736ab533ad11d88d93cdef3"}):
        assert answering(system, headers).identity()[0] in ("acct_1", "w1")
