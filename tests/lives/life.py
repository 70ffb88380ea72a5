"""A seeded life: who an account is, and what its people, banks and staff do over four hundred days.

Acts are wishes: one that makes no sense in its moment (paying where nothing is open) does not happen. They depend on
nothing that Instep does, but for the trial that it starts, so the same life can be lived with Instep standing still.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

DAY = 86400
DAYS = 400
# When in a day something may happen (UTC); reminders and vendors have their own moments.
HOURS = (1, 7, 12, 16, 21)
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
PLANS = ("pro", "team")


@dataclass(frozen=True, slots=True)
class Group:
    """Lives that share a world. ``stands_still``: the day from which Instep rests in the run with the late jump."""

    stands_still: int
    dunning: str
    without: str


GROUPS = (Group(2, "canceled", "full"), Group(45, "unpaid", "none"), Group(130, "past_due", "none"))


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
    acts = [Act(_hour(dice, arrives), "arrive", dice.choice(("owner", "owner billing", "owner member")))]
    begins = arrives if asks else arrives + dice.randrange(30)
    first = "ask trial" if asks else dice.choice(("trial", "trial", "buy"))
    acts.append(Act(max(_hour(dice, begins), acts[0].at), first, _value(first, dice)))
    day = float(begins)
    while (day := day + dice.expovariate(1 / dice.choice((1, 4, 12, 50)))) < DAYS - 1:
        weights = WEIGHTS | (REQUESTS if day < group.stands_still - 1 else {})
        (what,) = dice.choices(list(weights), list(weights.values()))
        acts.append(Act(max(_hour(dice, int(day)), acts[1].at), what, _value(what, dice)))
    return Life(seed, dice.choice(ZONES), tuple(sorted(acts, key=lambda act: act.at)))


def _hour(dice: Random, day: int) -> int:
    return day * DAY + dice.choice(HOURS) * 3600


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
