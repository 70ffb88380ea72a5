"""Whatever text comes in, what goes on can be stored and sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.text import clean, email, identifier, integer, same_email, web_address

anything = st.text(st.characters()) | st.text(st.sampled_from("a@.\x00\ud800 \t\n\u2028\U0001f600\x7fé"))


@given(anything | st.none() | st.integers() | st.binary(max_size=5))
def test_total_storable_and_stable(value: object) -> None:
    for rule in (clean, email, identifier):
        once = rule(value)
        assert rule(once) == once
        assert b"\x00" not in once.encode()
        assert len(once) <= 255


@given(anything)
def test_an_identifier_is_exact_or_nothing(value: str) -> None:
    assert identifier(value) in (value, "")


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (None, ""),
        ("  a \t b\r\nc ", "a b c"),
        ("a\x00b\x07c\ud800", "abc"),
        ("Zoë \U0001f680 <b>", "Zoë \U0001f680 <b>"),
        ("x" * 300, "x" * 255),
        (12, "12"),
    ],
)
def test_clean(given_: object, kept: str) -> None:
    assert clean(given_) == kept


@pytest.mark.parametrize("usable", ["a@b.co", " a@b.co\n", "A.b+c@Sub.Example.com", "ö@exämple.de"])
def test_an_address_is_kept_as_given(usable: str) -> None:
    assert email(usable) == usable.strip()


@pytest.mark.parametrize(
    "useless", [None, "", "a", "a@b", "a@@b.co", "a b@c.de", "a@b.co, c@d.ef", "<a@b.co>", "a" * 250 + "@b.co", "a@b."]
)
def test_no_address(useless: str | None) -> None:
    assert email(useless) == ""


@pytest.mark.parametrize("page", ["https://a.example/x?y=1#z", "http://127.0.0.1:8000", "HTTPS://é.example"])
def test_an_address_of_a_page_is_kept_as_given(page: str) -> None:
    assert web_address(page) == page


@pytest.mark.parametrize(
    "bad",
    [None, 7, "", "a.example", "javascript:alert(1)", "https://", "https://a b", "https://a\n", "https://a\x00",
     'https://a"onload="x', "https://a<b>", " https://a.example", "https://" + "x" * 250],
)  # fmt: skip
def test_no_address_of_a_page(bad: object) -> None:
    assert web_address(bad) == ""


@pytest.mark.parametrize("bad", [None, "", " a", "a\n", "a\x00", "\ud800", "x" * 201])
def test_no_identifier(bad: str | None) -> None:
    assert identifier(bad) == ""


def test_addresses_are_compared_without_case() -> None:
    assert same_email("Ä@Example.com", "ä@example.COM")
    assert not same_email("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    ("given_", "number"),
    [(5, 5), ("5", 5), (5.9, 5), (None, None), ("", None), ("x", None), (float("nan"), None), (float("inf"), None)],
)
def test_integer(given_: object, number: int | None) -> None:
    assert integer(given_) == number


def test_a_number_that_no_column_holds_is_none() -> None:
    assert [integer(n) for n in (2**63, -(2**63) - 1, 2**63 - 1)] == [None, None, 2**63 - 1]
