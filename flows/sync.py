"""The flow ``sync``: pull, then reconcile until nothing is left to do. For a person who wants it done now."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hub import Hub
from flows.pull import read_all
from flows.reconcile import accounts, work_on
from flows.reporting import run, run_name


@flow(flow_run_name=run_name, retries=0, persist_result=False)
def sync(only: list[str] | None = None) -> State[Any]:
    """The same as ``instep sync``. ``only``: send to these accounts; everything is read in any case."""

    def chain(hub: Hub) -> None:
        read_all(hub)
        hub.look()
        if hub.ready():
            work_on(hub, hub.batches(accounts(only)))
        hub.forget()

    return run("sync", chain)
