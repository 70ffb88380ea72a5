"""What a provisioner says of an instance, and what it should run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mappings.brake import DELETIONS, REMOVALS
from mappings.config import Config
from mappings.instances import FOREIGN, GONE, adopted_name, current_instance, generation_of, instance_name, is_ours
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
from mappings.text import integer, web_address

STATUSES = ("provisioning", "ready", "suspended", "deleted", "failed")


def facts(record: Record) -> list[Fact]:
    """``{"name", "status", "url", "ready_at"}``, ``account_id`` and ``revision`` -> one instance; gone: that it is.

    Whose it is follows from its name, as we give it or as an account view does. What an answer says of that is kept to
    be compared, and believed only where the name fits.
    """
    name, data = record.ref.id, record.data
    if data is None:
        body = Instance(name, AccountId(""), generation_of(name), GONE)
        return [Fact(record.ref, "instance", name, body, seeks=_seeks(name))]
    status = data.get("status")
    account_id = AccountId(str(data.get("account_id") or ""))
    instance = Instance(
        name=name,
        account_id=account_id,
        generation=generation_of(name),
        status=status if status in STATUSES else "failed",
        url=web_address(data.get("url")),
        ready_at=integer(data.get("ready_at")) or None,
        revision=integer(data.get("revision")) or 0,
    )
    if account_id and is_ours(name, account_id):
        return [Fact(record.ref, "instance", name, instance, account_id)]
    return [Fact(record.ref, "instance", name, instance, seeks=_seeks(name))]


def _seeks(name: str) -> tuple[str, ...]:
    return f"instance:{name}", f"account:{name.rpartition('-')[0]}"


def desired_instance(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The whole desired state of the account's one instance; a PUT always carries all of it."""
    if life.instance not in ("running", "suspended", "deleted") or life.start is not None:
        return
    contact = billing_contact(facts.people)
    adopted = adopted_name(facts)
    values: dict[str, Scalar] = {
        "name": adopted or instance_name(facts.account_id, life.generation),
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
        create=not adopted,
        adopts=bool(adopted),
        guarded=frozenset({"desired"}),
        brake=_brake(life),
        problem=_problem(facts),
        why="retention is over" if life.instance == "deleted" and life.stage == "churned" else life.reason,
    )


def _brake(life: Life) -> str:
    """A suspension on a day that was known before counts against nothing."""
    if life.instance == "running":
        return ""
    return DELETIONS if life.instance == "deleted" else "" if life.foreseen else REMOVALS


def desired_run(facts: AccountFacts, life: Life, config: Config) -> Iterable[Desired]:
    """The same for a Prefect deployment, which keeps its parameters as long as the run: without a person."""
    for desired in desired_instance(facts, life, config):
        yield replace(desired, values={name: v for name, v in desired.values.items() if name != "owner_email"})


def _problem(facts: AccountFacts) -> str:
    current = current_instance(facts)
    if current and current.status == FOREIGN:
        return "the provisioner answers for another account under this name"
    if current and current.status == GONE:
        return "the provisioner does not know it any more; a new one is made only after it says deleted"
    return ""


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
    if found is None or found.status == GONE or found.account_id not in ("", facts.account_id):
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
