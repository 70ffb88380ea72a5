"""The flow ``sweep``: every source read whole, whatever its events said, then what that made due."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hub import Hub
from flows.pull import read_all
from flows.reconcile import accounts, work_on
from flows.reporting import run, run_name

# A pull that is reading a source when the sweep comes to it.
PATIENCE = 600


@flow(flow_run_name=run_name, retries=0, persist_result=False)
def sweep(only: list[str] | None = None) -> State[Any]:
    """Finds what no event told. ``only``: send to these accounts; everything is read in any case."""

    def whole(hub: Hub) -> None:
        read_all(hub, sweep=True, patience=PATIENCE)
        if hub.ready():
            work_on(hub, hub.batches(accounts(only)))
        hub.forget()

    return run("sweep", whole)
