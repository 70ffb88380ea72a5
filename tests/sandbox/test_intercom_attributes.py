"""Data attributes of the simulated Intercom: declaration, names, limits, value types."""

import pytest
from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401

from sandbox.intercom.attributes import LIMIT


def test_create_and_list(api: Api):
    made = api.attribute("stage", description="Instep")
    assert (made["full_name"], made["custom"], made["description"]) == ("custom_attributes.stage", True, "Instep")
    assert (api.effect, api.world.ledger[-1].object_id) == ("attribute.created", str(made["id"]))
    listed = api.ok("GET", "/data_attributes?model=contact")["data"]
    assert made in listed
    assert {row["model"] for row in listed} == {"contact"}
    standard = next(row for row in listed if row["name"] == "signed_up_at")
    assert (standard["custom"], standard["data_type"], "id" in standard) == (False, "date", False)
    assert made not in api.ok("GET", "/data_attributes?model=company")["data"]


def test_list_refuses_an_unknown_model(api: Api):
    assert api.refused("GET", "/data_attributes?model=people")[:2] == (400, "parameter_invalid")


def test_a_name_serves_once_and_one_model(api: Api):
    row = api.attribute("stage")
    again = {"name": "stage", "model": "contact", "data_type": "string"}
    held = "You already have 'stage' in your people data. To save this as new {} data, use a different name."
    assert api.refused("POST", "/data_attributes", again) == (400, "parameter_invalid", held.format("people"))
    other = again | {"model": "company"}
    assert api.refused("POST", "/data_attributes", other) == (400, "parameter_invalid", held.format("company"))
    api.ok("PUT", f"/data_attributes/{row['id']}", {"archived": True})
    assert api.refused("POST", "/data_attributes", again)[0] == 400


def test_a_standard_name_is_taken_on_its_own_model_only(api: Api):
    assert (
        api.refused("POST", "/data_attributes", {"name": "plan", "model": "company", "data_type": "string"})[0] == 400
    )
    assert api.attribute("plan")["model"] == "contact"


@pytest.mark.parametrize("name", ["a.b", "a$b", "a!b", "", "{x}"])
def test_bad_names(api: Api, name):
    assert api.refused("POST", "/data_attributes", {"name": name, "model": "contact", "data_type": "string"})[0] == 400


@pytest.mark.parametrize("name", ["trial_ends_at", "Mithril Shirt", "a-b", "price €"])
def test_good_names(api: Api, name):
    assert api.attribute(name)["name"] == name


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"model": "conversation"}, "The Data Attribute model field must be either contact or company"),
        ({"data_type": "mithril"}, "Data Type isn't an option"),
        ({"data_type": "options", "options": [{"value": "a"}]}, "A list needs two or more options"),
        ({"data_type": "options"}, "Options isn't an array"),
    ],
)
def test_create_refuses(api: Api, body, message):
    full = {"name": "x", "model": "contact", "data_type": "string"} | body
    assert api.refused("POST", "/data_attributes", full) == (400, "parameter_invalid", message)


def test_types_as_answers_name_them(api: Api):
    assert api.attribute("seen", "datetime")["data_type"] == "date"
    size = api.attribute("size", "options", options=[{"value": "S"}, {"value": "L"}])
    assert (size["data_type"], size["options"]) == ("string", ["S", "L"])


def test_250_active_attributes(api: Api):
    for n in range(LIMIT):
        body = {"name": f"a{n}", "model": "contact", "data_type": "string"}
        last = api.control("POST", "/hand/data_attributes", body)
    assert api.refused("POST", "/data_attributes", body | {"name": "more"})[0] == 400
    api.ok("PUT", f"/data_attributes/{last['id']}", {"archived": True})
    assert api.attribute("more")
    assert api.refused("PUT", f"/data_attributes/{last['id']}", {"archived": False})[0] == 400


def test_update(api: Api):
    row = api.attribute("size", "options", options=[{"value": "S"}, {"value": "L"}])
    path = f"/data_attributes/{row['id']}"
    api.world.set_clock(NOON + 5)
    changed = api.ok("PUT", path, {"description": "d", "options": [{"value": "S"}, {"value": "M"}]})
    assert (changed["description"], changed["options"], changed["updated_at"]) == ("d", ["S", "M"], NOON + 5)
    assert api.effect == "attribute.updated"
    api.ok("PUT", path, {"description": "d"})
    assert api.effect == ""
    assert api.refused("PUT", path, {"data_type": "integer"})[:2] == (400, "bad_request")
    assert api.refused("PUT", path, {"options": {"value": "S"}})[0] == 400
    assert api.refused("PUT", "/data_attributes/999", {})[:2] == (404, "field_not_found")


def test_archive_hides_and_unarchive_brings_back_the_values(api: Api):
    row = api.attribute("stage")
    id_ = api.user("u1", custom_attributes={"stage": "active"})
    api.ok("PUT", f"/data_attributes/{row['id']}", {"archived": True})
    assert "stage" not in [row["name"] for row in api.ok("GET", "/data_attributes")["data"]]
    assert "stage" in [row["name"] for row in api.ok("GET", "/data_attributes?include_archived=true")["data"]]
    assert api.ok("GET", f"/contacts/{id_}")["custom_attributes"] == {}
    refusal = api.refused("PUT", f"/contacts/{id_}", {"custom_attributes": {"stage": "x"}})
    assert refusal == (400, "parameter_invalid", "Custom attribute 'stage' does not exist")
    api.ok("PUT", f"/data_attributes/{row['id']}", {"archived": False})
    assert api.ok("GET", f"/contacts/{id_}")["custom_attributes"] == {"stage": "active"}


def test_an_attribute_in_use_cannot_be_archived(api: Api):
    row = api.attribute("stage")
    api.control("PUT", "/in_use", {"attribute": "stage", "by": "Seg 1"})
    assert api.refused("PUT", f"/data_attributes/{row['id']}", {"archived": True})[:2] == (422, "data_invalid")


def test_undeclared_values_are_refused_and_names_are_case_sensitive(api: Api):
    api.attribute("stage")
    for name in ("Stage", "other", "custom_attributes.stage"):
        refusal = api.refused("POST", "/contacts", {"external_id": "u", "custom_attributes": {name: "x"}})
        assert refusal[:2] == (400, "parameter_invalid")
    api.attribute("seats", "integer", model="company")
    assert api.refused("POST", "/contacts", {"external_id": "u", "custom_attributes": {"seats": 1}})[0] == 400


@pytest.mark.parametrize(
    ("data_type", "good", "bad"),
    [
        ("string", ["", "x" * 255], [1, True, 1.5, ["x"], {"a": 1}, "x" * 256]),
        ("integer", [0, -5, 2**40], ["1", 1.5, True]),
        ("float", [1, 1.5], ["1.5", False]),
        ("boolean", [True, False], [0, 1, "true"]),
        ("date", [NOON, NOON * 1000], ["2026-11-10", 1.5, True]),
    ],
)
def test_value_types(api: Api, data_type, good, bad):
    api.attribute("v", data_type)
    id_ = api.user("u1")
    for value in good:
        shown = api.ok("PUT", f"/contacts/{id_}", {"custom_attributes": {"v": value}})["custom_attributes"]["v"]
        assert shown == value
        assert type(shown) is type(value)
    for value in bad:
        assert api.refused("PUT", f"/contacts/{id_}", {"custom_attributes": {"v": value}})[0] == 400


def test_only_known_options(api: Api):
    api.attribute("size", "options", options=[{"value": "S"}, {"value": "L"}])
    id_ = api.user("u1", custom_attributes={"size": "S"})
    assert api.refused("PUT", f"/contacts/{id_}", {"custom_attributes": {"size": "M"}})[0] == 400


def test_values_merge_and_null_clears(api: Api):
    api.attribute("a")
    api.attribute("b")
    id_ = api.user("u1", custom_attributes={"a": "1", "b": "2"})
    assert api.ok("PUT", f"/contacts/{id_}", {"custom_attributes": {"a": None}})["custom_attributes"] == {"b": "2"}
    assert api.effect == "contact.updated"
    api.ok("PUT", f"/contacts/{id_}", {"custom_attributes": {"a": None, "b": "2"}})
    assert api.effect == ""
