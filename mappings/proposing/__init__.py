"""Which tables of a product hold its people and accounts, and which views over them Instep should read."""

from mappings.proposing.casting import Cast, Unfit, cast
from mappings.proposing.views import Proposal, propose

__all__ = ["Cast", "Proposal", "Unfit", "cast", "propose"]
