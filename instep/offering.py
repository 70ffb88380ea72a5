"""`init --product`: the views that Instep would read, shown with reasons and figures, and made on a person's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instep.screen import as_json, confirm, say, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.proposing import Measure, Offer, View
    from flows.settings import Settings

NEEDS_A_PERSON = 3
STYLES = {"sure": "green", "likely": "", "guess": "yellow", "warning": "yellow", "problem": "red"}


def product(settings: Settings, columns: Sequence[str], yes: bool, json: bool) -> int:
    """Propose, ask, make; where the database is not ours to write, print what somebody else has to run."""
    from flows.proposing import make, offer

    found = offer(settings, columns)
    # Where the view is there already, only the two tables are made, which nobody reads but us.
    agreed = found.writable and (yes or not found.views)
    waits = NEEDS_A_PERSON if found.sql and not found.writable else 0
    if json:
        as_json(found.as_data() | {"made": make(found) if agreed else []})
        return waits
    _show(found)
    if not found.writable:
        _hand_over(found)
        return waits
    if not agreed and not confirm("Make these views and the tables instep_requests and instep_access?", yes):
        say("Nothing was made. Another column: --column user_id=users.uuid; or make the views yourself.")
        return 0
    made = make(found)
    say(f"In the product's database: {', '.join(made)}. Next: `instep init`, then `instep check`.")
    return 0


def _show(found: Offer) -> None:
    from rich.text import Text

    for name in found.there:
        say(f"{name} is there already: {_counts(name, found.measures[name])}.")
    for view in found.views:
        say()
        say(f"{view.name}: {_counts(view.name, found.measures[view.name])}", "bold")
        show(_columns(view, found.measures[view.name]))
    for view in found.views:
        say(next(sql for sql in found.sql if sql.startswith(f"CREATE VIEW {view.name} ")) + ";", "dim")
        say()
    for note in found.proposal.notes if found.proposal else ():
        say(f"Note: {note}.")
    for level, text in found.doubts:
        show(Text.assemble((f"{level.capitalize()}: ", STYLES[level]), f"{text}."))
    for sql in found.advice:
        say(f"  worth running: {sql};")


def _columns(view: View, measure: Measure) -> object:
    from rich.text import Text

    lines = table(("column", "from", "rows without#", "why", "", "could be"), ())
    for pick in view.picks:
        source = f"{pick.source} {pick.other}" if pick.how == "joined" else str(pick.source)
        without = measure.nulls.get(pick.name, 0)
        lines.add_row(
            pick.name, source, f"{without:,}" if without else "", Text(pick.why),
            Text(pick.confidence, STYLES[pick.confidence]), Text(", ".join(map(str, pick.instead))),
        )  # fmt: skip
    return lines


def _counts(name: str, measure: Measure) -> str:
    if name == "instep_accounts":
        return f"{measure.keys:,} accounts"
    return f"{measure.rows:,} rows, {measure.keys:,} people in {measure.accounts:,} accounts"


def _hand_over(found: Offer) -> None:
    """What a database administrator has to run, and how Instep does without."""
    if not found.sql:
        say("The product's database is read-only here; nothing is missing in it.")
        return
    say("The product's database is read-only for this user. Have this run there:")
    say()
    for sql in (*found.sql, *found.advice):
        say(f"{sql};")
        say()
    say("Its user then needs INSERT and UPDATE on instep_access, SELECT and UPDATE on instep_requests.")
    say("Without the views nothing can be read. Without instep_access the product cannot see what Instep grants.")
    say("Without instep_requests the product cannot ask for trials or charges.")
