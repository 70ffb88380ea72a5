"""Stripe's wire: what billing says (StripeBilling) and what is written there (StripeCustomers, StripeTrials)."""

from connectors.stripe.billing import StripeBilling
from connectors.stripe.client import StripeApi, StripeIdentity, StripeSettings
from connectors.stripe.customers import StripeCustomers
from connectors.stripe.trials import StripeTrials

__all__ = ["StripeApi", "StripeBilling", "StripeCustomers", "StripeIdentity", "StripeSettings", "StripeTrials"]
