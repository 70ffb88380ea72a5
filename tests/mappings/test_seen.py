"""Which states a look remembers."""

from golden.words import day, sub

from mappings.seen import states_of


def test_a_trial_that_ended_stays_one_state_when_the_paused_subscription_is_canceled() -> None:
    paused = sub("paused", trial=(-18, -4), paused_at=day(-4))
    canceled = sub("canceled", trial=(-18, -4), ended_at=day(-1))
    left = sub("canceled", trial=(-18, -4), ended_at=day(-1), ever_paid=True)
    assert [states_of(each)["status"] for each in (paused, canceled, left)] == ["expired", "expired", "canceled"]
