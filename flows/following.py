"""What follows an occurrence here, for whoever sets up or looks at a receiver."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flows.hooks import secrets_of
from flows.house import open_store
from flows.settings import Failed, Settings, load_config
from mappings.after import hook
from mappings.config import After
from mappings.model import Mode


@dataclass(frozen=True, slots=True)
class Followed:
    """``calls``: a URL's host only, since some addresses are secrets. ``since``: nothing earlier is told, unix seconds.
    ``secrets``: what its receiver verifies with, newest first; empty for a deployment, and unless they were asked for.
    """

    occurrence: str
    calls: str
    mode: Mode
    since: int
    secrets: tuple[str, ...] = ()


def followed(settings: Settings, secrets: bool = False) -> list[Followed]:
    """In the order of instep.toml. Raises Misuse or Failed."""
    config = load_config(settings.instep_config)
    house = open_store(settings).house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    now = settings.clock()()
    found = []
    for name, after in config.after.items():
        mode = house.modes.get(hook(name), "watch")
        since = house.joined.get(hook(name), house.born_at if hook(name) in house.modes else now)
        keys = secrets_of(after.url, settings.instep_secrets) if secrets and after.url else []
        shown = tuple(key.get_secret_value() for key in keys)
        found.append(Followed(name, calls(after), mode, since, shown))
    return found


def calls(after: After) -> str:
    """Who is called, as it may be shown."""
    if after.deployment:
        return f"deployment {after.deployment}"
    found = urlsplit(after.url)
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}"
