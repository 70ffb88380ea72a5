"""An account's instance: which one it is, what it is called, whether it is ours to run, and what it should do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from re import fullmatch

from mappings.config import Config
from mappings.model import Access, AccountFacts, AccountId, Instance, Subscription
from mappings.seen import moved
from mappings.standing import DAY, RULES, Verdict, Wanted
from mappings.text import clean, web_address
from mappings.trials import extends

# Not words of the provisioner: it does not know the instance any more, or answers for somebody else's.
GONE, FOREIGN = "gone", "foreign"
_NOT_THERE = ("", "deleted", GONE)
# Stages that take something away; of what was so before we were born nothing is taken.
LOWERING = ("trial_expired", "unpaid", "paused", "churned")


def instance_name(account_id: AccountId, generation: int) -> str:
    """``{account_id}-{generation}``; an id with other characters than letters, digits and hyphens is hashed."""
    safe = account_id if fullmatch(r"[A-Za-z0-9-]{1,60}", account_id) else _hash(account_id)
    return f"{safe}-{generation}"


def _hash(text: str) -> str:
    return "h" + blake2b(text.encode(), digest_size=10).hexdigest()


def generation_of(name: str) -> int:
    """The number behind the last hyphen; 1 for a name that is not ours."""
    number = name.rpartition("-")[2]
    return int(number) if fullmatch(r"[0-9]{1,6}", number) else 1


def is_ours(name: str, account_id: AccountId) -> bool:
    """Whether we would call an instance of this account so."""
    return name == instance_name(account_id, generation_of(name))


def adopted_name(facts: AccountFacts) -> str:
    """The instance that ran before us, until it is deleted; else empty. The one that was found when the account view
    named it stays it, whatever the view says since."""
    mine = facts.account_id
    if any(is_ours(i.name, mine) and i.status not in _NOT_THERE for i in facts.instances):
        return ""
    named = facts.account.instance_name if facts.account else ""
    others = [i for i in facts.instances if not is_ours(i.name, mine)]
    found = sorted((i.status == GONE, i.name) for i in others if i.status != "deleted")
    if found and not (found[0][0] and named):
        return found[0][1]
    ended = is_ours(named, mine) or any(i.name == named for i in others if i.status == "deleted")
    return "" if ended else named


def current_instance(facts: AccountFacts) -> Instance | None:
    """The adopted one, else that of the last generation. What the provisioner says for another account is not
    believed: its status is ``foreign``, with nothing else."""
    adopted = adopted_name(facts)
    found = [i for i in facts.instances if not adopted or i.name == adopted]
    newest = max(found, key=lambda i: (i.generation, i.name), default=None)
    if newest and newest.account_id not in ("", facts.account_id):
        return replace(newest, status=FOREIGN, url="", ready_at=None)
    return newest


def generation(facts: AccountFacts) -> int:
    """Rises only after a confirmed deletion."""
    if adopted := adopted_name(facts):
        return generation_of(adopted)
    current = current_instance(facts)
    return 1 if current is None else current.generation + (current.status == "deleted")


def told(facts: AccountFacts) -> tuple[str, str]:
    """Address and status for everybody to see; what the provisioner says of another account's is not among it."""
    current, row = current_instance(facts), facts.access
    if current is None or current.status == "deleted":
        return "", current.status if current else ""
    if current.status == FOREIGN:
        return (web_address(row.instance_url), clean(row.instance_status)) if row else ("", "")
    return ("", "failed") if current.status == GONE else (current.url, current.status)


def managed_here(facts: AccountFacts, leading: Subscription | None, config: Config, managed: bool) -> bool:
    """Whether this account's instance is ours to run: one is known or named, a request of ours stands behind the
    account, or ``instances = "all"`` and the subscription began after we were born."""
    started = any(r.kind == "trial" and r.answer == "accepted" and not extends(r) for r in facts.requests)
    everyone = config.policy.instances == "all" and leading is not None and leading.created >= facts.born_at
    ours = started or everyone or bool(leading and leading.request_id)
    return managed and (ours or bool(facts.instances or adopted_name(facts) or _row_status(facts)))


def _row_status(facts: AccountFacts) -> str:
    """After a lost state only the product's row still tells of an instance."""
    status = facts.access.instance_status if facts.access else ""
    return "" if status in _NOT_THERE else status


def wanted_instance(
    facts: AccountFacts,
    verdict: Verdict,
    leading: Subscription | None,
    access: Access | None,
    managed: bool,
    config: Config,
    now: int,
) -> tuple[Wanted, int | None]:
    """What it should do, and when it is to be deleted. What access is kept for is left as it is, and what the product
    lets in today is never deleted: retention begins when it is shut out."""
    if not managed:
        return "not_managed", None
    wanted = RULES[verdict.stage][1]
    if wanted not in ("suspended", "deleted"):
        return wanted, None
    if not _exists(facts):
        return "none", None
    if access is None and verdict.stage in LOWERING and not (facts.access and facts.access.access == "none"):
        return "unchanged", None
    ends = _retained_until(facts, verdict, leading, config)
    if ends is None or wanted == "deleted":
        return wanted, None
    if now < ends:
        return "suspended", ends
    return ("suspended" if facts.access and facts.access.access != "none" else "deleted"), None


def _exists(facts: AccountFacts) -> bool:
    current = current_instance(facts)
    if current:
        return current.status not in _NOT_THERE
    return bool(adopted_name(facts) or _row_status(facts))


def _retained_until(facts: AccountFacts, verdict: Verdict, leading: Subscription | None, config: Config) -> int | None:
    """When retention is over: counted from the end of the subscription, our birth, or the end of what let the account
    in since, whichever is latest. Never where the end is not known, as with a deleted customer."""
    ended = leading.ended_at if leading else None
    if verdict.stage != "churned" or verdict.since is None or ended is None or not config.policy.retention_days:
        return None
    return max(ended, facts.born_at, *_let_in_until(facts, config)) + config.policy.retention_days * DAY


def _let_in_until(facts: AccountFacts, config: Config) -> Iterator[int]:
    """Beside an ended subscription the product's own trial lets in, being free of charge, or access that was kept for
    another reason; the look that saw it end dates what no source does."""
    ended = (moved(facts.account, "comped"), moved(facts.access, "access"))
    yield from (seen.since for seen in ended if seen and seen.value in ("no", "none"))
    if config.trials.mode == "product" and facts.account and facts.account.trial_ends_at:
        yield facts.account.trial_ends_at


def wait_for_instance(
    facts: AccountFacts, verdict: Verdict, leading: Subscription | None, managed: bool, config: Config, now: int
) -> tuple[Verdict, int | None]:
    """A trial whose instance is still starting is ``trial_requested`` until the deadline."""
    if verdict.stage != "trialing" or not managed or leading is None:
        return verdict, None
    deadline = (leading.trial_start or leading.created) + config.policy.provision_deadline_minutes * 60
    if was_ready(facts) or now >= deadline:
        return verdict, None
    return Verdict("trial_requested", "the instance is being started", ends=verdict.ends), deadline


def was_ready(facts: AccountFacts) -> bool:
    """Where one is not to be seen any more, the trial that runs goes on."""
    instance = current_instance(facts)
    if instance and instance.status in (GONE, FOREIGN):
        return bool(facts.access and facts.access.stage == "trialing")
    return bool(instance and (instance.ready_at or instance.status in ("ready", "suspended")))
