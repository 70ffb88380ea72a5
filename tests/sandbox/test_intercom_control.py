"""The controls of the simulated Intercom: by hand, settings, dumps; none of it is booked."""

from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401


def test_by_hand_is_the_same_api_without_token_and_ledger(api: Api):
    made = api.control("POST", "/hand/contacts", {"external_id": "u1", "email": "a@example.com"})
    other = api.control("POST", "/hand/contacts", {"role": "lead"})
    tag = api.control("POST", "/hand/tags", {"name": "vip", "users": [{"id": made["id"]}]})
    api.control("POST", "/hand/tags", {"name": "hot", "id": tag["id"]})
    api.control("POST", "/hand/contacts/merge", {"from": other["id"], "into": made["id"]})
    api.control("POST", f"/hand/contacts/{made['id']}/archive")
    assert api.world.ledger == []
    assert [(row["external_id"], row["archived"], row["tags"]) for row in api.control("GET", "/people")] == [
        ("u1", True, ["hot"]),
        (None, False, []),
    ]
    answer = api.http.post("/_sandbox/intercom/hand/contacts", json={"external_id": "u1"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "conflict")


def test_by_hand_takes_no_part_of_the_rate_window(api: Api):
    api.world.limits["intercom"] = 1
    for _ in range(5):
        api.control("GET", "/hand/tags")


def test_people_are_shown_whole(api: Api):
    api.attribute("stage")
    id_ = api.user("u1", custom_attributes={"stage": "active"})
    for n in range(11):
        api.control("POST", "/hand/tags", {"name": f"t{n}", "users": [{"id": id_}]})
        company = api.control("POST", "/hand/companies", {"company_id": f"c{n}"})
        api.control("POST", f"/hand/contacts/{id_}/companies", {"id": company["id"]})
    for name, at in (("paid", NOON), ("trialed", NOON - 9)):
        api.call("POST", "/events", {"event_name": name, "created_at": at, "user_id": "u1"})
    [person] = api.control("GET", "/people")
    assert person["tags"] == [f"t{n}" for n in range(11)]
    assert person["companies"] == [f"c{n}" for n in range(11)]
    assert [(row["event_name"], row["user_id"]) for row in person["events"]] == [("trialed", "u1"), ("paid", "u1")]
    assert person["custom_attributes"] == {"stage": "active"}
    assert {row["user_count"] for row in api.control("GET", "/companies")} == {1}


def test_people_keep_the_merged_and_lose_the_deleted(api: Api):
    lead, user, gone = api.lead(), api.user("u1"), api.user("u2")
    company = api.company("acme")
    api.ok("POST", f"/contacts/{lead}/companies", {"id": company})
    api.ok("POST", "/contacts/merge", {"from": lead, "into": user})
    api.ok("DELETE", f"/contacts/{gone}")
    api.ok("DELETE", f"/companies/{company}")
    assert [(row["id"], row["merged_into"]) for row in api.control("GET", "/people")] == [(lead, user), (user, None)]


def test_settings(api: Api):
    api.control("PUT", "/settings", {"timezone": "Europe/Vienna", "id_code": "other", "region": "EU", "token": "new"})
    assert api.control("GET", "/settings") == {
        "token": "new",
        "id_code": "other",
        "name": "Sandbox",
        "region": "EU",
        "search_lag": 0,
        "lacks": [],
        "versions": [f"2.{minor}" for minor in range(7, 17)],
        "timezone": "Europe/Vienna",
    }
    assert api.call("GET", "/me").status_code == 401
    app = api.call("GET", "/me", Authorization="Bearer new").json()["app"]
    assert (app["id_code"], app["region"], app["timezone"]) == ("other", "EU", "Europe/Vienna")


def test_settings_refuse_what_they_do_not_know(api: Api):
    for body in ({"colour": "red"}, {"timezone": "Europe/Atlantis"}):
        assert api.http.put("/_sandbox/intercom/settings", json=body).status_code == 400
    assert api.http.put("/_sandbox/intercom/in_use", json={"tag": "none", "by": "x"}).status_code == 400


def test_the_ledger_books_what_changed(api: Api):
    id_ = api.user("u1")
    api.ok("GET", f"/contacts/{id_}")
    api.refused("POST", "/contacts", {"external_id": "u1"})
    rows = api.http.get("/_sandbox/ledger").json()
    assert [(row["system"], row["path"], row["status"], row["effect"], row["object_id"]) for row in rows] == [
        ("intercom", "/contacts", 200, "contact.created", id_),
        ("intercom", f"/contacts/{id_}", 200, "", ""),
        ("intercom", "/contacts", 409, "", ""),
    ]


def test_the_sandbox_process_serves_it(sandbox):
    answer = sandbox.http.get(f"{sandbox.url}/intercom/me", headers={"Authorization": "Bearer tok_sandbox"}, timeout=10)
    assert answer.json()["app"]["id_code"] == "sandbox"
