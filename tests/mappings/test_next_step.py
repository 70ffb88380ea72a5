"""From what is wanted and what is held to the next step."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import desires, words

from mappings.model import Desired, Held, Later, Link, Occurrence, Step, Subject, fingerprint
from mappings.plan import differs, fold, next_step, scalars, version_of

OLGA = Subject("person:olga")
MOST = 30


def steps(desired: Desired, link: Link | None = None, salt: str = "s1") -> tuple[list[Step], Link]:
    """Every step until nothing is left, each one done."""
    link = link or Link(desired.target, desired.subject)
    found: list[Step] = []
    while (step := next_step(desired, link, salt)) is not None:
        found.append(step)
        assert len(found) < MOST
        link = fold(link, step, Held("x1"))
    return found, link


@given(desires(), st.none() | desires())
def test_it_comes_to_rest_from_anything_held_before(desired: Desired, before: Desired | None) -> None:
    link = None
    if before:
        before = replace(before, target=desired.target, subject=desired.subject)
        link = steps(before)[1]
    _, rest = steps(desired, link)
    assert next_step(desired, rest, "s1") is None
    assert steps(desired, rest) == ([], rest)
    if not desired.problem and not desired.occurrences and not desired.once and rest.external_id:
        assert not any(differs(value, rest.values.get(name)) for name, value in desired.values.items())
        for name, members in desired.sets.items():
            assert members <= set(rest.sets.get(name, ()))
            assert set(rest.sets.get(name, ())) <= members | desired.keep


@given(desires())
def test_every_step_has_a_key_of_its_own_that_a_header_can_carry(desired: Desired) -> None:
    found, _ = steps(desired)
    keys = [step.key for step in found]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and 0 < len(key) <= 255 for key in keys)


@given(desires(), desires(), words)
def test_a_create_key_holds_nothing_that_can_change(one: Desired, other: Desired, salt: str) -> None:
    other = replace(other, target=one.target, subject=one.subject, problem="", create=True, occurrences=())
    one = replace(one, problem="", create=True, occurrences=())
    link = Link(one.target, one.subject)
    first, second = next_step(one, link, ""), next_step(other, replace(link, sequence=7), salt)
    assert first is not None
    assert second is not None
    assert first.key == second.key


def test_a_create_key_moves_with_the_attempt_only() -> None:
    desired = Desired("t", OLGA, {"a": 1})
    keys = {next_step(desired, Link("t", OLGA, attempt=n)).key for n in (1, 1, 2)}  # type: ignore[union-attr]
    assert len(keys) == 2


def test_two_long_or_foreign_subjects_never_share_a_key() -> None:
    long = "x" * 300
    names = ["1" + long, "2" + long, long + "1", long + "2", "é", "è"]
    keys = {next_step(Desired("t", s, {"a": 1}), Link("t", s)).key for s in map(Subject, names)}  # type: ignore[union-attr]
    assert len(keys) == len(names)


@given(desires())
def test_equal_input_gives_equal_steps(desired: Desired) -> None:
    turned = replace(desired, values=dict(reversed(desired.values.items())), sets=dict(reversed(desired.sets.items())))
    assert [s.key for s in steps(desired)[0]] == [s.key for s in steps(turned)[0]]
    assert version_of(desired) == version_of(turned)


def test_the_order_is_create_then_values_then_members_then_occurrences() -> None:
    desired = Desired("t", OLGA, {"a": 1, "b": 2}, sets={"tags": frozenset({"x", "y"})}, born_with=frozenset({"a"}))
    link = Link("t", OLGA, sets={"tags": ("old",)})
    found, _ = steps(desired, link)
    assert [(s.operation, s.member[1] or dict(s.values)) for s in found] == [
        ("create", {"a": 1}),
        ("update", {"b": 2}),
        ("add", "x"),
        ("add", "y"),
        ("remove", "old"),
    ]
    assert [s.lowers for s in found] == [False, False, False, False, True]


def test_a_member_may_be_kept_without_being_wanted() -> None:
    link = Link("t", OLGA, external_id="x1", sets={"tags": ("mine", "old")})
    (step,), rest = steps(Desired("t", OLGA, sets={"tags": frozenset()}, keep=frozenset({"mine"})), link)
    assert (step.operation, step.member, rest.sets) == ("remove", ("tags", "old"), {"tags": ("mine",)})


def test_an_occurrence_is_sent_once() -> None:
    happened = (Occurrence("started", "s1", 5), Occurrence("started", "s2", 5))
    found, link = steps(Desired("t", OLGA, beside={"contact": "c1"}, occurrences=happened))
    assert [(s.operation, s.occurrence) for s in found] == [("send", happened[0]), ("send", happened[1])]
    assert link.sent == {"started:s1": 5, "started:s2": 5}


def test_what_is_not_named_is_left_alone_and_none_clears() -> None:
    link = Link("t", OLGA, external_id="x1", values={"a": 1, "b": 2, "theirs": 3})
    (step,), rest = steps(Desired("t", OLGA, {"a": None, "b": 2}), link)
    assert dict(step.values) == {"a": None}
    assert rest.values == {"a": None, "b": 2, "theirs": 3}


def test_a_put_carries_everything_and_what_is_beside_it() -> None:
    link = Link("t", OLGA, external_id="x1", values={"a": 1, "b": 2})
    (step,), _ = steps(Desired("t", OLGA, {"a": 1, "b": 3}, beside={"revision": 9}, whole=True, lowers=True), link)
    assert (dict(step.values), step.lowers) == ({"a": 1, "b": 3, "revision": 9}, True)


@pytest.mark.parametrize(
    "desired",
    [Desired("t", OLGA, {"a": 1}, create=False), Desired("t", OLGA, {"a": 1}, problem="unusable")],
    ids=["kept up only", "unusable"],
)
def test_nothing_is_made(desired: Desired) -> None:
    assert next_step(desired, Link("t", OLGA)) is None


def test_what_is_made_once_is_not_changed() -> None:
    link = Link("t", OLGA, external_id="x1", values={"a": 1})
    assert next_step(Desired("t", OLGA, {"a": 2}, once=True), link) is None


def test_a_member_that_is_an_account_waits_for_the_id_that_its_target_gives() -> None:
    desired = Desired("t", OLGA, sets={"companies": frozenset({"acme"})}, ids={"companies": "companies"})
    step = next_step(desired, Link("t", OLGA, external_id="x1"))
    assert step is not None
    assert step.values == {"member_id": Later("companies", Subject("account:acme"))}


@pytest.mark.parametrize(
    ("wanted", "held", "differ"),
    [
        (None, None, False),
        (None, "", False),
        ("", None, False),
        (0, None, True),
        (False, None, True),
        (1, 1.0, False),
        ("1", 1, True),
    ],
)
def test_what_counts_as_different(wanted: object, held: object, differ: bool) -> None:
    assert differs(wanted, held) is differ  # type: ignore[arg-type]


def test_a_link_learns_the_id_and_forgets_what_was_pending() -> None:
    link = Link("t", OLGA, state="parked", parked_for="v", pending_key="k", pending_body={}, pending_since=5)
    done = fold(link, Step("t", OLGA, "create", "k", values={"a": 1}), Held("x1", pending=True))
    assert (done.external_id, done.state, done.sequence) == ("x1", "pending", 1)
    assert (done.pending_key, done.pending_body, done.pending_since, done.parked_for) == ("", None, None, "")


def test_only_plain_values_are_remembered() -> None:
    assert scalars({"a": 1, "b": None, "c": Later("t", OLGA), "d": {"x": 1}}) == {"a": 1, "b": None}


@given(st.dictionaries(st.text(max_size=3), st.integers(-(2**63), 2**63) | st.none() | st.text(max_size=3)))
def test_a_fingerprint_knows_no_order(value: dict[str, object]) -> None:
    assert fingerprint(value) == fingerprint(dict(reversed(value.items())))
    assert fingerprint(value) != fingerprint({**value, "more": 1, "and more": 2})


def test_a_version_moves_with_everything_that_is_wanted() -> None:
    plain = Desired("t", OLGA, {"a": 1}, sets={"tags": frozenset({"x"})}, occurrences=(Occurrence("n", "1", 1),))
    moved = [
        replace(plain, values={"a": 2}),
        replace(plain, sets={"tags": frozenset()}),
        replace(plain, occurrences=()),
        replace(plain, problem="unusable"),
    ]
    assert len({version_of(d) for d in (plain, *moved)}) == 5
