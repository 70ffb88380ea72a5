"""What the systems hold, held against the model: rows, contacts, companies, events, and every write that was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .billing import JSON
from .happening import Teller
from .model import Expected, Facts, differences, wants_running
from .scene import Scene

Difference = tuple[str, Any, Any]
STAMPS = ("updated_at", "reason", "billing_url", "account_id")
STANDARD = ("company_id", "monthly_spend", "plan", "name")
BILLING = ("owner", "billing")


def rows(scene: Scene) -> dict[str, JSON]:
    """Account -> its row of instep_access."""
    return {row["account_id"]: row for row in scene.rows("SELECT * FROM instep_access")}


def of_brake(scene: Scene) -> Iterator[str]:
    """What waits for a person to approve it."""
    for hold in scene.instep.store.holds():
        yield f"the brake holds {hold.kind} of {hold.target} for {hold.account_id}: {hold.says}"


def of_row(expected: Expected, row: JSON) -> Iterator[Difference]:
    held = {name: value for name, value in row.items() if name not in STAMPS}
    for name, wanted, found in differences(expected.row if expected.row["access"] else {}, held):
        yield f"row.{name}", wanted, found


def of_instances(facts: Facts, expected: Expected) -> Iterator[Difference]:
    """One at a time, running or suspended as the stage says."""
    wanted, held = wants_running(expected), [row["status"] for row in facts.instances]
    if len(held) > 1:
        yield "instances", 1, held
    if held and wanted is not None and (held[0] == "suspended") == wanted:
        yield "instance", "running" if wanted else "suspended", held[0]


def of_requests(facts: Facts) -> Iterator[Difference]:
    """Each has an answer; one trial subscription for each accepted trial, none for any other."""
    made = Counter(sub["metadata"].get("request_id") for sub in facts.subscriptions)
    for request in facts.requests:
        if not request["answer"]:
            yield f"{request['kind']} request", "an answer", None
        if request["kind"] == "trial" and made[request["request_id"]] != (request["answer"] == "accepted"):
            yield "trials of a request", request["answer"], made[request["request_id"]]


def of_people(facts: Facts, expected: Expected, contacts: Mapping[str, JSON]) -> Iterator[Difference]:
    """Each person's contact: address, attributes, tags, company."""
    for person in facts.people:
        contact = contacts.get(person["id"])
        if contact is None:
            yield "contact", person["role"], None
            continue
        bills = person["role"] in BILLING
        wanted = {**expected.open, "billing_role": person["role"], **(expected.attributes if bills else {})}
        for name, value, held in differences(wanted, contact["custom_attributes"]):
            yield f"{person['role']}.{name}", value, held
        if set(contact["tags"]) != (expected.tags if bills else frozenset()):
            yield f"{person['role']}.tags", sorted(expected.tags) if bills else [], sorted(contact["tags"])
        if (contact["email"], contact["name"]) != (person["email"], person["name"]):
            yield "contact", (person["email"], person["name"]), (contact["email"], contact["name"])
        if contact["companies"] != [facts.team["id"]]:
            yield "companies", [facts.team["id"]], contact["companies"]


def of_company(facts: Facts, expected: Expected, company: JSON) -> Iterator[Difference]:
    known = expected.attributes
    wanted = {
        "account_stage": expected.stage, "account_access": known["product_access"],
        "account_trial_ends_at": known["trial_ends_at"], "account_instance_url": known["instance_url"],
        **{f"account_{name}": known[name] for name in ("next_step", "stuck_since")},
        **{f"account_{name}": value for name, value in expected.open.items() if name.startswith("has_")},
    }  # fmt: skip
    for name, value, held in differences(wanted, company["custom_attributes"]):
        yield f"company.{name}", value, held
    plan = (company.get("plan") or {}).get("name") or None
    spend = int(known["mrr"] or 0)
    if (plan, company["monthly_spend"], company["name"]) != (known["plan"], spend, facts.team["name"]):
        yield "company", (known["plan"], spend, facts.team["name"]), (plan, company["monthly_spend"], company["name"])


def of_events(facts: Facts, teller: Teller, contacts: Mapping[str, JSON]) -> Iterator[Difference]:
    """Each occurrence once to each person, and no other; people who left keep theirs."""
    for person, told in teller.told.items():
        events = contacts[person]["events"] if person in contacts else []
        held = Counter((event["event_name"], event["created_at"]) for event in events)
        if held != Counter(told):
            yield f"events of {person}", sorted(told - set(held)), sorted((held - Counter(told)).elements())


def of_writes(scene: Scene, mark: int) -> Iterator[str]:
    """Calls of Instep that changed nothing, and events that were sent again."""
    for call in scene.control("GET", f"/ledger?since={mark}&writes=1"):
        if not call["effect"]:
            yield f"{call['system']} {call['method']} {call['path']} changed nothing: {call['params']}"


def of_journal(scene: Scene, mark: int, run: str) -> Iterator[str]:
    """What changed something there and is not in the journal with why, when and the vendor's id of the request."""
    lines = scene.state(f"SELECT * FROM journal LEFT JOIN links USING (target, subject) WHERE run = '{run}'")
    known = {id for line in lines for id in str(line["external_id"]).split("/")}
    told = sum(line["target"] == "intercom.events" for line in lines)
    for call in scene.control("GET", f"/ledger?since={mark}&writes=1"):
        if call["effect"] == "event.created":
            told -= 1
        elif call["effect"] and not known & {call["object_id"], *call["path"].split("/")}:
            yield f"{call['effect']} {call['object_id']} is not in the journal"
    if told:
        yield f"events: {told} more in the journal than were sent"
    for line in lines:
        asked = line["vendor_request_id"] or not line["target"].startswith(("stripe.", "intercom."))
        if not (line["reason"] and line["after"] and line["sent_at"] and asked):
            yield f"the journal does not say all of {line}"
