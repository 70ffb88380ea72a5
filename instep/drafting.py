"""`plans import`: the plans of instep.toml, drafted from what Stripe sells."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from instep.options import Json
from instep.screen import as_json, complain
from instep.starting import example

if TYPE_CHECKING:
    from pathlib import Path

    from flows.drafting import Draft


def plans(
    *,
    write: Annotated[bool, Parameter(negative=(), help="Put them into instep.toml, where that has none yet.")] = False,
    access: Annotated[
        Literal["full", "none"] | None,
        Parameter(help="With --write where there is no instep.toml: access without a subscription."),
    ] = None,
    json: Json = False,
) -> int:
    """Print a [plans] table for instep.toml from Stripe's active recurring prices: one product, one plan."""
    from flows.drafting import drafted, observing, others_start_trials, toml, writable
    from flows.settings import load_settings

    settings = load_settings()
    path = settings.instep_config
    held = writable(path) if write else None
    text = example(path, access) if write and held is None else held
    found = drafted(settings)
    observe = text is not None and held is None and others_start_trials(settings)
    if text is not None:
        _write(path, observing(text) if observe else text, found)
    if json:
        as_json({"plans": [draft.key for draft in found], "toml": toml(found), "written": str(path) if write else None})
    else:
        sys.stdout.write(toml(found))
    if write:
        complain(f"{path} was written: look at its plans, then `instep check`.")
    if observe:
        complain("Trials run that others start: trials.mode in it is observe; write stripe for Instep to start them.")
    return 0


def _write(path: Path, text: str, found: list[Draft]) -> None:
    from flows.drafting import with_plans

    path.write_text(with_plans(text, found), "utf-8")
