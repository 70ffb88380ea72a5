"""A good company from nothing to live: what was written, to whom, and that it was what the report had said."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Iterator

import pytest

from . import page
from .company import JSON, same
from .day import Day, Later, lived, lived_on
from .truth import mistakes

# A contact's and a company's fields that the product or Instep owns; custom attributes are looked at one by one.
CONTACT = {"external_id", "role", "email", "name", "signed_up_at", "last_seen_at", "updated_at"}
COMPANY = {"name", "plan", "monthly_spend", "updated_at", "user_count", "company_id"}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with lived(tmp_path_factory.mktemp("firstday")) as day:
        yield day


def test_from_nothing_to_live_in_ten_commands(day: Day) -> None:
    """Those of the page, word by word."""
    assert [command for command, _ in day.ended] == page.commands()
    assert len(day.ended) == 10
    assert set(day.status["installation"]["modes"].values()) == {"on"}


def test_trials_that_others_start_are_observed(day: Day) -> None:
    held = tomllib.loads((day.company.folder / "instep.toml").read_text())
    assert held["trials"]["mode"] == "observe"


def test_nothing_is_written_before_going_live(day: Day) -> None:
    assert [call for call in day.watching if call["effect"]] == []


def test_adoption_asks_for_each_page_once(day: Day) -> None:
    lists = Counter(call["path"].removeprefix("/v1/").strip("/") for call in day.adopting)
    truth = Counter(row["kind"] for row in day.company.truth)
    assert lists["customers"] <= truth["customer"] // 100 + 1
    assert lists["contacts"] <= truth["contact"] // 150 + 1
    assert len(day.adopting) < 40


def test_what_was_reported_is_what_was_sent(day: Day) -> None:
    """But for people whose contact was archived by hand: no list shows these."""
    reported: Counter[tuple[str, str]] = Counter()
    for step in day.report["steps"]:
        reported[step["target"], step["operation"]] += step["count"]
    journal = day.company.rows("state.db", "SELECT target, operation FROM journal")
    sent = Counter((row["target"], row["operation"]) for row in journal)
    archived = "SELECT count(*) AS n FROM todo WHERE reason LIKE '%archived by hand%'"
    hidden = day.company.rows("state.db", archived)[0]["n"]
    create, add = ("intercom.contacts", "create"), ("intercom.contacts", "add")
    assert reported[create] - sent[create] == hidden
    assert reported[add] - sent[add] <= 4 * hidden
    others = (reported.keys() | sent.keys()) - {create, add}
    assert {key: sent[key] for key in others} == {key: reported[key] for key in others}


def test_an_adoption_beside_a_pilot_reports_what_is_left(day: Day) -> None:
    """Whoever waits for a person's decision is no contact to create, however often it is asked."""
    first, left = _steps(day.report), _steps(day.again)
    assert left <= first
    assert left != first
    create = ("intercom.contacts", "create", "")
    assert day.report["conflicts"] == day.again["conflicts"] > 0
    assert 0 < left[create] <= first[create]
    conflicts = day.company.rows("state.db", "SELECT subject FROM todo WHERE kind = 'conflict'")
    made = {step["subject"] for step in day.planned if (step["target"], step["operation"], "") == create}
    assert made.isdisjoint(row["subject"] for row in conflicts)
    assert 0 < len(made) <= first[create]


def _steps(report: JSON) -> Counter[tuple[str, str, str]]:
    return Counter({(step["target"], step["operation"], step["what"]): step["count"] for step in report["steps"]})


def test_the_first_sync_looks_at_everybody(day: Day) -> None:
    """Each account counts once, however often it is taken up."""
    assert day.synced["ok"]
    assert day.synced["accounts"] == day.report["accounts"]


def test_the_journal_is_what_the_vendors_booked(day: Day) -> None:
    journal = day.company.rows("state.db", "SELECT target FROM journal WHERE target NOT LIKE 'product.%'")
    made = [call for call in day.effects if call["effect"].partition(".")[0] not in ("tag", "attribute")]
    assert len(made) == len(journal)
    assert day.quiet == []


def test_nothing_starts_and_nobody_loses_access(day: Day) -> None:
    assert sum(day.report["starts"].values()) == 0
    assert day.report["access_falls"] == []
    assert {call["effect"] for call in day.effects} <= {
        "customer.updated", "contact.created", "contact.updated", "contact.tagged", "contact.untagged",
        "company.created", "company.updated", "company.attached", "tag.created", "attribute.created",
        "attribute.updated",
    }  # fmt: skip
    rows = day.company.rows("company.db", "SELECT access, count(*) AS n FROM instep_access GROUP BY access")
    assert {row["access"] for row in rows} <= {"full", "grace"}
    assert day.company.rows("state.db", "SELECT kind FROM redemptions WHERE kind = 'request'") == []


def test_who_keeps_what_the_product_gives_is_counted_with_the_rule(day: Day) -> None:
    here = day.company
    views = "SELECT account_id FROM instep_accounts WHERE account_id NOT IN (SELECT account_id FROM instep_access)"
    left = [str(row["account_id"]) for row in here.rows("company.db", views)]
    assert sum(day.report["left_to_product"].values()) == day.status["without_row"] == len(left)
    assert day.report["left_to_product"]["ended before Instep"] > 0
    said = {here.run("status", "--account", account, "--json").data["left_to_product"] for account in left[:1]}
    assert said <= day.report["left_to_product"].keys()


def test_everybody_is_who_they_are_in_truth(day: Day) -> None:
    assert mistakes(day.company.folder / "state.db", day.company.truth) == []


def test_nobody_is_there_twice(day: Day) -> None:
    people = [p for kind, p in day.after.items() if kind.startswith("people") and p["role"] == "user"]
    held = Counter(p["external_id"] for p in people if p["external_id"])
    assert [id for id, n in held.items() if n > 1] == []
    known = {p["email"].casefold() for p in _of(day.before, "people") if p["email"] and not p["archived"]}
    new = [p for p in people if f"people {p['id']}" not in day.before]
    assert [p["id"] for p in new if p["email"].casefold() in known and _free_for(day, p)] == []
    named = Counter(c["company_id"] for c in _of(day.after, "companies"))
    assert max(named.values()) == 1
    assert _kinds(day.after, "customers") == _kinds(day.before, "customers")


def _free_for(day: Day, person: JSON) -> bool:
    """Whether a contact with that address, of a user without external_id, stood there for this person."""
    email = person["email"].casefold()
    return any(
        p["role"] == "user" and not p["archived"] and not p["merged_into"] and (p["email"] or "").casefold() == email
        for p in _of(day.before, "people")
    )


def test_what_is_not_ours_is_as_it_was(day: Day) -> None:
    assert day.before.keys() <= day.after.keys()
    changed = {key for key in day.before if not same(day.before[key], day.after[key])}
    assert {key.partition(" ")[0] for key in changed} <= {"people", "companies", "customers"}
    linked = {f"people {id}" for id in day.company.links("intercom.contacts")}
    linked |= {f"companies {id}" for id in day.company.links("intercom.companies")}
    linked |= {f"customers {id}" for id, account in day.company.customers().items() if account}
    assert changed <= linked
    for key in sorted(changed):
        assert _others(day, key, day.after) == _others(day, key, day.before)


def _others(day: Day, key: str, at: dict[str, JSON]) -> JSON:
    """An object without what is the product's or ours."""
    kind, one = key.partition(" ")[0], dict(at[key])
    if kind == "customers":
        kept = {name: value for name, value in one["metadata"].items() if name != "account_id"}
        return one | {"metadata": kept, "email": None, "name": None}
    mine = CONTACT if kind == "people" else COMPANY
    custom = {name: v for name, v in one["custom_attributes"].items() if name not in day.names["attribute"]}
    one |= dict.fromkeys(mine, None) | {"custom_attributes": custom}
    if kind == "people":
        one["tags"] = sorted(set(one["tags"]) - day.names["tag"])
        one["companies"] = sorted(id for id in one["companies"] if id.startswith("crm-"))
        # They show whom they are about as the contact says it.
        one["events"] = [event | {"user_id": None, "email": None} for event in one["events"]]
    return one


def test_a_pilot_is_written_and_nobody_else(day: Day) -> None:
    assert len(day.pilot) == 5
    members = "SELECT CAST(user_id AS TEXT) AS id, account_id FROM instep_users"
    mine = {row["id"] for row in day.company.rows("company.db", members) if str(row["account_id"]) in day.pilot}
    truth = {row["id"]: row["account_id"] for row in day.company.truth if row["kind"] == "customer"}
    touched: Counter[str] = Counter()
    for key, one in day.piloted.items():
        if key in day.before and same(day.before[key], one):
            continue
        kind = key.partition(" ")[0]
        touched[kind] += 1
        if kind == "people":
            assert day.user(one) in mine
        elif kind == "companies":
            assert one["company_id"] in day.pilot
        elif kind == "customers":
            assert truth[one["id"]] in day.pilot
        else:
            assert kind in ("tags", "data_attributes")
    assert touched["companies"] == 5
    assert touched["people"] >= 5


def _of(everything: dict[str, JSON], kind: str) -> list[JSON]:
    return [one for key, one in everything.items() if key.startswith(f"{kind} ")]


def _kinds(everything: dict[str, JSON], kind: str) -> int:
    return len(_of(everything, kind))


def test_what_is_overwritten_is_listed_and_kept(day: Day) -> None:
    with (day.company.folder / "report" / "overwrites.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == day.report["overwrites"] > 0
    assert {"email", "external_id", "monthly_spend"} <= {row["name"] for row in listed}
    for row in listed:
        before, after = _kept(day, row)
        shown = {"before": row["before"], "after": row["after"]}
        if "(hidden)" in shown.values():
            # The journal knows what names a person by its hash only.
            assert shown == {"before": "(hidden)", "after": "(hidden)"}
            assert before.startswith("#")
            assert before != after
        else:
            assert shown == {"before": before, "after": after}


def _kept(day: Day, row: dict[str, str]) -> tuple[str, str]:
    """What the journal holds of a field that was there before."""
    query = "SELECT before, after FROM journal WHERE target = ? AND subject = ? AND operation = 'update' ORDER BY id"
    lines = day.company.rows("state.db", query, row["target"], row["subject"])
    found = [(json.loads(line["before"]), json.loads(line["after"])) for line in lines]
    before, after = next((before, after) for before, after in found if row["name"] in after)
    return str(before[row["name"]]), str(after[row["name"]])


@pytest.fixture(scope="module")
def later(day: Day, tmp_path_factory: pytest.TempPathFactory) -> Later:
    return lived_on(day, tmp_path_factory.mktemp("later"))


def test_clocks_of_the_adopted_begin_with_us(later: Later) -> None:
    """Grace is seven days: whoever was past due for months has them from our birth on."""
    before, six, eight = later.rows
    grace = {account for account, access in before.items() if access == "grace"}
    assert grace
    assert {six[account] for account in grace} == {"grace"}
    assert "read_only" in {eight[account] for account in grace}
    fallen = {account for account, access in six.items() if access in ("read_only", "none")}
    assert fallen <= before.keys()


def test_no_old_reminder_is_sent_when_time_passes(later: Later) -> None:
    query = "SELECT after, caused_at, sent_at FROM journal WHERE target = 'intercom.events'"
    sent = later.company.rows("state.db", query)
    assert sent
    for row in sent:
        assert row["caused_at"] >= later.began
        assert row["sent_at"] - row["caused_at"] <= 72 * 3600
    assert {effect["effect"].partition(".")[0] for effect in later.effects} <= {"contact", "company", "event"}


def test_a_trial_of_years_ago_was_the_only_one(later: Later) -> None:
    assert len(later.answers) == 3
    for answer, reason in later.answers.values():
        assert answer == "refused"
        assert "trial" in reason
    assert later.company.effects(later.company.mark) == []
