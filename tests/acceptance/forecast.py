"""What was planned and what the vendors then saw, in the same words, so that the two can be compared.

A line is (target, subject, operation, fields). Ids and URLs that only a vendor can give are left out of the fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from town import JSON, Town
from vendors import Call

Line = tuple[str, str, str, tuple[tuple[str, Any], ...]]
GIVEN = ("customer", "contact", "member_id", "match.email", "instance_url", "custom.instance_url",
         "custom.account_instance_url", "stripe_customer_id")  # fmt: skip


def line(target: str, subject: str, operation: str, fields: Mapping[str, Any]) -> Line:
    told = {name: value for name, value in fields.items() if name not in GIVEN}
    return target, subject, operation, tuple(sorted((name, value or None) for name, value in told.items()))


def planned(town: Town, plan: list[Any]) -> list[Line]:
    """Steps to vendors, as lines; companies are named by their own id on every call."""
    found = []
    for item in plan:
        step = item.step
        subject, fields = step.subject.split(":", 1)[1], dict(step.values)
        if step.target.startswith("product."):
            continue
        if step.target == "intercom.companies":
            fields["company_id"] = subject
        if step.member[0]:
            fields = {step.member[0]: step.member[1]}
        if step.occurrence:
            fields = {"event_name": step.occurrence.name, "created_at": step.occurrence.at}
        # Vendors with one call for both do not tell a create from an update.
        whole = step.target in ("intercom.companies", "instances") and step.operation in ("create", "update")
        found.append(line(step.target, subject, "put" if whole else step.operation, fields))
    return sorted(found, key=repr)


def planned_rows(plan: list[Any]) -> JSON:
    """(table, key) -> what its row shall say anew."""
    rows: JSON = {}
    for item in plan:
        if item.step.target.startswith("product."):
            key = item.step.target.replace("product.", "instep_"), item.step.subject.split(":", 1)[1]
            rows.setdefault(key, {}).update({n: v or None for n, v in item.step.values.items() if n not in GIVEN})
    return rows


def written_rows(before: JSON, after: JSON) -> JSON:
    """(table, key) -> the fields that changed; the moments of writing are left out."""
    rows: JSON = {}
    for table, key in (("instep_access", "account_id"), ("instep_requests", "request_id")):
        old = {row[key]: row for row in before[table]}
        for row in after[table]:
            was = old.get(row[key], {})
            changed = {name: value or None for name, value in row.items() if (value or None) != (was.get(name) or None)}
            told = {n: v for n, v in changed.items() if n not in (*GIVEN, key, "updated_at", "answered_at")}
            if changed:
                rows[table, row[key]] = told
    return rows


class Reader:
    """Turns calls into lines; knows who is behind each vendor's id."""

    def __init__(self, town: Town) -> None:
        self.contacts = {row["id"]: row["external_id"] for row in town.people()}
        hand = "/intercom/hand/tags"
        self.tags = {str(tag["id"]): tag["name"] for tag in town.vendors.control("GET", hand)["data"]}
        listed = town.vendors.control("GET", "/intercom/companies")
        self.companies = {str(row["id"]): row["company_id"] for row in listed}
        customers = town.vendors.stripe("GET", "/v1/customers", limit=100)["data"]
        self.accounts = {row["id"]: row["metadata"].get("account_id") for row in customers}

    def lines(self, calls: list[Call]) -> list[Line]:
        return sorted((getattr(self, f"_{call.system}")(call, call.path.split("/")[1:]) for call in calls), key=repr)

    def _stripe(self, call: Call, path: list[str]) -> Line:
        fields = dict(call.params)
        fields |= {f"metadata.{name}": value for name, value in fields.pop("metadata", {}).items()}
        if path[1] == "subscriptions":
            missing = fields.pop("trial_settings")["end_behavior"]["missing_payment_method"]
            fields |= {"price": fields.pop("items")[0]["price"], "missing_payment_method": missing}
            fields["trial_days"] = fields.pop("trial_period_days")
            return line("stripe.trials", fields["metadata.request_id"], "create", fields)
        if len(path) == 2:
            return line("stripe.customers", fields["metadata.account_id"], "create", fields)
        return line("stripe.customers", self.accounts[path[2]], "update", fields)

    def _provisioner(self, call: Call, path: list[str]) -> Line:
        return line("instances", f"{call.params['account_id']}#1", "put", call.params | {"name": path[1]})

    def _intercom(self, call: Call, path: list[str]) -> Line:
        params = dict(call.params)
        custom = {f"custom.{name}": value for name, value in params.pop("custom_attributes", {}).items()}
        if path[0] == "companies":
            return line("intercom.companies", params["company_id"], "put", params | custom)
        if path[0] == "events":
            told = {name: params[name] for name in ("event_name", "created_at")}
            return line("intercom.events", self.contacts[params["id"]], "send", told)
        if len(path) < 3:
            operation = "update" if len(path) == 2 else "create"
            subject = self.contacts[path[1]] if len(path) == 2 else params["external_id"]
            return line("intercom.contacts", subject, operation, params | custom)
        member = params.get("id") or path[3]
        name = self.tags[str(member)] if path[2] == "tags" else self.companies[str(member)]
        operation = "add" if call.method == "POST" else "remove"
        return line("intercom.contacts", self.contacts[path[1]], operation, {path[2]: name})
