"""The tags of the subscription life: exactly one stage at a time, and overlays beside it."""

from __future__ import annotations

from mappings.glossary.shapes import Tag, by_name

_NEXT = "with the next stage"

STAGES = by_name([
    Tag("prospect", "Known, without a trial or a subscription",
        "with the person; also when a first payment was never made and the checkout ran out", _NEXT),
    Tag("trial_requested", "A trial was accepted and is being made",
        "when a trial request is accepted",
        "when the trial runs and its instance is ready, at the latest after policy.provision_deadline_minutes"),
    Tag("trialing", "A trial is running",
        "when Stripe's trial or the product's own trial runs; it stays for the hour between the trial's end and the "
        "first payment",
        "with the first payment, or when the trial ends without one"),
    Tag("trial_expired", "A trial ended without a payment",
        "when Stripe paused or canceled the trial, or the product's trial date has passed, and nothing else runs",
        _NEXT),
    Tag("awaiting_payment", "The first payment is open, as with 3-D Secure",
        "when a subscription waits for its first payment and none has run before",
        "when it is paid, or the checkout ran out"),
    Tag("active", "Paying, or free by plan or by agreement",
        "when a subscription is active or the product says that the account is free of charge", _NEXT),
    Tag("past_due", "A payment failed and is being retried",
        "when Stripe says past_due; it stays when the grace period is over", "when it is paid or Stripe gives up"),
    Tag("unpaid", "Every payment retry failed, the subscription is kept", "when Stripe says unpaid", _NEXT),
    Tag("paused", "The subscription is paused",
        "when Stripe says paused, other than by a trial's end", "when it is resumed or ends"),
    Tag("churned", "Left after having paid",
        "when the last subscription ended, or the Stripe customer was deleted, and something had been paid",
        "when the account is back"),
    Tag("blocked", "On hold; no marketing",
        "when the product gives a hold_reason, or a payment dispute was lost (policy.lost_dispute)",
        "when the hold_reason is gone; after a lost dispute with the next payment"),
])  # fmt: skip

OVERLAYS = by_name([
    Tag("ending_soon", "The trial ends within three days",
        "three days before the trial's end, unless it is canceling, comped or disputed",
        "when the trial ends or its end moves"),
    Tag("canceling", "Will be canceled at a date that is set",
        "when a cancellation is scheduled for a running trial or subscription",
        "when it is taken back or takes effect"),
    Tag("disputed", "A payment is disputed; no event is sent meanwhile",
        "when a dispute, an early inquiry or an appeal is opened", "when it is won, lost, prevented or withdrawn"),
    Tag("comped", "Free of charge by agreement", "when the product says comped", "when the product says so no more"),
])  # fmt: skip
