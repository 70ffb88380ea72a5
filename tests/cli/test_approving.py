"""What the brake holds, and how it is let through from the command line."""

from __future__ import annotations

import json

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
