"""Contacts of the simulated Intercom: identity, roles, partial updates, lists, archive, delete, merge."""

import pytest
from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401


def test_create_and_read(api: Api):
    made = api.ok("POST", "/contacts", {"external_id": "u1", "email": "a@example.com", "name": "A"})
    assert (made["role"], made["external_id"], made["created_at"]) == ("user", "u1", NOON)
    assert len(made["id"]) == 24
    assert api.effect == "contact.created"
    assert api.world.ledger[-1].object_id == made["id"]
    assert api.ok("GET", f"/contacts/{made['id']}") == made
    assert api.ok("GET", "/contacts/find_by_external_id/u1") == made


def test_create_needs_an_identity(api: Api):
    assert api.refused("POST", "/contacts", {"name": "A"})[:2] == (400, "parameter_missing")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"external_id": "u", "nickname": "x"}, "bad_request"),
        ({"external_id": "u", "signed_up_at": "2026-01-01"}, "type_mismatch"),
        ({"external_id": "u", "signed_up_at": True}, "type_mismatch"),
        ({"external_id": 7}, "type_mismatch"),
        ({"external_id": ""}, "parameter_invalid"),
        ({"email": "nobody"}, "parameter_invalid"),
        ({"role": "admin"}, "parameter_invalid"),
    ],
)
def test_create_refuses_bad_fields(api: Api, body, code):
    assert api.refused("POST", "/contacts", body)[:2] == (400, code)
    assert api.effect == ""


def test_external_id_is_unique_among_users(api: Api):
    held = api.user("u1")
    message = f"A contact matching those details already exists with id={held}"
    assert api.refused("POST", "/contacts", {"external_id": "u1"}) == (409, "conflict", message)
    other = api.user("u2")
    assert api.refused("PUT", f"/contacts/{other}", {"external_id": "u1"}) == (409, "conflict", message)
    api.ok("POST", f"/contacts/{held}/archive")
    archived = f"An archived contact matching those details already exists with id={held}"
    assert api.refused("POST", "/contacts", {"external_id": "u1"}) == (409, "conflict", archived)


def test_a_lead_does_not_hold_an_external_id(api: Api):
    lead = api.lead(external_id="u1")
    assert api.refused("GET", "/contacts/find_by_external_id/u1")[2] == "User Not Found"
    assert api.user("u1") != lead
    assert api.refused("PUT", f"/contacts/{lead}", {"role": "user"})[:2] == (409, "conflict")


def test_email_is_not_unique(api: Api):
    assert api.user("u1", email="a@example.com") != api.user("u2", email="a@example.com")


def test_external_id_may_hold_any_character(api: Api):
    held = api.user("a/b?c#d")
    assert api.ok("GET", "/contacts/find_by_external_id/a%2Fb%3Fc%23d")["id"] == held


def test_update_is_partial_and_null_clears(api: Api):
    id_ = api.user("u1", email="a@example.com", name="A", phone="+1")
    api.world.set_clock(NOON + 5)
    after = api.ok("PUT", f"/contacts/{id_}", {"name": None, "owner_id": 4})
    assert (after["name"], after["phone"], after["email"]) == (None, "+1", "a@example.com")
    assert (after["updated_at"], after["created_at"]) == (NOON + 5, NOON)
    assert api.effect == "contact.updated"


def test_update_that_changes_nothing_has_no_effect(api: Api):
    id_ = api.user("u1", name="A")
    api.world.set_clock(NOON + 5)
    assert api.ok("PUT", f"/contacts/{id_}", {"name": "A"})["updated_at"] == NOON
    assert api.effect == ""


def test_update_by_external_id_is_unknown(api: Api):
    api.user("u1")
    assert api.refused("PUT", "/contacts/u1", {"name": "B"}) == (404, "not_found", "User Not Found")


def test_lead_becomes_user_and_never_back(api: Api):
    id_ = api.lead(email="a@example.com")
    assert api.ok("PUT", f"/contacts/{id_}", {"role": "user", "external_id": "u1"})["role"] == "user"
    assert api.ok("GET", "/contacts/find_by_external_id/u1")["id"] == id_
    assert api.refused("PUT", f"/contacts/{id_}", {"role": "lead"})[:2] == (400, "client_error")
    assert api.refused("PUT", f"/contacts/{api.lead()}", {"role": "user"})[:2] == (400, "parameter_missing")


def test_changed_external_id_frees_the_old_one(api: Api):
    id_ = api.user("u1")
    api.ok("PUT", f"/contacts/{id_}", {"external_id": "u2"})
    assert api.user("u1") != id_


def test_list_pages_by_cursor(api: Api):
    ids = [api.user(f"u{n}") for n in range(5)]
    first = api.ok("GET", "/contacts?per_page=2")
    assert (first["total_count"], first["pages"]["total_pages"]) == (5, 3)
    seen, page = [row["id"] for row in first["data"]], first
    while following := page["pages"].get("next"):
        page = api.ok("GET", f"/contacts?per_page=2&starting_after={following['starting_after']}")
        seen += [row["id"] for row in page["data"]]
    assert seen == ids


@pytest.mark.parametrize("query", ["per_page=151", "per_page=0", "per_page=x", "starting_after=nonsense"])
def test_list_refuses_bad_paging(api: Api, query):
    assert api.refused("GET", f"/contacts?{query}")[:2] == (400, "parameter_invalid")


def test_list_has_fifty_by_default(api: Api):
    for n in range(51):
        api.control("POST", "/hand/contacts", {"external_id": f"u{n}"})
    assert len(api.ok("GET", "/contacts")["data"]) == 50
    assert len(api.ok("GET", "/contacts?per_page=150")["data"]) == 51


def test_archive_hides_and_unarchive_shows(api: Api):
    id_ = api.user("u1")
    archived = api.ok("POST", f"/contacts/{id_}/archive")
    assert archived == {"type": "contact", "id": id_, "external_id": "u1", "archived": True}
    assert api.effect == "contact.archived"
    for method, path in (("GET", f"/contacts/{id_}"), ("GET", "/contacts/find_by_external_id/u1")):
        assert api.refused(method, path) == (404, "not_found", "User Not Found")
    assert api.refused("PUT", f"/contacts/{id_}", {"name": "B"})[0] == 404
    assert api.ok("GET", "/contacts")["data"] == []
    api.ok("POST", f"/contacts/{id_}/archive")
    assert api.effect == ""
    assert api.ok("POST", f"/contacts/{id_}/unarchive")["archived"] is False
    assert api.effect == "contact.unarchived"
    assert api.ok("GET", f"/contacts/{id_}")["id"] == id_


def test_delete_is_permanent_and_frees_the_external_id(api: Api):
    id_ = api.user("u1")
    api.ok("POST", f"/contacts/{id_}/archive")
    assert api.ok("DELETE", f"/contacts/{id_}")["deleted"] is True
    assert api.effect == "contact.deleted"
    assert api.refused("DELETE", f"/contacts/{id_}")[0] == 404
    assert api.refused("POST", f"/contacts/{id_}/unarchive")[0] == 404
    assert api.user("u1") != id_


def test_merge_moves_the_lead_into_the_user(api: Api):
    api.attribute("plan")
    lead = api.lead(email="l@example.com", name="Lead", custom_attributes={"plan": "pro"})
    user = api.user("u1", name="User")
    api.ok("POST", f"/contacts/{lead}/tags", {"id": api.tag("warm")})
    api.ok("POST", f"/contacts/{lead}/companies", {"id": api.company("acme")})
    api.call("POST", "/events", {"event_name": "visited-site", "created_at": NOON, "id": lead})
    merged = api.ok("POST", "/contacts/merge", {"from": lead, "into": user})
    assert (merged["id"], merged["name"], merged["email"]) == (user, "User", "l@example.com")
    assert (merged["custom_attributes"], merged["tags"]["total_count"]) == ({"plan": "pro"}, 1)
    assert (merged["companies"]["total_count"], api.effect) == (1, "contact.merged")
    assert len(api.ok("GET", f"/events?type=user&intercom_user_id={user}")["events"]) == 1
    assert [row["id"] for row in api.ok("GET", "/contacts")["data"]] == [user]


def test_merge_only_lead_into_user(api: Api):
    lead, user, other = api.lead(), api.user("u1"), api.user("u2")
    for body in ({"from": user, "into": other}, {"from": user, "into": lead}, {"from": lead, "into": lead}):
        assert api.refused("POST", "/contacts/merge", body)[:2] == (400, "invalid_merge")
    assert api.refused("POST", "/contacts/merge", {"from": lead, "into": "nobody"})[0] == 404
    assert api.refused("POST", "/contacts/merge", {"from": lead})[:2] == (400, "parameter_missing")


def test_merged_contact_answers_404_and_410_from_version_2_16(api: Api):
    lead, user = api.lead(), api.user("u1")
    api.ok("POST", "/contacts/merge", {"from": lead, "into": user})
    assert api.refused("GET", f"/contacts/{lead}") == (404, "not_found", "User Not Found")
    gone = api.call("GET", f"/contacts/{lead}", **{"Intercom-Version": "2.16"})
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (410, "contact_merged")
    assert gone.headers["link"] == f'</contacts/{user}>; rel="canonical"'


def test_embeds_ten_tags_and_companies(api: Api):
    id_ = api.user("u1")
    for n in range(11):
        api.ok("POST", f"/contacts/{id_}/tags", {"id": api.tag(f"t{n}")})
        api.ok("POST", f"/contacts/{id_}/companies", {"id": api.company(f"c{n}")})
    contact = api.ok("GET", f"/contacts/{id_}")
    for plural in ("tags", "companies"):
        embedded = contact[plural]
        assert (len(embedded["data"]), embedded["total_count"], embedded["has_more"]) == (10, 11, True)
        assert embedded["url"] == f"/contacts/{id_}/{plural}"
        assert len(api.ok("GET", embedded["url"])["data"]) == 11
