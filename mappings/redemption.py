"""What a trial uses up, so that nobody gets a second one: the account, its people and their addresses by one rule.

``redeemed_email``: case, sub-addresses (``name+anything@``, RFC 5233; any domain may be hosted where they work) and the
dots of Gmail (https://support.google.com/mail/answer/7436150) make no other person.
"""

from __future__ import annotations

from collections.abc import Iterable

from mappings.model import AccountFacts, AccountId, Person, RequestId, Subscription
from mappings.people import billing_contact

Key = tuple[str, str]
GMAIL = ("gmail.com", "googlemail.com")


def redeemed_email(address: str) -> str:
    """The one spelling of all addresses that reach the same mailbox; empty for an empty one."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, GMAIL[0]
    return f"{local}@{domain}" if local else domain


def keys_of(account: AccountId, people: Iterable[Person]) -> list[Key]:
    """(kind, value): the account, and each of these people by id and by address."""
    keys = [("account", str(account))]
    for person in people:
        keys += [("user", str(person.user_id)), ("email", redeemed_email(person.email))]
    return [key for key in dict.fromkeys(keys) if key[1]]


def asking(facts: AccountFacts) -> list[Key]:
    """What a trial for one of the account's requests may use up: its requesters and the billing contact."""
    asked = {request.user_id for request in facts.requests}
    contact = billing_contact(facts.people)
    return keys_of(facts.account_id, [p for p in facts.people if p.user_id in asked or p is contact])


def past_trials(facts: AccountFacts) -> dict[Key, RequestId]:
    """What the account's trials have used up, for its owners, its billing contact and who asked for one.

    By the request that started the first trial, or else its subscription.
    """
    trials = sorted((s for s in facts.subscriptions if s.trial_start), key=_began)
    used: dict[Key, RequestId] = {}
    for trial in trials:
        askers = {request.user_id for request in facts.requests if request.request_id == trial.request_id}
        contact = billing_contact(facts.people)
        people = [p for p in facts.people if p.role == "owner" or p is contact or p.user_id in askers]
        for key in keys_of(facts.account_id, people):
            used.setdefault(key, RequestId(trial.request_id or trial.subscription_id))
    return used


def _began(trial: Subscription) -> tuple[int, str]:
    return trial.trial_start or 0, trial.subscription_id
