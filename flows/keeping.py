"""The two tables that Instep keeps in the product's database, and what follows where that takes no rows."""

from __future__ import annotations

from collections.abc import Mapping

from flows.asking import ask
from flows.systems import Wires
from mappings.model import Mode

PRODUCT = "the product database"
# Their rows are in the product's database.
IN_PRODUCT = ("product.access", "product.requests")


def make_tables(w: Wires) -> bool:
    """Make what is missing; False where the product's database takes no rows. Raises Failed without an answer."""
    if not ask(PRODUCT, w.product.takes_rows) and ask(PRODUCT, w.product.writable):
        ask(PRODUCT, w.product.make_tables)
    return ask(PRODUCT, w.product.takes_rows)


def kept_modes(modes: Mapping[str, Mode], kept: bool) -> dict[str, Mode]:
    """What the product's database does not take is off, and watches once it does."""
    if not kept:
        return {**modes, **dict.fromkeys(IN_PRODUCT, "off")}
    return {name: "watch" if name in IN_PRODUCT and mode == "off" else mode for name, mode in modes.items()}
