"""The shape of a rehearsal: accounts with their people, and a story of lines, each a moment and what happens then."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from instep.moments import length
from mappings.model import Scalar

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Traits = dict[str, Scalar]
Role = Literal["owner", "billing", "member"]
# What a line may say besides when, who and a note; one of them a line.
DEEDS = (
    "trial", "request", "card", "bank", "pays", "dispute", "refund", "resumes", "subscribes", "cancels", "keeps",
    "people", "leaves", "swap_emails", "change", "instances",
)  # fmt: skip


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _role_alone(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value or {}


def _text(value: Any) -> Any:
    """YAML reads a bare date as a date."""
    return value if value is None or isinstance(value, bool | int | dict | list) else str(value)


class Person(Strict):
    """One person of an account; what is left out stays as it is, for a new one: a member with an example address."""

    role: Role | None = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")
    name: str | None = None
    traits: Traits | None = None


class Changes(Strict):
    """Columns of the product's view of accounts; ``hold: ""`` ends a hold."""

    name: str | None = None
    timezone: str | None = None
    comped: bool | None = None
    hold: str | None = None
    excluded: bool | None = None
    traits: Traits | None = None

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value and zone(value)


People = dict[Id, Annotated[Person, BeforeValidator(_role_alone)]]


class Account(Changes):
    people: People = Field(default_factory=lambda: {"owner": Person(role="owner")}, min_length=1)


class Line(Strict):
    """One line of the story: when, whose, and at most one deed."""

    at: Annotated[str, BeforeValidator(_text)] = ""
    account: str = ""
    note: str = ""
    trial: str | None = None
    days: int | None = Field(default=None, ge=1, le=730)
    request: Literal["cancel", "cancel now", "keep", "reactivate"] | None = None
    card: Literal["works", "declines", "asks"] | None = None
    bank: Literal["accepts", "declines"] | None = None
    pays: Literal[True] | None = None
    dispute: Literal["inquiry", "opened", "won", "lost"] | None = None
    refund: Literal["all"] | Annotated[int, Field(ge=1)] | None = None
    resumes: Literal[True] | None = None
    subscribes: str | None = None
    cancels: Literal["now", "at period end"] | None = None
    keeps: Literal[True] | None = None
    people: People | None = None
    leaves: str | None = None
    swap_emails: list[str] | None = Field(default=None, min_length=2, max_length=2)
    change: Changes | None = None
    instances: str | None = None

    @field_validator("instances")
    @classmethod
    def _instances(cls, value: str | None) -> str | None:
        if value not in (None, "at once", "fail") and not 0 < length(value or "") <= 6 * 3600:
            raise ValueError("say `at once`, `fail`, or a time of at most 6 hours, like `20 minutes`")
        return value

    @model_validator(mode="after")
    def _one_deed(self) -> Line:
        if len(given := [deed for deed in DEEDS if getattr(self, deed) is not None]) > 1:
            raise ValueError(
                f"one thing a line, please, not {' and '.join(given)}; a line without `at` comes right after"
            )
        if self.days and not self.trial:
            raise ValueError("`days` goes with `trial`")
        return self

    @property
    def deed(self) -> str:
        """The name of what happens; empty where the line only looks."""
        return next((deed for deed in DEEDS if getattr(self, deed) is not None), "")


def zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone (like Europe/Berlin)") from None


def _names_alone(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if any(isinstance(name, (dict, list)) for name in value):
        raise ValueError("list names alone, or write each account as a key: `acme: {comped: yes}`")
    return {name: {} for name in value}


def _nothing_said(value: Any) -> Any:
    return value or {}


class Rehearsal(Strict):
    """The whole file."""

    title: str
    starts: Annotated[str, BeforeValidator(_text)] = "2026-03-02 09:00"
    until: Annotated[str, BeforeValidator(_text)] = ""
    timezone: str = "UTC"
    when_retries_end: Literal["canceled", "unpaid", "past_due"] = "canceled"
    accounts: Annotated[
        dict[Id, Annotated[Account, BeforeValidator(_nothing_said)]], BeforeValidator(_names_alone), Field(min_length=1)
    ]
    story: list[Line] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        return zone(value)

    def account_of(self, line: Line) -> str:
        """Whose line it is: where there is one account, its name may be left out."""
        return line.account or next(iter(self.accounts))
