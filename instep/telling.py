"""A journal in few words: what was sent to which target, and the lines that say most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from flows.wording import counted
from mappings.model import subject_id

if TYPE_CHECKING:
    from rich.text import Text

    from flows.standing import Entry

# Where a change of an account's life shows first.
TELLING = ("product.access", "instances", "intercom.contacts", "intercom.events")
LINES = 3
# The values that tell more than the names of their fields.
GROUPS = {"companies": "company"}
# How many kinds of change, and of field names, a line shows.
KINDS, FIELDS = 6, 2
SHOWN = {"desired": "{}", "answer": "{}", "stage": "{}", "access": "access {}"}


def by_target(sent: Sequence[Entry], targets: Sequence[str]) -> list[tuple[str, int, Text]]:
    """(target, how many, what), in the order of ``targets``."""
    from rich.text import Text

    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in sent:
        entries[entry.target].append(entry)
    return [(name, len(entries[name]), Text(", ").join(_kinds(entries[name]))) for name in targets if name in entries]


def _kinds(entries: Sequence[Entry]) -> Iterator[Text]:
    """``20 new``; all updates together, with the fields that moved most often."""
    from rich.text import Text

    kinds = Counter("" if _is_update(entry) else what(entry) for entry in entries)
    fields = Counter(field for entry in entries if _is_update(entry) for field in _moved(entry))
    for kind, count in kinds.most_common(KINDS):
        yield Text.assemble(f"{count} ", coloured(kind or _updated([name for name, _ in fields.most_common()])))
    if len(kinds) > KINDS:
        yield Text(counted(len(kinds) - KINDS, "other kind"))


def coloured(text: str) -> Text:
    """Green for what is added, red for what is taken away, a colour of its own for a state."""
    from rich.text import Text

    style = "green" if text.startswith(("+", "new")) else "red" if text.startswith("-") else ""
    return Text(text, style or ("" if text.startswith("updated") else "cyan"))


def what(entry: Entry) -> str:
    """What one line of the journal did, in a word or two."""
    after = entry.after
    if entry.operation == "send":
        return str(after.get("event", "event"))
    if entry.operation in ("add", "remove"):
        group, member = next(iter(after.items()))
        return f"{'+' if entry.operation == 'add' else '-'}{member if group == 'tags' else GROUPS.get(group, group)}"
    if entry.target.endswith(".erasures"):
        return "erased" if entry.operation == "create" else "proved"
    if entry.operation == "create" and entry.target.startswith(("stripe", "intercom")):
        return "new"
    shown = [text.format(after[field]) for field, text in SHOWN.items() if after.get(field)]
    if shown:
        return " with ".join(shown)
    return _updated(_moved(entry))


def _is_update(entry: Entry) -> bool:
    return what(entry).startswith("updated")


def _moved(entry: Entry) -> list[str]:
    return [name.rpartition(".")[2] for name, value in entry.after.items() if entry.before.get(name) != value]


def _updated(fields: Sequence[str]) -> str:
    more = f" and {len(fields) - FIELDS} more" if len(fields) > FIELDS else ""
    return f"updated {', '.join(fields[:FIELDS])}{more}"


def telling(sent: Sequence[Entry]) -> list[Text]:
    """The rarest changes first, each with whom it concerned and why."""
    target = next((name for name in TELLING if any(entry.target == name for entry in sent)), "")
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in sent:
        if entry.target == target:
            groups[what(entry), entry.reason].append(subject_id(entry.subject).partition("#")[0])
    return _rarest(groups)


def not_done(sent: Sequence[Entry]) -> list[Text]:
    """What was asked for and not done, and why."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in sent:
        answer = str(entry.after.get("answer") or "")
        if entry.target == "product.requests" and answer not in ("", "accepted"):
            groups[answer, str(entry.after.get("reason") or "")].append(f"request {subject_id(entry.subject)}")
    return _rarest(groups)


def _rarest(groups: Mapping[tuple[str, str], Sequence[str]]) -> list[Text]:
    from rich.text import Text

    rarest = sorted(groups.items(), key=lambda group: len(group[1]))[:LINES]
    return [
        Text.assemble((whom(ids), "bold"), "  ", coloured(change), (f"  because {why}", "dim"))
        for (change, why), ids in rarest
    ]


def whom(ids: Sequence[str]) -> str:
    """``team_03 and 4 more``."""
    known = sorted(set(ids))
    return known[0] if len(known) == 1 else f"{known[0]} and {len(known) - 1} more"
