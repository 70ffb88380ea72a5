"""The people and teams of an invented company with eight years of history; no vendor knows them yet."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.livedin.names import Names

DAY = 86400
YEARS = 8
TEAMS, DELETED_TEAMS, DELETED_USERS, SHARED_PAIRS = 2900, 70, 400, 60
# How many people a team has, and how often.
SIZES = {1: 45, 2: 20, 3: 12, 4: 8, 6: 8, 8: 3, 12: 3, 20: 1}
ROLES = ("admin", "member", "member", "member", "billing", "viewer")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", None)

Flaw = Literal["", "email-ids", "old-uuids", "twice"]
"""What is wrong with a bad company: Intercom's external_id is the e-mail, or an id that users had before; or the
product has a view of its own that lists users twice."""


@dataclass(slots=True)
class User:
    """``gone``: deleted for good, so that only the vendors still know the id. Times are unix seconds."""

    id: int
    email: str
    name: str
    created_at: int
    legacy_uuid: str
    verified_at: int | None = None
    seen_at: int | None = None
    deleted_at: int | None = None
    gone: bool = False
    bad: bool = False

    @property
    def here(self) -> bool:
        return self.deleted_at is None and not self.gone


@dataclass(slots=True)
class Team:
    """``customer``: what the product knows of its Stripe customer. ``members``: owner first, with roles."""

    id: int
    name: str
    domain: str
    created_at: int
    zone: str | None
    plan: str = "free"
    customer: str = ""
    comped: bool = False
    trial_ends_at: int | None = None
    deleted_at: int | None = None
    members: list[tuple[User, str]] = field(default_factory=list)

    @property
    def owner(self) -> User:
        return self.members[0][0]


class Firm:
    """Drawn from ``seed`` alone; all moments are counted back from ``now``."""

    def __init__(self, seed: int, now: int, size: float, flaw: Flaw = "") -> None:
        self.random = random.Random(f"lived-in {seed}")
        self.now, self.size, self.flaw = now, size, flaw
        self.names = Names(self.random)
        self.users: list[User] = []
        self.teams: list[Team] = []
        self._found_teams()
        self._join_others()
        self._delete_some()
        self._share_addresses()

    def many(self, count: int) -> int:
        """``count`` at this size, at least one."""
        return max(1, round(count * self.size))

    def deck(self, counts: dict[str, int]) -> dict[str, int]:
        return {name: self.many(count) for name, count in counts.items()}

    def moment(self, after: int, before: int) -> int:
        return self.random.randint(after, max(after, before))

    @property
    def living(self) -> list[Team]:
        return [team for team in self.teams if team.deleted_at is None]

    def memberships(self) -> list[tuple[User, Team, str]]:
        """Of everybody whom the product still has a row of."""
        return [(user, team, role) for team in self.teams for user, role in team.members if not user.gone]

    def homes(self) -> dict[int, list[Team]]:
        """User id -> the teams that are still there."""
        found: dict[int, list[Team]] = {}
        for team in self.living:
            for user, _ in team.members:
                found.setdefault(user.id, []).append(team)
        return found

    def certain(self) -> set[int]:
        """Ids of users who are here and verified and whose address nobody else has."""
        here = [user for user in self.users if user.here]
        held = Counter(user.email.casefold() for user in here)
        return {user.id for user in here if user.verified_at and not user.bad and held[user.email.casefold()] == 1}

    def _found_teams(self) -> None:
        first = self.now - YEARS * 365 * DAY
        moments = sorted(self.moment(first, self.now - 3 * DAY) for _ in range(self.many(TEAMS)))
        for number, at in enumerate(moments):
            name = self.names.company()
            team = Team(101 + number, name, self.names.domain(name, number), at, self.random.choice(ZONES))
            for k in range(self._headcount()):
                team.members.append((self._hire(team, at, k), "owner" if k == 0 else self.random.choice(ROLES)))
            self.teams.append(team)
        for team in self.random.sample(self.teams, self.many(30)):
            team.members[0] = (team.owner, "admin")
        for team in self.random.sample([t for t in self.teams if len(t.members) > 1], self.many(80)):
            team.members[1] = (team.members[1][0], "owner")
        for team in self.random.sample(self.teams, self.many(40)):
            team.comped = True

    def _headcount(self) -> int:
        return self.random.choices(list(SIZES), list(SIZES.values()))[0]

    def _hire(self, team: Team, since: int, number: int) -> User:
        # Ids have gaps: not every row of a product is still there.
        id = (self.users[-1].id if self.users else 1000) + self.random.choice((1, 1, 1, 2))
        at = since if number == 0 else self.moment(since, self.now - DAY)
        name = self.names.person()
        user = User(id, self.names.address(name, team.domain, id), name, at, self._uuid())
        user.verified_at = at + 3600 if self.random.random() > 0.07 else None
        user.seen_at = self.moment(at, self.now) if self.random.random() > 0.1 else None
        self.users.append(user)
        return user

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _join_others(self) -> None:
        """Some belong to more teams than one."""
        for user in self.random.sample(self.users, self.many(320)):
            team = self.random.choice(self.teams)
            if all(member is not user for member, _ in team.members):
                team.members.append((user, self.random.choice(ROLES)))

    def _delete_some(self) -> None:
        for team in self.random.sample(self.teams, self.many(DELETED_TEAMS)):
            team.deleted_at = self.moment(team.created_at, self.now)
        homes = self.homes()
        for team in self.teams:
            for user, _ in team.members:
                user.deleted_at = None if user.id in homes else team.deleted_at
        owners = {team.owner.id for team in self.teams}
        others = [user for user in self.users if user.id not in owners and user.here]
        for number, user in enumerate(self.random.sample(others, min(len(others) // 4, self.many(DELETED_USERS)))):
            user.deleted_at, user.gone = self.moment(user.created_at, self.now), number % 2 == 0

    def _share_addresses(self) -> None:
        """Two people with one address, once written in capitals; and rows whose address is none."""
        owners = [team.owner for team in self.living]
        drawn = self.random.sample(owners, 2 * self.many(SHARED_PAIRS))
        for one, other in zip(drawn[::2], drawn[1::2], strict=True):
            other.email = one.email.upper() if self.random.random() < 0.3 else one.email
            one.verified_at = other.verified_at = one.created_at
        taken = {user.id for user in [*drawn, *owners]}
        for user in self.random.sample([u for u in self.users if u.here and u.id not in taken], self.many(6)):
            user.email, user.bad = "n/a", True

    def shared(self) -> list[User]:
        """Those who share their address with somebody else, in order of id."""
        held = Counter(user.email.casefold() for user in self.users if user.here)
        return [u for u in self.users if u.here and not u.bad and held[u.email.casefold()] > 1]


@dataclass(frozen=True, slots=True)
class Truth:
    """Who an object at a vendor really is. ``by``: the rule that finds it. ``matchable``: whether any rule may."""

    system: str
    kind: str
    id: str
    account_id: str = ""
    user_id: str = ""
    by: str = ""
    note: str = ""

    def row(self) -> dict[str, Any]:
        return {
            "system": self.system, "kind": self.kind, "id": self.id, "account_id": self.account_id,
            "user_id": self.user_id, "matchable": bool(self.by), "by": self.by, "note": self.note,
        }  # fmt: skip
