"""Knowing how things stand. Asks the state only, so it answers while a vendor is down; only what one account may do
needs the prices that Stripe has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json
from instep.screen import as_json, moment, say, show, table

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.standing import Standing


def status(
    *, account: Annotated[str, Parameter(help="What this account may do, and why.")] = "", json: Json = False
) -> int:
    """Show whose installation this is, how far sources are read, what waits, and the last runs."""
    from flows.settings import load_settings
    from flows.standing import standing

    settings = load_settings()
    if account:
        return _account(settings, account, json)
    found = standing(settings)
    if json:
        as_json(found.as_data())
    else:
        _show(found)
    return 0


def _account(settings: Settings, account: str, json: bool) -> int:
    from flows.failures import opened
    from flows.requesting import must_be_known
    from flows.standing import account_standing
    from mappings.model import AccountId

    instep = opened(settings, "status")
    must_be_known(instep, [AccountId(account)])
    found = account_standing(instep, AccountId(account))
    if json:
        todo = [{"kind": item.kind, "subject": item.subject, "reason": item.reason} for item in found.todo]
        seen = {"should_be": dict(found.values), "left_to_product": found.left or None, "instep_access": found.written}
        as_json({"account_id": account} | seen | {"todo": todo, "theirs": list(found.theirs)})
        return 0
    written = found.written or {}
    rows = [(name, _shown(name, value), _shown(name, written.get(name))) for name, value in found.values.items()]
    if rows:
        show(table((account, "should be", "instep_access"), rows))
    if found.left:
        say(f"Its access {'stays as it is' if found.written else 'is left to the product'}: {found.left}.")
    elif found.written is None:
        say("There is no row in instep_access yet: until there is one, the product allows everything.")
    say(f"Next look: {moment(found.next_look_at)}.")
    for item in found.todo:
        say(f"{item.kind} {item.subject}: {item.reason}")
    for line in found.theirs:
        say(line)
    return 0


def _shown(name: str, value: object) -> str:
    return (
        moment(value) if name.endswith("_at") and isinstance(value, int) else "-" if value in (None, "") else str(value)
    )


def _show(found: Standing) -> None:
    house, backlog = found.house, found.backlog
    say(f"Installation {house.installation_id}, born {moment(house.born_at)}.")
    kind = "live" if house.livemode else "test"
    say(f"Stripe {house.stripe_account} ({kind}); Intercom {house.intercom_workspace} ({house.intercom_region}).")
    show(
        table(("target", "mode"), house.modes.items()),
        table(
            ("source", "last read whole", "events of a day#", "dealt with after"),
            [(name, moment(at), *_late(*found.lateness.get(name, (0, 0)))) for name, at in found.sources.items()],
        ),
        table(("stage", "accounts#"), found.stages.items()),
        table(
            ("run", "purpose", "started", "writes#", "ended"),
            [
                (r["run"], r["purpose"], moment(r["started_at"]), (r["counts"] or {}).get("writes", 0), r["ended_by"])
                for r in found.runs
            ],
        ),
    )
    waiting = "".join(
        f"; {counted(count, 'account', 'waits', 'wait')} for {system}" for system, count in backlog.waiting.items()
    )
    due, hints = counted(backlog.due, "account", "is", "are"), counted(backlog.hints, "hint")
    say(f"{due} due, {hints} unread, {counted(backlog.leased, 'account', 'is', 'are')} being worked on{waiting}.")
    if backlog.next_at is not None:
        say(f"Next due: {moment(backlog.next_at)}.")
    if found.rowless:
        some = counted(found.rowless, "account", "has", "have")
        say(f"{some} no row in instep_access: left to the product (`instep status --account ID` says by which rule).")
    many = counted(len(found.todo), "line", "needs", "need")
    say(f"{many} a person: see `instep todo`." if found.todo else nobody(found))


def nobody(found: Standing) -> str:
    """Nothing needs a person; but a run that failed is no reason to rest."""
    ended = next((str(run["ended_by"]) for run in found.runs if run["ended_by"]), "")
    if not ended.startswith("failed"):
        return "Nothing needs a person."
    why = ended.removeprefix("failed: ")
    return f"Nothing needs a person, but the last run failed: {why if why.endswith('.') else f'{why}.'}"


def _late(events: int, most: int) -> tuple[object, str]:
    """The slowest of a day's events, in minutes as people count them."""
    return (events, f"{-(-most // 60)} min at most") if events else ("-", "-")
