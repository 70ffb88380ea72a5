"""A hook's call: what it says, how it is signed, and the class of every answer."""

import httpx
import pytest
import respx
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError
from vendor_world import gate, plain_http

from connectors.contract import ConnectorError, Rejected, Target, Transient, Unauthorized, Unknown
from connectors.hooks import Hook
from mappings.model import Occurrence, Step, Subject

NEW, OLD, OTHER = "whsec_bmV3", "whsec_b2xk", "whsec_b3RoZXI="
URL = "https://hooks.test/T0/B0/token?x=1"
HAPPENED = Occurrence("failed-payment", "in_1#2", 1_794_312_000, {"plan": "pro", "days_left": None})


def hook(url: str = URL, secrets: tuple[str, ...] = (NEW, OLD)) -> Hook:
    keys = [SecretStr(secret) for secret in secrets]
    return Hook("after.failed-payment", url, keys, gate("after.failed-payment"), plain_http())


def call(key: str = "k1", account: str = "acct_1", occurrence: Occurrence | None = HAPPENED) -> Step:
    subject = Subject(f"account:{account}")
    values = {"account_id": account}
    return Step("after.failed-payment", subject, "send", key, values=values, occurrence=occurrence)


def test_it_is_a_message_target() -> None:
    target = hook()
    assert isinstance(target, Target)
    assert (target.kind, target.unknown, target.find(None, None)) == ("message", "repeat", None)


@respx.mock
def test_what_is_told() -> None:
    route = respx.post(URL).mock(httpx.Response(200, text="ok", headers={"x-request-id": "req_9"}))
    held = hook().push(call())
    assert (held.external_id, held.sent) == ("account:acct_1", {HAPPENED.key: HAPPENED.at})
    assert held.vendor_request_id == "req_9"
    request = route.calls.last.request
    assert request.headers["content-type"] == "application/json"
    for secret in (NEW, OLD):
        body = Webhook(secret).verify(request.content, dict(request.headers))
    assert body == {
        "id": request.headers["webhook-id"],
        "type": "failed-payment",
        "timestamp": "2026-11-10T12:00:00Z",
        "account_id": "acct_1",
        "data": {"source_id": "in_1#2", "plan": "pro", "days_left": None},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(request.content, dict(request.headers))


@respx.mock
def test_the_id_is_that_of_the_occurrence() -> None:
    route = respx.post(URL).mock(httpx.Response(204))
    for key in ("k1", "k1", "k2", "\u00fc" * 300):
        hook().push(call(key))
    first, again, other, long = (each.request.headers["webhook-id"] for each in route.calls)
    assert first == again
    assert len({first, other, long}) == 3
    assert all(id.startswith("msg_") and "." not in id and len(id) < 50 for id in (first, other, long))


@pytest.mark.parametrize(
    ("answer", "error", "tries"),
    [
        (httpx.Response(302, headers={"location": "https://elsewhere.test"}), Rejected, 1),
        (httpx.Response(400), Rejected, 1),
        (httpx.Response(401), Unauthorized, 1),
        (httpx.Response(403), Unauthorized, 1),
        (httpx.Response(404), Rejected, 1),
        (httpx.Response(408), Unknown, 1),
        (httpx.Response(410), Rejected, 1),
        (httpx.Response(425), Unknown, 1),
        (httpx.Response(429), Transient, 4),
        (httpx.Response(500), Unknown, 1),
        (httpx.Response(503, headers={"retry-after": "1"}), Unknown, 1),
        (httpx.ReadTimeout("slow"), Unknown, 1),
        (httpx.RemoteProtocolError("cut"), Unknown, 1),
        (httpx.ConnectError("down"), Transient, 4),
    ],
)  # fmt: skip
@respx.mock
def test_every_answer_has_its_class(
    answer: httpx.Response | Exception, error: type[ConnectorError], tries: int
) -> None:
    mock = {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}
    route = respx.post(URL).mock(**mock)
    elsewhere = respx.post("https://elsewhere.test")
    with pytest.raises(error) as caught:
        hook().push(call())
    assert (route.call_count, elsewhere.call_count) == (tries, 0)
    # An address may be a secret by itself.
    assert not [word for word in ("hooks.test", "T0", "token", "whsec") if word in str(caught.value)]


def test_only_an_occurrence_is_told() -> None:
    with pytest.raises(ValueError, match="occurrence"):
        hook().push(call(occurrence=None))


def test_a_bad_secret_is_not_shown() -> None:
    with pytest.raises(ValueError, match="must be whsec_ followed by base64") as caught:
        hook(secrets=("whsec_a",))
    assert "whsec_a " not in str(caught.value) + " "


def test_the_real_thing(live) -> None:
    url = f"{live.base}/hooks/paid"
    for _ in range(2):
        hook(url).push(call())
    assert live.effects("hooks") == ["hook.received"]
    live.fault("cut_after", "hooks")
    with pytest.raises(Unknown):
        hook(url).push(call("k2"))
    hook(url).push(call("k2"))
    assert live.effects("hooks") == ["hook.received"] * 2
