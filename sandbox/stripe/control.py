"""What happens in a browser or at a bank: cards, retries, dunning settings, bulk history. Not booked in the ledger."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sandbox.stripe import customers, disputes, invoices, portal, seeding
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.http import Service, service
from sandbox.world import World

Json = dict[str, Any]

OUTCOMES = ("ok", "decline", "action")
SETTINGS = ("dunning", "key", "lacks", "version", "event_lag")
DUNNING = ("canceled", "unpaid", "past_due")


def control(world: World) -> APIRouter:
    """Routes to be mounted under ``/_sandbox/stripe``.

    ``POST /customers/{id}/card {"outcome": "ok"|"decline"|"action", "expires": "2027-05"}`` attaches a new card and
    makes it the default (action: the bank asks for 3-D Secure); ``PUT`` changes what the bank says to the default card;
    ``POST /customers/{id}/pay`` retries its open invoices; ``POST /customers/{id}/dispute {"status", "reason"}``
    disputes its latest payment, ``PUT`` moves that dispute; ``POST /import [...]``;
    ``PUT /settings {"dunning": "canceled"|"unpaid"|"past_due", "key", "lacks": [permissions that the rk_ key has not],
    "version": the API version, "event_lag": seconds until what happens from now on is listed among the events, null for
    never}``; ``PUT /portal`` saves its settings: fields of features, or null for none.
    """
    router, held = APIRouter(), service(world)
    account = held.account

    async def card(request: Request) -> Response:
        body = orjson.loads(await request.body() or b"{}")
        act = _add_card if request.method == "POST" else _change_bank
        return _answer(lambda: act(account, request.path_params["id"], body))

    async def dispute(request: Request) -> Response:
        body, id = orjson.loads(await request.body() or b"{}"), request.path_params["id"]
        status = body.get("status", "needs_response")
        if request.method == "PUT":
            return _answer(lambda: disputes.move(account, id, status))
        return _answer(lambda: disputes.open_one(account, id, status, body.get("reason", "general")))

    async def pay(request: Request) -> Response:
        return _answer(lambda: _pay(account, request.path_params["id"]))

    async def settings(request: Request) -> Response:
        body = orjson.loads(await request.body() or b"{}")
        return _answer(lambda: _settings(held, body))

    async def change_portal(request: Request) -> Response:
        features = orjson.loads(await request.body())
        return _answer(lambda: portal.change(account, features))

    async def bulk(request: Request) -> Response:
        rows = orjson.loads(await request.body())
        return _answer(lambda: [seeding.add(account, row) for row in rows])

    router.add_route("/customers/{id}/card", card, methods=["POST", "PUT"])
    router.add_route("/customers/{id}/dispute", dispute, methods=["POST", "PUT"])
    router.add_route("/customers/{id}/pay", pay, methods=["POST"])
    router.add_route("/settings", settings, methods=["GET", "PUT"])
    router.add_route("/portal", change_portal, methods=["PUT"])
    router.add_route("/import", bulk, methods=["POST"])
    return router


def _answer(act: Any) -> Response:
    try:
        return Response(orjson.dumps(act()), media_type="application/json")
    except StripeError as refusal:
        return Response(orjson.dumps(refusal.body), refusal.status, media_type="application/json")


def _settings(held: Service, body: Json) -> Json:
    if not set(body) <= set(SETTINGS) or body.get("dunning", "unpaid") not in DUNNING:
        raise invalid(f"settings are {', '.join(SETTINGS)}; dunning: {', '.join(DUNNING)}")
    held.account.dunning = body.get("dunning", held.account.dunning)
    held.key, held.version = body.get("key", held.key), body.get("version", held.version)
    held.lacks = set(body.get("lacks", held.lacks))
    held.account.event_lag = body.get("event_lag", held.account.event_lag)
    shown = {"dunning": held.account.dunning, "event_lag": held.account.event_lag}
    return shown | {"key": held.key, "lacks": sorted(held.lacks), "version": held.version}


def _add_card(account: Account, id: str, body: Json) -> Json:
    customer = account.customers.need(id)
    card = customers.new_card(account, _known(body.get("outcome", "ok")))
    if expires := body.get("expires"):
        year, _, month = str(expires).partition("-")
        card["card"] = card["card"] | {"exp_year": int(year), "exp_month": int(month)}
    customers.attach_card(account, card["id"], {"customer": id})
    with account.changing(customer):
        customer["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": card["id"]}
    return card


def _known(outcome: str) -> str:
    if outcome not in OUTCOMES:
        raise invalid(f"outcome must be one of {', '.join(OUTCOMES)}", "outcome")
    return outcome


def _change_bank(account: Account, id: str, body: Json) -> Json:
    outcome = body.get("outcome", "ok")
    card = account.customers.need(id)["invoice_settings"]["default_payment_method"]
    if card is None:
        raise invalid("This customer has no default card.")
    account.outcomes[card] = _known(outcome)
    return {"card": card, "outcome": outcome}


def _pay(account: Account, id: str) -> Json:
    """The customer presses pay on each open invoice's hosted page."""
    account.customers.need(id)
    waiting = [invoice for invoice in account.invoices.of(id) if invoice["status"] == "open"]
    return {invoice["id"]: invoices.attempt(account, invoice, manual=True) for invoice in waiting}
