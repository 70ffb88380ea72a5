"""An operator's orders to erase, and the record of all erasures. Read from the state, and from the product's views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.product import ProductAccounts, ProductUsers
from flows.asking import ask
from flows.erased import is_erased, key_of
from flows.erasing import pseudonym
from flows.house import connect, open_store
from flows.pseudonyms import Pseudonyms, pseudonyms
from flows.settings import Failed, Misuse, Settings, load_config
from mappings.config import Config
from mappings.erasure import OPERATOR, PROOF_AFTER
from mappings.model import AccountId, Customer, Person, Ref, Subject, UserId, account_subject, person_subject
from state.store import Order, Store

PRODUCT = "the product database"
TARGET = "intercom.erasures"


@dataclass(frozen=True, slots=True)
class Wish:
    """An order, checked and not given yet. ``places``: (place, what will be done there). ``watching``: nothing is
    erased before the target is on."""

    store: Store
    order: Order
    places: Sequence[tuple[str, str]]
    watching: bool
    people: Sequence[Subject] = field(default_factory=tuple)

    def give(self) -> None:
        self.store.order(self.order, self.people, self.order.asked_at)


def prepare(settings: Settings, person: str, account: str) -> Wish:
    """Raises Misuse for nobody that Instep or the product knows, Failed where a database cannot be used."""
    config, store = load_config(settings.instep_config), open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    subject = person_subject(UserId(person)) if person else account_subject(AccountId(account))
    home = store.account_of(subject) or _in_product(settings, person, account)
    if home is None:
        hashes = pseudonyms(settings.instep_secrets.get_secret_value(), house.installation_id)
        if is_erased(hashes, store.suppressed(), subject):
            raise Misuse(f"{person or account} is erased already: see `instep erased {person or account}`.")
        what = f"person {person}" if person else f"account {account}"
        raise Misuse(f"Neither the state nor the product knows a {what}: look in instep_users.")
    order = Order(subject, home, OPERATOR, settings.clock()(), "due")
    known = [fact.body for fact in store.facts([home])[home]]
    people = [person_subject(body.user_id) for body in known if isinstance(body, Person) and body.account_id == home]
    places = [*_places(store, config, subject, [body for body in known if isinstance(body, Customer)])]
    left_out = TARGET in house.pilots and home not in house.pilots[TARGET]
    watching = house.modes.get(TARGET, "watch") != "on" or left_out
    return Wish(store, order, places, watching, () if person else people)


def _in_product(settings: Settings, person: str, account: str) -> AccountId | None:
    product = connect(settings).product
    ask(PRODUCT, product.check)
    if person:
        record = ask(PRODUCT, lambda: ProductUsers(product).fetch(Ref("product", "user", person)))
        rows = record.data["rows"] if record.data else []
        return min((AccountId(str(row.get("account_id") or person)) for row in rows), default=None)
    found = ask(PRODUCT, lambda: ProductAccounts(product).fetch(Ref("product", "account", account)))
    return None if found.gone else AccountId(account)


def _places(store: Store, config: Config, subject: Subject, customers: Sequence[Customer]) -> Iterable[tuple[str, str]]:
    """In the words of the future; ids only."""
    links = store.links([subject])
    named = ", ".join(sorted(customer.customer_id for customer in customers if not customer.deleted))
    delete = config.policy.erase_in_stripe == "delete"
    if subject.startswith("person:"):
        contact = links.get(("intercom.contacts", subject))
        known = f"contact {contact.external_id} and " if contact and contact.external_id else ""
        yield "intercom", f"{known}every contact with this external_id is deleted for ever, archived ones too"
        yield "stripe", f"{named} gets the next billing contact's address, or none" if named else "nothing is there"
        yield "product", "nothing: delete or mark the user there yourself; whatever it still shows stays out"
    else:
        yield "intercom", "the contacts of its people who have no other account are deleted for ever; its company goes"
        kept = "deleted, its subscriptions end, invoices stay" if delete else "kept, as policy.erase_in_stripe says"
        yield "stripe", f"{named} is {kept}" if named else "nothing is there"
        yield "product", "instep_access says stage erased, access none"
        yield "instance", "it is to be deleted"
    yield "instep", "facts, links, todo and journal keep ids only; a keyed hash stops every later sync"


def release(settings: Settings) -> tuple[Store, int]:
    """The store, and how many orders are held in it."""
    store = open_store(settings)
    return store, sum(order.state == "held" for order in store.orders())


@dataclass(frozen=True, slots=True)
class Erased:
    """How an erasure stands, in a few words."""

    order: Order
    standing: str
    prove_at: int | None


def erased(settings: Settings, id: str = "") -> list[Erased]:
    """The record, oldest first; of one person or account. Raises Misuse for an ``id`` without any."""
    store = open_store(settings)
    house = store.house()
    if house is None:
        raise Failed("This state was never set up. Run `instep init` first.")
    orders = store.orders()
    if id:
        hashes = pseudonyms(settings.instep_secrets.get_secret_value(), house.installation_id)
        names = {name for kind in ("person", "account") for name in _names(hashes, f"{kind}:{id}")}
        orders = [order for order in orders if order.subject in names]
        if not orders:
            raise Misuse(f"Nothing is known of an erasure of {id}.")
    stuck = store.waiting_for([order.account_id for order in orders])
    parked = {item.subject: item.reason for item in store.todo() if item.target.endswith(".erasures")}
    return [Erased(o, _standing(o, stuck, parked), _prove_at(o)) for o in orders]


def _names(hashes: Pseudonyms, subject: str) -> list[str]:
    """As it is, and as a proved erasure knows it."""
    return [subject, *(pseudonym(subject, key) for _, key in hashes.redeemed(key_of(subject)))]


def _prove_at(order: Order) -> int | None:
    return order.done_at + PROOF_AFTER if order.done_at is not None and order.state == "done" else None


def _standing(order: Order, stuck: dict[str, str], parked: dict[str, str]) -> str:
    if order.state == "proved":
        return "proved: a later look found nothing"
    if order.state == "held":
        return "held: see `instep todo`"
    if order.subject in parked:
        return f"needs a person: {parked[order.subject]}"
    if order.state == "done":
        return "done: a later look is to prove it"
    if order.account_id in stuck:
        return f"waits for {stuck[order.account_id]}"
    return "under way" if order.state == "begun" else "waits for the next sync"
