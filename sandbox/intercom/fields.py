"""Which fields a request body may hold, and their types. Unknown names and wrong types are refused.

Source: Intercom OpenAPI 2.14, the request schemas. ``null`` is accepted where the schema says nullable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.intercom.errors import ApiError

Kinds = Mapping[str, tuple[type, ...]]
NULL = type(None)

CONTACT: Kinds = {
    "role": (str,),
    "external_id": (str,),
    "email": (str,),
    "phone": (str, NULL),
    "name": (str, NULL),
    "avatar": (str, NULL),
    "signed_up_at": (int, NULL),
    "last_seen_at": (int, NULL),
    "owner_id": (int, NULL),
    "unsubscribed_from_emails": (bool, NULL),
    "custom_attributes": (dict, NULL),
}
COMPANY_UPDATE: Kinds = {
    "name": (str,),
    "plan": (str, NULL),
    "size": (int, NULL),
    "website": (str, NULL),
    "industry": (str, NULL),
    "monthly_spend": (int, float, NULL),
    "custom_attributes": (dict, NULL),
}
COMPANY: Kinds = {**COMPANY_UPDATE, "company_id": (str,), "remote_created_at": (int, NULL)}
ATTRIBUTE_UPDATE: Kinds = {
    "archived": (bool,),
    "description": (str, NULL),
    "options": (list,),
    "messenger_writable": (bool,),
}
ATTRIBUTE: Kinds = {
    "name": (str,),
    "model": (str,),
    "data_type": (str,),
    "description": (str, NULL),
    "options": (list,),
    "messenger_writable": (bool,),
}
EVENT: Kinds = {
    "event_name": (str,),
    "created_at": (int,),
    "user_id": (str,),
    "id": (str,),
    "email": (str,),
    "metadata": (dict, NULL),
}
MERGE: Kinds = {"from": (str,), "into": (str,)}
REFERENCE: Kinds = {"id": (str, int)}
SEARCH: Kinds = {"query": (dict,), "pagination": (dict, NULL)}
PAGINATION: Kinds = {"per_page": (int,), "starting_after": (str, NULL)}


def checked(body: Mapping[str, Any], kinds: Kinds) -> dict[str, Any]:
    """The body itself. Raises ApiError 400 ``bad_request`` for an unknown field, ``type_mismatch`` for a wrong type."""
    for name, value in body.items():
        if name not in kinds:
            raise ApiError(400, "bad_request", f"bad '{name}' parameter")
        if not is_kind(value, kinds[name]):
            raise ApiError(400, "type_mismatch", f"'{name}' has the wrong type")
    return dict(body)


def is_kind(value: Any, kinds: tuple[type, ...]) -> bool:
    """Like isinstance, but true and false are no integers."""
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds)
