"""What is kept for ever of a person: hashes under a secret, which newer secrets do not make worthless."""

from __future__ import annotations

import pytest
from works import Works

from flows.pseudonyms import Pseudonyms, pseudonyms
from mappings.model import fingerprint

KEY = ("email", "olga@example.com")


def test_the_first_secret_writes_and_all_verify() -> None:
    old, new = pseudonyms("old", "house"), pseudonyms(" new , old,", "house")
    assert new.secrets == ("new", "old", "house")
    assert old.redeeming(KEY) in new.redeemed(KEY)
    assert new.redeeming(KEY) not in old.redeemed(KEY)
    assert pseudonyms("", "house").redeeming(KEY) in new.redeemed(KEY)


def test_a_hash_cannot_be_made_without_a_secret() -> None:
    hashed = pseudonyms("secret", "house").of(list(KEY))
    assert hashed not in (fingerprint(list(KEY)), pseudonyms("", "house").of(list(KEY)))
    assert len(hashed) == 32
    with pytest.raises(IndexError):
        Pseudonyms().of(KEY)


def test_an_installation_uses_its_own_id_last(town: Works) -> None:
    instep = town.open()
    assert instep.systems.pseudonyms.secrets == ("of the works", instep.house.installation_id)


def test_a_trial_and_its_journal_are_kept_under_the_secret(town: Works) -> None:
    town.team("acme", ann="owner")
    request = town.request_trial("acme", "ann")
    town.sync()
    instep = town.open()
    hashes = Pseudonyms(("of the works",))
    mine = hashes.redeeming(("email", town.email("ann")))
    assert instep.store.redeemed([mine]) == {mine: request}
    written = [entry.after["email"] for entry in instep.store.journal() if "email" in entry.after]
    assert set(written) == {f"#{hashes.of(town.email('ann'))[:8]}"}
