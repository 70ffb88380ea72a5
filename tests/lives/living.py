"""Lives of one group in one world from the first day to the last, held against the model at every stop."""

from __future__ import annotations

from typing import Any

from . import watch
from .acting import act
from .happening import Teller, planned_reminders
from .life import DAY, DAYS, Group, Life
from .model import Account
from .outcome import Outcome
from .recipes import Recipes
from .scene import START, Scene

JSON = dict[str, Any]

# Instep runs every four minutes; only the runs that have something to do are lived.
PERIOD = 240
PROMPT = 300
# Days from which Instep stands still for a while, and for how many seconds.
OUTAGES = ((20.4, 5 * 3600), (61.3, 2.6 * DAY), (150.2, 4 * DAY), (222.35, 3 * 3600), (301.1, 9 * DAY))


class Run:
    """All lives of one group in one world. ``jumps``: Instep rests from the group's day on until the end."""

    def __init__(self, scene: Scene, group: Group, jumps: bool, days: int = DAYS) -> None:
        self._scene, self._jumps, self._end = scene, jumps, START + days * DAY
        self._daily = group.hours[0] * 3600
        self._rests = START + group.stands_still * DAY if jumps else self._end
        self._acts = sorted(((START + deed.at, one, deed) for one in scene.lives for deed in one.acts), key=_order)
        self._accounts = {one.account: Account(group) for one in scene.lives}
        self._tellers = {one.account: Teller() for one in scene.lives}
        self._seeds = {one.account: one.seed for one in scene.lives}
        self._rows: dict[str, JSON] = {}
        self._planned: dict[str, dict[str, int]] = {}
        self._before, self._checked, self._said = START, 0, 0
        self._recipes = Recipes(scene)
        self.outcome = Outcome()

    def live(self) -> Outcome:
        due: int | None = START
        while self._scene.now < self._end:
            self._scene.move(self._next(due))
            while self._acts and self._acts[0][0] <= self._scene.now:
                _, one, deed = self._acts.pop(0)
                self._scene.read_if_unknown(one.account)
                act(self._scene, one, deed)
                self.outcome.counts["acts"] += 1
            if self._awake(self._scene.now):
                due = self._look()
            self._say()
        self._settle(due)
        self._close()
        return self.outcome

    def _say(self) -> None:
        """How far it has come, every fifty days."""
        day = (self._scene.now - START) // DAY
        if day >= self._said + 50:
            self._said = day - day % 50
            print(f"{'jump' if self._jumps else 'daily'}, day {day}: {len(self.outcome.wrong)} wrong", flush=True)

    def _awake(self, now: int) -> bool:
        if self._jumps and self._rests <= now < self._end:
            return False
        return not any(START + day * DAY <= now < START + day * DAY + rest for day, rest in OUTAGES)

    def _back(self, now: int) -> int:
        """When Instep is there again."""
        ends = (int(START + day * DAY + rest) for day, rest in OUTAGES)
        return self._end if self._jumps and now >= self._rests else min(end for end in ends if end > now)

    def _next(self, due: int | None) -> int:
        """The next act, the next moment that Instep waits for (as its next run meets it), at least every day."""
        now = self._scene.now
        daily = now - (now - START - self._daily) % DAY + DAY
        moments = [daily, self._end, *(at for at, _, _ in self._acts[:1])]
        if due is not None:
            moments.append(max(due, now + 1) if self._awake(now) else self._back(now))
        moments = [START + -(-(at - START) // PERIOD) * PERIOD for at in moments]
        return min(at for at in moments if at > now)

    def _look(self) -> int | None:
        mark = self._scene.control("GET", "/state")["calls"]
        report = self._scene.sync()
        moved = self._scene.moved()
        self.outcome.counts["syncs"] += 1
        self.outcome.counts["writes"] += report.writes
        told = watch.of_journal(self._scene, mark, report.run)
        for wrong in (*watch.of_writes(self._scene, mark), *told, *watch.of_brake(self._scene)):
            self._fault(None, wrong)
        self._check(moved)
        self._before = self._scene.now
        return self._scene.due(report)

    def _settle(self, due: int | None) -> None:
        """After the end: what is due within minutes (instances on their way) is waited for."""
        for _ in range(8):
            if due is None or due > self._scene.now + 900:
                return
            self._scene.move(max(due, self._scene.now + PERIOD))
            due = self._look()

    def _check(self, moved: set[str]) -> None:
        """Whose sources or row moved, or reminder fell due, at every stop; once a day everybody."""
        now, held = self._scene.now, watch.rows(self._scene)
        daily = now - self._checked >= DAY or now >= self._end
        for account, facts in self._scene.facts.items():
            reminded = any(self._before < at <= now for at in self._planned.get(account, {}).values())
            still = account not in moved and held.get(account) == self._rows.get(account) and not reminded
            if not facts.people or (still and not daily):
                continue
            expected = self._accounts[account].look(facts, now)
            self._tellers[account].look(facts, expected, now)
            self.outcome.stages[expected.stage] += 1
            row, before = held.get(account, {}), self._rows.get(account, {})
            for wrong in (*watch.of_row(expected, row), *watch.of_instances(facts, expected)):
                self._fault(account, wrong)
            for request in watch.of_requests(facts):
                self._fault(account, request)
            if row != before and {**row, "updated_at": 0} == {**before, "updated_at": 0}:
                self._fault(account, "its row was written without a change")
            self._punctual(account)
        self._rows = held
        if daily:
            self._checked = now
            self._check_intercom()

    def _punctual(self, account: str) -> None:
        """What was planned at the last run and fell due since is told within five minutes."""
        facts, now = self._scene.facts[account], self._scene.now
        for _, about, at in self._tellers[account].reminders:
            late = self._before < at and now - at > PROMPT and self._awake(at) and self._awake(at + PROMPT)
            if late and about in self._planned.get(account, ()):
                self._fault(account, f"reminder {about} planned for {at} came {now - at} seconds late")
        planned = planned_reminders(facts, self._accounts[account].expected)
        self._planned[account] = {about: at for _, (_, about, at) in planned}

    def _check_intercom(self) -> None:
        contacts = {row["external_id"]: row for row in self._scene.control("GET", "/intercom/people")}
        companies = {row["company_id"]: row for row in self._scene.control("GET", "/intercom/companies")}
        for account, facts in self._scene.facts.items():
            if not facts.people or account not in companies:
                continue
            expected = self._accounts[account].expected
            for wrong in watch.of_people(facts, expected, contacts):
                self._fault(account, wrong)
            for wrong in watch.of_company(facts, expected, companies[account]):
                self._fault(account, wrong)
            for wrong in watch.of_events(facts, self._tellers[account], contacts):
                self._fault(account, wrong)
        expected_now = {
            account: model.expected for account, model in self._accounts.items() if account in self._scene.facts
        }
        for recipe, wanted, found in self._recipes.compare(expected_now, self._scene.facts):
            self.outcome.members[recipe] += len(wanted)
            for person in wanted ^ found:
                self._fault(person.partition("_")[0], (f"recipe {recipe}", person in wanted, person in found))

    def _fault(self, account: str | None, what: object) -> None:
        """The first of each life; one that no life can be named for counts for all."""
        day = (self._scene.now - START) / DAY
        seed = self._seeds[account] if account else -1
        if seed not in self.outcome.wrong:
            self.outcome.wrong[seed] = f"day {day:.3f} ({self._scene.now}): {what}"
            print(f"seed {seed}: {self.outcome.wrong[seed]}", flush=True)

    def _close(self) -> None:
        for account, model in self._accounts.items():
            self.outcome.ends[self._seeds[account]] = model.expected
            for told in self._tellers[account].told.values():
                self.outcome.told.update(name for name, _ in told)


def _order(item: tuple[int, Life, object]) -> tuple[int, int]:
    return item[0], item[1].seed
