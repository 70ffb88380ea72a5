"""One target brought to what it should hold, step by step: intend, find, push, acknowledge.

Think of a crash between any two lines: the pending key and body are in the Link before anything is sent, and whoever
meets them reads the target before sending again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock

from connectors.contract import Ambiguous, BreakerOpen, Gone, Rejected, Target, Transient, Unauthorized, Unknown
from flows.gathering import REJECTED
from flows.journaling import entry
from flows.outcomes import NotMade, Outcome, Result
from flows.pseudonyms import Pseudonyms
from flows.wiring import TargetLine
from mappings.model import AccountFacts, Desired, Held, Later, Link, RequestId, Step, Value, subject_id
from mappings.plan import fold, leave_out, next_step, version_of
from state.store import AlreadyRedeemed, Claimed, Lease, Store, Todo

# More steps than any subject needs: a mapping and a target that never agree must not spin.
MOST_STEPS = 200
MOST_UNKNOWN = 3


class Applier:
    """Converges one Desired at a time under an account's lease."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], int],
        run: str,
        salt: str,
        pseudonyms: Pseudonyms,
        writes: Counter[str],
        stopped: dict[str, str],
    ) -> None:
        self._store, self._now, self._run, self._salt = store, now, run, salt
        self._pseudonyms = pseudonyms
        self._writes, self._stopped = writes, stopped
        self._counting = Lock()

    def converge(
        self, lease: Lease, line: TargetLine, facts: AccountFacts, desired: Desired, proved: bool, watch: bool
    ) -> Result:
        """Send what is missing. Raises LeaseLost; every other failure becomes part of the Result."""
        result = Result()
        link = self._believed(lease, line, facts, desired, watch, result)
        mark = version_of(desired)
        if desired.problem:
            self._park(lease, link, mark, desired.problem, watch)
            return replace(result, outcome=Outcome.PARKED)
        if link.state == "parked" and link.parked_for == mark:
            return replace(result, outcome=Outcome.PARKED)
        try:
            self._steps(lease, line, facts, desired, link, result, proved, watch)
        except BreakerOpen:
            result.outcome, result.waiting = Outcome.WAITING, line.target.system
        except (Transient, Unknown):
            result.outcome, result.retry = Outcome.WAITING, True
        except Unauthorized as error:
            self._stopped[line.target.system] = str(error)
            result.outcome, result.waiting = Outcome.WAITING, line.target.system
        except NotMade as error:
            self._give_back(lease, desired, str(error))
            result.outcome = Outcome.PARKED
        except (Rejected, Gone) as error:
            self._park(lease, self._latest(desired), mark, str(error), watch)
            result.outcome = Outcome.PARKED
        except (Ambiguous, Claimed) as error:
            self._park(lease, self._latest(desired), mark, str(error), watch, conflict=True)
            result.outcome = Outcome.PARKED
        except AlreadyRedeemed:
            result.outcome = Outcome.WAITING
            self._store.mark([lease.account_id], self._now(), "the trial was used by another request")
        return result

    def _steps(
        self,
        lease: Lease,
        line: TargetLine,
        facts: AccountFacts,
        desired: Desired,
        link: Link,
        result: Result,
        proved: bool,
        watch: bool,
    ) -> None:
        was_parked, unknown = link.state == "parked", 0
        for _ in range(MOST_STEPS):
            if self._must_read(link, line.target):
                link = self._read(lease, line.target, desired, link)
            if link.pending_key and line.target.unknown == "drop":
                link = self._drop(lease, desired, link)
            step = next_step(desired, link, self._salt)
            if step is None:
                break
            if watch:
                result.outcome = Outcome.HELD
                return
            if line.target.system in self._stopped:
                raise BreakerOpen(line.target.system)
            if step.needs_proof and not proved:
                result.outcome, result.retry, result.unproved = Outcome.WAITING, True, True
                return
            values = self._resolve(step.values)
            if values is None:
                # Whatever makes the missing thing wakes this account.
                result.outcome = Outcome.WAITING
                if not step.member[0]:
                    return
                desired = leave_out(desired, step)
                continue
            try:
                link = self._send(lease, line, facts, desired, link, replace(step, values=values), result)
            except Unknown as error:
                unknown += 1
                link = self._after_unknown(lease, line.target, desired, error)
                if unknown >= MOST_UNKNOWN:
                    raise
            except Gone:
                link = self._after_gone(lease, line.target, desired, link)
        if line.target.kind == "message" and (link.pending_key or link.state == "suspect"):
            link = self._store.adopt(lease, replace(link, state="ok"))  # Said or not: nothing is left to say.
        if was_parked:
            if link.state == "parked":
                self._store.adopt(lease, replace(link, state="ok", parked_for=""))
            self._store.todo_clear(["parked", "conflict"], desired.subject, desired.target)

    def _believed(
        self, lease: Lease, line: TargetLine, facts: AccountFacts, desired: Desired, watch: bool, result: Result
    ) -> Link:
        """The stored Link; born from, or overruled by, what was fetched."""
        link = self._latest(desired)
        if line.held is None or (link.external_id and not line.fetched):
            return link
        held = line.held(facts, desired)
        if held is None:
            return link
        if held.pending:
            result.outcome, result.pending_since = Outcome.WAITING, link.acknowledged_at or self._now()
        believed = replace(
            link, external_id=held.external_id, values={**link.values, **held.values},
            state=link.state if link.state in ("parked", "suspect") else "pending" if held.pending else "ok",
        )  # fmt: skip
        if believed != link and not watch:
            return self._store.adopt(lease, believed)
        return believed

    def _latest(self, desired: Desired) -> Link:
        links = self._store.links([desired.subject])
        return links.get((desired.target, desired.subject)) or Link(desired.target, desired.subject)

    def _must_read(self, link: Link, target: Target) -> bool:
        """A foreign pending key or a suspect Link: the target is read before anything else is sent."""
        if target.kind == "message":
            return False
        return link.state == "suspect" or bool(link.pending_key and link.external_id)

    def _read(self, lease: Lease, target: Target, desired: Desired, link: Link) -> Link:
        held = self._find(target, desired, link, link.pending_since)
        if held is None:
            return self._after_gone(lease, target, desired, link)
        return self._adopt(lease, desired, link, held)

    def _find(self, target: Target, desired: Desired, link: Link, since: int | None) -> Held | None:
        """Asked with the id that the Link names, and the ids of what other targets made, where they are known."""
        values = self._resolve(desired.values) or desired.values
        return target.find(replace(desired, values=values, external_id=link.external_id), since)

    def _adopt(self, lease: Lease, desired: Desired, link: Link, held: Held) -> Link:
        """What was read replaces what was believed; the next update gets a new key. A set whose members are accounts
        is read only as far as it concerns us, so what we had put there stays believed."""
        sets = dict(link.sets) | {
            name: tuple(sorted({*members, *(link.sets.get(name, ()) if name in desired.ids else ())}))
            for name, members in held.sets.items()
        }
        read = replace(
            link,
            external_id=held.external_id,
            values={**link.values, **held.values},
            sets=sets,
            sent={**link.sent, **held.sent},
            state="ok",
            parked_for="",
            sequence=link.sequence + 1,
        )
        return self._store.adopt(lease, read, held.changed, now=self._now())

    def _send(
        self,
        lease: Lease,
        line: TargetLine,
        facts: AccountFacts,
        desired: Desired,
        link: Link,
        step: Step,
        result: Result,
    ) -> Link:
        target = line.target
        tried = link.pending_since if link.pending_key == step.key else None
        if tried is not None and link.pending_body is not None and step.operation == "create":
            step = replace(step, values=link.pending_body)
        uses = line.redeem(facts, step) if line.redeem and step.operation == "create" else []
        redeem = [self._pseudonyms.redeeming(key) for key in uses]
        longest = target.timeout * (2 if step.operation == "create" else 1)  # A create is looked for first.
        intent = self._store.intend(lease, link, step, dict(step.values), longest, redeem, now=self._now())
        if step.operation == "create" and target.kind == "state":
            found = self._find(target, desired, link, tried)
            if found is not None:
                result.changed |= {found.changed} if found.changed else set()
                result.outcome = Outcome.APPLIED
                result.pending_since = self._now() if found.pending else None
                return self._adopt(lease, desired, intent, found)
        held = _push(target, step, bool(redeem))
        with self._counting:
            self._writes[target.name] += 1
        result.outcome, result.created = Outcome.APPLIED, result.created or step.operation == "create"
        result.pending_since = self._now() if held.pending else None
        if held.changed:
            result.changed.add(held.changed)
        done = replace(fold(intent, step, held), pending_key=intent.pending_key, acknowledged_at=self._now())
        lines = [entry(link, step, held, self._now(), self._run, self._pseudonyms)]
        return self._store.acknowledge(lease, done, lines, held.changed, now=self._now())

    def _after_unknown(self, lease: Lease, target: Target, desired: Desired, error: Unknown) -> Link:
        """A message is repeated later under its key, or dropped; a state is read at the next turn of the loop."""
        link = self._latest(desired)
        if target.unknown == "repeat":
            raise error
        if link.external_id or not error.stored or target.unknown == "drop":
            return link
        held = self._find(target, desired, link, link.pending_since)
        if held is not None:
            return self._adopt(lease, desired, link, held)
        return self._store.adopt(lease, replace(link, attempt=link.attempt + 1))

    def _drop(self, lease: Lease, desired: Desired, link: Link) -> Link:
        """A message that may have been sent, by us or by whoever had the account before, counts as sent."""
        sent = next((o for o in desired.occurrences if link.pending_key.endswith(f":{o.key}")), None)
        name = link.external_id or f"({desired.target} {desired.subject})"
        return self._adopt(lease, desired, link, Held(name, sent={sent.key: sent.at} if sent else {}))

    def _after_gone(self, lease: Lease, target: Target, desired: Desired, link: Link) -> Link:
        """What the Link names is not there: make it again where that is allowed, else a person decides."""
        again = target.gone == "recreate" or (target.gone == "once" and link.attempt == 1)
        reason = f"{target.name}: {link.external_id or desired.subject} is no longer there"
        if target.gone != "recreate":
            kept = "made again once" if again else "not made again"
            todo = Todo("gone", desired.subject, desired.target, f"{reason}; {kept}", since=self._now())
            self._store.todo_add([todo])
        if not again:
            raise Gone(reason)
        return self._store.adopt(lease, Link(link.target, link.subject, attempt=link.attempt + 1))

    def _resolve(self, values: Mapping[str, Value]) -> dict[str, Value] | None:
        """Ids of what other targets made; None while one of them is not there yet."""
        resolved: dict[str, Value] = {}
        for name, value in values.items():
            if isinstance(value, Later):
                found = self._store.links([value.subject]).get((value.target, value.subject))
                if found is None or not found.external_id:
                    return None
                value = found.external_id
            resolved[name] = value
        return resolved

    def _park(self, lease: Lease, link: Link, mark: str, reason: str, watch: bool, conflict: bool = False) -> None:
        """Only this Link, until what it should hold changes."""
        if watch:
            return
        self._store.adopt(lease, replace(link, state="parked", parked_for=mark))
        self._store.todo_add(
            [Todo("conflict" if conflict else "parked", link.subject, link.target, reason, since=self._now())]
        )

    def _give_back(self, lease: Lease, desired: Desired, reason: str) -> None:
        """A refused create has used nothing up. It is parked, a later one has another key, and its request answered."""
        link = self._latest(desired)
        refused = replace(link, state="parked", parked_for=REJECTED, attempt=link.attempt + 1)
        self._store.adopt(lease, refused, release=RequestId(subject_id(desired.subject)))
        self._store.todo_add([Todo("parked", link.subject, link.target, reason, since=self._now())])
        self._store.mark([lease.account_id], self._now(), "a request's create was refused")


def _push(target: Target, step: Step, redeems: bool) -> Held:
    """Raises NotMade for a create that used something up and was refused."""
    try:
        return target.push(step)
    except Rejected as error:
        if redeems:
            raise NotMade(error.reason) from error
        raise
