"""What a trial uses up, so that nobody gets a second one: the account, its people and their addresses by one rule.

``redeemed_email``: case, sub-addresses (``name+anything@``, RFC 5233; any domain may be hosted where they work) and the
dots of Gmail (https://support.google.com/mail/answer/7436150) make no other person.
"""

from __future__ import annotations

from collections.abc import Iterable

from mappings.model import AccountFacts, AccountId, Person, Request, RequestId, Step, Subscription, request_subject
from mappings.people import billing_contact
from mappings.trials import had_trial, overrides

Key = tuple[str, str]
GMAIL = ("gmail.com", "googlemail.com")
# Where anybody can have an address: such a domain names no company.
FREE_MAIL = frozenset(
    """
    126.com 163.com aol.com bk.ru duck.com fastmail.com foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com
    gmx.de gmx.net googlemail.com hey.com hotmail.com hotmail.co.uk hotmail.de hotmail.fr hotmail.it icloud.com
    inbox.ru laposte.net libero.it list.ru live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr
    outlook.com outlook.de outlook.fr pm.me proton.me protonmail.com qq.com rediffmail.com rocketmail.com seznam.cz
    t-online.de tutanota.com tuta.io wanadoo.fr web.de wp.pl yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de
    yahoo.fr yandex.com yandex.ru ymail.com zoho.com
    """.split()  # noqa: SIM905
)


def redeemed_email(address: str) -> str:
    """The one spelling of all addresses that reach the same mailbox; empty for an empty one."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, GMAIL[0]
    return f"{local}@{domain}" if local else domain


def company_domain(person: Person) -> str:
    """The domain of a verified address that is a company's own; else empty."""
    domain = person.email.strip().casefold().rpartition("@")[2]
    return domain if person.email_verified and domain not in FREE_MAIL else ""


def keys_of(account: AccountId, people: Iterable[Person], domains: bool = False) -> list[Key]:
    """(kind, value): the account, and each of these people by id and by address; with ``domains`` by company too."""
    keys = [("account", str(account))]
    for person in people:
        keys += [("user", str(person.user_id)), ("email", redeemed_email(person.email))]
        keys += [("domain", company_domain(person))] if domains else []
    return [key for key in dict.fromkeys(keys) if key[1]]


def asking(facts: AccountFacts, request: Request, domains: bool = False) -> list[Key]:
    """Whose earlier trials count against this request: those of the account, who asks and the billing contact."""
    contact = billing_contact(facts.people)
    people = [p for p in facts.people if p.user_id == request.user_id or p is contact]
    return keys_of(facts.account_id, people, domains)


def past_trials(facts: AccountFacts, domains: bool = False) -> dict[Key, RequestId]:
    """What the account's trials have used up, for its owners, its billing contact and who asked for one.

    By the request that started the first trial, or else its subscription.
    """
    trials = sorted((s for s in facts.subscriptions if s.trial_start), key=_began)
    used: dict[Key, RequestId] = {}
    for trial in trials:
        askers = {request.user_id for request in facts.requests if request.request_id == trial.request_id}
        contact = billing_contact(facts.people)
        people = [p for p in facts.people if p.role == "owner" or p is contact or p.user_id in askers]
        for key in keys_of(facts.account_id, people, domains):
            used.setdefault(key, RequestId(trial.request_id or trial.subscription_id))
    return used


def _began(trial: Subscription) -> tuple[int, str]:
    return trial.trial_start or 0, trial.subscription_id


def redemptions(facts: AccountFacts, step: Step, domains: bool = False) -> list[tuple[str, str]]:
    """What a trial uses up: (kind, value) of the account, its requester, the requester's e-mail and, with ``domains``,
    company. What staff grant in spite of an earlier trial, or is paid for, uses up nothing but its own request."""
    request = next((r for r in facts.requests if request_subject(r.request_id) == step.subject), None)
    if request and step.values["trial_days"] == 0:
        return [("paid", request.request_id)]
    if request and overrides(request) and had_trial(facts, request):
        return [("override", request.request_id)]
    contact = next((p for p in facts.people if request and p.user_id == request.user_id), billing_contact(facts.people))
    return keys_of(facts.account_id, [contact] if contact else [], domains)
