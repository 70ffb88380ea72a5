"""A journal in few words: what was sent to which target, and the lines that say most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mappings.model import subject_id

if TYPE_CHECKING:
    from rich.text import Text

    from flows.standing import Entry

# Where a change of an account's life shows first.
TELLING = ("product.access", "instances", "intercom.contacts", "intercom.events")
LINES = 3
# The values that tell more than the names of their fields.
SHOWN = {"desired": "{}", "answer": "{}", "stage": "{}", "access": "access {}"}


def by_target(sent: Sequence[Entry]) -> list[tuple[str, int, str]]:
    """(target, how many, what), in the order in which targets were first written."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in sent:
        counts[entry.target][what(entry)] += 1
    return [
        (target, found.total(), ", ".join(f"{count} {text}" for text, count in found.most_common()))
        for target, found in counts.items()
    ]


def what(entry: Entry) -> str:
    """What one line of the journal did, in a word or two."""
    after = entry.after
    if entry.operation == "send":
        return str(after.get("event", "event"))
    if entry.operation in ("add", "remove"):
        group, member = next(iter(after.items()))
        return f"{'+' if entry.operation == 'add' else '-'} {member if group == 'tags' else group}"
    if entry.operation == "create" and entry.target.startswith(("stripe", "intercom")):
        return "new"
    shown = [text.format(after[field]) for field, text in SHOWN.items() if after.get(field)]
    if shown:
        return " with ".join(shown)
    moved = [name.rpartition(".")[2] for name, value in after.items() if entry.before.get(name) != value]
    return f"updated {moved[0]}" if len(moved) == 1 else "updated"


def telling(sent: Sequence[Entry]) -> list[Text]:
    """The rarest changes first, each with whom it concerned and why."""
    from rich.text import Text

    target = next((name for name in TELLING if any(entry.target == name for entry in sent)), "")
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in sent:
        if entry.target == target:
            groups[what(entry), entry.reason].append(subject_id(entry.subject).partition("#")[0])
    rarest = sorted(groups.items(), key=lambda group: len(group[1]))[:LINES]
    return [
        Text.assemble((whom(ids), "bold"), f"  {change}", (f"  because {why}", "dim")) for (change, why), ids in rarest
    ]


def whom(ids: Sequence[str]) -> str:
    """``team_03 and 4 more``."""
    known = sorted(set(ids))
    return known[0] if len(known) == 1 else f"{known[0]} and {len(known) - 1} more"
