"""Nothing new means nothing sent, and watching means nothing sent ever."""

from __future__ import annotations

import sqlalchemy as sa
from town import Town, lines
from vendors import HOUR, MINUTE

# What a run reads to know that nothing has happened, however many accounts there are.
POLLING = [
    "stripe GET /v1/account", "intercom GET /me", "stripe GET /v1/prices", "intercom GET /data_attributes",
    "stripe GET /v1/events", "intercom GET /tags",
]  # fmt: skip


def three_accounts(town: Town) -> Town:
    town.team("acme", ann="owner", bob="billing", cyd="member")
    town.team("beta", dan="owner")
    town.team("gamma", eve="owner")
    town.request_trial("acme", "ann")
    town.request_trial("beta", "dan", plan="team")
    return town


def test_a_quiet_run_only_polls(town: Town) -> None:
    three_accounts(town.init()).sync()
    rows, mark = town.product.instep_rows(), town.vendors.mark
    town.vendors.advance(13 * MINUTE)
    town.sync()
    second = town.vendors.since(mark)
    assert [call for call in second if call.method != "GET"] == []
    # What our own writes of the run before left in the event log is looked at once: three reads where no card is known.
    assert len(second) <= len(POLLING) + 2 * 3

    mark = town.vendors.mark
    town.vendors.advance(13 * MINUTE)
    report = town.sync()
    assert lines(town.vendors.since(mark)) == POLLING
    assert report.tally.accounts == 0
    assert town.product.instep_rows() == rows


def test_two_runs_in_the_same_second(town: Town) -> None:
    three_accounts(town.init()).sync()
    rows, mark = town.product.instep_rows(), town.vendors.mark
    report = town.sync()
    assert report.writes == 0
    assert town.vendors.writes(mark) == []
    assert town.product.instep_rows() == rows


def test_watching_writes_nothing(town: Town) -> None:
    mark = town.vendors.mark
    three_accounts(town.init(on=False))
    requests = town.product.instep_rows()["instep_requests"]
    report = town.sync()
    town.vendors.advance(HOUR)
    town.sync()
    assert town.vendors.writes(mark) == []
    assert town.product.instep_rows() == {"instep_access": [], "instep_requests": requests}
    assert report.writes == 0
    assert report.tally.outcomes["held"] > 0


def test_watching_makes_only_the_two_tables(town: Town) -> None:
    def relations() -> set[str]:
        inspector = sa.inspect(town.product.engine)
        return {*inspector.get_table_names(), *inspector.get_view_names()}

    before = relations()
    town.init(on=False)
    town.sync()
    assert relations() - before == {"instep_access", "instep_requests"}
