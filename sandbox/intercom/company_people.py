"""Who belongs to which company: attach, detach, and the two lists.

Source: Intercom "Companies" (attach a contact to a company, detach, list attached contacts and companies).
"""

from __future__ import annotations

from typing import Any

from sandbox.intercom import companies, contacts
from sandbox.intercom.contact_view import show as show_contact
from sandbox.intercom.errors import ApiError, company_not_found
from sandbox.intercom.fields import REFERENCE, checked
from sandbox.intercom.paging import MAX_PER_PAGE, cursor_page, number_param, numbered_page
from sandbox.intercom.space import Call, Workspace

MAX_COMPANIES = 1000


def attach(space: Workspace, call: Call) -> dict[str, Any]:
    """By the company's Intercom id only; a contact belongs to at most 1,000 companies."""
    contact = contacts.find(space, call)
    body = checked(call.body, REFERENCE)
    if "id" not in body:
        raise ApiError(400, "parameter_not_found", "company not specified")
    company = companies.by_id(space, str(body["id"]))
    if company.id not in contact.companies:
        if len(contact.companies) >= MAX_COMPANIES:
            message = f"Contact has reached the maximum of {MAX_COMPANIES} company associations"
            raise ApiError(400, "contact_company_limit_exceeded", message)
        contact.companies[company.id] = company.people[contact.id] = space.world.now
        call.did("company.attached", company.id)
    return companies.show(space, company)


def detach(space: Workspace, call: Call) -> dict[str, Any]:
    contact = contacts.find(space, call)
    company = companies.find(space, call)
    if company.id not in contact.companies:
        raise company_not_found()
    del contact.companies[company.id], company.people[contact.id]
    call.did("company.detached", company.id)
    return companies.show(space, company)


def list_companies(space: Workspace, call: Call) -> dict[str, Any]:
    """All companies of a contact, beyond the ten embedded in it."""
    contact = contacts.find(space, call)
    per_page = number_param(call.query, "per_page", 50, MAX_PER_PAGE)
    page = number_param(call.query, "page", 1, MAX_COMPANIES)
    rows = [space.companies[id_] for id_ in contact.companies]
    return numbered_page(rows, page, per_page, lambda row: companies.show(space, row))


def list_contacts(space: Workspace, call: Call) -> dict[str, Any]:
    company = companies.find(space, call)
    per_page = number_param(call.query, "per_page", 50, MAX_PER_PAGE)
    rows = [contact for id_ in company.people if (contact := space.contacts[id_]).visible]
    rows.sort(key=lambda row: row.number)
    return cursor_page(rows, per_page, call.query.get("starting_after"), lambda row: show_contact(space, row))
