"""What the brake holds, and how it is let through from the command line."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from home import Home

BRAKE = "\n[brake]\nbursts = { floor = 0, share = 0 }\n"


def test_held_is_planned_listed_and_approved_once(on: Home) -> None:
    assert on.run("sync").code == 0
    assert "Nothing is held." in on.run("approve", "--all").out
    on.configure((on.folder / "instep.toml").read_text() + BRAKE)
    on.write("UPDATE members SET name = 'Wilhelmina the second'")
    planned = on.run("plan")
    assert "update (held)" in planned.out
    assert "The brake would hold 1 step: see `instep approve`." in planned.out
    synced = on.run("sync")
    assert (synced.code, "needs a person" in synced.err) == (3, True)
    again = on.run("sync")
    assert (again.code, "The brake holds 1 step (changes of e-mail, name or role)" in again.out) == (0, True)
    (line,) = on.run("todo", "--kind", "held", "--json").data
    assert (line["kind"], line["target"], line["command"]) == (
        "held", "intercom.contacts", f"instep approve {on.account}",
    )  # fmt: skip

    shown = on.run("approve")
    assert "Say what to let through" in shown.out
    refused = on.run("approve", on.account)
    assert (refused.code, "Add --yes" in refused.sentence) == (2, True)
    assert on.run("approve", "--kind", "creates", "--yes").out.startswith("Nothing is held.")
    wrong = on.run("approve", "--kind", "everything")
    assert (wrong.code, "There is no kind 'everything'" in wrong.sentence) == (2, True)

    done = on.run("approve", on.account, "--by", "dana", "--yes", "--json").data
    assert (done["approved"], len(done["same"]), done["moved"]) == (True, 1, [])
    assert "waits for the next sync" in on.run("approve").out
    before = on.vendor_writes()
    assert on.run("sync").code == 0
    assert on.vendor_writes() == before + 1
    assert json.loads(on.run("todo", "--kind", "held", "--json").out) == []


def test_a_source_that_is_not_held_is_no_source_to_approve(on: Home) -> None:
    assert on.run("sync").code == 0
    said = on.run("approve", "--source", "product.users", "--yes")
    assert (said.code, said.sentence) == (2, "The source product.users is not held. No source is held.")
    said = on.run("approve", on.account, "--source", "product.users")
    assert (said.code, said.sentence) == (2, "--source stands alone: `instep approve --source NAME`.")


@contextmanager
def asked(*arguments: str) -> Iterator[Callable[[str], str]]:
    """The command at a terminal, at its question; what it gives is called with the answer and returns what is said
    from then on."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", "from instep.main import main; raise SystemExit(main())", *arguments]
    wide = {**os.environ, "TERM": "dumb", "COLUMNS": "250"}
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=wide):
        os.close(end)

        def said(until: str = "") -> str:
            shown = ""
            with suppress(OSError):  # The other end is closed.
                while not (until and until in shown) and (part := os.read(terminal, 4096)):
                    shown += part.decode()
            return shown

        def answer(words: str) -> str:
            os.write(terminal, f"{words}\n".encode())
            return said()

        assert "[y/N]" in said("[y/N]")
        yield answer
        os.close(terminal)


def test_what_changes_while_the_question_stands_is_to_be_looked_at_again(on: Home) -> None:
    assert on.run("sync").code == 0
    on.configure((on.folder / "instep.toml").read_text() + BRAKE)
    (name,) = on.rows("SELECT name FROM members")[0]
    on.write("UPDATE members SET name = 'Wilhelmina the second'")
    assert on.run("sync").code == 3
    with asked("approve", "--all") as answer:
        on.write("UPDATE members SET name = ?", name)
        assert on.run("sync").code == 0
        on.write("UPDATE members SET name = 'Wilhelmina the third'")
        assert on.run("sync").code == 3
        said = answer("y")
    assert "0 steps approved. 1 step changed meanwhile: look, and approve again." in said
    before = on.vendor_writes()
    on.run("sync")
    assert on.vendor_writes() == before
