"""From a card to a sale: the billing link from Intercom, its page, its button, a card in Stripe's page; paid, once."""

from __future__ import annotations

import pytest
import requests
from doors import House, active, settle, trial
from vendors import DAY, HOUR, KEY

from flows.revoking import revoke

CARD = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"}


def test_a_trial_gets_a_card_and_is_charged_at_its_end(house: House) -> None:
    trial(house)
    page = house.look()
    assert "49.00 USD" in page
    assert "6 December 2026" in page
    first, second = house.press(page), house.press(page)
    assert requests.post(first, data=CARD, allow_redirects=False, timeout=30).headers["location"] == house.link
    assert second != first
    assert "all set" in house.look()
    assert house.charges() == []
    settle(house, 14 * DAY + 2 * HOUR)
    assert active(house)
    assert house.charges() == [4900]


def test_an_expired_trial_is_resumed_once_with_consent_and_card(house: House) -> None:
    trial(house)
    settle(house, 14 * DAY + HOUR)
    assert house.town.access("acme")["stage"] == "trial_expired"
    page = house.look()
    assert "49.00 USD" in page
    portal = house.press(page)
    house.press(page)
    settle(house)
    assert house.charges() == []
    assert "One step is missing" in house.look()
    requests.post(portal, data=CARD, allow_redirects=False, timeout=30)
    settle(house)
    settle(house)
    assert active(house)
    assert house.charges() == [4900]
    resumed = [call for call in house.town.vendors.since(0) if call.effect == "subscription.resumed"]
    assert len([call for call in resumed if call.object_id == house.town.subscription("acme")["id"]]) == 1


def test_a_card_alone_starts_nothing_and_a_consent_ends_after_a_day(house: House) -> None:
    trial(house)
    settle(house, 14 * DAY + HOUR)
    house.town.card("acme")
    settle(house)
    assert (house.town.access("acme")["stage"], house.charges()) == ("trial_expired", [])
    assert house.press(house.look()) == house.link
    settle(house)
    assert active(house)
    assert house.charges() == [4900]


@pytest.mark.parametrize("dunning", ["past_due", "unpaid"])
def test_an_open_invoice_is_paid(house: House, dunning: str) -> None:
    trial(house)
    house.town.card("acme", "decline")
    house.town.vendors.control("PUT", "/stripe/settings", {"dunning": dunning})
    settle(house, 14 * DAY + 2 * HOUR + (16 * DAY if dunning == "unpaid" else 0))
    assert house.town.access("acme")["stage"] == dunning
    page = house.look()
    assert "49.00 USD" in page
    assert house.charges() == []
    url = house.press(page)
    requests.post(url, data=CARD, timeout=30)
    requests.post(url, data=CARD, timeout=30)
    settle(house)
    house.town.vendors.control("PUT", "/stripe/settings", {"dunning": "canceled"})
    assert active(house)
    assert house.charges() == [4900]


def test_a_churned_account_subscribes_again_once(house: House) -> None:
    trial(house)
    house.town.card("acme")
    settle(house, 14 * DAY + 2 * HOUR)
    house.town.vendors.stripe("DELETE", f"/v1/subscriptions/{house.town.subscription('acme')['id']}")
    settle(house)
    assert (house.town.access("acme")["stage"], house.charges()) == ("churned", [4900])
    page = house.look()
    url = house.press(page)
    assert house.press(page) == url
    other = house.press(page, plan="team")
    assert requests.get(url, timeout=30).status_code == 410
    url = house.press(page)
    assert requests.get(other, timeout=30).status_code == 410
    requests.post(url, data=CARD, timeout=30)
    assert house.press(page) == house.link
    settle(house)
    assert active(house)
    assert house.charges() == [4900, 4900]


def test_a_prospect_without_a_customer_subscribes(house: House) -> None:
    requests.post(house.press(house.look()), data=CARD, timeout=30)
    assert "being set up" in house.look()
    settle(house)
    settle(house)
    assert active(house)
    assert house.charges() == [4900]


def test_links_that_open_nothing_look_alike_and_ask_no_vendor(house: House) -> None:
    old, town = house.link, house.town
    revoke(town.settings, "", f"{town.name}-ann")
    town.sync()
    demoted = house.link
    town.product.execute("UPDATE memberships SET role = 'member' WHERE user_id = :u", {"u": f"{town.name}-ann"})
    mark = town.vendors.mark
    answers = [
        requests.request(method, url, data={"seen": "x"} if method == "POST" else None, timeout=30)
        for url in (old, demoted, old[:-3] + "AAA", f"{town.public_url}/billing/x", f"{town.public_url}/billing/ä")
        for method in ("GET", "POST")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    town.team("other")
    moved = "UPDATE memberships SET role = 'owner', team_id = :t WHERE user_id = :u"
    town.product.execute(moved, {"t": town.account("other"), "u": f"{town.name}-ann"})
    assert requests.get(demoted, timeout=30).status_code == 404
    assert town.vendors.since(mark) == []


def test_what_was_not_seen_is_not_done(house: House) -> None:
    mark = house.town.vendors.mark
    answer = requests.post(house.link, data={"seen": "forged", "plan": "pro"}, allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (303, house.link)
    assert requests.post(house.link, data="x" * 5000, timeout=30).status_code == 413
    assert house.town.vendors.effects(mark) == []
    health = requests.get(f"{house.town.public_url}/health", timeout=30)
    assert (health.status_code, health.text) == (200, "ok\n")


def test_a_new_key_needs_no_restart(house: House) -> None:
    trial(house)
    town, new = house.town, "sk_test_new"
    town.vendors.control("PUT", "/stripe/settings", {"key": new})
    try:
        assert requests.get(house.link, timeout=30).status_code == 503
        town.stripe_key = new
        assert house.press(house.look()).startswith(f"{town.vendors.url}/")
    finally:
        town.vendors.control("PUT", "/stripe/settings", {"key": KEY})


def expired(house: House) -> None:
    trial(house)
    settle(house, 14 * DAY + HOUR)
    house.town.card("acme")
    settle(house)


def exclude(house: House, value: bool) -> None:
    house.town.product.execute("UPDATE teams SET excluded = :v", {"v": value})


def test_after_a_refusal_the_button_works_again(house: House) -> None:
    """Pressed while the account was left alone, and once more on the same day: charged once."""
    expired(house)
    exclude(house, True)
    for _ in range(2):
        house.press(house.look())
        settle(house)
    assert house.charges() == []
    exclude(house, False)
    page = house.look()
    house.press(page)
    house.press(page)
    settle(house)
    assert active(house)
    assert house.charges() == [4900]
    answers = house.town.product.rows("SELECT answer FROM instep_requests WHERE requested_by = 'billing link'")
    assert sorted(row["answer"] for row in answers) == ["accepted", "refused", "refused"]


def test_never_more_than_agreed_and_agreed_anew_at_once(house: House) -> None:
    """Something is added after the button was pressed: nothing is charged, the page asks again with the new amount."""
    expired(house)
    house.press(house.look())
    house.town.vendors.stripe(
        "POST", "/v1/invoiceitems", customer=house.town.customer("acme")["id"], amount=700, currency="usd",
        subscription=house.town.subscription("acme")["id"],
    )  # fmt: skip
    settle(house)
    assert house.charges() == []
    page = house.look()
    assert "56.00 USD" in page
    house.press(page)
    settle(house)
    assert active(house)
    assert house.charges() == [5600]


def test_a_refused_trial_starts_paid_and_nobody_is_charged_unseen(house: House) -> None:
    """With a card on file: charged only when the invoice is paid; left alone, it runs out and is asked for again."""
    town = house.town
    town.configure('[trials]\nend_without_card = "cancel"\nrefused_starts_paid = true\n')
    trial(house)
    settle(house, 14 * DAY + HOUR)
    town.card("acme")
    assert town.subscription("acme")["status"] == "canceled"

    open_ = (
        f"the trial was already used: a paid subscription was started instead, its first payment is open: {house.link}"
    )
    first = town.request_trial("acme", "ann", id="again")
    settle(house)
    assert town.answer(first) == ("refused", open_)
    assert town.subscriptions("acme")[0]["status"] == "incomplete"
    settle(house, DAY)
    assert town.subscriptions("acme")[0]["status"] == "incomplete_expired"
    assert 'name="plan"' in house.look()  # Checkout.

    second = town.request_trial("acme", "ann", id="once-more")
    settle(house)
    assert town.answer(second) == ("refused", open_)
    assert house.charges() == []
    page = house.look()
    assert "49.00 USD" in page
    requests.post(house.press(page), data=CARD, timeout=30)
    settle(house)
    assert active(house)
    assert (house.charges(), town.instance("acme")["status"]) == ([4900], "ready")
    assert len(town.subscriptions("acme")) == 3
    assert town.plan() == []
