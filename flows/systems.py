"""The registry: which sources are read and which targets are written, in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from connectors.gate import Gate
from connectors.intercom import (
    IntercomApi,
    IntercomCompanies,
    IntercomContacts,
    IntercomErasures,
    IntercomEvents,
    IntercomSettings,
)
from connectors.prefect import DeployedInstances
from connectors.product import (
    ProductAccess,
    ProductAccounts,
    ProductDatabase,
    ProductRequests,
    ProductSettings,
    ProductUsers,
)
from connectors.provisioning import Instances, ProvisionerSettings
from connectors.stripe import (
    StripeApi,
    StripeBilling,
    StripeCancellations,
    StripeCharges,
    StripeCustomers,
    StripeErasures,
    StripeSettings,
    StripeTrials,
)
from flows.hooks import Hooks
from flows.prefect_api import prefect_api
from flows.settings import Settings
from flows.wiring import SourceLine, TargetLine
from mappings import billing, erasure, intercom, product, provisioning, redemption, stripe
from mappings.after import desired_calls
from mappings.config import Config


@dataclass(slots=True)
class Wires:
    """The clients that the connectors of one system share. ``instances`` is None without a provisioner."""

    stripe: StripeApi
    intercom: IntercomApi
    product: ProductDatabase
    instances: Instances | DeployedInstances | None
    hooks: Hooks

    @property
    def gates(self) -> list[Gate]:
        users = (self.stripe, self.intercom, self.product, self.instances)
        return [*(user.gate for user in users if user), *self.hooks.gates]


def wires(settings: Settings, stripe_per_second: int | None = None) -> Wires:
    """Nothing is sent yet. ``stripe_per_second`` replaces the limit that Stripe documents."""
    gate = Gate("stripe", limit=stripe_per_second) if stripe_per_second else None
    return Wires(
        StripeApi(StripeSettings(settings.stripe_api_key, settings.stripe_api_base), gate),
        IntercomApi(IntercomSettings(settings.intercom_access_token, settings.intercom_api_base)),
        ProductDatabase(ProductSettings(SecretStr(settings.instep_product_url.get_secret_value()))),
        _instances(settings),
        Hooks(settings.instep_secrets),
    )


def _instances(settings: Settings) -> Instances | DeployedInstances | None:
    if settings.provisioner_deployment:
        return DeployedInstances(prefect_api(DeployedInstances.system, settings.provisioner_deployment))
    if not settings.provisioner_url:
        return None
    secret = settings.provisioner_secret if settings.provisioner_secret.get_secret_value() else None
    return Instances(ProvisionerSettings(settings.provisioner_url, secret))


def sources(w: Wires, now: Callable[[], int]) -> list[SourceLine]:
    """Read in this order: requests before the accounts and people they are about, so that what is inserted meanwhile
    is known with its account or not at all; those before billing, so that what it says finds its account."""
    lines = [
        SourceLine(ProductRequests(w.product, now), product.facts),
        SourceLine(ProductAccounts(w.product), product.facts, steady=("account",)),
        SourceLine(ProductUsers(w.product), product.facts, steady=("person",)),
        SourceLine(ProductAccess(w.product, now), product.facts),
        SourceLine(StripeBilling(w.stripe, now), stripe.facts, steady=("customer", "subscription")),
    ]
    return [*lines, SourceLine(w.instances, provisioning.facts)] if w.instances else lines


def targets(w: Wires, config: Config, now: Callable[[], int]) -> list[TargetLine]:
    """Written in this order: each may need what the ones before it made."""
    owned = config.owned_tags
    paid = [
        TargetLine(
            StripeCustomers(w.stripe),
            stripe.desired_customer,
            stripe.held_customer,
            left=stripe.left_customer,
            expect=stripe.expect_customer,
        ),
        TargetLine(
            StripeTrials(w.stripe),
            stripe.desired_trials,
            stripe.held_trial,
            expect=stripe.expect_trial,
            redeem=partial(redemption.redemptions, domains=config.trials.one_per_domain),
        ),
        TargetLine(StripeCharges(w.stripe), billing.desired_charges, expect=billing.expect_charge),
        TargetLine(
            StripeCancellations(w.stripe), billing.desired_changes, billing.held_change, expect=billing.expect_change
        ),
    ]
    instances = (
        TargetLine(
            w.instances,
            provisioning.desired_run if isinstance(w.instances, DeployedInstances) else provisioning.desired_instance,
            provisioning.held_instance,
            fetched=True,
            expect=provisioning.expect_instance,
            unfinished=True,
        )
        if w.instances
        else None
    )
    return [
        *paid,
        *([instances] if instances else []),
        TargetLine(ProductAccess(w.product, now), product.desired_access, product.held_access, fetched=True),
        TargetLine(
            ProductRequests(w.product, now),
            product.desired_answers,
            product.held_answer,
            fetched=True,
            excluded_too=True,
            expect=product.expect_answer,
        ),
        TargetLine(IntercomCompanies(w.intercom), intercom.desired_companies),
        TargetLine(IntercomContacts(w.intercom, owned.__contains__), intercom.desired_contacts),
        TargetLine(IntercomEvents(w.intercom), intercom.desired_events),
        *(TargetLine(w.hooks.target(name, after), desired_calls(name)) for name, after in config.after.items()),
        TargetLine(IntercomErasures(w.intercom), erasure.desired_in_intercom, excluded_too=True),
        TargetLine(StripeErasures(w.stripe), erasure.desired_in_stripe, excluded_too=True),
    ]
