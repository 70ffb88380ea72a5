"""When a lost dispute stops blocking: money came in since, whatever the latest invoice is by now."""

from dataclasses import replace

import pytest
from golden.words import config, day, dispute, known, sub

from mappings.disputes import lost
from mappings.model import Invoice


@pytest.mark.parametrize(
    ("status", "saw", "open_since", "blocks"),
    [
        ("active", -70, None, False),
        ("active", -20, None, True),
        ("past_due", -70, day(0), False),
        ("past_due", -70, day(-20), True),
    ],
)
def test_a_whole_period_since_was_paid(status: str, saw: int, open_since: int | None, blocks: bool) -> None:
    renewing = replace(
        sub(status),
        period_start=day(-1),
        period_end=day(29),
        open_since=open_since,
        invoice=Invoice("in_9", "draft", 4900),
    )
    facts = known(renewing, dispute("lost", saw=saw, was="under_review"))
    assert bool(lost(facts, config())) is blocks
