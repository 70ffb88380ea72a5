"""The attributes of contacts and companies."""

from __future__ import annotations

from mappings.glossary.shapes import Attribute, by_name

_STAYS = "never; the next value replaces it"
_ENDS = "when that stage ends"

# Contacts carry the plain names.
CONTACT = by_name([
    Attribute("external_id", "string", "The product's user_id", "with the person", _STAYS, "everyone", standard=True),
    Attribute("role", "string", "user: not a lead", "with the person", "never", "everyone", standard=True),
    Attribute("email", "string", "The person's e-mail address", "with the person", _STAYS, "everyone", standard=True),
    Attribute("name", "string", "The person's name", "when the product gives one", _STAYS, "everyone", standard=True),
    Attribute("signed_up_at", "date", "When the person signed up", "when the product gives it", _STAYS, "everyone",
              standard=True),
    Attribute("billing_role", "string", "owner, billing or member of the account", "with the person", _STAYS,
              "everyone"),
    Attribute("support_tier", "string", "full while trialing, paying or retrying a payment, else basic",
              "with the person", _STAYS, "everyone"),
    Attribute("plan", "string", "Plan of the running trial or subscription",
              "with a trial or a subscription; it stays while unpaid or paused", "when a trial expired or at churn"),
    Attribute("last_plan", "string", "Plan of the latest trial or subscription, kept after it ended",
              "with the first trial or subscription", _STAYS),
    Attribute("mrr", "float", "Monthly revenue in major units, after discount, without tax",
              "when a subscription is active or past due", "when none is"),
    Attribute("last_mrr", "float", "Monthly revenue of the latest paid subscription, kept after it ended",
              "with the first payment", _STAYS),
    Attribute("mrr_mixed", "boolean", "Whether there are subscriptions in other currencies beside those in mrr",
              "with the contact", _STAYS),
    Attribute("product_access", "string", "What the product lets this account do: full, grace, read_only or none",
              "when Instep or the product decides access", _STAYS),
    Attribute("has_payment_method", "boolean", "Whether a card or other payment method is on file",
              "with the contact", _STAYS),
    Attribute("instance_url", "string", "Where this account's product instance runs", "when the instance has one",
              _STAYS),
    Attribute("instance_status", "string", "provisioning, ready, suspended, deleted or failed",
              "when an instance is asked for", _STAYS),
    Attribute("trial_started_at", "date", "When the trial started", "with a trial of Stripe's",
              "when another subscription counts that had none"),
    Attribute("trial_ends_at", "date", "When the trial ends or ended", "with a trial",
              "when another subscription counts that had none"),
    Attribute("trial_expired_at", "date", "When the trial ended without conversion", "when a trial expired", _ENDS),
    Attribute("cancels_at", "date", "When a scheduled cancellation takes effect", "when a cancellation is scheduled",
              "when it is taken back or takes effect"),
    Attribute("payment_failed_at", "date", "Since when a payment has been failing", "when a payment failed",
              "when it is paid or the subscription ends"),
    Attribute("payment_retry_at", "date", "When Stripe tries the payment again", "when Stripe plans a retry",
              "when none is planned"),
    Attribute("payment_due_at", "date", "When the oldest open sent invoice is or was due",
              "when an invoice is sent instead of charged", "when it is paid or the subscription ends"),
    Attribute("overdue_invoices", "integer", "How many sent invoices are past their due date",
              "with a subscription whose invoices are sent", "when invoices are charged, or the subscription ends"),
    Attribute("card_expires_at", "date", "The last day that the card on file is good for",
              "when a card is on file that would be charged", "when another payment method is, or none"),
    Attribute("grace_ends_at", "date", "Until when access stays despite a failed payment", "when a payment failed",
              "when access has fallen or the payment was made"),
    Attribute("read_only_ends_at", "date", "Until when reading stays possible after a trial or the last payment retry",
              "when a trial expired or every retry failed", "when access has fallen or the account is back"),
    Attribute("paused_at", "date", "When the subscription was paused", "when it is paused", _ENDS),
    Attribute("pause_reason", "string", "Why the subscription is paused, as Stripe says", "when it is paused", _ENDS),
    Attribute("cancel_reason", "string", "Why the subscription ends or ended: the customer's own word, else Stripe's",
              "when a cancellation is scheduled, or at churn", "when it is taken back or the account is back"),
    Attribute("churned_at", "date", "When a paid subscription ended", "at churn", _ENDS),
    Attribute("reactivated_at", "date", "Since when the account pays again after having left",
              "when a subscription is paid after an earlier one had been", "when it no longer runs"),
    Attribute("win_back_step", "integer", "7, 30 or 90: the days since churn that were reached",
              "7 days after churn", "120 days after churn, when a payment is disputed, or when the account is back"),
    Attribute("hold_reason", "string", "Why the account is on hold: staff's own word, or lost dispute",
              "when the product gives one or a payment dispute was lost", _ENDS),
    Attribute("billing_url", "string", "This person's own page to add a card, to pay or to subscribe",
              "with the contact, where there are billing links", "when the person no longer bills"),
    Attribute("payment_action_url", "string", "Where the open invoice can be paid",
              "when a payment is open or failed, or an invoice was sent",
              "when it is paid or the subscription ends"),
])  # fmt: skip

# For contacts, and as account_* for companies; only where instep.toml has journey.steps.
JOURNEY = by_name([
    Attribute("next_step", "string", "The first step of the journey not yet done", "with the contact",
              "when every step is done"),
    Attribute("stuck_since", "date", "Since when next_step is the next one", "with next_step",
              "when every step is done"),
])  # fmt: skip

# One attribute name cannot serve contacts and companies: companies have fields of Intercom's own and account_* names.
COMPANY = by_name([
    Attribute("company_id", "string", "The product's account_id", "with the team", "never", standard=True),
    Attribute("name", "string", "The account's name", "when the product gives one", _STAYS, standard=True),
    Attribute("plan", "string", "Plan of the running trial or subscription", "as the contacts' plan",
              "when a trial expired or at churn", standard=True),
    Attribute("monthly_spend", "integer", "mrr without its fraction", "with the team; 0 without an mrr", _STAYS,
              standard=True),
    Attribute("account_stage", "string", "Where the account stands in the subscription life", "with the team", _STAYS),
    Attribute("account_access", "string", "What the product lets this account do",
              "when Instep or the product decides access", _STAYS),
    Attribute("account_trial_ends_at", "date", "When the trial ends or ended", "with a trial",
              "when another subscription counts that had none"),
    Attribute("account_instance_url", "string", "Where the product instance runs", "when the instance has one", _STAYS),
])  # fmt: skip
