"""Any exception as an exit code and one sentence for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from flows.settings import Failed, Misuse

if TYPE_CHECKING:
    from flows.house import Instep
    from flows.report import Report
    from flows.settings import Settings

FAILED, WRONG_USE = 1, 2


def explain(error: Exception) -> tuple[int, str]:
    """The sentence says what is wrong and what to do; it holds no value that an exception carried unless it is ours."""
    if isinstance(error, Misuse):
        return WRONG_USE, str(error)
    if isinstance(error, Failed):
        return FAILED, str(error)
    # Costs a second, so only where nothing simpler fits.
    from connectors.contract import ConnectorError
    from state.store import StateError

    if isinstance(error, StateError):
        return FAILED, str(error)
    if isinstance(error, ConnectorError):
        return FAILED, f"A system failed: {error}. Run `instep check`, then the command again."
    kind = type(error).__name__
    return FAILED, f"Something unexpected happened ({kind}). Run the command again with --debug to see where."


def troubles(report: Report) -> list[str]:
    """What went wrong with each system in a run; a key that a vendor refused is named."""
    from connectors.contract import Unauthorized
    from flows.asking import refusal

    return [
        refusal(system, text.partition(Unauthorized.LACKS)[2]) if text.startswith(f"{system} refuses the key") else text
        for system, text in report.troubles.items()
    ]


def opened(settings: Settings, purpose: str) -> Instep:
    """Open the house; where that fails, the run that did not begin is kept for ``status`` and ``todo``."""
    from flows.house import open_instep

    try:
        return open_instep(settings)
    except Failed as failed:
        _note(settings, purpose, str(failed))
        raise


def _note(settings: Settings, purpose: str, why: str) -> None:
    from flows.house import open_store
    from state.store import StateError

    try:
        store = open_store(settings)
        if store.house():
            run, now = uuid4().hex[:12], settings.clock()()
            store.start_run(run, purpose, now)
            store.end_run(run, {}, f"failed: {why}", now)
    except (Failed, StateError):
        return
