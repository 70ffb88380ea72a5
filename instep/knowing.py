"""Knowing how things stand: status and todo. Asks the state only, so it answers while a vendor is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instep.options import Json
from instep.screen import as_json, moment, say, show, table

if TYPE_CHECKING:
    from flows.standing import Standing


def status(*, json: Json = False) -> int:
    """Show whose installation this is, how far sources are read, what waits, and the last runs."""
    from flows.settings import load_settings
    from flows.standing import standing

    found = standing(load_settings())
    if json:
        as_json(found.as_data())
    else:
        _show(found)
    return 0


def _show(found: Standing) -> None:
    house, backlog = found.house, found.backlog
    say(f"Installation {house.installation_id}, born {moment(house.born_at)}.")
    kind = "live" if house.livemode else "test"
    say(f"Stripe {house.stripe_account} ({kind}); Intercom {house.intercom_workspace} ({house.intercom_region}).")
    show(
        table(("target", "mode"), house.modes.items()),
        table(("source", "last read whole"), [(name, moment(at)) for name, at in found.sources.items()]),
        table(("stage", "accounts#"), found.stages.items()),
        table(
            ("run", "purpose", "started", "writes#", "ended"),
            [
                (r["run"], r["purpose"], moment(r["started_at"]), (r["counts"] or {}).get("writes", 0), r["ended_by"])
                for r in found.runs
            ],
        ),
    )
    waiting = "".join(f"; {count} wait for {system}" for system, count in backlog.waiting.items())
    say(f"{backlog.due} accounts due, {backlog.hints} hints unread, {backlog.leased} being worked on{waiting}.")
    say(f"Next due: {moment(backlog.next_at)}.")
    say(
        f"Something needs a person ({len(found.todo)}): see `instep todo`." if found.todo else "Nothing needs a person."
    )


def todo(*, json: Json = False) -> int:
    """List what needs a person, each with its reason and a proposal."""
    from flows.settings import load_settings
    from flows.standing import standing

    lines = standing(load_settings()).todo
    if json:
        as_json(
            [
                {"id": t.id, "kind": t.kind, "subject": t.subject, "target": t.target, "reason": t.reason,
                 "proposal": t.proposal, "since": t.since}
                for t in lines
            ]
        )  # fmt: skip
    elif lines:
        rows = [(t.id, t.kind, t.subject, t.target or "-", t.reason, t.proposal or "-", moment(t.since)) for t in lines]
        show(table(("#", "kind", "subject", "target", "reason", "proposal", "since"), rows))
    else:
        say("Nothing needs a person.")
    return 0
