"""Customers as Stripe holds them for us: the account id in their metadata, e-mail and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from connectors import wire
from connectors.contract import Ambiguous, Gone, Page
from connectors.stripe.client import Params, StripeApi
from mappings.model import Desired, Held, JSONObject, Record, Ref, Step

CLOCKS_MAY_DIFFER = 300


class StripeCustomers:
    """Target ``stripe.customers``. Values: ``metadata.account_id`` (any ``metadata.*``), ``email``, ``name``,
    ``invoice_settings.default_payment_method``."""

    name = "stripe.customers"
    system = "stripe"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self.timeout = api.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """By its own id where that is known; else by our account id, among those with the desired e-mail and those made
        since: lists are exact, search lags."""
        if desired.external_id:
            return self._known(desired)
        queries: list[Params] = []
        if desired.values.get("email"):
            queries.append({"email": str(desired.values["email"])})
        if since is not None:
            queries.append({"created[gte]": since - CLOCKS_MAY_DIFFER})
        ours = str(desired.values["metadata.account_id"])
        found = {
            customer["id"]: customer
            for query in queries
            for customer in self._api.everything("/v1/customers", query)
            if _metadata(customer).get("account_id") == ours
        }
        if len(found) > 1:
            raise Ambiguous("several Stripe customers carry this account id", sorted(found))
        return next((_held(customer, desired) for customer in found.values()), None)

    def _known(self, desired: Desired) -> Held | None:
        try:
            customer = self._api.get("/v1" + wire.path("customers", desired.external_id))
        except Gone:
            return None
        return None if customer.get("deleted") else _held(customer, desired)

    def observe(self, resume: str | None) -> Iterator[Page]:
        """All customers but deleted ones."""
        for found, cursor in self._api.listed("/v1/customers", {}, resume):
            yield Page(records=[Record(Ref("stripe", "customer", c["id"]), c) for c in found], cursor=cursor)

    def holds(self, record: Record, desired: Desired) -> Held:
        return _held(record.data or {}, desired)

    def push(self, step: Step) -> Held:
        path = "/v1" + (wire.path("customers", step.external_id) if step.external_id else "/customers")
        customer, request = self._api.post(path, form(step.values), step.key)
        return Held(customer["id"], changed=Ref("stripe", "customer", customer["id"]), vendor_request_id=request)


def form(values: Mapping[str, Any]) -> JSONObject:
    """``metadata.x`` nested as Stripe wants it; None clears a field, which Stripe spells as empty text."""
    nested: JSONObject = {}
    for name, value in values.items():
        field, _, inner = name.partition(".")
        given = "" if value is None else value
        if inner:
            nested.setdefault(field, {})[inner] = given
        else:
            nested[name] = given
    return nested


def _held(customer: JSONObject, desired: Desired) -> Held:
    settings = {f"invoice_settings.{name}": value for name, value in (customer.get("invoice_settings") or {}).items()}
    known = {f"metadata.{name}": value for name, value in _metadata(customer).items()} | settings | customer
    values = {name: known.get(name) for name in desired.values}
    return Held(customer["id"], values, changed=Ref("stripe", "customer", customer["id"]))


def _metadata(customer: JSONObject) -> JSONObject:
    return customer.get("metadata") or {}
