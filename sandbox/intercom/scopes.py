"""What a token may do: the scope that each endpoint needs, and the refusal of a token without it.

Source: Intercom "OAuth scopes", whose names these are; which scope lists attributes is assumed.
"""

from __future__ import annotations

from collections.abc import Collection

from sandbox.intercom.errors import ApiError
from sandbox.intercom.routes import Route

LIST, WRITE = "Read and list users and companies", "Write users and companies"
# First part of the path -> the scopes to read and to write; what is not here needs none.
SCOPES = {
    "contacts": (LIST, WRITE),
    "companies": (LIST, WRITE),
    "segments": (LIST, ""),
    "tags": ("Read tags", "Write tags"),
    "data_attributes": (LIST, "Write data attributes"),
    "events": ("Read events", "Write events"),
}
READ_BY_POST = ("/contacts/search", "/companies/list")


def require(route: Route, lacks: Collection[str]) -> None:
    """Raises ApiError 401 ``token_unauthorized``."""
    parts = route.path.strip("/").split("/")
    read, write = SCOPES.get("tags" if "tags" in parts else parts[0], ("", ""))
    reads = route.method == "GET" or route.path in READ_BY_POST
    if (read if reads else write) in lacks:
        raise ApiError(401, "token_unauthorized", "Not authorized to access resource")
