"""Companies as Intercom holds them for us: one per account where accounts are teams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from connectors.contract import Declaration, Gone, Page, Rejected
from connectors.intercom.attributes import attributes_found, declare_attributes
from connectors.intercom.client import IntercomApi, next_page
from connectors.intercom.fields import from_json, to_json
from connectors.lists import Walk, ids_of
from mappings.model import Desired, Held, JSONObject, Name, Record, Ref, Step, subject_id

MOST_SPEND = 2_147_483_647
PAGE = 60
MOST_LISTED = 10_000


class IntercomCompanies:
    """Target ``intercom.companies``. Values: ``company_id`` (ours, never changes), ``name``, ``plan``,
    ``monthly_spend`` (an integer to Intercom), ``custom.<attribute>``. The external id is Intercom's own."""

    name = "intercom.companies"
    system = "intercom"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "recreate"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: IntercomApi) -> None:
        self._api = api
        self.timeout = api.gate.timeout

    def declaration(self, names: Sequence[Name]) -> Declaration:
        return attributes_found(self._api, "company", names)

    def declare(self, names: Sequence[Name]) -> None:
        declare_attributes(self._api, "company", names)

    def find(self, desired: Desired, since: int | None) -> Held | None:
        found = companies_of(self._api, str(desired.values["company_id"]))
        return _held(found[0], desired) if found else None

    def observe(self, resume: str | None) -> Iterator[Page]:
        """All companies with people, oldest first. The list ends at 10,000; a scroll does not, but a workspace has only
        one at a time, and it cannot be resumed.

        https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/listallcompanies
        """
        number, walk = int(resume or 1), Walk(self.system, "/companies/list")
        while True:
            answer = self._api.search(f"/companies/list?page={number}&per_page={PAGE}&order=asc", {})
            if (answer.get("total_count") or 0) > MOST_LISTED:
                break
            number += 1
            more = bool(next_page(answer))
            walk.reach(ids_of(answer.get("data") or []), more)
            yield self._page(answer, str(number))
            if not more:
                return
        params: dict[str, str] = {}
        walk = Walk(self.system, "/companies/scroll")
        while rows := (answer := self._api.get("/companies/scroll", params)).get("data"):
            walk.reach(ids_of(rows), more=True)
            yield self._page(answer, None)
            params = {"scroll_param": str(answer["scroll_param"])}

    def _page(self, answer: JSONObject, cursor: str | None) -> Page:
        rows = answer.get("data") or []
        return Page(records=[Record(Ref(self.name, "company", str(row["id"])), row) for row in rows], cursor=cursor)

    def holds(self, record: Record, desired: Desired) -> Held:
        return _held(record.data or {}, desired)

    def push(self, step: Step) -> Held:
        """Creates and updates alike: Intercom looks the company up by our id."""
        values: dict[str, Any] = {"company_id": subject_id(step.subject), **step.values}
        if values.get("monthly_spend") is not None:
            values["monthly_spend"] = _spend(float(values["monthly_spend"]))
        company, request = self._api.write("POST", "/companies", to_json(values))
        return Held(str(company["id"]), vendor_request_id=request)


def companies_of(api: IntercomApi, ours: str) -> list[JSONObject]:
    """The one with this id of ours; empty when there is none."""
    try:
        answer = api.get("/companies", {"company_id": ours})
    except Gone:
        return []
    # Documented as a list in some places and as the company itself in others.
    found: list[JSONObject] = answer.get("data") or [] if answer.get("type") == "list" else [answer]
    return [company for company in found if company.get("company_id") == ours]


def _spend(value: float) -> int:
    if not 0 <= value <= MOST_SPEND:
        raise Rejected("monthly_spend is outside of what Intercom stores")
    return round(value)


def _held(company: JSONObject, desired: Desired) -> Held:
    plan = company.get("plan")
    flat = company | {"plan": plan.get("name") if isinstance(plan, dict) else plan}
    return Held(str(company["id"]), from_json(flat, desired.values))
