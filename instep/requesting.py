"""Asking for something the way the product would: a row in instep_requests, answered by the next sync."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from instep.options import Json, Yes, whole
from instep.screen import as_json, confirm, say

if TYPE_CHECKING:
    from flows.requesting import NewRequest
    from flows.settings import Settings

Account = Annotated[str, Parameter(help="The account_id that the product uses.")]
User = Annotated[str, Parameter(help="The user_id who asks.")]


def trial(
    account: Account,
    /,
    *,
    plan: Annotated[str, Parameter(help="A plan of instep.toml; may be left out when there is one.")] = "",
    days: Annotated[int | None, Parameter(converter=whole, help="Length of the trial; else that of the plan.")] = None,
    user: User = "",
    override: Annotated[
        str, Parameter(help="Why this account gets a trial though one was used: kept with the request, with your name.")
    ] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for a trial for one account."""
    from flows.requesting import prepare_trial

    length = f"{days} days" if days else "the plan's length"
    return _ask(
        lambda settings: prepare_trial(settings, account, plan, days, user, override),
        lambda row: f"a trial of {row['plan']} for {account}, {length}",
        yes,
        json,
    )


def extend(
    account: Account,
    days: Annotated[int, Parameter(converter=whole, help="How many days later the running trial shall end.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why: kept with the request, with your name.")],
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for the running trial of one account to end later."""
    from flows.requesting import prepare_extension

    return _ask(
        lambda settings: prepare_extension(settings, account, days, reason),
        lambda row: f"{days} more days of trial for {account}",
        yes,
        json,
    )


def cancel(
    account: Account,
    /,
    *,
    at_once: Annotated[bool, Parameter(negative=(), help="Now, not at the end of the period.")] = False,
    comment: Annotated[str, Parameter(help="Why they leave; kept at the subscription in Stripe.")] = "",
    user: User = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for the end of one account's subscription."""
    when = "at once" if at_once else "at the end of its period"
    days = 0 if at_once else None
    return _change(
        "cancel",
        account,
        f"to end the subscription of {account} {when}",
        user,
        yes,
        json,
        days=days,
        description=comment,
    )


def keep(account: Account, /, *, user: User = "", yes: Yes = False, json: Json = False) -> int:
    """Ask to take a scheduled cancellation back."""
    return _change("keep", account, f"to take the cancellation of {account} back", user, yes, json)


def reactivate(
    account: Account,
    /,
    *,
    plan: Annotated[str, Parameter(help="The plan of a new subscription; else the price of the ended one.")] = "",
    user: User = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for a cancelled, ended or paused subscription to run again. Its card is charged where a period begins."""
    return _change("reactivate", account, f"to run the subscription of {account} again", user, yes, json, plan=plan)


def charge(
    account: Account,
    amount: Annotated[int, Parameter(converter=whole, help="In the currency's smallest unit: 500 is 5.00 usd.")],
    currency: Annotated[str, Parameter(help="That of the subscription, like usd.")],
    /,
    *,
    description: Annotated[str, Parameter(help="The line on the invoice.")] = "",
    user: User = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask for an amount to be added to the next invoice of one account's subscription."""
    from flows.requesting import prepare_charge

    return _ask(
        lambda settings: prepare_charge(settings, account, user, amount, currency, description),
        lambda row: f"a charge of {row['amount_minor']} {row['currency']} in its smallest unit for {account}",
        yes,
        json,
    )


def _change(kind: str, account: str, words: str, user: str, yes: bool, json: bool, **given: str | int | None) -> int:
    from flows.requesting import prepare_change

    return _ask(
        lambda settings: prepare_change(settings, kind, account, user, **given),
        lambda row: words,
        yes,
        json,
    )


def _ask(
    prepare: Callable[[Settings], NewRequest], told: Callable[[dict[str, object]], str], yes: bool, json: bool
) -> int:
    """Insert what was prepared; with a live key only when agreed to."""
    from flows.settings import load_settings

    settings = load_settings()
    asked = prepare(settings)
    row = dict(asked.row)
    if settings.live and not confirm(f"With a live Stripe key, ask for {told(row)}?", yes):
        say("Nothing was done.")
        return 0
    asked.insert()
    if json:
        as_json({"request_id": row["request_id"], "account": row["account_id"], "kind": row["kind"],
                 "plan": row.get("plan"), "days": row.get("days")})  # fmt: skip
    else:
        say(f"Request {row['request_id']}: {told(row)}. Now run `instep sync`.")
    return 0
