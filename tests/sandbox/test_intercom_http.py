"""The HTTP side of the simulated Intercom: token, version, rate window, bodies, unknown paths, account."""

import pytest
from intercom_live import Api, api_fixture, live_fixture  # noqa: F401


@pytest.mark.parametrize("token", ["", "Bearer wrong", "tok_sandbox", "Basic tok_sandbox"])
def test_token(api: Api, token):
    answer = api.call("GET", "/me", Authorization=token)
    assert answer.status_code == 401
    assert answer.json()["errors"] == [{"code": "unauthorized", "message": "Access Token Invalid"}]
    assert "x-ratelimit-limit" not in answer.headers


def test_me_names_the_workspace(api: Api):
    app = api.ok("GET", "/me")["app"]
    assert (app["id_code"], app["region"], app["timezone"]) == ("sandbox", "US", "America/Los_Angeles")


def test_a_token_without_a_scope(api: Api):
    api.control("PUT", "/settings", {"lacks": ["Read tags", "Write users and companies"]})
    for method, path, status in (
        ("GET", "/tags", 401), ("POST", "/tags", 400), ("GET", "/contacts", 200), ("POST", "/contacts", 401),
        ("POST", "/companies/list", 200), ("GET", "/me", 200),
    ):  # fmt: skip
        answer = api.call(method, path, {} if method == "POST" else None)
        assert answer.status_code == status, (method, path)
        assert status != 401 or answer.json()["errors"][0]["code"] == "token_unauthorized"


@pytest.mark.parametrize("version", ["2.7", "2.14", "2.16"])
def test_known_versions(api: Api, version):
    assert api.call("GET", "/me", **{"Intercom-Version": version}).status_code == 200


@pytest.mark.parametrize("version", ["2.6", "2.17", "Unstable", "2.140"])
def test_unknown_version(api: Api, version):
    answer = api.call("GET", "/me", **{"Intercom-Version": version})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "intercom_version_invalid")


def test_without_version_the_app_default_holds(api: Api):
    del api.headers["Intercom-Version"]
    assert api.ok("GET", "/me")["type"] == "admin"


def test_rate_window(api: Api):
    api.world.limits["intercom"] = 2
    answers = [api.call("GET", "/me") for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused  # two windows at most were touched
    assert refused[0].json()["errors"][0]["code"] == "rate_limit_exceeded"
    assert refused[0].json()["errors"][0]["message"] == "Exceeded rate limit of 2 in 10_seconds"
    assert refused[0].headers["x-ratelimit-remaining"] == "0"
    assert int(refused[0].headers["x-ratelimit-reset"]) % 10 == 0


def test_rate_headers_by_default(api: Api):
    headers = api.call("GET", "/contacts/unknown").headers
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("1666", "1665")


def test_without_a_limit_the_window_looks_unused(api: Api):
    api.world.limits["intercom"] = 0
    api.call("GET", "/me")
    headers = api.call("GET", "/me").headers
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("1666", "1666")


def test_bodies_must_be_json_objects(api: Api):
    for content, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")):
        answer = api.http.post("/intercom/contacts", content=content, headers=api.headers | {"content-type": kind})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PATCH", "/contacts"), ("DELETE", "/tags")])
def test_what_is_not_simulated_is_not_found(api: Api, method, path):
    assert api.refused(method, path)[:2] == (404, "not_found")


def test_segments_are_empty(api: Api):
    assert api.ok("GET", "/segments") == {"type": "segment.list", "segments": []}
    assert api.ok("GET", f"/contacts/{api.user('u1')}/segments")["data"] == []
    assert api.refused("GET", "/contacts/unknown/segments")[0] == 404
