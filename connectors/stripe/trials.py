"""Trials that Instep starts, or what is bought instead: one subscription a request, found again by the request id that
it carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from connectors import wire
from connectors.contract import Ambiguous, Gone, Page
from connectors.stripe.client import StripeApi
from connectors.stripe.customers import form
from mappings.model import Desired, Held, JSONObject, Record, Ref, Step


class StripeTrials:
    """Target ``stripe.trials``. Values: ``customer``, ``price``, ``trial_days`` (0: no trial; the first payment is left
    open, whatever card is on file), ``missing_payment_method`` (pause or cancel), ``metadata.account_id``,
    ``metadata.request_id``, ``extra`` (more parameters, never over these).

    Afterwards Stripe owns the subscription: there is no update.
    """

    name = "stripe.trials"
    system = "stripe"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self.timeout = api.gate.timeout

    def find(self, desired: Desired, since: int | None) -> Held | None:
        customer = desired.values.get("customer")
        if desired.external_id:
            return self._known(desired)
        if not isinstance(customer, str):
            return None  # The customer does not exist yet, so neither does its trial.
        request = desired.values["metadata.request_id"]
        query = {"customer": customer, "status": "all"}
        found = [
            subscription
            for subscription in self._api.everything("/v1/subscriptions", query)
            if (subscription.get("metadata") or {}).get("request_id") == request
        ]
        if len(found) > 1:
            raise Ambiguous("several subscriptions carry this request id", [item["id"] for item in found])
        return _held(found[0], desired) if found else None

    def _known(self, desired: Desired) -> Held | None:
        try:
            subscription = self._api.get("/v1" + wire.path("subscriptions", desired.external_id))
        except Gone:
            return None
        return _held(subscription, desired)

    def observe(self, resume: str | None) -> Iterator[Page]:
        """All subscriptions, ended ones too."""
        for found, cursor in self._api.listed("/v1/subscriptions", {"status": "all"}, resume):
            yield Page(records=[Record(Ref("stripe", "subscription", s["id"]), s) for s in found], cursor=cursor)

    def holds(self, record: Record, desired: Desired) -> Held:
        return _held(record.data or {}, desired)

    def push(self, step: Step) -> Held:
        if step.operation != "create":
            raise ValueError("a trial is created only; Stripe owns it afterwards")
        subscription, request = self._api.post("/v1/subscriptions", _subscription(dict(step.values)), step.key)
        customer = str(step.values["customer"])
        return Held(subscription["id"], changed=Ref("stripe", "customer", customer), vendor_request_id=request)


def _held(subscription: JSONObject, desired: Desired) -> Held:
    """Whose it is and what it was made for; the rest is Stripe's since it was made, so taken as desired."""
    customer = str(subscription["customer"])
    known: JSONObject = {f"metadata.{name}": value for name, value in (subscription.get("metadata") or {}).items()}
    made = {"customer": customer, "metadata.account_id": None, "metadata.request_id": None} | known
    values: dict[str, Any] = {name: made.get(name, value) for name, value in desired.values.items()}
    return Held(str(subscription["id"]), values, changed=Ref("stripe", "customer", customer))


def _subscription(values: dict[str, Any]) -> JSONObject:
    extra = dict(values.pop("extra", None) or {})
    days, missing = values.pop("trial_days"), values.pop("missing_payment_method")
    ours = form({name: value for name, value in values.items() if name != "price"})
    ours["items"] = [{"price": values["price"]}]
    if not days:
        return extra | ours | {"payment_behavior": "default_incomplete"}
    end = {"missing_payment_method": missing}
    return extra | ours | {"trial_period_days": days, "trial_settings": {"end_behavior": end}}
