"""A company with a history: its Stripe account, its Intercom workspace and its product database, and who is who."""

from __future__ import annotations

from typing import get_args

from sandbox.livedin import billing, messenger, product
from sandbox.livedin.firm import Firm, Flaw
from sandbox.world import World

SMALLEST, LARGEST = 0.01, 10


def build(world: World, product_url: str, seed: int = 1, size: float = 1, flaw: Flaw = "") -> dict[str, int]:
    """Fill the world of a fresh sandbox and the product database at ``product_url``; the truth is in ``world.truth``.

    ``size`` 1 is 3,000 customers and 9,000 contacts. The same seed, size and clock give the same company. Returns how
    many there are of what. Raises ValueError where a company is already, or for a database that is not empty.
    """
    if world.truth:
        raise ValueError("this sandbox holds a company already")
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"the size is from {SMALLEST} to {LARGEST}")
    if flaw not in get_args(Flaw):
        raise ValueError(f"the flaw is one of {', '.join(filter(None, get_args(Flaw)))}")
    product.prepare(product_url)
    firm = Firm(seed, world.now, size, flaw)
    billing.build(world, firm)
    messenger.build(world, firm)
    product.write(product_url, firm)
    kinds = [row["kind"] for row in world.truth]
    counts = {"customers": kinds.count("customer"), "contacts": kinds.count("contact")}
    return counts | {"users": len([user for user in firm.users if user.here]), "teams": len(firm.living)}
