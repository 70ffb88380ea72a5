"""What differs, as people read it."""

import pytest

from flows.comparing import Compared, Difference
from instep.comparing import MOST, show_compared
from mappings.model import AccountId


@pytest.mark.parametrize(("more", "ends"), [(0, f"d{MOST - 1} (tags)"), (1, " and 1 more"), (7, " and 7 more")])
def test_a_long_line_says_how_many_more(more: int, ends: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = [Difference(f"d{n}", AccountId("a"), "changed there", ("tags",)) for n in range(MOST + more)]
    show_compared([Compared("intercom.contacts", 5, found, 1_800_000_000)])
    *_, line, whole = capsys.readouterr().out.splitlines()
    assert line.startswith(f"  intercom.contacts: changed there ({MOST + more}): d0 (tags), ")
    assert line.endswith(ends)
    assert whole == f"5 of {5 + MOST + more} equal at 2027-01-15T08:00:00Z, {MOST + more} unexplained."
