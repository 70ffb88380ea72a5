"""Companies: upsert by the customer's own id, read, list, scroll, delete.

Source: Intercom "Companies" (create or update, retrieve, list all, scroll over all, delete).
"""

from __future__ import annotations

from typing import Any

from sandbox.intercom import attributes, tags
from sandbox.intercom.errors import ApiError, company_not_found, invalid, missing
from sandbox.intercom.fields import COMPANY, COMPANY_UPDATE, checked
from sandbox.intercom.paging import number_param, numbered_page
from sandbox.intercom.space import Call, Company, Scroll, Workspace

MAX_SPEND = 2**31 - 1
MAX_LISTED = 10_000
MAX_PER_PAGE = 60
SCROLL_PAGE = 100
SCROLL_IDLE = 60
_NOT_STANDARD = {"company_id", "custom_attributes"}


def upsert(space: Workspace, call: Call) -> dict[str, Any]:
    """Looked up by ``company_id``: created when unknown, else updated."""
    body = checked(call.body, COMPANY)
    if not body.get("company_id"):
        raise missing("company_id")
    held = space.company_ids.get(body["company_id"])
    return _update(space, call, held, body) if held else _create(space, call, body)


def update(space: Workspace, call: Call) -> dict[str, Any]:
    """By Intercom id; ``company_id`` cannot be changed and is no field here."""
    return _update(space, call, find(space, call), checked(call.body, COMPANY_UPDATE))


def get(space: Workspace, call: Call) -> dict[str, Any]:
    return show(space, find(space, call))


def retrieve(space: Workspace, call: Call) -> dict[str, Any]:
    """One company by ``company_id`` or ``name``, or a list, optionally of one ``tag_id``."""
    for name in ("company_id", "name"):
        if name in call.query:
            return show(space, _one(space, name, call.query[name]))
    if "segment_id" in call.query:
        return _listed(space, call, [], 15)
    wanted = call.query.get("tag_id")
    return _listed(space, call, [row for row in _visible(space) if wanted is None or wanted in row.tags], 15)


def list_all(space: Workspace, call: Call) -> dict[str, Any]:
    """Companies with people, newest first, in pages that end at 10,000."""
    rows = _visible(space)
    return _listed(space, call, rows if call.query.get("order") == "asc" else rows[::-1], 20)


def scroll(space: Workspace, call: Call) -> dict[str, Any]:
    """One scroll at a time, the same token on every page, an empty page at the end; dead after a minute unused."""
    now = space.world.now
    if space.scroll and now - space.scroll.used_at > SCROLL_IDLE:
        space.scroll = None
    token = call.query.get("scroll_param")
    if token is None:
        if space.scroll:
            raise ApiError(400, "scroll_exists", "scroll already exists for this workspace")
        space.scroll = Scroll(space.uuid(), _visible(space), now)
    elif space.scroll is None or space.scroll.token != token:
        raise ApiError(404, "not_found", "scroll parameter not found")
    return _scrolled(space, space.scroll)


def delete(space: Workspace, call: Call) -> dict[str, Any]:
    """Archives the company and detaches its people."""
    company = find(space, call)
    for contact_id in company.people:
        space.contacts[contact_id].companies.pop(company.id)
    del space.companies[company.id], space.company_ids[company.company_id]
    call.did("company.deleted", company.id)
    return {"id": company.id, "object": "company", "deleted": True}


def find(space: Workspace, call: Call) -> Company:
    """The company named in the path, by Intercom id."""
    return by_id(space, call.path["company_id"])


def by_id(space: Workspace, company_id: str) -> Company:
    if company_id not in space.companies:
        raise company_not_found()
    return space.companies[company_id]


def show(space: Workspace, company: Company) -> dict[str, Any]:
    plan = company.fields.get("plan")
    worn = [tags.show(space.tags[id_]) for id_ in company.tags]
    return {
        "type": "company",
        "company_id": company.company_id,
        "id": company.id,
        "app_id": space.id_code,
        "name": company.fields.get("name") or company.company_id,
        "created_at": company.created_at,
        "updated_at": company.updated_at,
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": len(company.people),
        "tags": {"type": "tag.list", "tags": worn},
        "segments": {"type": "segment.list", "segments": []},
        **{name: value for name, value in company.fields.items() if value is not None},
        "plan": {"type": "plan", "id": f"plan_{plan}", "name": plan} if plan else {},
        "custom_attributes": attributes.shown_values(space, "company", company.custom),
    }


def _create(space: Workspace, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    fields = _fields(body)
    values = attributes.checked_values(space, "company", body.get("custom_attributes"))
    now = space.world.now
    company = Company(space.number(), space.object_id(), body["company_id"], now, now, fields)
    attributes.apply_values(company.custom, values)
    space.companies[company.id] = space.company_ids[company.company_id] = company
    call.did("company.created", company.id)
    return show(space, company)


def _update(space: Workspace, call: Call, company: Company, body: dict[str, Any]) -> dict[str, Any]:
    fields = company.fields | _fields(body)
    values = attributes.checked_values(space, "company", body.get("custom_attributes"))
    if attributes.apply_values(company.custom, values) or fields != company.fields:
        company.fields, company.updated_at = fields, space.world.now
        call.did("company.updated", company.id)
    return show(space, company)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """``monthly_spend`` is cut to whole units and has an upper limit of 2**31-1."""
    fields = {name: value for name, value in body.items() if name not in _NOT_STANDARD}
    if fields.get("monthly_spend") is not None:
        fields["monthly_spend"] = int(fields["monthly_spend"])
        if fields["monthly_spend"] > MAX_SPEND:
            raise invalid(f"monthly_spend is above {MAX_SPEND}")
    return fields


def _one(space: Workspace, name: str, value: str) -> Company:
    rows = [row for row in space.companies.values() if name == "company_id" or row.fields.get("name") == value]
    company = space.company_ids.get(value) if name == "company_id" else next(iter(rows), None)
    if company is None:
        raise company_not_found()
    return company


def _visible(space: Workspace) -> list[Company]:
    """A company without people is in no list."""
    return [company for company in space.companies.values() if company.people]


def _listed(space: Workspace, call: Call, rows: list[Company], default: int) -> dict[str, Any]:
    per_page = number_param(call.query, "per_page", default, MAX_PER_PAGE)
    page = number_param(call.query, "page", 1, MAX_LISTED)
    if page * per_page > MAX_LISTED:
        raise invalid(f"page limit reached, use scroll beyond {MAX_LISTED} companies")
    return numbered_page(rows, page, per_page, lambda row: show(space, row))


def _scrolled(space: Workspace, open_scroll: Scroll) -> dict[str, Any]:
    shown, open_scroll.rest = open_scroll.rest[:SCROLL_PAGE], open_scroll.rest[SCROLL_PAGE:]
    open_scroll.used_at = space.world.now
    if not shown:
        space.scroll = None
    data = [show(space, row) for row in shown]
    return {"type": "list", "data": data, "pages": None, "total_count": None, "scroll_param": open_scroll.token}
