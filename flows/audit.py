"""The flow ``audit``: what the targets hold against what was sent there."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.auditing import audit as compare
from flows.reporting import run, run_name


@flow(flow_run_name=run_name, retries=0, persist_result=False)
def audit(repair: bool = False) -> State[Any]:
    """Reads everything that Instep keeps in the targets. ``repair``: what is ours and was changed is sent again."""
    return run("audit", lambda hub: compare(hub, repair, lambda what, more: None))
