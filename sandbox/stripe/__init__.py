"""A simulated Stripe account, strict as version 2026-10-28.endive. ``build`` is the API, ``pages`` are the vendor's own
pages, ``control`` its controls."""

from sandbox.stripe.control import control
from sandbox.stripe.http import build
from sandbox.stripe.pages import pages

__all__ = ["build", "control", "pages"]
