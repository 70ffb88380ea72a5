"""The billing page: who may open it, what it offers by facts read at that moment, and where its button leads.

Looking changes nothing. The button opens one of Stripe's own pages; for a paused trial it first writes the consent that
the loop carries out once there is a payment method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import TypeVar

from pydantic import SecretStr

from connectors.contract import ConnectorError, Unauthorized
from connectors.product import ProductAccounts, ProductRequests, ProductUsers, ask_once
from connectors.stripe import CheckoutDone, StripeBilling, StripeSessions
from flows.gathering import gather, with_kept_customer
from flows.house import connect, open_store
from flows.identity import calendar, identify_stripe, same_house
from flows.pseudonyms import pseudonyms
from flows.settings import Failed, Misuse, Settings, load_config
from flows.systems import Wires
from flows.tickets import PATH, Ticket, Tickets, tickets, valid
from mappings import product, stripe
from mappings.catalog import catalog
from mappings.config import Config
from mappings.consents import BY_LINK, IN_VAIN, consent_ids
from mappings.lifecycle import Life, life
from mappings.model import (
    Account,
    AccountFacts,
    Body,
    Change,
    Customer,
    Fact,
    JSONObject,
    Person,
    Record,
    Ref,
    RequestId,
    Subscription,
    fingerprint,
)  # fmt: skip
from mappings.offers import Offer, offer_of, tariffs
from mappings.reminders import zone_of
from state.store import House, Store

# The door's share of what Stripe allows to the whole account.
CALLS_PER_SECOND = 10
T = TypeVar("T")
NEEDS = (
    "The door needs INSTEP_PUBLIC_URL (the address that people reach it at) and INSTEP_SECRETS (a long random text): "
    "put both into the environment or into .env."
)


class Unavailable(Exception):
    """A system that must be asked does not answer: try again in a minute."""


class DoorSettings(Settings):
    """The door never talks to Intercom."""

    intercom_access_token: SecretStr = SecretStr("unused")


@dataclass(frozen=True, slots=True)
class Page:
    """``seen`` goes along with the button: what was shown must still be so when it is pressed."""

    ticket: Ticket
    facts: AccountFacts
    offer: Offer
    zone: tzinfo
    day: int

    @property
    def seen(self) -> str:
        shown = asdict(replace(self.offer, subscription=None, url=""))
        about = self.offer.subscription
        return fingerprint([shown, about.subscription_id if about else "", about.paused_at if about else 0, self.day])


class Door:
    """Thread-safe. ``page`` and ``press`` raise Unavailable."""

    def __init__(self, read: Callable[[], Settings], now: Callable[[], int] | None = None) -> None:
        """``read`` the settings; again when Stripe refuses the key. Raises Misuse or Failed with one sentence."""
        self._read, self.settings = read, read()
        settings, self.now = self.settings, now or self.settings.clock()
        self._config: Config = load_config(settings.instep_config)
        self._store: Store = open_store(settings)
        house = self._store.house()
        if house is None:
            raise Failed("This state was never set up. Run `instep init` first.")
        self._house: House = house
        self.tickets: Tickets = tickets(settings, house.installation_id)
        if not self.tickets.on:
            raise Misuse(NEEDS)
        self._hashes = pseudonyms(settings.instep_secrets.get_secret_value(), house.installation_id)
        self._connect(settings)

    def _connect(self, settings: Settings) -> None:
        wires: Wires = connect(settings, CALLS_PER_SECOND)
        same_house(self._house, identify_stripe(wires))
        self._w = wires
        self._sessions = StripeSessions(self._w.stripe)
        self._billing = StripeBilling(self._w.stripe, self.now)
        self.settings = settings

    def healthy(self) -> bool:
        try:
            return self._store.house() is not None
        except Exception:
            return False

    def page(self, token: str) -> Page | None:
        """None for a link that does not open anything (any more); then no vendor was asked."""
        ticket = self.tickets.open(token)
        if ticket is None:
            return None
        return self._with_keys(lambda: self._page(ticket))

    def _page(self, ticket: Ticket) -> Page | None:
        facts = self._people(ticket)
        if not valid(ticket, facts, self._store.revoked(ticket.subjects)):
            return None
        return self._shown(ticket, self._with_billing(facts))

    def _with_keys(self, work: Callable[[], T]) -> T:
        """Once more with the key of today, where Stripe refuses the one that the door had. Raises Unavailable."""
        try:
            try:
                return work()
            except Unauthorized:
                settings = self._read()
                if settings.stripe_api_key == self.settings.stripe_api_key:
                    raise
                self._connect(settings)
                return work()
        except (ConnectorError, Failed, Misuse) as error:
            raise Unavailable(str(error)) from None

    def press(self, token: str, seen: str, plan: str) -> str | None:
        """Where to go. None as for ``page``; the page itself when what was seen is no longer so."""
        page = self.page(token)
        if page is None:
            return None
        back = f"{self.tickets.base}/{PATH}/{token}"
        if page.seen != seen:
            return back
        try:
            return self._with_keys(lambda: self._go(page, back, plan)) or back
        except CheckoutDone:
            return back

    def _go(self, page: Page, back: str, plan: str) -> str:
        offer, account = page.offer, page.facts.account_id
        if offer.way == "invoice":
            return offer.url
        if offer.way == "checkout":
            price = next((t.price_id for t in offer.tariffs if t.plan == plan), "")
            email = next((p.email for p in page.facts.people if p.user_id == page.ticket.user_id), "")
            return self._sessions.checkout(account, offer.customer, email, price, back, self.now()) if price else ""
        if offer.way == "resume":
            self._agree(page)
            if offer.on_file:
                return ""
        if offer.way in ("card", "resume", "portal") and offer.customer:
            return self._sessions.portal(offer.customer, back, method=offer.way != "portal")
        return ""

    def _agree(self, page: Page) -> None:
        """Once for a pause, an amount and a day, until it is answered in vain; the loop is told where to look."""
        sub, offer, now = page.offer.subscription, page.offer, self.now()
        if sub is None or offer.amount is None:
            return
        id, _ = self._consent(sub, offer.amount, offer.currency)
        ask_once(
            self._w.product,
            {
                "request_id": id, "kind": "reactivate", "account_id": page.facts.account_id,
                "user_id": page.ticket.user_id, "amount_minor": offer.amount, "currency": offer.currency,
                "requested_at": now, "requested_by": BY_LINK,
            },
        )  # fmt: skip
        self._store.tell([Change(Ref("product", "request", id), f"{BY_LINK}:{id}", now)], now)

    def _people(self, ticket: Ticket) -> AccountFacts:
        """What the state knows of the account, with the person and the account as the product has them now."""
        facts = gather(self._store, ticket.account_id, self._house.born_at, self._hashes)
        user = product.facts(ProductUsers(self._w.product).fetch(Ref("product", "user", ticket.user_id)))
        account = product.facts(ProductAccounts(self._w.product).fetch(Ref("product", "account", ticket.account_id)))
        mine = [p for p in _bodies(user) if isinstance(p, Person) and p.account_id == ticket.account_id]
        others = [p for p in facts.people if p.user_id != ticket.user_id]
        now = next((a for a in _bodies(account) if isinstance(a, Account)), None)
        return replace(facts, people=(*others, *mine), account=now)

    def _with_billing(self, facts: AccountFacts) -> AccountFacts:
        """Every customer of the account as Stripe has it now; the one that a person kept stays the kept one."""
        found: list[Body] = []
        for customer in facts.customers:
            record: Record = self._billing.fetch(Ref("stripe", "customer", customer.customer_id))
            found += _bodies(stripe.facts(record))
        now = replace(
            facts,
            customers=tuple(b for b in found if isinstance(b, Customer)),
            subscriptions=tuple(b for b in found if isinstance(b, Subscription)),
        )
        return with_kept_customer(self._store, now)

    def _shown(self, ticket: Ticket, facts: AccountFacts) -> Page:
        prices = self._billing.prices()
        known, now = catalog(self._config, prices), self.now()
        zone = calendar(self.settings, self._store, {})
        current = life(facts, self._config, known, now, self._w.instances is not None, zone)
        offer = self._priced(facts, current, offer_of(facts, current, self._config))
        if offer.way == "checkout":
            first = facts.account.plan if facts.account and facts.account.plan else current.last_plan
            offer = self._buying(facts, replace(offer, tariffs=tariffs(self._config, known, prices, first)))
        named = zone_of(facts.account.timezone if facts.account else "", zone)
        return Page(ticket, facts, offer, named, now // 86400)

    def _priced(self, facts: AccountFacts, current: Life, offer: Offer) -> Offer:
        """With what Stripe would charge next, and the consent that was given."""
        sub = offer.subscription
        if sub is None or offer.way not in ("card", "resume") or offer.amount is not None or offer.cancels:
            return offer
        charge: JSONObject | None = self._sessions.next_charge(sub.subscription_id, resumed=offer.way == "resume")
        if charge is None:
            return offer
        due = 0 if offer.way == "resume" else sub.trial_end
        offer = replace(offer, amount=charge["amount_due"], currency=charge["currency"], due_at=due)
        if offer.way == "resume" and offer.amount is not None:
            _, given = self._consent(sub, offer.amount, offer.currency)
            return replace(offer, agreed=given)
        return offer

    def _consent(self, sub: Subscription, amount: int, currency: str) -> tuple[RequestId, bool]:
        """The one that counts now, and whether it is given and waits to be carried out."""
        requests = ProductRequests(self._w.product, self.now)
        for id in consent_ids(sub, amount, currency, self.now()):
            record = requests.fetch(Ref("product", "request", id))
            answer = (record.data or {}).get("answer")
            if answer not in IN_VAIN:
                return id, not record.gone and not answer
        raise LookupError  # There is always another one.

    def _buying(self, facts: AccountFacts, offer: Offer) -> Offer:
        """A Checkout that was completed a moment ago is on its way: nobody buys twice."""
        known = {s.subscription_id for s in facts.subscriptions}
        for session in self._sessions.recent(facts.account_id, offer.customer, self.now()):
            if session["status"] == "complete" and session.get("subscription") not in known:
                ref = Ref("stripe", "customer", str(session["customer"]))
                self._store.tell([Change(ref, f"{BY_LINK}:{session['id']}", self.now())], self.now())
                return replace(offer, way="nothing", why="Thank you. Your subscription is being set up.")
        return offer if offer.tariffs else replace(offer, way="nothing", why="There is nothing to buy here.")


def _bodies(facts: Iterable[Fact]) -> list[Body]:
    return [fact.body for fact in facts if fact.body is not None]
