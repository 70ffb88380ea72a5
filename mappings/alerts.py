"""What a person should know about an account although nothing is stuck: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.instances import FOREIGN, GONE, adopted_name, current_instance
from mappings.lifecycle import Life
from mappings.model import AccountFacts
from mappings.people import billing_contact
from mappings.requests import ALIVE, KINDS
from mappings.text import same_email


def alerts(facts: AccountFacts, life: Life, unsent: bool = False) -> list[str]:
    """In a fixed order, so that the same facts give the same text. ``unsent``: what its customer should hold has not
    been sent, so that nobody else need have put there what differs."""
    return [
        *life.alerts,
        *(() if unsent else _emails(facts)),
        *_billing(facts, life),
        *_instances(facts, life),
        *_requests(facts, life),
    ]


def _billing(facts: AccountFacts, life: Life) -> Iterator[str]:
    if facts.customers and not facts.people and facts.account is None:
        yield "the product does not know this account any more; its access is kept"
    for sub in facts.subscriptions if life.stage == "erased" else ():
        if sub.status in ALIVE:
            end = f"`instep request cancel {facts.account_id} --at-once`"
            yield f"the account is erased, but subscription {sub.subscription_id} is {sub.status}: {end} ends it"


def _emails(facts: AccountFacts) -> Iterator[str]:
    """The product's e-mail was sent to the customer that carries our mark: another one was put there in Stripe."""
    contact = billing_contact(facts.people)
    living = [customer for customer in facts.customers if not customer.deleted]
    for customer in living if contact and len(living) == 1 else ():
        ours = customer.account_id == facts.account_id
        if ours and contact and not same_email(customer.email, contact.email):
            other = f"Stripe customer {customer.customer_id} has another e-mail than the billing contact"
            yield f"{other}: it is left as it is"


def _instances(facts: AccountFacts, life: Life) -> Iterator[str]:
    for instance in facts.instances:
        if instance.status == "failed":
            yield f"instance {instance.name} failed to start"
    adopted, named = adopted_name(facts), facts.account.instance_name if facts.account else ""
    if adopted and named not in ("", adopted):
        yield f"the account view names instance {named}, but {adopted} is the one that was found: it stays"
    current = current_instance(facts)
    if current and current.status == FOREIGN:
        yield f"the provisioner answers for another account under the name {current.name}"
    if current and current.status == GONE and life.instance == "running":
        yield f"instance {current.name} is no longer there: the provisioner does not know it"


def _requests(facts: AccountFacts, life: Life) -> Iterator[str]:
    for request_id, (answer, reason) in life.answers.items():
        if answer in ("held", "failed"):
            yield f"request {request_id} {'is held' if answer == 'held' else 'failed'}: {reason}"
    for request in facts.requests:
        if request.kind not in ("trial", *KINDS) and not request.answer and request.requested_at >= facts.born_at:
            yield f"request {request.request_id} is of kind {request.kind!r}, which this version does not handle"
