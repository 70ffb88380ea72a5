"""The loop for one account: facts -> plan -> apply -> settle. Plain Python; runs without Prefect."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from connectors.contract import BreakerOpen, ConnectorError, Unauthorized
from flows.applying import Applier
from flows.braking import Brakes
from flows.erasing import Erasing
from flows.gathering import gather, unmet
from flows.looking import Looker
from flows.outcomes import Outcome, Pair
from flows.pauses import backoff
from flows.telling import lines
from flows.wiring import Systems, TargetLine
from mappings.billing import CANCELLATIONS
from mappings.concerns import concerns
from mappings.lifecycle import Life, life
from mappings.model import AccountFacts, AccountId, Ref, Subject, request_subject, subject_id
from mappings.occurrences import news
from state.store import Lease, LeaseLost, StateError, Store

log = logging.getLogger("instep")

# Long enough for one push with all its tries; renewed before each push.
LEASE = 60.0
POLL_FIRST, POLL_MOST = 5, 300


@dataclass(slots=True)
class Tally:
    """What a run did. ``visits``: how often an account was taken up, ``accounts`` of them different ones; ``looked``:
    the (account, target) pairs of these visits; ``outcomes``: of those that were dealt with, or that a lost lease or a
    bug is known to have kept us from. They are the same, or the run has failed."""

    visits: int = 0
    visited: set[AccountId] = field(default_factory=set)
    looked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)

    @property
    def accounts(self) -> int:
        return len(self.visited)

    @property
    def balanced(self) -> bool:
        return self.looked == sum(self.outcomes.values())

    def counts(self) -> dict[str, int]:
        return {"accounts": self.accounts, "looked": self.looked, **self.outcomes}


class NeedsProof(Exception):
    """A step takes something away or tells what only time says, and its facts were not fetched in this look."""


@dataclass(slots=True)
class Visit:
    """One account under one lease. ``proved``: all its roots were fetched in this look; ``asked``: that was tried.
    ``again``: one request was carried out and another one is next. ``unread``: system -> why it could not be fetched.
    ``wanted``: (target, subject) that should hold something; ``unsettled``: those that wait or are parked; ``held``:
    what of them the brake holds. ``cut``: a lost lease or a bug ended it early."""

    lease: Lease
    pairs: dict[str, Pair] = field(default_factory=dict)
    proved: bool = False
    asked: bool = False
    again: bool = False
    unread: dict[str, ConnectorError] = field(default_factory=dict)
    wanted: set[tuple[str, Subject]] = field(default_factory=set)
    unsettled: set[tuple[str, Subject]] = field(default_factory=set)
    held: set[tuple[str, Subject, str]] = field(default_factory=set)
    cut: bool = False


class Engine:
    """Works on due accounts. ``now`` is the mapping clock, ``run`` names this run in the journal."""

    def __init__(
        self,
        store: Store,
        systems: Systems,
        reader: Looker,
        now: Callable[[], int],
        run: str,
        born_at: int,
        salt: str,
        tally: Tally,
    ) -> None:
        self._store, self._systems, self._reader = store, systems, reader
        self._now, self._born_at = now, born_at
        self.tally = tally
        self._counting = Lock()
        self._erasing = Erasing(store, systems, now)
        self._brakes = Brakes(store, systems.config.brake, now)
        self._applier = Applier(
            store, now, run, salt, systems.pseudonyms, self.tally.writes, self.tally.stopped, self._brakes
        )

    def follow(self, systems: Systems) -> None:
        """From the next account on: what was switched on, paused or made again meanwhile."""
        self._systems = systems
        self._erasing.follow(systems)
        self._brakes.look_again()

    def work(self, lease: Lease) -> None:
        """One account, from its facts to its next due moment. Only bugs escape, as a line in the tally."""
        visit = Visit(lease)
        pairs = self._take_up(lease.account_id)
        try:
            self._settle(visit, self._converge(visit))
        except LeaseLost:
            visit.cut = True
            log.info("account %s: another worker has it now", lease.account_id)
        except StateError:
            raise  # Nothing can be noted: the run ends, and whoever comes next takes the lease over.
        except Exception as error:
            visit.cut = True
            # Neither the exception's own text nor its traceback: both may name a person.
            where = traceback.extract_tb(error.__traceback__)[-1]
            bug = f"{lease.account_id}: {type(error).__name__} in {where.name}, line {where.lineno}"
            log.error("account %s", bug)
            self.tally.bugs.append(bug)
            self._store.settle(lease, self._now(), "failed", now=self._now(), retry_in=backoff(lease.attempts))
        self._book(visit, pairs)

    def _take_up(self, account: AccountId) -> int:
        """One more visit; returns how many pairs that makes."""
        pairs = sum(self._systems.mode(line.target.name) != "off" for line in self._systems.targets)
        with self._counting:
            self.tally.visits += 1
            self.tally.visited.add(account)
            self.tally.looked += pairs
        return pairs

    def _book(self, visit: Visit, pairs: int) -> None:
        """What a visit that was cut short has not dealt with is waiting; otherwise every pair speaks for itself."""
        ended = [pair.outcome.value for pair in visit.pairs.values() if pair.done]
        with self._counting:
            self.tally.outcomes.update(ended)
            if visit.cut:
                self.tally.outcomes[Outcome.WAITING.value] += pairs - len(ended)

    def _converge(self, visit: Visit) -> Life:
        """Every target in order; a target that changed a source has that root read again before the next."""
        lease = visit.lease
        if lease.taken_over or lease.attempts or not lease.reason.endswith(("changed", "looked at")):
            self._prove(visit)
        while True:
            try:
                return self._targets(visit)
            except NeedsProof:
                self._prove(visit)

    def _targets(self, visit: Visit) -> Life:
        visit.held.clear()
        visit.unsettled.clear()
        self._begin_erasing(visit)
        facts, current = self._facts(visit.lease.account_id)
        for line in self._systems.targets:
            if self._systems.mode(line.target.name) == "off":
                continue
            changed = self._line(visit, line, facts, current)
            if changed:
                self._read(visit, sorted(changed, key=str))
                facts, current = self._facts(visit.lease.account_id)
        if visit.proved:
            self._tidy(visit, facts)
            if self._erasing.finish(visit.lease, facts, current, visit.pairs):
                facts, current = self._facts(visit.lease.account_id)
        self._ease(visit)
        self._alert(visit, facts, current)
        visit.again = self._more_asked(visit, current)
        return current

    def _ease(self, visit: Visit) -> None:
        account = visit.lease.account_id
        on = [name for name in visit.pairs if self._systems.mode(name, account) == "on"]
        self._brakes.ease(visit.lease, visit.held, on, visit.unsettled)

    def _begin_erasing(self, visit: Visit) -> None:
        """Nobody is erased without a mark, or an order, read in this look. What is stored of them is read once more."""
        if not self._erasing.due(visit.lease.account_id):
            return
        if not visit.asked:
            raise NeedsProof
        if visit.proved:
            self._erasing.begin(visit.lease)
            self._prove(visit)

    def _more_asked(self, visit: Visit, current: Life) -> bool:
        """Whether, after something was done, a request or a moving trial end is next that no target was offered: a
        cancellation may have made room for a trial."""
        if not any(pair.outcome is Outcome.APPLIED for pair in visit.pairs.values()):
            return False
        if current.shift is not None:
            return (CANCELLATIONS, request_subject(current.shift.request_id)) not in visit.wanted
        offered = {subject for _, subject in visit.wanted}
        asked = [*(accepted.request for accepted in current.accepted), current.start, current.paid]
        return any(request and request_subject(request.request_id) not in offered for request in asked)

    def _line(self, visit: Visit, line: TargetLine, facts: AccountFacts, current: Life) -> set[Ref]:
        pair = visit.pairs.setdefault(line.target.name, Pair(line.target.name, Outcome.UNCHANGED))
        watch = self._systems.mode(line.target.name, facts.account_id) == "watch"
        changed: set[Ref] = set()
        wanted = line.wanted(facts, current, self._systems.config)
        sent = {} if watch else self._applier.converge_many(visit.lease, line, facts, wanted)
        for desired in wanted:
            visit.wanted.add((desired.target, desired.subject))
            result = sent.get(desired.subject) or self._applier.converge(
                visit.lease, line, facts, desired, visit.proved, watch
            )
            if result.unproved and not visit.asked:
                raise NeedsProof
            pair.take(result)
            if result.outcome in (Outcome.PARKED, Outcome.WAITING):
                visit.unsettled.add((desired.target, desired.subject))
            visit.held |= {(desired.target, desired.subject, what) for what in result.held}
            changed |= result.changed
        pair.done = True
        return changed

    def _tidy(self, visit: Visit, facts: AccountFacts) -> None:
        """What a lost worker was sending may be done and wanted no more: then the fetched facts acknowledge it."""
        for link in self._store.links_of(visit.lease.account_id):
            line = next((line for line in self._systems.targets if line.target.name == link.target), None)
            settled = not link.pending_key and not link.unsure
            if settled or (link.target, link.subject) in visit.wanted or not (line and line.held):
                continue
            # Also of a request that is answered by now.
            begun = facts.begun | {subject_id(link.subject)} if link.pending_key else facts.begun
            known = replace(facts, begun=begun)
            self._applier.tidy(visit.lease, line, known, link)

    def _prove(self, visit: Visit) -> None:
        """Fetch all that is known of the account. What cannot be fetched holds back removals, nothing else."""
        visit.asked = True
        account = visit.lease.account_id
        known = self._store.roots(account)
        anybody = unmet(self._store, account, known)
        visit.proved = self._read(visit, [*known, *self._erasing.also(account)], anybody)

    def _read(self, visit: Visit, roots: Sequence[Ref], anybody: bool = False) -> bool:
        fetchable = [root for root in roots if self._systems.source_of(root.kind)]
        fetched = self._reader.fetch_roots(fetchable, visit.lease, anybody)
        visit.unread.update(fetched.failed)
        return fetched.whole

    def _facts(self, account: AccountId) -> tuple[AccountFacts, Life]:
        systems = self._systems
        domains = systems.config.trials.one_per_domain
        facts = gather(self._store, account, self._born_at, systems.pseudonyms, domains, systems.tickets)
        return facts, life(facts, systems.config, systems.catalog, self._now(), systems.managed, systems.zone)

    def _alert(self, visit: Visit, facts: AccountFacts, current: Life) -> None:
        customer = visit.pairs.get("stripe.customers")
        unsent = customer is not None and customer.outcome not in (Outcome.UNCHANGED, Outcome.APPLIED)
        asked = concerns(facts, current, self._systems.config, unsent)
        self._store.todo_follow(facts.account_id, lines(facts.account_id, asked, self._now()))

    def _settle(self, visit: Visit, current: Life) -> None:
        lease, now = visit.lease, self._now()
        for system, error in visit.unread.items():
            log.warning("account %s: %s could not be read: %s", lease.account_id, system, error)
            if isinstance(error, Unauthorized):
                self.tally.stopped[system] = str(error)
        down = [system for system, e in visit.unread.items() if isinstance(e, BreakerOpen | Unauthorized)]
        waiting = next(iter([*(pair.waiting for pair in visit.pairs.values() if pair.waiting), *down]), "")
        pending = [pair.pending_since for pair in visit.pairs.values() if pair.pending_since is not None]
        polls = [now + max(POLL_FIRST, min(POLL_MOST, now - since)) for since in pending]
        held = [pair.again_at for pair in visit.pairs.values()]
        due = min((at for at in (current.next_look_at, *polls, *held) if at is not None), default=None)
        if lease.waiting and lease.waiting != waiting:
            self._store.wake_waiting(lease.waiting)
        if waiting:
            self._store.settle(
                lease, due, f"waiting for {waiting}", now=now, waiting=waiting, first=self._comes_first(current)
            )
        elif visit.unread or any(pair.retry for pair in visit.pairs.values()):
            failed = next(iter([*(pair.failed for pair in visit.pairs.values() if pair.failed), *visit.unread]), "")
            pause = backoff(lease.attempts, failed, None if due is None else due - now)
            self._store.settle(lease, now, "retry", now=now, retry_in=pause, failed=failed)
        else:
            self._store.settle(lease, now if visit.again else due, "timer", now=now)

    def _comes_first(self, current: Life) -> bool:
        """A request is under way, or something has just happened: a trial, a payment."""
        return bool(current.accepted or news(current.occurrences, self._born_at, self._now()))
