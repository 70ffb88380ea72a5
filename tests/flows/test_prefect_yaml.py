"""What is deployed: every flow once, without Prefect's retries, caches, slots or stored secrets."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow, Task
from prefect.cache_policies import NO_CACHE

from flows.pull import read
from flows.reconcile import work

FILE = Path(__file__).parents[2] / "prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())["deployments"]


def test_every_flow_is_deployed_once() -> None:
    assert [one["name"] for one in DEPLOYMENTS] == ["pull", "reconcile", "sweep", "audit", "sync"]
    assert {one["work_pool"]["name"] for one in DEPLOYMENTS} == {"instep"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_a_deployment(deployment: dict[str, Any]) -> None:
    path, name = deployment["entrypoint"].split(":")
    flow = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(flow, Flow)
    assert (flow.name, flow.retries, flow.persist_result) == (deployment["name"], 0, False)
    assert set(deployment.get("parameters", {})) <= set(flow.parameters.properties)
    assert not {"concurrency_limit", "job_variables"} & (deployment.keys() | deployment["work_pool"].keys())
    assert all(schedule["slug"] for schedule in deployment.get("schedules", []))


@pytest.mark.parametrize("task", [read, work], ids=lambda task: task.name)
def test_a_task_is_done_once(task: Task[..., Any]) -> None:
    assert (task.retries, task.cache_policy, task.persist_result) == (0, NO_CACHE, False)
