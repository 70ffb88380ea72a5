"""Whatever happens, in whatever order: nothing is made twice, nothing older overwrites, and in the end all is in step
(faults 4, 11, 18, 19; invariants I1, I3, I4, I9)."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from bench import NOW, Bench, copied, root
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from test_throwaway import Notes, Pad, desired_note

from connectors.contract import Transient
from connectors.gate import Unclear
from flows.wiring import TargetLine
from mappings.matching import match
from mappings.model import Record
from mappings.product import facts
from state.store import Finding

ACCOUNTS = ("a1", "a2")
accounts = st.sampled_from(ACCOUNTS)


class Crash(BaseException):
    """The worker is no more."""


class Life(RuleBasedStateMachine):
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="instep-machine-")
        self.pad, self.versions = Pad(), Counter[str]()
        url = copied(self.template, Path(self.folder.name) / "state.db")
        self.bench = Bench(url, lambda: [TargetLine(Notes(self.pad), desired_note)])
        self.late: list[tuple[int, Record]] = []
        self.seen: dict[str, int] = {}
        for account in ACCOUNTS:
            self.rename(account)

    @rule(account=accounts)
    def rename(self, account: str) -> None:
        self.versions[account] += 1
        self.bench.shop.names[account] = f"v{self.versions[account]}"

    @rule(heard=st.sets(accounts, min_size=1))
    def hear_and_look(self, heard: set[str]) -> None:
        self.bench.hear(*heard)
        self.bench.reader().look()

    @rule(account=accounts)
    def start_a_slow_look(self, account: str) -> None:
        self.late.append((self.bench.store.draw_look(), self.bench.shop.fetch(root(account))))

    @rule(newest=st.booleans())
    def a_slow_look_lands(self, newest: bool) -> None:
        if self.late:
            look, record = self.late.pop(-1 if newest else 0)
            self.bench.store.record(
                look, [Finding(record.ref, tuple(facts(record)))], match=match, now=NOW, reason="looked at"
            )

    @rule()
    def work(self) -> None:
        self.bench.store.expire(lambda owner: True)
        self.bench.work()

    @rule()
    def time_passes(self) -> None:
        self.bench.store.make_all_due(NOW, "time has passed")

    @rule(at=st.integers(1, 14), committed=st.booleans())
    def crash(self, at: int, committed: bool) -> None:
        """The worker dies at its ``at``th write to the state, before or after the commit."""
        database = self.bench.store.database
        write, left = database.write, [at]

        def fragile(work: Callable[..., Any]) -> Any:
            left[0] -= 1
            if not left[0] and not committed:
                raise Crash
            done = write(work)
            if not left[0]:
                raise Crash
            return done

        database.write = fragile  # type: ignore[method-assign]
        try:
            self.work()
        except Crash:
            pass
        finally:
            database.write = write  # type: ignore[method-assign]

    @rule(account=accounts)
    def the_note_is_torn_out(self, account: str) -> None:
        for note in [id for id, held in self.pad.notes.items() if held["account"] == account]:
            del self.pad.notes[note]

    @rule(
        call=st.sampled_from(["find", "create", "update"]),
        error=st.sampled_from([Transient("notes: busy"), Unclear("notes: cut"), Unclear("notes: 500", stored=True)]),
        done=st.booleans(),
        times=st.integers(1, 3),
    )
    def trouble(self, call: str, error: Exception, done: bool, times: int) -> None:
        self.pad.fail(call, error, done and isinstance(error, Unclear), times)

    @invariant()
    def one_note_an_account(self) -> None:
        assert all(n == 1 for n in Counter(note["account"] for note in self.pad.notes.values()).values())

    @invariant()
    def never_older(self) -> None:
        for account in ACCOUNTS:
            version = int((self.bench.facts(account) or "v0")[1:])
            assert version >= self.seen.get(account, 0)
            self.seen[account] = version

    def teardown(self) -> None:
        self.pad.failures.clear()
        for account in ACCOUNTS:  # Only a change shows that a note was torn out.
            self.rename(account)
        self.bench.hear(*ACCOUNTS)
        self.bench.reader().look()
        self.time_passes()
        self.work()
        held = {note["account"]: note["text"] for note in self.pad.notes.values()}
        assert held == {account: f"{self.bench.shop.names[account]} is prospect" for account in ACCOUNTS}
        self.one_note_an_account()
        self.never_older()
        links = [link for account in ACCOUNTS for link in self.bench.store.links_of(account)]  # type: ignore[arg-type]
        assert [link for link in links if link.pending_key or link.state != "ok"] == []
        self.bench.close()
        self.folder.cleanup()


def test_whatever_happens(sqlite_state: Path) -> None:
    Life.template = sqlite_state
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
