"""Names that must exist in a workspace before they are used: tags (held by id) and data attributes."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from connectors.contract import Rejected
from connectors.intercom.client import IntercomApi
from mappings.model import Name


class Tags:
    """Tag names and ids of a workspace. Names are compared without case, as Intercom does; ``declare`` fixes our
    spelling. Loaded on first use and again when an id turns out to be gone. Thread-safe."""

    def __init__(self, api: IntercomApi) -> None:
        self._api = api
        self._lock = Lock()
        self._ids: dict[str, str] | None = None
        self._spelled: dict[str, str] = {}

    def id_of(self, name: str) -> str:
        """Empty for a tag that was never declared or has been deleted since."""
        return self._known().get(name.casefold(), "")

    def names(self, ids: Iterable[str]) -> set[str]:
        """The names of those ids that are known, in our spelling."""
        wanted = set(ids)
        return {self._spelled.get(name, name) for name, tag in self._known().items() if tag in wanted}

    def forget(self) -> None:
        with self._lock:
            self._ids = None

    def declare(self, names: Iterable[str]) -> None:
        for name in names:
            if not self.id_of(name):
                self._make(name)
            self._spelled[name.casefold()] = name

    def _make(self, name: str) -> None:
        request: Any = {"name": name}
        made: Any = self._api.ask(lambda sdk: sdk.tags.create(request=request), write=True)
        self._known()[name.casefold()] = str(made.id)

    def _known(self) -> dict[str, str]:
        with self._lock:
            if self._ids is None:
                listed: Any = self._api.ask(lambda sdk: sdk.tags.list())
                self._spelled = {tag.name.casefold(): tag.name for tag in listed.data} | self._spelled
                self._ids = {tag.name.casefold(): str(tag.id) for tag in listed.data}
            return self._ids


def declare_attributes(api: IntercomApi, model: str, names: Iterable[Name]) -> None:
    """Make the attributes of ``model`` (contact or company) that are missing; see Declares.

    Raises Rejected, before making any, naming those that exist with another type or are archived: neither can be
    changed by API. An attribute name is shared by contacts and companies.
    """
    wanted = [name for name in names if name.kind == model]
    if not wanted:
        return
    listed: Any = api.ask(lambda sdk: sdk.data_attributes.list(model=model, include_archived=True))
    known = {attribute.name: attribute for attribute in listed.data or []}
    problems = [problem for name in wanted if name.name in known and (problem := _problem(name, known[name.name]))]
    if problems:
        raise Rejected("; ".join(problems))
    for name in wanted:
        if name.name not in known:
            _make(api, model, name)


def _problem(name: Name, found: Any) -> str:
    if not found.custom:
        return f"{name.name} is an attribute of Intercom's own"
    if found.archived:
        return f"the attribute {name.name} is archived in Intercom: unarchive it there or rename it here"
    return f"the attribute {name.name} is {found.data_type}, not {name.type}" if found.data_type != name.type else ""


def _make(api: IntercomApi, model: str, name: Name) -> None:
    request: Any = {"name": name.name, "model": model, "data_type": name.type}
    if name.description:
        request["description"] = name.description
    api.ask(lambda sdk: sdk.data_attributes.create(request=request), write=True)
