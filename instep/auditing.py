"""The audit from the command line."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.comparing import show_compared
from instep.options import Json
from instep.running import NEEDS_A_PERSON, ended, open_for, summary
from instep.screen import as_json, complain, progress, say

Repair = Annotated[bool, Parameter(name="--repair", negative=(), help="Send again what is ours and was changed.")]


def audit(*, repair: Repair = False, json: Json = False) -> int:
    """Compare what the targets hold with what was sent there; sends nothing. An interrupted audit goes on where it
    was."""
    from flows.auditing import audit as run
    from flows.hub import Hub

    instep = open_for(None, "audit")
    with progress() as tell, Hub(instep, "audit", tell) as hub:
        run(hub, repair, tell)
    report = hub.report
    if json:
        as_json(summary(report))
    elif report.compared:
        show_compared(report.compared)
        if repair:
            say(f"{counted(report.writes, 'change', 'was', 'were')} sent.")
    elif report.ok:
        say("Nothing is sent anywhere yet, so there is nothing to compare: every target only watches.")
    left = sum(len(one.unexplained) for one in report.compared)
    code = ended(report)
    if code or not left:
        return code
    mend = "what is left needs a person: see `instep todo`" if repair else "`instep audit --repair` mends what is ours"
    complain(f"{counted(left, 'difference')} nobody knows the reason of; {mend}.")
    return NEEDS_A_PERSON
