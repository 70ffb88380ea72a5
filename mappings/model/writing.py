"""The words of writing: what should be held, what is held, and the step between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mappings.model.ids import JSONObject, Scalar, Subject
from mappings.model.reading import Occurrence, Ref


@dataclass(frozen=True, slots=True)
class Later:
    """A value known only after something else was made: the external id of that subject in that target."""

    target: str
    subject: Subject


Value = Scalar | Later | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Desired:
    """What one target should hold for one subject.

    ``values``: fields to hold; a name left out is left alone, None clears. ``sets``: owned members per set (``tags``,
    ``companies``). ``beside``: sent along with any step, never compared. ``ids``: for a set whose members are accounts,
    the target that knows their ids. ``occurrences``: to be sent once each. ``born_with``: the values sent with a create
    (None: all); the others follow as an update. ``whole``: an update sends every value (a PUT). ``once``: no update.
    ``create``: False means it is only kept up where it exists; ``adopts``: it has to be there and is looked for.
    ``problem``: why this row cannot be sent (parks it).
    ``lowers``: an update takes something away from the customer, or refuses it for good. ``keep``: members that are not
    taken off though ``sets`` does not name them. ``because``: why a member is added, where it is not for ``why``.
    ``external_id``: the id under which the target is known to hold it, for ``find``.

    The brake (mappings/brake.py): ``creates``: the daily limit that a create counts against (empty: none); ``guarded``:
    fields whose update counts against ``brake``; members taken off count as removals, but not the ``free`` ones.
    """

    target: str
    subject: Subject
    values: Mapping[str, Value] = field(default_factory=dict)
    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    beside: Mapping[str, Value] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    occurrences: tuple[Occurrence, ...] = ()
    born_with: frozenset[str] | None = None
    whole: bool = False
    once: bool = False
    create: bool = True
    adopts: bool = False
    problem: str = ""
    lowers: bool = False
    keep: frozenset[str] = frozenset()
    because: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""
    why: str = ""
    creates: str = "creates"
    guarded: frozenset[str] = frozenset()
    brake: str = ""
    free: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """What a target holds for a subject: its id there and the owned things.

    ``pending``: accepted but unfinished, to be looked at again. ``changed``: the root of a source that this push
    changed. ``sent``: keys of occurrences already delivered, with their second.
    """

    external_id: str
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    pending: bool = False
    changed: Ref | None = None
    vendor_request_id: str = ""


LinkState = Literal["ok", "pending", "suspect", "doubted", "parked"]
"""Both of these mean: read the target before anything is sent. ``suspect``: someone without the lease may have pushed,
or it is another object by now. ``doubted``: nobody of ours did, and yet it was seen to hold something else, or
not to be there."""
MOST_OVERWRITTEN = 2
"""So often within a day, and a field is contested."""


@dataclass(frozen=True, slots=True)
class Link:
    """Who a subject is in a target and what the target holds as far as we know.

    ``pending_key``/``pending_body`` are committed before a push and cleared with its answer. ``attempt`` counts
    creates; it rises only after a read proved that nothing was made. ``sequence`` counts acknowledged pushes.
    ``overwritten``: field -> when others were found to have changed what we wrote there, of a day.
    """

    target: str
    subject: Subject
    external_id: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    state: LinkState = "ok"
    attempt: int = 1
    sequence: int = 0
    pending_key: str = ""
    pending_body: JSONObject | None = None
    pending_since: int | None = None
    parked_for: str = ""
    acknowledged_at: int | None = None
    overwritten: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def unsure(self) -> bool:
        return self.state in ("suspect", "doubted")

    @property
    def contested(self) -> frozenset[str]:
        """Fields that others keep overwriting: they are not written any more."""
        return frozenset(name for name, times in self.overwritten.items() if len(times) >= MOST_OVERWRITTEN)


Operation = Literal["create", "update", "add", "remove", "send"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to send. ``values``: fields for create and update. ``member``: (set, name) for add and remove.

    ``lowers``: takes something away. ``brake``: the daily limit that it counts against; ``guarded``: the fields because
    of which it does. ``whole``: it cannot be sent without them.
    """

    target: str
    subject: Subject
    operation: Operation
    key: str
    external_id: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    member: tuple[str, str] = ("", "")
    occurrence: Occurrence | None = None
    lowers: bool = False
    why: str = ""
    brake: str = ""
    guarded: frozenset[str] = frozenset()
    whole: bool = False

    @property
    def needs_proof(self) -> bool:
        """Whether its source facts must have been fetched in this look: it takes away, or only time announces it."""
        return self.lowers or bool(self.occurrence and self.occurrence.by_clock)


@dataclass(frozen=True, slots=True)
class Name:
    """A name that must exist in a target before it is used. ``kind``: ``tag``, ``contact`` or ``company`` (attributes).

    ``type`` for attributes: string, integer, float, boolean, date.
    """

    kind: Literal["tag", "contact", "company"]
    name: str
    type: str = ""
    description: str = ""
