"""New charges, refunds, disputes, coupons and discounts with every field of API version 2026-10-28.endive."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))

CHARGE: Json = {
    **dict.fromkeys((
        "application", "application_fee", "application_fee_amount", "authorization_code", "balance_transaction",
        "calculated_statement_descriptor", "description", "failure_balance_transaction", "failure_code",
        "failure_message", "fraud_details", "on_behalf_of", "outcome", "payment_intent", "payment_method_details",
        "presentment_details", "radar_options", "receipt_email", "receipt_number", "receipt_url", "review", "shipping",
        "source", "source_transfer", "statement_descriptor", "statement_descriptor_suffix", "transfer", "transfer_data",
        "transfer_group",
    )),
    "amount_captured": 0,
    "amount_refunded": 0,
    "billing_details": {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None},
    "captured": True,
    "disputed": False,
    "livemode": False,
    "metadata": {},
    "paid": True,
    "refunded": False,
    "status": "succeeded",
}  # fmt: skip

REFUND: Json = {
    **dict.fromkeys((
        "balance_transaction", "customer_account", "description", "destination_details", "failure_balance_transaction",
        "failure_reason", "instructions_email", "next_action", "payment_intent", "payment_method", "pending_reason",
        "presentment_details", "reason", "receipt_number", "source_transfer_reversal", "transfer_reversal",
    )),
    "metadata": {},
    "status": "succeeded",
}  # fmt: skip

_EVIDENCE = dict.fromkeys((
    "access_activity_log", "appeal", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
))  # fmt: skip
_ENHANCED: Json = dict.fromkeys(("mastercard_compliance", "visa_compelling_evidence_3", "visa_compliance"))

DISPUTE: Json = {
    **dict.fromkeys(("intended_submission_method", "network_reason_code", "payment_intent", "payment_method_details")),
    "balance_transactions": [],
    "enhanced_eligibility_types": [],
    "evidence": {**_EVIDENCE, "enhanced_evidence": _ENHANCED},
    "evidence_details": {
        "due_by": None, "enhanced_eligibility": _ENHANCED, "has_evidence": False, "past_due": False,
        "submission_count": 0, "submission_method": "not_submitted",
    },
    "is_charge_refundable": False,
    "livemode": False,
    "metadata": {},
}  # fmt: skip

COUPON: Json = {
    "amount_off": None,
    "currency": None,
    "duration": "once",
    "duration_in_months": None,
    "livemode": False,
    "max_redemptions": None,
    "metadata": {},
    "name": None,
    "percent_off": None,
    "redeem_by": None,
    "times_redeemed": 0,
    "valid": True,
}

DISCOUNT: Json = {
    **dict.fromkeys(("checkout_session", "customer_account", "invoice", "invoice_item", "promotion_code")),
    "subscription_item": None,
}
