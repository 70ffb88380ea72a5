"""Requests and answers of the simulated Intercom against the vendor's OpenAPI description of version 2.14."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from intercom_live import NOON, Api, api_fixture, live_fixture  # noqa: F401
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from sandbox.intercom.routes import ROUTES

SPEC = Path(__file__).parents[2].parent / "shared/specs/intercom-2.14.openapi.yaml"
pytestmark = pytest.mark.skipif(not SPEC.exists(), reason=f"the vendor's description is not at {SPEC}")

# Where the description contradicts the vendor's own samples or text, and the simulation follows those:
# - alternatives marked oneOf overlap, so they are read as anyOf;
# - a contact without an email shows null, in samples too, where the schema says string;
# - GET /events lists events as event.list; the schema knows only the summary.
LOOSER = {("GET", "/events")}
ERRORS = range(400, 600)


@cache
def spec() -> dict[str, Any]:
    with SPEC.open() as file:
        document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    document = overlapping(document)
    document["components"]["schemas"]["contact"]["properties"]["email"]["nullable"] = True
    return document


@cache
def registry() -> Registry:
    return Registry().with_resource("spec:", Resource(spec(), DRAFT4))


def overlapping(node: Any) -> Any:
    if isinstance(node, dict):
        return {"anyOf" if name == "oneOf" else name: overlapping(value) for name, value in node.items()}
    return [overlapping(value) for value in node] if isinstance(node, list) else node


def absolute(node: Any) -> Any:
    """The schema with its references made absolute, to be checked on its own."""
    if isinstance(node, dict):
        return {name: f"spec:{value}" if name == "$ref" else absolute(value) for name, value in node.items()}
    return [absolute(value) for value in node] if isinstance(node, list) else node


def check(schema: dict[str, Any], value: Any) -> None:
    OAS30Validator(absolute(schema), registry=registry()).validate(value)


def json_schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    return holder.get("content", {}).get("application/json", {}).get("schema")


class Checked:
    """Calls that check both directions, and remember which routes were seen."""

    def __init__(self, api: Api) -> None:
        self.api, self.seen = api, set()

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        route = next(row for row in ROUTES if row.method == method and matches(row.path, path.partition("?")[0]))
        operation = spec()["paths"][vendor_path(route.path)][method.lower()]
        self.seen.add((method, route.path))
        answer = self.api.call(method, path, body)
        assert answer.status_code == status, answer.text
        if body is not None and status < 400:
            check(json_schema(operation["requestBody"]), body)
        return self.checked_answer(operation, route, answer)

    def checked_answer(self, operation: dict[str, Any], route: Any, answer: Any) -> Any:
        if answer.status_code in ERRORS:
            check({"$ref": "#/components/schemas/error"}, answer.json())
            return answer.json()
        schema = json_schema(operation["responses"][str(answer.status_code)])
        if schema is None:
            assert answer.content == b""
            return None
        if (route.method, route.path) not in LOOSER:
            check(schema, answer.json())
        return answer.json()


def matches(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+(:path)?\}", "[^/]+", pattern), path) is not None


def vendor_path(path: str) -> str:
    return path.replace(":path", "")


def test_every_route_is_the_vendors():
    for route in ROUTES:
        assert route.method.lower() in spec()["paths"][vendor_path(route.path)]
        assert str(route.status) in spec()["paths"][vendor_path(route.path)][route.method.lower()]["responses"]


def test_the_check_can_fail():
    with pytest.raises(Exception, match="is not of type"):
        check({"$ref": "#/components/schemas/contact"}, {"id": 7})


@pytest.mark.parametrize(
    ("path", "kind"), [("/contacts/{contact_id}", "contact"), ("/companies/{company_id}", "company")]
)
def test_answers_have_the_keys_of_the_vendors_samples(api: Api, path: str, kind: str):
    answers = spec()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    [sample] = answers["examples"].values()
    made = api.user("u1") if kind == "contact" else api.company("acme", remote_created_at=NOON)
    shown = set(api.ok("GET", path.replace(f"{{{kind}_id}}", made)))
    known = spec()["components"]["schemas"][kind]["properties"]
    assert set(sample["value"]) - shown == set()
    assert shown <= set(sample["value"]) | set(known)


def test_a_whole_life(api: Api):
    call = Checked(api)
    call("GET", "/me")
    call("GET", "/segments")
    call("POST", "/data_attributes", {"name": "stage", "model": "contact", "data_type": "string"})
    options = {"data_type": "options", "options": [{"value": "S"}, {"value": "L"}]}
    row = call("POST", "/data_attributes", {"name": "size class", "model": "company", **options})
    call("PUT", f"/data_attributes/{row['id']}", {"archived": True, "description": "old"})
    call("GET", "/data_attributes?include_archived=true")
    user = call("POST", "/contacts", {"external_id": "u1", "email": "a@example.com", "signed_up_at": NOON})["id"]
    lead = call("POST", "/contacts", {"role": "lead"})["id"]
    change = {"name": "A", "avatar": "https://example.com/a.png", "custom_attributes": {"stage": "active"}}
    call("PUT", f"/contacts/{user}", change)
    call("GET", f"/contacts/{user}")
    call("GET", "/contacts/find_by_external_id/u1")
    call("GET", "/contacts?per_page=1")
    query = {"operator": "AND", "value": [{"field": "created_at", "operator": ">", "value": NOON - 200_000}]}
    assert call("POST", "/contacts/search", {"query": query, "pagination": {"per_page": 1}})["total_count"] == 2
    tag = call("POST", "/tags", {"name": "vip"})["id"]
    call("POST", "/tags", {"name": "VIP", "id": tag})
    call("GET", "/tags")
    call("GET", f"/tags/{tag}")
    call("POST", f"/contacts/{user}/tags", {"id": tag})
    call("GET", f"/contacts/{user}/tags")
    call("GET", f"/contacts/{user}/segments")
    company = call("POST", "/companies", {"company_id": "acme", "plan": "pro", "monthly_spend": 49, "size": 3})["id"]
    call("PUT", f"/companies/{company}", {"name": "Acme", "website": "https://example.com"})
    call("POST", "/tags", {"name": "big", "companies": [{"company_id": "acme"}]})
    call("POST", f"/contacts/{user}/companies", {"id": company})
    call("GET", f"/contacts/{user}")
    call("GET", f"/contacts/{user}/companies")
    call("GET", f"/companies/{company}")
    call("GET", "/companies")
    call("GET", "/companies/scroll")
    call("GET", f"/companies/{company}/contacts")
    call("POST", "/companies/list")
    event = {"event_name": "started-trial", "created_at": NOON, "user_id": "u1", "metadata": {"plan": "pro"}}
    call("POST", "/events", event, 202)
    call("GET", "/events?type=user&user_id=u1")
    summary = api.ok("GET", "/events?type=user&user_id=u1&summary=true")
    check({"$ref": "#/components/schemas/data_event_summary"}, summary)
    call("POST", "/contacts/merge", {"from": lead, "into": user})
    call("DELETE", f"/contacts/{user}/tags/{tag}")
    call("DELETE", f"/tags/{tag}")
    call("DELETE", f"/contacts/{user}/companies/{company}")
    call("DELETE", f"/companies/{company}")
    call("POST", f"/contacts/{user}/archive")
    call("POST", "/contacts", {"external_id": "u1"}, 409)
    call("GET", f"/contacts/{user}", status=404)
    call("POST", f"/contacts/{user}/unarchive")
    call("DELETE", f"/contacts/{user}")
    assert call.seen == {(route.method, route.path) for route in ROUTES}
