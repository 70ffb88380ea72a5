"""The billing page in plain HTML: one thing to do, one button, readable without scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from flows.door import Page
from mappings.money import ZERO_DECIMAL, major
from mappings.offers import Offer, Tariff

STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;color:#1d2733;background:#f4f6f8;margin:0}"
    "main{max-width:30rem;margin:8vh auto;padding:2rem;background:#fff;border:1px solid #d8dee4;border-radius:10px}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}strong{white-space:nowrap}"
    "button{font:inherit;color:#fff;background:#1a56b8;border:0;border-radius:6px;padding:.75rem 1.4rem;"
    "width:100%;cursor:pointer}button:focus-visible{outline:3px solid #f0a500;outline-offset:2px}"
    "fieldset{border:0;padding:0;margin:0 0 1rem}label{display:block;padding:.3rem 0}"
    ".small{font-size:.9rem;color:#55606c}"
)
GONE = "This link does not open anything. Ask for a new one where you found it."


def html(title: str, body: str) -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style>'
    main = f"<main><h1>{escape(title)}</h1>{body}</main>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{main}</body></html>'


def message(title: str, text: str) -> str:
    return html(title, f"<p>{escape(text)}</p>")


def billing(page: Page) -> str:
    """Amount, date, what will happen, and the button."""
    title, text, button = _words(page)
    body = "".join(f"<p>{line}</p>" for line in text)
    if button:
        plans = _plans(page.offer.tariffs) if page.offer.way == "checkout" else ""
        seen = f'<input type="hidden" name="seen" value="{page.seen}">'
        body += f'<form method="post">{seen}{plans}<button type="submit">{escape(button)}</button></form>'
        body += '<p class="small">The button leads to Stripe, where cards are entered and receipts are kept.</p>'
    return html(title, body)


def _words(page: Page) -> tuple[str, list[str], str]:
    offer = page.offer
    amount = f"<strong>{money(offer.amount, offer.currency)}</strong>" if offer.amount is not None else ""
    if offer.way == "card":
        return _card(page, offer, amount)
    if offer.way == "resume":
        return _resume(offer, amount)
    if offer.way == "invoice":
        return (
            "Pay the open invoice",
            [f"{amount} is open. It is charged when you confirm on the next page."],
            "Pay the invoice",
        )
    if offer.way == "checkout":
        today = "The first payment is made today, when you confirm on the next page. There is no trial."
        return "Subscribe", [today], "Continue to payment"
    if offer.way == "portal" and offer.customer:
        return "Your subscription", ["Nothing is open. Nothing is charged here."], "Open the billing portal"
    return "Billing", [escape(offer.why or "There is nothing to pay.")], ""


def _card(page: Page, offer: Offer, amount: str) -> tuple[str, list[str], str]:
    ends = f"<strong>{_date(offer.ends_at, page)}</strong>" if offer.ends_at else "now"
    plan = f" of {escape(offer.plan)}" if offer.plan else ""
    if offer.cancels:
        return "Your trial ends", [f"Your trial{plan} ends on {ends} and is not continued. Nothing is charged."], ""
    when = (
        f"on {ends}, when your trial{plan} ends" if offer.ends_at else "within the hour, for the trial that has ended"
    )
    charge = (
        f"{amount} is charged {when}. Nothing is charged before." if amount else f"Your trial{plan} ends on {ends}."
    )
    if offer.on_file:
        return "You are all set", [f"A payment method is on file. {charge}"], "Change the payment method"
    return "Add a payment method", [charge], "Add a payment method"


def _resume(offer: Offer, amount: str) -> tuple[str, list[str], str]:
    if not amount:
        return "Billing", ["Your trial has ended. Please contact us to continue."], ""
    if offer.agreed and offer.on_file:
        return "Thank you", [f"Your subscription starts within a few minutes. {amount} is charged then."], ""
    if offer.agreed:
        return (
            "One step is missing",
            [f"{amount} is charged once, as soon as your payment method is saved."],
            "Add a payment method",
        )
    if offer.on_file:
        return "Continue after your trial", [f"{amount} is charged today, once you agree."], "Agree and pay"
    text = f"Your trial has ended. {amount} is charged today, as soon as your payment method is saved, not before."
    return "Continue after your trial", [text], "Agree and add a payment method"


def _plans(tariffs: tuple[Tariff, ...]) -> str:
    rows = []
    for number, tariff in enumerate(tariffs):
        chosen = " checked" if number == 0 else ""
        radio = f'<input type="radio" name="plan" value="{escape(tariff.plan)}"{chosen}>'
        cost = f"<strong>{money(tariff.amount, tariff.currency)}</strong> {_every(tariff)}"
        rows.append(f"<label>{radio} {escape(tariff.label)}: {cost}</label>")
    return f"<fieldset><legend>Plan</legend>{''.join(rows)}</fieldset>"


def _every(tariff: Tariff) -> str:
    every = escape(tariff.interval)
    return f"every {every}" if tariff.count == 1 else f"every {tariff.count} {every}s"


def money(minor: int, currency: str) -> str:
    return escape(f"{major(minor, currency):,.{0 if currency in ZERO_DECIMAL else 2}f} {currency.upper()}")


def _date(at: int, page: Page) -> str:
    day = datetime.fromtimestamp(at, UTC).astimezone(page.zone)
    return f"{day.day} {day:%B %Y}"
