"""The simulated receiver of hooks: what it takes, what it refuses, what it remembers."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from intercom_live import Live, live_fixture  # noqa: F401
from standardwebhooks import Webhook

SECRET = "whsec_aG9va3M="


class Sender:
    """Calls to the receiver of a fresh world."""

    def __init__(self, live: Live) -> None:
        self.http, self.world = live.http, live.renew()

    def post(self, id: str = "msg_1", secret: str = SECRET, **body: Any) -> int:
        content = orjson.dumps({"id": id, "type": "converted-trial", "account_id": "a1"} | body)
        at = datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, at, content.decode()),
        }
        return int(self.http.post("/hooks/paid", content=content, headers=headers).status_code)

    def settings(self, **changes: Any) -> Any:
        return self.http.put("/_sandbox/hooks/settings", json=changes)

    @property
    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.settings().json()["messages"]
        return found


@pytest.fixture
def sender(live: Live) -> Sender:
    return Sender(live)


def test_a_message_is_taken_once(sender: Sender) -> None:
    assert [sender.post(), sender.post(), sender.post("msg_2")] == [200] * 3
    assert [(row["id"], row["times"], row["verified"]) for row in sender.messages] == [
        ("msg_1", 2, False),
        ("msg_2", 1, False),
    ]
    assert [entry.effect for entry in sender.world.ledger] == ["hook.received", "", "hook.received"]
    assert sender.world.ledger[1].replayed
    assert sender.world.ledger[0].object_id == "paid a1 converted-trial"


def test_with_a_secret_the_signature_must_match(sender: Sender) -> None:
    sender.settings(secrets={"paid": SECRET})
    assert sender.post(secret="whsec_b3RoZXI=") == 401
    assert sender.messages == []
    assert sender.post() == 200
    assert sender.messages[0]["verified"]


def test_another_answer_takes_nothing(sender: Sender) -> None:
    sender.settings(answers={"paid": 410})
    assert sender.post() == 410
    sender.settings(answers={})
    assert sender.post() == 200
    assert [row["times"] for row in sender.messages] == [1]


def test_an_unknown_setting_is_refused(sender: Sender) -> None:
    answer = sender.settings(secret="x")
    assert answer.status_code == 400
    assert "secrets, answers" in answer.text
