"""The billing page shows names as they are: nothing in them is read as HTML (fault 100)."""

from __future__ import annotations

from datetime import UTC
from html.parser import HTMLParser

import pytest

from flows.door import Page
from flows.tickets import Ticket
from instep.pages import billing, message
from mappings.model import AccountFacts, AccountId, UserId
from mappings.offers import Offer, Tariff, Way

HOSTILE = "</p><script>alert(1)</script><img src=x onerror='y'>\"><b>"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def page(way: Way, word: str, **more: object) -> Page:
    tariffs = (Tariff(word, word, "price_1", 900, word, word),)
    offer = Offer(way, "trialing", "cus_1", plan=word, amount=900, currency=word, tariffs=tariffs, why=word, **more)  # type: ignore[arg-type]
    ticket = Ticket(AccountId("a"), UserId("u"), 0)
    return Page(ticket, AccountFacts(AccountId("a")), offer, UTC, 0)


@pytest.mark.parametrize("way", ["card", "resume", "invoice", "checkout", "portal", "nothing"])
@pytest.mark.parametrize("more", [{}, {"on_file": True}, {"agreed": True}, {"cancels": True, "ends_at": 1_800_000_000}])
def test_no_word_of_others_is_html(way: Way, more: dict[str, object]) -> None:
    assert Tags(billing(page(way, HOSTILE, **more))).found == Tags(billing(page(way, "plain", **more))).found


def test_a_message_is_text() -> None:
    assert Tags(message(HOSTILE, HOSTILE)).found == Tags(message("plain", "plain")).found
