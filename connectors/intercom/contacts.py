"""People as Intercom holds them: fields, declared attributes, owned tags and the companies they belong to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

from connectors import wire
from connectors.contract import Ambiguous, Declaration, Gone, Missing, Page, Rejected
from connectors.intercom.attributes import attributes_found, declare_attributes
from connectors.intercom.client import IntercomApi
from connectors.intercom.erasures import existing, message_of
from connectors.intercom.fields import from_json, to_json
from connectors.intercom.tags import Tags
from mappings.model import Desired, Held, JSONObject, Name, Record, Ref, Step, subject_id

T = TypeVar("T")

MATCH_EMAIL = "match.email"
"""In ``Desired.beside``, never sent: True lets a user with the same e-mail and no external_id be taken over."""
PAGE = 150
EMBEDDED = 10
"""A contact carries at most ten of its tags and companies; more must be listed."""
PER_PAGE = 50
"""Of a contact's companies; its tags come all at once."""


class IntercomContacts:
    """Target ``intercom.contacts``. Values: ``external_id``, ``email``, ``name``, ``role``, ``signed_up_at``,
    ``custom.<attribute>``; beside them MATCH_EMAIL. Sets: ``tags`` by name, ``companies`` by our company id; a step
    that adds or removes a company carries Intercom's id of it as ``values["member_id"]``.

    ``owned`` says which tag names are ours: only those are ever reported or taken off.
    """

    name = "intercom.contacts"
    system = "intercom"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "once"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: IntercomApi, owned: Callable[[str], bool]) -> None:
        self._api, self._owned = api, owned
        self._tags = Tags(api)
        # A create that meets an existing contact reads and updates it.
        self.timeout = 3 * api.gate.timeout

    @property
    def tag_ids(self) -> Mapping[str, str]:
        return self._tags.ids

    def follow_tags(self, ids: Mapping[str, str]) -> None:
        self._tags.follow(ids)

    def restore_tag(self, name: str) -> None:
        self._tags.restore(name)

    def lost_tags(self) -> list[str]:
        return self._tags.lost()

    def declaration(self, names: Sequence[Name]) -> Declaration:
        tags = [name for name in names if name.kind == "tag"]
        there = [name for name in tags if self._tags.id_of(name.name)]
        absent = [name for name in tags if name not in there]
        found = attributes_found(self._api, "contact", names)
        return Declaration([*there, *found.existing], [*absent, *found.missing], found.hindrances)

    def declare(self, names: Sequence[Name]) -> None:
        declare_attributes(self._api, "contact", names)
        self._tags.declare(name.name for name in names if name.kind == "tag")

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """By external_id, which does not lag, else by the id that is known. Else by e-mail: a user without an
        external_id is taken over where MATCH_EMAIL allows it; every other user with that e-mail is a conflict."""
        found = self._by_external_id(str(desired.values["external_id"])) or self._by_id(desired.external_id)
        found = found or self._by_email(desired)
        return self._held(found, desired) if found else None

    def observe(self, resume: str | None) -> Iterator[Page]:
        """All contacts but merged and archived ones, which no list shows."""
        for rows, cursor in self._api.pages("/contacts", resume, PAGE):
            yield Page(records=[Record(Ref(self.name, "contact", str(row["id"])), row) for row in rows], cursor=cursor)

    def holds(self, record: Record, desired: Desired) -> Held:
        contact = record.data or {}
        held = self._held(contact, replace(desired, sets={"tags": desired.sets.get("tags", frozenset())}))
        companies = tuple(str(company["id"]) for company in self._members(contact, "companies"))
        return replace(held, sets={**held.sets, "companies": companies})

    def push(self, step: Step) -> Held:
        if step.operation == "create":
            return self._create(step)
        return self._on_contact(step, lambda contact: self._change(step, contact))

    def _create(self, step: Step) -> Held:
        body = _body(step.values)
        try:
            made, request = self._api.write("POST", "/contacts", body)
        except wire.Conflict as conflict:
            made, request = self._api.write("PUT", wire.path("contacts", self._existing(conflict, step)), body)
        return Held(str(made["id"]), vendor_request_id=request)

    def _existing(self, conflict: wire.Conflict, step: Step) -> str:
        """Whom a 409 means: its id stands in the message only."""
        contact = existing(conflict.body)
        if "archived" in message_of(conflict.body).casefold():
            raise Rejected(f"the contact {contact} was archived by hand; unarchive it in Intercom or remove it there")
        found = self._api.get(wire.path("contacts", contact))
        if found.get("external_id") != step.values.get("external_id"):
            _may_take_over([found], bool(step.values.get(MATCH_EMAIL)))
        return contact

    def _change(self, step: Step, contact: str) -> Held:
        name, member = step.member
        if step.operation == "update":
            found, request = self._api.write("PUT", wire.path("contacts", contact), _body(step.values))
            return Held(str(found["id"]), vendor_request_id=request)
        if name == "tags":
            request = self._tag(contact, member, step.operation == "add")
        else:
            request = self._company(contact, str(step.values["member_id"]), step.operation == "add")
        return Held(contact, vendor_request_id=request)

    def _tag(self, contact: str, name: str, add: bool) -> str:
        tag = self._tags.id_of(name)
        if not (tag or add):
            return ""  # What nobody can wear is as good as taken off.
        try:
            if tag:
                return self._attach(contact, "tags", tag, add)
        except Gone:
            self._api.get(wire.path("contacts", contact))  # Gone again if it was the contact.
        # It was the tag: deleted, and perhaps made anew under another id.
        self._tags.forget()
        if (again := self._tags.id_of(name)) not in ("", tag):
            return self._attach(contact, "tags", again, add)
        if add:
            raise Missing(name)
        return ""

    def _company(self, contact: str, company: str, add: bool) -> str:
        try:
            return self._attach(contact, "companies", company, add)
        except Gone:
            self._api.get(wire.path("contacts", contact))
            if add:
                raise Rejected(f"the company {company} does not exist in Intercom") from None
            return ""

    def _attach(self, contact: str, what: str, member: str, add: bool) -> str:
        path = wire.path("contacts", contact, what)
        if add:
            return self._api.write("POST", path, {"id": member})[1]
        return self._api.write("DELETE", path + wire.path(member))[1]

    def _on_contact(self, step: Step, act: Callable[[str], T]) -> T:
        """A merged contact answers 404: once, look where its external_id has gone."""
        try:
            return act(step.external_id)
        except Gone:
            found = self._by_external_id(str(step.values.get("external_id") or subject_id(step.subject)))
            if found is None or found["id"] == step.external_id:
                raise
            return act(str(found["id"]))

    def _by_external_id(self, external_id: str) -> JSONObject | None:
        try:
            return self._api.get(wire.path("contacts", "find_by_external_id", external_id))
        except Gone:
            return None

    def shown(self, contact: str) -> JSONObject:
        """A contact's own fields, for a person to look at; empty where it is not there."""
        return self._by_id(contact) or {}

    def _by_id(self, contact: str) -> JSONObject | None:
        try:
            return self._api.get(wire.path("contacts", contact)) if contact else None
        except Gone:
            return None

    def _by_email(self, desired: Desired) -> JSONObject | None:
        email = str(desired.values.get("email") or "")
        if not email:
            return None
        fields = (("email", email), ("role", "user"))
        query = {"operator": "AND", "value": [{"field": f, "operator": "=", "value": v} for f, v in fields]}
        answer = self._api.search("/contacts/search", {"query": query, "pagination": {"per_page": 50}})
        # Search compares loosely and lags: it only names candidates.
        found = [c for c in answer.get("data") or [] if str(c.get("email") or "").casefold() == email.casefold()]
        return _may_take_over(found, bool(desired.beside.get(MATCH_EMAIL))) if found else None

    def _held(self, contact: JSONObject, desired: Desired) -> Held:
        sets: dict[str, tuple[str, ...]] = {}
        if "tags" in desired.sets:
            ids = [str(tag["id"]) for tag in self._members(contact, "tags")]
            sets["tags"] = tuple(sorted(name for name in self._tags.names(ids) if self._owned(name)))
        if "companies" in desired.sets:
            sets["companies"] = tuple(sorted(self._companies(contact) & desired.sets["companies"]))
        return Held(str(contact["id"]), from_json(contact, desired.values), sets)

    def _companies(self, contact: JSONObject) -> set[str]:
        """By our ids. Others may have put the contact into companies of theirs."""
        if not (contact.get("companies") or {}).get("total_count"):
            return set()
        listed = self._api.numbered(wire.path("contacts", contact["id"], "companies"), PER_PAGE)
        return {str(company.get("company_id")) for company in listed}

    def _members(self, contact: JSONObject, what: str) -> list[JSONObject]:
        embedded: JSONObject = contact.get(what) or {}
        if (embedded.get("total_count") or 0) > EMBEDDED or embedded.get("has_more"):
            return list(self._api.numbered(wire.path("contacts", contact["id"], what), PER_PAGE))
        return embedded.get("data") or []


def _body(values: Mapping[str, Any]) -> JSONObject:
    return to_json({name: value for name, value in values.items() if name != MATCH_EMAIL})


def _may_take_over(found: list[JSONObject], allowed: bool) -> JSONObject:
    """The one contact that may become ours. Raises Ambiguous: a conflict is never a create."""
    ids = [str(contact["id"]) for contact in found]
    if len(found) > 1 or found[0].get("external_id"):
        raise Ambiguous("Intercom has this e-mail under another external_id", ids)
    if found[0].get("role") != "user" or not allowed:
        raise Ambiguous(
            "Intercom has a contact with this e-mail and no external_id, which is not surely this person", ids
        )
    return found[0]
