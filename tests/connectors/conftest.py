"""The fixtures of vendor_world for every test here."""

from vendor_world import billing, contacts, hand, instances, intercom_api, live, server, short_pages, stripe_api

__all__ = [
    "billing", "contacts", "hand", "instances", "intercom_api", "live", "server", "short_pages", "stripe_api",
]  # fmt: skip
