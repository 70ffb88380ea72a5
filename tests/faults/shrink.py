"""A failing plan with everything left out that it does not need to fail: greedy, larger parts first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .plan import Plan, Turn

Fails = Callable[[Plan], bool]


def shrunk(plan: Plan, fails: Fails, tries: int = 60) -> Plan:
    """``fails`` plays a plan; it is asked ``tries`` times at most."""
    left = [tries]

    def still(smaller: Plan) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(smaller)

    for seed in plan.seeds:
        rest = tuple(other for other in plan.seeds if other == seed)
        alone = replace(plan, seeds=rest, turns=tuple(turn for turn in plan.turns if turn.seed in (0, seed)))
        if len(plan.seeds) > 1 and still(alone):
            plan = alone
            break
    size = max(1, len(plan.turns) // 2)
    while True:
        for part in list(_parts(plan.turns, size)):
            smaller = plan.without(part)
            if len(smaller.turns) < len(plan.turns) and still(smaller):
                plan = smaller
        if size == 1:
            return plan
        size //= 2


def _parts(turns: Sequence[Turn], size: int) -> Iterator[Sequence[Turn]]:
    for start in range(0, len(turns), size):
        yield turns[start : start + size]
