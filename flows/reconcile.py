"""The flow ``reconcile``: accounts as they fall due, brought to what they should hold; one task a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from flows.hub import Hub
from flows.reporting import run, run_name, shown
from flows.requesting import named
from flows.wording import counted
from mappings.model import AccountId
from state.store import Lease


@flow(flow_run_name=run_name, retries=0, persist_result=False)
def reconcile(only: list[str] | None = None, watch_seconds: int = 50) -> State[Any]:
    """Work on what is due, and on what falls due within ``watch_seconds``; what is left is for the next run.

    ``only``: these accounts. Started every minute, it notices an order or a webhook within a second.
    """

    def watch(hub: Hub) -> None:
        if hub.ready():
            work_on(hub, hub.batches(accounts(only), watch_seconds, watch=True))

    return run("reconcile", watch)


def accounts(only: list[str] | None) -> list[AccountId]:
    """Everyone for None; Misuse for an empty list."""
    if only is not None:
        named(only)
    return [AccountId(account) for account in only or ()]


def work_on(hub: Hub, batches: Iterable[list[Lease]]) -> None:
    """A task run for every batch, named after its size."""
    for leases in batches:
        named = work.with_options(task_run_name=f"work on {counted(len(leases), 'account')}")
        named(hub, quote(leases), return_state=True)


@task(retries=0, cache_policy=NO_CACHE, persist_result=False)
def work(hub: Hub, leases: list[Lease]) -> State[Any]:
    """One batch in threads; the task run shows how many changes were sent."""

    def send() -> str:
        before = hub.report.writes
        hub.work(leases)
        return f"{counted(hub.report.writes - before, 'change')} sent"

    return shown(hub.report, send)
