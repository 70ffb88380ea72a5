"""What the team's own steps are: `after`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from instep.options import Json
from instep.screen import as_json, moment, say, show, table

Secrets = Annotated[
    bool, Parameter(name="--secrets", negative=(), help="Show what each receiver verifies with, newest first.")
]


def after(*, secrets: Secrets = False, json: Json = False) -> int:
    """List what follows an occurrence: who is called, in which mode, since when."""
    from flows.following import followed
    from flows.settings import load_settings

    found = followed(load_settings(), secrets)
    if json:
        as_json([asdict(one) for one in found])
    elif not found:
        say("Nothing follows an occurrence: instep.toml has no [after] (docs/after.md).")
    else:
        rows = [(o.occurrence, o.calls, o.mode, moment(o.since)) for o in found]
        show(table(("after", "calls", "mode", "since"), rows))
        for one in found:
            for key in one.secrets:
                say(f"{one.occurrence} verifies with {key}")
        watching = [o.occurrence for o in found if o.mode != "on"]
        if watching:
            say(f"Nobody is called yet after {', '.join(watching)}: switch it on first.")
    return 0
