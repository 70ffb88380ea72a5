"""Requests of an operator: checked against plans and people, then inserted the way the product would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from getpass import getuser
from typing import Any
from uuid import uuid4

from connectors.contract import Transient
from connectors.product import ProductAccounts, ProductDatabase, ProductUsers, ask_once
from flows.asking import ask
from flows.gathering import assemble
from flows.house import Instep, connect, open_store
from flows.settings import Failed, Misuse, Settings, load_config
from mappings.config import Config
from mappings.exclusion import excluded
from mappings.model import AccountId, Person, Ref
from mappings.product import facts
from mappings.requests import MAX_AMOUNT
from mappings.trials import MAX_DAYS, STAFF

PRODUCT = "the product database"


@dataclass(frozen=True, slots=True)
class NewRequest:
    """Checked, not yet inserted. ``row``: the columns of ``instep_requests`` that were given."""

    product: ProductDatabase
    row: Mapping[str, Any]

    def insert(self) -> None:
        """Raises Failed when the product's database does not take it."""
        if not ask(PRODUCT, self.product.takes_rows):
            raise Failed(
                "A request is a row of instep_requests, and the product's database takes none: it is read-only."
            )
        try:
            ask(PRODUCT, lambda: ask_once(self.product, self.row))
        except Failed as failed:
            if not isinstance(failed.__context__, Transient):
                raise
            id = self.row["request_id"]
            unknown = f"Whether the request {id} was stored is not known: look for it in instep_requests"
            raise Failed(f"{failed} {unknown} before you ask again.") from None


def prepare_trial(
    settings: Settings, account: str, plan: str, days: int | None, user: str, override: str = ""
) -> NewRequest:
    """``override``: why somebody who has had a trial gets another. Raises Misuse for what the answer would refuse
    anyway, Failed where a database cannot be used."""
    config = load_config(settings.instep_config)
    plan = _plan(config, plan)
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise Misuse(f"A trial lasts 1 to {MAX_DAYS} days, not {days}.")
    given = {"description": override, "requested_by": _staff()} if override else {}
    return _prepare(settings, "trial", account, user, plan=plan, days=days, **given)


def prepare_extension(settings: Settings, account: str, days: int, reason: str) -> NewRequest:
    """A longer trial for an account that is in one. Raises as ``prepare_trial``."""
    if not 1 <= days <= MAX_DAYS:
        raise Misuse(f"A trial is extended by 1 to {MAX_DAYS} days, not {days}.")
    if not reason.strip():
        raise Misuse("Say why in --reason: it is kept with the request.")
    return _prepare(settings, "trial", account, "", days=days, description=reason, requested_by=_staff())


def prepare_change(settings: Settings, kind: str, account: str, user: str, **given: Any) -> NewRequest:
    """A request to cancel (``days`` 0: at once), keep or reactivate (``plan``). Raises as ``prepare_trial``."""
    plans = load_config(settings.instep_config).plans
    if given.get("plan") and given["plan"] not in plans:
        raise Misuse(f"instep.toml has no plan {given['plan']}. It has: {', '.join(plans)}.")
    return _prepare(settings, kind, account, user, **given)


def prepare_charge(
    settings: Settings, account: str, user: str, amount: int, currency: str, description: str
) -> NewRequest:
    """``amount`` in minor units. Raises as ``prepare_trial``."""
    if not 1 <= amount <= MAX_AMOUNT:
        raise Misuse(f"An amount is 1 to {MAX_AMOUNT} in the currency's smallest unit, not {amount}.")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Misuse(f"{currency} is no currency: give three letters, like usd.")
    given = {"amount_minor": amount, "currency": currency.casefold(), "description": description}
    return _prepare(settings, "charge", account, user, **given)


def _prepare(settings: Settings, kind: str, account: str, user: str, **given: Any) -> NewRequest:
    if open_store(settings).house() is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    product = connect(settings).product
    ask(PRODUCT, product.check)
    if not ask(PRODUCT, lambda: _knows(product, account)):
        raise Misuse(f"The product knows no account {account}: look for its account_id in instep_users.")
    if user and user not in ask(PRODUCT, lambda: {p.user_id for p in _people(product) if p.account_id == account}):
        raise Misuse(f"User {user} is not in account {account}: look in instep_users.")
    row: dict[str, Any] = {"request_id": str(uuid4()), "kind": kind, "account_id": account, "user_id": user}
    row |= {"requested_at": settings.clock()(), "requested_by": "operator", **given}
    return NewRequest(product, {name: value for name, value in row.items() if value not in (None, "")})


def _staff() -> str:
    """Who works at this machine."""
    return f"{STAFF}{getuser()}"


def _plan(config: Config, plan: str) -> str:
    known = ", ".join(config.plans)
    if config.trials.mode != "stripe":
        raise Misuse(f"Trials are not started by Instep: trials.mode in instep.toml is {config.trials.mode}.")
    if not plan and len(config.plans) > 1:
        raise Misuse(f"Name a plan with --plan: {known}.")
    plan = plan or next(iter(config.plans))
    if plan not in config.plans:
        raise Misuse(f"instep.toml has no plan {plan}. It has: {known}.")
    return plan


def named(accounts: Sequence[str]) -> None:
    """Raises Misuse for an empty list, which is more likely a lost value than the wish to do nothing."""
    if not accounts:
        raise Misuse("--only names no account. Name some, or leave it out for everyone.")


def must_be_known(instep: Instep, accounts: Sequence[str] | None) -> None:
    """Raises Misuse naming the first of ``accounts`` that neither the state nor the product knows; None is everyone."""
    if accounts is None:
        return
    named(accounts)
    known = instep.store.facts([AccountId(account) for account in accounts])
    for account in accounts:
        if not known[AccountId(account)] and not ask(PRODUCT, lambda a=account: _knows(_product(instep), a)):  # type: ignore[misc]
            raise Misuse(f"Neither the state nor the product knows an account {account}: look in instep_users.")


def excluded_among(instep: Instep, accounts: Sequence[AccountId]) -> str:
    """A sentence that names those of ``accounts`` that are excluded; empty where none is."""
    known, born_at = instep.store.facts(accounts), instep.house.born_at
    left = [a for a in dict.fromkeys(accounts) if excluded(assemble(a, known[a], born_at), instep.systems.config)]
    if not left:
        return ""
    some = f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} excluded"
    return f"{some} ([exclude] of instep.toml, or the account view): nothing is sent there."


def _product(instep: Instep) -> ProductDatabase:
    return connect(instep.settings).product


def _knows(product: ProductDatabase, account: str) -> bool:
    if not ProductAccounts(product).fetch(Ref("product", "account", account)).gone:
        return True
    return any(person.account_id == account for person in _people(product))


def _people(product: ProductDatabase) -> Iterable[Person]:
    for page in ProductUsers(product).scan(None):
        for record in page.records:
            yield from (fact.body for fact in facts(record) if isinstance(fact.body, Person))
