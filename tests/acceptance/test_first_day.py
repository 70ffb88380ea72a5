"""The first day in a workspace that people have lived in: recognised without a write, then switched on step by step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from town import Town, secluded
from vendors import DAY, HOUR, TOKEN

from flows.adoption import Adoption, adopt
from flows.settings import Failed, Misuse
from flows.switching import go_live, pause
from mappings.model import AccountId


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """With vendors of its own, since shares of a whole workspace count here."""
    with secluded("fd", tmp_path) as here:
        yield here


def intercom(town: Town, method: str, path: str, body: Any = None) -> Any:
    """What a teammate does by hand."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.14"}
    answer = requests.request(method, f"{town.vendors.url}/intercom{path}", json=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def contact(town: Town, **fields: Any) -> str:
    return str(intercom(town, "POST", "/contacts", {"role": "user", **fields})["id"])


def attribute(town: Town, model: str, name: str, type: str) -> None:
    """Made by hand."""
    row = {"name": name, "model": model, "data_type": type}
    town.vendors.control("POST", "/intercom/hand/data_attributes", row)


def lived_in(town: Town) -> dict[str, str]:
    """Ann is known by her id, Ben by his address; Cyd's stands under another id; Dan is a lead, Eve is new."""
    for person in ("ann", "ben", "cyd", "dan", "eve"):
        town.team(person, **{person: "owner"})
    ids = {
        "ann": contact(town, external_id=f"{town.name}-ann", email="ann@old.example", name="Annie"),
        "ben": contact(town, email=town.email("ben").upper()),
        "cyd": contact(town, external_id="somebody-else", email=town.email("cyd")),
        "dan": str(
            intercom(town, "POST", "/contacts", {"role": "lead", "email": town.email("dan"), "name": "Dan"})["id"]
        ),
    }
    for number in range(12):
        town.team(f"more{number}", **{f"m{number}": "owner"})
        contact(town, external_id=f"{town.name}-m{number}", email=town.email(f"m{number}"))
    tag = intercom(town, "POST", "/tags", {"name": "vip"})
    intercom(town, "POST", f"/contacts/{ids['ann']}/tags", {"id": tag["id"]})
    company = intercom(town, "POST", "/companies", {"company_id": town.account("ann"), "name": "Ann & Co"})
    intercom(town, "POST", f"/contacts/{ids['ann']}/companies", {"id": company["id"]})
    town.vendors.advance(HOUR)
    return ids


def report(town: Town) -> Adoption:
    return adopt(town.open(), [], lambda what, n: None)


def test_everybody_is_recognised_and_nothing_is_written(town: Town) -> None:
    ids = lived_in(town)
    town.init(on=False)
    mark = town.vendors.mark
    found = report(town)
    assert [call.line for call in town.vendors.writes(mark)] == []
    assert found.matched == {
        "companies by company_id": 1,
        "contacts by external_id": 13,
        "contacts by e-mail": 1,
        "contacts by lead": 1,
        "people in conflict": 1,
        "people without a contact": 1,
        "contacts of others (user)": 1,
    }
    assert found.conflicts == 1
    assert found.forecast.steps["intercom.contacts", "create", ""] == 1
    assert found.forecast.steps["intercom.companies", "create", ""] == 16
    assert sum(found.forecast.starts.values()) == 0
    names = {(line.subject, line.name) for line in found.forecast.overwrites}
    assert (f"person:{town.name}-ann", "email") in names
    again = report(town)
    assert again.matched["contacts linked before"] == 15
    assert again.forecast.steps == found.forecast.steps
    assert again.conflicts == found.conflicts
    intercom(town, "PUT", f"/contacts/{ids['cyd']}", {"external_id": f"{town.name}-cyd"})
    assert (report(town).conflicts, report(town).matched["contacts linked before"]) == (0, 16)
    assert f"person:{town.name}-cyd intercom.contacts" not in town.todo()


def test_what_was_reported_is_what_is_sent_and_the_rest_stays_as_it_was(town: Town) -> None:
    ids = lived_in(town)
    town.init(on=False)
    found = report(town)
    before = town.vendors.control("GET", "/intercom/people")
    go_live(town.open(), "", [], accept_names=False)
    town.sync()
    sent = [(entry.target, entry.operation) for entry in town.open().store.journal(limit=10_000)]
    steps = found.forecast.steps
    for target, operation in {key[:2] for key in steps}:
        assert sent.count((target, operation)) == sum(n for key, n in steps.items() if key[:2] == (target, operation))
    mark = town.vendors.mark
    for _ in range(2):
        assert town.sync().writes == 0
    assert town.vendors.writes(mark) == []
    assert town.person("ann")["id"] == ids["ann"]
    assert town.person("ben")["id"] == ids["ben"]
    assert (town.person("dan")["id"], town.person("dan")["role"]) == (ids["dan"], "user")
    assert "vip" in town.tags("ann")
    after = town.vendors.control("GET", "/intercom/people")
    assert [p for p in after if p["id"] == ids["cyd"]] == [p for p in before if p["id"] == ids["cyd"]]
    assert len(after) == len(before) + 1
    assert f"person:{town.name}-cyd intercom.contacts" in town.todo()


def test_a_pilot_is_written_and_nobody_else(town: Town) -> None:
    lived_in(town)
    town.init(on=False)
    report(town)
    pilot = [AccountId(town.account(name)) for name in ("ann", "eve")]
    go_live(town.open(), "", pilot, accept_names=False)
    town.sync()
    written = {entry.subject.partition(":")[2] for entry in town.open().store.journal(limit=1000)}
    assert written <= {*pilot, f"{town.name}-ann", f"{town.name}-eve"}
    assert town.stage("ann") == town.stage("eve") == "sub:prospect"
    assert town.access("ben") == {}
    go_live(town.open(), "", [], accept_names=False)
    town.sync()
    assert town.stage("ben") == "sub:prospect"


def test_pause_stops_everything_and_nothing_is_forgotten(town: Town) -> None:
    lived_in(town)
    town.init(on=False)
    report(town)
    go_live(town.open(), "", [], accept_names=False)
    town.sync()
    assert pause(town.settings, "intercom").modes["intercom.contacts"] == "watch"
    town.request_trial("ann", "ann")
    mark = town.vendors.mark
    town.sync()
    assert not [call for call in town.vendors.writes(mark) if call.system == "intercom"]
    assert town.access("ann")["stage"] == "trialing"
    go_live(town.open(), "intercom", [], accept_names=False)
    town.sync()
    assert town.stage("ann") == "sub:trialing"


def test_live_needs_a_young_report_and_names_of_its_own(town: Town) -> None:
    lived_in(town)
    tag = intercom(town, "POST", "/tags", {"name": "SUB:active"})
    town.init(on=False)
    with pytest.raises(Misuse, match="no adoption report"):
        go_live(town.open(), "", [], accept_names=False)
    assert report(town).foreign == ["tag sub:active"]
    with pytest.raises(Misuse, match="tag sub:active exist in Intercom"):
        go_live(town.open(), "", [], accept_names=False)
    with pytest.raises(Misuse, match="There is no target intercom"):
        go_live(town.open(), "intercom.nonsense", [], accept_names=True)
    assert set(town.open().house.modes.values()) == {"watch"}
    town.vendors.advance(DAY)
    with pytest.raises(Misuse, match="no adoption report"):
        go_live(town.open(), "", [], accept_names=True)
    report(town)
    town.configure("[trials]\nend_without_card = 'cancel'\n")
    with pytest.raises(Misuse, match="has changed since the adoption report"):
        go_live(town.open(), "", [], accept_names=True)
    report(town)
    go_live(town.open(), "", [], accept_names=True)
    town.sync()
    assert [t["id"] for t in intercom(town, "GET", "/tags")["data"] if t["name"].casefold() == "sub:active"] == [
        tag["id"]
    ]


def test_what_cannot_be_ours_is_in_the_way_and_no_question_of_acceptance(town: Town) -> None:
    town.team("acme", ann="owner")
    attribute(town, "contact", "mrr", "string")
    town.init(on=False)
    found = report(town)
    (hindrance,) = found.hindrances
    assert hindrance.startswith(
        "the attribute mrr is string, not float, and Intercom changes no type: give ours another"
    )
    assert found.foreign == []
    mark = town.vendors.mark
    with pytest.raises(Misuse, match="the attribute mrr is string, not float"):
        go_live(town.open(), "", [], accept_names=True)
    assert (town.vendors.writes(mark), list(town.open().house.names)) == ([], [])
    town.configure('[names]\nintercom_prefix = "in_"\n')
    assert report(town).hindrances == []
    go_live(town.open(), "", [], accept_names=False)


def test_only_what_was_accepted_is_ours_whatever_fails(town: Town) -> None:
    """One system of targets after the other, and Intercom away in the middle."""
    town.team("acme", ann="owner")
    attribute(town, "company", "account_stage", "string")
    town.init(on=False)
    assert report(town).foreign == ["company attribute account_stage"]
    town.vendors.fault("500_before", "intercom", "POST", "/tags", times=1_000_000)
    with pytest.raises(Failed, match="Intercom cannot be used"):
        go_live(town.open(), "intercom.contacts", [], accept_names=False)
    town.vendors.heal()
    go_live(town.open(), "intercom.contacts", [], accept_names=False)
    with pytest.raises(Misuse, match="company attribute account_stage exist in Intercom"):
        go_live(town.open(), "", [], accept_names=False)
    go_live(town.open(), "", [], accept_names=True)
    assert report(town).foreign == []


@pytest.mark.parametrize(
    ("external_id", "cause"),
    [("{person}@fd.example", "most are e-mail addresses"), ("uuid-{person}", "another column or product")],
)
def test_a_workspace_with_other_ids_is_refused_with_the_cause(town: Town, external_id: str, cause: str) -> None:
    for number in range(5):
        person = f"p{number}"
        town.team(person, **{person: "owner"})
        contact(town, external_id=external_id.format(person=person), email=town.email(person))
    town.init(on=False)
    mark = town.vendors.mark
    with pytest.raises(Failed, match=cause):
        report(town)
    everybody = [found["id"] for found in town.vendors.control("GET", "/intercom/people")]
    assert town.open().store.linked("intercom.contacts", everybody) == {}
    assert [call for call in town.vendors.since(mark) if call.effect] == []
    with pytest.raises(Misuse, match="no adoption report"):
        go_live(town.open(), "", [], accept_names=False)


def test_a_view_that_lists_everybody_twice_is_refused_with_the_cause(town: Town) -> None:
    for person in ("ann", "ben"):
        town.team(person, **{person: "owner"})
    town.product.execute("DROP VIEW instep_users", {})
    every = (
        "SELECT u.user_id, u.email, m.team_id AS account_id FROM users u JOIN memberships m ON m.user_id = u.user_id"
    )
    town.product.execute(f"CREATE VIEW instep_users AS {every} UNION ALL {every}", {})
    town.init(on=False)
    with pytest.raises(Failed, match="instep_users lists people of the same account more than once \\(2 of 4 rows"):
        report(town)
    assert town.open().house.adopted_at is None
