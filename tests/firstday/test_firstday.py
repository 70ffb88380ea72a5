"""A good company from nothing to live: what was written, to whom, and that it was what the report had said."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from .company import JSON, Company, company, same

# A contact's and a company's fields that the product or Instep owns; custom attributes are looked at one by one.
CONTACT = {"external_id", "role", "email", "name", "signed_up_at", "last_seen_at", "updated_at"}
COMPANY = {"name", "plan", "monthly_spend", "updated_at", "user_count", "company_id"}


@dataclass
class Day:
    """What was seen at each step. ``effects``: what the vendors booked as changed."""

    company: Company
    before: dict[str, JSON] = field(default_factory=dict)
    piloted: dict[str, JSON] = field(default_factory=dict)
    after: dict[str, JSON] = field(default_factory=dict)
    report: JSON = field(default_factory=dict)
    again: JSON = field(default_factory=dict)
    pilot: list[str] = field(default_factory=list)
    watching: list[JSON] = field(default_factory=list)
    adopting: list[JSON] = field(default_factory=list)
    effects: list[JSON] = field(default_factory=list)
    synced: JSON = field(default_factory=dict)
    quiet: list[JSON] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)

    def user(self, contact: JSON) -> str:
        """Whose contact it was before, else whose it says that it is."""
        return self._users.get(contact["id"]) or str(contact["external_id"])

    @property
    def _users(self) -> dict[str, str]:
        return {row["id"]: row["user_id"] for row in self.company.truth if row["kind"] == "contact"}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with company(tmp_path_factory.mktemp("firstday")) as here:
        day = Day(here)
        here.set_up()
        day.before = here.everything()
        mark = here.mark
        day.report = here.run("adopt", "--json").data
        day.adopting = here.calls(mark)
        day.watching = here.calls()
        day.pilot = _pilot(here)
        mark = here.mark
        assert here.run("go-live", "--only", *day.pilot, "--accept-names", "--yes").code == 0
        _sync(here)
        day.piloted = here.everything()
        day.again = here.run("adopt", "--json").data
        assert here.run("go-live", "--accept-names", "--yes").code == 0
        day.synced = here.run("sync", "--json").data
        day.effects = here.effects(mark)
        mark = here.mark
        _sync(here)
        _sync(here)
        day.quiet = here.effects(mark)
        day.after = here.everything()
        day.names = _names(here)
        yield day


def _sync(here: Company) -> None:
    said = here.run("sync")
    assert said.code in (0, 3), (said.out, said.err)


def _pilot(here: Company) -> list[str]:
    """The first five accounts with a customer and a contact of the owner."""
    owners = "SELECT user_id, account_id FROM instep_users WHERE role = 'owner' ORDER BY account_id"
    contacts = {row["user_id"] for row in here.truth if row["kind"] == "contact" and row["by"] == "external_id"}
    paying = {row["account_id"] for row in here.truth if row["kind"] == "customer" and row["matchable"]}
    found = [str(r["account_id"]) for r in here.rows("company.db", owners) if str(r["user_id"]) in contacts]
    return [account for account in found if account in paying][:5]


def _names(here: Company) -> dict[str, set[str]]:
    """Kind -> what Instep calls its own."""
    found: dict[str, set[str]] = {kind: set() for kind in ("tag", "event", "attribute")}
    for entry in here.run("tags", "--json").data:
        found[entry["kind"] if entry["kind"] in found else "attribute"].add(entry["name"])
    return found


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
    assert sum(day.report["left_to_product"].values()) == here.run("status", "--json").data["without_row"] == len(left)
    assert f"{len(left)} accounts have no row in instep_access: left to the product" in here.run("status").out
    assert day.report["left_to_product"]["ended before Instep"] > 0
    said = {here.run("status", "--account", account, "--json").data["left_to_product"] for account in left[:4]}
    assert said <= day.report["left_to_product"].keys()


def test_everybody_is_who_they_are_in_truth(day: Day) -> None:
    contacts, companies = day.company.links("intercom.contacts"), day.company.links("intercom.companies")
    customers = day.company.customers()
    wrong = []
    for row in day.company.truth:
        if row["kind"] == "contact":
            found, wanted = contacts.get(row["id"]), f"person:{row['user_id']}"
        elif row["kind"] == "company":
            found, wanted = companies.get(row["id"]), f"account:{row['account_id']}"
        else:
            found, wanted = customers.get(row["id"]), row["account_id"]
        if found != (wanted if row["matchable"] else None):
            wrong.append((found, row))
    assert wrong == []


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
