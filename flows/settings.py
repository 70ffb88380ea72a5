"""Settings from the environment or ``.env``, and ``instep.toml``. Every mistake becomes one sentence."""

from __future__ import annotations

import time
import tomllib
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mappings.config import Config

DEPLOYMENT = "prefect://"
SECRET_BLOCK = "prefect-secret:"  # noqa: S105
MOST_THREADS = 64
WHERE = "Put it into the environment or into .env (see .env.example)"


class Misuse(Exception):
    """The caller did something wrong: exit code 2. The message says what and how to do it right."""


class WrongSettings(Misuse):
    """``sentences``: one for every setting that is missing or wrong."""

    def __init__(self, sentences: Sequence[str]) -> None:
        more = f" `instep check` lists all {len(sentences)} that are missing or wrong." if len(sentences) > 1 else ""
        super().__init__(sentences[0] + more)
        self.sentences = tuple(sentences)


class Failed(Exception):
    """It could not be done: exit code 1. The message says why and what to do."""


class Configured(BaseSettings):
    """Where the configuration is: all that is needed to read it, no key and no database."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    instep_config: Path = Path("instep.toml")


class Settings(Configured):
    """The environment variables are these names in capitals; they are a public contract."""

    instep_state_url: SecretStr = SecretStr("sqlite:///instep.db")
    instep_product_url: SecretStr
    stripe_api_key: SecretStr
    stripe_api_base: str = "https://api.stripe.com"
    stripe_webhook_secrets: SecretStr = SecretStr("")
    intercom_access_token: SecretStr
    intercom_api_base: str = "https://api.intercom.io"
    provisioner_url: str = ""
    provisioner_secret: SecretStr = SecretStr("")
    instep_public_url: str = ""
    instep_secrets: SecretStr = SecretStr("")
    instep_concurrency: int = 8
    instep_timezone: str = ""
    instep_now: str = ""

    # pydantic runs "before" validators from the last to the first: these see what a secret block holds.
    @field_validator("instep_concurrency", mode="before")
    @classmethod
    def _is_a_number(cls, value: object) -> int:
        text = str(value).strip()
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_THREADS):
            raise ValueError(f"is {text!r}: it must be a whole number from 1 to {MOST_THREADS}")
        return int(text)

    @field_validator("*", mode="before")
    @classmethod
    def _is_filled_in(cls, value: object) -> object:
        if isinstance(value, str) and value.endswith("..."):
            raise ValueError(f"is not filled in: it still has the placeholder of .env.example. {WHERE}")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _from_secret_block(cls, value: object) -> object:
        """``prefect-secret:NAME`` takes the value of that Prefect Secret block."""
        if not isinstance(value, str) or not value.startswith(SECRET_BLOCK):
            return value
        from prefect.blocks.system import Secret

        name = value.removeprefix(SECRET_BLOCK)
        try:
            return str(Secret.load(name).get())  # type: ignore[union-attr]
        except Exception as error:
            raise ValueError(f"the Prefect Secret block {name!r} cannot be loaded ({type(error).__name__})") from None

    @field_validator("stripe_api_key", "intercom_access_token", "instep_product_url", "instep_state_url")
    @classmethod
    def _not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError(f"is empty. {WHERE}")
        return value

    @field_validator("instep_product_url", "instep_state_url")
    @classmethod
    def _is_a_database(cls, value: SecretStr) -> SecretStr:
        kinds = ("sqlite://", "postgresql://", "postgres://", "postgresql+psycopg://")
        if not value.get_secret_value().startswith(kinds):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("stripe_api_key")
    @classmethod
    def _looks_like_a_key(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sk_live_", "rk_live_", "sk_test_", "rk_test_")):
            raise ValueError("is not a Stripe secret or restricted key (sk_test_..., rk_live_...)")
        return value

    @field_validator("provisioner_secret")
    @classmethod
    def _looks_like_a_secret(cls, value: SecretStr) -> SecretStr:
        head, _, key = value.get_secret_value().partition("_")
        if (head or key) and (head != "whsec" or not _is_base64(key)):
            raise ValueError("must be whsec_ followed by base64 (Standard Webhooks)")
        return value

    @field_validator("provisioner_url")
    @classmethod
    def _is_a_provisioner(cls, value: str) -> str:
        if not value.startswith(DEPLOYMENT):
            return cls._is_a_url(value)
        if not all(value.removeprefix(DEPLOYMENT).partition("/")):
            raise ValueError("must be prefect://FLOW/DEPLOYMENT, as `prefect deployment ls` shows it")
        return value

    @field_validator("stripe_api_base", "intercom_api_base", "instep_public_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("is not a URL (http:// or https://)")
        return value

    @field_validator("instep_timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone (like Europe/Berlin)") from None
        return value

    @field_validator("instep_now")
    @classmethod
    def _is_an_instant(cls, value: str) -> str:
        if value:
            _instant(value)
        return value

    @property
    def live(self) -> bool:
        """Whether the Stripe key moves real money."""
        return "_live_" in self.stripe_api_key.get_secret_value()[:8]

    @property
    def provisioner_deployment(self) -> str:
        """``flow/deployment`` where PROVISIONER_URL names one, else empty."""
        return self.provisioner_url.partition(DEPLOYMENT)[2]

    def clock(self) -> Callable[[], int]:
        """The mapping clock: INSTEP_NOW frozen for the process, else the time."""
        if not self.instep_now:
            return lambda: int(time.time())
        frozen = _instant(self.instep_now)
        return lambda: frozen


def _instant(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an ISO instant (like 2026-03-01T09:00:00+00:00)") from None
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone (add Z or +02:00)")
    return int(at.timestamp())


def load_settings(**overrides: object) -> Settings:
    """Raises WrongSettings."""
    return settings_of(Settings, **overrides)


def settings_of(kind: type[Settings], **overrides: object) -> Settings:
    """``kind``: of what needs less than everything. Raises WrongSettings."""
    try:
        settings = kind(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        raise WrongSettings([_setting_sentence(each) for each in wrong]) from None
    if settings.live and settings.instep_now:
        raise WrongSettings(["INSTEP_NOW is for rehearsals and refused with a live Stripe key. Unset it."])
    return settings


def _setting_sentence(wrong: Mapping[str, Any]) -> str:
    name = str(wrong["loc"][0]).upper()
    said = f"is not set. {WHERE}" if wrong["type"] == "missing" else wrong["msg"].removeprefix("Value error, ")
    return f"{name} {said}."


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode(text, validate=True))
    except ValueError:
        return False


def no_config(path: Path) -> str:
    """What to do where the configuration is missing."""
    subject = (
        f"{path} does not exist" if path == Path("instep.toml") else f"INSTEP_CONFIG names {path}, which does not exist"
    )
    return f"{subject}: correct it, or let `instep init --access full` (or none) write an example to start from."


def load_config(path: Path) -> Config:
    """Raises Misuse naming the file and the first key that is wrong."""
    try:
        return Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise Misuse(no_config(path)) from None
    except OSError as error:
        raise Misuse(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise Misuse(f"{path}: {_config_sentence(error)}") from None


def _config_sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    if first["type"] == "missing":
        hint = " (full or none: what an account without a subscription may do)" if "without" in where else ""
        return f"{where} is missing{hint}."
    if first["type"] == "extra_forbidden":
        return f"{where} is not a known key."
    return f"{where}: {first['msg'].removeprefix('Value error, ')}."
