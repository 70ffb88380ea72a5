"""Customers that Stripe shall hold no more: an erased account's, where the policy says so."""

from __future__ import annotations

from typing import Literal

from connectors import wire
from connectors.contract import Gone, Rejected
from connectors.stripe.client import StripeApi
from mappings.model import Desired, Held, Ref, Step


class StripeErasures:
    """Target ``stripe.erasures``. Values: ``customers``, their ids with spaces between; the external id is the same.
    With ``proved`` nothing is deleted: they must be away already.

    Deleting a customer ends its subscriptions at once and keeps its invoices: https://docs.stripe.com/api/customers/delete
    """

    name = "stripe.erasures"
    system = "stripe"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self.timeout = 3 * api.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        """Only a push that was answered counts; another one finds the deleted customers deleted."""
        return Held(desired.external_id) if desired.external_id else None

    def push(self, step: Step) -> Held:
        """Raises Rejected where ``proved`` finds a customer alive."""
        customers = str(step.values["customers"]).split()
        alive = [customer for customer in customers if self._alive(customer)]
        if alive and step.values.get("proved"):
            raise Rejected(f"Stripe still holds {', '.join(alive)}")
        request = ""
        for customer in alive:
            request = self._api.delete("/v1" + wire.path("customers", customer))
        changed = Ref("stripe", "customer", customers[0]) if alive else None
        return Held(" ".join(customers), changed=changed, vendor_request_id=request)

    def _alive(self, customer: str) -> bool:
        try:
            return not self._api.get("/v1" + wire.path("customers", customer)).get("deleted")
        except Gone:
            return False
