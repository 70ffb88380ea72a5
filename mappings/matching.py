"""Which account a Stripe customer belongs to, and what a person is asked where that is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mappings.model import AccountId, Undecided

EMAIL, ACCOUNT, REFERENCE = "email:", "account:", "reference:"


def account_keys(account: AccountId) -> tuple[str, str]:
    """What leads to an account: metadata that names it, and the reference of a Checkout session."""
    return f"{ACCOUNT}{account}", f"{REFERENCE}{account}"


def match(
    seeks: Sequence[str], offers: Mapping[str, frozenset[AccountId]], seekers: Mapping[str, int]
) -> AccountId | Undecided | None:
    """By the account view's customer id, then by metadata (its own, else a subscription's), by the reference of a
    Checkout session, then, where no metadata names an account, by a verified e-mail with exactly one candidate on each
    side. None: nobody has to know.

    ``seeks``: of all facts under the root, best first, e-mails last wherever they stand; ``offers``: key -> accounts
    that offer it; ``seekers``: key -> roots that seek it.
    """
    ranked = _ranked(seeks)
    for key in ranked:
        found = offers.get(key, frozenset())
        if len(found) > 1 and not key.startswith(EMAIL):
            accounts = ", ".join(sorted(found))
            return Undecided(f"more than one account may own it: {accounts}", _choose(sorted(found)), conflict=True)
        if len(found) == 1 and (not key.startswith(EMAIL) or seekers.get(key, 0) <= 1):
            return next(iter(found))
    return _unmatched(ranked, offers)


def match_surely(
    seeks: Sequence[str], offers: Mapping[str, frozenset[AccountId]], seekers: Mapping[str, int]
) -> AccountId | Undecided | None:
    """``match`` while a scan runs, and before every source was read once: e-mails wait until every candidate has been
    seen, and so does telling a person."""
    found = match([key for key in seeks if not key.startswith(EMAIL)], offers, seekers)
    return found if not isinstance(found, Undecided) or found.conflict else None


def _ranked(seeks: Sequence[str]) -> list[str]:
    """Metadata that names an account is heeded also where the product does not know it: no e-mail tells better."""
    emails = [key for key in seeks if key.startswith(EMAIL)]
    others = [key for key in seeks if not key.startswith(EMAIL)]
    return others if any(key.startswith(ACCOUNT) for key in others) else others + emails


def _unmatched(ranked: Sequence[str], offers: Mapping[str, frozenset[AccountId]]) -> Undecided | None:
    """Money is never given to an account by a guess, nor is one proposed. A root with no key but its own is a deleted
    customer, or no customer at all."""
    named = [key.partition(":")[2] for key in ranked if key.startswith((ACCOUNT, REFERENCE))]
    if named:
        account = "an account" if "@" in named[0] else f"account {named[0]}"
        why = f"its metadata (or Checkout) names {account}, which the product does not know"
        return Undecided(why, decision="ignore")
    emails = [key for key in ranked if key.startswith(EMAIL)]
    if not emails:
        return None
    accounts = sorted({account for key in emails for account in offers.get(key, ())})
    if len(accounts) > 1:
        return Undecided(f"people of several accounts have its e-mail: {', '.join(accounts)}", _choose(accounts))
    if accounts:
        return Undecided(f"several customers have the e-mail of account {accounts[0]}", _choose(accounts))
    return Undecided("no user with a verified e-mail has its e-mail", decision="ignore")


def _choose(accounts: Sequence[AccountId]) -> str:
    return f"link it to {' or '.join(accounts)}, or ignore it"
