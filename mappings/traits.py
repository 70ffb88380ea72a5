"""Declared product traits: each person's, the account's by rollup, and the journey's next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mappings.config import Config, Trait
from mappings.model import Account, AccountFacts, Person, Scalar
from mappings.text import clean, integer

_TRUE = (True, 1, "1", "t", "true", "True", "TRUE", "yes")


def traits_of(facts: AccountFacts, person: Person, config: Config) -> dict[str, Scalar]:
    """What a person's contact says: the own value, or the account's where the trait is declared for accounts."""
    account = account_traits(facts, config)
    return {
        name: account[name] if trait.level == "account" else _own(person.traits, name, trait)
        for name, trait in config.traits.items()
    }


def account_traits(facts: AccountFacts, config: Config) -> dict[str, Scalar]:
    """The traits declared for accounts: the account's own value, else its people's by rollup, else the default."""
    return {n: _rolled(facts, n, t) for n, t in config.traits.items() if t.level == "account"}


def next_step(facts: AccountFacts, config: Config) -> tuple[str, int | None]:
    """The first step of the journey that nobody in the account has done, and since when it is the next one: the look
    that saw the last step done, before any the first person's sign-up. Empty when all are done."""
    done = [step for step in config.journey.steps if _done(facts, step)]
    step = next((step for step in config.journey.steps if step not in done), "")
    looks = [seen for one in done if (seen := _since(facts, one)) is not None]
    started = [at for p in facts.people if (at := p.joined_at or p.signed_up_at)]
    return step, (max(looks, default=None) if done else min(started, default=None)) if step else None


def _done(facts: AccountFacts, step: str) -> bool:
    return any(_truthy(holder.get(step)) for holder in _holders(facts))


def _since(facts: AccountFacts, step: str) -> int | None:
    """When a look first saw the step done."""
    bodies: list[Account | Person] = [*facts.people, *([facts.account] if facts.account else [])]
    seen = [body.seen.get(f"trait:{step}") for body in bodies if _truthy(body.traits.get(step))]
    return min((s.since for s in seen if s), default=None)


def _truthy(value: Scalar) -> bool:
    return bool(value) and value not in ("false", "False", "FALSE", "0", "f", "no")


def _holders(facts: AccountFacts) -> list[Mapping[str, Scalar]]:
    return [*([facts.account.traits] if facts.account else []), *(p.traits for p in facts.people if not p.erased)]


def _own(given: Mapping[str, Scalar], name: str, trait: Trait) -> Scalar:
    value = typed(given.get(name), trait)
    return trait.default if value is None else value


def _rolled(facts: AccountFacts, name: str, trait: Trait) -> Scalar:
    own = typed(facts.account.traits.get(name), trait) if facts.account else None
    if own is not None:
        return own
    people = sorted(
        (p for p in facts.people if not p.erased), key=lambda p: (p.last_seen_at or 0, p.joined_at or 0, p.user_id)
    )
    found = [value for p in people if (value := typed(p.traits.get(name), trait)) is not None]
    return _roll(found, trait) if found else trait.default


def _roll(found: Sequence[str | int | float], trait: Trait) -> Scalar:
    """``latest``: of the person seen last."""
    if trait.rollup == "any":
        return any(found)
    if trait.rollup == "latest":
        return found[-1]
    numbers = [value for value in found if not isinstance(value, str)]
    return sum(numbers) if trait.rollup == "sum" else max(numbers, default=None)


def typed(value: Scalar, trait: Trait) -> str | int | float | None:
    """The value as its declared type; None for what is not of it. Dates are unix seconds."""
    if value is None:
        return None
    if trait.type == "boolean":
        return value in _TRUE
    if trait.type == "string":
        return clean(value) or None
    if trait.type == "float":
        return _float(value)
    return integer(value)


def _float(value: Scalar) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None
