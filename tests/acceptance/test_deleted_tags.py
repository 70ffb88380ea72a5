"""A tag of ours that people rename, take off or delete in Intercom."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, NoReturn

import pytest
from tagging import CANCELING, TRIALING, ask, hand, tag, two_trials, waiting
from town import Build, Town

from flows.braking import deleted_tag
from flows.house import Instep
from flows.retiring import restore, retire
from flows.settings import Misuse


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    with two_trials(build) as here:
        yield here


def alert(town: Town) -> str:
    (line,) = town.open().store.todo()
    return f"{line.reason}: {line.proposal}"


def leaving(town: Town) -> None:
    """The two cancel, and a third trial begins."""
    for short in ("acme", "beta"):
        ask(town, short, "cancel")
    town.team("gamma", gammaowner="owner")
    town.request_trial("gamma", "gammaowner")
    town.sync()
    assert CANCELING in town.tags("acmeowner") & town.tags("betaowner")


def test_a_renamed_tag_is_followed_by_its_id(town: Town) -> None:
    known = tag(town, TRIALING)
    hand(town, "POST", "/tags", {"id": known, "name": "On trial"})
    town.team("gamma", gammaowner="owner")
    town.request_trial("gamma", "gammaowner")
    town.sync()
    assert town.tags("gammaowner") == {"On trial", "plan:pro"}
    assert tag(town, TRIALING) == ""
    hand(town, "POST", "/tags", {"id": known, "name": TRIALING})


def test_a_restore_that_was_killed_is_repeated(town: Town) -> None:
    """At each of its commits."""
    for nth in range(1, 5):
        hand(town, "DELETE", f"/tags/{tag(town, TRIALING)}")
        town.open()
        if not (child := os.fork()):
            killed_at_commit(town.open(), nth)
        died = os.waitpid(child, 0)[1] == signal.SIGKILL
        with suppress(Misuse):
            restore(town.open(), TRIALING, "dana")
        town.sync()
        assert TRIALING in town.tags("acmeowner") & town.tags("betaowner"), nth
        if not died:
            break
    assert nth > 1
    assert not died


def killed_at_commit(instep: Instep, nth: int) -> NoReturn:
    """For a process of its own, which dies right after it."""
    commits = count(1)

    def write(work: Any) -> Any:
        done = plain(work)
        if next(commits) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    plain, instep.store.database.write = instep.store.database.write, write  # type: ignore[method-assign]
    try:
        restore(instep, TRIALING, "dana")
    finally:
        os._exit(0)


def test_a_deleted_tag_is_told_once_and_made_again_on_order_only(town: Town) -> None:
    with pytest.raises(Misuse, match="is there"):
        restore(town.open(), CANCELING, "dana")
    with pytest.raises(Misuse, match="no tag of Instep"):
        retire(town.open(), "theirs", "dana")
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    for short in ("acme", "beta"):
        ask(town, short, "cancel")
    assert town.sync().new_todo == 1
    assert "the tag is:canceling was deleted there" in alert(town)
    assert "2 contacts are to wear it" in alert(town)
    assert town.access("acme")["stage"] == "trialing"
    assert town.attributes("acmeowner")["cancels_at"]
    assert town.sync().new_todo == 0
    assert tag(town, CANCELING) == ""

    assert restore(town.open(), CANCELING, "dana") == 2
    town.sync()
    assert CANCELING in town.tags("acmeowner") & town.tags("betaowner")
    assert (town.todo(), town.plan()) == ({}, [])


def test_a_tag_that_a_wrong_list_lacked_is_told_of_no_more(town: Town) -> None:
    store = town.open().store
    store.todo_add([deleted_tag("intercom.contacts", TRIALING, 2, town.vendors.now)])
    assert "sub:trialing was deleted" in alert(town)
    town.sync()
    assert (town.todo(), town.plan()) == ({}, [])


def test_a_tag_that_only_those_lose_who_wear_it_is_told_once(town: Town) -> None:
    leaving(town)
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    assert town.sync().new_todo == 1
    assert "2 contacts are to wear it" in alert(town)
    ask(town, "gamma", "cancel")
    assert town.sync().new_todo == 0, "it was told"
    assert "3 contacts are to wear it" in alert(town)
    ask(town, "gamma", "keep")
    town.vendors.advance(60)
    town.sync()
    assert restore(town.open(), CANCELING, "dana") == 2
    town.sync()
    assert CANCELING in town.tags("acmeowner") & town.tags("betaowner")
    assert (town.todo(), town.plan()) == ({}, [])


def test_a_deleted_tag_comes_back_to_whoever_wore_it_or_is_used_no_more(town: Town) -> None:
    leaving(town)
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    mark = town.vendors.mark
    town.vendors.advance(60)
    ask(town, "gamma", "cancel")
    town.sync()
    assert len(town.todo()) == 1
    assert retire(town.open(), CANCELING, "dana") == 1
    town.sync()
    assert (town.todo(), town.plan(), tag(town, CANCELING)) == ({}, [], "")

    assert restore(town.open(), CANCELING, "dana") == 2
    town.sync()
    assert CANCELING in town.tags("acmeowner") & town.tags("betaowner") & town.tags("gammaowner")
    assert town.plan() == []
    asked = [call.line for call in town.vendors.writes(mark) if call.path.startswith("/tags")]
    assert set(asked) == {"intercom POST /tags"}, "segments may use a tag: none is ever deleted by us (fault 62)"


def test_a_line_of_a_retired_tag_ends_with_the_next_run(town: Town) -> None:
    """A worker told of it that had read the account before the tag was retired."""
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    town.sync()
    store = town.open().store
    store.amend({"retired": [CANCELING]})
    town.sync()
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])
