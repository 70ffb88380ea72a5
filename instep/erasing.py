"""Erasing a person or an account by order, and the record of all erasures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.wording import counted
from instep.options import Json, Yes
from instep.screen import as_json, confirm, moment, say, show, table

if TYPE_CHECKING:
    from flows.erasure_orders import Erased

FOR_EVER = "This cannot be taken back."


def erase(
    person: Annotated[str, Parameter(help="The user_id that the product uses.")] = "",
    /,
    *,
    account: Annotated[str, Parameter(help="An account_id: the account with its people.")] = "",
    held: Annotated[bool, Parameter(negative=(), help="Let go on what is held because it was many at once.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Erase one person, or an account with its people, for ever; shows first what is done where."""
    from flows.erasure_orders import prepare
    from flows.settings import Misuse, load_settings

    if [bool(person), bool(account), held].count(True) != 1:
        raise Misuse("Name one person, or --account ACCOUNT, or --held.")
    if held:
        return _release(yes, json)
    wish = prepare(load_settings(), person, account)
    name = f"person {person}" if person else f"account {account}"
    if not json:
        show(table(("place", f"what happens to {name}"), wish.places))
    if not confirm(f"Erase {name} for ever? {FOR_EVER}", yes):
        say("Nothing was done.")
        return 0
    wish.give()
    if json:
        places = [{"place": place, "what": what} for place, what in wish.places]
        as_json({"subject": wish.order.subject, "account": wish.order.account_id, "places": places})
    else:
        watching = " intercom.erasures only watches: nothing is erased before it is on." if wish.watching else ""
        say(f"Ordered. Now run `instep sync`; `instep erased` shows what was done.{watching}")
    return 0


def _release(yes: bool, json: bool) -> int:
    from flows.erasure_orders import release
    from flows.settings import load_settings

    settings = load_settings()
    store, many = release(settings)
    if not many:
        return _told(0, json, "Nothing is held.")
    if not confirm(f"Let {counted(many, 'held erasure')} go on? {FOR_EVER}", yes):
        return _told(0, json, "Nothing was done.")
    many = store.release_orders(settings.clock()())
    return _told(many, json, f"{counted(many, 'erasure', 'goes', 'go')} on with the next `instep sync`.")


def _told(many: int, json: bool, sentence: str) -> int:
    if json:
        as_json({"released": many})
    else:
        say(sentence)
    return 0


def erased(
    id: Annotated[str, Parameter(help="A user_id or account_id; else all.")] = "", /, *, json: Json = False
) -> int:
    """Show what was erased: what was done where and when, and whether a later look proved it."""
    from flows.erasure_orders import erased as record
    from flows.settings import load_settings

    found = record(load_settings(), id)
    if json:
        as_json([_data(line) for line in found])
    elif found:
        show(table(("who", "by", "asked", "standing", "where", "what", "when"), [r for x in found for r in _rows(x)]))
    else:
        say("Nothing was erased.")
    return 0


def _data(line: Erased) -> dict[str, object]:
    order = line.order
    return {
        "subject": order.subject, "asked_by": order.asked_by, "asked_at": order.asked_at, "state": order.state,
        "standing": line.standing, "begun_at": order.begun_at, "done_at": order.done_at, "prove_at": line.prove_at,
        "proved_at": order.proved_at, "places": dict(order.places),
    }  # fmt: skip


def _rows(line: Erased) -> list[tuple[str, ...]]:
    """Who and how it stands once, then a line a place, the proof last."""
    order = line.order
    first = (order.subject, order.asked_by, moment(order.asked_at), line.standing)
    lines = [(place, str(done["what"]), moment(done["at"])) for place, done in order.places.items()]
    if order.proved_at is not None:
        lines.append(("everywhere", "nothing found", moment(order.proved_at)))
    elif line.prove_at is not None:
        lines.append(("everywhere", "to be looked at again", moment(line.prove_at)))
    lines = lines or [("-", "-", "-")]
    return [((*first, *rest) if i == 0 else ("", "", "", "", *rest)) for i, rest in enumerate(lines)]
