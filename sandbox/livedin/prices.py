"""What the company has sold over the years: today's plans in three currencies, and what was given up."""

from __future__ import annotations

from sandbox.livedin.firm import DAY, Firm
from sandbox.stripe import catalog
from sandbox.stripe.account import Account

# product, name, whether it is still sold
PRODUCTS = (("prod_business", "Business", True), ("prod_founders", "Founders", True), ("prod_beta", "Beta", False))
# id, product, amount in minor units, currency, interval, lookup key, whether it is still sold
PRICES = (
    ("price_pro_monthly_eur", "prod_pro", 4500, "eur", "month", "pro_monthly_eur", True),
    ("price_pro_monthly_gbp", "prod_pro", 3900, "gbp", "month", "pro_monthly_gbp", True),
    ("price_team_yearly", "prod_team", 99000, "usd", "year", "team_yearly", True),
    ("price_business_monthly", "prod_business", 29900, "usd", "month", "business_monthly", True),
    ("price_business_monthly_eur", "prod_business", 27900, "eur", "month", "business_monthly_eur", True),
    ("price_founders", "prod_founders", 1900, "usd", "month", None, True),
    ("price_pro_2019", "prod_pro", 2900, "usd", "month", None, False),
    ("price_team_2019", "prod_team", 5900, "usd", "month", None, False),
    ("price_beta", "prod_beta", 900, "usd", "month", None, False),
    ("price_test_1", "prod_beta", 100, "usd", "month", None, False),
    ("price_test_2", "prod_beta", 50, "usd", "day", None, False),
)
TODAY = {
    "price_pro_monthly": 40, "price_pro_yearly": 14, "price_team_monthly": 16, "price_pro_monthly_eur": 10,
    "price_pro_monthly_gbp": 6, "price_team_yearly": 5, "price_business_monthly": 5, "price_business_monthly_eur": 4,
}  # fmt: skip
EARLY = {"price_pro_2019": 30, "price_team_2019": 15, "price_beta": 5, "price_founders": 20, "price_pro_monthly": 30}
TESTED = {"price_test_1": 3, "price_test_2": 1, "price_beta": 2}
PLANS = {"pro": "pro", "team": "team", "business": "business", "founders": "founders", "beta": "pro"}


class Prices:
    """Makes them all; those that were given up can be subscribed to until ``retire``."""

    usual = "price_pro_monthly"

    def __init__(self, account: Account, firm: Firm) -> None:
        self._account, self._firm = account, firm
        for id, name, _ in PRODUCTS:
            catalog.create_product(account, "", {"id": id, "name": name})
        for price, product, amount, currency, interval, key, _ in PRICES:
            fields = {
                "product": product,
                "unit_amount": amount,
                "currency": currency,
                "recurring": {"interval": interval},
            }
            catalog.add_price(account, price, fields | ({"lookup_key": key} if key else {}))
        catalog.add_price(account, "price_setup", {"product": "prod_team", "unit_amount": 50000, "currency": "usd"})

    def era(self, at: int, tested: bool) -> str:
        """What somebody bought at that moment."""
        early = at < self._firm.now - 5 * 365 * DAY
        sold = TESTED if tested else EARLY if early else TODAY
        return self._firm.random.choices(list(sold), list(sold.values()))[0]

    def plan(self, price: str) -> str:
        """What the product calls it."""
        return PLANS.get(price.split("_")[1], "pro")

    def retire(self) -> None:
        for product, _, sold in PRODUCTS:
            self._account.products.need(product)["active"] = sold
        for price, *_, sold in PRICES:
            self._account.prices.need(price)["active"] = sold
