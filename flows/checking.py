"""Everything that must be right before a sync can work, each with what to do where it is not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from connectors.contract import ConnectorError
from connectors.product import ProductAccounts, ProductUsers
from connectors.stripe import StripeBilling
from flows.house import ask, connect, identify, open_store, same_house
from flows.settings import Failed, Misuse, Settings, load_config
from flows.systems import Wires
from mappings.catalog import Catalog, catalog
from mappings.config import Config
from mappings.intercom import names
from mappings.model import Name, Person, Ref
from mappings.product import facts
from state.store import Store

Level = Literal["ok", "warning", "problem"]
CLOCKS_MAY_DIFFER = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` says what is wrong and what to do; ids only."""

    about: str
    level: Level
    text: str


Findings = Iterator[Finding]


def check(settings: Settings) -> list[Finding]:
    """Every part is looked at, whatever the others say; what several say is listed once. Nothing is written.

    Raises Misuse for an instep.toml that does not hold.
    """
    config = load_config(settings.instep_config)
    w = connect(settings)
    parts: dict[str, Callable[[], Findings]] = {
        "configuration": lambda: _configuration(config, settings),
        "state": lambda: _state(settings),
        "house": lambda: _house(settings, w),
        "product": lambda: _product(w),
        "plans": lambda: _plans(settings, w, config),
        "Intercom names": lambda: _names(w, config),
        "provisioner": lambda: _provisioner(w),
        "clock": lambda: _clock(settings),
    }
    findings: dict[str, Finding] = {}
    for about, part in parts.items():
        for finding in _safely(about, part):
            findings.setdefault(finding.text, finding)
    return list(findings.values())


def _safely(about: str, part: Callable[[], Findings]) -> Findings:
    try:
        yield from part()
    except (Failed, Misuse) as error:
        yield Finding(about, "problem", str(error))


def _configuration(config: Config, settings: Settings) -> Findings:
    kind = "a live Stripe key" if settings.live else "a Stripe test key"
    yield Finding("settings", "ok", f"complete, with {kind}")
    for unused in config.unused():
        yield Finding("configuration", "warning", f"{unused} in instep.toml is read, but nothing acts on it yet")
    plans = ", ".join(config.plans)
    yield Finding(
        "configuration", "ok", f"{settings.instep_config} is valid: plans {plans}; trials {config.trials.mode}"
    )


def _state(settings: Settings) -> Findings:
    store = open_store(settings)
    yield Finding("state", "ok", f"{store.database.name} is reachable and at the newest revision")


def _house(settings: Settings, w: Wires) -> Findings:
    found = identify(w)
    yield Finding("Stripe", "ok", f"account {found['stripe_account']}")
    yield Finding("Intercom", "ok", f"workspace {found['intercom_workspace']} ({found['intercom_region']})")
    house = open_store(settings).house()
    if house is None:
        yield Finding("house", "problem", "this state was never set up: run `instep init`")
        return
    same_house(house, found)
    watching = [target for target, mode in house.modes.items() if mode != "on"]
    yield Finding("house", "ok", f"installation {house.installation_id} belongs to these keys")
    if watching:
        yield Finding("house", "ok", f"{len(watching)} of {len(house.modes)} targets only watch: nothing is sent there")


def _product(w: Wires) -> Findings:
    ask("the product database", w.product.check)
    people, addresses, owners, members, problems = 0, Counter[str](), set[str](), set[str](), 0
    for person, rows in _memberships(w):
        people += rows
        members.add(str(person.account_id))
        problems += bool(person.problem)
        addresses[person.email.casefold()] += rows
        if person.bills:
            owners.add(str(person.account_id))
    yield Finding("product", "ok", f"instep_users has {people} people in {len(members)} accounts")
    shared = [address for address, count in addresses.items() if address and count > 1]
    if shared:
        yield Finding(
            "product", "warning", f"{len(shared)} e-mail addresses belong to more than one user: Intercom may join them"
        )
    if problems:
        yield Finding(
            "product",
            "warning",
            f"{problems} rows of instep_users cannot be used: `instep todo` names them after a sync",
        )
    if members - owners:
        some = ", ".join(sorted(members - owners)[:3])
        yield Finding(
            "product",
            "warning",
            f"{len(members - owners)} accounts have no owner (like {some}): the earliest person counts",
        )
    yield from _accounts(w, members)


def _memberships(w: Wires) -> Iterator[tuple[Person, int]]:
    """Each membership, and 1 with a user's first one, else 0."""
    source = ProductUsers(w.product)
    for page in ask("the product database", lambda: list(source.scan(None))):
        for record in page.records:
            for number, fact in enumerate(facts(record)):
                if isinstance(fact.body, Person):
                    yield fact.body, int(number == 0)


def _accounts(w: Wires, members: set[str]) -> Findings:
    source = ProductAccounts(w.product)
    if not source.present:
        yield Finding("product", "ok", "there is no view instep_accounts: accounts are known by their people only")
        return
    pages = ask("the product database", lambda: list(source.scan(None)))
    known = {record.ref.id for page in pages for record in page.records}
    yield Finding("product", "ok", f"instep_accounts has {len(known)} accounts")
    if known - members:
        yield Finding(
            "product", "warning", f"{len(known - members)} accounts of instep_accounts have no people in instep_users"
        )
    if members - known:
        yield Finding(
            "product", "warning", f"{len(members - known)} accounts of instep_users are not in instep_accounts"
        )


def _plans(settings: Settings, w: Wires, config: Config) -> Findings:
    prices = ask("Stripe", StripeBilling(w.stripe, settings.clock()).prices)
    found = catalog(config, prices)
    for key in config.plans:
        if key in found.prices:
            yield Finding("plans", "ok", f"{key} starts trials at {found.prices[key]}")
        else:
            yield Finding("plans", "problem", f"{key} has no active recurring price in Stripe: correct [plans.{key}]")
    for price in _unmapped(found, prices):
        yield Finding(
            "plans", "warning", f"price {price} is in no plan of instep.toml: its customers keep their last tag"
        )


def _unmapped(found: Catalog, prices: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(str(price["id"]) for price in prices if price["id"] not in found.plans)


def _names(w: Wires, config: Config) -> Findings:
    wanted = names(config)
    there = {"tag": _tags(w), "contact": _attributes(w, "contact"), "company": _attributes(w, "company")}
    missing = [name for name in wanted if _key(name) not in there[name.kind]]
    for name in wanted:
        other = there[name.kind].get(_key(name), name.type)
        if other != name.type:
            yield Finding(
                "Intercom names",
                "problem",
                f"the attribute {name.name} is {other}, not {name.type}: rename it in [names.attributes]",
            )
    if missing:
        some = ", ".join(name.name for name in missing[:3])
        yield Finding(
            "Intercom names",
            "warning",
            f"{len(missing)} of {len(wanted)} tags and attributes do not exist yet (like {some}): "
            "they are made when targets are switched on",
        )
    else:
        yield Finding("Intercom names", "ok", f"all {len(wanted)} tags and attributes exist")


def _key(name: Name) -> str:
    """Intercom compares tags without case."""
    return name.name.casefold() if name.kind == "tag" else name.name


def _tags(w: Wires) -> dict[str, str]:
    listed = ask("Intercom", lambda: w.intercom.get("/tags"))
    return {str(tag["name"]).casefold(): "" for tag in listed.get("data") or []}


def _attributes(w: Wires, model: str) -> dict[str, str]:
    query = {"model": model, "include_archived": "true"}
    listed = ask("Intercom", lambda: w.intercom.get("/data_attributes", query))
    return {str(a["name"]): "archived" if a.get("archived") else str(a["data_type"]) for a in listed.get("data") or []}


def _provisioner(w: Wires) -> Findings:
    if w.instances is None:
        yield Finding("provisioner", "ok", "none: product instances are not managed (PROVISIONER_URL)")
        return
    try:
        w.instances.fetch(Ref("instances", "instance", "instep-check"))
        yield Finding("provisioner", "ok", "answers")
    except ConnectorError as error:
        yield Finding("provisioner", "problem", f"{error}: look at PROVISIONER_URL and PROVISIONER_SECRET")


def _clock(settings: Settings) -> Findings:
    if settings.instep_now:
        yield Finding(
            "clock", "warning", f"INSTEP_NOW holds the clock at {settings.instep_now}: unset it after the rehearsal"
        )
    off = _drift(open_store(settings))
    if abs(off) > CLOCKS_MAY_DIFFER:
        yield Finding(
            "clock", "warning", f"the state database's clock differs by {off:.0f} seconds: set both clocks right"
        )
    else:
        yield Finding("clock", "ok", "this machine and the state database agree")


def _drift(store: Store) -> float:
    return store.db_now() - time.time()
