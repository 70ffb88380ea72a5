"""A world's plan, from seeds: what happens to accounts in which round, which faults meet it, what befalls all.

Nothing here depends on anything but the seeds, so a plan can be played again, whole or with parts left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.lives.life import DAY, ZONES, Life

# Schedules that share one world: each has the slot of an account that was made with the first world.
SLOTS = 20
NEWCOMERS = (1, 2, 3, 4, 8, 19)
"""Slots of accounts that arrive with the schedule and ask for a trial at once."""
ROUNDS = 3
HOUR = 3600
PAUSES = (240, 240, HOUR, 6 * HOUR, DAY, 2 * DAY)
ACTS = {
    "card": 6, "bad card": 2, "bank declines": 3, "bank accepts": 3, "pay": 4, "charge again": 2, "cancel at end": 4,
    "cancel now": 2, "keep": 3, "buy": 6, "trial": 2, "change plan": 3, "move trial": 2, "pause": 2, "resume": 3,
    "project": 3, "report": 2, "join": 3, "leave": 2, "role": 2, "zone": 1, "hold": 2, "release": 3, "comp": 2,
    "rename": 6, "ask trial": 5, "ask cancel": 2, "ask keep": 2, "ask reactivate": 2, "ask charge": 2,
}  # fmt: skip
VALUES = {
    "trial": ("7 pause", "14 pause", "14 cancel"), "ask trial": ("pro", "pro 5", "team", "team 21"),
    "ask cancel": ("", "0"), "buy": ("pro_monthly", "team_monthly", "pro_yearly"),
    "role": ("owner", "billing", "member"),
    "change plan": ("pro_monthly", "team_monthly", "pro_yearly"), "move trial": ("2", "5", "10"),
    "join": ("owner", "billing", "member"), "zone": ZONES,
}  # fmt: skip
# What may go wrong with a call, and how likely; a call that hangs costs real time.
FAULTS = {
    "429": 3, "429_retry_after": 2, "lock_timeout": 2, "key_in_use": 2, "500_before": 4, "500_after": 6, "cut_after": 6,
    "truncated": 4, "html_200": 3, "html_200_after": 4, "null_200": 2, "null_200_after": 3, "junk_502": 2,
    "junk_502_after": 3, "redirect_302": 2, "redirect_302_after": 2, "delay": 3, "hang_after": 1,
}  # fmt: skip
ARGS = {"hang_after": 30.0, "delay": 0.02, "429_retry_after": 1.0}
PLACES = (
    ("stripe", "POST", ""), ("stripe", "POST", "customers$"), ("stripe", "POST", "subscriptions"),
    ("stripe", "GET", ""),
    ("provisioner", "PUT", ""), ("provisioner", "GET", ""), ("intercom", "POST", "contacts$"),
    ("intercom", "PUT", "contacts"), ("intercom", "POST", "tags"), ("intercom", "DELETE", "tags"),
    ("intercom", "POST", "companies"), ("intercom", "POST", "events"), ("intercom", "GET", ""), ("intercom", "", ""),
)  # fmt: skip
CREATES = (
    ("stripe", "POST", "customers$"), ("stripe", "POST", "subscriptions$"), ("provisioner", "PUT", ""),
    ("intercom", "POST", "contacts$"), ("intercom", "POST", "companies$"), ("intercom", "POST", "events$"),
)  # fmt: skip
# Calls that are about nobody: lists, events, prices, identities.
SHARED = (
    ("stripe", "GET", "/v1/events$"), ("stripe", "GET", "/v1/customers$"), ("stripe", "GET", "/v1/subscriptions$"),
    ("stripe", "GET", "/v1/invoices$"), ("intercom", "GET", "/me$"), ("stripe", "GET", "/v1/prices$"),
    ("stripe", "GET", "/v1/account$"),
)  # fmt: skip
TROUBLES = {
    "kill": 8, "late events": 4, "lost events": 4, "index lag": 4, "clock ahead": 3, "clock behind": 3,
    "second writer": 4, "second worker": 2, "sweep": 2, "storm": 6,
}  # fmt: skip
# What people do by hand: to a contact in Intercom or a customer in Stripe; in one world after another to a tag of ours.
HANDS = {"untag": 6, "put tag on": 3, "overwrite": 4, "merge": 3, "archive": 4, "make anew": 2, "edit customer": 3}
TAG_HANDS = ("delete and restore", "rename", "delete and retire", "rename and make another", "")
# What an operator has done when all is healed, in one world after another.
AUDITS = ("repair", "audit", "")

Place = tuple[str, str, str]
"""System, method, path."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that happens in a round before Instep runs. ``kind``: act, hand, fault, trouble, audit. ``seed``: whose
    schedule it belongs to, 0 for the world's own."""

    round: int
    seed: int
    kind: str
    what: str
    value: str = ""
    place: Place = ("", "", "")
    number: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """``pauses``: seconds before each round."""

    seeds: tuple[int, ...]
    pauses: tuple[int, ...]
    turns: tuple[Turn, ...]

    def without(self, some: Iterable[Turn]) -> Plan:
        left = list(some)
        return Plan(self.seeds, self.pauses, tuple(turn for turn in self.turns if turn not in left))


def slot(seed: int) -> Life:
    """The account that a schedule plays with."""
    number = (seed - 1) % SLOTS + 1
    return Life(number, "", ())


def worlds(seeds: Sequence[int]) -> list[Plan]:
    """Seeds that would share a slot are in different worlds; a world is the same however many seeds of it are asked."""
    found: dict[int, list[int]] = {}
    for seed in seeds:
        found.setdefault((seed - 1) // SLOTS, []).append(seed)
    return [plan(number, tuple(some)) for number, some in sorted(found.items())]


def storm(number: int) -> list[dict[str, Any]]:
    """Rules for a dozen faults among the next calls, whomever they are about."""
    dice = Random(number)
    rules = []
    for _ in range(12):
        what, _, (system, method, path) = _fault(dice, PLACES)
        rules.append(rule(what, (system, method, path), dice.choice((1, 1, 3))) | {"skip": dice.randrange(12)})
    return rules


def rule(what: str, place: Place, times: int, about: str = "") -> dict[str, Any]:
    """As the sandbox takes it."""
    system, method, path = place
    where = {"system": system, "method": method, "path": path, "about": about}
    return {"action": what, "times": times, "arg": ARGS.get(what, 0.0), **where}


def plan(world: int, seeds: tuple[int, ...]) -> Plan:
    dice = Random(f"world {world}")
    pauses = tuple(dice.choice(PAUSES) for _ in range(ROUNDS))
    turns = [turn for round in range(ROUNDS) for turn in _troubles(dice, round)]
    if what := TAG_HANDS[world % len(TAG_HANDS)]:
        turns.append(_by_hand(what, dice))
    if what := AUDITS[world % len(AUDITS)]:
        turns.append(Turn(ROUNDS, 0, "audit", what))
    for seed in seeds:
        turns += _schedule(seed)
    return Plan(seeds, pauses, tuple(turns))


def _schedule(seed: int) -> list[Turn]:
    dice = Random(seed)
    turns: list[Turn] = []
    if slot(seed).seed in NEWCOMERS:
        turns.append(Turn(0, seed, "act", "ask trial", dice.choice(VALUES["ask trial"])))
        turns += [Turn(0, seed, "fault", *_fault(dice, CREATES), dice.choice((1, 1, 2))) for _ in range(3)]
    for round in range(ROUNDS):
        for _ in range(dice.choice((0, 1, 1, 2))):
            what = _one_of(ACTS, dice)
            turns.append(Turn(round, seed, "act", what, dice.choice(VALUES.get(what, ("",)))))
        for _ in range(dice.choice((0, 1, 2, 3))):
            times = dice.choice((1, 1, 2, 5))
            turns.append(Turn(round, seed, "fault", *_fault(dice, PLACES), times))
    if not any(turn.kind == "act" for turn in turns):
        turns.append(Turn(0, seed, "act", "rename"))
    if dice.random() < 0.4:
        turns.append(_by_hand(_one_of(HANDS, dice), dice, seed))
    return turns


def _by_hand(what: str, dice: Random, seed: int = 0) -> Turn:
    return Turn(dice.randrange(ROUNDS), seed, "hand", what, number=dice.randrange(1, 500))


def _troubles(dice: Random, round: int) -> list[Turn]:
    turns = [Turn(round, 0, "trouble", _one_of(TROUBLES, dice), number=dice.randrange(1, 500)) for _ in range(2)]
    if dice.random() < 0.5:
        turns.append(Turn(round, 0, "fault", *_fault(dice, SHARED), dice.choice((1, 1, 4))))
    return list(dict.fromkeys(turns))


def _fault(dice: Random, places: Sequence[Place]) -> tuple[str, str, Place]:
    """Only Stripe has idempotency keys and locks."""
    what, place = _one_of(FAULTS, dice), dice.choice(places)
    return ("429" if what in ("key_in_use", "lock_timeout") and place[0] != "stripe" else what), "", place


def _one_of(weights: dict[str, Any], dice: Random) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]
