"""Invented names: people, companies and addresses under domains that nobody can own."""

from __future__ import annotations

import random
import unicodedata

SYLLABLES = (
    "ba", "bre", "ca", "co", "da", "de", "fi", "gro", "ha", "jo", "ka", "li", "lo", "ma", "mi",
    "ne", "no", "pa", "ri", "sa", "so", "ta", "ti", "va", "vo", "wen",
)  # fmt: skip
ENDS = ("lan", "mar", "nel", "rik", "son", "tis", "vey", "zen")
ACCENTED = {"mar": "már", "son": "søn", "nel": "nél"}
KINDS = ("Labs", "Works", "Studio", "Partners", "Systems", "& Co", "Group", "Logistics")
TOPS = ("example.com", "example.org", "example.net", "test")


class Names:
    """Everything is drawn from ``source``."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def word(self) -> str:
        return "".join(self._random.choices(SYLLABLES, k=self._random.choice((1, 2)))) + self._random.choice(ENDS)

    def person(self) -> str:
        first, last = self.word(), self.word()
        if self._random.random() < 0.06:
            for plain, accented in ACCENTED.items():
                last = last.replace(plain, accented)
        return f"{first.capitalize()} {last.capitalize()}"

    def company(self) -> str:
        return f"{self.word().capitalize()} {self._random.choice(KINDS)}"

    def domain(self, company: str, number: int) -> str:
        """No two companies share one."""
        return f"{_plain(company.split()[0])}{number}.{self._random.choice(TOPS)}"

    def address(self, name: str, domain: str, number: int) -> str:
        """No two people share one; some write capitals."""
        first, last = _plain(name).split()
        text = f"{first}.{last}.{number}@{domain}"
        return text.title() if self._random.random() < 0.03 else text

    def stranger(self, number: int) -> str:
        """An address that belongs to nobody in the product."""
        return f"{self.word()}.{number}@elsewhere.example.net"


def _plain(text: str) -> str:
    folded = text.replace("ø", "o")
    return unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode().casefold()
