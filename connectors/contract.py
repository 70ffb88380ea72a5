"""What a connector class promises, and the errors it may raise. An error class exists only because the caller acts
differently on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from mappings.model import AccountId, Change, Desired, Held, Name, Record, Ref, Step, Subject


class ConnectorError(Exception):
    """Base. The message never holds a key, token, e-mail or name: only ids, codes and the vendor's request id."""


class Transient(ConnectorError):
    """Nothing happened and a later try may work; the gate tries again. ``retry_after``: seconds, if the vendor said."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BreakerOpen(Transient):
    """The system has failed too often: nothing was sent. ``retry_after`` is the time to its next probe."""


class Unknown(ConnectorError):
    """A write may or may not have happened: resolve by reading. ``stored``: the vendor will replay this failure for
    the same key, so only a new key can work once a read has proved that nothing was made."""

    def __init__(self, message: str, stored: bool = False) -> None:
        super().__init__(message)
        self.stored = stored


class Rejected(ConnectorError):
    """The vendor will not take this: park the Link. ``reason`` is one sentence for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Missing(Rejected):
    """The vendor's people have deleted the ``name`` that this step needs: hold what needs it, send everything else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not exist any more")
        self.name = name


class Ambiguous(ConnectorError):
    """More than one candidate: a person must choose."""

    def __init__(self, reason: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.candidates = tuple(candidates)


class Unauthorized(ConnectorError):
    """The key does not open this system (any more): stop the system, others go on. ``lacks``: the right that is
    missing, where the system takes the key but refuses this; the message ends with it."""

    LACKS = ", lacks "

    def __init__(self, message: str, lacks: str = "") -> None:
        super().__init__(f"{message}{self.LACKS}{lacks}" if lacks else message)
        self.lacks = lacks


class Gone(ConnectorError):
    """The object that the Link names is no longer there. The target's ``gone`` says what that means."""


class Stale(ConnectorError):
    """The feed no longer reaches back to the cursor: only a scan finds what was missed."""


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a feed. ``records`` where the feed is the truth, ``changes`` where it only hints.

    ``cursor`` is where to go on once this page is stored; None leaves the stored cursor where it is.
    """

    records: Sequence[Record] = ()
    changes: Sequence[Change] = ()
    cursor: str | None = None


@runtime_checkable
class Source(Protocol):
    """A system that can be read."""

    name: str
    system: str
    kinds: tuple[str, ...]
    """Kinds of root this source fetches."""
    feed: Literal["hints", "truth"]
    """``hints``: ``changes`` yields Changes. ``truth``: there is no event log, every pull is a scan of Records."""

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Hints since ``cursor``, oldest first; may repeat, must never skip; owns overlap and hold-back.

        With cursor None: yields one Page with no changes and the cursor from which a later call misses nothing.
        Raises Stale before the first Page.
        """
        ...

    def fetch(self, ref: Ref) -> Record:
        """The truth now, the whole root; Record.gone when a direct read says so."""
        ...

    def scan(self, resume: str | None) -> Iterator[Page]:
        """Everything, in bulk pages; each page's cursor resumes after it."""
        ...


@runtime_checkable
class FetchesMany(Protocol):
    """A source that reads many roots in one request."""

    def fetch_many(self, refs: Sequence[Ref]) -> list[Record]:
        """``fetch`` of each, in no order."""
        ...


@runtime_checkable
class FindsRoots(Protocol):
    """A source that can be asked for what it holds of an account that no fact tells of."""

    def roots_of(self, account: AccountId) -> list[Ref]:
        """Every root that may belong to this account now."""
        ...


@runtime_checkable
class Target(Protocol):
    """A system that can be written, for one kind of thing."""

    name: str
    system: str
    kind: Literal["state", "message"]
    gone: Literal["recreate", "once", "never"]
    timeout: float
    """Longest a single push may take, retries of the gate included, in seconds."""
    unknown: Literal["read", "repeat", "drop"]
    """What an unknown outcome means: state targets ``read``; a message target declares repeat or drop."""

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """Who this subject is in the target, by an exact key, never by a lagging search.

        ``since``: when a create may have been sent whose answer was lost, else None. Raises Ambiguous.
        """
        ...

    def push(self, step: Step) -> Held:
        """Send one step; idempotent for the same key. Returns only what this step made the target hold."""
        ...


@runtime_checkable
class Observes(Protocol):
    """A state target that can be read in bulk: adoption, audit. ``name`` is the Target's."""

    name: str

    def observe(self, resume: str | None) -> Iterator[Page]:
        """Everything it holds, as Records under ``Ref(name, kind, vendor id)``; each page's cursor resumes after it."""
        ...

    def holds(self, record: Record, desired: Desired) -> Held:
        """What of ``desired`` an observed record holds; members of a set that ``desired.ids`` names by the ids of
        the target that made them."""
        ...


@runtime_checkable
class PushesMany(Target, Protocol):
    """A target that takes many updates in one request."""

    def push_many(self, steps: Sequence[Step]) -> dict[Subject, Held]:
        """``push`` of each, as far as that was surely done. What is left out, or all of them where this raises, is read
        before it is sent by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a target finds of its names. ``existing``: there already, whoever made them, and fit for use; ``missing``:
    to be made; ``hindrances``: what stands in the way, each with what to do."""

    existing: Sequence[Name] = ()
    missing: Sequence[Name] = ()
    hindrances: Sequence[str] = ()


@runtime_checkable
class Declares(Protocol):
    """A target whose names must exist before they are used."""

    def declaration(self, names: Sequence[Name]) -> Declaration:
        """What ``declare`` will meet; nothing is made."""
        ...

    def declare(self, names: Sequence[Name]) -> None:
        """Make what is missing; raises Rejected naming a name that exists with another type or is archived."""
        ...


@runtime_checkable
class Tagged(Protocol):
    """A target that keeps its tags by id, whatever people call them there."""

    name: str
    tag_ids: Mapping[str, str]
    """Our names and the ids that they stood for when they were declared."""

    def follow_tags(self, ids: Mapping[str, str]) -> None:
        """What another process has declared, or made again."""
        ...

    def restore_tag(self, name: str) -> None:
        """Make it again, or use the one that has its name now."""
        ...

    def lost_tags(self) -> Sequence[str]:
        """Our names of those that people deleted since. Raises ConnectorError."""
        ...
