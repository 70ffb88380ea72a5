"""What an Intercom token has to be allowed: its scopes by name, and which of them one lacks.

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/oauth-scopes; refusals name none.
"""

from __future__ import annotations

from typing import NamedTuple

REFUSED = ("token_unauthorized", "forbidden", "action_forbidden")


class Scope(NamedTuple):
    """``part``: what its paths begin with or, for tags, hold."""

    name: str
    part: str
    writes: bool


SCOPES = (
    Scope("Read tags", "tags", False),
    Scope("Write tags", "tags", True),
    Scope("Write events", "events", True),
    Scope("Write data attributes", "data_attributes", True),
    Scope("Read and list users and companies", "", False),
    Scope("Write users and companies", "", True),
)


def needed(path: str, writes: bool) -> str:
    """The scope that a request needs."""
    parts = path.partition("?")[0].split("/")
    return next(scope.name for scope in SCOPES if scope.writes is writes and (not scope.part or scope.part in parts))
