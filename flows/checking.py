"""Everything that must be right before a sync can work, each with what to do where it is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar

from connectors.contract import Rejected
from connectors.prefect import DeployedInstances, DeploymentRuns, PrefectApi
from connectors.stripe import StripeBilling
from flows.asking import ask
from flows.following import calls
from flows.house import connect, open_store
from flows.identity import same_house
from flows.inspecting import Finding, Findings, views
from flows.inspecting_names import intercom_names
from flows.settings import Failed, Misuse, Settings, load_config
from flows.systems import Wires
from flows.tickets import PATH, tickets
from flows.wording import counted
from mappings.catalog import Catalog, catalog
from mappings.config import Config
from mappings.model import Ref
from state.store import House, Store

T = TypeVar("T")
CLOCKS_MAY_DIFFER = 60
SHORT = 32


def check(settings: Settings) -> list[Finding]:
    """Every part is looked at, whatever the others say, and has its line; what hinders several is told once, where it
    was met first. Nothing is written."""
    look = Look(settings)
    findings: list[Finding] = []
    met: dict[str, str] = {}
    for about, part in look.parts.items():
        try:
            findings += part()
        except (Failed, Misuse) as error:
            first = met.setdefault(str(error), about)
            told = first == about
            text = str(error) if told else f"not looked at: see {first}"
            findings.append(Finding(about, "problem" if told else "warning", text))
    return findings


class Look:
    """The parts, in the order in which they are told. What one part found out is not asked for again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.parts: dict[str, Callable[[], Findings]] = {
            "settings": self._settings,
            "configuration": self._configuration,
            "state": self._state,
            "Stripe": self._stripe,
            "Intercom": self._intercom,
            "house": self._house,
            "targets": self._targets,
            "product": lambda: views(self.wires),
            "plans": lambda: _plans(settings, self.answering("Stripe"), self.config),
            "Intercom names": self._intercom_names,
            "provisioner": lambda: _provisioner(settings, self.wires),
            "after": lambda: _after(self.wires, self.config),
            "billing links": lambda: _links(settings),
            "clock": lambda: _clock(settings),
        }
        self.found: dict[str, str | bool] = {}
        self._down: dict[str, Failed] = {}

    @cached_property
    def config(self) -> Config:
        return load_config(self.settings.instep_config)

    @cached_property
    def wires(self) -> Wires:
        return connect(self.settings)

    def _settings(self) -> Findings:
        kind = "a live Stripe key" if self.settings.live else "a Stripe test key"
        yield Finding("settings", "ok", f"complete, with {kind}")

    def _configuration(self) -> Findings:
        plans, mode = ", ".join(self.config.plans), self.config.trials.mode
        yield Finding("configuration", "ok", f"{self.settings.instep_config} is valid: plans {plans}; trials {mode}")
        for unused in self.config.unused():
            yield Finding("configuration", "warning", f"{unused} in instep.toml is read, but nothing acts on it yet")

    def _state(self) -> Findings:
        name = open_store(self.settings).database.name
        yield Finding("state", "ok", f"{name} is reachable and at the newest revision")

    def _stripe(self) -> Findings:
        found = self._first("Stripe", self.wires.stripe.identity)
        self.found |= {"stripe_account": found.account_id, "livemode": found.livemode}
        yield Finding("Stripe", "ok", f"account {found.account_id}")

    def _intercom(self) -> Findings:
        found = self._first("Intercom", self.wires.intercom.identity)
        self.found |= {"intercom_workspace": found.workspace, "intercom_region": found.region}
        yield Finding("Intercom", "ok", f"workspace {found.workspace} ({found.region})")

    def _first(self, system: str, call: Callable[[], T]) -> T:
        """The first call to a vendor; what it raises is raised again by ``answering``."""
        try:
            return ask(system, call)
        except Failed as failed:
            self._down[system] = failed
            raise

    def answering(self, system: str) -> Wires:
        """A vendor that has failed once is not asked again."""
        if system in self._down:
            raise self._down[system]
        return self.wires

    def _house(self) -> Findings:
        house = self._known()
        same_house(house, self.found)
        for system in self._down:
            yield Finding("house", "warning", f"whether it belongs to the key of {system} is not known: see {system}")
        if not self._down:
            yield Finding("house", "ok", f"installation {house.installation_id} belongs to these keys")

    def _known(self) -> House:
        house = open_store(self.settings).house()
        if house is None:
            raise Failed("this state was never set up: run `instep init`")
        return house

    def _intercom_names(self) -> Findings:
        house = open_store(self.settings).house()
        sent = bool(house and house.modes.get("intercom.contacts") == "on")
        linked = tickets(self.settings).on
        return intercom_names(self.answering("Intercom"), self.config, sent, linked)

    def _targets(self) -> Findings:
        modes = self._known().modes
        watching = sum(mode != "on" for mode in modes.values())
        some = f"{watching} of {counted(len(modes), 'target')} only {'watches' if watching == 1 else 'watch'}"
        yield Finding("targets", "ok", f"{some}: nothing is sent there" if watching else f"all {len(modes)} are on")


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


def _provisioner(settings: Settings, w: Wires) -> Findings:
    secret = bool(settings.provisioner_secret.get_secret_value())
    if w.instances is None:
        text = "none: product instances are not managed (PROVISIONER_URL)"
        unused = "PROVISIONER_SECRET is set without PROVISIONER_URL: product instances are not managed"
        yield Finding("provisioner", "warning", unused) if secret else Finding("provisioner", "ok", text)
        return
    if isinstance(w.instances, DeployedInstances):
        _deployed(w.instances.api)
        yield Finding("provisioner", "ok", f"the deployment {settings.provisioner_deployment} is there")
        return
    if not secret:
        unsigned = "PROVISIONER_URL is set without PROVISIONER_SECRET: requests are not signed; set the secret"
        yield Finding("provisioner", "warning", unsigned)
    instances = w.instances
    ask("the provisioner", lambda: instances.fetch(Ref("instances", "instance", "instep-check")))
    proof = "; reading needs no signature, so the secret is first proved by the first instance" if secret else ""
    yield Finding("provisioner", "ok", f"answers{proof}")


def _deployed(api: PrefectApi) -> None:
    def there() -> str:
        try:
            return api.deployment()
        except Rejected as missing:
            raise Failed(f"{missing}: deploy it, or correct its name") from None

    ask("Prefect", there)


def _after(w: Wires, config: Config) -> Findings:
    for name, after in config.after.items():
        target = w.hooks.target(name, after)
        if isinstance(target, DeploymentRuns):
            _deployed(target.api)
        yield Finding("after", "ok", f"{name} calls {calls(after)}")
    if not config.after:
        yield Finding("after", "ok", "nothing follows an occurrence ([after] in instep.toml)")


def _links(settings: Settings) -> Findings:
    sealing, public = tickets(settings), settings.instep_public_url
    if not public:
        yield Finding("billing links", "ok", "none: INSTEP_PUBLIC_URL is not set")
    elif not sealing.on:
        text = "none: INSTEP_PUBLIC_URL is set without INSTEP_SECRETS: put at least 32 random characters there"
        yield Finding("billing links", "warning", text)
    elif len(sealing.secrets[0]) < SHORT:
        text = f"the first of INSTEP_SECRETS has under {SHORT} characters and may be guessed: put a longer one in front"
        yield Finding("billing links", "warning", text)
    else:
        open_to_all = not public.startswith("https://")
        yield Finding("billing links", "ok", f"they begin with {sealing.base}/{PATH}/; `instep door` answers them")
        if open_to_all:
            yield Finding("billing links", "warning", "INSTEP_PUBLIC_URL is not https: links can be read on their way")


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
