"""Setting an installation up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from instep import offering
from instep.options import Json, Yes
from instep.screen import as_json, complain, confirm, console, moment, say

EXAMPLE = Path(__file__).parent.parent / "instep.toml"
CHOICE = 'access_without_subscription = "full"'


def init(
    *,
    on: Annotated[bool, Parameter(negative=(), help="Switch every target on (refused with a live key).")] = False,
    product: Annotated[
        bool, Parameter(negative=(), help="The product's database only: views proposed and made, and the two tables.")
    ] = False,
    take_over: Annotated[
        bool, Parameter(negative=(), help="Keep this Intercom workspace instead of an installation that is gone.")
    ] = False,
    column: Annotated[
        list[str] | None,
        Parameter(name="--column", negative=(), help="user_id=users.uuid: with --product, take this column instead."),
    ] = None,
    access: Annotated[
        Literal["full", "none"] | None,
        Parameter(help="Write an example instep.toml where there is none: access without a subscription."),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Set up the state, the two tables in the product's database and this installation's identity."""
    from flows.house import init as set_up
    from flows.settings import Misuse, load_settings

    settings = load_settings()
    if product:
        return offering.product(settings, column or [], yes, json)
    if column:
        raise Misuse("--column goes with --product.")
    refused = on and settings.live
    if not refused:
        _write_example(settings.instep_config, access)
    question = "Set up with a live Stripe key? Two tables are made; nothing is sent."
    if settings.live and not refused and not confirm(question, yes):
        say("Nothing was done.")
        return 0
    house, fresh = set_up(settings, on=on, taking_over=take_over)
    if json:
        as_json({"new": fresh, "installation_id": house.installation_id, "born_at": house.born_at,
                 "stripe_account": house.stripe_account, "livemode": house.livemode,
                 "intercom_workspace": house.intercom_workspace, "modes": dict(house.modes)})  # fmt: skip
        return 0
    say(f"{'Set up' if fresh else 'Was set up already; brought up to date'}: installation {house.installation_id}.")
    say(f"Stripe {house.stripe_account}, Intercom {house.intercom_workspace}; born {moment(house.born_at)}.")
    if off := [name for name, mode in house.modes.items() if mode == "off"]:
        complain(
            f"The product's database cannot be written, so {' and '.join(off)} are off. `instep status --account ID` "
            "shows what an account may do; once Instep may write there, run `instep init` again."
        )
    say(
        "Every target watches: nothing is sent. See what would be: `instep plan`."
        if "on" not in house.modes.values()
        else "Targets are on. What a sync would send: `instep plan`; send it: `instep sync`."
    )
    return 0


def _write_example(path: Path, access: str | None) -> None:
    if not path.exists():
        path.write_text(example(path, access), "utf-8")
        complain(f"{path} was written: name your plans in it.")


def example(path: Path, access: str | None) -> str:
    """An example configuration for ``path``; the one policy without a default is asked for. Raises Misuse."""
    if access is None and sys.stdin.isatty():
        console().print(f"{path} does not exist; an example is written.", markup=False)
        answer = console().input("What may an account without any subscription do, full or none? ")
        access = answer.strip().casefold()
    if access not in ("full", "none"):
        from flows.settings import Misuse, no_config

        raise Misuse(no_config(path))
    return EXAMPLE.read_text("utf-8").replace(CHOICE, CHOICE.replace("full", access))
