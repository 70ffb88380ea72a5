"""The team's own deployment, run once for each occurrence."""

from __future__ import annotations

from typing import Literal

from connectors.prefect.client import PrefectApi
from mappings.model import Desired, Held, Step, at_iso


class DeploymentRuns:
    """A message target under the name that it is given: one flow run for each occurrence.

    Parameters: ``account_id``, ``occurrence`` (its name), ``at`` (ISO 8601, when it happened) and ``details``. Prefect
    answers the same key with the same run, so an unknown outcome is sent again.
    """

    kind: Literal["state", "message"] = "message"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "repeat"

    def __init__(self, name: str, api: PrefectApi) -> None:
        self.name = self.system = name
        self.api, self.gate, self.timeout = api, api.gate, api.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return None

    def push(self, step: Step) -> Held:
        occurrence = step.occurrence
        if occurrence is None:
            raise ValueError("a deployment is run for an occurrence only")
        account = str(step.values["account_id"])
        parameters = {
            "account_id": account,
            "occurrence": occurrence.name,
            "at": at_iso(occurrence.at),
            "details": {"source_id": occurrence.id, **occurrence.details},
        }
        run = self.api.start(f"{occurrence.name} {account}", parameters, step.key)
        # One Link per account: the account names it.
        return Held(step.subject, sent={occurrence.key: occurrence.at}, vendor_request_id=str(run.get("id", "")))
