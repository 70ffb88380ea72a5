"""The company with a history: what it holds, that it is the same each time, and that its truth table is true."""

import csv
import io
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing

import psycopg
import pytest
import requests
from sandbox_process import START, Sandbox, start

STATUSES = {
    "trialing", "active", "past_due", "canceled", "paused", "incomplete", "incomplete_expired", "unpaid",
}  # fmt: skip


class Company:
    """One built in a process of its own, and read the way a stranger would read it."""

    def __init__(self, url, product, **wanted):
        self.box = Sandbox(url)
        self.product = product
        self.counts = self.box.control("POST", "/company", {"product_url": f"sqlite:///{product}", **wanted})
        self.truth = self.box.control("GET", "/truth")
        self.customers = self.everything("/v1/customers")
        self.subscriptions = self.everything("/v1/subscriptions", status="all")
        self.contacts = self.listed()

    def everything(self, path, **params):
        found, more = [], {}
        while True:
            page = self.box.get(path, limit=100, **params, **more)
            found += page["data"]
            if not page["has_more"]:
                return found
            more = {"starting_after": page["data"][-1]["id"]}

    def listed(self):
        found, more = [], {}
        while True:
            answer = requests.get(
                f"{self.box.url}/intercom/contacts", {"per_page": 150, **more},
                headers={"Authorization": "Bearer tok_sandbox"}, timeout=10,
            ).json()  # fmt: skip
            found += answer["data"]
            if "next" not in answer["pages"]:
                return found
            more = {"starting_after": answer["pages"]["next"]["starting_after"]}

    def rows(self, statement):
        with closing(sqlite3.connect(self.product)) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    processes = []

    def make(**wanted):
        process, url = start("--limits", "off")
        processes.append(process)
        return Company(url, tmp_path_factory.mktemp("company") / "company.db", **wanted)

    yield make
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def company(build):
    return build(size=0.05)


def known_share(company):
    """Of the users' external_ids, how many are ids of users in the product."""
    ids = {str(id) for (id,) in company.rows("SELECT id FROM users WHERE deleted_at IS NULL")}
    held = [c["external_id"] for c in company.contacts if c["role"] == "user" and c["external_id"]]
    return sum(id in ids for id in held) / len(held)


def test_there_is_some_of_everything(company):
    assert {sub["status"] for sub in company.subscriptions} == STATUSES
    assert len({sub["currency"] for sub in company.subscriptions}) >= 3
    prices = {sub["items"]["data"][0]["price"]["id"] for sub in company.subscriptions}
    assert prices & {"price_test_1", "price_test_2", "price_beta"}
    assert {"user", "lead"} == {contact["role"] for contact in company.contacts}
    assert any(contact["tags"]["has_more"] for contact in company.contacts)
    people = company.box.control("GET", "/intercom/people")
    assert any(person["archived"] for person in people)
    assert any(person["merged_into"] for person in people)
    assert any("sub:trialing" in person["tags"] for person in people)
    assert any(isinstance(person["custom_attributes"].get("plan"), int) for person in people)
    notes = Counter(row["note"].partition(" ")[0] for row in company.truth if row["kind"] == "customer")
    assert min(notes[word] for word in ("deleted", "from", "nobody's", "the")) >= 1


def test_only_what_is_invented(company):
    addresses = [c["email"] for c in company.customers] + [c["email"] for c in company.contacts if c["email"]]
    addresses += [address for (address,) in company.rows("SELECT email FROM users WHERE email <> 'n/a'")]
    domains = {address.casefold().rpartition("@")[2] for address in addresses}
    assert {".".join(domain.split(".")[-2:]) for domain in domains if not domain.endswith(".test")} <= {
        "example.com", "example.org", "example.net",
    }  # fmt: skip


def test_the_product_has_tables_and_no_views(company):
    names = dict(company.rows("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    assert {"users", "teams", "memberships"} <= names.keys()
    assert set(names.values()) == {"table"}


def test_nothing_was_called(company):
    ledger = company.box.control("GET", "/ledger?writes=1")
    assert ledger == []


def test_the_truth_of_contacts_follows_from_the_rules(company):
    """An external_id of ours; or no external_id and the address of one verified user, who has no other contact."""
    here = company.rows("SELECT id, email, confirmed_at FROM users WHERE deleted_at IS NULL")
    ids = {str(id) for id, _, _ in here}
    verified, users = {}, Counter(email.casefold() for _, email, _ in here)
    for id, email, confirmed in here:
        if confirmed and users[email.casefold()] == 1:
            verified[email.casefold()] = str(id)
    mine = {c["external_id"] for c in company.contacts if c["role"] == "user"}
    wearing = Counter((c["email"] or "").casefold() for c in company.contacts)
    truth = {row["id"]: row for row in company.truth if row["kind"] == "contact"}
    for contact in company.contacts:
        found, row = "", truth[contact["id"]]
        email = (contact["email"] or "").casefold()
        free = contact["role"] == "lead" or not contact["external_id"]
        if contact["role"] == "user" and contact["external_id"] in ids:
            found = contact["external_id"]
        elif free and email in verified and wearing[email] == 1 and verified[email] not in mine:
            found = verified[email]
        assert (row["user_id"] if row["matchable"] else "") == found, (row, contact)


def test_the_truth_of_customers_follows_from_the_rules(company):
    """The product's word, then metadata, then the address of one verified person that one customer has."""
    teams = company.rows("SELECT id, stripe_customer_id FROM teams WHERE deleted_at IS NULL")
    named, living = {customer: str(id) for id, customer in teams if customer}, {str(id) for id, _ in teams}
    people = company.rows(
        "SELECT u.email, m.team_id FROM users u JOIN memberships m ON m.user_id = u.id JOIN teams t ON t.id = m.team_id"
        " WHERE u.deleted_at IS NULL AND t.deleted_at IS NULL AND u.confirmed_at IS NOT NULL"
    )
    offers = defaultdict(set)
    for email, team in people:
        offers[email.casefold()].add(str(team))
    inner = {sub["customer"]: sub["metadata"].get("account_id") for sub in company.subscriptions}
    seekers = Counter(c["email"].casefold() for c in company.customers if not c["metadata"].get("account_id"))
    truth = {row["id"]: row for row in company.truth if row["kind"] == "customer"}
    for customer in company.customers:
        row, email, word = truth[customer["id"]], customer["email"].casefold(), customer["metadata"].get("account_id")
        found = named.get(customer["id"]) or (word if word in living else None) or inner.get(customer["id"])
        if not found and not word and len(offers[email]) == 1 and seekers[email] == 1:
            (found,) = offers[email]
        assert (row["account_id"] if row["matchable"] else None) == found, (row, customer)


def test_truth_as_csv(company):
    text = requests.get(f"{company.box.url}/_sandbox/truth.csv", timeout=10).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(company.truth)
    assert rows[0]["id"] == company.truth[0]["id"]


def test_the_same_seed_is_the_same_company(build):
    one, same, other = build(size=0.01), build(size=0.01), build(size=0.01, seed=2)
    assert (one.truth, one.customers, one.contacts) == (same.truth, same.customers, same.contacts)
    tables = "SELECT * FROM users ORDER BY id"
    assert one.rows(tables) == same.rows(tables) != other.rows(tables)


def test_a_good_company_is_above_nine_in_ten(company):
    assert known_share(company) > 0.9


@pytest.mark.parametrize("flaw", ["email-ids", "old-uuids"])
def test_other_people_s_ids_are_in_the_way(build, flaw):
    bad = build(size=0.02, flaw=flaw)
    column = {"email-ids": "email", "old-uuids": "legacy_uuid"}[flaw]
    known = {value for (value,) in bad.rows(f"SELECT {column} FROM users")}
    held = [c["external_id"] for c in bad.contacts if c["role"] == "user" and c["external_id"]]
    assert known_share(bad) == 0
    assert sum(id in known for id in held) / len(held) > 0.9
    assert not any(row["by"] == "external_id" for row in bad.truth)


def test_a_view_that_lists_users_twice(build):
    bad = build(size=0.02, flaw="twice")
    (twice,) = bad.rows("SELECT count(*) - count(DISTINCT user_id || '/' || account_id) FROM instep_users")[0]
    assert twice > 10


def test_on_postgresql(postgres_url):
    process, url = start("--limits", "off")
    try:
        box = Sandbox(url)
        counts = box.control("POST", "/company", {"product_url": postgres_url, "size": 0.01})
        with psycopg.connect(postgres_url) as connection:
            (users,) = connection.execute("SELECT count(*) FROM users WHERE deleted_at IS NULL").fetchone()
        assert users == counts["users"]
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("wanted", [{"size": 0}, {"size": 11}, {"flaw": "many"}, {"colour": "red"}])
def test_a_wish_that_cannot_be(company, wanted, tmp_path):
    body = {"product_url": f"sqlite:///{tmp_path / 'x.db'}", **wanted}
    assert requests.post(f"{company.box.url}/_sandbox/company", json=body, timeout=10).status_code == 400


def test_somebody_s_own_database_is_left_alone(sandbox, tmp_path):
    path = tmp_path / "mine.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")
    body = {"product_url": f"sqlite:///{path}", "size": 0.01}
    answer = requests.post(f"{sandbox.url}/_sandbox/company", json=body, timeout=10)
    assert answer.status_code == 400
    assert "no sandbox made" in answer.json()["error"]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_it_begins_in_the_past(company):
    assert max(customer["created"] for customer in company.customers) < START
    assert max(contact["updated_at"] for contact in company.contacts) < START
