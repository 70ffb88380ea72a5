"""The recipes of docs/marketers.md, asked of the contact search beside who should be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from .billing import JSON
from .model import Expected, Facts
from .scene import Scene

PAGE = Path(__file__).parents[2] / "docs" / "marketers.md"
# The sandbox's workspace; dates are compared by its days.
ZONE = ZoneInfo("America/Los_Angeles")
OPERATORS = {"is": "=", "is not": "!=", "exactly": "=", "more than": "<", "less than": ">"}


def recipes() -> dict[str, JSON]:
    """Name -> its filters, from the page itself."""
    block = PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    return {each["recipe"]: each for each in yaml.safe_load(block)}


def _day(at: int) -> date:
    return datetime.fromtimestamp(at, ZONE).date()


def _ago(at: int | None, now: int) -> int | None:
    """Whole calendar days since then."""
    return None if at is None else (_day(now) - _day(at)).days


def _noon(now: int, days_ago: int) -> int:
    return int(datetime.combine(_day(now) - timedelta(days=days_ago), time(12), ZONE).timestamp())


Member = Callable[[Expected, int], bool]


def _stuck(one: Expected, now: int) -> bool:
    days = _ago(one.attributes["stuck_since"], now)
    return one.stage == "trialing" and days is not None and days > 5


def _left(one: Expected, now: int) -> bool:
    return (
        one.stage == "churned"
        and one.attributes["last_plan"] == "pro"
        and _ago(one.attributes["churned_at"], now) == 30
    )


def _again(one: Expected, now: int) -> bool:
    days = _ago(one.attributes["reactivated_at"], now)
    return one.stage == "active" and days is not None and days < 30


# Who belongs to each, in the model's own words.
MEANING: Mapping[str, Member] = {
    "Trial ending and no project yet": lambda one, now: "is:ending-soon" in one.tags and not one.open["has_project"],
    "Past due": lambda one, now: one.stage == "past_due",
    "Left 30 days ago on Pro": _left,
    "Stuck in trial": _stuck,
    "Card added, not converted": lambda one, now: (
        one.stage in ("trialing", "trial_expired") and one.attributes["has_payment_method"]
    ),
    "Paying again after leaving": _again,
}


class Recipes:
    """``compare`` asks them all."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._recipes = scene, recipes()
        assert self._recipes.keys() == MEANING.keys()
        listed = scene.control("GET", "/intercom/hand/tags")["data"]
        self._tags = {tag["name"]: tag["id"] for tag in listed}

    def compare(
        self, expected: Mapping[str, Expected], facts: Mapping[str, Facts]
    ) -> Iterator[tuple[str, set[str], set[str]]]:
        """(recipe, who should be found, who was found) of the people that the product has now."""
        people = {person["id"] for each in facts.values() for person in each.people}
        for name, recipe in self._recipes.items():
            wanted = {
                person
                for account, one in expected.items()
                if one.stage and MEANING[name](one, self._scene.now)
                for person in facts[account].bills
            }
            yield name, wanted, self._found(recipe) & people

    def _found(self, recipe: JSON) -> set[str]:
        filters = [self._filter(line) for line in recipe["all"]]
        if "any" in recipe:
            filters.append({"operator": "OR", "value": [self._filter(line) for line in recipe["any"]]})
        query, found, after = {"operator": "AND", "value": filters}, set[str](), None
        while True:
            paging = {"per_page": 150} | ({"starting_after": after} if after else {})
            page = self._scene.intercom("/contacts/search", {"query": query, "pagination": paging})
            found |= {row["external_id"] for row in page["data"]}
            after = ((page["pages"].get("next") or {}).get("starting_after")) or None
            if after is None:
                return found

    def _filter(self, line: JSON) -> JSON:
        """As the page in Intercom would ask: tags by id, relative dates as a second of the day they mean now."""
        operator = OPERATORS[line["operator"]]
        if "tag" in line:
            return {"field": "tag_id", "operator": operator, "value": self._tags[line["tag"]]}
        value = _noon(self._scene.now, line["days_ago"]) if "days_ago" in line else line["value"]
        return {"field": f"custom_attributes.{line['attribute']}", "operator": operator, "value": value}
