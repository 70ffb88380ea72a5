"""The glossary as one workspace knows it: under the names, plans, traits and audience of its ``instep.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mappings.glossary import COMPANY, CONTACT, EVENTS, JOURNEY, OVERLAYS, STAGES, Attribute
from mappings.model import Name

if TYPE_CHECKING:
    from mappings.config import Config, Trait

Kind = Literal["tag", "contact", "company", "event"]
# What a trait of accounts and the journey are called on companies.
ACCOUNT = "account_"
# Names that no trait can take.
OURS = frozenset(name.removeprefix(ACCOUNT) for name in (*CONTACT, *JOURNEY, *COMPANY))
_USUAL: Mapping[str, str] = {
    "tags": "billing",
    **dict.fromkeys(EVENTS, "billing"),
    **{name: line.audience for name, line in {**CONTACT, **JOURNEY}.items()},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag, attribute or event. ``key`` is our name for it, ``name`` the workspace's. ``audience``: billing,
    everyone or none; empty for companies. ``comes``: of an event, the moment it is dated with. ``standard``: a field of
    Intercom's own."""

    kind: Kind
    key: str
    name: str
    type: str
    audience: str
    says: str
    comes: str
    goes: str = ""
    details: tuple[str, ...] = ()
    standard: bool = False


def entries(config: Config) -> list[Entry]:
    """All that Instep uses in this workspace, in the order in which people read it."""
    journey = JOURNEY.values() if config.journey.steps else ()
    traits = [_trait(name, trait) for name, trait in config.traits.items()]
    team = [_trait(name, trait) for name, trait in config.traits.items() if trait.level == "account"]
    return [
        *_tags(config),
        *(_attribute(config, "contact", each) for each in (*CONTACT.values(), *journey, *traits)),
        *(_attribute(config, "company", each) for each in COMPANY.values()),
        *(_attribute(config, "company", each, ACCOUNT) for each in (*journey, *team)),
        *(
            Entry("event", e.name, config.names.event(e.name), "event", audience(config, e.name), e.says, e.at,
                  details=("plan", *e.details))
            for e in EVENTS.values()
        ),
    ]  # fmt: skip


def names(config: Config, linked: bool = False) -> list[Name]:
    """Every tag and attribute that must exist before anything is sent. ``linked``: there are billing links."""
    return [
        Name("tag", e.name) if e.kind == "tag" else Name(e.kind, e.name, e.type, e.says)
        for e in entries(config)
        if e.kind != "event" and not e.standard and (e.kind == "tag" or e.audience != "none")
        if linked or e.key != "billing_url"
    ]


def audience(config: Config, name: str) -> str:
    """Who gets this attribute or event (``tags``: all tags): billing, everyone or none. Raises KeyError for a name that
    is neither in the glossary nor a declared trait. Traits are for everyone unless ``[audience]`` says otherwise."""
    usual = "everyone" if name in config.traits else _USUAL[name]
    return config.audience_of(name, "" if usual == "billing" else usual)


def mistakes(config: Config) -> Iterator[str]:
    """What ``[names]``, ``[audience]`` and ``[traits]`` say that cannot be meant."""
    for name in config.traits:
        if name in OURS:
            yield f"the trait {name!r} has a name that Instep uses itself: name it otherwise"
    known = {e.key for e in entries(config) if not e.standard} | JOURNEY.keys()
    for table, given in (
        ("audience", config.audience.keys() - {"default", "tags"} - known),
        ("names.attributes", config.names.attributes.keys() - known),
        ("names.events", config.names.events.keys() - EVENTS.keys()),
    ):
        for name in sorted(given):
            yield f"{table} names {name!r}, which Instep does not know: `instep tags` lists what it uses"
    yield from _shared(entries(config))


def _shared(lines: Iterable[Entry]) -> Iterator[str]:
    """Two of one name. An attribute's name serves contacts or companies, never both; tags are compared without case."""
    met: dict[tuple[str, str], Entry] = {}
    for line in lines:
        place = "attribute" if line.kind in ("contact", "company") else line.kind
        spelled = line.name.casefold() if place == "tag" else line.name
        other = line if line.standard else met.setdefault((place, spelled), line)
        if other is not line:
            both = f"{other.key} and {line.key}"
            yield f"{both} would both be called {line.name!r} in Intercom: give one another name in [names]"


def _tags(config: Config) -> Iterator[Entry]:
    told = audience(config, "tags")
    for stage in STAGES.values():
        yield Entry("tag", stage.name, config.names.stage_tag(stage.name), "stage", told,
                    stage.says, stage.comes, stage.goes)  # fmt: skip
    for overlay in OVERLAYS.values():
        yield Entry("tag", overlay.name, config.names.overlay_tag(overlay.name), "overlay", told,
                    overlay.says, overlay.comes, overlay.goes)  # fmt: skip
    for key, plan in config.plans.items():
        if tag := config.plan_tag(key):
            yield Entry("tag", key, tag, "plan", told, f"The plan is {plan.label or key}",
                        "with a trial or a subscription to it; it stays while unpaid or paused",
                        "with another plan, when a trial expired or at churn")  # fmt: skip


def _attribute(config: Config, kind: Literal["contact", "company"], line: Attribute, prefix: str = "") -> Entry:
    name = line.name if line.standard else config.names.attribute(prefix + line.name)
    told = audience(config, line.name) if kind == "contact" and not line.standard else ""
    told = "everyone" if line.standard and kind == "contact" else told
    return Entry(kind, prefix + line.name, name, line.type, told, line.says, line.comes, line.goes,
                 standard=line.standard)  # fmt: skip


def _trait(name: str, trait: Trait) -> Attribute:
    source = (
        f"the account's own value, else its people's by {trait.rollup}" if trait.level == "account" else "the person's"
    )
    default = "nothing" if trait.default is None else json.dumps(trait.default)
    return Attribute(
        name,
        trait.type,
        trait.description or f"The product's trait {name}",
        f"{source}; {default} until there is one",
        "never; the next value replaces it",
        "everyone",
    )
