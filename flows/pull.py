"""The flow ``pull``: what is new in every source, read into the state; one task a source. Nothing is sent."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.hub import Hub
from flows.reporting import came_in, run, run_name, shown
from flows.wiring import SourceLine


@flow(flow_run_name=run_name, retries=0, persist_result=False)
def pull() -> State[Any]:
    """Read what is new. A source that another run is reading is left to it."""
    return run("pull", read_all)


def read_all(hub: Hub, sweep: bool = False, patience: float = 0) -> None:
    """Every source in its order; one that fails does not stop the others."""
    for line in hub.instep.systems.sources:
        read(hub, line, sweep, patience, return_state=True)


@task(task_run_name="read {line.source.name}", retries=0, cache_policy=NO_CACHE, persist_result=False)
def read(hub: Hub, line: SourceLine, sweep: bool, patience: float) -> State[Any]:
    """One source; the task run shows what came in."""

    def work() -> str:
        pulled = hub.read(line, sweep, patience)
        if pulled is None or pulled.busy:
            return "another run is reading it"
        return came_in(pulled.rows, pulled.hints)

    return shown(hub.report, work)
