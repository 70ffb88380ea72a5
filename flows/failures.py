"""Any exception as an exit code and one sentence for a person."""

from __future__ import annotations

from flows.settings import Failed, Misuse

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
