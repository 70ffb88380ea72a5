"""What an endpoint is: method, path, the SDK's typed params, the handler, and which parameters are simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.account import Account

Json = dict[str, Any]
Handler = Callable[[Account, str, Json], Json]
LIST = "created ending_before expand limit starting_after"


@dataclass(frozen=True, slots=True)
class Route:
    """``takes``: the parameters this endpoint acts on; others the vendor knows are refused as not simulated."""

    method: str
    path: str
    kind: str
    params: Any
    handler: Handler
    takes: frozenset[str]
    effect: str

    @property
    def lists(self) -> bool:
        return self.handler.__name__.startswith("list")


def route(line: str, params: Any, handler: Handler, takes: str = "expand", effect: str = "") -> Route:
    method, path, kind = line.split()
    return Route(method, path, kind, params, handler, frozenset(takes.split()), effect)
