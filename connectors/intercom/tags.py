"""Tags of a workspace, which must exist before they are used and are held by id."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from connectors.intercom.client import IntercomApi


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
