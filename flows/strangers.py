"""Whether the product's people can be told apart, and a workspace's external_ids are theirs at all; whose, if not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from connectors.product import ProductUsers
from flows.asking import ask
from flows.house import Instep
from flows.settings import Failed
from mappings.adoption import strangers
from mappings.model import Ref
from mappings.proposing.checks import USERS, twice
from state.observed import Shown
from state.store import Store

PRODUCT = "the product database"
CONTACTS = "intercom.contacts"
# As many unknown ids are looked for in the product's own columns.
SAMPLE = 50


def refuse_doubles(instep: Instep) -> None:
    """A few people listed twice are a warning of `check`; many are a join gone wrong. Raises Failed."""
    for source in (line.source for line in instep.systems.sources):
        if isinstance(source, ProductUsers) and (wrong := twice(USERS, ask(PRODUCT, source.measure))):
            raise Failed(f"{wrong}. Nothing was written.")


def refuse_strangers(instep: Instep, pages: Iterable[Sequence[Shown]]) -> None:
    """``pages``: every contact. Raises Failed, naming the likely cause, where too few are known."""
    known = unknown = emails = 0
    sample: list[str] = []
    for page in pages:
        users = [shown for shown in page if shown.role == "user"]
        ours = _ours(instep.store, users)
        others = [shown.key for shown in users if shown.key and shown.id not in ours]
        known, unknown, emails = known + len(ours), unknown + len(others), emails + sum("@" in key for key in others)
        sample += others[: SAMPLE - len(sample)]
    if reason := strangers(known, unknown, emails):
        raise Failed(f"{reason}.{_where(instep, sample)} Nothing was written.")


def _ours(store: Store, users: Sequence[Shown]) -> set[str]:
    """Contacts of users that the product knows: by user id, or by what it says that Intercom knows them by."""
    keys = {shown.key for shown in users if shown.key}
    known = {ref.id for ref in store.accounts_of([Ref("product", "user", key) for key in keys])}
    known |= {key.partition(":")[2] for key in store.offering([f"contact:{key}" for key in keys])}
    linked = store.linked(CONTACTS, [shown.id for shown in users])
    return {shown.id for shown in users if shown.key in known or shown.id in linked}


def _where(instep: Instep, sample: Sequence[str]) -> str:
    """The column of the product's that holds these ids."""
    for source in (line.source for line in instep.systems.sources):
        if isinstance(source, ProductUsers) and (found := ask(PRODUCT, partial(source.holders, sample))):
            return (
                f" They are the values of {found[0]}: drop the views and run `instep init --product --column "
                f"intercom_external_id={found[0]}`."
            )
    return ""
