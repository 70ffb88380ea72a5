"""A plan played on a stage: acts, faults and troubles round by round, then everything is healed and must be in step."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.house import Instep
from flows.hub import sweep, sync
from flows.report import Report
from flows.settings import Failed
from tests.lives.acting import act
from tests.lives.life import Act

from .hands import BACK_SOON
from .judge import Judge
from .mending import Operator
from .plan import HOUR, ROUNDS, Plan, Turn, rule, slot, storm
from .points import arm, stop_at
from .stage import Stage, ended

SKEWS = {"clock ahead": (60, 300, 590), "clock behind": (-60, -300, -590)}
LAGS = {"late events": (60, 300, 590), "index lag": (300, HOUR, HOUR)}


@dataclass
class Played:
    """``wrong``: what was not as it must be. ``faults``: how often each kind really struck."""

    wrong: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)


def play(first: Stage, folder: Path, plan: Plan) -> Played:
    """On a clone of ``first``."""
    stage = first.clone(folder)
    try:
        return Playing(stage, plan).play()
    finally:
        stage.close()


class Playing:
    def __init__(self, stage: Stage, plan: Plan) -> None:
        self.stage, self.plan, self.played = stage, plan, Played()
        stage.read()
        self.judge = Judge(stage, self.played.wrong)
        self.operator = Operator(stage, self.judge)

    def play(self) -> Played:
        for seed in self.plan.seeds:
            if slot(seed).account not in self.stage.facts:
                act(self.stage, slot(seed), Act(0, "arrive", "owner"))
        self.stage.read()
        for number in range(ROUNDS):
            self._round(number)
        self._heal()
        self.judge.finally_(self.plan.seeds)
        for turn in self.plan.turns:
            if turn.kind == "audit":
                self.operator.audit(turn.what)
                self.played.counts[f"operator: {turn.what}"] += 1
        calls = self.judge.calls()
        self.played.faults.update(call["fault"] for call in calls if call["fault"])
        self.played.counts.update(calls=len(calls), schedules=len(self.plan.seeds))
        return self.played

    def _round(self, number: int) -> None:
        self.stage.move(self.stage.now + self.plan.pauses[number])
        turns = [turn for turn in self.plan.turns if turn.round == number]
        for turn in turns:
            if turn.kind == "act":
                self._act(turn)
        self.judge.hands.take_back(BACK_SOON)
        for turn in turns:
            if turn.kind == "hand":
                self.judge.by_hand(turn)
                self.played.counts[f"by hand: {turn.what}"] += 1
        troubles = {turn.what: turn for turn in turns if turn.kind == "trouble"}
        self.played.counts.update(list(troubles))
        self.stage.skew = next((SKEWS[what][turn.number % 3] for what, turn in troubles.items() if what in SKEWS), 0)
        self.judge.touched.read_and_look()
        self.stage.control("POST", "/faults", [self._rule(turn) for turn in turns if turn.kind == "fault"])
        for what, turn in troubles.items():
            self._befall(what, turn.number)
        self._run(troubles)
        self.stage.control("DELETE", "/faults")
        self.stage.read()
        self.judge.touched.look()
        self.stage.skew = 0

    def _act(self, turn: Turn) -> None:
        self.played.counts["acts"] += 1
        life = slot(turn.seed)
        if turn.what == "rename":
            self.judge.rename(life.account)
            return
        if turn.what == "move trial":
            self.judge.moved(life.account)
        act(self.stage, life, Act(0, turn.what, turn.value))

    def _rule(self, turn: Turn) -> dict[str, Any]:
        about = self.judge.known_as(slot(turn.seed).account) if turn.seed else ""
        return rule(turn.what, turn.place, turn.number, about)

    def _befall(self, what: str, number: int) -> None:
        """Troubles that begin before the run and last until all is healed."""
        if what == "late events":
            self.stage.control("PUT", "/stripe/settings", {"event_lag": LAGS[what][number % 3]})
        elif what == "lost events":
            self.stage.control("PUT", "/stripe/settings", {"event_lag": None})
        elif what == "index lag":
            self.stage.control("PUT", "/intercom/settings", {"search_lag": LAGS[what][number % 3]})
        elif what == "storm":
            self.stage.control("POST", "/faults", storm(number))
        elif what == "second writer":
            self.judge.hands.teammate(number)

    def _run(self, troubles: dict[str, Turn]) -> None:
        if "kill" in troubles:
            number = troubles["kill"].number
            self.judge.before()
            pid = self.stage.fork(lambda stage: self._die(stage, number))
            how = ended(pid)
            if how not in (0, -signal.SIGKILL):
                self.played.wrong.append(f"a worker that was to be killed ended with {how}")
            self.judge.killed()
            self.played.counts["killed"] += how == -signal.SIGKILL
        if "second worker" in troubles:
            pid = self.stage.fork(_work)
            self._sync(sync)
            if how := ended(pid):
                self.played.wrong.append(f"a second worker ended with {how}")
        self._sync(sweep if "sweep" in troubles else sync)

    def _die(self, stage: Stage, number: int) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        arm(stop_at(number))
        _tried(stage, sync)

    def _sync(self, work: Callable[[Instep], Report]) -> Report | None:
        self.stage.let_retries_pass()
        self.judge.before()
        report = _tried(self.stage, work)
        self.played.counts["runs"] += 1
        if report is None:
            self.played.counts["runs that could not begin"] += 1
        else:
            self.judge.after(report)
        return report

    def _heal(self) -> None:
        """Nothing is wrong any more: one run, one sweep, and one that has nothing to do. Between the first two an
        operator settles what waits for a person."""
        self.stage.control("PUT", "/stripe/settings", {"event_lag": 0})
        self.stage.control("PUT", "/intercom/settings", {"search_lag": 0})
        for work, pause in ((sync, 2 * HOUR), (sweep, HOUR // 4), (sync, HOUR // 4)):
            self.stage.move(self.stage.now + pause)
            self.judge.touched.healing = self.judge.touched.healing or work is sweep
            self.judge.touched.read_and_look()
            report = self._sync(work)
            if not self.judge.touched.healing:
                self.operator.settle()
            if report is None or not report.ok:
                why = report and (report.troubles, report.tally.bugs)
                self.played.wrong.append(f"a {work.__name__} after all was healed went wrong: {why}")
        if report and report.writes:
            self.played.wrong.append(f"the last run had something to send: {report.tally.writes}")


def _work(stage: Stage) -> None:
    _tried(stage, sync)


def _tried(stage: Stage, work: Callable[[Instep], Report]) -> Report | None:
    """None where the run could not begin, which it says in one sentence."""
    try:
        return stage.run(work)
    except Failed:
        return None
