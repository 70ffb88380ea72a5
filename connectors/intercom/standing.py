"""What the token may read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contract import Unauthorized
from connectors.intercom.client import IntercomApi

LISTS = ("/contacts", "/tags")


def lacking(api: IntercomApi) -> Iterator[str]:
    """The scopes that the token lacks for reading: one request each. What it may write cannot be seen without
    writing."""
    for path in LISTS:
        try:
            api.get(path, {"per_page": "1"})
        except Unauthorized as refused:
            yield refused.lacks
