"""Making billing links useless: of an account, or of one person in all accounts."""

from __future__ import annotations

from flows.house import open_store
from flows.settings import Failed, Misuse, Settings
from mappings.model import AccountId, Ref, Subject, UserId, account_subject, person_subject
from state.store import Store


def revocable(settings: Settings, account: str, user: str) -> tuple[Store, Subject, list[AccountId]]:
    """The store, whose links, and the accounts that get new ones. Raises Misuse for nobody, both, somebody unknown."""
    if bool(account) is bool(user):
        raise Misuse("Name whose links: --account ACCOUNT or --user USER.")
    store = open_store(settings)
    if store.house() is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    if user:
        found = store.accounts_under(Ref("product", "user", user))
        subject = person_subject(UserId(user))
    else:
        found = [AccountId(account)] if store.facts([AccountId(account)])[AccountId(account)] else []
        subject = account_subject(AccountId(account))
    if not found:
        what = f"user {user}" if user else f"account {account}"
        raise Misuse(f"The state knows no {what}: look in instep_users, then `instep sync`.")
    return store, subject, found


def revoke(settings: Settings, account: str, user: str) -> list[AccountId]:
    """At once: the links do not open any more. The next sync hands out new ones."""
    store, subject, accounts = revocable(settings, account, user)
    store.revoke(subject, accounts, settings.clock()())
    return accounts
