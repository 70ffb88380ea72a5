"""The plans of instep.toml as Stripe's prices suggest them, and the file with them in it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from connectors.stripe import StripeBilling
from flows.asking import ask
from flows.house import connect
from flows.settings import Failed, Misuse, Settings
from mappings.drafting import Draft as Draft
from mappings.drafting import drafts
from mappings.drafting import toml as toml
from mappings.stripe import REQUEST_KEY


def drafted(settings: Settings) -> list[Draft]:
    """Raises Failed where Stripe cannot be asked or sells nothing by subscription."""
    w = connect(settings)
    found = drafts(ask("Stripe", StripeBilling(w.stripe, settings.clock()).prices))
    if not found:
        raise Failed("Stripe has no active recurring price: make one there first.")
    return found


def others_start_trials(settings: Settings) -> bool:
    """Whether trials run in Stripe that no request of ours started. Raises Failed."""
    billing = StripeBilling(connect(settings).stripe, settings.clock())
    return any(REQUEST_KEY not in (sub.get("metadata") or {}) for sub in ask("Stripe", billing.trialing))


def observing(text: str) -> str:
    """The example configuration, with trials that others start."""
    return text.replace('mode = "stripe" ', 'mode = "observe"', 1)


def writable(path: Path) -> str | None:
    """The text of a configuration that has no plans yet; None where there is no file. Raises Misuse."""
    try:
        text = path.read_text("utf-8")
        held: dict[str, Any] = tomllib.loads(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Misuse(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} is not valid TOML: {error}.") from None
    if held.get("plans"):
        raise Misuse(f"{path} has plans already: leave --write out and take over what you want by hand.")
    return text


def with_plans(text: str, found: list[Draft]) -> str:
    """A configuration with these plans instead of those it has."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.startswith("[plans.")
        if not inside:
            lines.append(line)
    first = next((at for at, line in enumerate(lines) if line.startswith("[")), len(lines))
    head = [*lines[:first]]
    while head and not head[-1]:
        head.pop()
    return "\n".join([*head, "", toml(found), *lines[first:]]).lstrip("\n").rstrip("\n") + "\n"
