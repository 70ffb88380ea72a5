"""Whoever dies right after the commit that puts something aside has told a person of it: later runs pass it over."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from town import CONFIG, secluded
from works import Works, Wrapped, ended, fork, wrapped

from connectors.contract import Rejected
from flows.adopting import Adopter
from flows.house import Instep
from flows.hub import sync
from mappings.model import Held, Step
from state.store import Store


def dies_after(method: str, parks: Callable[..., bool], work: Callable[[Instep], Any] = sync) -> Any:
    """A worker that does not survive the first such commit."""

    def dying(instep: Instep) -> None:
        inner = getattr(Store, method)

        def last(self: Store, *given: Any, **more: Any) -> Any:
            done = inner(self, *given, **more)
            if parks(*given):
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(Store, method, last)
        work(instep)

    return dying


def parked(lease: Any, link: Any, *_: Any) -> bool:
    return bool(link.state == "parked")


def any_parked(new: Any, *_: Any) -> bool:
    return any(link.state == "parked" for _, link in new)


def adopt(instep: Instep) -> None:
    Adopter(instep, lambda *_: None).run()


def killed(town: Works, work: Any) -> None:
    assert ended(town.start(work=work)) == -signal.SIGKILL


class Refusing(Wrapped):
    def push(self, step: Step) -> Held:
        raise Rejected("stripe: no such price")


def strangers(town: Works) -> None:
    """Somebody in the workspace has the address of our person, under another id."""
    made = {"role": "user", "external_id": f"stranger-{town.name}", "email": town.email("ann")}
    town.vendors.control("POST", "/intercom/hand/contacts", made)
    town.team("acme", ann="owner")


def assert_in_conflict(town: Works) -> None:
    assert [key.split()[0] for key in town.todo()] == [f"person:{town.name}-ann"]


def test_an_address_of_somebody_else(town: Works) -> None:
    strangers(town)
    killed(town, dies_after("adopt", parked))
    town.sync()
    assert_in_conflict(town)


def test_a_trial_that_stripe_refuses(town: Works) -> None:
    town.trial()
    work = dies_after("adopt", parked)
    assert ended(town.start(wrapped("stripe.trials", Refusing), work)) == -signal.SIGKILL
    town.sync()
    assert [key.split()[1] for key in town.todo()] == ["stripe.trials"]


def test_erasures_that_are_held(town: Works) -> None:
    town._config.write_text(CONFIG + "\n[brake]\ninferred = { floor = 0, share = 0.0 }\n")
    town.team("acme", ann="owner")
    town.sync()
    town.product.execute("UPDATE users SET erased = 1")
    killed(town, dies_after("weigh", lambda *_: True))
    town.sync()
    assert "erasures" in town.todo()


def test_a_conflict_found_by_an_adoption(tmp_path: Path) -> None:
    with secluded("told", tmp_path) as town:
        for _ in range(2):
            made = {"role": "user", "email": town.email("ann")}
            town.vendors.control("POST", "/intercom/hand/contacts", made)
        town.team("acme", ann="owner")
        town.init(on=False)
        town.sync()
        town.close()
        work = dies_after("add_links", any_parked, adopt)
        assert ended(fork(lambda: work(town.open()))) == -signal.SIGKILL
        assert list(town.todo()) == [f"person:{town.name}-ann intercom.contacts"]


def test_a_conflict_that_has_ended(town: Works) -> None:
    strangers(town)
    town.sync()
    assert_in_conflict(town)
    (stranger,) = (who for who in town.vendors.control("GET", "/intercom/people") if who["email"] == town.email("ann"))
    town.vendors.control("DELETE", f"/intercom/hand/contacts/{stranger['id']}")
    town.product.execute("UPDATE users SET name = 'new'")
    killed(town, dies_after("_acknowledge", lambda lease, link, *_: link.target == "intercom.contacts"))
    town.sync()
    assert town.todo() == {}
