"""Instances: pending, ready, failed, answered for another, and signed."""

import pytest
import requests
import responses
from contract_tests import step
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError
from vendor_world import gate

from connectors.contract import Rejected, Source, Transient, Unauthorized, Unknown
from connectors.provisioning import Instances, ProvisionerSettings
from mappings.model import Desired, Ref, Subject
from sandbox.provisioner import provisioner

REF = Ref("instances", "instance", "a1-1")
SECRET = "whsec_aW5zdGVw"


def wanted(state: str = "running", revision: int = 1) -> Desired:
    values = {"name": "a1-1", "desired": state, "account_id": "a1", "plan": "team"}
    return Desired("instances", Subject("instance:a1#1"), values, whole=True, beside={"revision": revision})


def put(target: Instances, desired: Desired, key: str = "k1"):
    return target.push(step(desired, "create", key))


def test_it_is_a_source(instances):
    assert isinstance(instances, Source)
    assert list(instances.changes(None)) == list(instances.scan(None)) == []


def test_an_unfinished_instance_is_pending(live, instances):
    provisioner(live.world).plan.ready_after = 60
    held = put(instances, wanted())
    assert (held.external_id, held.pending, held.changed) == ("a1-1", True, REF)
    assert instances.find(wanted(), None).pending
    live.world.set_clock(live.world.now + 60)
    assert not instances.find(wanted(), None).pending
    assert instances.fetch(REF).data["url"] == "https://a1-1.instances.test"


def test_a_failed_instance_says_so(live, instances):
    provisioner(live.world).plan.fail = ["*"]
    assert put(instances, wanted()).values["status"] == "failed"
    assert instances.find(wanted(), None).values["desired"] != "running"


def test_a_suspended_instance_is_not_taken_for_a_running_one(instances):
    put(instances, wanted("suspended"))
    assert instances.find(wanted(), None).values["desired"] == "suspended"


def test_an_answer_for_another_account_is_rejected(live, instances):
    provisioner(live.world).plan.lie = {"a1-1": "a2"}
    with pytest.raises(Rejected, match="another account"):
        put(instances, wanted())
    with pytest.raises(Rejected, match="another account"):
        instances.find(wanted(), None)


def test_an_unknown_instance_is_gone(instances):
    assert instances.fetch(REF).gone


@pytest.mark.parametrize("name", ["", "..", "a/../b"])
def test_names_stay_inside_instances(live, instances, name):
    with pytest.raises((Rejected, Transient)) as caught:
        instances.fetch(Ref("instances", "instance", name))
    # A 404 that the framework says, not the provisioner, proves nothing.
    asked = {f"GET /instances/{name}"} if caught.type is Transient else set()
    assert set(live.calls("provisioner")) == asked


def target(secret: str | None = SECRET) -> Instances:
    settings = ProvisionerSettings("https://provisioner.test/base", SecretStr(secret) if secret else None)
    return Instances(settings, gate("provisioner"))


@pytest.fixture
def far():
    with responses.RequestsMock() as mock:
        yield mock


URL = "https://provisioner.test/base/instances/a1-1"


@pytest.mark.parametrize("body", [{}, {"name": "b1-1", "status": "ready"}, {"name": "a1-1", "status": "strange"}])
def test_an_answer_that_makes_no_sense_is_unclear(far, body):
    put_, get = far.put(URL, json=body), far.get(URL, json=body)
    with pytest.raises(Unknown):
        put(target(), wanted())
    with pytest.raises(Transient):
        target().fetch(REF)
    assert (put_.call_count, get.call_count) == (1, 4)


@pytest.mark.parametrize(
    ("failure", "write", "read"),
    [
        ({"status": 503}, Unknown, Transient),
        ({"status": 200, "body": "<html>"}, Unknown, Transient),
        ({"status": 302, "headers": {"Location": "https://elsewhere.test"}}, Unknown, Transient),
        ({"body": requests.ReadTimeout("slow")}, Unknown, Transient),
        ({"body": requests.ConnectionError("reset")}, Unknown, Transient),
        ({"body": requests.ConnectTimeout("far")}, Transient, Transient),
        ({"status": 429}, Transient, Transient),
        ({"status": 401}, Unauthorized, Unauthorized),
        ({"status": 422}, Rejected, Rejected),
    ],
)
def test_every_failure_has_its_class(far, failure, write, read):
    far.put(URL, **failure)
    far.get(URL, **failure)
    with pytest.raises(write) as caught:
        put(target(), wanted())
    assert "provisioner.test" not in str(caught.value)
    with pytest.raises(read):
        target().fetch(REF)


def test_nothing_listens():
    with pytest.raises(Transient, match="cannot be reached"):
        put(Instances(ProvisionerSettings("http://127.0.0.1:9"), gate("provisioner")), wanted())


def test_the_request_carries_key_and_signature(far):
    far.put(URL, json={"name": "a1-1", "status": "ready"})
    put(target(), wanted(), "key-9")
    request = far.calls[0].request
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == "key-9"
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = Webhook(SECRET).verify(request.body, headers)
    assert body == {"desired": "running", "account_id": "a1", "plan": "team", "revision": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_b3RoZXI=").verify(request.body, headers)


def test_without_a_secret_nothing_is_signed(far):
    far.put(URL, json={"name": "a1-1", "status": "ready"})
    put(target(secret=None), wanted())
    assert "webhook-signature" not in far.calls[0].request.headers


@pytest.mark.parametrize("secret", ["whsec_", "whsec_a", "é"])
def test_a_bad_secret_is_not_shown(secret):
    with pytest.raises(ValueError, match="must be whsec_ followed by base64") as caught:
        target(secret)
    assert secret == "whsec_" or secret not in str(caught.value)
