"""The simulated provisioner: signature, idempotency, revisions, and how instances turn out."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from intercom_live import NOON, Live, live_fixture  # noqa: F401
from standardwebhooks import Webhook

from sandbox.provisioner import SECRET


class Client:
    """Signed calls to the provisioner of a fresh world."""

    def __init__(self, live: Live) -> None:
        self.http, self.world = live.http, live.renew()
        self.sent = 0

    def put(
        self, name: str = "a1-1", *, key: str | None = "", at=None, raw: bytes = b"", sign_with: str = SECRET, **body
    ):
        self.sent += 1
        content = orjson.dumps({"desired": "running", "revision": 1, "account_id": "a1"} | body)
        at = at or datetime.now(UTC)
        headers = {
            "webhook-id": f"msg_{self.sent}",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(sign_with).sign(f"msg_{self.sent}", at, content.decode()),
        }
        if key is not None:
            headers["idempotency-key"] = key or f"key_{self.sent}"
        return self.http.put(f"/provisioner/instances/{name}", content=raw or content, headers=headers)

    def get(self, name: str = "a1-1"):
        return self.http.get(f"/provisioner/instances/{name}")

    def plan(self, **changes):
        return self.http.put("/_sandbox/provisioner/settings", json=changes)

    @property
    def booked(self):
        return self.world.ledger[-1]


@pytest.fixture
def service(live: Live) -> Client:
    return Client(live)


def test_ready_at_once_by_default(service: Client):
    answer = service.put(plan="pro", owner_email="o@example.com")
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "a1-1",
        "status": "ready",
        "url": "https://a1-1.instances.test",
        "ready_at": NOON,
        "revision": 1,
        "account_id": "a1",
    }
    assert (service.booked.effect, service.booked.object_id) == ("instance.running", "a1-1")
    assert service.booked.idempotency_key == "key_1"
    assert service.get().json() == answer.json()


def test_unknown_instance(service: Client):
    assert service.get("other").status_code == 404


def test_ready_after_a_while_of_the_sandbox_clock(service: Client):
    service.plan(ready_after=300)
    answer = service.put()
    assert (answer.status_code, answer.json()["status"], answer.json()["ready_at"]) == (202, "provisioning", None)
    service.world.set_clock(NOON + 299)
    assert service.get().json()["status"] == "provisioning"
    service.world.set_clock(NOON + 400)
    shown = service.get().json()
    assert (shown["status"], shown["ready_at"]) == ("ready", NOON + 300)


def test_suspend_resume_delete(service: Client):
    service.put()
    service.world.set_clock(NOON + 60)
    assert service.put(desired="suspended", revision=2).json()["status"] == "suspended"
    assert service.booked.effect == "instance.suspended"
    resumed = service.put(revision=3).json()
    assert (resumed["status"], resumed["ready_at"], service.booked.effect) == ("ready", NOON, "instance.running")
    assert service.put(desired="deleted", revision=4).json()["status"] == "deleted"
    assert service.booked.effect == "instance.deleted"
    assert service.get().json()["status"] == "deleted"
    assert service.put(revision=5).status_code == 409


def test_suspended_while_provisioning_starts_over(service: Client):
    service.plan(ready_after=300)
    service.put()
    service.put(desired="suspended", revision=2)
    service.world.set_clock(NOON + 100)
    assert service.put(revision=3).json()["status"] == "provisioning"
    service.world.set_clock(NOON + 400)
    assert service.get().json()["ready_at"] == NOON + 400


def test_other_content_of_the_same_desire_is_an_update(service: Client):
    service.put(plan="pro")
    service.put(plan="max", revision=2)
    assert service.booked.effect == "instance.updated"


def test_same_revision_and_body_is_a_replay(service: Client):
    first = service.put(key="k")
    again = service.put(key="k")
    other_key = service.put()
    assert first.json() == again.json() == other_key.json()
    assert [row.effect for row in service.world.ledger] == ["instance.running", "", ""]
    assert [row.replayed for row in service.world.ledger] == [False, True, True]


@pytest.mark.parametrize(
    "change",
    [{"revision": 2, "desired": "suspended"}, {"revision": 1, "desired": "suspended"}, {"revision": 1}],
)
def test_a_revision_must_rise(service: Client, change):
    service.put(revision=2)
    assert service.put(**change).status_code == 409
    assert service.booked.effect == ""
    assert service.get().json()["status"] == "ready"


def test_a_name_belongs_to_one_account(service: Client):
    service.put()
    assert service.put(account_id="a2", revision=2).status_code == 409


def test_one_key_for_one_request(service: Client):
    service.put(key="k")
    assert service.put(key="k", revision=2).status_code == 409
    assert service.put("other-1", key="k").status_code == 409


def test_the_key_is_required(service: Client):
    assert service.put(key=None).status_code == 400


@pytest.mark.parametrize(
    "body",
    [{"desired": "paused"}, {"desired": None}, {"revision": "1"}, {"revision": True}, {"account_id": None}],
)
def test_refused_bodies(service: Client, body):
    assert service.put(**body).status_code == 400
    assert service.get().status_code == 404


def test_signature(service: Client):
    other = "whsec_" + "b" * 32
    assert service.put(sign_with=other).status_code == 401
    assert service.put(raw=b'{"desired": "deleted", "revision": 9, "account_id": "a1"}').status_code == 401
    assert service.put(at=datetime.now(UTC) - timedelta(minutes=6)).status_code == 401
    assert service.put(at=datetime.now(UTC) + timedelta(minutes=6)).status_code == 401
    assert service.http.put("/provisioner/instances/a1-1", json={}).status_code == 401
    assert service.get().status_code == 404


def test_failing_and_never_ready(service: Client):
    service.plan(fail=["bad-*"], never=["slow-1"], ready_after=60)
    assert service.put("bad-1").json()["status"] == "failed"
    assert service.put("slow-1").json()["status"] == "provisioning"
    service.world.set_clock(NOON + 86_400)
    assert service.get("slow-1").json()["status"] == "provisioning"
    service.plan(fail=[], never=[])
    assert service.put("bad-1", revision=2).json()["status"] == "provisioning"
    service.world.set_clock(NOON + 86_400 + 60)
    assert service.get("bad-1").json()["status"] == "ready"


def test_an_answer_for_another_account(service: Client):
    service.plan(lie={"a1-*": "a9"})
    assert service.put().json()["account_id"] == "a9"


def test_settings_show_plan_and_instances(service: Client):
    service.put()
    shown = service.plan(ready_after=5).json()
    assert (shown["ready_after"], [row["name"] for row in shown["instances"]]) == (5, ["a1-1"])
    assert service.plan(colour="red").status_code == 400
