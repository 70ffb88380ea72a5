"""Whatever stands in a row or an answer is put aside or stored, planned without an error, and sent clean (fault 65)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any
from unicodedata import category

import orjson
import samples
from golden.words import ACME, CATALOG, NOW, config
from hypothesis import given, settings
from hypothesis import strategies as st
from test_life_properties import everything

from flows.gathering import assemble
from flows.looking import storable
from mappings import product, provisioning, stripe
from mappings.concerns import concerns
from mappings.lifecycle import life
from mappings.model import Fact, Link, Record, Ref
from mappings.plan import fold, next_step, scalars

JSON = dict[str, Any]
HOSTILE = [
    "", " ", "\x00", "nul\x00byte", "\ud800", "half \udcff a pair", "\u202egnp.exe", "\u200b", "🦄" * 300, "x" * 10_000,
    "../../v1/customers", "%2F..%2F", "..", "?a=1#b", "'; DROP TABLE users; --", '"', "=HYPERLINK(\"x\")", "+1", "@x",
    "two\r\nlines", "\x1b[31mred", "<script>alert(1)</script>", "[x](javascript:y)", "{{ name }} %s ${x}",
    "ÄÖ@é.example", "a@b.example", "1e400", "nan", "2026-13-45", "0x10", "²",
]  # fmt: skip
ANYTHING = st.sampled_from(HOSTILE) | st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
VALUES = ANYTHING | st.sampled_from([
    None, True, False, 0, -1, 1.5, 2**70, -(2**70), float("inf"), float("nan"), [], {}, ["x"], {"x": "\ud800"},
])  # fmt: skip
RECORDS: list[tuple[str, JSON]] = [
    ("user", {"rows": [samples.user_row()]}),
    ("account", samples.account_row()),
    ("request", samples.request_row()),
    ("request", samples.request_row(kind="charge", amount_minor=500, currency="usd", description="Setup")),
    ("access", samples.access_row()),
    ("customer", samples.root(samples.subscription(), open_invoices=(samples.open_invoice(),))),
    ("customer", samples.root(samples.paused())),
    ("instance", samples.instance_answer()),
]
IDS = ("id", "customer", "subscription", "product")
READ = {"customer": stripe.facts, "instance": provisioning.facts}
# What a reader of a source puts aside, one record at a time.
PUT_ASIDE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from leaves(inner, (*path, key))
    if path and not isinstance(value, dict | list):
        yield path


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """A whole account, some of whose values are anything."""
    found = []
    for kind, data in RECORDS:
        poisoned = deepcopy(data)
        vendor = kind in READ  # Types, and ids of their own, are as documented; a view may hold anything.
        places = [p for p in leaves(data) if not vendor or (isinstance(at(data, p), str) and p[-1] not in IDS)]
        for path in draw(st.lists(st.sampled_from(places), max_size=2)):
            at(poisoned, path[:-1])[path[-1]] = draw(ANYTHING if vendor else VALUES)
        found.append(Record(Ref(kind, kind, str(key_of(kind, poisoned))), poisoned))
    return found


def key_of(kind: str, data: JSON) -> Any:
    """Of a row its own; a customer and an instance are looked up by a name that is known."""
    row = data["rows"][0] if kind == "user" else data
    return row.get(f"{kind}_id", row.get("account_id")) if kind not in READ else f"{kind}-1"


def read(record: Record) -> list[Fact]:
    """As a reader of sources does: what cannot be written down is put aside whole."""
    try:
        facts = READ.get(record.ref.kind, product.facts)(record)
        return list(storable(record.ref, facts))
    except PUT_ASIDE:
        return []


@given(records())
@settings(max_examples=100)
def test_what_is_read_can_be_written_down(found: list[Record]) -> None:
    """Keys too, by which facts find each other."""
    for record in found:
        for fact in read(record):
            text = "".join([fact.id, *fact.offers, *fact.seeks])
            assert "\x00" not in text.encode().decode(), fact


@given(records(), st.booleans())
@settings(max_examples=100)
def test_what_is_sent_is_clean(found: list[Record], managed: bool) -> None:
    """Nothing that a vendor cannot take reaches a step: no control character, no half of a pair, no endless text."""
    facts = [replace(fact, account_id=ACME) for record in found for fact in read(record)]
    known = assemble(ACME, facts, NOW - 86400)
    given_config = config(traits={"has_project": {"type": "string", "level": "account"}})
    current = life(known, given_config, CATALOG, NOW, managed)
    concerns(known, current, given_config)
    for desired in everything(known, current, given_config):
        link = Link(desired.target, desired.subject)
        while step := next_step(desired, link):
            link = fold(link, step)
            for value in scalars(step.values).values():
                if isinstance(value, str) and not desired.problem:
                    assert not {category(letter) for letter in value} & {"Cc", "Cs"}, (step.target, value)
                    assert len(value) <= 255, (step.target, [n for n, v in step.values.items() if v == value])
            orjson.dumps(dict(scalars(step.values)))
