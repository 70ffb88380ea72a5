"""Companies of the simulated Intercom, and who belongs to them."""

import pytest
from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401

from sandbox.intercom.space import workspace

UNKNOWN = (404, "company_not_found", "Company Not Found")


def peopled(api: Api, *company_ids: str) -> list[str]:
    """Companies with one contact each, made by hand."""
    contact = api.control("POST", "/hand/contacts", {"role": "lead"})["id"]
    ids = [api.control("POST", "/hand/companies", {"company_id": id_})["id"] for id_ in company_ids]
    for id_ in ids:
        api.control("POST", f"/hand/contacts/{contact}/companies", {"id": id_})
    return ids


def test_upsert_by_company_id(api: Api):
    made = api.ok("POST", "/companies", {"company_id": "acme", "name": "Acme", "plan": "pro", "size": 3})
    assert (made["plan"]["name"], made["size"], made["user_count"], api.effect) == ("pro", 3, 0, "company.created")
    api.world.set_clock(NOON + 5)
    again = api.ok("POST", "/companies", {"company_id": "acme", "plan": "max"})
    assert (again["id"], again["name"], again["plan"]["name"]) == (made["id"], "Acme", "max")
    assert (again["updated_at"], api.effect) == (NOON + 5, "company.updated")
    api.ok("POST", "/companies", {"company_id": "acme", "plan": "max"})
    assert api.effect == ""
    assert api.ok("POST", "/companies", {"company_id": "acme", "plan": None})["plan"] == {}


def test_put_by_intercom_id_cannot_change_company_id(api: Api):
    id_ = api.company("acme")
    assert api.ok("PUT", f"/companies/{id_}", {"name": "Acme"})["name"] == "Acme"
    assert api.refused("PUT", f"/companies/{id_}", {"company_id": "other"})[:2] == (400, "bad_request")
    assert api.refused("PUT", "/companies/acme", {"name": "x"}) == UNKNOWN


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "Acme"}, "parameter_missing"),
        ({"company_id": "acme", "test": "x"}, "bad_request"),
        ({"company_id": "acme", "plan": {"name": "pro"}}, "type_mismatch"),
        ({"company_id": "acme", "monthly_spend": "12"}, "type_mismatch"),
        ({"company_id": "acme", "monthly_spend": 2**31}, "parameter_invalid"),
        ({"company_id": "acme", "custom_attributes": {"x": "y"}}, "parameter_invalid"),
    ],
)
def test_refusals(api: Api, body, code):
    assert api.refused("POST", "/companies", body)[:2] == (400, code)


def test_monthly_spend_is_cut_to_an_integer(api: Api):
    assert api.ok("POST", "/companies", {"company_id": "acme", "monthly_spend": 155.98})["monthly_spend"] == 155
    assert (
        api.ok("POST", "/companies", {"company_id": "acme", "monthly_spend": 2**31 - 1})["monthly_spend"] == 2**31 - 1
    )


def test_custom_attributes_are_those_of_companies(api: Api):
    api.attribute("account_stage", model="company")
    made = api.ok("POST", "/companies", {"company_id": "acme", "custom_attributes": {"account_stage": "active"}})
    assert made["custom_attributes"] == {"account_stage": "active"}


def test_reads(api: Api):
    id_ = api.company("acme", name="Acme")
    for path in (f"/companies/{id_}", "/companies?company_id=acme", "/companies?name=Acme"):
        assert api.ok("GET", path)["id"] == id_
    for path in ("/companies/acme", "/companies?company_id=x", "/companies?name=x"):
        assert api.refused("GET", path) == UNKNOWN


def test_without_people_in_no_list(api: Api):
    api.company("empty")
    [id_] = peopled(api, "acme")
    assert [row["id"] for row in api.ok("POST", "/companies/list")["data"]] == [id_]
    assert [row["id"] for row in api.ok("GET", "/companies")["data"]] == [id_]
    assert [row["id"] for row in api.ok("GET", "/companies/scroll")["data"]] == [id_]


def test_list_pages_by_number(api: Api):
    ids = peopled(api, "a", "b", "c")
    first = api.ok("POST", "/companies/list?per_page=2&order=asc")
    assert [row["id"] for row in first["data"]] == ids[:2]
    assert (first["pages"]["next"]["page"], first["total_count"]) == (2, 3)
    last = api.ok("POST", "/companies/list?per_page=2&order=asc&page=2")
    assert ([row["id"] for row in last["data"]], last["pages"]["next"]) == (ids[2:], None)
    assert [row["id"] for row in api.ok("POST", "/companies/list")["data"]] == ids[::-1]
    assert api.refused("POST", "/companies/list?per_page=60&page=167")[0] == 400
    assert api.refused("POST", "/companies/list?per_page=61")[0] == 400


def test_companies_of_a_tag(api: Api):
    peopled(api, "a", "b")
    tag = api.ok("POST", "/tags", {"name": "big", "companies": [{"company_id": "b"}]})["id"]
    assert [row["company_id"] for row in api.ok("GET", f"/companies?tag_id={tag}")["data"]] == ["b"]


def test_scroll(api: Api):
    ids = peopled(api, *(f"c{n}" for n in range(101)))
    first = api.ok("GET", "/companies/scroll")
    token = first["scroll_param"]
    assert api.refused("GET", "/companies/scroll")[:2] == (400, "scroll_exists")
    second = api.ok("GET", f"/companies/scroll?scroll_param={token}")
    assert [row["id"] for row in first["data"] + second["data"]] == ids
    assert second["scroll_param"] == token
    assert api.ok("GET", f"/companies/scroll?scroll_param={token}")["data"] == []
    assert api.refused("GET", f"/companies/scroll?scroll_param={token}")[:2] == (404, "not_found")


def test_scroll_dies_after_a_minute_unused(api: Api):
    peopled(api, "a")
    token = api.ok("GET", "/companies/scroll")["scroll_param"]
    api.world.set_clock(NOON + 61)
    assert api.refused("GET", f"/companies/scroll?scroll_param={token}")[0] == 404
    assert api.ok("GET", "/companies/scroll")["scroll_param"] != token


def test_attach_and_detach(api: Api):
    contact, company = api.user("u1"), api.company("acme")
    assert api.ok("POST", f"/contacts/{contact}/companies", {"id": company})["user_count"] == 1
    assert (api.effect, api.world.ledger[-1].object_id) == ("company.attached", company)
    api.ok("POST", f"/contacts/{contact}/companies", {"id": company})
    assert api.effect == ""
    listed = api.ok("GET", f"/contacts/{contact}/companies")
    assert ([row["id"] for row in listed["data"]], listed["total_count"]) == ([company], 1)
    assert [row["id"] for row in api.ok("GET", f"/companies/{company}/contacts")["data"]] == [contact]
    assert api.ok("DELETE", f"/contacts/{contact}/companies/{company}")["user_count"] == 0
    assert api.effect == "company.detached"
    assert api.refused("DELETE", f"/contacts/{contact}/companies/{company}") == UNKNOWN


def test_attach_takes_the_intercom_id_only(api: Api):
    contact, company = api.user("u1"), api.company("acme")
    assert api.refused("POST", f"/contacts/{contact}/companies", {"id": "acme"}) == UNKNOWN
    nothing = (400, "parameter_not_found", "company not specified")
    assert api.refused("POST", f"/contacts/{contact}/companies", {}) == nothing
    assert api.refused("POST", "/contacts/u1/companies", {"id": company}) == (404, "not_found", "User Not Found")


def test_at_most_1000_companies(api: Api):
    contact = api.user("u1")
    held = workspace(api.world).contacts[contact].companies
    held.update(dict.fromkeys((str(n) for n in range(999)), NOON))
    api.ok("POST", f"/contacts/{contact}/companies", {"id": api.company("last")})
    refusal = api.refused("POST", f"/contacts/{contact}/companies", {"id": api.company("more")})
    assert refusal[:2] == (400, "contact_company_limit_exceeded")


def test_delete_detaches_its_people(api: Api):
    contact, company = api.user("u1"), api.company("acme")
    api.ok("POST", f"/contacts/{contact}/companies", {"id": company})
    assert api.ok("DELETE", f"/companies/{company}") == {"id": company, "object": "company", "deleted": True}
    assert api.effect == "company.deleted"
    assert api.refused("GET", f"/companies/{company}") == UNKNOWN
    assert api.ok("GET", f"/contacts/{contact}")["companies"]["total_count"] == 0
    assert api.company("acme") != company
