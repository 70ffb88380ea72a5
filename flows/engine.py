"""The loop for one account: facts -> plan -> apply -> settle. Plain Python; runs without Prefect."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.contract import ConnectorError, Transient, Unauthorized
from flows.applying import Applier, Outcome, Pair
from flows.gathering import gather
from flows.reading import Reader
from flows.wiring import Systems, TargetLine
from mappings.lifecycle import Life, life
from mappings.model import AccountFacts, AccountId, Ref
from state.store import Lease, LeaseLost, Store, Todo

log = logging.getLogger("instep")

# Long enough for one push with all its tries; renewed before each push.
LEASE = 60.0
BACKOFF = (30, 60, 120, 300, 600, 1800)
POLL_FIRST, POLL_MOST = 5, 300


@dataclass(slots=True)
class Tally:
    """What a run did. The (account, target) pairs looked at = the sum of their outcomes, or the run has failed."""

    accounts: int = 0
    looked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        return self.looked == sum(self.outcomes.values())

    def counts(self) -> dict[str, int]:
        return {"accounts": self.accounts, "looked": self.looked, **self.outcomes}


class NeedsProof(Exception):
    """A step would take something away and its source facts were not fetched in this look."""


class Engine:
    """Works on due accounts. ``now`` is the mapping clock, ``run`` names this run in the journal."""

    def __init__(
        self,
        store: Store,
        systems: Systems,
        reader: Reader,
        now: Callable[[], int],
        run: str,
        born_at: int,
        salt: str,
        tally: Tally,
    ) -> None:
        self._store, self._systems, self._reader = store, systems, reader
        self._now, self._born_at = now, born_at
        self.tally = tally
        self._applier = Applier(store, now, run, salt, self.tally.writes, self.tally.stopped)

    def work(self, lease: Lease) -> None:
        """One account, from its facts to its next due moment. Only bugs escape as a line in the tally."""
        pairs: list[Pair] = []
        try:
            self._settle(lease, pairs, self._converge(lease, pairs))
        except LeaseLost:
            log.info("account %s: another worker has it now", lease.account_id)
        except ConnectorError as error:
            self._retry(lease, error)
            pairs.append(Pair("(look)", Outcome.WAITING))
        except Exception as error:
            log.exception("account %s could not be worked on", lease.account_id)
            self.tally.bugs.append(f"{lease.account_id}: {type(error).__name__}")
            self._store.settle(lease, self._now(), "failed", now=self._now(), retry_in=_backoff(lease.attempts))
            pairs.append(Pair("(bug)", Outcome.WAITING))
        self.tally.accounts += 1
        self.tally.looked += len(pairs)
        self.tally.outcomes.update(pair.outcome.value for pair in pairs)

    def _converge(self, lease: Lease, pairs: list[Pair]) -> Life:
        """Every target in order; a target that changed a source has that root read again before the next."""
        proved = lease.taken_over or lease.attempts > 0 or not lease.reason.endswith(("changed", "looked at"))
        if proved:
            self._refresh(lease)
        while True:
            pairs.clear()
            try:
                return self._targets(lease, pairs, proved)
            except NeedsProof:
                self._refresh(lease)
                proved = True

    def _targets(self, lease: Lease, pairs: list[Pair], proved: bool) -> Life:
        facts, current = self._facts(lease.account_id)
        for line in self._systems.targets:
            mode = self._systems.mode(line.target.name)
            if mode == "off":
                continue
            pair = Pair(line.target.name, Outcome.UNCHANGED)
            pairs.append(pair)
            changed = self._line(lease, line, facts, current, pair, proved, watch=mode == "watch")
            if changed and facts.elsewhere:
                self._store.mark([p.account_id for p in facts.elsewhere], self._now(), "a shared account changed")
            if changed:
                self._reader.fetch_roots(sorted(changed, key=str), lease)
                facts, current = self._facts(lease.account_id)
        self._alerts(facts, current)
        return current

    def _line(
        self,
        lease: Lease,
        line: TargetLine,
        facts: AccountFacts,
        current: Life,
        pair: Pair,
        proved: bool,
        watch: bool,
    ) -> set[Ref]:
        wanted = list(line.desired(facts, current, self._systems.config))
        changed: set[Ref] = set()
        for desired in wanted:
            result = self._applier.converge(lease, line, facts, desired, proved, watch)
            if result.unproved:
                raise NeedsProof
            pair.take(result)
            changed |= result.changed
        return changed

    def _refresh(self, lease: Lease) -> None:
        roots = [ref for ref in self._store.roots(lease.account_id) if self._systems.source_of(ref.kind)]
        self._reader.fetch_roots(roots, lease)

    def _facts(self, account: AccountId) -> tuple[AccountFacts, Life]:
        facts = gather(self._store, account, self._born_at)
        systems = self._systems
        return facts, life(facts, systems.config, systems.catalog, self._now(), systems.managed)

    def _alerts(self, facts: AccountFacts, current: Life) -> None:
        subject = f"account:{facts.account_id}"
        alerts = list(current.alerts)
        if len([c for c in facts.customers if not c.deleted]) > 1:
            ids = ", ".join(sorted(c.customer_id for c in facts.customers if not c.deleted))
            alerts.append(f"several Stripe customers belong to this account: {ids}")
        if facts.customers and not facts.people and facts.account is None:
            alerts.append("the product does not know this account any more; its access is kept")
        alerts += [f"instance {i.name} failed to start" for i in facts.instances if i.status == "failed"]
        unasked = [r for r in facts.requests if not r.answer and r.kind != "trial" and r.requested_at >= facts.born_at]
        alerts += [f"request {r.request_id} is of kind {r.kind!r}, which this version does not handle" for r in unasked]
        if alerts:
            self._store.todo_add([Todo("alert", subject, "", "; ".join(alerts), since=self._now())])
        else:
            self._store.todo_clear(["alert"], subject)

    def _settle(self, lease: Lease, pairs: Sequence[Pair], current: Life) -> None:
        now = self._now()
        waiting = next((pair.waiting for pair in pairs if pair.waiting), "")
        if waiting:
            self._store.settle(lease, now, f"waiting for {waiting}", now=now, waiting=waiting)
        elif any(pair.retry for pair in pairs):
            self._store.settle(lease, now, "retry", now=now, retry_in=_backoff(lease.attempts))
        else:
            pending = [pair.pending_since for pair in pairs if pair.pending_since is not None]
            polls = [now + max(POLL_FIRST, min(POLL_MOST, now - since)) for since in pending]
            due = min((at for at in (current.next_look_at, *polls) if at is not None), default=None)
            self._store.settle(lease, due, "timer", now=now)

    def _retry(self, lease: Lease, error: ConnectorError) -> None:
        """The look itself failed: wait for the system, or for a while."""
        log.warning("account %s waits: %s", lease.account_id, error)
        now = self._now()
        if isinstance(error, Unauthorized):
            self.tally.stopped.setdefault("look", str(error))
        retry = _backoff(lease.attempts) if isinstance(error, Transient | Unauthorized) else BACKOFF[-1]
        self._store.settle(lease, now, "retry", now=now, retry_in=retry)


def _backoff(attempts: int) -> float:
    return BACKOFF[min(attempts, len(BACKOFF) - 1)]
