"""A new target is one mapping file, one connector file and one line of the registry; the engine does the rest."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from works import Tripwire, Works, ended

sys.path.insert(0, str(Path(__file__).parent / "throwaway"))

from chat_mapping import desired_lines
from chat_target import Chat, Room
from notes_mapping import desired_note
from notes_target import Notes, Pad

from connectors.contract import Ambiguous, Transient, Unauthorized
from connectors.gate import Unclear
from flows.house import TargetLines
from flows.systems import Wires, targets
from flows.wiring import TargetLine
from mappings.config import Config


def with_line(line: TargetLine) -> TargetLines:
    def lines(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        return [*targets(w, config, now), line]

    return lines


@pytest.fixture
def pad(town: Works) -> Pad:
    pad = Pad()
    town.switch_on("notes")
    town.lines = with_line(TargetLine(Notes(pad), desired_note))
    town.team("acme", "Acme", ann="owner")
    return pad


def texts(pad: Pad) -> list[str]:
    return [note["text"] for note in pad.notes.values()]


def rename(town: Works, name: str) -> None:
    town.product.execute("UPDATE teams SET name = :name", {"name": name})


def test_a_state_target_follows(town: Works, pad: Pad) -> None:
    town.sync()
    assert texts(pad) == ["Acme is prospect"]
    town.request_trial("acme", "ann")
    town.sync()
    assert texts(pad) == ["Acme is trialing"]
    calls = len(pad.calls)
    town.sync_again()
    assert len(pad.calls) == calls


def test_a_refusal_parks_until_the_wish_changes(town: Works, pad: Pad) -> None:
    rename(town, "forbidden")
    town.sync()
    assert pad.notes == {}
    assert town.todo() == {f"account:{town.account('acme')} notes": "notes: this text is not taken"}
    assert town.company("acme")["name"] == "forbidden"
    creates = pad.calls.count("create")
    town.sync_again()
    assert pad.calls.count("create") == creates
    rename(town, "Acme")
    town.sync()
    assert texts(pad) == ["Acme is prospect"]
    assert town.todo() == {}
    rename(town, "forbidden again")
    town.sync()
    assert len(town.todo()) == 1
    rename(town, "Acme")  # What is held already: nothing to send, and nothing left for a person.
    town.sync()
    assert town.todo() == {}
    assert town.link(town.account("acme"), "notes").state == "ok"


def test_an_ambiguity_is_for_a_person(town: Works, pad: Pad) -> None:
    pad.fail("find", Ambiguous("notes: two of them", ["1", "2"]))
    town.sync()
    assert town.todo() == {f"account:{town.account('acme')} notes": "notes: two of them"}
    assert pad.notes == {}


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("stored", [True, False])
def test_an_unknown_create_is_read_before_it_is_tried_again(town: Works, pad: Pad, done: bool, stored: bool) -> None:
    pad.fail("create", Unclear("notes: 500", stored=stored), done)
    town.sync()
    assert texts(pad) == ["Acme is prospect"]
    again = [] if done else ["create"]
    assert pad.calls[:3] == ["find", "create", "find"]
    assert [call for call in pad.calls[3:] if call == "create"] == again
    attempt = town.link(town.account("acme"), "notes").attempt
    assert attempt == (2 if stored and not done else 1)


def test_a_vanished_note_is_made_again(town: Works, pad: Pad) -> None:
    town.sync()
    pad.notes.clear()
    rename(town, "Acme Two")
    town.sync()
    assert texts(pad) == ["Acme Two is prospect"]


@pytest.mark.parametrize("error", [Transient("notes: 503"), Unauthorized("notes: 401"), Unclear("notes: 502")])
def test_its_failures_hold_up_nobody_else(town: Works, pad: Pad, error: Exception) -> None:
    pad.fail("create", error, times=4)
    report = town.try_sync()
    assert not report.ok
    assert town.company("acme")["name"] == "Acme"
    pad.failures.clear()
    town.sync_again()
    assert texts(pad) == ["Acme is prospect"]


@pytest.fixture
def room(town: Works) -> Room:
    town.switch_on("chat")
    for name in ("t1", "t2"):
        town.trial(name)
    return Room()


def told(town: Works, name: str) -> list[str]:
    return [f"account:{town.account(name)} {event}" for event in ("provisioned-instance", "started-trial")]


def test_a_message_target_tells_each_thing_once(town: Works, room: Room) -> None:
    town.lines = with_line(TargetLine(Chat(room, "drop"), desired_lines))
    town.sync()
    town.sync_again()
    assert sorted(room.lines) == told(town, "t1") + told(town, "t2")


@pytest.mark.parametrize("said", [True, False])
def test_an_unknown_line_is_dropped(town: Works, room: Room, said: bool) -> None:
    room.failures = [(said, Unclear("chat: cut"))] * 4
    town.lines = with_line(TargetLine(Chat(room, "drop"), desired_lines))
    town.sync()
    town.sync_again()
    assert sorted(room.lines) == (told(town, "t1") + told(town, "t2") if said else [])
    assert town.todo() == {}


@pytest.mark.parametrize("said", [True, False])
def test_an_unknown_line_is_repeated(town: Works, room: Room, said: bool) -> None:
    room.failures = [(said, Unclear("chat: cut"))]
    town.lines = with_line(TargetLine(Chat(room, "repeat"), desired_lines))
    assert not town.try_sync().ok
    town.sync_again()
    town.sync_again()
    assert len(room.lines) == (5 if said else 4)
    assert sorted(set(room.lines)) == told(town, "t1") + told(town, "t2")


def test_a_line_of_a_killed_worker_is_dropped(town: Works, room: Room, tmp_path: Path) -> None:
    said = tmp_path / "said"

    class Paper(Room):
        def say(self, line: str) -> None:
            with said.open("a") as file:
                file.write(f"{line}\n")

    town.lines = with_line(TargetLine(Chat(Paper(), "drop"), desired_lines))
    plain = town.lines

    def tripped(w: Wires, config: Config, now: Callable[[], int]) -> Sequence[TargetLine]:
        *others, line = plain(w, config, now)
        return [*others, replace(line, target=Tripwire(line.target, signal.SIGKILL, before=False))]  # type: ignore[arg-type]

    assert ended(town.start(tripped)) == -signal.SIGKILL
    town.sync()
    assert sorted(said.read_text().splitlines()) == told(town, "t1") + told(town, "t2")
