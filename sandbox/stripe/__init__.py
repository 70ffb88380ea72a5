"""A simulated Stripe account, strict as version 2026-10-28.endive. ``build`` is the API, ``control`` its controls."""

from sandbox.stripe.control import control
from sandbox.stripe.http import build

__all__ = ["build", "control"]
