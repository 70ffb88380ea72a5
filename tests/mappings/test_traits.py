"""Declared traits, the journey's next step, and who hears of what."""

from typing import Any

import pytest
from golden.words import CATALOG, account, config, day, known, person, seen, sub
from pydantic import ValidationError

from mappings.config import Config, Trait
from mappings.intercom import desired_companies, desired_contacts, desired_events
from mappings.lifecycle import life
from mappings.model import AccountFacts, Scalar, UserId
from mappings.naming import names
from mappings.traits import account_traits, next_step, traits_of, typed

TRAITS: dict[str, Any] = {
    "has_project": {"type": "boolean", "default": False, "level": "account", "rollup": "any", "description": "One"},
    "seats": {"type": "integer", "default": 0, "level": "account", "rollup": "sum"},
    "top_score": {"type": "float", "level": "account", "rollup": "max"},
    "theme": {"type": "string", "default": "light", "level": "account"},
    "logins": {"type": "integer", "default": 0},
}
RULES = config(traits=TRAITS, journey={"steps": ["has_project", "seats"]})


def team(*traits: dict[str, Scalar], **of_account: Any) -> AccountFacts:
    """Olga the owner, Mia and Max, seen one after the other, with these traits."""
    people = [
        person(user, role, joined, traits=had, last_seen_at=day(joined))
        for (user, role, joined), had in zip(
            [("olga", "owner", -9), ("mia", "member", -8), ("max", "member", -7)], traits, strict=False
        )
    ]
    return known(sub("active", ever_paid=True), account(**of_account), people=tuple(people))


def test_an_account_sums_up_its_people() -> None:
    facts = team(
        {"seats": 2, "top_score": 1.5, "theme": "dark"},
        {"seats": "3", "has_project": 1, "theme": "neon"},
        {"seats": "x"},
    )
    assert account_traits(facts, RULES) == {"has_project": True, "seats": 5, "top_score": 1.5, "theme": "neon"}


def test_the_accounts_own_value_comes_first_and_the_default_last() -> None:
    facts = team({"seats": 2}, traits={"seats": 9})
    assert account_traits(facts, RULES) == {"has_project": False, "seats": 9, "top_score": None, "theme": "light"}


def test_what_is_not_declared_does_not_travel() -> None:
    facts = team({"logins": 4, "secret": "x"})
    told = traits_of(facts, facts.people[0], RULES)
    assert told["logins"] == 4
    assert "secret" not in told


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("boolean", "yes", True), ("boolean", "no", False), ("integer", "12", 12), ("integer", "many", None),
        ("integer", float("inf"), None), ("float", "1.5", 1.5), ("float", "x", None), ("float", float("nan"), None),
        ("string", " a\x00b ", "ab"), ("string", "", None), ("date", 1770000000, 1770000000), ("date", None, None),
    ],
)  # fmt: skip
def test_values_arrive_as_their_type(kind: Any, given: Scalar, value: Scalar) -> None:
    assert typed(given, Trait(type=kind)) == value


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"traits": {"a": {"type": "integer", "default": "x"}}}, "not of type integer"),
        ({"traits": {"a": {"type": "integer", "default": True}}}, "not of type integer"),
        ({"traits": {"a": {"type": "string", "rollup": "sum"}}}, "does not fit type string"),
        ({"journey": {"steps": ["a"]}}, "not a declared trait"),
        ({"traits": {"plan": {"type": "string"}}}, "a name that Instep uses itself"),
        ({"traits": {"stage": {"type": "string", "level": "account"}}}, "a name that Instep uses itself"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(tables: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(**tables)


def contacts(facts: AccountFacts, rules: Config) -> dict[str, dict[str, Any]]:
    found = desired_contacts(facts, life(facts, rules, CATALOG, day(0), False), rules)
    return {d.subject: {n.removeprefix("custom."): v for n, v in d.values.items()} for d in found}


def test_members_get_traits_and_the_company_has_the_accounts() -> None:
    facts = team({"logins": 4}, {"logins": 7, "seats": 3})
    mia = contacts(facts, RULES)["person:mia"]
    assert (mia["logins"], mia["seats"], mia.get("plan"), mia.get("next_step")) == (7, 3, None, None)
    assert contacts(facts, RULES)["person:olga"]["next_step"] == "has_project"
    (company,) = desired_companies(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
    assert company.values["custom.account_seats"] == 3
    assert company.values["custom.account_next_step"] == "has_project"
    assert "custom.account_logins" not in company.values


def test_all_that_is_told_is_declared_once() -> None:
    facts = team({"logins": 4}, {"seats": 3})
    told = {n for values in contacts(facts, RULES).values() for n in values}
    declared = [n.name for n in names(RULES) if n.kind == "contact"]
    assert told - set(declared) == {"external_id", "role", "email"}
    assert len(declared) == len(set(declared))
    (company,) = desired_companies(facts, life(facts, RULES, CATALOG, day(0), False), RULES)
    held = {n.removeprefix("custom.") for n in company.values if n.startswith("custom.")}
    assert held == {n.name for n in names(RULES) if n.kind == "company"}


def test_the_audience_widens_and_silences_by_name() -> None:
    rules = config(audience={"default": "billing", "plan": "everyone", "mrr": "none", "converted-trial": "everyone"})
    mia, olga = person("mia", "member"), person("olga")
    facts = known(sub("active", ever_paid=True, first_paid_at=day(-1)), people=(olga, mia))
    found = contacts(facts, rules)
    assert found["person:mia"]["plan"] == "pro"
    assert "mrr" not in found["person:olga"]
    assert "mrr" not in {n.name for n in names(rules)}
    events = desired_events(facts, life(facts, rules, CATALOG, day(0), False), rules)
    assert {d.subject for d in events} == {"person:olga", "person:mia"}
    everyone = config(audience={"tags": "everyone"})
    tags = [d.sets["tags"] for d in desired_contacts(facts, life(facts, everyone, CATALOG, day(0), False), everyone)]
    assert tags == [{"sub:active", "plan:pro"}] * 2


def test_the_next_step_and_since_when() -> None:
    assert next_step(team({}, {}), RULES) == ("has_project", day(-9))
    done = person("olga", traits={"has_project": True}, seen=seen(**{"trait:has_project": ("yes", -3, "no")}))
    assert next_step(known(people=(done,)), RULES) == ("seats", day(-3))
    assert next_step(team({"has_project": True, "seats": 1}), RULES) == ("", None)
    assert next_step(team({"has_project": "no"}), RULES)[0] == "has_project"


def test_traits_without_people() -> None:
    nobody = known(people=())
    assert next_step(nobody, RULES) == ("has_project", None)
    assert account_traits(nobody, RULES)["seats"] == 0
    assert UserId("olga") not in contacts(nobody, RULES)
