"""What differs between a target and what was sent there: only what is ours to put right."""

from __future__ import annotations

from mappings.audit import CHANGED, Drift, drift
from mappings.model import Desired, Held, Link, Subject

ANN = Subject("person:ann")
WANTED = Desired("intercom.contacts", ANN, sets={"tags": frozenset({"sub:active"})}, keep=frozenset({"sub:paused"}))


def differs(sent: tuple[str, ...], there: tuple[str, ...]) -> Drift | None:
    link = Link("intercom.contacts", ANN, external_id="c1", sets={"tags": sent})
    return drift(link, Held("c1", sets={"tags": there}), WANTED)


def test_tags_that_others_took_off_or_put_on() -> None:
    assert differs(("sub:active",), ("sub:active",)) is None
    assert differs(("sub:active",), ("sub:churned",)) == Drift(CHANGED, ("-tags sub:active", "+tags sub:churned"))


def test_what_is_neither_given_nor_taken_off_does_not_differ() -> None:
    """As a tag that is used no more: its wearers keep it, also where it was deleted."""
    assert differs(("sub:active", "sub:paused"), ("sub:active",)) is None
    assert differs(("sub:active",), ("sub:active", "sub:paused")) is None
