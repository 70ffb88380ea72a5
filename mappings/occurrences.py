"""What happened to an account, each at the second the source itself gives, under a name and a source id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mappings.model import AccountFacts, Customer, Instance, Invoice, Occurrence, Scalar, Stage, Subscription
from mappings.money import major
from mappings.seen import RUNNING, moved, paused_by_trial_end

HOUR = 3600
# Occurrences older than this are known, not sent.
STALE = 72 * HOUR


def news(found: Iterable[Occurrence], since: int, now: int) -> tuple[Occurrence, ...]:
    """What there is to tell: nothing from before ``since`` (unix seconds), nothing older than 72 hours."""
    return tuple(o for o in found if o.at >= max(since, now - STALE))


def occurrences(facts: AccountFacts, leading: Subscription | None, instance: Instance | None) -> tuple[Occurrence, ...]:
    """All that can be told from what is true now; what came and went between two looks is no occurrence. Only where the
    ``leading`` subscription has ended or stands still has the account: beside a live one nobody has left."""
    found: list[Occurrence] = []
    for sub in facts.subscriptions:
        found += _of(sub, facts)
    if leading:
        found += _of_end(leading)
    if instance and instance.ready_at:
        found.append(Occurrence("provisioned-instance", instance.name, instance.ready_at))
    found += added_payment_method(facts)
    found += refunded(facts)
    return tuple(sorted(found, key=lambda o: (o.at, o.name, o.id)))


def _of(sub: Subscription, facts: AccountFacts) -> Iterator[Occurrence]:
    key = sub.subscription_id
    if sub.trial_start:
        yield Occurrence("started-trial", key, sub.trial_start)
    if (first_paid := _first_paid_at(sub)) and (name := bought(sub, facts)):
        yield Occurrence(name, key, first_paid)
    if sub.cancel_at and sub.canceled_at and not sub.ended_at:
        yield Occurrence("scheduled-cancellation", f"{key}@{sub.canceled_at}", sub.canceled_at)
    yield from _of_return(sub)
    yield from _of_invoice(sub)


def bought(sub: Subscription, facts: AccountFacts) -> str | None:
    """What its first payment is: the first ever, a return, or only an old debt settled beside or after another one."""
    paid = [s for s in facts.subscriptions if s.ever_paid or s.first_paid_at]
    if sub == min(paid, key=lambda s: (_first_paid_at(s) or s.created, s.created, s.subscription_id)):
        return "converted-trial"
    follows = any(s.created < sub.created for s in paid)
    return "reactivated-subscription" if follows and sub.status != "canceled" else None


def _first_paid_at(sub: Subscription) -> int | None:
    """The first invoice's own date; after zero or unpaid ones, that of the one with which we first saw money.
    Of one that ran unseen for more than its first period, nothing recent can be told: its invoice is new to us."""
    paid, status = moved(sub, "paid"), sub.seen.get("status")
    if sub.first_paid_at or not (paid and sub.ever_paid):
        return sub.first_paid_at
    latest = sub.invoice
    ran = status and status.since == paid.since and status.before in ("trialing", "expired", "paused")
    if ran and not _known_unpaid(sub, paid.since):
        return None
    # What was paid after that look was not the first.
    return min(paid.since, latest.paid_at) if latest and latest.paid_at and latest.amount_paid else paid.since


def _known_unpaid(sub: Subscription, paid: int) -> bool:
    """Whether an earlier look than the one that saw it paid had seen the latest invoice."""
    tried = sub.seen.get("attempt")
    return bool(tried and sub.invoice and (tried.since < paid or tried.before.startswith(f"{sub.invoice.invoice_id}#")))


def _of_return(sub: Subscription) -> Iterator[Occurrence]:
    """A notice taken back and a pause ended: Stripe dates neither, so the look that first saw it does."""
    if sub.status not in RUNNING:
        return
    kept, resumed = moved(sub, "cancel"), moved(sub, "status")
    if kept and kept.value == "none":
        yield Occurrence("kept-subscription", f"{sub.subscription_id}@{kept.since}", kept.since)
    if resumed and resumed.before == "paused":
        yield Occurrence("resumed-subscription", f"{sub.subscription_id}@{resumed.since}", resumed.since)


def _of_invoice(sub: Subscription) -> Iterator[Occurrence]:
    invoice = sub.invoice
    if invoice is None:
        return
    if sub.status in ("past_due", "unpaid") and invoice.status == "open":
        yield from _of_failure(sub, invoice)
    exhausted = _exhausted_at(sub, invoice)
    if exhausted:
        yield Occurrence("exhausted-retries", invoice.invoice_id, exhausted)
    if (
        invoice.status == "paid"
        and invoice.paid_at
        and invoice.amount_paid
        and _was_late(sub, invoice, invoice.paid_at)
    ):
        yield Occurrence("recovered-payment", invoice.invoice_id, invoice.paid_at)


def _was_late(sub: Subscription, invoice: Invoice, paid_at: int) -> bool:
    """A sent invoice is late after its date, a charge when the first attempt did not take it. What begins with its
    first payment waits for that: nothing has failed yet."""
    if invoice.due_at:
        return paid_at > invoice.due_at
    if invoice.finalized_at and invoice.finalized_at < sub.created + HOUR:
        return False
    return invoice.attempt_count > 1 or bool(invoice.finalized_at and paid_at - invoice.finalized_at > 2 * HOUR)


def _of_failure(sub: Subscription, invoice: Invoice) -> Iterator[Occurrence]:
    """A sent invoice fails once, when it falls due. A charge fails per attempt: the first follows ``finalized_at`` at
    once, the later ones are dated by the look that first saw them; Stripe's invoice dates no attempt."""
    if invoice.due_at:
        yield Occurrence("failed-payment", f"{invoice.invoice_id}#due", invoice.due_at)
    elif invoice.attempt_count and invoice.finalized_at:
        yield Occurrence("failed-payment", f"{invoice.invoice_id}#1", invoice.finalized_at)
    again = moved(sub, "attempt")
    if again and not invoice.due_at and invoice.attempt_count > 1:
        yield Occurrence("failed-payment", again.value, again.since)


def _exhausted_at(sub: Subscription, invoice: Invoice) -> int | None:
    """When the last retry of this invoice failed: Stripe pauses, cancels, or leaves the subscription unpaid."""
    if sub.status == "paused" and sub.pause_type == "final_payment_failure":
        return sub.paused_at
    if sub.status == "canceled" and sub.cancel_reason == "payment_failed":
        return sub.ended_at
    unpaid = moved(sub, "status")
    owed = invoice.status in ("open", "uncollectible") and not invoice.due_at
    return unpaid.since if unpaid and sub.status == "unpaid" and owed else None


def added_payment_method(facts: AccountFacts) -> Iterator[Occurrence]:
    """The account's first payment method on file, since it has had one without a break. One that was there when we
    first looked is news only where what holds it was made after we were born."""
    holders: list[Customer | Subscription] = [*facts.customers, *facts.subscriptions]
    cards = [(holder.seen.get("card"), holder.created) for holder in holders if holder.has_payment_method]
    known = [(seen.since, bool(seen.before) or created >= facts.born_at) for seen, created in cards if seen]
    if cards and len(known) == len(cards):
        since, news = min(known)
        if news:
            yield Occurrence("added-payment-method", f"{facts.account_id}@{since}", since)


def refunded(facts: AccountFacts) -> Iterator[Occurrence]:
    """Money given back, whole or in part. No stage follows from it."""
    for refund in facts.refunds:
        if refund.status not in ("failed", "canceled"):
            told: dict[str, Scalar] = {"amount": major(refund.amount, refund.currency), "currency": refund.currency}
            yield Occurrence("refunded-charge", refund.refund_id, refund.created, told)


def product_trial(facts: AccountFacts, stage: Stage) -> Iterator[Occurrence]:
    """A trial that the product runs: its start is dated by the look that first saw it, its end by the product. Only
    time says that it has ended."""
    account = facts.account
    ends = account.trial_ends_at if account else None
    if account is None or ends is None:
        return
    seen = account.seen.get("trial")
    fresh = any((p.joined_at or 0) >= facts.born_at for p in facts.people)
    if stage == "trialing" and seen and (seen.before == "none" or (not seen.before and fresh)):
        yield Occurrence("started-trial", str(facts.account_id), seen.since)
    if stage == "trial_expired":
        yield Occurrence("expired-trial", f"{facts.account_id}@{ends}", ends, by_clock=True)


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
