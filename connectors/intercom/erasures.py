"""What Intercom shall hold no more: a person's contacts, archived ones too, and an erased account's company."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Literal

from connectors import wire
from connectors.contract import Ambiguous, Gone, Rejected
from connectors.intercom.client import IntercomApi
from connectors.intercom.companies import companies_of
from mappings.model import Desired, Held, JSONObject, Step

EXISTING = re.compile(r"\bid=([0-9a-f]{24})\b")
"""The contact that a 409 means; its id stands in the message only."""
# More contacts than one external_id can have.
MOST = 5


class IntercomErasures:
    """Target ``intercom.erasures``. Values: ``external_id`` of a person, or ``company_id`` (ours) of an account;
    beside them ``contact`` (Intercom's id; empty: lost, so it may be archived; None: there never was one), ``known_as``
    (an address that is the contact's external_id in place of that one) and ``shared`` (somebody else has the same, so
    only ``contact`` goes), or ``company``. The external id lists what was deleted. With ``proved`` nothing is deleted:
    it must be away already.

    A deletion is permanent: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/deletecontact
    Companies can only be archived.
    """

    name = "intercom.erasures"
    system = "intercom"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: IntercomApi) -> None:
        self._api = api
        self.timeout = 3 * api.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """Whether an archived contact is left cannot be read, so only a push that was answered counts."""
        return Held(desired.external_id) if desired.external_id else None

    def push(self, step: Step) -> Held:
        """Reads, then deletes what is there; the second time there is nothing. Raises Rejected where ``proved`` finds
        something, Ambiguous where the known contact is somebody else now."""
        if step.values.get("proved"):
            return self._prove(step)
        if "company_id" in step.values:
            gone = self._erase_company(str(step.values["company_id"]))
        else:
            gone = self._erase_person(step)
        return Held(" ".join(gone) or f"nothing of {step.subject}")

    def _prove(self, step: Step) -> Held:
        if "company_id" in step.values:
            left = self._companies(str(step.values["company_id"]))
        else:
            left = [] if step.values.get("shared") else self._living(_name(step))
            left += [contact for contact in step.external_id.split() if vendor_id(contact) and self._read(contact)]
        if left:
            raise Rejected(f"Intercom holds this again: {', '.join(sorted(set(left)))}")
        return Held(step.external_id)

    def _erase_person(self, step: Step) -> list[str]:
        """All contacts with this external_id, and the known one, archived or not."""
        known, name, alone = step.values.get("contact"), _name(step), not step.values.get("shared")
        theirs = (None, "", name, step.values["external_id"])
        if known and (contact := self._read(str(known))) and contact.get("external_id") not in theirs:
            raise Ambiguous("the contact that was this person's has another external_id now", [str(known)])
        found = [str(known or ""), *(self._living(name) if alone else ())]
        gone = {contact: self._delete(contact) for contact in dict.fromkeys(found) if contact}
        if known == "" and alone and name not in gone.values():
            gone |= self._erase_hidden(name)
        return list(gone)

    def _erase_hidden(self, external_id: str) -> dict[str, str]:
        """No read shows an archived contact, but its external_id is taken: the 409 of a create names it. A create that
        succeeds proves that there was none, and goes at once; what a crash leaves of it has this external_id."""
        gone: dict[str, str] = {}
        for _ in range(MOST):
            try:
                made, _request = self._api.write("POST", "/contacts", {"role": "user", "external_id": external_id})
            except wire.Conflict as conflict:
                hidden = existing(conflict.body)
                gone[hidden] = self._delete(hidden)
                if gone[hidden] == external_id:
                    return gone
                continue
            self._delete(str(made["id"]))
            return gone
        raise Rejected("Intercom keeps saying that a contact with this external_id exists")

    def _living(self, external_id: str) -> list[str]:
        """Users and leads; search, which lags, finds those that the direct read leaves out."""
        found: list[JSONObject] = []
        with suppress(Gone):
            found.append(self._api.get(wire.path("contacts", "find_by_external_id", external_id)))
        query = {"field": "external_id", "operator": "=", "value": external_id}
        answer = self._api.search("/contacts/search", {"query": query, "pagination": {"per_page": 50}})
        found += [contact for contact in answer.get("data") or [] if contact.get("external_id") == external_id]
        return list(dict.fromkeys(str(contact["id"]) for contact in found))

    def _read(self, contact: str) -> JSONObject | None:
        try:
            return self._api.get(wire.path("contacts", contact))
        except Gone:
            return None

    def _delete(self, contact: str) -> str:
        """The external_id that it had; empty where it was away already."""
        try:
            answer, _ = self._api.write("DELETE", wire.path("contacts", contact))
        except Gone:
            return ""
        return str(answer.get("external_id") or "")

    def _erase_company(self, ours: str) -> list[str]:
        gone = self._companies(ours)
        for company in gone:
            with suppress(Gone):
                self._api.write("DELETE", wire.path("companies", company))
        return gone

    def _companies(self, ours: str) -> list[str]:
        return [str(company["id"]) for company in companies_of(self._api, ours)]


def _name(step: Step) -> str:
    """What Intercom knows the person by."""
    return str(step.values.get("known_as") or step.values["external_id"])


def vendor_id(text: str) -> bool:
    """Whether this is an id of Intercom's, not a word of ours."""
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def existing(body: Any) -> str:
    """Whom a 409 means. Raises Ambiguous."""
    match = EXISTING.search(message_of(body))
    if match is None:
        raise Ambiguous("Intercom says that this contact exists, but not which")
    return match[1]


def message_of(body: Any) -> str:
    """The text of an error body; never shown."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return " ".join(str(error.get("message")) for error in errors or [] if isinstance(error, dict))
