"""What columns are usually called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mappings.model.tables import Kind, Table

EMAILS = ("email", "email_address", "mail", "e_mail", "primary_email", "emailaddress", "user_email")
NAMES = ("name", "full_name", "fullname", "display_name", "real_name")
FIRST, LAST = ("first_name", "firstname", "given_name", "forename"), ("last_name", "lastname", "family_name", "surname")
PASSWORDS = ("password", "encrypted_password", "password_hash", "hashed_password", "password_digest", "passwd")
VERIFIED = ("email_verified", "is_email_verified", "email_confirmed", "is_verified", "verified", "confirmed")
VERIFIED_AT = ("email_verified_at", "email_confirmed_at", "confirmed_at", "verified_at", "email_verified_on")
LAST_SEEN = (
    "last_seen_at", "last_active_at", "last_activity_at", "last_seen", "last_sign_in_at", "last_login_at", "last_login",
    "current_sign_in_at",
)  # fmt: skip
CREATED = ("created_at", "created_on", "created", "inserted_at", "date_created", "createdat")
SIGNED_UP = ("signed_up_at", "registered_at", "date_joined", "signup_at", *CREATED)
JOINED = ("joined_at", "member_since", "accepted_at", *CREATED)
UPDATED = ("updated_at", "modified_at", "updated_on", "updated", "updatedat")
DELETED_AT = ("deleted_at", "discarded_at", "archived_at", "removed_at", "deleted_on", "deletedat", "left_at")
DELETED = ("deleted", "is_deleted", "archived", "is_archived")
ERASED_AT = ("erased_at", "anonymized_at", "anonymised_at", "gdpr_erased_at")
ERASED = ("erased", "is_erased", "anonymized", "is_anonymized")
INTERCOM = ("intercom_external_id", "intercom_user_id", "intercom_id")
OTHER_IDS = (
    "uuid", "guid", "public_id", "external_id", "legacy_uuid", "legacy_id", "old_id", "old_uuid", "slug", "username",
    "account_id", "user_id",
)  # fmt: skip
ROLES = ("role", "role_name", "user_role", "membership_role", "access_level", "kind", "type")
OWNER_FLAGS, ADMIN_FLAGS = ("is_owner", "owner"), ("is_admin", "admin", "is_administrator")
OWNERS = ("owner_id", "owner_user_id", "user_id", "created_by_id", "creator_id", "created_by")
DOMAINS = ("domain", "website_domain", "email_domain", "primary_domain", "company_domain")
STRIPE = ("stripe_customer_id", "stripe_customer", "stripe_id", "stripe_cust_id", "billing_customer_id")
PLANS = ("plan", "plan_key", "plan_name", "plan_code", "tier", "subscription_plan")
TRIAL_ENDS = ("trial_ends_at", "trial_end", "trial_end_at", "trial_expires_at", "trial_until", "trial_ends_on")
COMPED = ("comped", "is_comped", "complimentary", "is_complimentary", "free_forever", "lifetime", "is_lifetime")
EXCLUDED = ("excluded", "is_test", "is_test_account", "is_demo", "is_internal")
HOLDS = ("hold_reason", "suspension_reason", "suspended_reason", "blocked_reason")
ZONES = ("timezone", "time_zone", "tz", "iana_timezone")
INSTANCES = ("instance_name",)
SIGN_INS = ("provider", "provider_account_id", "access_token", "refresh_token")

ID: tuple[Kind, ...] = ("integer", "text", "uuid")
TEXT: tuple[Kind, ...] = ("text",)
# SQLite often keeps truth as a number and moments as numbers or text.
TRUTH: tuple[Kind, ...] = ("boolean", "integer", "other")
MOMENT: tuple[Kind, ...] = ("time", "integer", "text", "number", "other")


def one(table: Table, names: Sequence[str], kinds: Sequence[Kind] = ()) -> str:
    """The table's column of the first of ``names`` that it has and whose kind fits; empty when there is none."""
    held = {plain(column.name): column for column in table.columns}
    for name in names:
        column = held.get(plain(name))
        if column is not None and (not kinds or column.kind in kinds):
            return column.name
    return ""


def plain(name: str) -> str:
    """``createdAt`` and ``created_at`` are one name."""
    return name.replace("_", "").casefold()


def token(name: str) -> str:
    """What a table's rows are: ``app_users`` -> user, ``companies`` -> company, ``TeamMember`` -> member."""
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold().rpartition("_")[2]
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
