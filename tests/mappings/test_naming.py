"""The glossary: nothing is used that is not in it, and what it says fits the configuration."""

from __future__ import annotations

from typing import Any

import pytest
from golden.words import CATALOG, NOW, config
from hypothesis import given
from pydantic import ValidationError
from strategies import configs, facts

from mappings.config import Config
from mappings.glossary import Attribute, Event, Tag
from mappings.glossary.shapes import by_name
from mappings.intercom import desired_companies, desired_contacts, desired_events
from mappings.lifecycle import life
from mappings.model import AccountFacts, Stage
from mappings.naming import audience, entries, names
from mappings.standing import RULES


@given(facts(), configs)
def test_nothing_is_told_that_is_not_in_the_glossary(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    listed = {(e.kind, e.name if e.standard or e.kind in ("tag", "event") else f"custom.{e.name}"): e
              for e in entries(config)}  # fmt: skip
    for contact in desired_contacts(known, found, config):
        assert {("contact", name) for name in contact.values} | {("tag", t) for t in contact.sets["tags"]} <= set(
            listed
        )
    for company in desired_companies(known, found, config):
        assert {("company", name) for name in company.values} <= set(listed)
    for events in desired_events(known, found, config):
        for event in events.occurrences:
            assert set(event.details) <= set(listed["event", event.name].details)


def test_a_name_that_is_not_in_the_glossary_cannot_be_used() -> None:
    with pytest.raises(KeyError):
        audience(config(), "surprise")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tag("x", "", "comes", "goes"),
        lambda: Attribute("x", "string", "says", "", "goes"),
        lambda: Attribute("x", "string", "s" * 256, "comes", "goes"),
        lambda: Event("x", "says", ""),
        lambda: by_name([Event("x", "says", "at"), Event("x", "says", "at")]),
    ],
)
def test_nothing_is_defined_without_a_word_or_twice(make: Any) -> None:
    with pytest.raises(ValueError, match="x"):
        make()


def test_every_stage_has_its_tag() -> None:
    tags = {e.key for e in entries(config()) if e.type == "stage"}
    wanted: set[Stage] = set(RULES) - {"erased"}
    assert tags == wanted


def test_what_is_made_carries_its_description_and_nothing_of_intercoms_own_is_made() -> None:
    made = {(n.kind, n.name): n for n in names(config(audience={"mrr": "none"}))}
    assert made["contact", "plan"].description == "Plan of the running trial or subscription"
    assert made["company", "account_stage"].type == "string"
    assert not {("contact", "email"), ("contact", "mrr"), ("company", "plan"), ("company", "next_step")} & made.keys()


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"audience": {"plann": "none"}}, "audience names 'plann'"),
        ({"audience": {"name": "none"}}, "audience names 'name'"),
        ({"names": {"attributes": {"acount_stage": "x"}}}, "names.attributes names 'acount_stage'"),
        ({"names": {"events": {"started": "x"}}}, "names.events names 'started'"),
        ({"names": {"attributes": {"plan": "account_stage"}}}, "plan and account_stage would both be called"),
        ({"names": {"events": {"started-trial": "expired-trial"}}}, "started-trial and expired-trial would both"),
        ({"plans": {"x": {"prices": ["p"], "tag": "SUB:active"}}}, "active and x would both be called 'SUB:active'"),
        ({"traits": {"seats": {"type": "string", "description": "s" * 256}}}, "description"),
    ],
)
def test_names_that_cannot_be_meant_are_refused(tables: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(**tables)


def test_names_that_are_known_are_taken() -> None:
    tables: Any = {
        "names": {
            "attributes": {"next_step": "n", "account_stage": "s", "seats": "z"},
            "events": {"failed-payment": "f"},
        },
        "audience": {"default": "everyone", "tags": "billing", "seats": "none", "stuck_since": "none"},
        "traits": {"seats": {"type": "integer"}},
    }
    found = {e.name for e in entries(config(**tables))}
    assert {"s", "z", "f", "sub:active"} <= found
