"""Whose keys these are and what they may do: rights, regions, API versions, live keys beside test ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from connectors.contract import Rejected
from connectors.intercom import INTERCOM_VERSION
from connectors.intercom import SCOPES as SCOPES
from connectors.intercom import standing as intercom
from connectors.stripe import RIGHTS as RIGHTS
from connectors.stripe import STRIPE_VERSION
from connectors.stripe import standing as stripe
from connectors.stripe.checkouts import RIGHT
from connectors.wire import Hello
from flows.asking import ask, refusal
from flows.checks.finding import Finding, Findings
from flows.settings import Failed, Settings
from flows.systems import Wires

REGIONS = {"api.intercom.io": "US", "api.eu.intercom.io": "EU", "api.au.intercom.io": "AU"}
# What Intercom puts behind the name of a workspace that it made for tests, and what people call theirs.
TEST_MARK, TEST_WORDS = "[test]", ("test", "sandbox", "staging", "demo", "develop")
STRIPE_HOST = "api.stripe.com"
UPGRADE = "upgrade Instep, which speaks that version only"


def greeted(system: str, version: str, hello: Callable[[], Hello]) -> Hello:
    """Raises Failed where the vendor does not take the key, or the API version any more."""

    def said() -> Hello:
        try:
            return hello()
        except Rejected:
            raise Failed(f"{system} does not take requests in API version {version}: {UPGRADE}.") from None

    return ask(system, said)


def stripe_key(w: Wires, settings: Settings, linked: bool) -> Findings:
    """A secret key may do everything. For a restricted one, a request for each right that it needs to read."""
    about = "Stripe key"
    if not settings.stripe_api_key.get_secret_value().startswith("rk_"):
        yield Finding(about, "ok", "a secret key, which may do everything: a restricted one suffices (docs/checks.md)")
        return
    missing = ask("Stripe", lambda: list(stripe.lacking(w.stripe, linked)))
    yield from _rights(about, "Stripe", missing)
    if not linked and ask("Stripe", lambda: stripe.checkouts_withheld(w.stripe)):
        yield Finding(about, "warning", f"nobody is recognised by a Checkout session: {refusal('Stripe', RIGHT)}")
    writes = [right.name for right in RIGHTS if right.writes and (linked or not right.linked)]
    yield from _writes(about, missing, "write for", writes)


def intercom_token(w: Wires) -> Findings:
    """A request for each scope that is needed to read."""
    about = "Intercom token"
    missing = ask("Intercom", lambda: list(intercom.lacking(w.intercom)))
    yield from _rights(about, "Intercom", missing)
    yield from _writes(about, missing, "the scopes", [scope.name for scope in SCOPES if scope.writes])


def _rights(about: str, system: str, missing: Iterable[str]) -> Findings:
    for lacks in missing:
        yield Finding(about, "problem", refusal(system, lacks))


def _writes(about: str, missing: Sequence[str], what: str, names: Iterable[str]) -> Findings:
    if not missing:
        unproved = f"only writing shows whether it may write, for which it needs {what} {', '.join(names)}"
        yield Finding(about, "ok", f"may read everything that Instep reads; {unproved}")


def versions(stripe_says: str, intercom_says: str) -> Findings:
    """The versions of their answers; empty where they do not tell."""
    said = (("Stripe", STRIPE_VERSION, stripe_says), ("Intercom", INTERCOM_VERSION, intercom_says))
    others = [(system, asked, says) for system, asked, says in said if says not in ("", asked)]
    for system, asked, says in others:
        other = f"{system} answers in API version {says}, though it was asked for {asked}"
        proxy = f"look for a proxy at {system.upper()}_API_BASE that changes headers"
        yield Finding("versions", "problem", f"{other}: {proxy}")
    if not others:
        yield Finding("versions", "ok", f"Stripe answers in {STRIPE_VERSION}, Intercom takes {INTERCOM_VERSION}")


def region(base: str, region: str) -> Findings:
    """Whether a workspace's ``region`` is that of the address ``base``, where that is Intercom's own."""
    expected = REGIONS.get(_host(base), region)
    if expected != region:
        right = next((f"https://{host}" for host, name in REGIONS.items() if name == region), "that of its region")
        wrong = f"the workspace is in region {region}, INTERCOM_API_BASE is that of {expected}"
        yield Finding("Intercom", "problem", f"{wrong}: set it to {right}")


def environment(settings: Settings, workspace: str, name: str) -> Findings:
    """Live keys belong to live workspaces and to the vendors' own addresses, test keys to test ones."""
    about, test = "environment", any(word in name.casefold() for word in TEST_WORDS)
    yield from _addresses(about, settings)
    if settings.live and test:
        sure = TEST_MARK in name.casefold()
        like = "is one for tests" if sure else "looks by its name like one for tests"
        both = f"the Stripe key is live, but the Intercom workspace {workspace} {like}"
        yield Finding(about, "problem" if sure else "warning", f"{both}: use keys that belong together")
    elif not settings.live and not test:
        told = f"customers of Stripe's test mode would be told to the Intercom workspace {workspace}"
        yield Finding(
            about, "warning", f"{told}, which does not look like one for tests: use keys that belong together"
        )
    else:
        kind = "live" if settings.live else "for tests"
        yield Finding(about, "ok", f"the Stripe key and the Intercom workspace are both {kind}")


def _addresses(about: str, settings: Settings) -> Findings:
    if settings.live and _host(settings.stripe_api_base) != STRIPE_HOST:
        elsewhere = f"a live Stripe key is sent to {_host(settings.stripe_api_base)}"
        yield Finding(about, "problem", f"{elsewhere}: unset STRIPE_API_BASE, or use a test key there")
    bases = {"STRIPE_API_BASE": settings.stripe_api_base, "INTERCOM_API_BASE": settings.intercom_api_base}
    for setting, base in bases.items():
        if base.startswith("http://") and _host(base) not in ("127.0.0.1", "localhost", "::1"):
            yield Finding(about, "problem", f"{setting} is not https: the key could be read on its way; correct it")


def _host(base: str) -> str:
    return urlsplit(base).hostname or ""
