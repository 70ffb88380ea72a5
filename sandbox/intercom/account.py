"""What a token sees of its workspace: the admin with the app, and the segments, of which there are none.

Source: Intercom "Admins" (identify an admin) and "Segments".
"""

from __future__ import annotations

from typing import Any

from sandbox.intercom import contacts
from sandbox.intercom.space import Call, Workspace


def me(space: Workspace, call: Call) -> dict[str, Any]:
    app = {
        "type": "app",
        "id_code": space.id_code,
        "name": space.name,
        "created_at": space.created_at,
        "secure": False,
        "identity_verification": False,
        "timezone": space.zone.key,
        "region": space.region,
    }
    return {
        "type": "admin",
        "id": "1",
        "email": "admin@sandbox.test",
        "name": "Sandbox Admin",
        "email_verified": True,
        "app": app,
        "has_inbox_seat": True,
    }


def segments(space: Workspace, call: Call) -> dict[str, Any]:
    return {"type": "segment.list", "segments": []}


def segments_of_contact(space: Workspace, call: Call) -> dict[str, Any]:
    contacts.find(space, call)
    return {"type": "list", "data": []}
