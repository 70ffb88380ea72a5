"""What `check` finds around: the provisioner, what follows occurrences, and clocks."""

from __future__ import annotations

import time
from collections.abc import Mapping

from connectors.contract import Rejected
from connectors.prefect import DeployedInstances, DeploymentRuns, PrefectApi
from flows.asking import ask
from flows.checks.finding import Finding, Findings
from flows.following import calls
from flows.settings import Failed, Settings
from flows.systems import Wires
from mappings.config import Config
from mappings.model import Ref
from state.store import Store

# Seconds. Answers take a moment, and their dates are whole.
CLOCKS_MAY_DIFFER = 60
# Beyond this the event log is read with a gap.
CLOCKS_MUST_NOT = 300


def provisioner(settings: Settings, w: Wires) -> Findings:
    about, secret = "provisioner", bool(settings.provisioner_secret.get_secret_value())
    if w.instances is None:
        text = "none: product instances are not managed (PROVISIONER_URL)"
        unused = "PROVISIONER_SECRET is set without PROVISIONER_URL: product instances are not managed; set both"
        yield Finding(about, "warning", unused) if secret else Finding(about, "ok", text)
        return
    if isinstance(w.instances, DeployedInstances):
        _deployed(w.instances.api)
        yield Finding(about, "ok", f"the deployment {settings.provisioner_deployment} is there")
        return
    if not secret:
        unsigned = "PROVISIONER_URL is set without PROVISIONER_SECRET: requests are not signed; set the secret"
        yield Finding(about, "warning", unsigned)
    instances = w.instances
    ask("the provisioner", lambda: instances.fetch(Ref("instances", "instance", "instep-check")))
    proof = "; reading needs no signature, so the secret is first proved by the first instance" if secret else ""
    yield Finding(about, "ok", f"answers{proof}")


def after(w: Wires, config: Config) -> Findings:
    for name, each in config.after.items():
        target = w.hooks.target(name, each)
        if isinstance(target, DeploymentRuns):
            _deployed(target.api)
        yield Finding("after", "ok", f"{name} calls {calls(each)}")
    if not config.after:
        yield Finding("after", "ok", "nothing follows an occurrence ([after] in instep.toml)")


def _deployed(api: PrefectApi) -> None:
    def there() -> str:
        try:
            return api.deployment()
        except Rejected as missing:
            raise Failed(f"{missing}: deploy it, or correct its name") from None

    ask("Prefect", there)


def clock(settings: Settings, store: Store | None, ahead: Mapping[str, float | None]) -> Findings:
    """``ahead``: by how many seconds each vendor's clock is, where it told."""
    about = "clock"
    if settings.instep_now:
        held = f"INSTEP_NOW holds the clock at {settings.instep_now}: unset it after the rehearsal"
        yield Finding(about, "warning", held)
    known = {system: seconds for system, seconds in ahead.items() if seconds is not None}
    if store:
        known["the state database"] = store.db_now() - time.time()
    for system, seconds in known.items():
        if abs(seconds) > CLOCKS_MAY_DIFFER:
            level = "problem" if abs(seconds) > CLOCKS_MUST_NOT and system == "Stripe" else "warning"
            side = "behind" if seconds > 0 else "ahead of"
            text = f"this machine's clock is {abs(seconds):.0f} seconds {side} that of {system}"
            yield Finding(about, level, f"{text}: set it right, by NTP")  # type: ignore[arg-type]
    agree = [system for system, seconds in known.items() if abs(seconds) <= CLOCKS_MAY_DIFFER]
    if agree:
        yield Finding(about, "ok", f"this machine agrees with {', '.join(agree)} within {CLOCKS_MAY_DIFFER} seconds")
