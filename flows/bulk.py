"""Plain updates of one target sent together: intended in one commit, pushed in one request, acknowledged in one commit.

Think of a crash between any two lines: the keys and bodies are there before anything is sent. Whatever is not surely
done keeps its pending key, and is read before it is sent by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from connectors.contract import ConnectorError, PushesMany
from flows.journaling import Journal
from flows.outcomes import Outcome, Result
from flows.wiring import TargetLine
from mappings.contests import overwritten
from mappings.intents import body_of
from mappings.model import AccountFacts, Desired, Held, Later, Link, Ref, Step, Subject
from mappings.plan import fold, next_step
from state.store import Entry, Lease, Store

FEWEST = 2


class Bulk:
    """For one worker. ``stopped``: systems that take nothing in this run."""

    def __init__(
        self, store: Store, now: Callable[[], int], salt: str, journal: Journal, stopped: Collection[str]
    ) -> None:
        self._store, self._now, self._salt, self._journal, self._stopped = store, now, salt, journal, stopped

    def converge(
        self, lease: Lease, line: TargetLine, facts: AccountFacts, wanted: Sequence[Desired]
    ) -> dict[Subject, Result]:
        """What was sent; everything else is left as it is. Raises LeaseLost."""
        target = line.target
        if len(wanted) < FEWEST or not isinstance(target, PushesMany) or target.system in self._stopped:
            return {}
        known = self._store.links([desired.subject for desired in wanted])
        plain: dict[Subject, tuple[Link, Step]] = {}
        for desired in wanted:
            link = known.get((target.name, desired.subject)) or Link(target.name, desired.subject)
            if update := plain_update(line, facts, desired, link, self._salt):
                plain[desired.subject] = update
        if len(plain) < FEWEST:
            return {}
        return self._send(lease, target, plain)

    def _send(
        self, lease: Lease, target: PushesMany, plain: Mapping[Subject, tuple[Link, Step]]
    ) -> dict[Subject, Result]:
        intents = [(link, step, body_of(step, step.values)) for link, step in plain.values()]
        intended = self._store.intend_many(lease, intents, target.timeout, now=self._now())
        try:
            pushed = target.push_many([step for _, step in plain.values()])
        except ConnectorError:
            return {}
        if not pushed:
            return {}
        done = [self._done(intent, plain[intent.subject], pushed) for intent in intended if intent.subject in pushed]
        ours = self._store.acknowledge_many(lease, done, now=self._now())
        return {subject: _result(pushed[subject]) for subject in ours}

    def _done(
        self, intent: Link, planned: tuple[Link, Step], pushed: Mapping[Subject, Held]
    ) -> tuple[Link, Entry, Ref | None]:
        (link, step), held = planned, pushed[intent.subject]
        self._journal.count(intent.target)
        folded = replace(fold(intent, step, held), pending_key=intent.pending_key, acknowledged_at=self._now())
        return folded, self._journal.line(link, step, held), held.changed


def _result(held: Held) -> Result:
    return Result(Outcome.APPLIED, changed={held.changed} if held.changed else set())


def plain_update(
    line: TargetLine, facts: AccountFacts, desired: Desired, link: Link, salt: str
) -> tuple[Link, Step] | None:
    """The one update that is all there is to send, with the Link as the facts show it; None where anything needs a
    closer look: a Link in doubt or under way, what counts against a limit, what takes something away."""
    if link.state != "ok" or link.pending_key or link.overwritten or desired.adopts or not line.held:
        return None
    held = line.held(facts, desired)
    if held is None or held.pending or overwritten(link, held, desired):
        return None
    believed = replace(link, external_id=held.external_id, values={**link.values, **held.values})
    step = next_step(desired, believed, salt)
    if step is None or step.operation != "update" or step.brake or step.needs_proof or _later(step):
        return None
    return (believed, step) if next_step(desired, fold(believed, step), salt) is None else None


def _later(step: Step) -> bool:
    return any(isinstance(value, Later) for value in step.values.values())
