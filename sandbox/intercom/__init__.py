"""A simulated Intercom workspace, strict as API version 2.14. ``build`` gives the API, ``control`` its controls."""

from sandbox.intercom.control import control
from sandbox.intercom.http import build

__all__ = ["build", "control"]
