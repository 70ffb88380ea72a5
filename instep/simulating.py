"""The sandbox as a command: simulated vendors, an example product, and the environment to try things with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from instep import example
from instep.options import Json
from instep.screen import as_json, program, say
from instep.vendors import Vendors

FOLDER = Path(".instep/sandbox")
TEAMS = 6


def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen on 127.0.0.1; 0 picks a free one.")] = 8400,
    accounts: Annotated[int, Parameter(help="How many Stripe customers to start with, each with its account.")] = 0,
    now: Annotated[str, Parameter(help="Hold the clock at this ISO instant.")] = "",
    seed: Annotated[int, Parameter(help="For the ids that the sandbox makes.")] = 1,
    folder: Annotated[
        Path | None,
        Parameter(help="For the example product and the state, made anew at each start; .instep/sandbox/PORT."),
    ] = None,
    json: Json = False,
) -> int:
    """Run simulated Stripe, Intercom and provisioner with an example product, until Ctrl-C."""
    arguments = ["--port", str(port), "--accounts", str(accounts), "--seed", str(seed)]
    with Vendors(*arguments, *(["--now", now] if now else [])) as vendors:
        # Only once it listens: another sandbox may be running over the same folder.
        start = vendors.control("GET", "/state")["now"]
        folder = folder or FOLDER / vendors.url.rpartition(":")[2]
        environment = _prepare(vendors, folder, accounts, start)
        environment |= {"INSTEP_NOW": now} if now else {}
        if json:
            as_json({"url": vendors.url, "environment": environment})
        else:
            _tell(vendors, environment)
        try:
            return vendors.wait()
        except KeyboardInterrupt:
            return 0


def _prepare(vendors: Vendors, folder: Path, accounts: int, start: int) -> dict[str, str]:
    """The sandbox forgets everything when it ends, so what belongs to it starts anew as well."""
    from instep.starting import EXAMPLE

    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    for old in folder.glob("state.db*"):
        old.unlink()
    product = example.make(folder / "product.db", example.teams(TEAMS) + example.customers(accounts), start)
    environment = vendors.environment(product, f"sqlite:///{folder / 'state.db'}")
    config = Path("instep.toml")
    if not config.exists():
        config = folder / "instep.toml"
        config.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
        environment["INSTEP_CONFIG"] = str(config)
    return environment


def _tell(vendors: Vendors, environment: dict[str, str]) -> None:
    account = example.teams(1)[0].id
    say(f"The sandbox is at {vendors.url}; it forgets everything when it ends. Leave it running.")
    say("In another terminal, in this directory:")
    say()
    for name, value in environment.items():
        say(f"  export {name}={value}")
    say()
    told = {
        "init --on": "set up, with every target on",
        f"request trial {account} --plan pro": "ask for a trial, as the product would",
        "plan": "see what would be sent",
        "sync": "send it",
        "status": "see how things stand",
    }
    width = max(map(len, told))
    for words, what in told.items():
        say(f"  {program()} {words.ljust(width)}   {what}")
    if "INSTEP_NOW" in environment:
        say()
        say("The clock stands still. To move it, export another INSTEP_NOW and:")
        say(f'  curl {vendors.url}/_sandbox/clock -d \'{{"now": "2026-03-16T12:00:00+00:00"}}\'')
    say()
    say(f"Ctrl-C ends it. ({time.strftime('%H:%M:%S')})")
