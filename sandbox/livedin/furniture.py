"""What people have put into the Intercom workspace: tags, attributes with their values, companies."""

from __future__ import annotations

from typing import Any

from sandbox.intercom.space import Attribute, Company, Contact, Tag, Workspace
from sandbox.livedin.firm import DAY, Firm, Truth

# Name -> of a thousand contacts, how many wear it. The first has the name of one of Instep's own.
TAGS = {
    "sub:trialing": 12, "vip": 30, "newsletter": 300, "Newsletter 2023": 90, "churn risk": 40, "beta tester": 25,
    "webinar": 60, "webinar-2024": 40, "enterprise": 35, "agency": 50, "partner": 10, "do not contact": 15,
    "feature request": 80, "bug reporter": 45, "trial extended": 20, "paid by wire": 12, "education": 22,
    "non-profit": 9, "referral": 33, "conference": 18, "import 2021": 110, "import 2023": 70, "spam": 6,
    "nps promoter": 55, "nps detractor": 17,
}  # fmt: skip
# Model, name, type. `plan` is a number here; one is archived.
ATTRIBUTES = (
    ("contact", "plan", "integer"), ("contact", "job_title", "string"), ("contact", "company_size", "integer"),
    ("contact", "nps", "integer"), ("contact", "first_campaign", "string"), ("contact", "beta", "boolean"),
    ("contact", "renewal_call", "date"), ("contact", "lead_score", "float"), ("contact", "crm_id", "string"),
    ("contact", "city_note", "string"), ("contact", "last_webinar", "date"), ("contact", "old_plan", "string"),
    ("company", "account_manager", "string"), ("company", "region", "string"), ("company", "arr", "float"),
)  # fmt: skip
ARCHIVED = "old_plan"
IN_A_SEGMENT = ("vip", "lead_score")
KNOWN, FOREIGN = 1100, 90


class Tags:
    """The workspace's tags, and who happens to wear which."""

    def __init__(self, firm: Firm, made: dict[str, Tag]) -> None:
        self._firm, self._made = firm, made

    def draw(self, since: int) -> dict[str, int]:
        """Tag id -> when it was put on. One contact in two hundred wears more than ten."""
        random = self._firm.random
        many = random.random() < 0.005
        names = random.sample(list(TAGS), random.randint(11, 18)) if many else self._few()
        return {self._made[name].id: self._firm.moment(since, self._firm.now - 60) for name in names}

    def _few(self) -> list[str]:
        return [name for name, often in TAGS.items() if self._firm.random.random() < often / 1000]


def tags(space: Workspace, firm: Firm) -> Tags:
    made = {name: Tag(str(space.number()), name) for name in TAGS}
    made[IN_A_SEGMENT[0]].segment = "Important people"
    space.tags = {tag.id: tag for tag in made.values()}
    return Tags(firm, made)


def attributes(space: Workspace, firm: Firm) -> None:
    for model, name, kind in ATTRIBUTES:
        at = firm.moment(firm.now - 6 * 365 * DAY, firm.now - 300 * DAY)
        row = Attribute(space.number(), model, name, kind, at, at, description=f"{name.replace('_', ' ')}, by hand")
        row.archived, row.used_by = name == ARCHIVED, "Hot leads" if name in IN_A_SEGMENT else ""
        space.attributes[name] = row


def values(firm: Firm) -> dict[str, Any]:
    """A few custom values of a contact, some under our own name ``plan``."""
    random = firm.random
    drawn: dict[str, Any] = {
        "plan": random.randint(1, 4),
        "job_title": random.choice(("Founder", "Engineer", "Operations", "Büroleitung")),
        "company_size": random.choice((1, 5, 20, 100, 500)),
        "nps": random.randint(0, 10),
        "first_campaign": random.choice(("spring", "search", "podcast")),
        "lead_score": round(random.random() * 100, 2),
        "renewal_call": firm.now + random.randint(-90, 90) * DAY,
        "beta": random.random() < 0.5,
        "old_plan": "gold",
    }
    return {name: value for name, value in drawn.items() if random.random() < 0.3}


def companies(space: Workspace, firm: Firm, people: dict[int, Contact]) -> list[Truth]:
    """Those that the product made, by team id, with those of the team's people who have a contact; and a CRM's."""
    truths = []
    teams = [team for team in firm.living if any(user.id in people for user, _ in team.members)]
    for team in firm.random.sample(teams, min(len(teams), firm.many(KNOWN))):
        company = _company(space, firm, str(team.id), team.name, team.created_at)
        for user, _ in team.members:
            if user.id in people:
                _attach(people[user.id], company, team.created_at)
        truths.append(Truth("intercom", "company", company.id, str(team.id), "", "company_id"))
    everybody = list(people.values())
    for number in range(firm.many(FOREIGN)):
        company = _company(space, firm, f"crm-{number:05}", firm.names.company(), firm.now - 400 * DAY)
        _attach(firm.random.choice(everybody), company, company.created_at)
        truths.append(Truth("intercom", "company", company.id, note="of a CRM"))
    return truths


def _company(space: Workspace, firm: Firm, key: str, name: str, at: int) -> Company:
    company = Company(space.number(), space.object_id(), key, at, at, {"name": name})
    if firm.random.random() < 0.4:
        company.custom = {"account_manager": firm.random.choice(("Kim", "Sam", "Toni")), "arr": 1200.0}
    space.companies[company.id] = space.company_ids[key] = company
    return company


def _attach(contact: Contact, company: Company, at: int) -> None:
    contact.companies[company.id] = company.people[contact.id] = at
