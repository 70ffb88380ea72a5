"""Which views are proposed over which tables: usual schemas, odd ones, bad ones, and what a person says instead."""

from __future__ import annotations

import pytest

from mappings.model.tables import At, Column, Kind, Measure, Table
from mappings.proposing import Proposal, Unfit, propose
from mappings.proposing.checks import doubts, indexes

KINDS: dict[str, Kind] = {"id": "integer", "at": "time", "is": "boolean", "comped": "boolean"}


def table(name: str, *columns: str, points: dict[str, str] | None = None, key: str = "id", **values: tuple[str, ...]):
    """Kinds by the names: ``*_id`` numbers, ``*_at`` moments, ``is_*`` truths, else text."""
    links = {column: At(*to.split(".")) for column, to in (points or {}).items()}
    return Table(
        name, tuple(Column(c, kind(c)) for c in columns), (key,) if key else (), links, frozenset({key}), values
    )


def kind(name: str) -> Kind:
    if name.endswith(("stripe_customer_id", "uuid")):
        return "text"
    return KINDS.get(name) or KINDS.get(name.rpartition("_")[2]) or KINDS.get(name.partition("_")[0]) or "text"


USERS = table("users", "id", "uuid", "email", "full_name", "confirmed_at", "created_at", "last_login_at", "deleted_at")
TEAMS = table(
    "teams", "id", "name", "plan", "stripe_customer_id", "trial_ends_at", "comped", "deleted_at", "updated_at"
)
LINKS = {"user_id": "users.id", "team_id": "teams.id"}
MEMBERS = table("memberships", "id", "user_id", "team_id", "role", "created_at", points=LINKS, role=("member", "owner"))


def froms(found: Proposal, view: int = 0) -> dict[str, str]:
    return {pick.name: str(pick.source) for pick in found.views[view].picks}


def hows(found: Proposal) -> dict[str, str]:
    return {pick.name: pick.how for pick in found.users.picks}


def test_users_teams_and_memberships() -> None:
    found = propose([MEMBERS, TEAMS, USERS, table("projects", "id", "team_id", "name")])
    assert froms(found) == {
        "user_id": "users.id", "account_id": "teams.id", "role": "memberships.role", "email": "users.email",
        "name": "users.full_name", "email_verified": "users.confirmed_at", "joined_at": "memberships.created_at",
        "signed_up_at": "users.created_at", "last_seen_at": "users.last_login_at",
    }  # fmt: skip
    assert froms(found, 1) == {
        "account_id": "teams.id", "name": "teams.name", "stripe_customer_id": "teams.stripe_customer_id",
        "plan": "teams.plan", "trial_ends_at": "teams.trial_ends_at", "comped": "teams.comped",
        "updated_at": "teams.updated_at",
    }  # fmt: skip
    assert hows(found)["email_verified"] == "given"
    assert [str(only.column) for only in found.users.only] == ["users.deleted_at", "teams.deleted_at"]
    assert [(join.table, str(join.to)) for join in found.users.joins] == [
        ("memberships", "users.id"), ("teams", "memberships.team_id"),
    ]  # fmt: skip
    assert found.users.pick("user_id").instead == (At("users", "uuid"),)
    assert all(pick.why for view in found.views for pick in view.picks)


def test_the_smallest_product() -> None:
    found = propose([table("users", "id", "email")])
    assert froms(found) == {"user_id": "users.id", "email": "users.email"}
    assert found.accounts is None
    assert any("its own account" in note for note in found.notes)
    assert any("verified" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("auth_user", ("id", "email", "password", "first_name", "last_name", "date_joined", "last_login")),
        ("User", ("id", "email", "name", "createdAt")),
        ("members", ("id", "email_address", "password_digest", "name")),
        ("accounts", ("id", "email", "encrypted_password", "last_sign_in_at")),
    ],
)
def test_users_by_other_names(name: str, columns: tuple[str, ...]) -> None:
    decoy = table("invitations", "id", "email", "name", "created_at")
    assert propose([decoy, table(name, *columns)]).users.base == name


def test_names_in_two_columns() -> None:
    found = propose([table("users", "id", "email", "first_name", "last_name")])
    pick = found.users.pick("name")
    assert pick is not None
    assert (str(pick.source), str(pick.other), pick.how) == ("users.first_name", "users.last_name", "joined")


def test_a_team_in_the_users_own_row() -> None:
    users = table("users", "id", "email", "company_id", "is_admin", points={"company_id": "companies.id"})
    found = propose([users, table("companies", "id", "name")])
    (join,) = found.users.joins
    assert (join.table, join.column, str(join.to)) == ("companies", "id", "users.company_id")
    assert froms(found)["account_id"] == "companies.id"


def test_teams_that_name_their_owner() -> None:
    teams = table("workspaces", "id", "name", "owner_id", points={"owner_id": "users.id"})
    (join,) = propose([USERS, teams]).users.joins
    assert (join.table, join.column, str(join.to)) == ("workspaces", "owner_id", "users.id")


def test_links_without_foreign_keys_are_known_by_their_names() -> None:
    members = table("team_members", "id", "userId", "teamId", "role", role=("owner",))
    found = propose([USERS, TEAMS, members])
    assert [(join.table, join.column, str(join.to)) for join in found.users.joins] == [
        ("team_members", "userId", "users.id"), ("teams", "id", "team_members.teamId"),
    ]  # fmt: skip


def test_sign_ins_are_no_teams() -> None:
    accounts = table("accounts", "id", "user_id", "provider", "access_token", points={"user_id": "users.id"})
    assert propose([USERS, accounts]).accounts is None


@pytest.mark.parametrize(
    ("roles", "how", "cases"),
    [
        (("owner", "member"), "plain", ()),
        (("Owner", "finance"), "cases", (("finance", "billing"),)),
        (("admin", "editor"), "cases", (("admin", "owner"),)),
    ],
)
def test_roles_in_words(roles: tuple[str, ...], how: str, cases: tuple[tuple[str, str], ...]) -> None:
    members = table("memberships", "id", "user_id", "team_id", "role", points=LINKS, role=roles)
    pick = propose([USERS, TEAMS, members]).users.pick("role")
    assert pick is not None
    assert (pick.how, pick.cases) == (how, cases)
    assert (pick.confidence == "guess") == (roles[0] == "admin")


def test_roles_by_flag_by_owner_and_by_nothing() -> None:
    flagged = table("memberships", "id", "user_id", "team_id", "is_owner", points=LINKS)
    assert hows(propose([USERS, TEAMS, flagged]))["role"] == "flag"
    bare = table("memberships", "id", "user_id", "team_id", points=LINKS)
    owned = table("teams", "id", "name", "owner_id", points={"owner_id": "users.id"})
    assert hows(propose([USERS, owned, bare]))["role"] == "same"
    nothing = propose([USERS, TEAMS, bare])
    assert "role" not in hows(nothing)
    assert any("everyone counts as its owner" in note for note in nothing.notes)


def test_an_erasure_is_seen_although_the_row_was_deleted() -> None:
    found = propose([table("users", "id", "email", "deleted_at", "erased_at")])
    (only,) = found.users.only
    assert only.but == At("users", "erased_at")
    assert hows(found)["erased"] == "given"


def test_deleted_by_a_flag() -> None:
    (only,) = propose([table("users", "id", "email", "is_deleted")]).users.only
    assert only.boolean


def test_what_is_not_looked_at_is_said() -> None:
    found = propose(
        [table("users", "id", "email", "is_active"), table("admins", "id", "email", "password", "last_login")]
    )
    assert any("users.is_active" in note for note in found.notes)
    assert any("admins looks like users too" in note for note in found.notes)


def test_customers_of_users_without_teams() -> None:
    found = propose([table("users", "id", "email", "name", "stripe_customer_id")])
    assert froms(found, 1) == {"account_id": "users.id", "stripe_customer_id": "users.stripe_customer_id"}


@pytest.mark.parametrize(
    "tables",
    [
        [],
        [table("orders", "id", "total")],
        [table("subscribers", "id", "email")],
        [table("users", "id", "login")],
    ],
)
def test_nothing_that_looks_like_users(tables: list[Table]) -> None:
    with pytest.raises(Unfit, match="no table looks like users"):
        propose(tables)


def test_the_address_elsewhere_is_named() -> None:
    with pytest.raises(Unfit, match=r"user_emails\.email"):
        propose([table("users", "id", "login"), table("user_emails", "id", "user_id", "email")])


def test_rows_without_a_name() -> None:
    with pytest.raises(Unfit, match="no column that names its rows"):
        propose([table("users", "email", "password", "last_login", key="")])


# What a person says instead


def test_another_column() -> None:
    wanted = {"user_id": At("users", "uuid"), "name": At("teams", "plan"), "last_seen_at": None}
    found = propose([USERS, TEAMS, MEMBERS], wanted)
    assert froms(found)["user_id"] == "users.uuid"
    assert "last_seen_at" not in froms(found)
    assert (froms(found)["name"], froms(found, 1)["name"]) == ("users.full_name", "teams.plan")


def test_another_id_of_accounts_is_taken_in_both_views() -> None:
    found = propose([USERS, TEAMS, MEMBERS], {"account_id": At("teams", "plan")})
    assert froms(found)["account_id"] == froms(found, 1)["account_id"] == "teams.plan"


def test_another_table_of_users() -> None:
    staff = table("staff", "id", "email")
    assert propose([USERS, staff], {"user_id": At("staff", "id")}).users.base == "staff"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (At("nowhere", "id"), "there is no table nowhere"),
        (At("users", "nothing"), "users has no column nothing"),
        (At("projects", "name"), "does not reach projects"),
    ],
)
def test_a_wish_that_cannot_be(place: At, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        propose([USERS, TEAMS, MEMBERS, table("projects", "id", "name")], {"name": place})


@pytest.mark.parametrize("name", ["user_id", "account_id", "email"])
def test_a_moment_names_nobody(name: str) -> None:
    with pytest.raises(Unfit, match="created_at is a time"):
        propose([USERS, TEAMS, MEMBERS], {name: At("users", "created_at")})


def test_what_is_needed_cannot_be_left_out() -> None:
    with pytest.raises(Unfit, match="needs email"):
        propose([USERS], {"email": None})


# What speaks against it


def test_doubts() -> None:
    good = Measure(100, 90, 40)
    assert list(doubts("instep_users", good)) == []
    bad = Measure(100, 90, 40, {"email": 2, "name": 5}, doubled=3, shared=1, ownerless=4, bad=1)
    assert [level for level, _ in doubts("instep_users", bad)] == ["warning"] * 5
    assert next(doubts("instep_users", Measure(0, 0)))[0] == "problem"


def test_a_view_that_lists_people_twice_is_a_problem() -> None:
    level, text = next(doubts("instep_users", Measure(150, 100, 40, doubled=50)))
    assert (level, "50 of 150 rows are too many" in text) == ("problem", True)


def test_indexes_that_are_missing() -> None:
    found = propose([USERS, TEAMS, MEMBERS])
    tables = {each.name: each for each in (USERS, TEAMS, MEMBERS)}
    assert indexes(tables, found.users) == [At("memberships", "user_id"), At("memberships", "team_id")]
