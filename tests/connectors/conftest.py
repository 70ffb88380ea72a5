"""The fixtures of product_world and vendor_world for every test here."""

from product_world import database, run, url
from vendor_world import billing, contacts, hand, instances, intercom_api, live, server, short_pages, stripe_api

__all__ = [
    "billing", "contacts", "database", "hand", "instances", "intercom_api", "live", "run", "server", "short_pages",
    "stripe_api", "url",
]  # fmt: skip
