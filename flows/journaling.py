"""What the journal says of a step that was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock

from flows.pseudonyms import Pseudonyms
from mappings.links import hidden
from mappings.model import Held, Link, Scalar, Step
from mappings.plan import scalars
from state.store import Entry

PERSONAL = ("email", "name", "owner_email", "known_as")


class Journal:
    """Of one run: its lines, and how many there are of each target (``writes``)."""

    def __init__(self, run: str, now: Callable[[], int], pseudonyms: Pseudonyms, writes: Counter[str]) -> None:
        self._run, self._now, self._pseudonyms, self._writes = run, now, pseudonyms, writes
        self._counting = Lock()

    def line(self, link: Link, step: Step, held: Held) -> Entry:
        return entry(link, step, held, self._now(), self._run, self._pseudonyms)

    def count(self, target: str) -> None:
        with self._counting:
            self._writes[target] += 1


def entry(link: Link, step: Step, held: Held, now: int, run: str, pseudonyms: Pseudonyms) -> Entry:
    """One journal line; of people it holds hashes only."""
    after = scalars(step.values)
    before = {name: link.values.get(name) for name in after}
    if step.member[0]:
        after = {step.member[0]: step.member[1]}
        before = {}
    if step.occurrence:
        after = {"event": step.occurrence.name, "at": step.occurrence.at}
        before = {}
    return Entry(
        target=step.target,
        subject=step.subject,
        operation=step.operation,
        reason=step.why,
        before=minimised(before, pseudonyms),
        after=minimised(after, pseudonyms),
        caused_at=step.occurrence.at if step.occurrence else None,
        sent_at=now,
        run=run,
        vendor_request_id=held.vendor_request_id,
        key=step.key,
    )


def minimised(values: Mapping[str, Scalar], pseudonyms: Pseudonyms) -> dict[str, Scalar]:
    """Values for the journal: what names a person becomes a short hash, so that a change still shows."""
    return {name: _minimised(name, value, pseudonyms) for name, value in values.items()}


def _minimised(name: str, value: Scalar, pseudonyms: Pseudonyms) -> Scalar:
    """A billing link opens a page: its hash says no more than that it is another one. An external_id may be an
    address."""
    if value and (name in PERSONAL or (name == "external_id" and "@" in str(value))):
        return f"#{pseudonyms.of(value)[:8]}"
    shown = hidden(value) if isinstance(value, str) else value
    return shown if shown == value else f"{shown} #{pseudonyms.of(value)[:8]}"
