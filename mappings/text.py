"""One documented rule for every text, and every number, that comes in from outside.

``clean``: drops NUL, lone surrogates and other control characters (new lines and tabs become a space), folds runs of
white space, trims, and cuts at 255 characters (code points). Everything else, emoji and HTML among it, is kept as
given: each output escapes for itself.
``email``: cleaned, and usable only if it is one address of at most 254 characters.
``web_address``: of a page, at most 255 characters, for everybody to open; empty when it is none.
``integer``: a whole number of at most 64 bits, or None.
"""

from __future__ import annotations

import re

LIMIT = 255
# Unicode's categories Cc and Cs.
_DROPPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = str.maketrans("\t\n\r", "   ")
_PAGE = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@[^\s@<>\"(),:;\\\[\]]+\.[^\s@.<>\"(),:;\\\[\]]+")


def clean(value: object, limit: int = LIMIT) -> str:
    """The text as every system can hold it; empty for None."""
    if value is None:
        return ""
    text = _DROPPED.sub("", str(value).translate(_SPACES))
    return " ".join(text.split())[:limit]


def email(value: object) -> str:
    """The address as given, without surrounding space; empty when it is not one."""
    text = clean(value, 1000)
    return text if len(text) <= 254 and _ADDRESS.fullmatch(text) else ""


def same_email(left: str, right: str) -> bool:
    """Addresses are compared case-folded."""
    return left.casefold() == right.casefold()


def identifier(value: object) -> str:
    """An id as text: exact, or empty when a system could not carry it (control characters, over 200 characters)."""
    text = "" if value is None else str(value)
    return text if len(text) <= 200 and text == text.strip() and printable(text) else ""


def printable(text: str) -> bool:
    """Whether ``clean`` would drop none of it."""
    return not _DROPPED.search(text)


def web_address(value: object) -> str:
    """The address of a page as given; empty when it is none, since it is shown to be opened."""
    text = value if isinstance(value, str) else ""
    return text if len(text) <= LIMIT and _PAGE.fullmatch(text) and printable(text) else ""


def integer(value: object) -> int | None:
    """The number as every system can hold it; None for what is none, or not finite, or over 64 bits."""
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -(2**63) <= number < 2**63 else None
