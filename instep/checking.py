"""`check`: everything that has to be right, a line each; and the page that says what that is (docs/checks.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from instep.options import Json
from instep.screen import as_json, say, show, table

if TYPE_CHECKING:
    from flows.checks.finding import Finding

STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}
PAGE = """# What `instep check` looks at

Each line is ok, a warning or a problem, says what is so and, unless it is ok, what to do. It ends with 1 where there is
a problem. It reads only: nothing is written anywhere. With a secret key and without billing links it is a dozen
requests, and one for each hundred running subscriptions, fifty at most; a restricted key takes one more for each right.
`instep check --markdown` printed this page (`make docs`).

{parts}

## What a restricted Stripe key needs

{rights}

The last two are for billing links; where Checkout Sessions may not be read, nobody is recognised by them, which this
check and each scan say. A refusal ends in `_read` or `_write`. Whether a key may write is seen only when something is
written: a run that meets a missing right names it.

## What an Intercom token needs

{scopes}

They are ticked for the app in Intercom's Developer Hub, under Authentication."""


def check(
    *,
    markdown: Annotated[bool, Parameter(negative=(), help="Print what is looked at, and look at nothing.")] = False,
    json: Json = False,
) -> int:
    """Check settings, databases, keys and their rights, plans, views, names and clocks; each line says what to do."""
    if markdown:
        say(_page())
        return 0
    findings = _findings()
    bad = any(finding.level == "problem" for finding in findings)
    if json:
        as_json([{"about": f.about, "level": f.level, "text": f.text} for f in findings])
        return int(bad)
    from rich.text import Text

    lines = table(("", "about", "what"), ())
    for finding in findings:
        lines.add_row(Text(finding.level, STYLES[finding.level]), finding.about, Text(finding.text))
    show(lines)
    return int(bad)


def _findings() -> list[Finding]:
    """Without settings nothing else can be looked at: then these are listed, all of them."""
    from flows.checking import check as look
    from flows.checks.finding import Finding
    from flows.settings import WrongSettings, load_settings

    try:
        return look(load_settings())
    except WrongSettings as error:
        return [Finding("settings", "problem", sentence) for sentence in error.sentences]


def _page() -> str:
    from flows.checking import PARTS
    from flows.checks.keys import RIGHTS, SCOPES

    rights = ([right.name, "write" if right.writes else "read", f"`rak_{right.key}`"] for right in RIGHTS)
    return PAGE.format(
        parts=_table(["line", "looks at"], *([about, looks] for about, looks in PARTS.items())),
        rights=_table(["permission", "to", "in Stripe's refusals"], *rights),
        scopes="\n".join(f"- {scope.name}" for scope in SCOPES),
    )


def _table(head: list[str], *rows: list[str]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
