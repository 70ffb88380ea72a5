"""What happened to an account, each at the second the source itself gives, under a name and a source id."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.model import AccountFacts, Instance, Occurrence, Subscription

HOUR = 3600


def occurrences(facts: AccountFacts, leading: Subscription | None, instance: Instance | None) -> tuple[Occurrence, ...]:
    """All that can be told from what is true now; what came and went between two looks is no occurrence."""
    found: list[Occurrence] = []
    for sub in facts.subscriptions:
        found += _of(sub, facts)
    if instance and instance.ready_at:
        found.append(Occurrence("provisioned-instance", instance.name, instance.ready_at))
    return tuple(sorted(found, key=lambda o: (o.at, o.name, o.id)))


def _of(sub: Subscription, facts: AccountFacts) -> Iterator[Occurrence]:
    key = sub.subscription_id
    if sub.trial_start:
        yield Occurrence("started-trial", key, sub.trial_start)
    if sub.first_paid_at:
        again = any(s.ever_paid and s.subscription_id != key and s.created < sub.created for s in facts.subscriptions)
        yield Occurrence("reactivated-subscription" if again else "converted-trial", key, sub.first_paid_at)
    if sub.cancel_at and sub.canceled_at and not sub.ended_at:
        yield Occurrence("scheduled-cancellation", f"{key}@{sub.cancel_at}", sub.canceled_at)
    yield from _of_invoice(sub)
    yield from _of_end(sub)


def _of_invoice(sub: Subscription) -> Iterator[Occurrence]:
    invoice = sub.invoice
    if invoice is None:
        return
    if sub.status in ("past_due", "unpaid") and invoice.status == "open" and invoice.finalized_at:
        yield Occurrence("failed-payment", f"{invoice.invoice_id}#1", invoice.finalized_at)
    late = invoice.paid_at and invoice.finalized_at and invoice.paid_at - invoice.finalized_at > 2 * HOUR
    if invoice.status == "paid" and invoice.paid_at and invoice.amount_paid and (late or invoice.attempt_count > 1):
        yield Occurrence("recovered-payment", invoice.invoice_id, invoice.paid_at)


def paused_by_trial_end(sub: Subscription) -> bool:
    """Whether a paused subscription stopped because its trial ended without a card.

    Stripe API ``status_details.paused.subscription.type``; older objects do not say.
    """
    if sub.pause_type:
        return sub.pause_type == "trial_end_without_payment_method"
    return sub.trial_end is not None and not sub.ever_paid


def _of_end(sub: Subscription) -> Iterator[Occurrence]:
    key = sub.subscription_id
    if sub.status == "canceled" and sub.ended_at:
        if sub.ever_paid:
            yield Occurrence("canceled-subscription", key, sub.ended_at)
        elif sub.trial_end is not None:
            yield Occurrence("expired-trial", key, sub.ended_at)
    if sub.status == "paused" and sub.paused_at:
        name = "expired-trial" if paused_by_trial_end(sub) else "paused-subscription"
        yield Occurrence(name, key if name == "expired-trial" else f"{key}@{sub.paused_at}", sub.paused_at)
