"""Fields that others keep overwriting: counted, left to them, and over when both hold the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.contests import DAY, concluded, left_to_others, overwritten, with_overwritings
from mappings.model import Desired, Held, Link, Subject
from mappings.plan import fold, next_step

ACME = Subject("account:acme")
NOW = 1_800_000_000
OURS = Desired("product.access", ACME, {"plan": "pro", "stage": "active"}, guarded=frozenset({"plan"}), lowers=True)


def written(desired: Desired = OURS, link: Link | None = None, now: int = NOW) -> tuple[Link, int]:
    """Everything sent; how often that was the plan."""
    link, times = link or Link("product.access", ACME), 0
    while step := next_step(desired, link, "salt"):
        times += "plan" in step.values
        link = replace(fold(link, step, Held("acme")), acknowledged_at=now)
    return link, times


def read(link: Link, desired: Desired = OURS, now: int = NOW, **values: str) -> Link:
    """The target is read, and holds ``values`` of somebody else."""
    held = Held("acme", {**link.values, **values})
    return replace(with_overwritings(link, held, desired, now), values=held.values)


@given(
    st.lists(st.tuples(st.integers(0, DAY * 2), st.sampled_from(["theirs", "pro"]), st.booleans()), max_size=30),
)
@settings(max_examples=60)
def test_nobody_is_overwritten_twice_within_a_day(happened: list[tuple[int, str, bool]]) -> None:
    """Whatever others write, and whenever it is seen: in any 24 hours it is overwritten once at most, and what we mean
    stands there unless it is contested."""
    link, _ = written()
    now, again = NOW, list[int]()
    for gap, plan, other in happened:
        now += gap
        link = read(link, now=now, plan=plan, **({"stage": "theirs"} if other else {}))
        link, times = written(link=link, now=now)
        again += [now] * times
        link = concluded(link, OURS)
        assert link.values["plan"] == "pro" or left_to_others(link, OURS) in (["plan"], ["plan", "stage"])
    assert all(later - before >= DAY for before, later in pairwise(again))


def test_the_second_time_within_a_day_it_is_left_and_the_others_go_on() -> None:
    link, _ = written()
    link, times = written(link=read(link, plan="theirs"))
    assert times == 1
    link = read(link, now=NOW + DAY - 1, plan="theirs", stage="theirs")
    assert left_to_others(link, OURS) == ["plan"]
    step = next_step(OURS, link)
    # What would take something away is left too, so the rest needs no proof.
    assert step
    assert (dict(step.values), step.lowers) == ({"stage": "active"}, False)


def test_a_day_later_it_counts_anew() -> None:
    link, _ = written(link=read(written()[0], plan="theirs"))
    link = read(link, now=NOW + DAY, plan="theirs")
    assert left_to_others(link, OURS) == []
    assert link.overwritten == {"plan": [NOW + DAY]}


def test_it_is_over_when_both_sides_hold_the_same() -> None:
    link, _ = written(link=read(written()[0], plan="theirs"))
    link = read(link, plan="theirs")
    assert concluded(link, OURS) == link
    theirs = replace(OURS, values={**OURS.values, "plan": "theirs"})
    assert concluded(link, theirs).overwritten == {"plan": [NOW]}
    over = concluded(read(link, plan="pro"), OURS)
    assert over.contested == set()
    # And begins at once where it begins again.
    assert left_to_others(read(over, now=NOW + DAY - 1, plan="theirs"), OURS) == ["plan"]
    assert left_to_others(read(over, now=NOW + DAY, plan="theirs"), OURS) == []


def test_what_is_no_overwriting() -> None:
    link, held = written()[0], Held("acme", {"plan": "theirs"})
    assert overwritten(link, held, OURS) == {"plan"}
    assert overwritten(replace(link, acknowledged_at=None), held, OURS) == set()
    assert overwritten(replace(link, pending_key="k"), held, OURS) == set()
    assert overwritten(link, replace(held, external_id="another"), OURS) == set()
    assert overwritten(link, held, replace(OURS, whole=True)) == set()
    assert overwritten(link, Held("acme", {"plan": "pro", "stage": "active"}), OURS) == set()
    assert overwritten(link, Held("acme", {"theirs": "x"}), OURS) == set()
    empty = replace(link, values={"plan": None})
    assert overwritten(empty, Held("acme", {"plan": ""}), OURS) == set()
