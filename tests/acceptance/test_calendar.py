"""Whose nine o'clock it is: an account's own time zone, else INSTEP_TIMEZONE, else the Intercom workspace's."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from town import Town
from vendors import MINUTE

from flows.identity import ZONE, calendar

WORKSPACE, AWAY, OURS = "America/Los_Angeles", "Pacific/Auckland", "Europe/Berlin"


def nine(town: Town, zone: str, days: int) -> int:
    """Nine o'clock there, so many dates before acme's trial ends."""
    last = datetime.fromtimestamp(town.subscription("acme")["trial_end"], ZoneInfo(zone)).date()
    return int(datetime.combine(last - timedelta(days=days), time(9), ZoneInfo(zone)).timestamp())


def told(town: Town, person: str) -> list[int]:
    return sorted(at for name, at in town.events(person) if name == "neared-trial-end")


def at(town: Town, moment: int) -> None:
    town.vendors.move_to(moment)
    town.sync()


def test_reminders_go_by_the_accounts_zone_then_ours_then_the_workspaces(town: Town) -> None:
    town.timezone = ""
    town.init()
    town.team("acme", ann="owner")
    town.team("kiwi", kim="owner")
    zone = {"zone": AWAY, "id": town.account("kiwi")}
    town.product.execute("UPDATE teams SET timezone = :zone WHERE team_id = :id", zone)
    town.request_trial("acme", "ann", days=5)
    town.request_trial("kiwi", "kim", days=5)
    town.sync()
    there, away = nine(town, WORKSPACE, 3), nine(town, AWAY, 3)
    assert away < nine(town, "UTC", 3) < there
    at(town, away - MINUTE)
    assert told(town, "kim") == []
    at(town, away)
    at(town, nine(town, "UTC", 3))
    at(town, there - MINUTE)
    assert (told(town, "ann"), told(town, "kim")) == ([], [away])
    at(town, there)
    assert (told(town, "ann"), told(town, "kim")) == ([there], [away])

    town.vendors.fault("500_before", "intercom", times=10_000)
    assert town.open().systems.zone == WORKSPACE
    town.vendors.heal()
    town.timezone = OURS
    town.sync()
    ours = nine(town, OURS, 1)
    assert ours < nine(town, WORKSPACE, 1)
    at(town, ours)
    assert told(town, "ann") == [there, ours]

    # Where nobody has heard of Intercom's, nothing is remembered that could replace what another process hears.
    instep = town.open()
    instep.store.remember(ZONE, "")
    assert calendar(instep.settings, instep.store, {}) == OURS
    assert instep.store.recall(ZONE) == ""
