"""Three accounts living through a season, photographed after every sync."""

from __future__ import annotations

from dataclasses import dataclass, field

from town import JSON, STAGE_TAGS, Town
from vendors import DAY, HOUR

PEOPLE = {"life": ("ann", "bob"), "cold": ("dan",), "quit": ("eve",)}


@dataclass(frozen=True)
class Photo:
    """What everybody sees of one account. ``stage_tags``: those of each billing person. ``events``: name -> seconds,
    which all billing people share, as they share ``tags`` and ``attributes``."""

    at: int
    row: JSON
    instance: str
    company: JSON
    tags: set[str]
    stage_tags: list[list[str]]
    attributes: JSON
    events: dict[str, list[int]]
    alike: bool

    @property
    def standing(self) -> tuple[str, str, str, list[list[str]]]:
        """Stage and access of the row, what the instance does, the stage tags."""
        return self.row["stage"], self.row["access"], self.instance, self.stage_tags

    def some(self, *names: str) -> JSON:
        return {name: self.attributes.get(name) for name in names}


@dataclass
class Story:
    """``moments``: name -> account -> Photo. ``members``: what people without a billing role wore, and were told."""

    town: Town
    moments: dict[str, dict[str, Photo]] = field(default_factory=dict)
    members: list[tuple[list[str], list[JSON]]] = field(default_factory=list)
    starts: int = 0
    ends: int = 0

    def sync(self, moment: str) -> None:
        self.town.sync()
        people = {row["external_id"]: row for row in self.town.people()}
        self.moments[moment] = {short: self._photo(short, people) for short in PEOPLE}
        member = people[f"{self.town.name}-cyd"]
        self.members.append((member["tags"], member["events"]))

    def _photo(self, short: str, people: dict[str, JSON]) -> Photo:
        town, views = self.town, []
        for name in PEOPLE[short]:
            person, events = people[f"{town.name}-{name}"], dict[str, list[int]]()
            for event in person["events"]:
                events.setdefault(event["event_name"], []).append(event["created_at"])
            attributes = {k: v for k, v in person["custom_attributes"].items() if v is not None and k != "billing_role"}
            views.append((set(person["tags"]), attributes, events))
        stages = [sorted(tags & set(STAGE_TAGS)) for tags, _, _ in views]
        alike = all(view == views[0] for view in views)
        company, instance = town.company(short), town.instance(short).get("status", "")
        return Photo(town.vendors.now, town.access(short), instance, company, views[0][0], stages, *views[0][1:], alike)

    def renewal(self, short: str) -> int:
        end: int = self.town.subscription(short)["items"]["data"][0]["current_period_end"]
        return end

    def change(self, short: str, **params: str) -> None:
        self.town.vendors.stripe("POST", f"/v1/subscriptions/{self.town.subscription(short)['id']}", **params)

    def hold(self, short: str, reason: str | None) -> None:
        statement = "UPDATE teams SET hold_reason = :reason WHERE team_id = :team"
        self.town.product.execute(statement, {"reason": reason, "team": self.town.account(short)})


def live(story: Story) -> None:
    """life pays and has troubles, cold waits until its trial is over, quit cancels."""
    _trials(story)
    _first_month(story)
    _troubles(story)


def _trials(story: Story) -> None:
    town, clock = story.town.init(), story.town.vendors
    town.team("life", ann="owner", bob="billing", cyd="member")
    town.team("cold", dan="owner")
    town.team("quit", eve="owner")
    for short, people in PEOPLE.items():
        town.request_trial(short, people[0])
    story.starts, story.ends = clock.now, clock.now + 14 * DAY
    story.sync("started")
    clock.advance(HOUR)
    town.card("life")
    story.sync("card")
    clock.advance(DAY)
    clock.stripe("DELETE", f"/v1/subscriptions/{town.subscription('quit')['id']}")
    story.sync("quit")
    clock.move_to(story.ends - 3 * DAY + HOUR)
    story.sync("ending")
    clock.move_to(story.ends + HOUR // 2)
    story.sync("ended")
    clock.move_to(story.ends + 2 * HOUR)
    story.sync("paid")


def _first_month(story: Story) -> None:
    town, clock = story.town, story.town.vendors
    clock.advance(DAY)
    item = town.subscription("life")["items"]["data"][0]["id"]
    team = {"items[0][id]": item, "items[0][price]": "price_team_monthly", "proration_behavior": "none"}
    story.change("life", **team)
    story.sync("changed")
    clock.advance(DAY)
    story.change("life", cancel_at_period_end="true")
    story.sync("leaving")
    clock.advance(DAY)
    story.change("life", cancel_at_period_end="false")
    story.sync("staying")
    clock.move_to(story.ends + 14 * DAY + 6 * HOUR)
    story.sync("closed")
    clock.advance(DAY)
    town.card("cold")
    clock.stripe("POST", f"/v1/subscriptions/{town.subscription('cold')['id']}/resume")
    story.sync("resumed")


def _troubles(story: Story) -> None:
    town, clock = story.town, story.town.vendors
    town.card("life", "decline", method="PUT")
    clock.move_to(story.renewal("life") + 2 * HOUR)
    story.hold("cold", "fraud")
    story.sync("failed")
    clock.advance(DAY)
    town.card("life", "ok", method="PUT")
    town.pay("life")
    story.hold("cold", None)
    story.sync("recovered")
    town.card("life", "decline", method="PUT")
    clock.move_to(story.renewal("life") + 2 * HOUR)
    story.change("cold", cancel_at_period_end="true")
    story.sync("failed again")
    clock.advance(7 * DAY)
    story.sync("grace over")
    clock.stripe("DELETE", f"/v1/subscriptions/{town.subscription('life')['id']}")
    story.sync("churned")
    clock.move_to(story.renewal("cold") + HOUR)
    story.sync("over")
