"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from re import fullmatch
from typing import Annotated, Any

from cyclopts import Parameter, Token

from mappings.model import AccountId

Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON for programs.")]
Yes = Annotated[bool, Parameter(name="--yes", negative=(), help="Agree to what would be asked.")]
Only = Annotated[
    list[AccountId],
    Parameter(name="--only", negative=(), consume_multiple=True, help="Just these accounts."),
]


def whole(kind: Any, tokens: Sequence[Token]) -> int:
    """A whole number as it is written. Else 4.99 would be rounded to 5."""
    (token,) = tokens
    if not fullmatch(r"[+-]?[0-9]{1,18}", token.value):
        raise ValueError(f"{token.value} is not a whole number.")
    return int(token.value)
