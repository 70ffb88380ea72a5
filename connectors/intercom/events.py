"""What happened, told to Intercom once per person."""

from __future__ import annotations

from typing import Literal

from connectors.intercom.client import IntercomApi
from mappings.model import Desired, Held, Step

METADATA_KEYS = 10
"""Intercom looks at the first ten only."""


class IntercomEvents:
    """Target ``intercom.events``, a message target. ``values["contact"]`` is Intercom's id of the person.

    Equal events (person, name, second) are dropped by Intercom with a 202, so an unknown outcome is sent again.
    """

    name = "intercom.events"
    system = "intercom"
    kind: Literal["state", "message"] = "message"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "repeat"

    def __init__(self, api: IntercomApi) -> None:
        self._api = api
        self.timeout = api.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return None

    def push(self, step: Step) -> Held:
        occurrence, contact = step.occurrence, str(step.values["contact"])
        if occurrence is None:
            raise ValueError("an event is sent for an occurrence only")
        details = [(name, value) for name, value in occurrence.details.items() if value is not None]
        body = {"event_name": occurrence.name, "created_at": occurrence.at, "id": contact}
        _, request = self._api.write("POST", "/events", body | {"metadata": dict(details[:METADATA_KEYS])})
        return Held(contact, sent={occurrence.key: occurrence.at}, vendor_request_id=request)
