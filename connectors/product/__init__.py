"""The product's own database: its people, accounts and requests, and the access that Instep grants."""

from connectors.product.database import ProductDatabase, ProductSettings
from connectors.product.sources import ProductAccounts, ProductUsers
from connectors.product.tables import ProductAccess, ProductRequests, ask_once

__all__ = [
    "ProductAccess",
    "ProductAccounts",
    "ProductDatabase",
    "ProductRequests",
    "ProductSettings",
    "ProductUsers",
    "ask_once",
]
