"""A tag of ours that people rename, take off or delete in Intercom."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any, NoReturn

import pytest
import requests
from town import Build, Town
from vendors import TOKEN

from flows.braking import deleted_tag
from flows.house import Instep, open_instep
from flows.hub import Hub, sync
from flows.retiring import restore, retire
from flows.settings import Misuse
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config
from mappings.model import Held, Step

TRIALING, CANCELING, PROSPECT = "sub:trialing", "is:canceling", "sub:prospect"


@pytest.fixture
def town(build: Build) -> Iterator[Town]:
    """Two running trials."""
    with build("sqlite") as here:
        here.init()
        for name in ("acme", "beta"):
            here.team(name, **{f"{name}owner": "owner"})
            here.request_trial(name, f"{name}owner")
        here.sync()
        assert here.stage("acmeowner") == TRIALING
        yield here


def hand(town: Town, method: str, path: str, body: object = None) -> dict[str, object]:
    """In Intercom's pages."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.14"}
    answer = requests.request(method, f"{town.vendors.url}/intercom{path}", json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json() if answer.text else {}
    return found


def tag(town: Town, name: str) -> str:
    listed = hand(town, "GET", "/tags")["data"]
    assert isinstance(listed, list)
    return next((row["id"] for row in listed if row["name"] == name), "")


def alert(town: Town) -> str:
    (line,) = town.open().store.todo()
    return f"{line.reason}: {line.proposal}"


def ask(town: Town, short: str, kind: str) -> None:
    town.product.add_request(
        request_id=f"{town.name}-{kind}-{short}-{town.vendors.now}", kind=kind, account_id=town.account(short),
        user_id="", plan=None, days=None, requested_at=town.vendors.now,
    )  # fmt: skip


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


class Meanwhile:
    """Contacts of Intercom; something happens once while one is pushed."""

    def __init__(self, target: Any, happen: Callable[[], object]) -> None:
        self._target, self._happen = target, [happen]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def push(self, step: Step) -> Held:
        held: Held = self._target.push(step)
        if self._happen:
            self._happen.pop()()
        return held


def beside(town: Town, work: Callable[[Instep], object]) -> None:
    """With an installation that somebody else has opened."""
    other = open_instep(town.settings, stripe_per_second=1000)
    work(other)
    other.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def lasting(request: pytest.FixtureRequest, build: Build) -> Iterator[Town]:
    with build(request.param) as here:
        here.init()
        for name in ("acme", "beta"):
            here.team(name, **{f"{name}owner": "owner"})
        here.sync()
        yield here


def test_a_tag_made_again_while_a_contact_is_pushed_is_worn(lasting: Town) -> None:
    """The worker writes down what it believed before; nobody who is not worked on is read for it."""
    town = lasting
    hand(town, "DELETE", f"/tags/{tag(town, PROSPECT)}")
    town.product.execute("UPDATE users SET name = 'Other' WHERE user_id = :u", {"u": f"{town.name}-acmeowner"})

    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        found = targets(w, config, now)
        at = [line.target.name for line in found].index("intercom.contacts")
        made: Any = Meanwhile(found[at].target, lambda: beside(town, lambda other: restore(other, PROSPECT, "dana")))
        return [*found[:at], replace(found[at], target=made), *found[at + 1 :]]

    town.close()
    town.opened, mark = open_instep(town.settings, lines, stripe_per_second=1000), town.vendors.mark
    assert sync(town.opened).ok
    assert town.person("acmeowner")["name"] == "Other"
    assert PROSPECT in town.tags("acmeowner") & town.tags("betaowner")
    read = [call.path for call in town.vendors.since(mark) if call.method == "GET" and "/contacts" in call.path]
    assert not [path for path in read if town.person("betaowner")["id"] in path]
    assert (town.todo(), town.plan()) == ({}, [])


def waiting(town: Town) -> list[str]:
    return [held.what for held in town.open().store.holds()]


def test_a_tag_made_again_beside_a_worker_that_missed_it_is_worn(town: Town) -> None:
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        hub.until_idle()
        beside(town, lambda other: restore(other, CANCELING, "dana"))
        hub.until_idle()
        assert CANCELING in town.tags("acmeowner")
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])


def test_a_tag_that_is_used_again_beside_a_worker_is_worn(town: Town) -> None:
    """By those too who never waited for it."""
    retire(town.open(), CANCELING, "dana")
    ask(town, "acme", "cancel")
    town.sync()
    assert CANCELING not in town.tags("acmeowner")
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        beside(town, lambda other: restore(other, CANCELING, "dana"))
        hub.until_idle()
    assert CANCELING in town.tags("acmeowner")


def test_a_tag_retired_beside_a_worker_is_waited_for_no_more(town: Town) -> None:
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    town.sync()
    assert waiting(town) == [f"tags {CANCELING}"]
    with Hub(town.open(), "reconcile") as hub:
        hub.pull()
        assert hub.ready()
        beside(town, lambda other: retire(other, CANCELING, "dana"))
        hub.until_idle()
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])


def test_a_line_of_a_retired_tag_ends_with_the_next_run(town: Town) -> None:
    """A worker told of it that had read the account before the tag was retired."""
    hand(town, "DELETE", f"/tags/{tag(town, CANCELING)}")
    ask(town, "acme", "cancel")
    town.sync()
    store = town.open().store
    store.amend({"retired": [CANCELING]})
    town.sync()
    assert (town.todo(), waiting(town), town.plan()) == ({}, [], [])
