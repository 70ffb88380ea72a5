"""What a provisioner says of an instance, and what it should run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from re import fullmatch

from mappings.config import Config
from mappings.lifecycle import Life
from mappings.model import (
    AccountFacts,
    AccountId,
    Desired,
    Fact,
    Held,
    Instance,
    Record,
    RequestId,
    Scalar,
    Step,
    instance_subject,
)  # fmt: skip
from mappings.people import billing_contact
from mappings.text import integer

STATUSES = ("provisioning", "ready", "suspended", "deleted", "failed")


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


def facts(record: Record) -> list[Fact]:
    """``{"name", "account_id", "status", "url", "ready_at", "revision"}`` -> one instance."""
    data = record.data
    if data is None:
        return []
    status = data.get("status")
    account_id = AccountId(str(data["account_id"]))
    instance = Instance(
        name=record.ref.id,
        account_id=account_id,
        generation=generation_of(record.ref.id),
        status=status if status in STATUSES else "failed",
        url=str(data.get("url") or ""),
        ready_at=integer(data.get("ready_at")) or None,
        revision=integer(data.get("revision")) or 0,
    )
    return [Fact(record.ref, "instance", record.ref.id, instance, account_id)]


def desired_instance(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The whole desired state of the account's one instance; a PUT always carries all of it."""
    if life.instance not in ("running", "suspended", "deleted") or life.start is not None:
        return
    contact = billing_contact(facts.people)
    values: dict[str, Scalar] = {
        "name": instance_name(facts.account_id, life.generation),
        "desired": life.instance,
        "account_id": facts.account_id,
        "plan": life.plan or life.last_plan,
        "owner_email": contact.email if contact else "",
        "request_id": _request(facts),
    }
    yield Desired(
        "instances",
        instance_subject(facts.account_id, life.generation),
        values,
        beside={"revision": _revision(facts, life)},
        whole=True,
        lowers=life.instance != "running",
        problem="this version leaves deleting an instance to a person" if life.instance == "deleted" else "",
        why=life.reason,
    )


def desired_run(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The same for a Prefect deployment, which keeps its parameters as long as the run: without a person."""
    for desired in desired_instance(facts, life, config):
        yield replace(desired, values={name: v for name, v in desired.values.items() if name != "owner_email"})


def _revision(facts: AccountFacts, life: Life) -> int:
    """Rises with every change, also after a lost state: the time, or one more than the provisioner last knew."""
    return max([life.now, *(i.revision + 1 for i in facts.instances if i.generation == life.generation)])


def _request(facts: AccountFacts) -> RequestId | None:
    newest = max(
        (s for s in facts.subscriptions if s.request_id), key=lambda s: (s.created, s.subscription_id), default=None
    )
    return RequestId(newest.request_id) if newest else None


def held_instance(facts: AccountFacts, desired: Desired) -> Held | None:
    """The instance as the provisioner reported it. A failed one is a person's matter: it is not asked for again."""
    found = next((i for i in facts.instances if i.name == desired.values.get("name")), None)
    if found is None:
        return None
    state = {"ready": "running", "suspended": "suspended", "deleted": "deleted"}.get(found.status)
    values = {"desired": state} if state else {}
    return Held(found.name, values, pending=found.status == "provisioning")


def expect_instance(facts: AccountFacts, step: Step, now: int) -> AccountFacts:
    """The facts once the provisioner has followed; a plan names what waits for it as "then"."""
    name, wanted = str(step.values["name"]), step.values["desired"]
    status = {"running": "ready", "suspended": "suspended"}.get(str(wanted), "deleted")
    old = next((i for i in facts.instances if i.name == name), None)
    url = old.url if old else "(from the provisioner)"
    ready_at = old.ready_at if old and old.ready_at else now
    new = Instance(name, facts.account_id, generation_of(name), status, url, ready_at)
    return replace(facts, instances=(*(i for i in facts.instances if i.name != name), new))
