"""Past trials, learned from the systems: a state that is new, or was lost, still knows who has had one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from flows.gathering import assemble
from flows.pseudonyms import Pseudonyms
from mappings.model import AccountId, RequestId
from mappings.redemption import Key, past_trials
from state.store import LeaseLost, Store

# Booked like a source: read whole once, by one worker at a time.
NAME = "redemptions"
LEASE = 300.0
PAGE = 200


def learn_past_trials(store: Store, pseudonyms: Pseudonyms, owner: str, now: int, domains: bool = False) -> bool:
    """Once for a state, when every source was read; once more when ``domains`` begin to count. False while another
    worker is at it. May be done again."""
    name = f"{NAME}:domains" if domains else NAME
    if not store.unscanned([name]):
        return True
    cursor = store.lease_cursor(name, owner, LEASE)
    if cursor is None:
        return False
    try:
        accounts = store.accounts()
        while page := list(islice(accounts, PAGE)):
            store.redeem(_used(store, pseudonyms, page, domains))
            store.take_in(cursor, (), None, now)  # Renews the lease.
        store.finish_scan(cursor, ("trial",), now)
    except LeaseLost:
        return False
    finally:
        store.release_cursor(cursor)
    return True


def _used(store: Store, pseudonyms: Pseudonyms, accounts: Sequence[AccountId], domains: bool) -> dict[Key, RequestId]:
    used: dict[Key, RequestId] = {}
    for account, facts in store.facts(accounts).items():
        for key, request in past_trials(assemble(account, facts, born_at=0), domains).items():
            used.setdefault(pseudonyms.redeeming(key), request)
    return used
