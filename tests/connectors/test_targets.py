"""The contract of targets, kept by each of ours against the sandbox."""

from typing import ClassVar
from zlib import crc32

import pytest
import sqlalchemy as sa
from contract_tests import CONTROL, HOSTILE, PATHS, UNSENDABLE, HttpContract, TargetContract
from pydantic import SecretStr
from vendor_world import gate, plain_http

from connectors.intercom import IntercomApi, IntercomCompanies, IntercomContacts, IntercomSettings
from connectors.product import ProductAccess, ProductDatabase, ProductRequests, ProductSettings
from connectors.provisioning import Instances, ProvisionerSettings
from connectors.stripe import StripeApi, StripeCustomers, StripeSettings, StripeTrials
from mappings.model import (
    AccountId,
    Desired,
    Name,
    RequestId,
    Subject,
    account_subject,
    person_subject,
    request_subject,
    subject_id,
)  # fmt: skip

ATTRIBUTES = [
    Name("contact", "plan", "string"),
    Name("contact", "trial_ends_at", "date"),
    Name("company", "account_stage", "string"),
]


class TestStripeCustomers(HttpContract):
    system, created = "stripe", "customer.created"
    update: ClassVar = {"name": "New name"}

    @pytest.fixture
    def target(self, stripe_api):
        return StripeCustomers(stripe_api)

    @pytest.fixture
    def stranger(self, live):
        return StripeCustomers(
            StripeApi(StripeSettings(SecretStr("sk_test_wrong"), live.base + "/stripe"), gate("x"), plain_http())
        )

    @pytest.fixture
    def wanted(self):
        def desired(account_id: str) -> Desired:
            values = {"metadata.account_id": account_id, "email": f"{len(account_id)}@example.com", "name": "Some one"}
            return Desired("stripe.customers", account_subject(AccountId(account_id)), values)

        return desired


class TestStripeTrials(HttpContract):
    system, created = "stripe", "subscription.created"

    @pytest.fixture
    def target(self, stripe_api):
        return StripeTrials(stripe_api)

    @pytest.fixture
    def stranger(self, live):
        return StripeTrials(
            StripeApi(StripeSettings(SecretStr("sk_test_wrong"), live.base + "/stripe"), gate("x"), plain_http())
        )

    @pytest.fixture
    def wanted(self, stripe_api):
        customer = stripe_api.post("/v1/customers", {"email": "1@example.com"}, "customer")[0]["id"]

        def desired(request_id: str) -> Desired:
            values = {
                "customer": customer,
                "price": "price_team_monthly",
                "trial_days": 14,
                "missing_payment_method": "pause",
                "metadata.account_id": "a1",
                "metadata.request_id": request_id,
                "extra": {"description": "Trial"},
            }
            return Desired("stripe.trials", request_subject(RequestId(request_id)), values)

        return desired


class TestIntercomContacts(HttpContract):
    system, created = "intercom", "contact.created"
    update: ClassVar = {"name": "New name", "custom.plan": None}
    refuses: ClassVar = [*PATHS, *CONTROL, *UNSENDABLE]

    @pytest.fixture
    def target(self, intercom_api):
        target = IntercomContacts(intercom_api, frozenset({"sub:active"}).__contains__)
        target.declare(ATTRIBUTES)
        return target

    @pytest.fixture
    def stranger(self, live):
        settings = IntercomSettings(SecretStr("tok_wrong"), live.base + "/intercom")
        return IntercomContacts(IntercomApi(settings, gate("x"), plain_http()), bool)

    @pytest.fixture
    def wanted(self):
        def desired(user_id: str) -> Desired:
            values = {
                "external_id": user_id,
                "role": "user",
                "email": f"{crc32(ascii(user_id).encode())}@example.com",
                "name": "Some one",
                "signed_up_at": 1_700_000_000,
                "custom.plan": "team",
                "custom.trial_ends_at": 1_700_000_000,
            }
            return Desired("intercom.contacts", person_subject(user_id), values)

        return desired


class TestIntercomCompanies(HttpContract):
    system, created = "intercom", "company.created"
    update: ClassVar = {"name": "New name", "monthly_spend": 12}

    @pytest.fixture
    def target(self, intercom_api):
        target = IntercomCompanies(intercom_api)
        target.declare(ATTRIBUTES)
        return target

    @pytest.fixture
    def stranger(self, live):
        return IntercomCompanies(
            IntercomApi(IntercomSettings(SecretStr("tok_wrong"), live.base + "/intercom"), gate("x"), plain_http())
        )

    @pytest.fixture
    def wanted(self):
        def desired(account_id: str) -> Desired:
            values = {
                "company_id": account_id,
                "name": "Some team",
                "plan": "team",
                "monthly_spend": 99,
                "custom.account_stage": "active",
            }
            return Desired("intercom.companies", account_subject(AccountId(account_id)), values)

        return desired


class TestInstances(HttpContract):
    system, created, refuses = "provisioner", "instance.running", HOSTILE

    @pytest.fixture
    def target(self, instances):
        return instances

    @pytest.fixture
    def stranger(self, live):
        return Instances(ProvisionerSettings(live.base + "/provisioner", SecretStr("whsec_d3Jvbmc=")), gate("x"))

    @pytest.fixture
    def wanted(self):
        def desired(account_id: str) -> Desired:
            values = {
                "name": account_id + "-1",
                "desired": "running",
                "account_id": account_id,
                "owner_email": "1@example.com",
            }
            return Desired("instances", Subject(f"instance:{account_id}#1"), values, beside={"revision": 1})

        return desired

    def test_strange_ids_stay_whole(self):
        """Names of instances are letters, digits and hyphens."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> ProductDatabase:
    if request.param == "sqlite":
        (tmp_path / "product.db").touch()
        url = f"sqlite:///{tmp_path / 'product.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    made = ProductDatabase(ProductSettings(SecretStr(url)), gate("product"))
    made.make_tables()
    return made


class TestProductAccess(TargetContract):
    update: ClassVar = {"access": "grace"}
    refuses: ClassVar = [*CONTROL, *UNSENDABLE]

    @pytest.fixture
    def target(self, database):
        return ProductAccess(database, lambda: 1_794_312_000)

    @pytest.fixture
    def wanted(self):
        def desired(account_id: str) -> Desired:
            values = {"stage": "trialing", "access": "full", "trial_ends_at": 1_795_000_000, "plan": None}
            return Desired("product.access", account_subject(AccountId(account_id)), values)

        return desired


class TestProductRequests(TargetContract):
    """Requests are made by the product; Instep answers them."""

    refuses: ClassVar = [*CONTROL, *UNSENDABLE]

    @pytest.fixture
    def target(self, database):
        self.database = database
        return ProductRequests(database, lambda: 1_794_312_000)

    @pytest.fixture
    def wanted(self):
        def desired(request_id: str) -> Desired:
            return Desired("product.requests", request_subject(RequestId(request_id)), {"answer": "accepted"})

        return desired

    def make(self, target, desired, key="key-1"):
        insert = (
            "insert into instep_requests (request_id, kind, account_id, requested_at) values (:id, 'trial', 'a', 1)"
        )
        self.database.write(sa.text(insert).bindparams(id=subject_id(desired.subject)))
        return super().make(target, desired, key)
