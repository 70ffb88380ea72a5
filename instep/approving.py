"""Letting through what the brake holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json, Yes
from instep.screen import as_json, confirm, moment, progress, say, show, table
from mappings.brake import KINDS
from mappings.model import AccountId

if TYPE_CHECKING:
    from flows.approval import Held, Hold

# How many lines of each group are shown; --json has all.
SHOWN = 20


def approve(
    account: Annotated[Sequence[AccountId], Parameter(negative=(), help="Just these accounts.")] = (),
    /,
    *,
    kind: Annotated[str, Parameter(help=f"Just this kind: {', '.join(KINDS)}.")] = "",
    all: Annotated[bool, Parameter(name="--all", negative=(), help="Everything that is held.")] = False,
    source: Annotated[str, Parameter(help="A source that shows much less than before: believe it.")] = "",
    by: Annotated[str, Parameter(help="Who approves; else the user of this machine.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Let through what the brake holds, where a new plan still wants just that; show it first."""
    from flows.approval import approve as let_through
    from flows.approval import held
    from flows.hub import Hub
    from flows.settings import Misuse, load_settings
    from instep.running import open_for

    who = by or getuser()
    if source:
        if account or kind or all:
            raise Misuse("--source stands alone: `instep approve --source NAME`.")
        return _believe(load_settings(), source, who, yes, json)
    if kind and kind not in KINDS:
        raise Misuse(f"There is no kind {kind!r}. There are: {', '.join(KINDS)}.")
    instep = open_for(account or None, "approve")
    with progress() as tell, Hub(instep, "approve", tell) as hub:
        hub.pull()
        found = held(instep, account, [kind] if kind else [], tell)
    if not json:
        _show(found)
    if not (found.same or found.moved or found.gone):
        return _ended(found, json, "Nothing is held." if not found.approved else "Nothing else is held.", False)
    if not (account or kind or all):
        return _ended(found, json, "Say what to let through: accounts, --kind KIND, or --all.", False)
    question = f"Let {counted(len(found.same), 'held step')} through?"
    if found.same and not confirm(question, yes):
        return _ended(found, json, "Nothing was done.", False)
    changed = let_through(instep, found, who)
    found.same = [hold for hold in found.same if hold not in changed]
    moved = f" {counted(len(found.moved), 'step')} moved: look, and approve again." if found.moved else ""
    moved += f" {counted(len(changed), 'step')} changed meanwhile: look, and approve again." if changed else ""
    then = ": now run `instep sync`" if found.same else ""
    return _ended(found, json, f"{counted(len(found.same), 'step')} approved{then}.{moved}", True, changed)


def _believe(settings: Any, source: str, who: str, yes: bool, json: bool) -> int:
    from flows.approval import believe

    done = confirm(f"Believe {source} as it was read last, with all that is not there any more?", yes)
    if done:
        believe(settings, source, who)
    if json:
        as_json({"source": source, "approved": done})
    else:
        say(f"{source} is believed: now run `instep sync`." if done else "Nothing was done.")
    return 0


def _show(found: Held) -> None:
    groups = Counter((hold.kind, hold.target) for hold in found.same)
    if groups:
        counts = [(kind, target, many) for (kind, target), many in sorted(groups.items())]
        show(table(("kind", "target", "held as it is wanted now#"), counts))
        show(table(("account", "subject", "target", "what", "since"), _rows(found.same)))
        _more(len(found.same))
    if found.moved:
        rows = [(h.account_id, h.subject, h.target, f"{h.says} -> {now.says}") for h, now in found.moved[:SHOWN]]
        show(table(("account", "subject", "target", "moved since it was held"), rows))
        _more(len(found.moved))
    if found.gone:
        say(f"{counted(len(found.gone), 'held step', 'is', 'are')} wanted no more.")
    if found.approved:
        say(f"{counted(len(found.approved), 'approved step', 'waits', 'wait')} for the next sync.")


def _rows(holds: Iterable[Hold]) -> list[tuple[str, ...]]:
    return [(h.account_id, h.subject, h.target, h.says, moment(h.since)) for h in list(holds)[:SHOWN]]


def _more(many: int) -> None:
    if many > SHOWN:
        say(f"... and {many - SHOWN} more (all of them with --json)")


def _ended(found: Held, json: bool, sentence: str, done: bool, changed: Sequence[Hold] = ()) -> int:
    if json:
        as_json(
            {
                "approved": done,
                "same": [_line(hold) for hold in found.same],
                "moved": [_line(now) for _, now in found.moved],
                "changed": [_line(hold) for hold in changed],
                "gone": [_line(hold) for hold in found.gone],
                "waiting": [_line(hold) for hold in found.approved],
            }
        )
    else:
        say(sentence)
    return 0


def _line(hold: Hold) -> dict[str, Any]:
    return {
        "kind": hold.kind, "account": hold.account_id, "subject": hold.subject, "target": hold.target,
        "what": hold.says, "since": hold.since, "approved_by": hold.approved_by or None,
    }  # fmt: skip
