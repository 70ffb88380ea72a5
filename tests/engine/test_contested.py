"""A field that others keep overwriting is not written without end: it is left to them, and a person is told."""

from __future__ import annotations

from works import Works

from flows.deciding import Decider, choose
from flows.hub import Hub
from flows.standing import account_standing
from mappings.model import AccountId


def overwrite(town: Works, plan: str, **more: str) -> None:
    values = ", ".join(f"{name} = '{value}'" for name, value in {"plan": plan, **more}.items())
    town.product.execute(f"UPDATE instep_access SET {values}")


def writes_of_the_plan(town: Works, account: AccountId) -> int:
    lines = [entry for entry in town.journal() if entry.target == "product.access" and entry.operation == "update"]
    return sum(entry.subject == f"account:{account}" and "plan" in entry.after for entry in lines)


def resolve(town: Works, words: str) -> list[str]:
    """What was refused."""
    house = town.house()
    with town.memory() as store:
        (line,) = store.todo()
        chosen, wrong = choose(store, [(line.id, words, None)])
        left = Decider(town.settings, store, house).run(chosen, lambda what, more: None).left if chosen else {}
        return [*wrong.values(), *left.values()]


def test_it_is_left_to_them_the_second_time_within_a_day(both: Works) -> None:
    town = both
    account, beta = town.trial(), town.trial("beta")
    town.sync()
    before = writes_of_the_plan(town, account)
    overwrite(town, "gold")
    assert town.sync().writes == 2
    assert town.access("acme")["plan"] == "pro"
    assert town.link(account, "product.access").overwritten == {"plan": [town.vendors.now]}
    assert town.todo() == {}

    # Again and again: the plan is theirs now, everything else is ours.
    for times in range(3):
        overwrite(town, f"gold{times}", stage="x" if times == 1 else "trialing")
        report = town.sync()
        assert report.writes == (2 if times == 1 else 0)
        assert report.new_todo == (times == 0)
        assert (town.access("acme")["plan"], town.access("acme")["stage"]) == (f"gold{times}", "trialing")
    assert writes_of_the_plan(town, account) == before + 1
    assert town.plan() == []
    said = "others keep overwriting plan there: 2 accounts keep what they wrote"
    assert town.todo() == {"field:plan product.access": said}
    assert account_standing(town.open(), account).theirs == [
        f"product.access account:{account}: plan is left to others, who keep overwriting it"
    ]

    # A person takes it up again; only what fits the line is taken.
    assert resolve(town, "create") == ["'create' does not fit: choose retry or ignore"]
    assert resolve(town, "retry") == []
    assert town.todo() == {}
    assert town.sync().writes == 2
    assert town.access("acme")["plan"] == town.access("beta")["plan"] == "pro"
    assert "plan" not in town.link(beta, "product.access").overwritten
    assert town.plan() == []


def test_it_is_over_when_they_write_what_we_would(town: Works) -> None:
    account = town.trial()
    town.sync()
    for plan in ("gold", "gold"):
        overwrite(town, plan)
        town.sync()
    assert list(town.todo()) == ["field:plan product.access"]
    overwrite(town, "pro")
    assert town.sync().writes == 0
    assert town.todo() == {}
    assert town.link(account, "product.access").contested == set()
    town.assert_in_step(account)


def test_a_fact_that_comes_late_is_nobody_s_overwriting(town: Works) -> None:
    """What was read of the row before it was written again is not believed: the row itself is asked."""
    account = town.trial()
    town.sync()
    overwrite(town, "gold")
    with Hub(town.open(), "slow") as reader:
        reader.pull()
    overwrite(town, "pro")
    with town.memory() as store:
        before = store.facts([account])[account]
    with Hub(town.open(), "worker") as worker:
        worker.work(worker.due())
    assert next(fact.body for fact in before if fact.kind == "access").plan == "gold"  # type: ignore[union-attr]
    assert worker.report.writes == 0
    assert town.link(account, "product.access").overwritten == {}
