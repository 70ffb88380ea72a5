"""Values of the product's views that do not fit their columns, judged one by one as the database gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from mappings.config import Config
from mappings.text import integer
from mappings.traits import typed

Row = Mapping[str, Any]

ROLES = ("owner", "billing", "member")
FLAGS = ("email_verified", "comped", "excluded", "erased")
YES_OR_NO = ("1", "0", "t", "f", "true", "false", "yes", "no")
# Later than any date in seconds that is meant, earlier than any of this age in milliseconds.
MILLISECONDS = 100_000_000_000
DAY = 86400
# Words that people chose, so that they are shown instead of whose row it is.
WORDS = ("role", "plan", "timezone")
# What a column may be that it should not -> what follows from it and what to do.
MEANS: Mapping[str, str] = {
    "no time": "left out; give timestamps, ISO text or unix seconds",
    "without a zone": "taken for UTC; give timestamps with a time zone where they are not",
    "in milliseconds": "taken for dates far away; divide by 1,000",
    "in the future": "taken as it is; correct the clock or the column",
    "neither true nor false": "taken for false; give booleans",
    "none of owner, billing and member": "taken for a member; map it in the view",
    "no JSON object": "left out; give a JSON object, name to value",
    "of another type": "left out; correct the value, or the type in [traits]",
    "no time zone": "INSTEP_TIMEZONE counts, else Intercom's; give names like Europe/Berlin",
    "no plan of instep.toml": "it gives no plan; use the keys of [plans]",
    "no Stripe customer": "nobody is found by it; give ids that begin with cus_",
    "numbers with a fraction": "it names nobody; give whole numbers or text",
}


def misfits(row: Row, config: Config, now: int) -> Iterator[tuple[str, str]]:
    """Columns of a row with what they are but should not be, a key of MEANS; nulls and what fits are passed over."""
    for column, value in row.items():
        if value is not None and value != "":
            yield from ((column, wrong) for wrong in _judge(column, value, config, now))
    for name, value in (_object(row.get("traits")) or {}).items():
        if name in config.traits and value is not None and typed(value, config.traits[name]) is None:
            yield f"traits.{name}", "of another type"


def _judge(column: str, value: Any, config: Config, now: int) -> Iterator[str]:
    if column.endswith("_at"):
        yield from _time(column, value, now)
    elif column in FLAGS:
        yield from _unless(str(value).casefold() in YES_OR_NO, "neither true nor false")
    elif judge := _ONE.get(column):
        yield from _unless(judge[0](value, config), judge[1])


def _unless(fits: bool, wrong: str) -> Iterator[str]:
    if not fits:
        yield wrong


def _time(column: str, value: Any, now: int) -> Iterator[str]:
    moment = _moment(value)
    if moment is None:
        yield "no time"
    elif isinstance(moment, datetime):
        yield from _unless(moment.tzinfo is not None, "without a zone")
    elif moment >= MILLISECONDS:
        yield "in milliseconds"
    elif moment > now + DAY and column != "trial_ends_at":
        yield "in the future"


def _moment(value: Any) -> datetime | float | None:
    """A naive datetime as it is, everything else as unix seconds; None for what is no time. A day needs no zone."""
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.timestamp()
    if isinstance(value, date):
        return float(value.toordinal() - date(1970, 1, 1).toordinal()) * DAY
    number = None if isinstance(value, bool) else integer(value)
    return None if number is None else float(number)


def _parsed(text: str) -> Any:
    for parse in (float, date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text)
        except ValueError:
            continue
    return None


def _object(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str | bytes):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, Mapping) else None


def _is_zone(value: Any, config: Config) -> bool:
    try:
        return bool(ZoneInfo(str(value)))
    except (KeyError, ValueError, OSError):
        return False


def _is_key(value: Any, config: Config) -> bool:
    return not isinstance(value, float) or value == int(value)


_ONE: Mapping[str, tuple[Callable[[Any, Config], bool], str]] = {
    "role": (lambda value, config: str(value).casefold() in ROLES, "none of owner, billing and member"),
    "traits": (lambda value, config: _object(value) is not None, "no JSON object"),
    "timezone": (_is_zone, "no time zone"),
    "plan": (lambda value, config: str(value) in config.plans, "no plan of instep.toml"),
    "stripe_customer_id": (lambda value, config: str(value).startswith("cus_"), "no Stripe customer"),
    "user_id": (_is_key, "numbers with a fraction"),
    "account_id": (_is_key, "numbers with a fraction"),
}
