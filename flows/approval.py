"""Approval of what the brake holds: each held account is planned again, and what is as it was held may be sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from flows.house import Instep, open_store
from flows.preview import Planned, preview
from flows.settings import Misuse, Settings
from mappings.brake import KINDS, told, what_of
from mappings.model import AccountId
from state.store import Hold as Hold

# Accounts whose approval is written in one transaction.
BATCH = 100
Key = tuple[str, str, str]


@dataclass(slots=True)
class Held:
    """What is held of the accounts asked for. ``same``: wanted now as it was held; ``moved``: (as it was held, as it is
    wanted now); ``gone``: wanted no more; ``approved``: let through before, to be sent by the next sync."""

    same: list[Hold] = field(default_factory=list)
    moved: list[tuple[Hold, Hold]] = field(default_factory=list)
    gone: list[Hold] = field(default_factory=list)
    approved: list[Hold] = field(default_factory=list)


def held(instep: Instep, accounts: Collection[str], kinds: Collection[str], tell: Callable[[str, int], None]) -> Held:
    """Of ``accounts`` and ``kinds``, each of them empty for all. Sends and stores nothing."""
    found, salt = Held(), instep.house.installation_id[:8]
    asked = [h for h in instep.store.holds() if (not accounts or h.account_id in accounts) and _of(h, kinds)]
    found.approved = [hold for hold in asked if hold.approved_by]
    waiting: dict[str, list[Hold]] = {}
    for hold in asked:
        if not hold.approved_by:
            waiting.setdefault(hold.account_id, []).append(hold)
    for account, holds in waiting.items():
        planned = preview(instep.store, instep.systems, AccountId(account), instep.now(), instep.house.born_at, salt)
        _sort(found, holds, {(p.step.target, str(p.step.subject), what_of(p.step)): p for p in planned})
        tell("planning", 1)
    return found


def _of(hold: Hold, kinds: Collection[str]) -> bool:
    return hold.kind in (kinds or KINDS)


def _sort(found: Held, holds: Sequence[Hold], planned: dict[Key, Planned]) -> None:
    for hold in holds:
        now = planned.get(_key(hold))
        if now is None:
            found.gone.append(hold)
        elif now.mark == hold.mark:
            found.same.append(hold)
        else:
            found.moved.append((hold, replace(hold, mark=now.mark, says=told(now.step))))


def approve(instep: Instep, found: Held, by: str) -> list[Hold]:
    """``found.same`` may be sent, once each; what has moved waits, as it is now, for an approval of its own. Returns
    what may not be sent: it is held otherwise, or no more, since it was found."""
    accounts = sorted({hold.account_id for hold in (*found.same, *(hold for hold, _ in found.moved), *found.gone)})
    let: set[Key] = set()
    for start in range(0, len(accounts), BATCH):
        # Account by account: what is held of a Link is never cut in two.
        some = set(accounts[start : start + BATCH])
        same, gone = ([hold for hold in holds if hold.account_id in some] for holds in (found.same, found.gone))
        moved = [(hold, now) for hold, now in found.moved if hold.account_id in some]
        let.update(map(_key, instep.store.approve(same, moved, gone, by, instep.now())))
    return [hold for hold in found.same if _key(hold) not in let]


def _key(hold: Hold) -> Key:
    return hold.target, hold.subject, hold.what


def believe(settings: Settings, source: str, by: str) -> None:
    """What the last scan of a source met is true. Raises Misuse for a source that nothing is held of."""
    store = open_store(settings)
    broken = sorted(store.shrunk())
    if not store.believe(source, by, settings.clock()()):
        known = f"Held is {', '.join(broken)}." if broken else "No source is held."
        raise Misuse(f"The source {source} is not held. {known}")
