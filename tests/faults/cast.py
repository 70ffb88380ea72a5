"""The accounts that every world begins with: in all stages, made once; and beside them what is not ours."""

from __future__ import annotations

from pathlib import Path

from flows.hub import sync
from tests.lives.acting import act
from tests.lives.life import DAY, Act, Group
from tests.lives.scene import START
from tests.postgres import Postgres

from .plan import slot
from .stage import Stage

# (day, what, value) by slot; who does not arrive is a newcomer, who does in the first round.
LIVES: dict[int, tuple[tuple[float, str, str], ...]] = {
    5: ((31.0, "ask trial", "pro"),),
    6: ((28.0, "ask trial", "pro 8"), (30.0, "project", "")),
    7: ((29.0, "ask trial", "team"), (30.0, "card", "")),
    9: ((3.0, "buy", "pro_monthly"),),
    10: ((10.0, "buy", "team_monthly"),),
    11: ((12.0, "buy", "pro_yearly"), (20.0, "cancel at end", "")),
    12: ((0.2, "buy", "pro_monthly"), (1.0, "bank declines", "")),
    13: ((5.0, "buy", "pro_monthly"), (30.0, "cancel now", "")),
    14: ((30.0, "trial", "1 pause"),),
    15: ((6.0, "buy", "pro_monthly"), (30.0, "pause", "")),
    16: ((7.0, "buy", "team_monthly"),),
    17: ((8.0, "comp", ""),),
    18: ((9.0, "buy", "pro_monthly"), (30.0, "hold", "")),
    20: (),
}
ROLES = {10: "owner member", 16: "owner billing", 20: "owner member"}
END = 31.3
STRANGER = {"role": "user", "email": "stranger@example.com", "custom_attributes": {"nps": 7}}


def first_world(folder: Path, group: Group, server: Postgres | None = None) -> Stage:
    """Everybody is in step when it is returned."""
    stage = Stage.first(folder, group, server)
    arriving = [(0.1, number, "arrive", ROLES.get(number, "owner")) for number in LIVES]
    deeds = [*arriving, *((day, number, what, value) for number, acts in LIVES.items() for day, what, value in acts)]
    _strangers(stage)
    asked = 28.0
    for day, number, what, value in sorted(deeds):
        at = START + int(day * DAY)
        if at > stage.now:
            if day >= asked:
                stage.run(sync)
            stage.move(at)
            if day >= asked:
                stage.read()
        act(stage, slot(number), Act(0, what, value))
    for end in (END, END + 0.05):
        stage.move(START + int(end * DAY))
        report = stage.run(sync)
        assert report.ok, (report.troubles, report.tally.bugs)
    stage.rest()
    return stage


def _strangers(stage: Stage) -> None:
    """What a teammate has made by hand, and a customer without an account."""
    attribute = {"name": "nps", "model": "contact", "data_type": "integer"}
    stage.control("POST", "/intercom/hand/data_attributes", attribute)
    stage.control("POST", "/intercom/hand/tags", {"name": "VIP"})
    stage.control("POST", "/intercom/hand/contacts", STRANGER)
    stage.stripe("POST", "/v1/customers", email="walk-in@example.com", **{"metadata[crm]": "17"})
