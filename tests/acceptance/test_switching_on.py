"""From watching to on, after a change of instep.toml, and beside accounts that are left out: nobody is forgotten."""

from __future__ import annotations

from town import Town


def test_switching_on_after_watching_sends_everything(town: Town) -> None:
    town.team("acme", ann="owner")
    town.init(on=False)
    town.request_trial("acme", "ann")
    assert town.sync().writes == 0
    town.init(on=True)
    assert town.sync().writes > 0
    assert town.access("acme")["stage"] == "trialing"
    assert town.stage("ann") == "sub:trialing"


def test_a_renamed_tag_is_made_and_replaces_the_old_one(town: Town) -> None:
    town.team("acme", ann="owner")
    town.init()
    town.sync()
    assert town.stage("ann") == "sub:prospect"
    town.configure(f'[names]\nstage_tags = "{town.name}:{{stage}}"\n')
    assert any(planned.step.member == ("tags", f"{town.name}:prospect") for planned in town.plan())
    town.sync()
    assert f"{town.name}:prospect" in town.tags("ann")
    assert town.todo() == {}


def test_a_company_that_is_never_made_holds_nothing_else_back(town: Town) -> None:
    town.team("acme", ann="owner")
    left = {"team": town.account("left"), "user": f"{town.name}-ann"}
    town.product.execute("INSERT INTO teams (team_id, excluded) VALUES (:team, TRUE)", left)
    town.product.execute("INSERT INTO memberships (user_id, team_id, role) VALUES (:user, :team, 'member')", left)
    town.init()
    town.sync()
    assert town.stage("ann") == "sub:prospect"
    assert town.todo() == {}


def test_only_looks_at_the_accounts_it_names_though_nothing_is_due(town: Town) -> None:
    acme = town.team("acme", ann="owner")
    town.team("bolt", bob="owner")
    town.init()
    town.sync()
    report = town.try_sync(only=[acme])
    assert report.ok
    assert (report.tally.accounts, report.writes) == (1, 0)
