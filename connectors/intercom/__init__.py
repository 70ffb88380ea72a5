"""Intercom's wire: contacts with their tags and companies, companies, and events."""

from connectors.intercom.attributes import MOST as MOST_ATTRIBUTES
from connectors.intercom.attributes import attributes, hindrances, missing, used
from connectors.intercom.client import IntercomApi, IntercomIdentity, IntercomSettings
from connectors.intercom.companies import IntercomCompanies
from connectors.intercom.contacts import IntercomContacts
from connectors.intercom.erasures import IntercomErasures
from connectors.intercom.events import IntercomEvents

__all__ = [
    "MOST_ATTRIBUTES",
    "IntercomApi",
    "IntercomCompanies",
    "IntercomContacts",
    "IntercomErasures",
    "IntercomEvents",
    "IntercomIdentity",
    "IntercomSettings",
    "attributes",
    "hindrances",
    "missing",
    "used",
]
