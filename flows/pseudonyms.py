"""Keyed hashes of what names a person, for what is kept for ever: redemptions and the journal."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from mappings.model import fingerprint
from mappings.redemption import Key


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """``secrets``: the first one writes, all of them verify. Without any, every method raises IndexError."""

    secrets: tuple[str, ...] = ()

    def of(self, value: Any) -> str:
        """32 hex digits; equal values have equal hashes under the same secret."""
        return _hash(self.secrets[0], value)

    def redeeming(self, key: Key) -> Key:
        """What is stored of a used trial: (kind, hash), never an address."""
        return key[0], self.of(key)

    def redeemed(self, key: Key) -> list[Key]:
        """Under every secret: what may have been stored of it."""
        return [(key[0], _hash(secret, key)) for secret in self.secrets]


def pseudonyms(secrets: str, installation_id: str) -> Pseudonyms:
    """``secrets``: comma separated, newest first. The installation's id comes last: it verifies what was written before
    there was a secret, and dies with the state."""
    return Pseudonyms((*listed(secrets), installation_id))


def listed(secrets: str) -> list[str]:
    """INSTEP_SECRETS, newest first."""
    return [secret for given in secrets.split(",") if (secret := given.strip())]


def _hash(secret: str, value: Any) -> str:
    key = blake2b(secret.encode()).digest()
    return blake2b(fingerprint(value).encode(), digest_size=16, key=key).hexdigest()
