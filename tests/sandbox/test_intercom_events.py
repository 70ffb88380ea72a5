"""Data events of the simulated Intercom."""

import pytest
from intercom_live import DAY, NOON, Api, api_fixture, live_fixture  # noqa: F401


def send(api: Api, body: dict, status: int = 202):
    answer = api.call("POST", "/events", body)
    assert answer.status_code == status, answer.text
    return answer


def event(**more) -> dict:
    return {"event_name": "started-trial", "created_at": NOON, "user_id": "u1"} | more


def test_accepted_with_an_empty_body(api: Api):
    api.user("u1", email="a@example.com")
    assert send(api, event(metadata={"plan": "pro"})).content == b""
    assert api.effect == "event.created"
    [listed] = api.ok("GET", "/events?type=user&user_id=u1")["events"]
    assert (listed["event_name"], listed["created_at"], listed["user_id"]) == ("started-trial", NOON, "u1")
    assert (listed["metadata"], listed["email"]) == ({"plan": "pro"}, "a@example.com")


def test_same_person_name_and_second_is_dropped(api: Api):
    id_ = api.user("u1", email="a@example.com")
    api.user("u2")
    send(api, event())
    by_id = {"event_name": "started-trial", "created_at": NOON}
    for again in (event(metadata={"other": 1}), by_id | {"id": id_}, by_id | {"email": "A@example.com"}):
        send(api, again)
        assert api.effect == ""
    for other in (event(created_at=NOON + 1), event(event_name="paid"), event(user_id="u2")):
        send(api, other)
        assert api.effect == "event.created"
    assert len(api.ok("GET", "/events?type=user&user_id=u1")["events"]) == 3


def test_unknown_people(api: Api):
    lead = api.lead(email="l@example.com")
    archived = api.user("u2")
    api.ok("POST", f"/contacts/{archived}/archive")
    base = {"event_name": "x", "created_at": NOON}
    for who in ({"user_id": "u1"}, {"id": "unknown"}, {"email": "l@example.com"}, {"user_id": "u2"}, {"id": archived}):
        assert api.refused("POST", "/events", base | who) == (404, "not_found", "User Not Found")
    send(api, base | {"id": lead})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_name": ""}, "parameter_missing"),
        ({"created_at": 0}, "parameter_missing"),
        ({"created_at": "2026-11-10"}, "type_mismatch"),
        ({"created_at": NOON + 0.5}, "type_mismatch"),
        ({"user_id": ""}, "parameter_missing"),
        ({"when": 1}, "bad_request"),
        ({"metadata": {"a": {"b": 1}}}, "parameter_invalid"),
        ({"metadata": {"a": [1]}}, "parameter_invalid"),
        ({"metadata": {"paid_date": "2026-11-10"}}, "parameter_invalid"),
    ],
)
def test_refusals(api: Api, change, code):
    api.user("u1")
    assert api.refused("POST", "/events", event(**change))[:2] == (400, code)
    assert api.effect == ""


def test_metadata_keeps_ten_keys_and_two_kinds_of_objects(api: Api):
    api.user("u1")
    rich = {"price": {"amount": 34999, "currency": "eur"}, "link": {"url": "https://example.com", "value": "x"}}
    send(api, event(metadata=rich | {f"k{n}": n for n in range(9)}))
    kept = api.ok("GET", "/events?type=user&user_id=u1")["events"][0]["metadata"]
    assert list(kept) == ["price", "link", *(f"k{n}" for n in range(8))]


def test_120_names(api: Api):
    api.user("u1")
    for n in range(120):
        api.control("POST", "/hand/events", event(event_name=f"e{n}"))
    assert api.refused("POST", "/events", event(event_name="one-more"))[0] == 400
    send(api, event(event_name="e7", created_at=NOON + 1))


def test_list_is_newest_first_and_pages(api: Api):
    api.user("u1")
    for n in (2, 1, 3):
        send(api, event(created_at=NOON + n))
    first = api.ok("GET", "/events?type=user&user_id=u1&per_page=2")
    rest = api.ok("GET", first["pages"]["next"])
    assert [row["created_at"] - NOON for row in first["events"] + rest["events"]] == [3, 2, 1]
    assert "pages" not in rest


def test_list_ends_after_90_days_and_the_summary_does_not(api: Api):
    id_ = api.user("u1")
    send(api, event(created_at=NOON - 91 * DAY))
    send(api, event())
    assert len(api.ok("GET", f"/events?type=user&intercom_user_id={id_}")["events"]) == 1
    [summary] = api.ok("GET", "/events?type=user&user_id=u1&summary=true")["events"]
    assert (summary["name"], summary["count"]) == ("started-trial", 2)
    assert (summary["first"], summary["last"]) == (str(NOON - 91 * DAY), str(NOON))


def test_list_needs_type_and_person(api: Api):
    api.user("u1")
    assert api.refused("GET", "/events?user_id=u1")[:2] == (400, "parameter_invalid")
    assert api.refused("GET", "/events?type=user")[:2] == (400, "parameter_missing")
    assert api.refused("GET", "/events?type=user&user_id=u2")[0] == 404
