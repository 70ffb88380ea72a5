"""``instep.toml``: its defaults are a public contract, and what it says is checked."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from golden.words import TOML, config, sub
from pydantic import ValidationError

from mappings.catalog import catalog
from mappings.config import Config
from mappings.glossary import STAGES
from mappings.naming import names

LEAST: dict[str, Any] = {"plans": {"pro": {"prices": ["p1"]}}, "policy": {"access_without_subscription": "full"}}
EXAMPLE = Path(__file__).parents[2] / "instep.toml"
DEFAULTS: dict[str, Any] = {
    "trials": {
        "mode": "stripe",
        "end_without_card": "pause",
        "refused_starts_paid": False,
        "one_per_domain": False,
        "extra": {},
    },
    "policy": {
        "access_without_subscription": "full",
        "grace_days": 7,
        "read_only_days": 14,
        "retention_days": 0,
        "journal_days": 400,
        "reminder_days": [7, 3, 1],
        "reminder_hour": 9,
        "provision_deadline_minutes": 15,
        "max_trial_shift_days": 7,
        "instances": "requests",
        "lost_dispute": "block",
        "erase_in_stripe": "keep",
    },
    "names": {
        "stage_tags": "sub:{stage}",
        "overlay_tags": "is:{overlay}",
        "attributes": {},
        "events": {},
        "intercom_prefix": "",
    },
    "audience": {"default": "billing"},
    "brake": {
        "removals": {"floor": 10, "share": 0.02},
        "inferred": {"floor": 3, "share": 0.005},
        "bursts": {"floor": 50, "share": 0.05},
        "instance_deletions_a_day": 5,
    },
}


def read(**tables: Any) -> Config:
    return Config.model_validate({**LEAST, **tables})


def given(config: Config) -> dict[str, Any]:
    """What is set, without what is None."""
    return config.model_dump(exclude_none=True)


def test_defaults() -> None:
    found = given(read())
    assert {name: found[name] for name in DEFAULTS} == DEFAULTS
    assert found["plans"]["pro"]["trial_days"] == 14


def test_charges_have_no_default_limit() -> None:
    assert read().policy.max_charge_minor is None


def test_the_example_names_the_defaults() -> None:
    """What it sets is what holds without it; the policy without a default may be either."""
    if not EXAMPLE.is_file():
        pytest.skip("there is no instep.toml")
    example = tomllib.loads(EXAMPLE.read_text())
    assert Config.model_validate(example)
    shown = {(t, name): value for t in DEFAULTS for name, value in example.get(t, {}).items()}
    shown.pop(("policy", "access_without_subscription"))
    assert shown == {(t, name): DEFAULTS[t].get(name) for t, name in shown}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"polcy": {}}, "polcy"),
        ({"policy": {"access_without_subscription": "full", "grace": 3}}, "grace"),
        ({"policy": {}}, "access_without_subscription"),
        ({"policy": {"access_without_subscription": "some"}}, "access_without_subscription"),
        ({"policy": {"access_without_subscription": "full", "grace_days": "7"}}, "grace_days"),
        ({"policy": {"access_without_subscription": "full", "grace_days": -1}}, "grace_days"),
        ({"policy": {"access_without_subscription": "full", "reminder_hour": 24}}, "reminder_hour"),
        ({"plans": {}}, "plans"),
        ({"plans": {"pro": {"tag": "x"}}}, "at least one of prices"),
        ({"plans": {"pro": {"prices": ["p1"]}, "team": {"lookup_keys": ["p1"]}}}, "a price means one plan"),
        ({"plans": {"pro": {"prices": ["p1"], "trial_days": 731}}}, "trial_days"),
        ({"names": {"stage_tags": "stage"}}, "must contain {stage}"),
        ({"names": {"overlay_tags": "overlay"}}, "must contain {overlay}"),
        ({"trials": {"mode": "both"}}, "mode"),
        ({"audience": {"default": "all"}}, "audience"),
        ({"traits": {"x": {"type": "date", "rollup": "mean"}}}, "rollup"),
        ({"brake": {"removals": {"floor": 1, "share": 2}}}, "share"),
        ({"after": {"converted": {"url": "https://example.com"}}}, "there are added-payment-method, canceled-subscr"),
        ({"after": {"expired-trial": {}}}, "name either a url or a deployment"),
        ({"after": {"expired-trial": {"url": "https://a.example", "deployment": "f/d"}}}, "either a url or"),
        ({"after": {"expired-trial": {"url": "ftp://a.example"}}}, "must be an address"),
        ({"after": {"expired-trial": {"url": "https:///hooks"}}}, "must be an address"),
        ({"after": {"expired-trial": {"deployment": "flow"}}}, "must be FLOW/DEPLOYMENT"),
    ],
)
def test_what_is_wrong_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(**change)
    assert words in str(raised.value)


def test_a_missing_policy_is_refused() -> None:
    with pytest.raises(ValidationError, match="policy"):
        Config.model_validate({"plans": LEAST["plans"]})


def test_tags_of_every_stage_overlay_and_plan_are_ours() -> None:
    owned = config(names={"intercom_prefix": "x-"}).owned_tags
    assert {"x-sub:trial-requested", "x-is:ending-soon", "x-plan:pro", "x-plan:team"} <= owned
    assert len(owned) == len(STAGES) + 4 + 2


def test_names_of_the_workspace() -> None:
    names = config(names={"attributes": {"plan": "billing_plan"}, "events": {"started-trial": "trial began"}}).names
    assert (names.attribute("plan"), names.attribute("mrr")) == ("billing_plan", "mrr")
    assert (names.event("started-trial"), names.event("expired-trial")) == ("trial began", "expired-trial")


def test_every_name_is_declared_once() -> None:
    found = [(name.kind, name.name) for name in names(config())]
    assert len(found) == len(set(found))
    assert ("contact", "plan") in found
    assert ("company", "account_stage") in found


def price(name: str, created: int, key: str | None = None, product: Any = "prod_1") -> dict[str, Any]:
    return {"id": name, "created": created, "lookup_key": key, "product": product}


def test_a_plan_is_found_by_price_lookup_key_or_product() -> None:
    plans = {"pro": {"prices": ["p1"]}, "team": {"lookup_keys": ["team_m"]}, "big": {"products": ["prod_9"]}}
    prices = [price("p1", 1), price("p2", 2, "team_m", "prod_2"), price("p3", 3, None, {"id": "prod_9"})]
    found = catalog(read(plans=plans), prices)
    assert found.prices == {"pro": "p1", "team": "p2", "big": "p3"}
    by_price = {name: found.plan_of(sub("active", price_ids=(name,))) for name in ("p1", "p2", "p3", "p4")}
    assert by_price == {"p1": "pro", "p2": "team", "p3": "big", "p4": None}


def test_an_archived_price_is_known_by_its_lookup_key_or_product() -> None:
    found = catalog(read(plans={"pro": {"lookup_keys": ["old"], "products": ["prod_1"]}}), [])
    assert found.prices == {}
    assert found.plan_of(sub("active", price_ids=("p0",), lookup_keys=("old",))) == "pro"
    assert found.plan_of(sub("active", price_ids=("p0",), product_ids=("prod_1",))) == "pro"


def test_new_trials_use_the_first_name_that_exists_and_the_oldest_price_of_a_product() -> None:
    plans = {"pro": {"prices": ["gone", "p2"], "products": ["prod_1"]}, "team": {"products": ["prod_1x"]}}
    prices = [price("p2", 2), price("p9", 9, None, "prod_1x"), price("p8", 8, None, "prod_1x")]
    assert catalog(read(plans=plans), prices).prices == {"pro": "p2", "team": "p8"}
    assert catalog(read(plans=plans), list(reversed(prices))).prices == {"pro": "p2", "team": "p8"}


def test_the_tables_use_a_valid_house() -> None:
    assert Config.model_validate(TOML)
