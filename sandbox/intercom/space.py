"""One simulated Intercom workspace: its settings, what it holds, and what one call is."""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sandbox.world import Entry, Window, World

RATE_LIMIT = 1666
RATE_SECONDS = 10


Document = Callable[[str], Any]
"""What search holds of a contact: a field's value by its name."""


@dataclass(slots=True)
class Contact:
    """A user or lead. ``fields`` are the writable standard ones; times are unix seconds.

    Until ``fresh_at`` search sees ``stale`` (None: not there yet) instead of the present state.
    """

    number: int
    id: str
    role: str
    created_at: int
    updated_at: int
    fields: dict[str, Any]
    custom: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)
    archived: bool = False
    merged_into: str = ""
    deleted: bool = False
    stale: Document | None = None
    fresh_at: int = 0

    @property
    def external_id(self) -> str | None:
        return self.fields.get("external_id")

    @property
    def visible(self) -> bool:
        return not (self.archived or self.merged_into or self.deleted)


@dataclass(slots=True)
class Company:
    """``company_id`` is the customer's own id, ``id`` is Intercom's. ``people`` are the attached contacts' ids."""

    number: int
    id: str
    company_id: str
    created_at: int
    updated_at: int
    fields: dict[str, Any]
    custom: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Tag:
    """``segment`` names a segment that depends on the tag."""

    id: str
    name: str
    segment: str = ""


@dataclass(slots=True)
class Attribute:
    """A custom attribute; ``used_by`` names something that depends on it."""

    id: int
    model: str
    name: str
    data_type: str
    created_at: int
    updated_at: int
    description: str | None = None
    options: list[str] | None = None
    messenger_writable: bool = False
    archived: bool = False
    used_by: str = ""


@dataclass(slots=True)
class Event:
    number: int
    id: str
    name: str
    created_at: int
    metadata: dict[str, Any]


@dataclass(slots=True)
class Call:
    """One request to the simulated API, after the token and the rate limit were checked."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]
    version: str
    entry: Entry

    def did(self, effect: str, object_id: str) -> None:
        """Tell the ledger that the vendor's state changed."""
        self.entry.effect, self.entry.object_id = effect, object_id


@dataclass(slots=True)
class Scroll:
    """The one open company scroll: companies not yet handed out, and when it was last used."""

    token: str
    rest: list[Company]
    used_at: int


class Workspace:
    """Everything one workspace holds, by Intercom id; attributes by name, which serves one model only.

    ``events`` are by contact, ``users`` by external_id, ``company_ids`` by the customer's own id; ``order`` keeps every
    contact ever made. ``lacks``: scopes that the token has not.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.token = "tok_sandbox"  # noqa: S105
        self.id_code, self.name, self.region = "sandbox", "Sandbox", "US"
        self.zone = ZoneInfo("America/Los_Angeles")
        self.created_at = world.now
        self.search_lag = 0
        self.lacks: list[str] = []
        self.versions = [f"2.{minor}" for minor in range(7, 17)]
        self.window = Window(RATE_LIMIT, RATE_SECONDS)
        self.order: list[Contact] = []
        self.contacts: dict[str, Contact] = {}
        self.users: dict[str, Contact] = {}
        self.companies: dict[str, Company] = {}
        self.company_ids: dict[str, Company] = {}
        self.tags: dict[str, Tag] = {}
        self.attributes: dict[str, Attribute] = {}
        self.events: defaultdict[str, list[Event]] = defaultdict(list)
        self.event_names: set[str] = set()
        self.event_keys: set[tuple[str, str, int]] = set()
        self.scroll: Scroll | None = None
        self._numbers = itertools.count(1)

    def number(self) -> int:
        return next(self._numbers)

    def object_id(self) -> str:
        """24 hex digits that begin with the time of creation, as Intercom's ids do."""
        return f"{self.world.now:08x}{self.world.random.getrandbits(40):010x}{self.number():06x}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))


_SPACES: WeakKeyDictionary[World, Workspace] = WeakKeyDictionary()


def workspace(world: World) -> Workspace:
    """The one workspace of a world, made on first use."""
    if world not in _SPACES:
        _SPACES[world] = Workspace(world)
    return _SPACES[world]
