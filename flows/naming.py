"""What this installation's configuration makes of the glossary. Needs no key and asks nobody."""

from __future__ import annotations

from flows.settings import Configured, load_config
from mappings.naming import Entry, entries


def glossary() -> list[Entry]:
    """Every tag, attribute and event under the names of ``instep.toml``. Raises Misuse."""
    return entries(load_config(Configured().instep_config))
