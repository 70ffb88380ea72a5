"""Asking for something the way the product would: a row in instep_requests, answered by the next sync."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json, Yes
from instep.screen import as_json, confirm, say


def trial(
    account: Annotated[str, Parameter(help="The account_id that the product uses.")],
    /,
    *,
    plan: Annotated[str, Parameter(help="A plan of instep.toml; may be left out when there is one.")] = "",
    days: Annotated[int | None, Parameter(help="Length of the trial; else that of the plan.")] = None,
    user: Annotated[str, Parameter(help="The user_id who asks.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for a trial for one account."""
    from flows.requesting import prepare_trial
    from flows.settings import load_settings

    settings = load_settings()
    asked = prepare_trial(settings, account, plan, days, user)
    if settings.live and not confirm(f"Ask for a trial of {asked.plan} for {account} with a live Stripe key?", yes):
        say("Nothing was done.")
        return 0
    asked.insert()
    if json:
        as_json({"request_id": asked.request_id, "account": account, "plan": asked.plan, "days": asked.days})
    else:
        length = counted(asked.days, "day") if asked.days else "the plan's length"
        say(f"Request {asked.request_id}: a trial of {asked.plan} for {account}, {length}. Now run `instep sync`.")
    return 0
