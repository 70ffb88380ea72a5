"""The shape of ``instep.toml``: plans, names and policies. Names and defaults are a public contract."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mappings.glossary import EVENTS, OVERLAYS, STAGES
from mappings.glossary.shapes import LONGEST
from mappings.naming import mistakes

Days = Annotated[int, Field(ge=0, le=3650)]


class Strict(BaseModel):
    """Frozen; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Plan(Strict):
    """One plan: what a request's ``plan`` says, and the Stripe prices that mean it."""

    label: str = ""
    prices: list[str] = []
    lookup_keys: list[str] = []
    products: list[str] = []
    trial_days: Annotated[int, Field(ge=1, le=730)] = 14
    tag: str = ""

    @model_validator(mode="after")
    def _has_a_price(self) -> Plan:
        if not (self.prices or self.lookup_keys or self.products):
            raise ValueError("name at least one of prices, lookup_keys or products")
        return self


class Trials(Strict):
    """Who starts trials, and what Stripe does when one ends without a card. ``refused_starts_paid``: who had
    a trial and asks for another gets a paid subscription, to be paid through the billing link. ``one_per_domain``:
    people with verified addresses at one company share one trial."""

    mode: Literal["observe", "product", "stripe"] = "stripe"
    end_without_card: Literal["pause", "cancel"] = "pause"
    refused_starts_paid: bool = False
    one_per_domain: bool = False
    extra: dict[str, Any] = {}


class Policy(Strict):
    """What access follows from a stage, and for how long. ``access_without_subscription`` has no default."""

    access_without_subscription: Literal["full", "none"]
    grace_days: Days = 7
    read_only_days: Days = 14
    retention_days: Days = 0
    journal_days: Days = 400
    reminder_days: list[Annotated[int, Field(ge=1, le=60)]] = [7, 3, 1]
    reminder_hour: Annotated[int, Field(ge=0, le=23)] = 9
    provision_deadline_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    max_trial_shift_days: Days = 7
    instances: Literal["requests", "all"] = "requests"
    lost_dispute: Literal["block", "keep"] = "block"
    erase_in_stripe: Literal["keep", "delete"] = "keep"
    max_charge_minor: Annotated[int, Field(ge=0)] | None = None


class Names(Strict):
    """What our tags, attributes and events are called in this workspace."""

    stage_tags: str = "sub:{stage}"
    overlay_tags: str = "is:{overlay}"
    attributes: dict[str, str] = {}
    events: dict[str, str] = {}
    intercom_prefix: str = ""

    @field_validator("stage_tags")
    @classmethod
    def _needs_stage(cls, value: str) -> str:
        if "{stage}" not in value:
            raise ValueError("must contain {stage}")
        return value

    @field_validator("overlay_tags")
    @classmethod
    def _needs_overlay(cls, value: str) -> str:
        if "{overlay}" not in value:
            raise ValueError("must contain {overlay}")
        return value

    def stage_tag(self, stage: str) -> str:
        return self.intercom_prefix + self.stage_tags.replace("{stage}", stage.replace("_", "-"))

    def overlay_tag(self, overlay: str) -> str:
        return self.intercom_prefix + self.overlay_tags.replace("{overlay}", overlay.replace("_", "-"))

    def attribute(self, name: str) -> str:
        return self.intercom_prefix + self.attributes.get(name, name)

    def event(self, name: str) -> str:
        return self.intercom_prefix + self.events.get(name, name)


_TYPES = {"boolean": (bool,), "integer": (int,), "float": (int, float), "string": (str,), "date": (int,)}
_ROLLUPS = {"any": ("boolean",), "sum": ("integer", "float"), "max": ("integer", "float", "date"), "latest": _TYPES}


class Trait(Strict):
    """A product trait that travels to Intercom. Not declared: not sent."""

    type: Literal["boolean", "integer", "float", "string", "date"]
    default: bool | int | float | str | None = None
    level: Literal["person", "account"] = "person"
    rollup: Literal["any", "sum", "max", "latest"] = "latest"
    description: Annotated[str, Field(max_length=LONGEST)] = ""

    @model_validator(mode="after")
    def _fits(self) -> Trait:
        if self.default is not None and type(self.default) not in _TYPES[self.type]:
            raise ValueError(f"the default {self.default!r} is not of type {self.type}")
        if self.type not in _ROLLUPS[self.rollup]:
            raise ValueError(f"the rollup {self.rollup!r} does not fit type {self.type}")
        return self


class Journey(Strict):
    """The order in which an account is expected to get going."""

    steps: list[str] = []


class Limit(Strict):
    """At most max(floor, share of all) in 24 hours."""

    floor: Annotated[int, Field(ge=0)]
    share: Annotated[float, Field(ge=0, le=1)]


class Brake(Strict):
    """How much may change in a day before the rest is held for a person."""

    removals: Limit = Limit(floor=10, share=0.02)
    inferred: Limit = Limit(floor=3, share=0.005)
    bursts: Limit = Limit(floor=50, share=0.05)
    instance_deletions_a_day: Annotated[int, Field(ge=0)] = 5


class Exclude(Strict):
    """Accounts that are left alone, beside those that the account view marks ``excluded``."""

    accounts: list[str] = []


class After(Strict):
    """The team's own step after an occurrence: a signed URL, or a Prefect deployment as ``flow/deployment``."""

    url: str = ""
    deployment: str = ""

    @model_validator(mode="after")
    def _is_one_of_them(self) -> After:
        if bool(self.url) == bool(self.deployment):
            raise ValueError("name either a url or a deployment")
        return self

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        found = urlsplit(value)
        if value and not (found.scheme in ("http", "https") and found.hostname):
            raise ValueError("must be an address that begins with https:// or http://")
        return value

    @field_validator("deployment")
    @classmethod
    def _names_a_flow(cls, value: str) -> str:
        if value and not all(value.partition("/")):
            raise ValueError("must be FLOW/DEPLOYMENT, as `prefect deployment ls` shows it")
        return value


class Config(Strict):
    """All of ``instep.toml``."""

    plans: dict[str, Plan] = Field(min_length=1)
    policy: Policy
    trials: Trials = Trials()
    names: Names = Names()
    audience: dict[str, Literal["billing", "everyone", "none"]] = {"default": "billing"}
    traits: dict[str, Trait] = {}
    journey: Journey = Journey()
    brake: Brake = Brake()
    after: dict[str, After] = {}
    exclude: Exclude = Exclude()

    @model_validator(mode="after")
    def _one_plan_a_price(self) -> Config:
        seen: dict[str, str] = {}
        for key, plan in self.plans.items():
            for price in (*plan.prices, *plan.lookup_keys, *plan.products):
                if seen.setdefault(price, key) != key:
                    raise ValueError(f"{price} belongs to plans {seen[price]} and {key}; a price means one plan")
        return self

    @model_validator(mode="after")
    def _steps_are_traits(self) -> Config:
        for step in self.journey.steps:
            if step not in self.traits:
                raise ValueError(f"the journey step {step!r} is not a declared trait")
        return self

    @field_validator("after")
    @classmethod
    def _follows_an_occurrence(cls, value: dict[str, After]) -> dict[str, After]:
        for name in value:
            if name not in EVENTS:
                raise ValueError(f"there is no occurrence {name!r}; there are {', '.join(sorted(EVENTS))}")
        return value

    @model_validator(mode="after")
    def _names_are_known(self) -> Config:
        for mistake in mistakes(self):
            raise ValueError(mistake)
        return self

    def audience_of(self, name: str, usual: str = "") -> str:
        """Who gets this attribute or event (``tags``: all tags): billing, everyone or none. ``usual`` where
        ``[audience]`` does not name it; empty: its default."""
        return self.audience.get(name) or usual or self.audience.get("default", "billing")

    @property
    def owned_tags(self) -> frozenset[str]:
        """Every tag that Instep may put on or take off."""
        stages = {self.names.stage_tag(stage) for stage in STAGES}
        overlays = {self.names.overlay_tag(overlay) for overlay in OVERLAYS}
        return frozenset(stages | overlays | {self.plan_tag(key) for key in self.plans} - {""})

    def plan_tag(self, plan: str) -> str:
        """The tag of a plan; empty when the plan has none."""
        known = self.plans.get(plan)
        return self.names.intercom_prefix + known.tag if known and known.tag else ""
