"""What every target must keep, written once and inherited: a subclass gives a target and what it should hold."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from connectors.contract import ConnectorError, Target, Transient, Unauthorized, Unknown
from mappings.model import Desired, Held, Step

STRANGE = "a/../b?c=1#d é%"
PATHS, CONTROL, UNSENDABLE = ["..", "."], ["two\r\nlines: x", "nul\x00byte"], ["\ud800", "x" * 10_000]
HOSTILE = [
    *PATHS, "../../customers", "%2F..%2F", "a/../../b", "?limit=1", "#x", "a;b", "'; DROP TABLE x; --", '"x',
    "=HYPERLINK(1)", *CONTROL, *UNSENDABLE, "\u202eright to left", "🦄" * 80,
    "<script>alert(1)</script>", "{{ x }} %s", " padded ",
]  # fmt: skip


def step(desired: Desired, operation: str, key: str = "key-1", held: Held | None = None, **more: Any) -> Step:
    values = {**more.pop("values", desired.values), **desired.beside}
    return Step(desired.target, desired.subject, operation, key, held.external_id if held else "", values, **more)


class TargetContract:
    """Subclasses define the fixtures ``target`` and ``account_id -> Desired`` (``wanted``), and ``update``; ``refuses``
    are ids that need not be taken."""

    update: ClassVar[dict[str, Any]] = {}
    refuses: ClassVar[Collection[str]] = UNSENDABLE

    def make(self, target: Target, desired: Desired, key: str = "key-1") -> Held:
        return target.push(step(desired, "create", key))

    def test_it_is_a_target(self, target):
        assert isinstance(target, Target)

    def test_nothing_is_found_before_it_is_made(self, target, wanted):
        assert target.find(wanted("a1"), None) is None
        assert target.find(wanted("a1"), 1) is None

    def test_what_was_made_is_found_whole(self, target, wanted):
        made = self.make(target, wanted("a1"))
        found = target.find(wanted("a1"), None)
        assert found.external_id == made.external_id
        assert dict(found.values) == dict(wanted("a1").values)

    def test_another_subject_is_not_found(self, target, wanted):
        self.make(target, wanted("a1"))
        assert target.find(wanted("a2"), None) is None

    def test_an_update_sends_only_what_is_given(self, target, wanted):
        desired = wanted("a1")
        made = self.make(target, desired)
        if not self.update:
            return
        target.push(step(desired, "update", "key-2", made, values=self.update))
        assert dict(target.find(desired, None).values) == {**desired.values, **self.update}

    def test_strange_ids_stay_whole(self, target, wanted):
        made = self.make(target, wanted(STRANGE))
        assert target.find(wanted(STRANGE), None).external_id == made.external_id

    def test_hostile_ids_are_refused_or_stay_whole(self, target, wanted):
        for number, id in enumerate(HOSTILE):
            desired = wanted(id)
            with suppress(*([ConnectorError] if id in self.refuses else [])):
                assert target.find(desired, None) is None
                made = self.make(target, desired, f"key {number}")
                found = target.find(desired, None)
                assert (found.external_id, dict(found.values)) == (made.external_id, dict(desired.values)), ascii(id)


class HttpContract(TargetContract):
    """The same over HTTP. ``system`` as in the ledger, ``created`` the effect that a create has there, ``method`` the
    call that has it, where a create takes several."""

    system = ""
    created = ""
    method = ""

    def effects(self, live) -> int:
        return live.effects(self.system).count(self.created)

    def test_hostile_ids_ask_for_nothing_else(self, target, wanted, live):
        """The same paths as for a plain id, but for the id; refused, it leaves nothing behind."""
        places = self.places(target, live, wanted("plain"), "plain", "key")
        for number, id in enumerate(HOSTILE):
            desired, before = wanted(id), len(live.effects(self.system))
            try:
                assert self.places(target, live, desired, id, f"key {number}") == places, ascii(id)
            except ConnectorError as error:
                assert len(live.effects(self.system)) == before, ascii(id)
                assert f"{error}".isprintable(), ascii(id)  # noqa: PT017

    def places(self, target, live, desired: Desired, id: str, key: str) -> list[tuple[str, str]]:
        """What looking for it, making it and reading it asks for, without the ids."""
        live.asked.clear()
        target.find(desired, None)
        made = self.make(target, desired, key)
        target.find(replace(desired, external_id=made.external_id), None)
        names = [quote(name, safe="") for name in (id, made.external_id)]
        return [(method, path.replace(names[0], "{id}").replace(names[1], "{made}")) for method, path in live.asked]

    def test_the_same_key_twice_is_one_effect(self, target, wanted, live):
        first, second = self.make(target, wanted("a1")), self.make(target, wanted("a1"))
        assert first.external_id == second.external_id
        assert self.effects(live) == 1

    @pytest.mark.parametrize("action", ["429", "429_retry_after"])
    def test_too_many_requests_is_waited_out(self, target, wanted, live, action):
        live.fault(action, self.system, times=2)
        assert self.make(target, wanted("a1")).external_id
        assert self.effects(live) == 1

    @pytest.mark.parametrize("action", ["500_before", "html_200", "null_200", "junk_502", "redirect_302"])
    def test_an_unclear_write_is_unknown_and_not_repeated(self, target, wanted, live, action):
        desired = wanted("a1")
        live.fault(action, self.system, times=1)
        with pytest.raises(Unknown) as caught:
            self.make(target, desired)
        self.assert_silent(caught.value, desired)
        assert self.effects(live) == 0
        assert target.find(desired, live.world.now) is None

    @pytest.mark.parametrize("action", ["500_after", "cut_after", "truncated", "html_200_after", "redirect_302_after"])
    def test_a_lost_answer_is_found_by_reading(self, target, wanted, live, action):
        desired = wanted("a1")
        live.fault(action, self.system, self.method, times=1)
        with pytest.raises(Unknown):
            self.make(target, desired)
        assert dict(target.find(desired, live.world.now).values) == dict(desired.values)
        assert self.effects(live) == 1

    @pytest.mark.parametrize("action", ["500_before", "cut_after", "truncated", "html_200", "null_200", "redirect_302"])
    def test_reads_are_tried_again(self, target, wanted, live, action):
        desired = wanted("a1")
        made = self.make(target, desired)
        live.fault(action, self.system, "GET", times=2)
        assert target.find(desired, None).external_id == made.external_id

    def test_a_vendor_that_stays_down_is_transient(self, target, wanted, live):
        live.fault("500_before", self.system, times=99)
        with pytest.raises(Transient) as caught:
            target.find(wanted("a1"), None)
        self.assert_silent(caught.value, wanted("a1"))

    def test_a_wrong_key_is_unauthorized(self, stranger, wanted):
        with pytest.raises(Unauthorized) as caught:
            self.make(stranger, wanted("a1"))
        self.assert_silent(caught.value, wanted("a1"))

    def assert_silent(self, error: Exception, desired: Desired) -> None:
        """No key, no e-mail, no name."""
        private = {"wrong", "sandbox", desired.values.get("email"), desired.values.get("owner_email")} - {None}
        assert not [word for word in private if word in str(error)]
