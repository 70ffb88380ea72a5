"""What was under way when a worker was lost, and whether a read shows that it was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.intents import body_of, concerned, done
from mappings.model import Desired, Held, Link, Operation, Step, Subject, Value
from mappings.plan import fold

ANN = Subject("person:ann")
DESIRED = Desired("t", ANN, {"name": "Ann"}, {"tags": frozenset({"a"})}, ids={"companies": "c"})
KNOWN = Link("t", ANN, "x1", {"name": "Old", "plan": "pro"}, {"tags": ("b",), "companies": ("c1",)})


def under_way(operation: Operation, link: Link = KNOWN, member: tuple[str, str] = ("", ""), **values: Value) -> Link:
    step = Step("t", ANN, operation, "key", link.external_id, values, member)
    return replace(link, pending_key="key", pending_body=body_of(step, values), pending_since=1)


UPDATE = under_way("update", name="Ann", plan="pro")
CREATE = under_way("create", Link("t", ANN), name="Ann")
ADD, REMOVE = under_way("add", member=("tags", "a")), under_way("remove", member=("tags", "b"))


@pytest.mark.parametrize(
    ("link", "held", "told"),
    [
        (UPDATE, Held("x1", {"name": "Ann", "plan": "pro"}), ("update", {"name": "Ann", "plan": "pro"}, ("", ""))),
        (UPDATE, Held("x1", {"name": "Ann"}), ("update", {"name": "Ann", "plan": "pro"}, ("", ""))),
        (UPDATE, Held("x1", {"name": "Old", "plan": "pro"}), None),
        (UPDATE, Held("x1"), None),
        (CREATE, Held("x1", {"name": "Ann"}), ("create", {"name": "Ann"}, ("", ""))),
        (CREATE, Held("x1"), ("create", {"name": "Ann"}, ("", ""))),
        (ADD, Held("x1", sets={"tags": ("a", "b")}), ("add", {}, ("tags", "a"))),
        (ADD, Held("x1", sets={"tags": ("b",)}), None),
        (REMOVE, Held("x1", sets={"tags": ()}), ("remove", {}, ("tags", "b"))),
        (REMOVE, Held("x1", sets={"tags": ("b",)}), None),
        # Companies are read only as far as they should be there.
        (under_way("remove", member=("companies", "c1"), member_id="7"), Held("x1", sets={"companies": ()}), None),
        (KNOWN, Held("x1", {"name": "Ann"}), None),
    ],
)
def test_what_a_read_shows_to_be_done(link: Link, held: Held, told: tuple[object, ...] | None) -> None:
    found = done(link, held, DESIRED)
    assert (found and (found.operation, dict(found.values), found.member)) == told
    assert found is None or (found.key, found.target, found.subject) == ("key", "t", ANN)


@pytest.mark.parametrize("link", [UPDATE, CREATE, ADD, REMOVE])
def test_a_step_that_was_done_shows_as_done(link: Link) -> None:
    step = done(link, Held("x1", {"name": "Ann"}, {"tags": ("a",)}), DESIRED)
    assert step
    after = fold(link, step, Held("x1"))
    assert done(link, Held("x1", after.values, after.sets), DESIRED) == step


HELD = Held("x1", sets={"tags": ("a", "c"), "companies": ()})


@pytest.mark.parametrize(
    ("link", "tags"),
    [
        (UPDATE, ("b",)),
        (ADD, ("a", "b")),
        (REMOVE, ()),
        # Whatever a worker without the lease has sent, and whatever another object holds, a read says best.
        (replace(ADD, state="suspect"), ("a", "c")),
        (replace(UPDATE, state="doubted"), ("a", "c")),
        (replace(UPDATE, external_id="x2"), ("a", "c")),
    ],
)
def test_a_lost_answer_concerns_its_own_member_only(link: Link, tags: tuple[str, ...]) -> None:
    """People have taken b off meanwhile and put c on."""
    assert concerned(link, HELD).sets["tags"] == tags
