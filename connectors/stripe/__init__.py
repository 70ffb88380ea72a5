"""Stripe's wire: what billing says (StripeBilling), and what is written there: customers, trials, what requests ask
for, and what is erased."""

from connectors.stripe.billing import StripeBilling
from connectors.stripe.client import VERSION as STRIPE_VERSION
from connectors.stripe.client import StripeApi, StripeIdentity, StripeSettings
from connectors.stripe.customers import StripeCustomers
from connectors.stripe.erasures import StripeErasures
from connectors.stripe.requests import StripeCancellations, StripeCharges
from connectors.stripe.rights import RIGHTS
from connectors.stripe.sessions import CheckoutDone, StripeSessions
from connectors.stripe.trials import StripeTrials

__all__ = [
    "RIGHTS",
    "STRIPE_VERSION",
    "CheckoutDone",
    "StripeApi",
    "StripeBilling",
    "StripeCancellations",
    "StripeCharges",
    "StripeCustomers",
    "StripeErasures",
    "StripeIdentity",
    "StripeSessions",
    "StripeSettings",
    "StripeTrials",
]
