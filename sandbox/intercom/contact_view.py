"""A contact as Intercom's answers show it.

Source: Intercom OpenAPI 2.14, schema ``contact`` and the sample answers of "Contacts".
"""

from __future__ import annotations

from typing import Any

from sandbox.intercom.attributes import shown_values
from sandbox.intercom.space import Contact, Workspace

EMBEDDED = 10
_NULLS = (
    *("external_id", "email", "phone", "name", "owner_id", "signed_up_at", "last_seen_at"),
    *("last_replied_at", "last_contacted_at", "last_email_opened_at", "last_email_clicked_at", "language_override"),
    *("browser", "browser_version", "browser_language", "os"),
    *("android_app_name", "android_app_version", "android_device", "android_os_version", "android_sdk_version"),
    *("android_last_seen_at", "ios_app_name", "ios_app_version", "ios_device", "ios_os_version", "ios_sdk_version"),
    *("ios_last_seen_at", "utm_campaign", "utm_content", "utm_medium", "utm_source", "utm_term", "referrer"),
    "enabled_push_messaging",
)
_LOCATION = ("country", "region", "city", "country_code", "continent_code")


def show(space: Workspace, contact: Contact) -> dict[str, Any]:
    fields = contact.fields
    return {
        **dict.fromkeys(_NULLS),
        "type": "contact",
        "id": contact.id,
        "workspace_id": space.id_code,
        "role": contact.role,
        **fields,
        "unsubscribed_from_emails": bool(fields.get("unsubscribed_from_emails")),
        "avatar": {"type": "avatar", "image_url": fields["avatar"]} if fields.get("avatar") else None,
        "has_hard_bounced": False,
        "marked_email_as_spam": False,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
        "custom_attributes": shown_values(space, "contact", contact.custom),
        "tags": _embedded(contact, "tag", "tags", list(contact.tags)),
        "companies": _embedded(contact, "company", "companies", list(contact.companies)),
        "notes": _embedded(contact, "note", "notes", []),
        "opted_out_subscription_types": _embedded(contact, "subscription", "subscriptions", []),
        "opted_in_subscription_types": _embedded(contact, "subscription", "subscriptions", []),
        "location": {"type": "location", **dict.fromkeys(_LOCATION)},
        "social_profiles": {"type": "list", "data": []},
    }


def reference(contact: Contact, **state: bool) -> dict[str, Any]:
    """The short answer of archive, unarchive and delete."""
    return {"type": "contact", "id": contact.id, "external_id": contact.external_id, **state}


def _embedded(contact: Contact, kind: str, plural: str, ids: list[str]) -> dict[str, Any]:
    """At most ten of the attached objects; ``has_more`` says that ``url`` must be read for all."""
    return {
        "type": "list",
        "data": [{"id": id_, "type": kind, "url": f"/{plural}/{id_}"} for id_ in ids[:EMBEDDED]],
        "url": f"/contacts/{contact.id}/{plural}",
        "total_count": len(ids),
        "has_more": len(ids) > EMBEDDED,
    }
