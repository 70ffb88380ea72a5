"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from mappings.model import AccountId

Json = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON for programs.")]
Yes = Annotated[bool, Parameter(name="--yes", negative=(), help="Agree to what would be asked.")]
Only = Annotated[
    list[AccountId],
    Parameter(name="--only", negative=(), consume_multiple=True, help="Just these accounts."),
]
