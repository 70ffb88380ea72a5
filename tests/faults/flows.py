"""The flows that a worker may be killed in: what lies ready for each, and what the worker does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from flows.adoption import adopt
from flows.auditing import audit
from flows.erasure_orders import prepare
from flows.house import Instep, init
from flows.hub import Hub, sweep, sync
from flows.retiring import restore
from flows.settings import Misuse
from tests.lives.acting import act
from tests.lives.life import Act
from tests.lives.scene import START

from . import orders
from .hands import HAND
from .judge import Judge
from .plan import HOUR, slot
from .stage import Stage

# (slot, what, value): of every kind of change one, so that one run passes every kind of call and commit.
CHANGES = (
    (1, "arrive", "owner"), (1, "ask trial", "pro"), (5, "card", ""), (6, "rename", ""), (7, "cancel now", ""),
    (9, "ask charge", ""), (10, "ask cancel", ""), (11, "ask keep", ""), (12, "charge again", ""), (16, "leave", ""),
    (18, "release", ""), (20, "join", "billing"),
)  # fmt: skip
WORN = "sub:active"


@dataclass(frozen=True, slots=True)
class Flow:
    """``ready``: done before, by a worker that lives. ``work``: what the killed one was doing. ``again``: a person
    ordered it, and orders it again. ``then``: what must hold besides, before all must be in step."""

    ready: Callable[[Stage], None]
    work: Callable[[Instep], object]
    again: bool = False
    then: Callable[[Stage, Judge], None] = lambda stage, judge: None


def change(stage: Stage) -> None:
    """Everything that the sources hold of it, and nothing that Instep knows yet."""
    stage.control("PUT", "/provisioner/settings", {"ready_after": 0})
    stage.move(stage.now + HOUR)
    stage.read()
    for number, what, value in CHANGES:
        if what == "rename":
            stage.write("UPDATE users SET name = 'Person v1' WHERE team_id = ?", slot(number).account)
        else:
            act(stage, slot(number), Act(stage.now - START, what, value))
        if what == "arrive":
            stage.read()
    # Beyond what an event log may hold back.
    stage.move(stage.now + 300)


def known(stage: Stage) -> None:
    """Pulled already, by another worker."""
    change(stage)
    pull(stage.wake())


def erasing(stage: Stage) -> None:
    """A person has left and wants to be erased."""
    change(stage)
    (person,) = stage.rows("SELECT id FROM users WHERE team_id = 'a20' AND role = 'member'")
    wish = prepare(stage.settings, person["id"], "a20")
    wish.give()
    wish.store.close()
    stage.write("DELETE FROM users WHERE id = ?", person["id"])


def lost(stage: Stage) -> None:
    """A new state, on the day after the old one was lost."""
    stage.rest()
    stage.memory.lose()
    stage.move(stage.now + HOUR)
    vars(stage).pop("settings", None)  # They hold the moment when they were read.
    stage.born = stage.now
    init(stage.settings, on=True)


def spoiled(stage: Stage) -> None:
    """People have overwritten what is ours, in Intercom and in the product."""
    stage.move(stage.now + HOUR)
    ours = [row for row in stage.control("GET", "/intercom/people") if WORN in row["tags"]]
    for contact in ours[:3]:
        stage.control("PUT", f"{HAND}/contacts/{contact['id']}", {"custom_attributes": {"plan": "gold"}})
    stage.control("DELETE", f"{HAND}/contacts/{ours[3]['id']}/tags/{_worn(stage)}")
    stage.write("UPDATE instep_access SET access = 'none' WHERE access = 'full'")


def untagged(stage: Stage) -> None:
    """A tag of ours was deleted, and all who wore it have lost it; others need it since."""
    stage.control("DELETE", f"{HAND}/tags/{_worn(stage)}")
    change(stage)
    stage.run(sync)


def _worn(stage: Stage) -> str:
    (id,) = [tag["id"] for tag in stage.control("GET", f"{HAND}/tags")["data"] if tag["name"] == WORN]
    return str(id)


def pull(instep: Instep) -> None:
    with Hub(instep, "pull") as hub:
        hub.pull()


def reconcile(instep: Instep) -> None:
    with Hub(instep, "reconcile") as hub:
        if hub.ready():
            hub.until_idle()


def repair(instep: Instep) -> None:
    with Hub(instep, "audit") as hub:
        audit(hub, True, lambda what, n: None)


def restoring(instep: Instep) -> None:
    with suppress(Misuse):  # Where it was finished before.
        restore(instep, WORN, "somebody")


FLOWS: Mapping[str, Flow] = {
    "pull": Flow(change, pull),
    "reconcile": Flow(known, reconcile),
    "sync": Flow(change, sync),
    "sweep": Flow(change, sweep),
    "erase": Flow(erasing, sync),
    "adopt": Flow(lost, lambda instep: adopt(instep, (), lambda what, n: None)),
    "first sync": Flow(lost, sync),
    "repair": Flow(spoiled, repair, again=True),
    "restore": Flow(untagged, restoring, again=True),
    "approve": Flow(orders.holding, orders.approving, again=True, then=orders.only_approved),
    "resolve": Flow(orders.undecided, orders.deciding, again=True),
}
