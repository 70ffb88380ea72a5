"""What happens to a payment, seen by everybody: disputes, refunds, coupons, 3-D Secure, sent invoices, cards."""

from __future__ import annotations

from typing import Any

import pytest
from town import JSON, Town
from vendors import DAY, HOUR

PRO = {"items[0][price]": "price_pro_monthly"}


def customer(town: Town, short: str, outcome: str = "ok", **card: str) -> JSON:
    """Somebody of the product who has typed a card into its own checkout."""
    town.team(short, **{f"{short}owner": "owner"})
    made = town.vendors.stripe("POST", "/v1/customers", **{"metadata[account_id]": town.account(short)})
    if outcome:
        town.vendors.control("POST", f"/stripe/customers/{made['id']}/card", {"outcome": outcome, **card})
    return made


def subscribe(town: Town, short: str, **params: Any) -> JSON:
    return town.vendors.stripe("POST", "/v1/subscriptions", customer=town.customer(short)["id"], **PRO, **params)


def dispute(town: Town, short: str, status: str, method: str = "PUT") -> None:
    town.vendors.control(method, f"/stripe/customers/{town.customer(short)['id']}/dispute", {"status": status})


def refund(town: Town, short: str, amount: int) -> JSON:
    charge = town.vendors.stripe("GET", "/v1/charges", customer=town.customer(short)["id"])["data"][0]
    return town.vendors.stripe("POST", "/v1/refunds", charge=charge["id"], amount=amount)


def standing(town: Town, short: str) -> tuple[str, str]:
    row = town.access(short)
    return row["stage"], row["access"]


@pytest.fixture
def payer(town: Town) -> Town:
    """An account that pays, and a day later is known as such."""
    town.init()
    customer(town, "shop")
    subscribe(town, "shop")
    town.sync()
    town.vendors.advance(DAY)
    assert (standing(town, "shop"), town.tags("shopowner")) == (("active", "full"), {"sub:active", "plan:pro"})
    return town


def test_a_dispute_that_is_won(payer: Town) -> None:
    """Nothing is advertised while it is open; what happened meanwhile is told when it is over."""
    town, before = payer, payer.events("shopowner")
    dispute(town, "shop", "warning_needs_response", method="POST")
    given = refund(town, "shop", 900)
    town.sync()
    assert standing(town, "shop") == ("active", "full")
    assert town.tags("shopowner") == {"sub:active", "plan:pro", "is:disputed"}
    assert town.events("shopowner") == before
    town.vendors.advance(HOUR)
    dispute(town, "shop", "warning_closed")
    town.sync()
    assert town.tags("shopowner") == {"sub:active", "plan:pro"}
    assert town.events("shopowner") == [*before, ("refunded-charge", given["created"])]


def test_a_dispute_that_is_lost_and_paid_for_after_all(payer: Town) -> None:
    town = payer
    dispute(town, "shop", "needs_response", method="POST")
    town.sync()
    town.vendors.advance(HOUR)
    dispute(town, "shop", "lost")
    town.sync()
    assert standing(town, "shop") == ("blocked", "none")
    assert town.access("shop")["reason"] == "a payment dispute was lost"
    assert town.tags("shopowner") == {"sub:blocked"}
    assert town.attributes("shopowner")["hold_reason"] == "lost dispute"
    assert "was lost and blocks the account" in " ".join(town.todo().values())
    town.vendors.advance(31 * DAY + 2 * HOUR)
    town.sync()
    assert standing(town, "shop") == ("active", "full")
    assert town.tags("shopowner") == {"sub:active", "plan:pro"}


def test_a_lost_dispute_blocks_still_when_the_state_is_lost(payer: Town) -> None:
    town = payer
    given = refund(town, "shop", 900)
    town.sync()
    dispute(town, "shop", "lost", method="POST")
    town.sync()
    told = town.events("shopowner")
    assert ("refunded-charge", given["created"]) in told
    town.vendors.advance(HOUR)
    town.lose_state()
    town.init()
    town.sync()
    assert standing(town, "shop") == ("blocked", "none")
    assert town.events("shopowner") == told


def test_a_policy_that_keeps_the_account(payer: Town) -> None:
    town = payer
    town.configure('lost_dispute = "keep"\n')
    dispute(town, "shop", "lost", method="POST")
    town.sync()
    assert (standing(town, "shop"), town.tags("shopowner")) == (("active", "full"), {"sub:active", "plan:pro"})


def test_a_dispute_in_a_status_that_nobody_knows(payer: Town) -> None:
    town = payer
    dispute(town, "shop", "arbitrated", method="POST")
    town.sync()
    assert standing(town, "shop") == ("active", "full")
    assert "unknown status 'arbitrated'" in " ".join(town.todo().values())


def test_a_coupon_of_everything_and_of_half(town: Town) -> None:
    town.init()
    for short, percent in (("free", 100), ("half", 50)):
        customer(town, short)
        made = town.vendors.stripe("POST", "/v1/coupons", percent_off=percent, duration="forever")
        subscribe(town, short, trial_period_days=1, **{"discounts[0][coupon]": made["id"]})
    town.sync()
    town.vendors.advance(DAY + 2 * HOUR)
    town.sync()
    assert [standing(town, short) for short in ("free", "half")] == [("active", "full")] * 2
    assert [town.attributes(f"{short}owner")["mrr"] for short in ("free", "half")] == [0, 24.5]
    told = ["converted-trial" in dict(town.events(f"{short}owner")) for short in ("free", "half")]
    assert told == [False, True]


def test_a_first_payment_that_waits_for_the_customers_bank(town: Town) -> None:
    town.init()
    customer(town, "bank", "action", expires="2027-05")
    invoice = subscribe(town, "bank", **{"expand[]": "latest_invoice"})["latest_invoice"]
    town.sync()
    assert town.access("bank") == {}
    assert town.stage("bankowner") == "sub:awaiting-payment"
    known = town.attributes("bankowner")
    assert known["payment_action_url"] == invoice["hosted_invoice_url"]
    assert known["card_expires_at"] == 1_811_764_800  # 2027-05-31 12:00 UTC
    town.vendors.advance(HOUR)
    town.pay("bank")
    town.sync()
    assert standing(town, "bank") == ("active", "full")
    assert "payment_action_url" not in town.attributes("bankowner")
    assert "converted-trial" in dict(town.events("bankowner"))


def test_a_customer_who_is_sent_invoices(town: Town) -> None:
    town.init()
    customer(town, "firm", outcome="")
    subscribe(town, "firm", collection_method="send_invoice", days_until_due=14)
    town.vendors.advance(2 * HOUR)
    town.sync()
    due = town.attributes("firmowner")["payment_due_at"]
    assert (standing(town, "firm"), town.attributes("firmowner")["overdue_invoices"]) == (("active", "full"), 0)
    town.vendors.move_to(due + HOUR)
    town.sync()
    assert (standing(town, "firm"), town.attributes("firmowner")["overdue_invoices"]) == (("past_due", "grace"), 1)
    assert ("failed-payment", due) in town.events("firmowner")
    (invoice,) = town.vendors.stripe("GET", "/v1/invoices", customer=town.customer("firm")["id"])["data"]
    town.vendors.stripe("POST", f"/v1/invoices/{invoice['id']}/pay", paid_out_of_band="true")
    town.sync()
    known = town.attributes("firmowner")
    assert (standing(town, "firm"), known["overdue_invoices"], "payment_due_at" in known) == (
        ("active", "full"), 0, False,
    )  # fmt: skip
    assert "recovered-payment" in dict(town.events("firmowner"))
