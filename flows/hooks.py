"""The team's own hooks, ``[after]`` in instep.toml: who is called, under which secrets, and since when."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import replace
from hashlib import sha256

from pydantic import SecretStr

from connectors.gate import Gate
from connectors.hooks import Hook
from connectors.prefect import DeploymentRuns
from flows.prefect_api import prefect_api
from flows.pseudonyms import listed
from flows.settings import WHERE, Misuse
from mappings.after import hook
from mappings.config import After
from mappings.model import Mode
from state.store import House

PREFIX = hook("")


class Hooks:
    """One target, with a gate of its own, for each occurrence that something follows: none waits for another."""

    def __init__(self, secrets: SecretStr) -> None:
        self._secrets = secrets
        self._targets: dict[str, Hook | DeploymentRuns] = {}

    @property
    def gates(self) -> list[Gate]:
        return [target.gate for target in self._targets.values()]

    def target(self, name: str, after: After) -> Hook | DeploymentRuns:
        """Raises Misuse for what cannot be called with these settings."""
        if name not in self._targets:
            self._targets[name] = self._made(hook(name), after)
        return self._targets[name]

    def _made(self, target: str, after: After) -> Hook | DeploymentRuns:
        if after.deployment:
            return DeploymentRuns(target, prefect_api(target, after.deployment))
        return Hook(target, after.url, secrets_of(after.url, self._secrets))


def secrets_of(url: str, secrets: SecretStr) -> list[SecretStr]:
    """What the receiver behind ``url`` verifies with: one for each of INSTEP_SECRETS, newest first. Whoever holds one
    can neither sign for another URL nor find out what it was made from. Raises Misuse without INSTEP_SECRETS."""
    given = listed(secrets.get_secret_value())
    keys = [hmac.digest(secret.encode(), f"after:{url}".encode(), sha256) for secret in given]
    if not keys:
        raise Misuse(f"What [after] sends is signed under INSTEP_SECRETS, which is not set. {WHERE}.")
    return [SecretStr(f"whsec_{b64encode(key).decode()}") for key in keys]


def joined(house: House, targets: Iterable[str], now: int) -> dict[str, int]:
    """Hook -> when it was first configured, for those that came after ``instep init``: they tell of nothing earlier."""
    late = [t for t in targets if t.startswith(PREFIX) and (t in house.joined or t not in house.modes)]
    return {target: house.joined.get(target, now) for target in late}


def housed(house: House, targets: Collection[str], now: int) -> House:
    """``house`` with exactly the hooks among ``targets``: new ones watch, and one that comes back begins anew."""
    new: dict[str, Mode] = {t: "watch" for t in targets if t.startswith(PREFIX)}
    kept = {t: mode for t, mode in house.modes.items() if t in targets or not t.startswith(PREFIX)}
    return replace(house, modes={**new, **kept}, joined=joined(house, targets, now))
