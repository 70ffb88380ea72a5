"""Trials that the product runs itself (``trials.mode = "product"``): no subscription, its date alone."""

from town import Town
from vendors import DAY, HOUR


def standing(town: Town) -> tuple[str, str]:
    row = town.access("acme")
    return row["stage"], row["access"]


def test_its_date_is_announced_followed_and_lowers_access_with_a_look(town: Town) -> None:
    town.configure('[trials]\nmode = "product"\n')
    town.init()
    town.team("acme", ann="owner")
    ends = (town.vendors.now // DAY + 10) * DAY + 12 * HOUR

    def until(at: int) -> None:
        town.product.execute(
            "UPDATE teams SET trial_ends_at = :at WHERE team_id = :id", {"at": at, "id": town.account("acme")}
        )

    until(ends)
    town.sync()
    assert (standing(town), town.stage("ann"), town.subscriptions("acme")) == (("trialing", "full"), "sub:trialing", [])
    refused = town.request_trial("acme", "ann")
    town.vendors.move_to(told := ends - 3 * DAY - 3 * HOUR)
    town.sync()
    assert town.answer(refused)[0] == "refused"
    assert ("neared-trial-end", told) in town.events("ann")
    # The product gives a week more, which the look at the old end is the first to see.
    until(ends + 7 * DAY)
    town.vendors.move_to(ends + HOUR)
    town.sync()
    assert standing(town) == ("trialing", "full")
    town.vendors.move_to(ends + 7 * DAY)
    town.sync()
    assert (standing(town), town.stage("ann")) == (("trial_expired", "read_only"), "sub:trial-expired")
    assert ("expired-trial", ends + 7 * DAY) in town.events("ann")
    assert town.customers("acme") == []
    town.vendors.advance(14 * DAY)
    town.sync()
    assert standing(town) == ("trial_expired", "none")
