"""Intercom's wire: contacts with their tags and companies, companies, and events."""

from connectors.intercom.attributes import MOST as MOST_ATTRIBUTES
from connectors.intercom.attributes import attributes, declaration_of, missing, used
from connectors.intercom.client import VERSION as INTERCOM_VERSION
from connectors.intercom.client import IntercomApi, IntercomIdentity, IntercomSettings
from connectors.intercom.companies import IntercomCompanies
from connectors.intercom.contacts import IntercomContacts
from connectors.intercom.erasures import IntercomErasures
from connectors.intercom.events import IntercomEvents
from connectors.intercom.marks import Mark, leave_mark, marks
from connectors.intercom.scopes import SCOPES

__all__ = [
    "INTERCOM_VERSION",
    "MOST_ATTRIBUTES",
    "SCOPES",
    "IntercomApi",
    "IntercomCompanies",
    "IntercomContacts",
    "IntercomErasures",
    "IntercomEvents",
    "IntercomIdentity",
    "IntercomSettings",
    "Mark",
    "attributes",
    "declaration_of",
    "leave_mark",
    "marks",
    "missing",
    "used",
]
