"""The endpoints: method, path, the SDK's typed params, the handler, and which parameters are simulated."""

from __future__ import annotations

from stripe import params as typed
from stripe.params import billing_portal, checkout

from sandbox.stripe import (
    catalog,
    customers,
    invoice_items,
    invoices,
    misc,
    portal,
    previews,
    resuming,
    sessions,
    subscriptions,
)  # fmt: skip
from sandbox.stripe.payment_routes import ROUTES as PAYMENTS
from sandbox.stripe.route import LIST as _LIST
from sandbox.stripe.route import Route
from sandbox.stripe.route import route as _route

_CREATE_SUB = (
    "cancel_at cancel_at_period_end collection_method customer days_until_due default_payment_method description "
    "discounts expand items metadata off_session payment_behavior payment_settings proration_behavior trial_end "
    "trial_period_days trial_settings"
)
_UPDATE_SUB = (
    "cancel_at cancel_at_period_end cancellation_details collection_method days_until_due default_payment_method "
    "description discounts expand items metadata off_session pause_collection payment_behavior payment_settings "
    "proration_behavior trial_end trial_settings"
)
_CHECKOUT = (
    "cancel_url client_reference_id currency customer customer_email expand expires_at line_items locale metadata mode "
    "payment_method_types subscription_data success_url ui_mode"
)
_CUSTOMER = f"{' '.join(customers.SETTABLE)} expand"


ROUTES = [
    _route("GET /v1/account account", typed.AccountRetrieveCurrentParams, misc.account),
    _route("POST /v1/customers customer", typed.CustomerCreateParams, customers.create, _CUSTOMER, "customer.created"),
    _route("GET /v1/customers customer", typed.CustomerListParams, customers.list_all, f"{_LIST} email"),
    _route("GET /v1/customers/{id} customer", typed.CustomerRetrieveParams, customers.retrieve),
    _route(
        "POST /v1/customers/{id} customer", typed.CustomerUpdateParams, customers.update, _CUSTOMER, "customer.updated"
    ),
    _route("DELETE /v1/customers/{id} customer", typed.CustomerDeleteParams, customers.delete, "", "customer.deleted"),
    _route(
        "GET /v1/customers/{id}/payment_methods payment_method",
        typed.CustomerPaymentMethodListParams,
        customers.list_cards,
        "ending_before expand limit starting_after type",
    ),
    _route(
        "GET /v1/payment_methods payment_method",
        typed.PaymentMethodListParams,
        customers.list_cards,
        "customer ending_before expand limit starting_after type",
    ),
    _route("GET /v1/payment_methods/{id} payment_method", typed.PaymentMethodRetrieveParams, customers.retrieve_card),
    _route(
        "POST /v1/payment_methods/{id}/attach payment_method",
        typed.PaymentMethodAttachParams,
        customers.attach_card,
        "customer expand",
        "payment_method.attached",
    ),
    _route(
        "POST /v1/payment_methods/{id}/detach payment_method",
        typed.PaymentMethodDetachParams,
        customers.detach_card,
        "expand",
        "payment_method.detached",
    ),
    _route(
        "POST /v1/subscriptions subscription",
        typed.SubscriptionCreateParams,
        subscriptions.create,
        _CREATE_SUB,
        "subscription.created",
    ),
    _route(
        "GET /v1/subscriptions subscription",
        typed.SubscriptionListParams,
        subscriptions.list_all,
        f"{_LIST} collection_method customer price status",
    ),
    _route("GET /v1/subscriptions/{id} subscription", typed.SubscriptionRetrieveParams, subscriptions.retrieve),
    _route(
        "POST /v1/subscriptions/{id} subscription",
        typed.SubscriptionUpdateParams,
        subscriptions.update,
        _UPDATE_SUB,
        "subscription.updated",
    ),
    _route(
        "DELETE /v1/subscriptions/{id} subscription",
        typed.SubscriptionCancelParams,
        subscriptions.cancel,
        "cancellation_details expand invoice_now prorate",
        "subscription.deleted",
    ),
    _route(
        "POST /v1/subscriptions/{id}/pause subscription",
        typed.SubscriptionPauseParams,
        subscriptions.pause,
        "bill_for expand invoicing_behavior type",
        "subscription.paused",
    ),
    _route(
        "POST /v1/subscriptions/{id}/resume subscription",
        typed.SubscriptionResumeParams,
        resuming.resume,
        "billing_cycle_anchor expand payment_behavior proration_behavior",
        "subscription.resumed",
    ),
    _route(
        "POST /v1/products product",
        typed.ProductCreateParams,
        catalog.create_product,
        "id name description metadata active",
        "product.created",
    ),
    _route("GET /v1/products product", typed.ProductListParams, catalog.list_products, f"{_LIST} active ids"),
    _route("GET /v1/products/{id} product", typed.ProductRetrieveParams, catalog.retrieve_product),
    _route(
        "POST /v1/prices price",
        typed.PriceCreateParams,
        catalog.create_price,
        "active currency expand lookup_key metadata nickname product recurring tax_behavior unit_amount",
        "price.created",
    ),
    _route(
        "GET /v1/prices price",
        typed.PriceListParams,
        catalog.list_prices,
        f"{_LIST} active currency lookup_keys product type",
    ),
    _route("GET /v1/prices/{id} price", typed.PriceRetrieveParams, catalog.retrieve_price),
    _route(
        "POST /v1/prices/{id} price",
        typed.PriceUpdateParams,
        catalog.update_price,
        "active expand lookup_key metadata nickname",
        "price.updated",
    ),
    _route(
        "GET /v1/invoices invoice",
        typed.InvoiceListParams,
        invoices.list_all,
        f"{_LIST} collection_method customer status subscription",
    ),
    _route("GET /v1/invoices/{id} invoice", typed.InvoiceRetrieveParams, invoices.retrieve),
    _route(
        "POST /v1/invoices/{id}/pay invoice",
        typed.InvoicePayParams,
        invoices.pay,
        "expand off_session paid_out_of_band payment_method",
        "invoice.paid",
    ),
    _route(
        "POST /v1/invoices/{id}/void invoice",
        typed.InvoiceVoidInvoiceParams,
        invoices.void_invoice,
        "expand",
        "invoice.voided",
    ),
    _route(
        "POST /v1/invoiceitems invoiceitem",
        typed.InvoiceItemCreateParams,
        invoice_items.create,
        "amount currency customer description expand metadata subscription",
        "invoiceitem.created",
    ),
    _route(
        "GET /v1/invoiceitems invoiceitem",
        typed.InvoiceItemListParams,
        invoice_items.list_all,
        f"{_LIST} customer invoice pending",
    ),
    _route("GET /v1/invoiceitems/{id} invoiceitem", typed.InvoiceItemRetrieveParams, invoice_items.retrieve),
    _route(
        "DELETE /v1/invoiceitems/{id} invoiceitem",
        typed.InvoiceItemDeleteParams,
        invoice_items.delete,
        "",
        "invoiceitem.deleted",
    ),
    _route("GET /v1/events event", typed.EventListParams, misc.list_events, f"{_LIST} type types"),
    _route("GET /v1/events/{id} event", typed.EventRetrieveParams, misc.retrieve_event),
    _route(
        "POST /v1/webhook_endpoints webhook_endpoint",
        typed.WebhookEndpointCreateParams,
        misc.create_webhook,
        "api_version description enabled_events expand metadata url",
        "webhook_endpoint.created",
    ),
    _route("GET /v1/webhook_endpoints webhook_endpoint", typed.WebhookEndpointListParams, misc.list_webhooks, _LIST),
    _route(
        "GET /v1/webhook_endpoints/{id} webhook_endpoint", typed.WebhookEndpointRetrieveParams, misc.retrieve_webhook
    ),
    _route(
        "POST /v1/webhook_endpoints/{id} webhook_endpoint",
        typed.WebhookEndpointUpdateParams,
        misc.update_webhook,
        "description disabled enabled_events expand metadata url",
        "webhook_endpoint.updated",
    ),
    _route(
        "DELETE /v1/webhook_endpoints/{id} webhook_endpoint",
        typed.WebhookEndpointDeleteParams,
        misc.delete_webhook,
        "",
        "webhook_endpoint.deleted",
    ),
    _route(
        "GET /v1/billing_portal/configurations billing_portal.configuration",
        billing_portal.ConfigurationListParams,
        portal.configurations,
        f"{_LIST} active is_default",
    ),
    _route(
        "POST /v1/billing_portal/sessions session",
        billing_portal.SessionCreateParams,
        sessions.portal,
        "configuration customer expand flow_data locale return_url",
        "billing_portal.session.created",
    ),
    _route(
        "POST /v1/checkout/sessions checkout.session",
        checkout.SessionCreateParams,
        sessions.create,
        _CHECKOUT,
        "checkout.session.created",
    ),
    _route(
        "GET /v1/checkout/sessions checkout.session",
        checkout.SessionListParams,
        sessions.list_all,
        f"{_LIST} customer status subscription",
    ),
    _route("GET /v1/checkout/sessions/{id} checkout.session", checkout.SessionRetrieveParams, sessions.retrieve),
    _route(
        "POST /v1/checkout/sessions/{id}/expire checkout.session",
        checkout.SessionExpireParams,
        sessions.expire,
        "expand",
        "checkout.session.expired",
    ),
    _route(
        "POST /v1/invoices/create_preview invoice",
        typed.InvoiceCreatePreviewParams,
        previews.create,
        "customer expand subscription subscription_details",
    ),
]

_BY_PATH = {(route.method, route.path): route for route in (*ROUTES, *PAYMENTS)}


def find(method: str, path: str) -> tuple[Route | None, str]:
    """The route and the id in the path. An empty id reads as the list, as with the real service."""
    path = path.rstrip("/")
    if route := _BY_PATH.get((method, path)):
        return route, ""
    parts = path.split("/")
    at = 4 if parts[2:3] == ["checkout"] else 3
    id = parts[at] if len(parts) > at else ""
    return _BY_PATH.get((method, "/".join([*parts[:at], "{id}", *parts[at + 1 :]]))), id
