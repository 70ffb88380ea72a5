"""The endpoints of charges, refunds, disputes and coupons."""

from __future__ import annotations

from stripe import params as typed

from sandbox.stripe import charges, coupons, disputes, refunds
from sandbox.stripe.route import LIST, route

ROUTES = [
    route("GET /v1/charges charge", typed.ChargeListParams, charges.list_all, f"{LIST} customer"),
    route("GET /v1/charges/{id} charge", typed.ChargeRetrieveParams, charges.retrieve),
    route(
        "POST /v1/refunds refund",
        typed.RefundCreateParams,
        refunds.create,
        "amount charge expand metadata reason",
        "refund.created",
    ),
    route("GET /v1/refunds refund", typed.RefundListParams, refunds.list_all, f"{LIST} charge"),
    route("GET /v1/refunds/{id} refund", typed.RefundRetrieveParams, refunds.retrieve),
    route("GET /v1/disputes dispute", typed.DisputeListParams, disputes.list_all, f"{LIST} charge"),
    route("GET /v1/disputes/{id} dispute", typed.DisputeRetrieveParams, disputes.retrieve),
    route(
        "POST /v1/coupons coupon",
        typed.CouponCreateParams,
        coupons.create,
        "amount_off currency duration duration_in_months expand id metadata name percent_off",
        "coupon.created",
    ),
    route("GET /v1/coupons coupon", typed.CouponListParams, coupons.list_all, LIST),
    route("GET /v1/coupons/{id} coupon", typed.CouponRetrieveParams, coupons.retrieve),
]
