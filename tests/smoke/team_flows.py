"""A team's own deployments, as docs/after.md and docs/operating.md describe them; ``TOLD`` is where they write."""

import os
from datetime import datetime
from pathlib import Path

from prefect import flow, serve
from prefect.client.schemas.objects import State
from prefect.states import Completed


def tell(line: str) -> None:
    with Path(os.environ["TOLD"]).open("a") as told:
        told.write(line + "\n")


@flow
def tell_sales(account_id: str, occurrence: str, at: datetime, details: dict) -> None:
    tell(f"{occurrence} {account_id} {at.tzinfo} {sorted(details)}")


@flow
def instance(
    name: str, desired: str, revision: int, account_id: str, plan: str = "", request_id: str | None = None
) -> State:
    tell(f"{desired} {name} {account_id} {plan}")
    return Completed(message=f"https://{name}.example.com")


if __name__ == "__main__":
    serve(tell_sales.to_deployment("chat"), instance.to_deployment("terraform"))
