"""Contact search of the simulated Intercom: operators, days in the workspace's zone, limits, lag."""

import pytest
from intercom_live import DAY, NOON, Api, api_fixture, live_fixture  # noqa: F401


def where(field: str, operator: str, value) -> dict:
    return {"field": field, "operator": operator, "value": value}


GROUP = {"operator": "AND", "value": [where("name", "=", "x")]}


def found(api: Api, query: dict, **paging) -> list[str]:
    body = {"query": query} | ({"pagination": paging} if paging else {})
    return [row["external_id"] or row["id"] for row in api.ok("POST", "/contacts/search", body)["data"]]


@pytest.fixture
def people(api: Api) -> Api:
    api.attribute("plan")
    api.attribute("seats", "integer")
    api.attribute("beta", "boolean")
    api.user("u1", email="Ann@Example.com", name="Ann", owner_id=1, custom_attributes={"plan": "pro", "seats": 5})
    api.user("u2", email="bob@other.org", name="Bob", owner_id=2, custom_attributes={"beta": True, "seats": 9})
    return api


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (where("external_id", "=", "u1"), ["u1"]),
        (where("external_id", "!=", "u1"), ["u2"]),
        (where("external_id", "IN", ["u1", "u2", "u3"]), ["u1", "u2"]),
        (where("external_id", "NIN", ["u1"]), ["u2"]),
        (where("email", "=", "ann@example.COM"), ["u1"]),
        (where("email_domain", "=", "other.org"), ["u2"]),
        (where("name", "~", "n"), ["u1"]),
        (where("name", "!~", "n"), ["u2"]),
        (where("name", "^", "B"), ["u2"]),
        (where("name", "$", "b"), ["u2"]),
        (where("phone", "=", None), ["u1", "u2"]),
        (where("owner_id", ">", 1), ["u2"]),
        (where("owner_id", "<=", 1), ["u1"]),
        (where("role", "=", "lead"), []),
        (where("unsubscribed_from_emails", "=", False), ["u1", "u2"]),
        (where("custom_attributes.plan", "=", "pro"), ["u1"]),
        (where("custom_attributes.seats", ">=", 9), ["u2"]),
        (where("custom_attributes.beta", "=", True), ["u2"]),
    ],
)
def test_operators(people: Api, query, expected):
    assert found(people, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        where("nonsense", "=", "x"),
        where("custom_attributes.unknown", "=", "x"),
        where("name", ">", "x"),
        where("owner_id", "~", 1),
        where("owner_id", "=", "1"),
        where("custom_attributes.beta", ">", True),
        where("tag_id", "IN", ["1"]),
        where("created_at", ">=", NOON),
        where("created_at", "<=", NOON),
        where("created_at", "!=", NOON),
        where("created_at", "IN", [NOON]),
        where("created_at", "=", "yesterday"),
        where("external_id", "IN", "u1"),
        where("external_id", "=", ["u1"]),
        {"field": "name", "operator": "="},
        {"operator": "AND", "value": []},
        {"operator": "AND", "value": [where("name", "=", "x")] * 16},
        {"operator": "AND", "value": [{"operator": "OR", "value": [GROUP]}]},
        {"operator": "XOR", "value": []},
    ],
)
def test_refused_queries(people: Api, query):
    assert people.refused("POST", "/contacts/search", {"query": query})[:2] == (400, "parameter_invalid")


def test_refused_bodies(api: Api):
    query = where("name", "=", "x")
    assert api.refused("POST", "/contacts/search", {})[1] == "parameter_missing"
    for more in ({"sort": {}}, {"pagination": {"page": 2}}, {"pagination": {"per_page": 151}}):
        assert api.refused("POST", "/contacts/search", {"query": query} | more)[0] == 400


def test_groups(people: Api):
    ann, bob = where("name", "=", "Ann"), where("name", "=", "Bob")
    assert found(people, {"operator": "AND", "value": [ann, bob]}) == []
    assert found(people, {"operator": "OR", "value": [ann, bob]}) == ["u1", "u2"]
    inner = {"operator": "OR", "value": [ann, bob]}
    assert found(people, {"operator": "AND", "value": [inner, where("owner_id", "=", 2)]}) == ["u2"]
    assert found(people, {"operator": "OR", "value": [ann] * 15}) == ["u1"]


def test_tag_id(people: Api):
    tag = people.tag("vip")
    id_ = people.ok("GET", "/contacts/find_by_external_id/u1")["id"]
    people.ok("POST", f"/contacts/{id_}/tags", {"id": tag})
    assert found(people, where("tag_id", "=", tag)) == ["u1"]
    assert found(people, where("tag_id", "!=", tag)) == ["u2"]


def test_dates_match_by_day_in_the_workspace_zone(api: Api):
    midnight = NOON - 4 * 3600  # 2026-11-10 00:00 in Los Angeles
    for name, at in (
        ("late", midnight - 1),
        ("first", midnight),
        ("last", midnight + DAY - 1),
        ("next", midnight + DAY),
    ):
        api.user(name, signed_up_at=at)
    for value in (midnight, NOON, str(NOON), midnight + DAY - 1):
        assert found(api, where("signed_up_at", "=", value)) == ["first", "last"]
        assert found(api, where("signed_up_at", ">", value)) == ["next"]
        assert found(api, where("signed_up_at", "<", value)) == ["late"]
    api.control("PUT", "/settings", {"timezone": "UTC"})
    assert found(api, where("signed_up_at", "=", NOON)) == ["late", "first"]


def test_custom_dates_match_by_day_and_milliseconds_lie_far_away(api: Api):
    api.attribute("trial_ends_at", "date")
    api.user("u1", custom_attributes={"trial_ends_at": NOON})
    api.user("u2", custom_attributes={"trial_ends_at": NOON * 1000})
    assert found(api, where("custom_attributes.trial_ends_at", "=", NOON + 60)) == ["u1"]
    assert found(api, where("custom_attributes.trial_ends_at", ">", NOON)) == ["u2"]


def test_pages(api: Api):
    for n in range(5):
        api.user(f"u{n}")
    query = where("role", "=", "user")
    seen, paging = [], {"per_page": 2}
    while True:
        page = api.ok("POST", "/contacts/search", {"query": query, "pagination": paging})
        seen += [row["external_id"] for row in page["data"]]
        if "next" not in page["pages"]:
            break
        paging = {"per_page": 2, "starting_after": page["pages"]["next"]["starting_after"]}
    assert seen == ["u0", "u1", "u2", "u3", "u4"]


def test_archived_merged_and_deleted_are_absent(api: Api):
    lead, user, gone = api.lead(), api.user("u1"), api.user("u2")
    archived = api.user("u3")
    api.ok("POST", "/contacts/merge", {"from": lead, "into": user})
    api.ok("DELETE", f"/contacts/{gone}")
    api.ok("POST", f"/contacts/{archived}/archive")
    assert found(api, where("role", "IN", ["user", "lead"])) == ["u1"]


def test_the_index_lags(api: Api):
    api.control("PUT", "/settings", {"search_lag": 180})
    id_ = api.user("u1", name="Old")
    assert found(api, where("external_id", "=", "u1")) == []
    assert api.ok("GET", "/contacts/find_by_external_id/u1")["id"] == id_
    api.world.set_clock(NOON + 180)
    assert found(api, where("name", "=", "Old")) == ["u1"]
    api.ok("PUT", f"/contacts/{id_}", {"name": "New"})
    assert found(api, where("name", "=", "New")) == []
    assert found(api, where("name", "=", "Old")) == ["u1"]
    api.world.set_clock(NOON + 360)
    assert found(api, where("name", "=", "New")) == ["u1"]
