"""Where Stripe and Intercom show what an id names: addresses of their own pages, for people."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STRIPE = {
    "cus_": "customers", "sub_": "subscriptions", "in_": "invoices", "pi_": "payments", "ch_": "payments",
    "price_": "prices", "prod_": "products",
}  # fmt: skip
_INTERCOM = {"us": "app.intercom.com", "eu": "app.eu.intercom.com", "au": "app.au.intercom.com"}
_ID = re.compile(r"(?<![\w-])(?:(?:cus|sub|in|pi|ch|price|prod)_\w+|[0-9a-f]{24})(?![\w-])")


@dataclass(frozen=True, slots=True)
class Dashboards:
    """Of one installation. ``stripe``: its account, in test mode unless ``live``; ``workspace`` and ``region`` of
    Intercom."""

    stripe: str
    live: bool
    workspace: str
    region: str

    def address(self, id: str, what: str = "users") -> str:
        """The page of a Stripe object or, for 24 hexadecimal digits, of an Intercom contact (``what``: companies, of a
        company); empty for any other id."""
        prefix = f"{id.partition('_')[0]}_"
        if prefix in _STRIPE:
            mode = "" if self.live else "/test"
            return f"https://dashboard.stripe.com/{self.stripe}{mode}/{_STRIPE[prefix]}/{id}"
        if not _ID.fullmatch(id):
            return ""
        host = _INTERCOM.get(self.region.casefold(), _INTERCOM["us"])
        return f"https://{host}/a/apps/{self.workspace}/{what}/{id}"

    def named(self, text: str, target: str = "") -> dict[str, str]:
        """Every id in a text that has a page -> its address, in order."""
        what = "companies" if target == "intercom.companies" else "users"
        return {id: self.address(id, what) for id in spans(text)}


def spans(text: str) -> list[str]:
    """The ids in a text that a vendor has a page for."""
    return [found.group() for found in _ID.finditer(text)]
