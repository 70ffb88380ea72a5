"""What Intercom should hold: a company for a team, a contact for each person, and what happened as events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mappings.config import OCCURRENCES, Config
from mappings.details import support_tier
from mappings.lifecycle import Life
from mappings.model import (
    AccountFacts,
    AccountId,
    Desired,
    Later,
    Name,
    Person,
    Scalar,
    Value,
    account_subject,
    person_subject,
)  # fmt: skip
from mappings.occurrences import news
from mappings.people import home
from mappings.traits import account_traits, next_step, traits_of

# name, type, description; contacts carry the plain names.
BILLING: tuple[tuple[str, str, str], ...] = (
    ("plan", "string", "Plan of the running trial or subscription"),
    ("last_plan", "string", "Plan of the latest trial or subscription, kept after it ended"),
    ("mrr", "float", "Monthly revenue in major units, after discount, without tax"),
    ("last_mrr", "float", "Monthly revenue of the latest paid subscription, kept after it ended"),
    ("mrr_mixed", "boolean", "Whether there are subscriptions in other currencies beside those in mrr"),
    ("product_access", "string", "What the product lets this account do: full, grace, read_only or none"),
    ("has_payment_method", "boolean", "Whether a card or other payment method is on file"),
    ("instance_url", "string", "Where this account's product instance runs"),
    ("instance_status", "string", "provisioning, ready, suspended, deleted or failed"),
    ("trial_started_at", "date", "When the trial started"),
    ("trial_ends_at", "date", "When the trial ends or ended"),
    ("trial_expired_at", "date", "When the trial ended without conversion"),
    ("cancels_at", "date", "When a scheduled cancellation takes effect"),
    ("payment_failed_at", "date", "Since when a payment has been failing"),
    ("payment_retry_at", "date", "When Stripe tries the payment again"),
    ("grace_ends_at", "date", "Until when access stays despite a failed payment"),
    ("paused_at", "date", "When the subscription was paused"),
    ("read_only_ends_at", "date", "Until when reading stays possible after a trial or the last payment retry"),
    ("cancel_reason", "string", "Why the subscription ends or ended: the customer's own word, else Stripe's"),
    ("pause_reason", "string", "Why the subscription is paused, as Stripe says"),
    ("hold_reason", "string", "Why staff put the account on hold"),
    ("payment_action_url", "string", "Where the open invoice can be paid"),
    ("win_back_step", "integer", "7, 30 or 90: the days since churn that were reached"),
    ("churned_at", "date", "When a paid subscription ended"),
)
EVERYONE: tuple[tuple[str, str, str], ...] = (
    ("billing_role", "string", "owner, billing or member of the account"),
    ("support_tier", "string", "full while trialing, paying or retrying a payment, else basic"),
)
COMPANY: tuple[tuple[str, str, str], ...] = (
    ("account_stage", "string", "Where the account stands in the subscription life"),
    ("account_access", "string", "What the product lets this account do"),
    ("account_trial_ends_at", "date", "When the trial ends or ended"),
    ("account_instance_url", "string", "Where the product instance runs"),
)
JOURNEY: tuple[tuple[str, str, str], ...] = (
    ("next_step", "string", "The first step of the journey not yet done"),
    ("stuck_since", "date", "Since when next_step is the next one"),
)
# Names that no trait can take.
OURS = frozenset(name.removeprefix("account_") for name, _, _ in (*BILLING, *EVERYONE, *JOURNEY, *COMPANY))
_OPEN = frozenset(name for name, _, _ in EVERYONE)


def names(config: Config) -> list[Name]:
    """Every tag and attribute that must exist before anything is sent."""
    tags = [Name("tag", tag) for tag in sorted(config.owned_tags)]
    journey = JOURNEY if config.journey.steps else ()
    traits = [(name, trait.type, trait.description) for name, trait in config.traits.items() if name not in OURS]
    contact = [line for line in (*BILLING, *EVERYONE, *journey, *traits) if _audience(config, line[0]) != "none"]
    ours = [line for line in traits if config.traits[line[0]].level == "account"]
    company = [*COMPANY, *((f"account_{name}", kind, text) for name, kind, text in (*journey, *ours))]
    return [
        *tags,
        *(Name("contact", config.names.attribute(name), kind, text) for name, kind, text in contact),
        *(Name("company", config.names.attribute(name), kind, text) for name, kind, text in company),
    ]


def is_team(facts: AccountFacts) -> bool:
    """An account is a team where the product says so: it has a row of its own, or another id than its user's."""
    return facts.account is not None or any(str(p.account_id) != p.user_id for p in facts.people)


def _left_alone(facts: AccountFacts, life: Life) -> bool:
    return life.stage == "erased" or bool(facts.account and facts.account.excluded)


def desired_companies(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """One company for each team with people."""
    if _left_alone(facts, life) or not is_team(facts) or not facts.people:
        return
    known = _journey(facts, config) | {n: v for n, v in account_traits(facts, config).items() if n not in OURS}
    extra: Mapping[str, Scalar] = {
        "account_stage": life.stage,
        "account_access": _access(facts, life),
        "account_trial_ends_at": life.trial_ends_at,
        "account_instance_url": life.instance_url or None,
        **{f"account_{name}": value for name, value in known.items()},
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
    yield Desired("intercom.companies", account_subject(facts.account_id), values, why=life.reason)


def desired_contacts(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """A contact for each person at home here: billing people carry stage and tags, members company and role."""
    if _left_alone(facts, life):
        return
    for person, memberships in at_home(facts):
        values: dict[str, Value] = {"external_id": person.user_id, "role": "user", "email": person.email}
        if person.name:
            values["name"] = person.name
        if person.signed_up_at is not None:
            values["signed_up_at"] = person.signed_up_at
        told = {n: v for n, v in traits_of(facts, person, config).items() if n not in OURS}
        told |= {"billing_role": person.role, "support_tier": support_tier(life.stage)}
        told |= _billing_values(facts, life) | _journey(facts, config)
        values |= _custom(config, {name: value for name, value in told.items() if _hears(config, person, name)})
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
        )


def desired_events(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """What happened since we were born and in the last 72 hours, once each for those who hear of them."""
    recent = news(life.occurrences, facts.born_at, life.now)
    if _left_alone(facts, life) or life.stage == "blocked" or not recent:
        return
    plan = _details(life)
    for person, _ in at_home(facts):
        heard = [o for o in recent if _hears(config, person, o.name)]
        renamed = tuple(replace(o, name=config.names.event(o.name), details={**plan, **o.details}) for o in heard)
        if renamed and not person.problem:
            subject = person_subject(person.user_id)
            contact = Later("intercom.contacts", subject)
            yield Desired("intercom.events", subject, beside={"contact": contact}, occurrences=renamed, why=life.reason)


def at_home(facts: AccountFacts) -> Iterable[tuple[Person, list[Person]]]:
    """People whose home is this account, with all their memberships."""
    for person in facts.people:
        others = [p for p in facts.elsewhere if p.user_id == person.user_id]
        memberships = [p for p in (person, *others) if not p.erased]
        if memberships and home(memberships).account_id == facts.account_id and not person.erased:
            yield person, memberships


def _audience(config: Config, name: str) -> str:
    """Roles, support and traits are for everyone unless ``[audience]`` says otherwise."""
    return config.audience_of(name, "everyone" if name in _OPEN or name not in {*OURS, *OCCURRENCES, "tags"} else "")


def _hears(config: Config, person: Person, name: str) -> bool:
    audience = _audience(config, name)
    return audience == "everyone" or (audience == "billing" and person.bills)


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
    return life.access or (facts.access.access if facts.access else "") or None


def _tags(life: Life, config: Config) -> frozenset[str]:
    stage = config.names.stage_tag(life.stage)
    if life.stage == "blocked":
        return frozenset({stage})
    overlays = {config.names.overlay_tag(overlay) for overlay in life.overlays}
    return frozenset({stage, *overlays, config.plan_tag(life.plan or "")} - {""})


def _plan_tags(config: Config) -> frozenset[str]:
    return frozenset(config.plan_tag(plan) for plan in config.plans)


def _details(life: Life) -> Mapping[str, Scalar]:
    return {"plan": life.last_plan} if life.last_plan else {}


def _custom(config: Config, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {f"custom.{config.names.attribute(name)}": value for name, value in values.items()}
