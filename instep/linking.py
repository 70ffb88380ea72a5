"""Billing links from the command line."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json, Yes
from instep.screen import as_json, confirm, say


def revoke(
    *,
    account: Annotated[str, Parameter(help="All people of this account.")] = "",
    user: Annotated[str, Parameter(help="This person, in all accounts.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Make billing links useless at once; the next sync puts new ones in their place."""
    from flows.revoking import revocable
    from flows.revoking import revoke as end
    from flows.settings import load_settings

    settings = load_settings()
    whose = f"user {user}" if user else f"account {account}"
    revocable(settings, account, user)
    if not confirm(f"Make every billing link of {whose} useless?", yes):
        say("Nothing was done.")
        return 0
    accounts = end(settings, account, user)
    if json:
        as_json({"revoked": user or account, "accounts": accounts})
    else:
        some = counted(len(accounts), "account")
        say(f"No billing link of {whose} opens any more. The next sync gives {some} new ones.")
    return 0
