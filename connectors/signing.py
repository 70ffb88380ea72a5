"""Standard Webhooks signatures for what we send: https://github.com/standard-webhooks/standard-webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook


class Signer:
    """``secrets``: each ``whsec_`` followed by base64; a receiver holds one of them. Raises ValueError."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        try:
            self._keys = [Webhook(secret.get_secret_value()) for secret in secrets]
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("a signing secret must be whsec_ followed by base64") from None

    def headers(self, message: str, content: bytes) -> dict[str, str]:
        """``message``: the same for every try of the same message."""
        # The real time, not the mappings' clock: receivers refuse what is five minutes off.
        moment = datetime.now(UTC)
        return {
            "webhook-id": message,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(key.sign(message, moment, content.decode()) for key in self._keys),
        }
