"""What Intercom should hold: a company for a team, a contact for each person, and what happened as events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

from mappings.brake import CHANGES
from mappings.config import Config
from mappings.details import LONGEST, support_tier
from mappings.exclusion import excluded
from mappings.glossary import CONTACT, JOURNEY, STAGES
from mappings.lifecycle import Life
from mappings.model import (
    Access,
    AccountFacts,
    AccountId,
    Desired,
    Later,
    Occurrence,
    Person,
    Scalar,
    Value,
    account_subject,
    person_subject,
)  # fmt: skip
from mappings.naming import ACCOUNT, audience
from mappings.occurrences import news
from mappings.people import contact_id, home
from mappings.traits import account_traits, next_step, traits_of


def is_team(facts: AccountFacts) -> bool:
    """An account is a team where the product says so: it has a row of its own, or another id than its user's."""
    return facts.account is not None or any(str(p.account_id) != p.user_id for p in facts.people)


def _left_alone(facts: AccountFacts, life: Life, config: Config) -> bool:
    return life.stage == "erased" or excluded(facts, config)


def desired_companies(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """One company for each team with people."""
    if _left_alone(facts, life, config) or not is_team(facts) or not facts.people:
        return
    known = _journey(facts, config) | account_traits(facts, config)
    extra: Mapping[str, Scalar] = {
        "account_stage": life.stage,
        "account_access": _access(facts, life),
        "account_trial_ends_at": life.trial_ends_at,
        "account_instance_url": life.instance_url or None,
        **{f"{ACCOUNT}{name}": value for name, value in known.items()},
    }
    values: dict[str, Value] = {
        "company_id": facts.account_id,
        "monthly_spend": int(life.mrr or 0),
        **_custom(config, extra),
    }
    if facts.account and facts.account.name:
        values["name"] = facts.account.name
    if life.plan is not None:
        values["plan"] = life.plan
    yield Desired(
        "intercom.companies",
        account_subject(facts.account_id),
        values,
        why=life.reason,
        guarded=frozenset({"name"}),
        brake=CHANGES,
    )


def desired_contacts(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """A contact for each person at home here: billing people carry stage and tags, members company and role."""
    if _left_alone(facts, life, config):
        return
    for person, memberships in at_home(facts):
        values: dict[str, Value] = {"external_id": contact_id(person), "role": "user", "email": person.email}
        if person.name:
            values["name"] = person.name
        if person.signed_up_at is not None:
            values["signed_up_at"] = person.signed_up_at
        told = traits_of(facts, person, config)
        told |= {"billing_role": person.role, "support_tier": support_tier(life.stage)}
        told |= _billing_values(facts, life) | _journey(facts, config)
        heard = {name: value for name, value in told.items() if _hears(config, person, name)}
        values |= _custom(config, _not_any_more(config, person) | heard | _link(facts, person, config))
        tags = _tags(life, config) if _hears(config, person, "tags") else frozenset()
        teams = frozenset(_teams(facts, memberships))
        yield Desired(
            "intercom.contacts",
            person_subject(person.user_id),
            values,
            sets={"tags": tags, "companies": teams},
            beside={"match.email": person.email_verified},
            ids={"companies": "intercom.companies"},
            problem=person.problem,
            keep=_plan_tags(config) if life.plan is None else frozenset(),
            because={config.names.overlay_tag(overlay): why for overlay, why in life.overlays.items()},
            why=life.reason,
            guarded=frozenset({"email", "name", f"custom.{config.names.attribute('billing_role')}"}),
            brake=CHANGES,
            free=_free(life, config, tags),
        )


def desired_events(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """What happened since we were born and in the last 72 hours, once each for those who hear of them. An event is what
    starts a message: none is sent while a payment is disputed."""
    recent = news(life.occurrences, facts.born_at, life.now)
    if _left_alone(facts, life, config) or life.stage == "blocked" or "disputed" in life.overlays or not recent:
        return
    plan = _details(life)
    for person, _ in at_home(facts):
        heard = [o for o in recent if _hears(config, person, o.name)]
        renamed = [replace(o, name=config.names.event(o.name), details={**plan, **o.details}) for o in heard]
        told: dict[tuple[str, int], Occurrence] = {}
        for occurrence in renamed:  # For Intercom a person's events of one name and second are one.
            told.setdefault((occurrence.name, occurrence.at), occurrence)
        if told and not person.problem:
            subject, occurrences = person_subject(person.user_id), tuple(told.values())
            beside = {"contact": Later("intercom.contacts", subject)}
            yield Desired("intercom.events", subject, beside=beside, occurrences=occurrences, why=life.reason)


def at_home(facts: AccountFacts) -> Iterable[tuple[Person, list[Person]]]:
    """People whose home is this account, with all their memberships."""
    for person in facts.people:
        others = [p for p in facts.elsewhere if p.user_id == person.user_id]
        memberships = [p for p in (person, *others) if not p.erased]
        if memberships and home(memberships).account_id == facts.account_id and not person.erased:
            yield person, memberships


def _hears(config: Config, person: Person, name: str) -> bool:
    told = audience(config, name)
    return told == "everyone" or (told == "billing" and person.bills)


def _link(facts: AccountFacts, person: Person, config: Config) -> dict[str, Scalar]:
    """Each person's own link, whatever the audience; cleared where they may not have one any more."""
    if facts.billing_urls is None or audience(config, "billing_url") == "none":
        return {}
    url = facts.billing_urls.get(person.user_id, "")
    return {"billing_url": url if 0 < len(url) <= LONGEST else None}


def _not_any_more(config: Config, person: Person) -> dict[str, Scalar]:
    """Whoever was owner or billing once keeps nothing that only they are told."""
    if person.bills:
        return {}
    names = [name for name, line in CONTACT.items() if not line.standard and name != "billing_url"]
    names += JOURNEY if config.journey.steps else []
    return {name: None for name in names if audience(config, name) == "billing"}


def _journey(facts: AccountFacts, config: Config) -> dict[str, Scalar]:
    step, since = next_step(facts, config)
    return {"next_step": step or None, "stuck_since": since} if config.journey.steps else {}


def _teams(facts: AccountFacts, memberships: Iterable[Person]) -> Iterable[AccountId]:
    for membership in memberships:
        if str(membership.account_id) != membership.user_id or (
            membership.account_id == facts.account_id and is_team(facts)
        ):
            yield membership.account_id


def _billing_values(facts: AccountFacts, life: Life) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {
        "mrr": life.mrr,
        "product_access": _access(facts, life),
        "has_payment_method": life.has_payment_method,
        "instance_url": life.instance_url or None,
        "instance_status": life.instance_status or None,
        **life.dates,
        **life.details,
    }
    if life.plan is not None:
        values["plan"] = life.plan or None
    if life.last_plan:
        values["last_plan"] = life.last_plan
    return values


def _access(facts: AccountFacts, life: Life) -> str | None:
    """As it is decided, else as the product's row has it: a word of ours."""
    today = facts.access.access if facts.access else ""
    return life.access or (today if today in get_args(Access) else None)


def _tags(life: Life, config: Config) -> frozenset[str]:
    stage = config.names.stage_tag(life.stage)
    if life.stage == "blocked":
        return frozenset({stage})
    overlays = {config.names.overlay_tag(overlay) for overlay in life.overlays}
    return frozenset({stage, *overlays, config.plan_tag(life.plan or "")} - {""})


def _free(life: Life, config: Config, tags: frozenset[str]) -> frozenset[str]:
    """Tags whose coming off says nothing new: one of the same kind replaces them, or the day was known before."""
    if life.foreseen and tags:
        return config.owned_tags
    kinds = (frozenset(config.names.stage_tag(stage) for stage in STAGES), _plan_tags(config))
    replaced = frozenset[str]().union(*(kind for kind in kinds if kind & tags))
    return replaced | {config.names.overlay_tag("ending_soon")}


def _plan_tags(config: Config) -> frozenset[str]:
    return frozenset(config.plan_tag(plan) for plan in config.plans)


def _details(life: Life) -> Mapping[str, Scalar]:
    return {"plan": life.last_plan} if life.last_plan else {}


def _custom(config: Config, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {f"custom.{config.names.attribute(name)}": value for name, value in values.items()}
