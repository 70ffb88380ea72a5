"""Everything that must be right before a sync can work, each with what to do where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from connectors.intercom import INTERCOM_VERSION
from connectors.stripe import STRIPE_VERSION
from connectors.wire import Hello
from flows.checks import around, keys, links
from flows.checks.deployments import deployments
from flows.checks.finding import Finding, Findings
from flows.checks.names import intercom_names
from flows.checks.plans import plans
from flows.checks.views import views
from flows.house import connect, open_store
from flows.identity import same_house
from flows.settings import Failed, Misuse, Settings, load_config
from flows.systems import Wires
from flows.tickets import tickets
from flows.wording import counted
from mappings.config import Config
from state.store import House, Store

# Each part with what it looks at, in the order in which they are told.
PARTS: Mapping[str, str] = {
    "settings": "every setting that is needed is there and can be read",
    "configuration": "`instep.toml` is valid; what this version reads without acting on it",
    "state": "the state database can be reached and is at the newest revision",
    "Stripe": "the key opens an account, over the API version that Instep speaks",
    "Stripe key": "a restricted key may read all that Instep reads; each permission that is missing by name",
    "Intercom": "the token opens a workspace, whose region is that of `INTERCOM_API_BASE`",
    "Intercom token": "it has the scopes to read contacts, companies and tags; each one that is missing by name",
    "versions": "both vendors still take, and answer in, the API versions that Instep speaks",
    "environment": "live keys with live workspaces at the vendors' own addresses, test keys with test ones",
    "house": "the keys belong to the accounts that this state was built for",
    "targets": "which targets are on and which only watch",
    "product": "views: required columns, gaps, doubles, several owners or none, values that do not fit their column, "
    "times without a zone, rows that changed while `updated_at` stood still, traits that nobody has",
    "plans": "each plan resolves to one active recurring price; prices in no plan, with the customers and the money "
    "on them (of the 5,000 newest running subscriptions)",
    "Intercom names": "tags and attributes: missing, archived, of another type, on the wrong side, made by others; "
    "custom attributes used of 250, event names of 120",
    "provisioner": "it answers, or its Prefect deployment is there",
    "after": "the receivers of `[after]`; Prefect deployments among them are there",
    "billing links": "the secret and the address; the customer portal's settings; webhook endpoints that lead nowhere",
    "Prefect": "the deployments of `prefect.yaml` are registered, not paused, in a work pool with a live worker",
    "clock": "this machine against the state database and the vendors' `Date`; `INSTEP_NOW`",
}


def check(settings: Settings) -> list[Finding]:
    """Every part is looked at, whatever the others say, and has its line; what hinders several is told once, where it
    was met first. Nothing is written."""
    look = Look(settings)
    findings: list[Finding] = []
    met: dict[str, str] = {}
    for about in PARTS:
        try:
            for finding in look.at(about):
                if finding.level == "problem":
                    met.setdefault(finding.text, about)
                findings.append(finding)
        except (Failed, Misuse) as error:
            first = met.setdefault(str(error), about)
            told = first == about
            text = str(error) if told else f"not looked at: see {first}"
            findings.append(Finding(about, "problem" if told else "warning", text))
    return findings


class Look:
    """What one part found out is not asked for again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.found: dict[str, str | bool] = {}
        self._hellos: dict[str, Hello | Failed | Misuse] = {}
        self._parts: Mapping[str, Callable[[], Findings]] = {
            "settings": self._settings,
            "configuration": self._configuration,
            "state": self._state,
            "Stripe": self._stripe,
            "Stripe key": lambda: keys.stripe_key(self._open("Stripe"), settings, self._linked),
            "Intercom": self._intercom,
            "Intercom token": lambda: keys.intercom_token(self._open("Intercom")),
            "versions": self._versions,
            "environment": self._environment,
            "house": self._house,
            "targets": self._targets,
            "product": lambda: views(self.wires, self.config, self._store, settings.clock()()),
            "plans": lambda: plans(settings, self._open("Stripe"), self.config),
            "Intercom names": self._intercom_names,
            "provisioner": lambda: around.provisioner(settings, self.wires),
            "after": lambda: around.after(self.wires, self.config),
            "billing links": self._links,
            "Prefect": deployments,
            "clock": self._clock,
        }

    def at(self, about: str) -> Findings:
        return self._parts[about]()

    @cached_property
    def config(self) -> Config:
        return load_config(self.settings.instep_config)

    @cached_property
    def wires(self) -> Wires:
        return connect(self.settings)

    @property
    def _linked(self) -> bool:
        return tickets(self.settings).on

    @cached_property
    def _store(self) -> Store | None:
        try:
            return open_store(self.settings)
        except Failed:
            return None

    def _settings(self) -> Findings:
        kind = "a live Stripe key" if self.settings.live else "a Stripe test key"
        yield Finding("settings", "ok", f"complete, with {kind}")
        if self.settings.stripe_webhook_secrets.get_secret_value():
            unused = "STRIPE_WEBHOOK_SECRETS is set, but no webhooks are received yet: the event log is read; unset it"
            yield Finding("settings", "warning", unused)

    def _configuration(self) -> Findings:
        named, mode = ", ".join(self.config.plans), self.config.trials.mode
        yield Finding("configuration", "ok", f"{self.settings.instep_config} is valid: plans {named}; trials {mode}")

    def _state(self) -> Findings:
        name = open_store(self.settings).database.name
        yield Finding("state", "ok", f"{name} is reachable and at the newest revision")

    def _stripe(self) -> Findings:
        account = str(self._greet("Stripe", STRIPE_VERSION, lambda: self.wires.stripe.hello()).data["id"])
        self.found |= {"stripe_account": account, "livemode": self.settings.live}
        yield Finding("Stripe", "ok", f"account {account}")

    def _intercom(self) -> Findings:
        app = self._greet("Intercom", INTERCOM_VERSION, lambda: self.wires.intercom.hello()).data["app"]
        workspace, region = str(app["id_code"]), str(app["region"])
        self.found |= {"intercom_workspace": workspace, "intercom_region": region}
        yield Finding("Intercom", "ok", f"workspace {workspace} ({region})")
        yield from keys.region(self.settings.intercom_api_base, region)

    def _greet(self, system: str, version: str, hello: Callable[[], Hello]) -> Hello:
        """The first call to a vendor; what it raises is raised again by ``_hello``."""
        try:
            said = self._hellos[system] = keys.greeted(system, version, hello)
        except (Failed, Misuse) as error:
            self._hellos[system] = error
            raise
        return said

    def _hello(self, system: str) -> Hello:
        said = self._hellos[system]
        if isinstance(said, Exception):
            raise said
        return said

    def _open(self, system: str) -> Wires:
        """A vendor that has failed once is not asked again."""
        self._hello(system)
        return self.wires

    def _versions(self) -> Findings:
        intercom = self._hello("Intercom").version
        yield from keys.versions(self._hello("Stripe").version, intercom)

    def _environment(self) -> Findings:
        app = self._hello("Intercom").data["app"]
        yield from keys.environment(self.settings, str(app["id_code"]), str(app.get("name") or ""))

    def _house(self) -> Findings:
        house = self._known()
        same_house(house, self.found)
        down = [system for system, said in self._hellos.items() if isinstance(said, Exception)]
        for system in down:
            yield Finding("house", "warning", f"whether it belongs to the key of {system} is not known: see {system}")
        if not down:
            yield Finding("house", "ok", f"installation {house.installation_id} belongs to these keys")

    def _known(self) -> House:
        house = open_store(self.settings).house()
        if house is None:
            raise Failed("this state was never set up: run `instep init`")
        return house

    def _targets(self) -> Findings:
        modes = self._known().modes
        watching = sum(mode != "on" for mode in modes.values())
        some = f"{watching} of {counted(len(modes), 'target')} only {'watches' if watching == 1 else 'watch'}"
        yield Finding("targets", "ok", f"{some}: nothing is sent there" if watching else f"all {len(modes)} are on")

    def _intercom_names(self) -> Findings:
        house = open_store(self.settings).house()
        yield from intercom_names(self._open("Intercom"), self.config, house, self._linked)

    def _links(self) -> Findings:
        yield from links.secrets(self.settings)
        if self._linked:
            yield from links.pages(self._open("Stripe"), self.settings)

    def _clock(self) -> Findings:
        ahead = {system: said.ahead for system, said in self._hellos.items() if isinstance(said, Hello)}
        yield from around.clock(self.settings, self._store, ahead)
