"""A rehearsal's file read and resolved: every line with its instant. One sentence for whatever is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from flows.settings import Misuse
from instep.moments import first, moment
from instep.rehearsal import Account, Changes, Line, Person, Rehearsal

Place = tuple[str | int, ...]
PYDANTIC = "Value error, "


@dataclass(frozen=True, slots=True)
class Cue:
    """A line with its instant (unix seconds), its account and where it stands in the file."""

    at: int
    account: str
    line: Line
    number: int


@dataclass(frozen=True, slots=True)
class Script:
    """A rehearsal whose moments are all known, in order; times are unix seconds. ``people``: account -> everybody who
    is ever in it."""

    title: str
    timezone: str
    when_retries_end: str
    accounts: Mapping[str, Account]
    people: Mapping[str, Sequence[str]]
    starts_at: int
    ends_at: int
    cues: Sequence[Cue]


class Wrong(ValueError):
    """Something that does not fit, and where in the file."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place


def load(path: Path) -> Script:
    """Raises Misuse with one sentence that names the line and the key."""
    text, tree = _text(path), None
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        _no_key_twice(tree)
        return _script(Rehearsal.model_validate(yaml.safe_load(text)), tree)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Misuse(f"{path}{where}: this is not YAML: {getattr(error, 'problem', None) or error}.") from None
    except ValidationError as error:
        place, sentence = _first(error)
    except Wrong as error:
        place, sentence = error.place, str(error)
    except (ValueError, RecursionError):
        place, sentence = (), "a value in it cannot be read"
    raise Misuse(f"{path}, line {_line(tree, place)}: {sentence}.") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise Misuse(f"{path} does not exist. Name a rehearsal's file, like rehearsals/trial-converts.yaml.") from None
    except OSError as error:
        raise Misuse(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise Misuse(f"{path} is not text in UTF-8.") from None


def _script(found: Rehearsal, tree: yaml.Node | None) -> Script:
    start = _instant(("starts",), lambda: first(found.starts, found.timezone))
    at, cues = start, []
    here = {name: set(account.people) for name, account in found.accounts.items()}
    ever = {name: list(account.people) for name, account in found.accounts.items()}
    for index, line in enumerate(found.story):
        at = _instant(("story", index, "at"), lambda at=at, line=line: moment(line.at, at, start))
        _check(found, line, ("story", index), here)
        account = found.account_of(line)
        ever[account] += [person for person in line.people or () if person not in ever[account]]
        cues.append(Cue(int(at.timestamp()), account, line, _line(tree, ("story", index))))
    end = _instant(("until",), lambda: moment(found.until, at, start))
    return Script(
        found.title, found.timezone, found.when_retries_end, found.accounts, ever, int(start.timestamp()),
        int(end.timestamp()), cues,
    )  # fmt: skip


def _instant(place: Place, work: Any) -> datetime:
    try:
        at: datetime = work()
    except (ValueError, OverflowError) as error:
        raise Wrong(place, str(error)) from None
    return at


def _check(found: Rehearsal, line: Line, place: Place, people: dict[str, set[str]]) -> None:
    """Every name that a line uses is known by then."""
    if not line.account and len(found.accounts) > 1 and line.deed not in ("", "instances"):
        raise Wrong((*place, line.deed), f"say whose it is with `account`: {', '.join(found.accounts)}")
    account = found.account_of(line)
    if account not in people:
        raise Wrong((*place, "account"), f"there is no {account} under `accounts`: {', '.join(people)}")
    people[account] |= set(line.people or ())
    for person in (*(line.swap_emails or ()), *filter(None, [line.leaves])):
        if person not in people[account]:
            raise Wrong((*place, line.deed), f"{account} has no {person}: {', '.join(sorted(people[account]))}")
    people[account] -= {line.leaves}


def _no_key_twice(node: yaml.Node | None, place: Place = ()) -> None:
    """YAML would silently take the last one."""
    seen: set[str] = set()
    for key, child in _children(node):
        if key in seen:
            raise Wrong((*place, key), f"`{key}` is there twice")
        seen |= {key} if isinstance(key, str) else set()
        _no_key_twice(child, (*place, key))


def _children(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _line(node: yaml.Node | None, place: Place) -> int:
    """The line of the deepest part of ``place`` that the file has: a key's own line, an item's first."""
    line: int = node.start_mark.line + 1 if node else 1
    if place and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == place[0]:
                own: int = key.start_mark.line + 1
                return max(own, _line(value, place[1:])) if place[1:] else own
    if place and isinstance(node, yaml.SequenceNode) and isinstance(place[0], int) and place[0] < len(node.value):
        return _line(node.value[place[0]], place[1:])
    return line


def _first(error: ValidationError) -> tuple[Place, str]:
    """The first thing that is wrong, as a sentence of ours where pydantic's would not help."""
    first = error.errors(include_url=False)[0]
    place: Place = tuple(part for part in first["loc"] if part != "[key]")
    key = f"`{place[-1]}`" if place and isinstance(place[-1], str) else "this"
    if first["type"] == "missing":
        return place, f"{key} is missing"
    if first["type"] == "extra_forbidden":
        return place, _unknown(place)
    if first["type"] in ("model_type", "dict_type"):
        return place, f"{key if place else 'the file'} needs keys with values, like `at: day 3`"
    message = first["msg"]
    if message.startswith(PYDANTIC):
        return place, message.removeprefix(PYDANTIC)
    if first["type"] == "string_pattern_mismatch":
        message = "not an e-mail address" if place[-1] == "email" else "use letters, digits, - and _ (40 at most)"
        return place, f"{key}: {message}"
    return place, f"{key}: {message[0].lower()}{message[1:]}"


def _unknown(place: Place) -> str:
    """Names what is close, else what there is."""
    known = list(_shape(place).model_fields)
    close = get_close_matches(str(place[-1]), known, 1)
    hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"
    return f"`{place[-1]}` is not a known key; {hint.removesuffix('?')}"


def _shape(place: Place) -> type[BaseModel]:
    if len(place) == 1:
        return Rehearsal
    if "people" in place:
        return Person
    if place[0] == "accounts":
        return Account
    return Changes if "change" in place[:-1] else Line
