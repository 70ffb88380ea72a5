"""What a person orders about held work and lines of todo. A command that was killed is given again, one that ended is
not: the next sync then does what was ordered, once, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator

from flows.approval import approve, held
from flows.deciding import choose, decider
from flows.house import Instep
from flows.hub import Hub, sync
from state.store import Todo
from tests.lives.acting import act
from tests.lives.life import Act
from tests.lives.scene import START

from .hands import HAND
from .judge import Judge
from .plan import HOUR, slot
from .stage import Stage

BRAKE = "\n[brake]\nbursts = { floor = 0, share = 0.0 }\nremovals = { floor = 0, share = 0.0 }\n"
APPROVED = ("a9", "a10", "a1")
# Account -> what is done at the vendors, and the access that it has then. To the others the same happened.
DONE = {
    "a9": ({"customer.updated": 1, "contact.updated": 1}, "full"), "a11": ({}, "full"),
    "a10": ({"contact.untagged": 1}, "none"), "a16": ({}, "full"),
    "a1": ({"company.created": 1, "contact.created": 1, "company.attached": 1, "contact.tagged": 1}, "full"),
    "a2": ({}, None),
}  # fmt: skip


def holding(stage: Stage) -> None:
    """The brake holds all that it can hold."""
    with (stage.folder / "instep.toml").open("a") as config:
        config.write(BRAKE)
    stage.run(sync)
    stage.move(stage.now + HOUR)
    stage.read()
    for account in ("a9", "a11"):
        stage.write("UPDATE users SET email = 'x' || email WHERE team_id = ?", account)
    for account in ("a10", "a16"):
        stage.write("UPDATE teams SET hold_reason = 'fraud' WHERE id = ?", account)
    for number in (1, 2):
        act(stage, slot(number), Act(0, "arrive", "owner"))
    stage.move(stage.now + HOUR)
    stage.run(sync)


def approving(instep: Instep) -> None:
    _until_ended(instep, "approve", lambda: _approve(instep, APPROVED))
    sync(instep)


def only_approved(stage: Stage, judge: Judge) -> None:
    """Judged before all else is approved too, after which everything must be in step."""
    stage.read()
    judge.wrong += _not_as_ordered(stage, judge)
    _approve(stage.wake(), ())
    stage.run(sync)


def _not_as_ordered(stage: Stage, judge: Judge) -> Iterator[str]:
    rows = {row["account_id"]: row["access"] for row in stage.rows("SELECT account_id, access FROM instep_access")}
    calls = [(call["effect"], f"{call['path']} {call['params']}") for call in judge.calls() if call["effect"]]
    for account, done in DONE.items():
        about = re.compile(judge.known_as(account))
        sent = Counter(effect for effect, call in calls if about.search(call))
        if (dict(sent), rows.get(account)) != done:
            yield f"I3: {account} got {dict(sent)} and {rows.get(account)} instead of {done}"


def undecided(stage: Stage) -> None:
    """Two people have the e-mail of somebody else's contact, a third one's was deleted, a request is too old."""
    stage.control("PUT", "/provisioner/settings", {"ready_after": 0})
    stage.move(stage.now + HOUR)
    stage.read()
    act(stage, slot(1), Act(0, "arrive", "owner"))
    act(stage, slot(1), Act(0, "ask trial", "pro"))
    stage.write("UPDATE instep_requests SET requested_at = ? WHERE account_id = 'a1'", START - HOUR)
    for _ in range(2):
        act(stage, slot(17), Act(0, "join", "member"))
    for person in stage.rows("SELECT * FROM users WHERE team_id = 'a17' AND role = 'member'"):
        theirs = {"role": "user", "email": person["email"], "external_id": f"crm-{person['id']}"}
        stage.control("POST", f"{HAND}/contacts", theirs)
    (gone,) = stage.rows("SELECT * FROM users WHERE team_id = 'a20' AND role = 'member'")
    (contact,) = [row["id"] for row in stage.control("GET", "/intercom/people") if row["external_id"] == gone["id"]]
    stage.control("DELETE", f"{HAND}/contacts/{contact}")
    stage.write("UPDATE users SET name = 'Person v1' WHERE id = ?", gone["id"])
    stage.move(stage.now + HOUR)
    stage.run(sync)


def deciding(instep: Instep) -> None:
    _until_ended(instep, "resolve", lambda: _decide(instep))
    sync(instep)


def _until_ended(instep: Instep, order: str, command: Callable[[], None]) -> None:
    ended = instep.settings.instep_config.with_name(f"{order}.ended")
    if not ended.exists():
        command()
        ended.touch()


def _approve(instep: Instep, accounts: Collection[str]) -> None:
    with Hub(instep, "approve") as hub:
        hub.pull()
        approve(instep, held(instep, accounts, (), lambda what, n: None), "somebody")


def _decide(instep: Instep) -> None:
    """All lines at once, as from a file; what was decided before is open no more."""
    decides, store = decider(instep.settings)
    chosen, wrong = choose(store, [(line.id, _words(line), line.reason) for line in store.todo()])
    decided = decides.run(chosen, lambda what, n: None)
    assert (wrong, decided.left) == ({}, {})


def _words(line: Todo) -> str:
    linked = re.search(r"link \w+", line.proposal) if line.subject.startswith("person:a17_2") else None
    return linked[0] if linked else {"conflict": "create", "gone": "ignore", "parked": "start"}[line.kind]
