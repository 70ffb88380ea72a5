"""What requests make Stripe do: change, resume or renew a subscription, and charge on it; each once a request.

A change carries its request in ``metadata.instep_request`` of the subscription, a trial end that moved because of a
late instance in ``metadata.instep_shifted``, what is new in ``metadata.request_id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from connectors import wire
from connectors.contract import Ambiguous, Gone, Rejected, Transient
from connectors.stripe.client import StripeApi
from connectors.stripe.customers import form
from mappings.model import Desired, Held, JSONObject, Ref, Step

ENDED = ("canceled", "incomplete_expired")


class _Once:
    """What both targets share: one create a request, never an update."""

    system = "stripe"
    kind: Literal["state", "message"] = "state"
    gone: Literal["recreate", "once", "never"] = "never"
    unknown: Literal["read", "repeat", "drop"] = "read"

    def __init__(self, api: StripeApi) -> None:
        self._api = api
        self.timeout = api.gate.timeout

    def _made(self, path: str, query: Mapping[str, Any], desired: Desired) -> Held | None:
        """The one object of that list which carries the request."""
        request = desired.values["metadata.request_id"]
        listed = self._api.everything(path, query)
        found = [one["id"] for one in listed if (one.get("metadata") or {}).get("request_id") == request]
        if len(found) > 1:
            raise Ambiguous("several Stripe objects carry this request id", found)
        return _held(found[0], desired.values) if found else None

    def _create_only(self, step: Step) -> None:
        if step.operation != "create":
            raise ValueError(f"{step.target}: carried out once, never updated")


class StripeCancellations(_Once):
    """Target ``stripe.cancellations``. Values: ``do`` (cancel: at the end of the period, cancel_now, keep, resume,
    subscribe, extend, shift: a late instance), ``customer``, ``subscription`` (but for subscribe), ``price``
    (subscribe), ``clear`` (keep: the field that schedules the end), ``paused_at`` (resume: the pause that it ends),
    ``agreed`` and ``currency`` (resume: charge no more than that),
    ``comment`` (why somebody leaves), ``trial_end`` (extend and shift), ``metadata.account_id``,
    ``metadata.request_id``.

    https://docs.stripe.com/billing/subscriptions/cancel, https://docs.stripe.com/api/subscriptions/resume
    """

    name = "stripe.cancellations"

    def find(self, desired: Desired, since: int | None) -> Held | None:
        values = desired.values
        if values["do"] == "subscribe":
            return self._made("/v1/subscriptions", {"customer": values["customer"], "status": "all"}, desired)
        sub = self._api.get("/v1" + wire.path("subscriptions", str(values["subscription"])))
        return _held(_mark(values), values) if _done(sub, values) else None

    def push(self, step: Step) -> Held:
        self._create_only(step)
        values = dict(step.values)
        if values["do"] == "subscribe":
            made, request = self._api.post("/v1/subscriptions", _subscription(values), step.key)
            return _pushed(made["id"], values, request)
        path = "/v1" + wire.path("subscriptions", str(values["subscription"]))
        if values["do"] == "resume":
            self._as_agreed(values)
            _, request = self._api.post(f"{path}/resume", {}, step.key)
        else:
            _, request = self._api.post(path, _change(values), step.key)
        if values["do"] == "cancel_now":
            with suppress(Gone):  # It has ended already.
                request = self._api.delete(path)
        return _pushed(_mark(values), values, request)

    def _as_agreed(self, values: Mapping[str, Any]) -> None:
        """Raises Rejected where resuming would charge more than was agreed to, or in another currency."""
        if values.get("agreed") is None:
            return
        seen = self._api.preview({"subscription": values["subscription"], "subscription_details": {"resume_at": "now"}})
        if seen["amount_due"] > int(values["agreed"]) or seen["currency"] != values["currency"]:
            raise Rejected("the amount is no longer the one that was agreed to")


class StripeCharges(_Once):
    """Target ``stripe.charges``. Values: ``customer``, ``subscription``, ``amount`` (minor units), ``currency``,
    ``description``, ``metadata.account_id``, ``metadata.request_id``. An invoice item, which waits for the
    subscription's next invoice: https://docs.stripe.com/api/invoiceitems"""

    name = "stripe.charges"

    def find(self, desired: Desired, since: int | None) -> Held | None:
        return self._made("/v1/invoiceitems", {"customer": desired.values["customer"]}, desired)

    def push(self, step: Step) -> Held:
        self._create_only(step)
        item, request = self._api.post("/v1/invoiceitems", form(step.values), step.key)
        return _pushed(item["id"], step.values, request)


def _mark(values: Mapping[str, Any]) -> str:
    """The name of a change: many requests may change one subscription."""
    return f"{values['subscription']}/{values['metadata.request_id']}"


def _held(id: str, values: Mapping[str, Any]) -> Held:
    return Held(id, dict(values), changed=_customer(values))


def _pushed(id: str, values: Mapping[str, Any], request: str) -> Held:
    return Held(id, changed=_customer(values), vendor_request_id=request)


def _customer(values: Mapping[str, Any]) -> Ref:
    return Ref("stripe", "customer", str(values["customer"]))


def _done(sub: JSONObject, values: Mapping[str, Any]) -> bool:
    if values["do"] == "resume":
        paused = (sub.get("status_details") or {}).get("paused") or {}
        return bool(sub["status"] != "paused" or paused.get("transitioned_at") != values.get("paused_at"))
    if values["do"] == "shift":
        return _needs_no_shift(sub, values)
    if (sub.get("metadata") or {}).get("instep_request") != values["metadata.request_id"]:
        if values["do"] != "extend":
            return False
        if sub["status"] != "trialing":
            raise Transient("the trial has ended since it was looked at")  # Extended, it would be a new trial.
        return bool((sub.get("trial_end") or 0) > values["trial_end"])  # Somebody has given more meanwhile.
    if values["do"] == "extend":
        return True
    if values["do"] == "cancel_now":
        return str(sub["status"]) in ENDED
    return bool(sub.get("cancel_at")) is bool(values["do"] == "cancel")


def _needs_no_shift(sub: JSONObject, values: Mapping[str, Any]) -> bool:
    """It was made, somebody has given more, or the trial is over."""
    marked = (sub.get("metadata") or {}).get("instep_shifted")
    return bool(marked or sub["status"] != "trialing" or (sub.get("trial_end") or 0) >= values["trial_end"])


def _change(values: Mapping[str, Any]) -> JSONObject:
    if values["do"] == "shift":
        return {"trial_end": values["trial_end"], "metadata": {"instep_shifted": values["metadata.request_id"]}}
    change: JSONObject = {"metadata": {"instep_request": values["metadata.request_id"]}}
    if values["do"] == "extend":
        change["trial_end"] = values["trial_end"]
    if values["do"] == "cancel":
        change["cancel_at_period_end"] = True
    if values["do"] == "keep":
        change |= {"cancel_at": ""} if values["clear"] == "cancel_at" else {"cancel_at_period_end": False}
    if values.get("comment"):
        change["cancellation_details"] = {"comment": values["comment"]}
    return change


def _subscription(values: Mapping[str, Any]) -> JSONObject:
    ours = {name: value for name, value in values.items() if name not in ("do", "price")}
    return form(ours) | {"items": [{"price": values["price"]}]}
