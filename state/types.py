"""The shapes that go in and out of the Store, and the errors it raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mappings.model import AccountId, Fact, Link, Mode, Ref, Subject, Undecided

Match = Callable[[Sequence[str], Mapping[str, frozenset[AccountId]], Mapping[str, int]], AccountId | Undecided | None]
"""match(seeks best first, accounts offering each key, number of roots seeking each key) -> the account, or why a person
decides, or None. Pure; called inside the transaction of a landing."""


class StateError(Exception):
    """The state database cannot be used; the message is one sentence for a person."""


class LeaseLost(Exception):
    """Another worker holds the account (or the source) now, or too little of the lease is left."""


class Claimed(Exception):
    """The external id belongs to another subject's Link already: a conflict for a person. ``subject`` is its holder."""

    def __init__(self, target: str, external_id: str, subject: Subject) -> None:
        super().__init__(f"{target} {external_id} belongs to {subject}")
        self.subject = subject


class AlreadyRedeemed(Exception):
    """Another request has used one of these redemption keys: there is no second trial. ``request_id`` names it."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"already redeemed by {request_id}")
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Limit:
    """Of this ``kind`` at most max(``floor``, ``share`` of what the target holds) in 24 hours."""

    kind: str
    floor: int
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A step that the brake holds. ``what`` of its subject it changes, ``mark``: its fingerprint, ``says`` it for a
    person, without a value that could be personal. ``approved_by``: who has let it through."""

    target: str
    subject: str
    what: str
    kind: str
    account_id: str
    mark: str
    says: str = ""
    since: int = 0
    approved_by: str = ""


class Braked(Exception):
    """As many as the limit allows were sent in the last 24 hours. ``until``: when the next one may be; None: when a
    person has approved it."""

    def __init__(self, kind: str, most: int, until: int | None = None) -> None:
        super().__init__(f"{kind}: {most} a day")
        self.kind, self.most, self.until = kind, most, until


class ReadMeanwhile(Exception):
    """Another source has been read to its end since its candidates were found wanting: match again first."""


class Shrunk(Exception):
    """A source shows so much less than the last time that it is taken for broken: ``met`` facts of this ``kind`` where
    ``usual`` were."""

    def __init__(self, kind: str, met: int, usual: int) -> None:
        super().__init__(f"{met} of {usual} {kind} facts")
        self.kind, self.met, self.usual = kind, met, usual


Cause = Literal["", "accepted", "inferred"]
"""Why an account is due, for the brake: a first import or go-live that was accepted; a sweep or a new configuration."""


@dataclass(frozen=True, slots=True)
class House:
    """Who this installation is: written by ``init``, compared with the vendors' identities at every start.

    ``joined``: when a message target was first configured, for those that came after ``born_at``.
    ``pilots``: target -> the only accounts it is on for. ``adopted_at``: when the last adoption report of everybody
    was made, ``adopted_mark``: for which instep.toml.
    ``names``: tags and attributes that we made, or may use though others did. ``tags``: our names of tags and the ids
    they stood for when they were declared; ``retired``: those that people deleted and that are used no more.
    ``other``: the installation that was last seen to keep the workspace instead of this one; empty for none.
    """

    installation_id: str
    born_at: int
    stripe_account: str
    livemode: bool
    intercom_workspace: str
    intercom_region: str
    modes: Mapping[str, Mode]
    config_fingerprint: str
    joined: Mapping[str, int] = field(default_factory=dict)
    pilots: Mapping[str, Sequence[AccountId]] = field(default_factory=dict)
    adopted_at: int | None = None
    adopted_mark: str = ""
    names: Sequence[str] = field(default_factory=list)
    tags: Mapping[str, str] = field(default_factory=dict)
    retired: Sequence[str] = field(default_factory=list)
    other: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """An account that this worker alone may write for. ``token`` fences; ``wake``: the counter it saw, ``waiting``: the
    system that it waited for. ``cause``: of the look, until one has gone through."""

    account_id: AccountId
    owner: str
    token: int
    wake: int
    reason: str
    attempts: int
    taken_over: bool
    waiting: str = ""
    cause: Cause = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source has been read, and the right to go on. ``position``: event cursor. ``scan``: where an unfinished
    scan stands (None: nothing read yet), ``scan_look``: the look it runs under (None: no scan is running),
    ``scan_begun_at``: since when. ``shrunk``: the last scan was not believed."""

    source: str
    position: str | None
    scan: str | None
    scan_look: int | None
    scanned_at: int | None
    token: int
    owner: str = ""
    shrunk: bool = False
    scan_begun_at: int | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A row of the inbox that is not handled yet."""

    id: int
    source: str
    event_id: str
    ref: Ref
    occurred_at: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found at one root. ``whole``: these facts replace all rows of the root."""

    root: Ref
    facts: tuple[Fact, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Landed:
    """What ``record`` did: the roots whose facts moved, the rows written, and how many hints are new."""

    changed: frozenset[Ref]
    rows: int
    hints: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal line: a request that changed something. ``before``/``after`` hold no e-mail or name (hashed);
    ``key`` is that of the push."""

    target: str
    subject: Subject
    operation: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    caused_at: int | None
    sent_at: int
    run: str
    vendor_request_id: str = ""
    key: str = ""


OrderState = Literal["new", "held", "due", "begun", "done", "proved"]


@dataclass(frozen=True, slots=True)
class Order:
    """An order to erase ``subject`` (``person:``, ``account:``; a keyed hash once proved), worked on with
    ``account_id``. ``asked_by``: ``product`` or ``operator``. ``state``: new (not weighed yet), held (too many at
    once), due, begun (from here on nothing brings it back), done (away everywhere), proved (a later look found
    nothing). ``places``: place -> what was done there and when."""

    subject: str
    account_id: str
    asked_by: str
    asked_at: int
    state: OrderState = "new"
    begun_at: int | None = None
    done_at: int | None = None
    proved_at: int | None = None
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


TodoKind = Literal["unmatched", "conflict", "parked", "held", "alert", "gone"]


@dataclass(frozen=True, slots=True)
class Todo:
    """What needs a person. One open line per (kind, subject, target).

    ``decision``: what is proposed, as `instep resolve` takes it, e.g. ``link cus_1``; empty where a person has to
    choose. ``command``: what settles it where that is another command; ``{id}`` stands for the line's id. ``decided``:
    what was decided, by ``resolved_by`` at ``resolved_at``, which is None while it is open.
    """

    kind: TodoKind
    subject: str
    target: str
    reason: str
    proposal: str = ""
    since: int = 0
    id: int = 0
    account_id: str = ""
    decision: str = ""
    command: str = ""
    decided: str = ""
    resolved_by: str = ""
    resolved_at: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about ``line``, and what follows from it in the same transaction.

    ``link``: who the subject is in the target, as the target was read. ``retry``: the parked Link is tried again.
    ``field``: what others have overwritten there is written again.
    ``owner``: the account that the root ``line`` is about belongs to. ``wake``: accounts that become due.
    """

    line: Todo
    text: str
    by: str
    link: Link | None = None
    retry: bool = False
    field: str = ""
    root: Ref | None = None
    owner: AccountId | None = None
    wake: tuple[AccountId, ...] = ()


Settled = Literal["done", "already", "moved", "busy"]
"""``already``: decided like this before. ``moved``: the line is not what it was when it was decided. ``busy``: somebody
is working on its account."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """``due`` accounts and ``hints`` now; ``leased`` by anyone; ``waiting``: accounts per system with an open breaker;
    ``next_at``: when the next account falls due, unix seconds; ``retrying``: accounts that did not go through
    and wait for another try, by the system to blame ("": none)."""

    due: int
    hints: int
    leased: int
    waiting: Mapping[str, int] = field(default_factory=dict)
    next_at: int | None = None
    retrying: Mapping[str, int] = field(default_factory=dict)
