"""Parameters checked against the typed params of the vendor's SDK: unknown, missing and mistyped ones are refused."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import stripe
from typing_extensions import is_typeddict

from sandbox.stripe.errors import NotBegun

Json = dict[str, Any]

_OPTIONS = set(stripe.RequestOptions.__annotations__)
# Stripe docs: an empty value unsets a parameter. Texts that the typed params call plain strings but can be unset:
_CLEARABLE = {"description", "email", "name", "nickname", "phone", "footer", "statement_descriptor"}
_INTEGER = re.compile(r"-?\d{1,18}")


@cache
def fields(schema: type) -> dict[str, Any]:
    """Name to type of what ``schema`` (a TypedDict of the SDK) allows."""
    hints = get_type_hints(schema, localns={"StripeContext": object, "Mapping": dict})
    return {name: hint for name, hint in hints.items() if name not in _OPTIONS}


def check(schema: type, raw: Json, path: str = "") -> Json:
    """The parameters as typed values. Raises NotBegun (400) in the vendor's shape."""
    allowed = fields(schema)
    if unknown := [_name(path, name) for name in raw if name not in allowed]:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise NotBegun(400, message, code="parameter_unknown", param=unknown[0])
    for name in sorted(getattr(schema, "__required_keys__", ())):
        if name in allowed and name not in raw:
            full = _name(path, name)
            raise NotBegun(400, f"Missing required param: {full}.", code="parameter_missing", param=full)
    return {name: _value(allowed[name], value, _name(path, name)) for name, value in raw.items()}


def _name(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


@cache
def _members(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in (Union, UnionType):
        return tuple(flat for member in get_args(hint) for flat in _members(member))
    return (hint,)


@cache
def _choices(hint: Any) -> tuple[str, ...]:
    return tuple(c for member in _members(hint) if get_origin(member) is Literal for c in get_args(member))


def _value(hint: Any, raw: Any, path: str) -> Any:
    if isinstance(raw, dict):
        return _container(hint, raw, path)
    return _blank(hint, path) if raw == "" else _scalar(hint, raw, path)


def _blank(hint: Any, path: str) -> str:
    if (
        "" in _choices(hint)
        or path.rpartition("[")[2].rstrip("]") in _CLEARABLE
        or re.match(r"metadata\[|.*\[metadata\]\[", path)
    ):
        return ""
    message = f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
    raise NotBegun(400, f"{message}however '{path}' cannot be unset.", code="parameter_invalid_empty", param=path)


def _container(hint: Any, raw: Json, path: str) -> Any:
    for member in _members(hint):
        if is_typeddict(member):
            return check(member, raw, path)
        if get_origin(member) is list and all(key.isdigit() for key in raw):
            (inner,) = get_args(member)
            return [_value(inner, raw[key], f"{path}[{key}]") for key in sorted(raw, key=int)]
        if get_origin(member) is dict:
            inner = get_args(member)[1]
            return {key: _value(inner, value, f"{path}[{key}]") for key, value in raw.items()}
    raise NotBegun(400, f"Invalid string: {raw}", param=path)


def _scalar(hint: Any, raw: str, path: str) -> Any:
    choices = [choice for choice in _choices(hint) if choice != ""]
    if raw in choices:
        return raw
    members = _members(hint)
    for member, convert in _CONVERTERS.items():
        if member in members and not (member is str and choices) and (value := convert(raw)) is not None:
            return value
    raise _mistyped(members, choices, raw, path)


def _mistyped(members: tuple[Any, ...], choices: list[str], raw: str, path: str) -> NotBegun:
    if int in members:
        return NotBegun(400, f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
    if choices:
        return NotBegun(400, f"Invalid {path}: must be one of {', '.join(choices)}", param=path)
    kind = "boolean" if bool in members else "decimal" if float in members or Decimal in members else ""
    kind = kind or ("array" if any(get_origin(member) is list for member in members) else "object")
    return NotBegun(400, f"Invalid {kind}: {raw}", param=path)


def _number(raw: str) -> float | None:
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return None
    return float(number) if number.is_finite() else None


_CONVERTERS: dict[Any, Any] = {
    bool: {"true": True, "false": False}.get,
    int: lambda raw: int(raw) if _INTEGER.fullmatch(raw) else None,
    float: _number,
    Decimal: lambda raw: raw if _number(raw) is not None else None,
    str: lambda raw: raw,
}
