"""Tags of a workspace, which must exist before they are used and are held by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from connectors.intercom.client import IntercomApi


class Tags:
    """Tag names and ids of a workspace. Names are compared without case, as Intercom does; ``declare`` fixes our
    spelling. Loaded on first use and again when an id turns out to be gone. Thread-safe.

    ``ids``: our names and the ids that they stood for when they were declared. A tag that people rename stays ours; one
    that they delete is not made again by ``declare``, but one that they make anew under its name is used."""

    def __init__(self, api: IntercomApi) -> None:
        self._api = api
        self._lock = Lock()
        self._listed: dict[str, str] | None = None
        self._spelled: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def follow(self, ids: Mapping[str, str]) -> None:
        """What another process has declared, or made again; the list is read again before it is used."""
        self.ids = {**self.ids, **ids}
        self.forget()

    def id_of(self, name: str) -> str:
        """Empty for a tag that was never declared or has been deleted since."""
        listed = self._known()
        return self.ids[name] if self.ids.get(name) in listed.values() else listed.get(name.casefold(), "")

    def lost(self) -> list[str]:
        """Ours whose id is gone, also where another tag has the name by now."""
        there = set(self._known().values())
        return sorted(name for name, tag in self.ids.items() if tag not in there)

    def names(self, ids: Iterable[str]) -> set[str]:
        """The names of those ids that are known, in our spelling."""
        listed, ours = {tag: name for name, tag in self._known().items()}, {tag: name for name, tag in self.ids.items()}
        found = {tag: ours.get(tag) or self._spelled.get(listed[tag], listed[tag]) for tag in ids if tag in listed}
        return set(found.values())

    def forget(self) -> None:
        with self._lock:
            self._listed = None

    def declare(self, names: Iterable[str]) -> None:
        """What was declared before and is gone is not made again: see ``restore``."""
        for name in names:
            if name not in self.ids:
                self.restore(name)

    def restore(self, name: str) -> str:
        """The tag of that name, made where there is none; returns its id."""
        self.ids.pop(name, None)
        self.ids[name] = self.id_of(name) or self._make(name)
        self._spelled[name.casefold()] = name
        return self.ids[name]

    def _make(self, name: str) -> str:
        request: Any = {"name": name}
        made: Any = self._api.ask(lambda sdk: sdk.tags.create(request=request), write=True)
        self._known()[name.casefold()] = str(made.id)
        return str(made.id)

    def _known(self) -> dict[str, str]:
        with self._lock:
            if self._listed is None:
                listed = self._api.get("/tags")["data"]
                self._spelled = {tag["name"].casefold(): tag["name"] for tag in listed} | self._spelled
                self._listed = {tag["name"].casefold(): str(tag["id"]) for tag in listed}
            return self._listed
