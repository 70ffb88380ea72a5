"""`instep` that keeps to no vendor's rate: ``python -m tests.brake.unpaced sync``."""

from __future__ import annotations

import sys

from connectors import gate
from instep.main import main

if __name__ == "__main__":
    gate.Pace.wait = lambda self, deadline: True  # type: ignore[method-assign]
    sys.exit(main(sys.argv[1:]))
