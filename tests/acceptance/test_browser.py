"""From each state to paid in a real Chromium: the link from Intercom, the button, a card typed into Stripe's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from doors import House, active, settle, trial
from playwright.sync_api import Page, sync_playwright
from vendors import DAY, HOUR

pytestmark = pytest.mark.browser
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Page]:
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path, executable_path=which("chromium"), headless=True, args=QUIET, java_script_enabled=False
        )
        yield context.pages[0]
        context.close()


def expired(house: House) -> None:
    trial(house)
    settle(house, 14 * DAY + HOUR)


def failing(house: House, dunning: str, days: int) -> None:
    trial(house)
    house.town.card("acme", "decline")
    house.town.vendors.control("PUT", "/stripe/settings", {"dunning": dunning})
    settle(house, 14 * DAY + 2 * HOUR + days * DAY)
    house.town.vendors.control("PUT", "/stripe/settings", {"dunning": "canceled"})


def churned(house: House) -> None:
    trial(house)
    house.town.card("acme")
    settle(house, 14 * DAY + 2 * HOUR)
    house.town.vendors.stripe("DELETE", f"/v1/subscriptions/{house.town.subscription('acme')['id']}")
    settle(house)


STARTS = {
    "trialing": trial,
    "trial_expired": expired,
    "past_due": lambda house: failing(house, "past_due", 0),
    "unpaid": lambda house: failing(house, "unpaid", 16),
    "churned": churned,
}


def type_card(tab: Page) -> None:
    for label, text in (("Card number", "4242 4242 4242 4242"), ("Expiration", "12/40"), ("Security code", "123")):
        tab.get_by_label(label).fill(text)


@pytest.mark.parametrize("stage", STARTS)
def test_a_card_in_the_browser_ends_active_and_paid_once(house: House, tab: Page, stage: str) -> None:
    STARTS[stage](house)
    before = house.charges()
    assert house.town.access("acme")["stage"] == stage
    for _ in range(2):
        tab.goto(house.link)
    assert "49.00 USD" in tab.inner_text("main")
    assert house.charges() == before
    tab.locator("button").dblclick()
    tab.wait_for_url("**/pay/**")
    tab.go_back()
    tab.locator("button").click()
    tab.wait_for_url("**/pay/**")
    type_card(tab)
    tab.locator("button").dblclick()
    tab.wait_for_load_state()
    settle(house)
    settle(house)
    if stage == "trialing":
        assert house.charges() == before
        settle(house, 14 * DAY + 2 * HOUR)
    assert active(house)
    assert house.charges() == [4900, *before]


def test_the_page_is_quiet_and_readable(house: House, tab: Page, tmp_path: Path) -> None:
    told: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    trial(house)
    tab.set_viewport_size({"width": 720, "height": 460})
    tab.goto(house.link)
    assert tab.screenshot(path=tmp_path / "page.png")
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.locator("button").count() == 1
    assert told == []
