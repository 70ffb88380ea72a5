"""What is told as an event: once, dated by the source, not from before Instep was started or older than 72 hours.
None is sent while a payment is disputed or the account is blocked: an event is what starts a message."""

from __future__ import annotations

from mappings.glossary.shapes import Event, by_name

_LOOK = "when Instep first saw it; Stripe does not date it"

EVENTS = by_name([
    Event("started-trial", "A trial began", "the trial's start; of a product's own trial when Instep first saw it"),
    Event("provisioned-instance", "The product instance is ready", "when the instance became ready"),
    Event("neared-trial-end", "A trial ends in 7, 3 or 1 days (policy.reminder_days) and nothing was collected",
          "policy.reminder_hour of that day in the account's time zone; sent on that day or not at all",
          ("days_left", "trial_ends_at", "charge_follows")),
    Event("converted-trial", "The first payment above zero ever", "when it was paid"),
    Event("reactivated-subscription", "The first payment of a new subscription after an earlier paid one",
          "when it was paid"),
    Event("expired-trial", "A trial ended without a payment, and no subscription is alive",
          "when Stripe paused or canceled it; the end that the product gave its own trial"),
    Event("added-payment-method", "The account's first payment method on file", _LOOK),
    Event("failed-payment", "A payment attempt failed, or a sent invoice fell due",
          "the first attempt; the due date; later attempts when Instep first saw them"),
    Event("exhausted-retries", "The last payment retry failed",
          "when Stripe paused or canceled; else when Instep first saw the subscription unpaid"),
    Event("recovered-payment", "A failed payment was made after all", "when it was paid"),
    Event("refunded-charge", "Money was given back, whole or in part", "when the refund was made",
          ("amount", "currency")),
    Event("scheduled-cancellation", "The end of the subscription was scheduled", "when it was asked for"),
    Event("kept-subscription", "A scheduled cancellation was taken back", _LOOK),
    Event("canceled-subscription", "A paid subscription ended, and none is alive", "when it ended"),
    Event("paused-subscription", "The subscription was paused", "when it was paused"),
    Event("resumed-subscription", "A paused subscription runs again", _LOOK),
])  # fmt: skip
