"""Accounts that are left alone."""

from __future__ import annotations

from mappings.config import Config
from mappings.model import AccountFacts


def excluded(facts: AccountFacts, config: Config) -> bool:
    """By instep.toml, or by the account view."""
    return facts.account_id in config.exclude.accounts or bool(facts.account and facts.account.excluded)
