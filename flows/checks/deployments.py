"""What `check` finds at Prefect: whether what prefect.yaml names is registered, and whether a worker will run it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.prefect_api import configured, prefect_api
from flows.settings import Failed
from mappings.model import JSONObject

ABOUT, FILE = "Prefect", Path("prefect.yaml")
DEPLOY = "`prefect deploy --all --no-prompt`"


def deployments() -> Findings:
    """Of the prefect.yaml in this directory, where a Prefect API is set."""
    if not FILE.exists():
        yield Finding(ABOUT, "ok", f"there is no {FILE} here: run this beside it to have its deployments looked at")
    elif not configured():
        yield Finding(ABOUT, "ok", "PREFECT_API_URL is not set: `instep sync` from cron works without Prefect")
    else:
        yield from _registered({name: _ask(name) for name in _named(FILE)})


def _named(file: Path) -> list[str]:
    """``flow/deployment`` of each; a flow is called as its function is."""
    try:
        listed = yaml.safe_load(file.read_text("utf-8")).get("deployments") or []
        return [f"{str(one['entrypoint']).rpartition(':')[2].replace('_', '-')}/{one['name']}" for one in listed]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise Failed(f"{FILE} cannot be read: correct it, or take the one that ships.") from None


def _ask(name: str) -> JSONObject | None:
    return ask("Prefect", prefect_api("prefect", name).registered)


def _registered(found: Mapping[str, JSONObject | None]) -> Findings:
    missing = [name for name, deployment in found.items() if deployment is None]
    there = {name: deployment for name, deployment in found.items() if deployment is not None}
    if missing and not there:
        text = f"none of {', '.join(missing)} is registered: {DEPLOY}, unless something else runs `instep sync`"
        yield Finding(ABOUT, "warning", text)
    elif missing:
        yield Finding(ABOUT, "problem", f"{', '.join(missing)} not registered: {DEPLOY} from the worker's directory")
    for name, deployment in there.items():
        yield from _deployment(name, deployment)
    for pool in sorted({str(deployment.get("work_pool_name") or "") for deployment in there.values()} - {""}):
        yield from _pool(pool, next(iter(there)))


def _deployment(name: str, held: Mapping[str, Any]) -> Findings:
    schedules = held.get("schedules") or []
    limit = held.get("concurrency_limit") or held.get("global_concurrency_limit")
    if not held.get("work_pool_name"):
        yield Finding(ABOUT, "problem", f"{name} has no work pool, so nothing runs it: {DEPLOY}")
    if held.get("paused") or (schedules and not any(schedule.get("active") for schedule in schedules)):
        resume = f"`prefect deployment schedule resume --all`, or {DEPLOY}"
        yield Finding(ABOUT, "warning", f"{name} is paused, so its schedule starts nothing: {resume}")
    if limit:
        slot = "a slot that a killed run holds would stop it"
        yield Finding(ABOUT, "warning", f"{name} has a concurrency limit, and {slot}: remove the limit")
    when = "by its schedule" if schedules else "by hand"
    yield Finding(ABOUT, "ok", f"{name} is registered and runs {when}")


def _pool(name: str, deployment: str) -> Findings:
    """``deployment``: any one, whose client asks."""
    pool = ask("Prefect", lambda: prefect_api("prefect", deployment).pool(name))
    if pool is None:
        yield Finding(
            ABOUT, "problem", f"there is no work pool {name}: `prefect work-pool create {name} --type process`"
        )
    elif pool.get("is_paused"):
        yield Finding(ABOUT, "problem", f"the work pool {name} is paused: `prefect work-pool resume {name}`")
    elif pool.get("status") != "READY":
        text = f"no worker of the work pool {name} is alive: keep `prefect worker start --pool {name}` running"
        yield Finding(ABOUT, "problem", text)
    else:
        yield Finding(ABOUT, "ok", f"the work pool {name} has a live worker")
    if pool and pool.get("concurrency_limit"):
        slot = "slots that killed runs hold would stop everything"
        clear = f"`prefect work-pool clear-concurrency-limit {name}`"
        yield Finding(ABOUT, "warning", f"the work pool {name} has a concurrency limit, and {slot}: {clear}")
