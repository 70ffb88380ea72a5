"""Data attributes of a workspace: which there are, what hinders ours, and making those that are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from connectors.contract import Declaration, Rejected
from connectors.intercom.client import IntercomApi
from mappings.model import JSONObject, Name

# Active custom attributes of a workspace, of contacts and companies together; archived ones do not count.
MOST = 250
OTHER_NAME = "give ours another name in [names.attributes], or all of ours an intercom_prefix in [names]"


def attributes(api: IntercomApi) -> list[JSONObject]:
    """Those of contacts, then of companies, Intercom's own and archived ones too."""
    return [attribute for model in ("contact", "company") for attribute in _listed(api, model)]


def declaration_of(
    names: Sequence[Name], there: Sequence[JSONObject], models: Collection[str] = ("contact", "company")
) -> Declaration:
    """What there is of the attributes of ``models``, what is not, and what hinders them; see Declares. There must be
    room for all of ``names``."""
    ours = [name for name in names if name.kind in models]
    absent = missing(ours, there)
    fit = [name for name in ours if name not in absent and not _hindrance(name, there)]
    return Declaration(fit, absent, [*filter(None, (_hindrance(name, there) for name in ours)), *_room(names, there)])


def _room(names: Iterable[Name], there: Sequence[JSONObject]) -> Iterator[str]:
    more = len(missing(names, there))
    over = used(there) + more - MOST
    if over > 0:
        room = f"{used(there)} of {MOST} custom attributes are in use and {more} more are needed"
        yield f"{room}: archive {over} in Intercom, or silence as many of ours by none in [audience]"


def used(there: Iterable[JSONObject]) -> int:
    """How many count against the workspace's limit."""
    return sum(bool(attribute.get("custom")) and not attribute.get("archived") for attribute in there)


def missing(wanted: Iterable[Name], there: Sequence[JSONObject]) -> list[Name]:
    """The attributes that do not exist, archived or not."""
    known = {(str(attribute["model"]), str(attribute["name"])) for attribute in there}
    return [name for name in wanted if name.kind != "tag" and (name.kind, name.name) not in known]


def attributes_found(api: IntercomApi, model: str, names: Sequence[Name]) -> Declaration:
    """What there is of the attributes of ``model`` (contact or company); see Declares."""
    wanted = any(name.kind == model for name in names)
    return declaration_of(names, attributes(api), (model,)) if wanted else Declaration()


def declare_attributes(api: IntercomApi, model: str, names: Sequence[Name]) -> None:
    """Make the attributes of ``model`` that are missing; see Declares.

    Raises Rejected, before making any, with all that stands in the way.
    """
    found = attributes_found(api, model, names)
    if found.hindrances:
        raise Rejected("; ".join(found.hindrances))
    for name in found.missing:
        _make(api, model, name)


def _listed(api: IntercomApi, model: str) -> Iterable[JSONObject]:
    listed = api.get("/data_attributes", {"model": model, "include_archived": "true"}).get("data") or []
    return [{**attribute, "model": model} for attribute in listed]


def _hindrance(name: Name, there: Iterable[JSONObject]) -> str:
    """Why this attribute can be neither used nor made; empty where it can. A type cannot be changed by API, and an
    archived name is still taken, for contacts and companies alike."""
    same = [attribute for attribute in there if attribute["name"] == name.name]
    own = next((attribute for attribute in same if attribute["model"] == name.kind), None)
    if own is None:
        people = "companies" if name.kind == "contact" else "contacts"
        held = any(attribute.get("custom") for attribute in same)
        both = f"{name.name} is an attribute of {people}, and one name cannot serve both"
        return f"{both}: {OTHER_NAME}" if held else ""
    if not own.get("custom"):
        return f"{name.name} is an attribute of Intercom's own: {OTHER_NAME}"
    if own.get("archived"):
        return f"the attribute {name.name} is archived in Intercom: unarchive it there, or {OTHER_NAME}"
    if own["data_type"] != name.type:
        kept = f"the attribute {name.name} is {own['data_type']}, not {name.type}, and Intercom changes no type"
        return f"{kept}: {OTHER_NAME}"
    return ""


def _make(api: IntercomApi, model: str, name: Name) -> None:
    request: Any = {"name": name.name, "model": model, "data_type": name.type}
    if name.description:
        request["description"] = name.description
    api.ask(lambda sdk: sdk.data_attributes.create(request=request), write=True)
