"""Who keeps a workspace: the id of an installation, at the end of the description of an attribute that it made.

Reading and writing attributes is what Instep does anyway, so this takes no further right.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from connectors import wire
from connectors.intercom.client import IntercomApi

_MARK = re.compile(r"\s*\(Instep installation ([0-9a-f]{8,64})\)")


class Mark(NamedTuple):
    """``installation`` is empty for an attribute that could carry one."""

    attribute: str
    description: str
    installation: str


def marks(api: IntercomApi, names: Collection[str]) -> list[Mark]:
    """Contact attributes that carry a mark, whosever they are, and those called ``names``; the marked ones first."""
    listed = api.get("/data_attributes", {"model": "contact"}).get("data") or []
    found = []
    for attribute in listed:
        description = str(attribute.get("description") or "")
        mark = _MARK.search(description)
        if mark or (attribute.get("custom") and attribute["name"] in names):
            plain = _MARK.sub("", description)
            found.append(Mark(str(attribute["id"]), plain, mark.group(1) if mark else ""))
    return sorted(found, key=lambda mark: not mark.installation)


def leave_mark(api: IntercomApi, mark: Mark, installation: str) -> None:
    description = f"{mark.description} (Instep installation {installation})".strip()
    api.write("PUT", wire.path("data_attributes", mark.attribute), {"description": description})
