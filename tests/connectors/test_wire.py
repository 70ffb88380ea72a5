"""From what came back, or did not, to an error class; and what never gets into a message."""

import socket
import threading
import traceback

import httpx
import pytest

from connectors import wire
from connectors.contract import Gone, Rejected, Transient, Unauthorized
from connectors.gate import Unclear
from connectors.intercom.client import _complaint as intercom
from connectors.provisioning import _complaint as provisioner
from connectors.stripe.client import _complaint as stripe

NAME, EMAIL = "Jane", "jane@example.com"
SECRETS = ("sk_secret", EMAIL, EMAIL.replace("@", "%40"), NAME)
BODY = {"error": {"code": "bad_thing", "param": "email", "message": f"{EMAIL} ({NAME}) is no e-mail"}}


def client(handler, explain=stripe) -> httpx.Client:
    headers = {"Authorization": "Bearer sk_secret"}
    return wire.client("vendor", explain, "http://vendor.test/base", headers, httpx.MockTransport(handler))


def ask(handler, explain=stripe):
    return client(handler, explain).get("/things", params={"email": EMAIL})


def outcome(handler, explain=stripe) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ask(handler, explain)
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(secret in shown for secret in SECRETS)
    return caught.value


def error(code: str, **more) -> dict:
    return {"error": {"code": code, **more}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, error("rate_limit"), Transient),
        (429, error("lock_timeout"), Transient),
        (409, error("idempotency_key_in_use"), Transient),
        (500, error("api_error"), Unclear),
        (502, {}, Unclear),
        (408, {}, Unclear),
        (301, {}, Unclear),
        (401, error(""), Unauthorized),
        (403, error(""), Unauthorized),
        (404, error("resource_missing"), Gone),
        (404, {}, Unclear),
        (410, error("gone"), Gone),
        (410, {}, Unclear),
        (409, error("conflict"), wire.Conflict),
        (400, BODY, Rejected),
        (402, error("card_declined"), Rejected),
        (422, {}, Rejected),
    ],
)
def test_status_table(status, body, expected):
    assert type(outcome(lambda request: httpx.Response(status, json=body))) is expected


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"<html></html>", b'{"id": "cut'])
def test_success_that_is_no_object_is_unclear(content):
    assert type(outcome(lambda request: httpx.Response(200, content=content))) is Unclear


def test_accepted_with_nothing_is_success():
    assert wire.data_of(ask(lambda request: httpx.Response(202))) == {}


@pytest.mark.parametrize("explain", [stripe, intercom, provisioner])
@pytest.mark.parametrize("content", [b"<html>", b"", b"[]", b'"not found"'])
def test_only_the_vendor_can_say_that_something_is_gone(explain, content):
    assert type(outcome(lambda request: httpx.Response(404, content=content), explain)) is Unclear


@pytest.mark.parametrize(
    ("explain", "body", "expected"),
    [
        (stripe, {"message": "no route"}, Unclear),
        (intercom, {"message": "no route"}, Unclear),
        (intercom, {"type": "error.list", "errors": [{"code": "not_found"}]}, Gone),
        (provisioner, {"error": "no such instance"}, Gone),
    ],
)
def test_each_vendor_says_it_in_its_own_way(explain, body, expected):
    assert type(outcome(lambda request: httpx.Response(404, json=body), explain)) is expected


def test_an_html_error_page_keeps_its_status():
    assert type(outcome(lambda request: httpx.Response(400, content=b"<html>"))) is Rejected


def test_addresses_are_not_logged(caplog):
    caplog.set_level("DEBUG")
    ask(lambda request: httpx.Response(200, json={}))
    assert not any(secret in caplog.text for secret in SECRETS)


def test_messages_name_the_vendors_code_and_field_only():
    headers = {"request-id": "req_1", "set-cookie": "jane"}
    problem = outcome(lambda request: httpx.Response(400, json=BODY, headers=headers))
    assert str(problem) == "vendor 400 bad_thing email req_1"


def test_a_code_that_is_no_code_is_left_out():
    told = {"error": {"code": "no such person: jane@example.com", "param": ["Jane"]}}
    assert str(outcome(lambda request: httpx.Response(400, json=told))) == "vendor 400"


def test_intercom_errors_are_understood():
    told = {"type": "error.list", "errors": [{"code": "parameter_invalid", "field": "email", "message": "Jane"}]}
    answer = outcome(lambda request: httpx.Response(422, json=told), intercom)
    assert str(answer) == "vendor 422 parameter_invalid email"
    restricted = {"type": "error.list", "errors": [{"code": "api_plan_restricted"}]}
    assert type(outcome(lambda request: httpx.Response(403, json=restricted), intercom)) is Rejected


def test_a_replayed_failure_is_stored():
    problem = outcome(lambda request: httpx.Response(500, json={}, headers={"Idempotent-Replayed": "true"}))
    assert problem.stored


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-ratelimit-reset": "1794312010", "date": "Tue, 10 Nov 2026 12:00:00 GMT"}, 10),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset": "1794312010"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert outcome(lambda request: httpx.Response(429, json={}, headers=headers)).retry_after == seconds


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (httpx.ConnectError, Transient),
        (httpx.ConnectTimeout, Transient),
        (httpx.PoolTimeout, Transient),
        (httpx.ReadTimeout, Unclear),
        (httpx.WriteError, Unclear),
        (httpx.RemoteProtocolError, Unclear),
    ],
)
def test_transport_table(raised, expected):
    def handler(request):
        raise raised(f"at {request.url}")

    assert type(outcome(handler)) is expected


def test_redirects_are_not_followed():
    seen = []

    def handler(request):
        seen.append(request.url.path)
        return httpx.Response(302, headers={"location": "/elsewhere"})

    assert type(outcome(handler)) is Unclear
    assert seen == ["/base/things"]


def test_a_dripping_body_is_cut(monkeypatch):
    class Drip(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" "

    monkeypatch.setattr(wire, "READ_TIMEOUT", -wire.CONNECT_TIMEOUT)
    assert type(outcome(lambda request: httpx.Response(200, stream=Drip()))) is Unclear


def speak(answer: bytes | None) -> int:
    """A server that reads one request, says ``answer`` and closes; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            connection.recv(65536)
            if answer is not None:
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", b"not http\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_a_connection_that_breaks_after_the_request_is_unclear(answer):
    http = wire.client("vendor", stripe, f"http://127.0.0.1:{speak(answer)}", {}, None)
    with pytest.raises(Unclear):
        http.post("/things", json={})


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://does-not-exist.invalid"])
def test_nobody_there_is_transient(base):
    with pytest.raises(Transient):
        wire.client("vendor", stripe, base, {}, None).post("/things", json={})


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_paths_refuse_what_names_another_resource(part):
    with pytest.raises(Rejected):
        wire.path("contacts", part)


def test_paths_are_quoted():
    seen = []
    with client(lambda request: seen.append(request.url.raw_path) or httpx.Response(200, json={})) as http:
        http.get(wire.path("contacts", "../../admins?x=1#y é"))
    assert seen == [b"/base/contacts/..%2F..%2Fadmins%3Fx%3D1%23y%20%C3%A9"]


def test_an_address_without_scheme_is_refused():
    with pytest.raises(ValueError, match="https"):
        wire.client("vendor", stripe, "api.stripe.com", {}, None)
