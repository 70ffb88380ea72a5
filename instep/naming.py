"""What Instep uses in Intercom: a table for people, a page for a wiki (docs/tags.md), JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from instep.options import Json
from instep.screen import as_json, say, show, table

if TYPE_CHECKING:
    from mappings.naming import Entry

SECTIONS: Mapping[str, str] = {
    "tag": "Tags of contacts",
    "contact": "Attributes of contacts",
    "company": "Attributes of companies",
    "event": "Events of contacts",
}
WHO = {"billing": "billing people", "everyone": "everyone", "none": "nobody", "": "the company"}
PAGE = """# Tags, attributes and events

What Instep uses in Intercom, as `instep.toml` of this repository names it. `instep tags` prints the same for your own
`instep.toml`; `instep tags --markdown` printed this page (`make docs`).

Attributes say how things are, events what happened. Dates are sent, never counters: filter on relative dates.
Billing people are those whose role is owner or billing; everybody else has what is for everyone. `[audience]` widens
or silences a name. Companies exist where accounts are teams. Tags of plans and the product's traits come from
`instep.toml`.

Names marked with * are fields of Intercom's own; all others can be changed in `[names]`. Instep makes tags and
attributes when targets are switched on, attributes with what they say here as their description. Nothing else is ever
written. The contact of an erased person is removed.
"""


def tags(
    *,
    markdown: Annotated[bool, Parameter(negative=(), help="Print a page for your wiki.")] = False,
    json: Json = False,
) -> int:
    """List every tag, attribute and event that Instep uses in Intercom: type, who gets it, when it comes and goes."""
    from flows.naming import glossary

    found = glossary()
    if json:
        as_json([asdict(entry) for entry in found])
    elif markdown:
        say(_page(found))
    else:
        for kind, title in SECTIONS.items():
            head, *rows = _rows(kind, found)
            show(table(head, rows, title))
    return 0


def _page(found: Iterable[Entry]) -> str:
    parts = [PAGE]
    for kind, title in SECTIONS.items():
        head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in _rows(kind, found))
        lines = [head, ["---"] * len(head), *([f"`{name}`", *rest] for name, *rest in rows)]
        parts.append(f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts).rstrip("\n")


def _rows(kind: str, found: Iterable[Entry]) -> Iterable[list[str]]:
    """The head, then a line each."""
    columns = {
        "tag": ["tag", "is a", "who", "says", "comes", "goes"],
        "event": ["event", "who", "says", "dated with", "metadata"],
    }
    yield columns.get(kind, ["attribute", "type", "who", "says", "comes", "goes"])
    for entry in found:
        if entry.kind == kind:
            yield _row(entry)


def _row(entry: Entry) -> list[str]:
    name, who = entry.name + "*" * entry.standard, WHO[entry.audience]
    if entry.kind == "event":
        return [name, who, entry.says, entry.comes, ", ".join(entry.details)]
    return [name, entry.type, who, entry.says, entry.comes, entry.goes]
