"""The sandbox as a command: simulated vendors, an example product, and the environment to try things with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from instep import example
from instep.options import Json
from instep.screen import as_json, program, say
from instep.vendors import Vendors

FOLDER = Path(".instep/sandbox")
SECRET = "of-the-sandbox"  # noqa: S105
TEAMS = 6
LIVED_IN = "lived-in"


def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen on 127.0.0.1; 0 picks a free one.")] = 8400,
    accounts: Annotated[int, Parameter(help="How many Stripe customers to start with, each with its account.")] = 0,
    now: Annotated[str, Parameter(help="Hold the clock at this ISO instant.")] = "",
    seed: Annotated[
        str, Parameter(help="A number for the ids it makes; lived-in (or lived-in:NUMBER) is a company with a history.")
    ] = "1",
    size: Annotated[float, Parameter(help="Of that company: 1 is 3,000 customers and 9,000 contacts.")] = 1.0,
    flaw: Annotated[
        Literal["email-ids", "old-uuids", "twice"] | None, Parameter(help="What is wrong with that company.")
    ] = None,
    product: Annotated[
        str, Parameter(help="That company's database: an empty PostgreSQL one instead of SQLite in the folder.")
    ] = "",
    folder: Annotated[
        Path | None,
        Parameter(help="For the example product and the state, made anew at each start; .instep/sandbox/PORT."),
    ] = None,
    json: Json = False,
) -> int:
    """Run simulated Stripe, Intercom and provisioner with an example product, until Ctrl-C."""
    from flows.settings import Misuse

    lived_in, number = _seed(seed)
    if accounts if lived_in else flaw or product or size != 1:
        raise Misuse("--size, --flaw and --product go with --seed lived-in, --accounts without it.")
    arguments = ["--port", str(port), "--accounts", str(accounts), "--seed", number]
    with Vendors(*arguments, *(["--now", now] if now else [])) as vendors:
        # Only once it listens: another sandbox may be running over the same folder.
        listens_at = vendors.url.rpartition(":")[2]
        folder = _fresh(folder or FOLDER / listens_at)
        company: dict[str, int] = {}
        if lived_in:
            product = product or f"sqlite:///{folder / 'company.db'}"
            asked = {"product_url": product, "seed": int(number), "size": size, "flaw": flaw or ""}
            company = vendors.control("POST", "/company", asked)
            environment = {"INSTEP_CONFIG": str(folder / "instep.toml")}
        else:
            product, environment = _example(vendors, folder, accounts)
        environment = vendors.environment(product, f"sqlite:///{folder / 'state.db'}") | environment
        environment |= {"INSTEP_SECRETS": SECRET}
        environment |= {"INSTEP_NOW": now} if now else {}
        if json:
            as_json({"url": vendors.url, "environment": environment, "company": company})
        else:
            _tell(vendors, environment, company)
        try:
            return vendors.wait()
        except KeyboardInterrupt:
            return 0


def _seed(text: str) -> tuple[bool, str]:
    """Whether it is a company with a history, and the number that everything is drawn from."""
    from flows.settings import Misuse

    company, _, number = text.rpartition(":") if ":" in text else (text, "", "1")
    if text.isdecimal():
        return False, text
    if company != LIVED_IN or not number.isdecimal():
        raise Misuse(f"--seed {text} is neither a number nor {LIVED_IN} or {LIVED_IN}:NUMBER.")
    return True, number


def _fresh(folder: Path) -> Path:
    """The sandbox forgets everything when it ends, so what belongs to it starts anew as well."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("state.db*"):
        old.unlink()
    return folder.resolve()


def _example(vendors: Vendors, folder: Path, accounts: int) -> tuple[str, dict[str, str]]:
    """The example product's URL, and where its configuration is if not here."""
    from instep.starting import EXAMPLE

    start = vendors.control("GET", "/state")["now"]
    product = example.make(folder / "product.db", example.teams(TEAMS) + example.customers(accounts), start)
    if Path("instep.toml").exists():
        return product, {}
    config = folder / "instep.toml"
    config.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    return product, {"INSTEP_CONFIG": str(config)}


def _tell(vendors: Vendors, environment: dict[str, str], company: dict[str, int]) -> None:
    say(f"The sandbox is at {vendors.url}; it forgets everything when it ends. Leave it running.")
    if company:
        say(f"It holds a company with {', '.join(f'{count:,} {what}' for what, count in company.items())}.")
    say("In another terminal, in this directory:")
    say()
    for name, value in environment.items():
        say(f"  export {name}={value}")
    say()
    told = _first_day() if company else _first_steps()
    width = max(map(len, told))
    for words, what in told.items():
        say(f"  {program()} {words.ljust(width)}   {what}")
    if "INSTEP_NOW" in environment:
        say()
        say("The clock stands still. To move it, export another INSTEP_NOW and:")
        say(f'  curl {vendors.url}/_sandbox/clock -d \'{{"now": "2026-03-16T12:00:00+00:00"}}\'')
    if company:
        say()
        say(f"Who is who in truth, for comparison: curl {vendors.url}/_sandbox/truth.csv")
    say()
    say(f"Ctrl-C ends it. ({time.strftime('%H:%M:%S')})")


def _first_steps() -> dict[str, str]:
    account = example.teams(1)[0].id
    return {
        "init --on": "set up, with every target on",
        f"request trial {account} --plan pro": "ask for a trial, as the product would",
        "plan": "see what would be sent",
        "sync": "send it",
        "status": "see how things stand",
    }


def _first_day() -> dict[str, str]:
    """The first of the ten commands of docs/first-day.md."""
    return {
        "plans import --write --access full": "write the plans that Stripe sells into instep.toml",
        "init --product": "look at the product's tables; proposes views over them",
        "init": "set up, with every target watching",
        "check": "see what is missing, and what to do",
        "adopt": "see who is who, and what going live would change (docs/first-day.md)",
    }
