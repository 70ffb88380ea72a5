"""One target brought to what it should hold, step by step: intend, find, push, acknowledge.

Think of a crash between any two lines: the pending key and body are in the Link before anything is sent, and whoever
meets them reads the target before sending again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connectors.contract import (
    Ambiguous,
    BreakerOpen,
    Gone,
    Missing,
    Rejected,
    Target,
    Transient,
    Unauthorized,
    Unknown,
)
from flows.believing import Beliefs
from flows.braking import Brakes
from flows.bulk import Bulk
from flows.journaling import Journal
from flows.outcomes import NotMade, Outcome, Result
from flows.pseudonyms import Pseudonyms
from flows.wiring import TargetLine
from mappings.contests import concluded, left_to_others
from mappings.intents import body_of
from mappings.model import AccountFacts, Desired, Held, Link, Step, Subject, Value
from mappings.plan import fold, leave_out, next_step, version_of
from state.store import AlreadyRedeemed, Braked, Claimed, Lease, Store, TodoKind

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
        brakes: Brakes,
    ) -> None:
        self._store, self._now, self._salt = store, now, salt
        self._pseudonyms = pseudonyms
        self._stopped, self._brakes = stopped, brakes
        self._journal = Journal(run, now, pseudonyms, writes)
        self._links = Beliefs(store, now, self._journal)
        self._bulk = Bulk(store, now, salt, self._journal, stopped)

    def converge_many(
        self, lease: Lease, line: TargetLine, facts: AccountFacts, wanted: Sequence[Desired]
    ) -> dict[Subject, Result]:
        """Send together what can be; the others are for ``converge``. Raises LeaseLost."""
        return self._bulk.converge(lease, line, facts, wanted)

    def converge(
        self, lease: Lease, line: TargetLine, facts: AccountFacts, desired: Desired, proved: bool, watch: bool
    ) -> Result:
        """Send what is missing. Raises LeaseLost; every other failure becomes part of the Result."""
        result, mark = Result(), version_of(desired)
        try:
            link = self._links.believed(lease, line, facts, desired, proved, watch, result)
            if result.unproved:
                return result
            if desired.problem:
                self._links.park(lease, link, mark, desired.problem, watch)
                return replace(result, outcome=Outcome.PARKED)
            if link.state == "parked" and link.parked_for == mark:
                return replace(result, outcome=Outcome.PARKED)
            self._steps(lease, line, facts, desired, link, result, proved, watch)
        except BreakerOpen:
            result.outcome, result.waiting = Outcome.WAITING, line.target.system
        except (Transient, Unknown):
            result.outcome, result.retry, result.failed = Outcome.WAITING, True, line.target.system
        except Unauthorized as error:
            self._stopped[line.target.system] = str(error)
            result.outcome, result.waiting = Outcome.WAITING, line.target.system
        except NotMade as error:
            self._links.give_back(lease, desired, str(error))
            result.outcome = Outcome.PARKED
        except (Rejected, Gone) as error:
            kind: TodoKind = "gone" if isinstance(error, Gone) else "parked"
            self._links.park(lease, self._links.latest(desired), mark, str(error), watch, kind)
            result.outcome = Outcome.PARKED
            if desired.once and not watch:
                self._store.mark([lease.account_id], self._now(), "a request was refused")
        except Ambiguous as error:
            self._links.conflict(lease, self._links.latest(desired), mark, error, watch)
            result.outcome = Outcome.PARKED
        except Claimed as error:
            self._links.park(lease, self._links.latest(desired), mark, str(error), watch, kind="conflict")
            result.outcome = Outcome.PARKED
        except Braked as error:
            self._links.park(lease, self._links.latest(desired), "", f"held by the brake: {error}", watch, kind="held")
            result.outcome, result.again_at = Outcome.HELD, error.until
        except AlreadyRedeemed:
            result.outcome = Outcome.WAITING
            self._store.mark([lease.account_id], self._now(), "the trial was used by another request")
        return result

    def tidy(self, lease: Lease, line: TargetLine, facts: AccountFacts, link: Link) -> None:
        """What nothing wants any more is acknowledged by what was fetched, where that shows it."""
        desired = Desired(link.target, link.subject, link.pending_body or {})
        held = line.held(facts, desired) if line.held else None
        if held:
            self._links.born(lease, link, held, desired)

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
        if desired.adopts and not link.external_id and not watch:
            link = self._links.look_for(lease, line.target, desired, link, result)
        unknown = 0
        for _ in range(MOST_STEPS):
            if self._links.must_read(link, line.target):
                link = self._links.read(lease, line.target, desired, link)
            if link.pending_key and line.target.unknown == "drop":
                link = self._links.drop(lease, desired, link)
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
            values = self._links.resolve(step.values)
            if values is None:
                # Whatever gives the missing thing its id wakes this account.
                result.outcome = Outcome.WAITING
                if not step.member[0]:
                    return
                desired = leave_out(desired, step)
                continue
            try:
                self._brakes.must_exist(step)
                link = self._send(lease, line, facts, desired, link, step, values, result)
            except Braked as error:
                if error.until is not None:
                    raise
                result.held.add(self._brakes.hold(lease, step, error))
                if step.whole:
                    break
                desired = leave_out(desired, step)
            except Missing as error:
                link = self._store.adopt(lease, self._links.latest(desired))
                result.held.add(self._brakes.hold_name(lease, step, error.name))
                desired = leave_out(desired, step)
            except Unknown as error:
                unknown += 1
                link = self._links.after_unknown(lease, line.target, desired, error)
                if unknown >= MOST_UNKNOWN:
                    raise
            except Gone:
                if self._links.sought(lease, line.target, step):
                    result.outcome = Outcome.WAITING
                    return
                link = self._links.after_gone(lease, line.target, desired, link)
        if line.target.kind == "message" and (link.pending_key or link.unsure):
            link = self._store.adopt(lease, replace(link, state="ok"))  # Said or not: nothing is left to say.
        link = self._leave(lease, desired, link, result)
        if result.held:
            result.outcome = Outcome.HELD
        if link.state == "parked":
            self._store.adopt(lease, replace(link, state="ok", parked_for=""))

    def _leave(self, lease: Lease, desired: Desired, link: Link, result: Result) -> Link:
        """What others keep overwriting is theirs until both sides hold the same, or a person takes it up again."""
        result.held |= {self._brakes.hold_field(lease, desired, name) for name in left_to_others(link, desired)}
        known = concluded(link, desired)
        return link if known == link else self._store.adopt(lease, known)

    def _send(
        self,
        lease: Lease,
        line: TargetLine,
        facts: AccountFacts,
        desired: Desired,
        link: Link,
        step: Step,
        values: Mapping[str, Value],
        result: Result,
    ) -> Link:
        """``values`` of the step, with the ids that were not known when it was planned."""
        target = line.target
        limit, hold = self._brakes.limit(lease, step)
        limit = None if link.pending_key == step.key else limit
        step = replace(step, values=values)
        tried = link.pending_since if link.pending_key == step.key else None
        if tried is not None and link.pending_body is not None and step.operation == "create":
            step = replace(step, values=link.pending_body)
        uses = line.redeem(facts, step) if line.redeem and step.operation == "create" else []
        redeem = [self._pseudonyms.redeeming(key) for key in uses]
        longest = target.timeout * (2 if step.operation == "create" else 1)  # A create is looked for first.
        intent = self._store.intend(
            lease, link, step, body_of(step, step.values), longest, redeem, now=self._now(), limit=limit, hold=hold
        )
        if step.operation == "create" and target.kind == "state":
            found = self._links.find(target, desired, link, tried)
            if found is not None:
                result.changed |= {found.changed} if found.changed else set()
                result.outcome = Outcome.APPLIED
                result.pending_since = self._now() if found.pending else None
                return self._links.adopt(lease, desired, intent, found, link)
        held = _push(target, step, bool(redeem))
        self._journal.count(target.name)
        result.outcome = Outcome.APPLIED
        result.pending_since = self._now() if held.pending else None
        if held.changed:
            result.changed.add(held.changed)
        done = replace(fold(intent, step, held), pending_key=intent.pending_key, acknowledged_at=self._now())
        if target.kind == "state" and step.external_id and held.external_id not in ("", step.external_id):
            done = replace(done, state="suspect")  # Another object by now: what else it holds has to be read.
        lines = [self._journal.line(link, step, held)]
        return self._store.acknowledge(lease, done, lines, held.changed, now=self._now(), hold=hold)


def _push(target: Target, step: Step, redeems: bool) -> Held:
    """Raises NotMade for a create that used something up and was refused."""
    try:
        return target.push(step)
    except Rejected as error:
        if redeems:
            raise NotMade(error.reason) from error
        raise
