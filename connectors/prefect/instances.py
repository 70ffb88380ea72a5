"""Product instances made by a Prefect deployment (Terraform, Helm and the like): each desired state is a flow run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from connectors.contract import Page, Rejected, Transient
from connectors.prefect.client import PrefectApi
from mappings.model import Desired, Held, JSONObject, Record, Ref, Step

_DONE = {"running": "ready", "suspended": "suspended", "deleted": "deleted"}
"""Desired state of a completed run -> status."""
_FAILED = ("FAILED", "CRASHED", "CANCELLED")


class DeployedInstances:
    """Target and Source ``instances``, like ``Instances``: the whole desired state is the parameters of a flow run,
    tagged ``instance:NAME``; the run with the highest ``revision`` says how things stand.

    The message of the Completed state of a run that was to make the instance run is the instance's URL. Runs of one
    instance never overlap: a new one waits for the one before.
    """

    name = "instances"
    system = "prefect"
    kinds: tuple[str, ...] = ("instance",)
    feed: Literal["hints", "truth"] = "hints"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: PrefectApi) -> None:
        self.api, self.gate, self.timeout = api, api.gate, api.timeout

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Prefect has no feed: a pending instance is looked at by its account's timer."""
        return iter(())

    def scan(self, resume: str | None) -> Iterator[Page]:
        return iter(())

    def fetch(self, ref: Ref) -> Record:
        runs = self._runs(ref.id)
        if not runs:
            return Record(ref, None)
        told = runs[0]["parameters"]
        data = {
            "name": ref.id,
            "account_id": told["account_id"],
            "status": _status(runs[0]),
            "url": next(filter(None, map(_url, runs)), ""),
            "ready_at": min((_ended(run) for run in runs if _status(run) == "ready"), default=None),
            "revision": told["revision"],
        }
        return Record(ref, data)

    def find(self, desired: Desired, since: int | None) -> Held | None:
        name = str(desired.values["name"])
        runs = self._runs(name)
        if not runs:
            return None
        told, status = runs[0]["parameters"], _status(runs[0])
        if told["account_id"] != desired.values.get("account_id"):
            raise Rejected("the instance's flow run is for another account")
        known = told | {"desired": "" if status == "failed" else told["desired"]}
        values: dict[str, Any] = {field: known.get(field, wanted) for field, wanted in desired.values.items()}
        return Held(name, values, pending=status == "provisioning", changed=_ref(name))

    def push(self, step: Step) -> Held:
        name = str(step.values.get("name") or step.external_id)
        before = self._runs(name)
        if before and _status(before[0]) == "provisioning" and before[0].get("idempotency_key") != step.key:
            raise Transient("the flow run before is not finished")
        parameters = {**step.values, "name": name}
        run = self.api.start(f"{name} {parameters['desired']}", parameters, step.key, [_tag(name)])
        status = _status(run)
        return Held(
            name,
            {"status": status},
            pending=status == "provisioning",
            changed=_ref(name),
            vendor_request_id=str(run["id"]),
        )

    def _runs(self, name: str) -> Sequence[JSONObject]:
        """Newest first: by revision, copies that a person started by when they were made."""
        runs = [run for run in self.api.runs(_tag(name)) if {"revision", "account_id"} <= run["parameters"].keys()]
        return sorted(runs, key=lambda run: (run["parameters"]["revision"], run["created"]), reverse=True)


def _status(run: JSONObject) -> str:
    """Whatever is neither completed nor failed is under way: scheduled, late, paused, running, retrying."""
    if run["state_type"] == "COMPLETED":
        return _DONE.get(str(run["parameters"]["desired"]), "failed")
    return "failed" if run["state_type"] in _FAILED else "provisioning"


def _url(run: JSONObject) -> str:
    said = str((run.get("state") or {}).get("message") or "").strip()
    return said if _status(run) == "ready" and said.startswith(("https://", "http://")) else ""


def _ended(run: JSONObject) -> int:
    return int(datetime.fromisoformat(run["state"]["timestamp"]).timestamp())


def _tag(name: str) -> str:
    return f"instance:{name}"


def _ref(name: str) -> Ref:
    return Ref("instances", "instance", name)
