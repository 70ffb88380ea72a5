"""A seeded life: who an account is, and what its people, banks and staff do over four hundred days.

Acts are wishes: one that makes no sense in its moment (paying where nothing is open) does not happen. They depend on
nothing that Instep does, but for the trial that it starts, so the same life can be lived with Instep standing still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

DAY = 86400
DAYS = 400
Wish = tuple[int, str, str]
"""day, what, and what it needs to know"""
ZONES = (
    "Pacific/Auckland", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe",
    "Asia/Kolkata", "UTC", "",
)  # fmt: skip
# How likely each act is; those of Instep's own requests happen only before the standstill.
WEIGHTS = {
    "card": 6, "bad card": 3, "bank declines": 4, "bank accepts": 4, "pay": 4, "cancel at end": 4, "cancel now": 2,
    "keep": 3, "buy": 5, "trial": 1, "change plan": 3, "move trial": 3, "pause": 2, "resume": 3, "project": 3,
    "report": 2, "join": 2, "leave": 1, "role": 1, "zone": 1, "hold": 1, "release": 3, "comp": 1, "charge again": 2,
}  # fmt: skip
REQUESTS = {"ask trial": 2, "ask cancel": 2, "ask keep": 2, "ask reactivate": 3, "ask charge": 1}
ROLES = ("owner", "billing", "member")
# What belongs together, with the days in between; every second life has one or two of them among its other acts.
STORIES = (
    (("release", "", 0), ("buy", "pro_monthly", 0), ("cancel now", "", 45), ("buy", "pro_monthly", 50)),
    (("release", "", 0), ("buy", "pro_yearly", 0), ("cancel now", "", 20), ("buy", "team_monthly", 8)),
    (("release", "", 0), ("buy", "team_monthly", 0), ("bank declines", "", 15), ("charge again", "", 40)),
    (("release", "", 0), ("cancel now", "", 0), ("trial", "14 pause", 1), ("card", "", 9), ("cancel at end", "", 30)),
)
# How many days staff leave an account on hold, and people a subscription paused, on average.
ENDS = {"hold": ("release", 12), "pause": ("resume", 20)}


@dataclass(frozen=True, slots=True)
class Group:
    """Lives that share a world. ``stands_still``: the day from which Instep rests in the run with the late jump.
    ``hours``: when in a day its people act (UTC); reminders and vendors have their own moments."""

    stands_still: int
    dunning: str
    without: str
    hours: tuple[int, ...]


GROUPS = (
    Group(2, "canceled", "full", (1, 16)),
    Group(45, "unpaid", "none", (7, 21)),
    Group(130, "past_due", "none", (9, 12)),
)


@dataclass(frozen=True, slots=True)
class Act:
    """``at``: seconds since the start. ``value``: what it needs to know, drawn once."""

    at: int
    what: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    seed: int
    zone: str
    acts: tuple[Act, ...]

    @property
    def account(self) -> str:
        return f"a{self.seed}"

    @property
    def group(self) -> int:
        return self.seed % len(GROUPS)


def life(seed: int) -> Life:
    """Depends on nothing but the seed."""
    dice, group = Random(seed), GROUPS[seed % len(GROUPS)]
    asks = dice.random() < 0.6
    arrives = dice.randrange(min(group.stands_still, 60) if asks else 150)
    begins = arrives if asks else arrives + dice.randrange(30)
    first = "ask trial" if asks else dice.choice(("trial", "trial", "buy"))
    wishes = [(arrives, "arrive", dice.choice(("owner", "owner billing", "owner member")))]
    wishes += [(begins, first, _value(first, dice)), *_wishes(dice, begins, group)]
    for _ in range(dice.choice((0, 0, 1, 2))):
        wishes += _story(dice, begins + dice.randrange(1, DAYS - begins))
    acts = [Act(_second(dice, group, day), what, value) for day, what, value in wishes if day < DAYS - 1]
    earliest = (acts[0].at, max(acts[:2], key=lambda act: act.at).at)
    later = (replace(act, at=max(act.at, earliest[min(number, 1)])) for number, act in enumerate(acts))
    return Life(seed, dice.choice(ZONES), tuple(sorted(later, key=lambda act: act.at)))


def _wishes(dice: Random, begins: int, group: Group) -> Iterator[Wish]:
    day = float(begins)
    while (day := day + dice.expovariate(1 / dice.choice((1, 4, 12, 50)))) < DAYS - 1:
        weights = WEIGHTS | (REQUESTS if day < group.stands_still - 1 else {})
        (what,) = dice.choices(list(weights), list(weights.values()))
        yield int(day), what, _value(what, dice)
        if what in ENDS:
            ending, days = ENDS[what]
            yield int(day + dice.expovariate(1 / days)), ending, ""


def _story(dice: Random, day: int) -> Iterator[Wish]:
    for what, value, days in dice.choice(STORIES):
        day += int(days * dice.uniform(0.5, 1.5))
        yield day, what, value


def _second(dice: Random, group: Group, day: int) -> int:
    return day * DAY + dice.choice(group.hours) * 3600


def _value(what: str, dice: Random) -> str:
    choices: dict[str, tuple[str, ...]] = {
        "trial": ("1 pause", "3 cancel", "7 pause", "14 pause", "14 cancel", "30 pause"),
        "ask trial": ("pro", "pro 1", "pro 5", "team", "team 21", "pro 8"),
        "ask cancel": ("", "0"),
        "buy": ("pro_monthly", "pro_monthly", "team_monthly", "pro_yearly"),
        "change plan": ("pro_monthly", "team_monthly", "pro_yearly"),
        "move trial": ("-2", "2", "5", "10"),
        "role": ROLES,
        "join": ROLES,
        "zone": ZONES,
    }
    return dice.choice(choices.get(what, ("",)))
