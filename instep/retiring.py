"""What becomes of a tag of ours that somebody deleted in Intercom."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getuser
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json, Yes
from instep.screen import as_json, confirm, say

if TYPE_CHECKING:
    from flows.house import Instep

By = Annotated[str, Parameter(help="Who decides; else the user of this machine.")]


def restore(name: str, /, *, by: By = "", yes: Yes = False, json: Json = False) -> int:
    """Make a deleted tag again, for all who need it."""
    from flows import retiring

    return _done(retiring.restore, name, by, yes, json, f"Make the tag {name} again?", "gets it", "get it")


def retire(name: str, /, *, by: By = "", yes: Yes = False, json: Json = False) -> int:
    """Use a deleted tag no more."""
    from flows import retiring

    return _done(retiring.retire, name, by, yes, json, f"Use {name} no more?", "waited for it", "waited for it")


def _done(
    work: Callable[[Instep, str, str], int], name: str, by: str, yes: bool, json: bool, question: str, *verbs: str
) -> int:
    from instep.running import open_for

    if not confirm(question, yes):
        say("Nothing was done.")
        return 0
    many = work(open_for(None, "tags"), name, by or getuser())
    if json:
        as_json({"tag": name, "contacts": many})
    else:
        say(f"Done: {counted(many, 'contact', *verbs)}. Now run `instep sync`.")
    return 0
