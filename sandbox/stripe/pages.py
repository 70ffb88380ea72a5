"""Stripe's own pages under ``/pay``: the portal, Checkout and an invoice, each with a card form that works."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.stripe import paying, sessions
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.http import service
from sandbox.world import World

Json = dict[str, Any]
Act = Callable[[Account, Json, Json], None]

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}label,input,button{display:block}"
)
STYLE += "input{width:100%;box-sizing:border-box;font:inherit;padding:.4rem;margin:0 0 .8rem}button{font:inherit;"
STYLE += "padding:.6rem 1.2rem}[role=alert]{color:#a00}"
CARD = """<label for="number">Card number</label><input id="number" name="number" inputmode="numeric" required>
<label for="expiry">Expiration (MM / YY)</label><input id="expiry" name="expiry" required>
<label for="cvc">Security code</label><input id="cvc" name="cvc" inputmode="numeric" required>"""
EMAIL = '<label for="email">Email</label><input id="email" name="email" type="email" required>'


def pages(world: World) -> APIRouter:
    """Routes to be mounted under ``/pay``. Links to pages that are over are answered 410, unknown ones 404."""
    router, account = APIRouter(), service(world).account

    def route(path: str, show: Callable[[Account, Request, Json], Response]) -> None:
        async def answer(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
            return show(account, request, form if request.method == "POST" else {})

        router.add_route(path, answer, methods=["GET", "POST"])

    route("/portal/{id}", _portal)
    route("/portal/{id}/method", _method)
    route("/checkout/{id}", _checkout)
    route("/invoice/{id}", _invoice)
    return router


def _portal(account: Account, request: Request, form: Json) -> Response:
    session = account.portals.get(request.path_params["id"])
    if session is None or session["created"] + sessions.PORTAL < account.now:
        return _over("This portal session has expired.", session)
    if session["flow"]:
        return _method(account, request, form)
    subs = [sub for sub in account.subscriptions.of(session["customer"]) if sub["status"] != "canceled"]
    lines = [f"<li>{_price(sub['items']['data'][0]['price'])}: {sub['status']}</li>" for sub in subs]
    change = f'<p><a href="{account.pages}/portal/{session["id"]}/method">Update payment method</a></p>'
    return _page("Billing", f"<ul>{''.join(lines)}</ul><p>{_default(account, session)}</p>{change}{_back(session)}")


def _method(account: Account, request: Request, form: Json) -> Response:
    session = account.portals.get(request.path_params["id"])
    if session is None or session["created"] + sessions.PORTAL < account.now:
        return _over("This portal session has expired.", session)
    problem = _try(paying.update_method, account, session, form)
    if form and not problem:
        after: Json = session["flow"]["after_completion"] if session["flow"] else {"type": "portal_homepage"}
        if after["type"] == "redirect":
            return RedirectResponse(after["redirect"]["return_url"], 303)
        return _page("Payment method saved", f"<p>{_default(account, session)}</p>{_back(session)}")
    return _page("Update payment method", _form(CARD, "Save card", problem) + _back(session))


def _checkout(account: Account, request: Request, form: Json) -> Response:
    session = account.checkouts.get(request.path_params["id"])
    if session is None or session["status"] == "expired":
        return _over("This Checkout session has expired.", session)
    if session["status"] == "complete":
        return _page("You are all done here", "<p>This Checkout session is complete.</p>")
    problem = _try(paying.complete, account, session, form)
    if form and not problem:
        return RedirectResponse(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)
    fields = CARD if session["customer"] or session["customer_email"] else EMAIL + CARD
    if session["mode"] == "setup":
        return _page("Save a card", _form(fields, "Save card", problem))
    lines = [f"<li>{_price(line['price'])}</li>" for line in sessions.line_items(account, session)["data"]]
    due = f"<p>Due today: {_money(session['amount_total'], session['currency'])}</p>"
    return _page("Subscribe", f"<ul>{''.join(lines)}</ul>{due}{_form(fields, 'Subscribe', problem)}")


def _invoice(account: Account, request: Request, form: Json) -> Response:
    invoice = account.invoices.get(request.path_params["id"])
    if invoice is None or invoice["status"] in ("draft", "void"):
        return _over("This invoice cannot be paid.", invoice)
    amount = _money(invoice["amount_due"], invoice["currency"])
    if invoice["status"] == "paid":
        return _page("Invoice paid", f"<p>{amount}: paid.</p>")
    problem = _try(paying.pay_invoice, account, invoice, form)
    if form and not problem:
        return RedirectResponse(str(request.url.path), 303)
    return _page(f"Invoice {invoice['number']}", f"<p>Due: {amount}</p>{_form(CARD, f'Pay {amount}', problem)}")


def _try(act: Act, account: Account, obj: Json, form: Json) -> str:
    """What the page says of a card that was not taken; empty where it was, or none was typed."""
    if not form:
        return ""
    try:
        act(account, obj, form)
    except StripeError as refusal:
        return str(refusal)
    return ""


def _form(fields: str, button: str, problem: str) -> str:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return f'{alert}<form method="post">{fields}<button type="submit">{escape(button)}</button></form>'


def _default(account: Account, session: Json) -> str:
    id = account.customers.need(session["customer"])["invoice_settings"]["default_payment_method"]
    card = account.cards.get(id)
    return f"Default: {card['card']['brand']} ending in {card['card']['last4']}" if card else "No payment method"


def _back(session: Json) -> str:
    back = session["return_url"]
    return f'<p><a href="{escape(back)}">Return</a></p>' if back else ""


def _price(price: Json) -> str:
    return f"{_money(price['unit_amount'], price['currency'])} every {price['recurring']['interval']}"


def _money(amount: int, currency: str) -> str:
    return f"{amount / 100:.2f} {currency.upper()}"


def _over(text: str, known: Json | None) -> Response:
    return _page("Not available", f"<p>{text}</p>", 404 if known is None else 410)


def _page(title: str, body: str, status: int = 200) -> Response:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    text = f'<!doctype html><html lang="en">{head}<style>{STYLE}</style><h1>{escape(title)}</h1>{body}</html>'
    return HTMLResponse(text, status)
