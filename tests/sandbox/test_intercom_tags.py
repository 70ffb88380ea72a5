"""Tags of the simulated Intercom."""

import pytest
from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401

USER = (404, "not_found", "User Not Found")
RESOURCE = (404, "not_found", "Resource Not Found")


def test_create_or_return_without_regard_to_case(api: Api):
    made = api.ok("POST", "/tags", {"name": "Sub:Active"})
    assert (api.effect, api.world.ledger[-1].object_id) == ("tag.created", made["id"])
    assert api.ok("POST", "/tags", {"name": "sub:active"}) == made
    assert api.effect == ""
    assert api.ok("GET", "/tags") == {"type": "list", "data": [made]}
    assert api.ok("GET", f"/tags/{made['id']}") == made
    assert api.refused("GET", "/tags/999") == RESOURCE


def test_rename_keeps_the_id_and_a_name_makes_a_second(api: Api):
    id_ = api.tag("old")
    assert api.ok("POST", "/tags", {"id": id_, "name": "new"}) == {"type": "tag", "id": id_, "name": "new"}
    assert api.effect == "tag.renamed"
    assert api.tag("old") != id_
    assert api.refused("POST", "/tags", {"id": id_, "name": "OLD"})[:2] == (400, "parameter_invalid")
    assert api.refused("POST", "/tags", {"id": "999", "name": "x"}) == RESOURCE


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 1}, {"test": "x"}, {"name": "x", "color": "red"}])
def test_invalid_parameters(api: Api, body):
    assert api.refused("POST", "/tags", body) == (400, "parameter_invalid", "invalid tag parameters")


def test_attach_list_detach(api: Api):
    contact, tag = api.user("u1"), api.tag("vip")
    added = api.ok("POST", f"/contacts/{contact}/tags", {"id": tag})
    assert (added["id"], added["name"], added["applied_at"]) == (tag, "vip", NOON)
    assert (api.effect, api.world.ledger[-1].object_id) == ("contact.tagged", contact)
    assert api.ok("POST", f"/contacts/{contact}/tags", {"id": tag}) == added
    assert api.effect == ""
    assert api.ok("GET", f"/contacts/{contact}/tags")["data"] == [added]
    assert api.ok("DELETE", f"/contacts/{contact}/tags/{tag}") == added
    assert api.effect == "contact.untagged"
    assert api.refused("DELETE", f"/contacts/{contact}/tags/{tag}") == RESOURCE


def test_tagging_does_not_move_updated_at(api: Api):
    contact, tag = api.user("u1"), api.tag("vip")
    api.world.set_clock(NOON + 5)
    api.ok("POST", f"/contacts/{contact}/tags", {"id": tag})
    assert api.ok("GET", f"/contacts/{contact}")["updated_at"] == NOON


def test_404_names_what_is_missing(api: Api):
    contact, tag = api.user("u1"), api.tag("vip")
    assert api.refused("POST", "/contacts/unknown/tags", {"id": tag}) == USER
    assert api.refused("POST", f"/contacts/{contact}/tags", {"id": "999"}) == RESOURCE
    assert api.refused("POST", f"/contacts/{contact}/tags", {}) == RESOURCE
    assert api.refused("DELETE", f"/contacts/unknown/tags/{tag}") == USER
    assert api.refused("DELETE", f"/contacts/{contact}/tags/999") == RESOURCE
    assert api.refused("GET", "/contacts/unknown/tags") == USER


def test_bulk_users_by_name_creates_a_missing_tag(api: Api):
    ids = [api.user("u1"), api.user("u2")]
    tag = api.ok("POST", "/tags", {"name": "new", "users": [{"id": id_} for id_ in ids]})
    assert api.effect == "contact.tagged"
    for id_ in ids:
        assert [row["id"] for row in api.ok("GET", f"/contacts/{id_}/tags")["data"]] == [tag["id"]]
    assert api.refused("POST", "/tags", {"name": "other", "users": [{"id": "unknown"}]}) == USER
    assert [row["name"] for row in api.ok("GET", "/tags")["data"]] == ["new"]
    assert api.refused("POST", "/tags", {"name": "new", "users": [{"id": ids[0], "untag": True}]})[0] == 400


def test_bulk_companies_tag_and_untag(api: Api):
    id_ = api.company("acme")
    api.ok("POST", "/tags", {"name": "big", "companies": [{"company_id": "acme"}]})
    assert api.effect == "company.tagged"
    assert [tag["name"] for tag in api.ok("GET", f"/companies/{id_}")["tags"]["tags"]] == ["big"]
    api.ok("POST", "/tags", {"name": "big", "companies": [{"id": id_}]})
    assert api.effect == ""
    api.ok("POST", "/tags", {"name": "big", "companies": [{"id": id_, "untag": True}]})
    assert api.effect == "company.untagged"
    assert api.ok("GET", f"/companies/{id_}")["tags"]["tags"] == []
    unknown = api.refused("POST", "/tags", {"name": "big", "companies": [{"company_id": "none"}]})
    assert unknown == (404, "company_not_found", "Company Not Found")


def test_delete_takes_it_off_everyone(api: Api):
    contact, tag = api.user("u1"), api.tag("vip")
    api.ok("POST", f"/contacts/{contact}/tags", {"id": tag})
    answer = api.call("DELETE", f"/tags/{tag}")
    assert (answer.status_code, answer.content, api.effect) == (200, b"", "tag.deleted")
    assert api.ok("GET", f"/contacts/{contact}/tags")["data"] == []
    assert api.refused("DELETE", f"/tags/{tag}") == RESOURCE


def test_a_tag_in_a_segment_cannot_be_deleted(api: Api):
    tag = api.tag("vip")
    api.control("PUT", "/in_use", {"tag": "vip", "by": "Seg 1"})
    message = "Unable to delete Tag with dependent objects. Segments: Seg 1."
    assert api.refused("DELETE", f"/tags/{tag}") == (400, "tag_has_dependent_objects", message)
