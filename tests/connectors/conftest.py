"""The fixtures of vendor_world for every test here."""

from vendor_world import contacts, hand, instances, intercom_api, live, server, stripe_api

__all__ = ["contacts", "hand", "instances", "intercom_api", "live", "server", "stripe_api"]
