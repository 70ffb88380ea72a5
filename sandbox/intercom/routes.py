"""Which path is answered by which function, and with which status.

Source: Intercom OpenAPI 2.14, paths. A path listed earlier wins over one with a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.intercom import (
    account,
    attributes,
    companies,
    company_people,
    contact_life,
    contacts,
    events,
    search,
    tags,
)
from sandbox.intercom.space import Call, Workspace

Handler = Callable[[Workspace, Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """``handler`` returns the JSON answer; None means an empty body."""

    method: str
    path: str
    handler: Handler
    status: int = 200


ROUTES = (
    Route("GET", "/me", account.me),
    Route("GET", "/segments", account.segments),
    Route("POST", "/contacts", contacts.create),
    Route("GET", "/contacts", contacts.list_all),
    Route("POST", "/contacts/search", search.search),
    Route("POST", "/contacts/merge", contact_life.merge),
    Route("GET", "/contacts/find_by_external_id/{external_id:path}", contacts.get_by_external_id),
    Route("GET", "/contacts/{contact_id}", contacts.get),
    Route("PUT", "/contacts/{contact_id}", contacts.update),
    Route("DELETE", "/contacts/{contact_id}", contact_life.delete),
    Route("POST", "/contacts/{contact_id}/archive", contact_life.archive),
    Route("POST", "/contacts/{contact_id}/unarchive", contact_life.unarchive),
    Route("GET", "/contacts/{contact_id}/segments", account.segments_of_contact),
    Route("GET", "/contacts/{contact_id}/tags", tags.list_of_contact),
    Route("POST", "/contacts/{contact_id}/tags", tags.attach),
    Route("DELETE", "/contacts/{contact_id}/tags/{tag_id}", tags.detach),
    Route("GET", "/contacts/{contact_id}/companies", company_people.list_companies),
    Route("POST", "/contacts/{contact_id}/companies", company_people.attach),
    Route("DELETE", "/contacts/{contact_id}/companies/{company_id}", company_people.detach),
    Route("POST", "/companies", companies.upsert),
    Route("GET", "/companies", companies.retrieve),
    Route("POST", "/companies/list", companies.list_all),
    Route("GET", "/companies/scroll", companies.scroll),
    Route("GET", "/companies/{company_id}", companies.get),
    Route("PUT", "/companies/{company_id}", companies.update),
    Route("DELETE", "/companies/{company_id}", companies.delete),
    Route("GET", "/companies/{company_id}/contacts", company_people.list_contacts),
    Route("GET", "/tags", tags.list_all),
    Route("POST", "/tags", tags.post),
    Route("GET", "/tags/{tag_id}", tags.get),
    Route("DELETE", "/tags/{tag_id}", tags.delete),
    Route("GET", "/data_attributes", attributes.list_all),
    Route("POST", "/data_attributes", attributes.create),
    Route("PUT", "/data_attributes/{data_attribute_id}", attributes.update),
    Route("POST", "/events", events.submit, 202),
    Route("GET", "/events", events.list_all),
)
