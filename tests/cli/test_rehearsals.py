"""The rehearsals that ship: each lived through, and what became of every account, written down by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from instep.rehearsing import day, play
from instep.script import load
from instep.timeline import Entry

FOLDER = Path(__file__).parents[2] / "rehearsals"

# account | day | stage | access | instance | who carries which tags | events, in the order of time. A line where one
# of these changed; events that a rehearsal does not name here are left to the tests of what sends them.
EXPECTED = {
    "trial-converts": """
    acme |  0 | trialing | full | ready | plan:pro, sub:trialing | provisioned-instance, started-trial
    acme | 11 | trialing | full | ready | is:ending-soon, plan:pro, sub:trialing |
    acme | 14 | trialing | full | ready | plan:pro, sub:trialing |
    acme | 14 | active | full | ready | plan:pro, sub:active | converted-trial
    """,
    "trial-expires-and-returns": """
    acme   |  0 | trialing | full | ready | plan:pro, sub:trialing | provisioned-instance, started-trial
    silent |  0 | trialing | full | ready | plan:pro, sub:trialing | provisioned-instance, started-trial
    acme   |  4 | trialing | full | ready | is:ending-soon, plan:pro, sub:trialing |
    silent |  4 | trialing | full | ready | is:ending-soon, plan:pro, sub:trialing |
    acme   |  7 | trial_expired | read_only | suspended | sub:trial-expired | expired-trial
    silent |  7 | trial_expired | read_only | suspended | sub:trial-expired | expired-trial
    acme   | 14 | active | full | ready | plan:pro, sub:active | converted-trial
    silent | 21 | trial_expired | none | suspended | sub:trial-expired |
    """,
    "payment-fails-and-recovers": """
    acme |  0 | active | full | | plan:pro, sub:active | converted-trial
    acme | 31 | past_due | grace | | plan:pro, sub:past-due |
    acme | 38 | past_due | read_only | | plan:pro, sub:past-due |
    acme | 46 | active | full | | plan:pro, sub:active | recovered-payment
    """,
    "disputed-charge": """
    acme  |  0 | active | full | | plan:pro, sub:active | converted-trial
    other |  0 | active | full | | plan:pro, sub:active | converted-trial
    acme  |  5 | active | full | | is:disputed, plan:pro, sub:active |
    other |  5 | active | full | | is:disputed, plan:pro, sub:active |
    other |  9 | active | full | | plan:pro, sub:active | refunded-charge
    acme  | 20 | blocked | none | | sub:blocked |
    acme  | 31 | active | full | | plan:pro, sub:active |
    """,
    "cancel-and-come-back": """
    acme |  0 | active | full | | plan:pro, sub:active | converted-trial
    acme | 10 | active | full | | is:canceling, plan:pro, sub:active | scheduled-cancellation
    acme | 12 | active | full | | plan:pro, sub:active |
    acme | 40 | active | full | | is:canceling, plan:pro, sub:active | scheduled-cancellation
    acme | 61 | churned | none | | sub:churned | canceled-subscription
    acme | 75 | active | full | ready | plan:pro, sub:active | reactivated-subscription
    """,
    "team-roles-and-emails": """
    acme    | 0 | trialing | full | ready | ada, ben: plan:pro, sub:trialing; cleo: - | started-trial
    friends | 0 | active | full | | is:comped, sub:active |
    acme    | 3 | trialing | full | ready | ada, cleo: plan:pro, sub:trialing; ben: - |
    friends | 5 | blocked | none | | sub:blocked |
    """,
    "slow-instance": """
    acme |  0 | trial_requested | none | provisioning | plan:pro, sub:trial-requested | started-trial
    acme |  0 | trialing | full | provisioning | plan:pro, sub:trialing |
    acme |  0 | trialing | full | ready | plan:pro, sub:trialing | provisioned-instance
    acme | 11 | trialing | full | ready | is:ending-soon, plan:pro, sub:trialing |
    acme | 14 | trial_expired | read_only | suspended | sub:trial-expired | expired-trial
    """,
}


def expected(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def essential(lived: list[Entry], start: int, named: set[str]) -> list[list[str]]:
    """The entries in which an account's standing changed or a named event came, as written above."""
    found: list[list[str]] = []
    last: dict[str, list[str]] = {}
    for entry in lived:
        after, events = entry.after, ", ".join(name for name in entry.events if name in named)
        standing = [after.stage, after.access, after.instance, entry.tags]
        if standing != last.get(entry.account) or events:
            found.append([entry.account, str(day(entry.at, start, "UTC")), *standing, events])
        last[entry.account] = standing
    return found


def test_every_rehearsal_that_ships_has_its_timeline() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_timeline(name: str) -> None:
    script, lines = load(FOLDER / f"{name}.yaml"), expected(EXPECTED[name])
    named = {event for line in lines for event in line[-1].split(", ")}
    lived = list(play(script))
    assert essential(lived, script.starts_at, named) == lines
    if name == "team-roles-and-emails":
        check_addresses([entry for entry in lived if entry.account == "acme"])


def check_addresses(acme: list[Entry]) -> None:
    """The two that swapped on day 2, the new one of day 3, each with its own person."""
    first, swapped, moved = ({name: person.email for name, person in e.after.people.items()} for e in acme[:3])
    assert (swapped["ada"], swapped["ben"]) == (first["ben"], first["ada"])
    assert (moved["ada"], moved["ben"]) == (first["ben"], "ben.new@acme.example")
    assert acme[0].after.people["ada"].attributes["billing_role"] == "owner"
