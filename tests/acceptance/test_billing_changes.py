"""What happens to a subscription in Stripe shows everywhere after the next sync."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from billing_story import Photo, Story, live
from town import Build
from vendors import DAY, HOUR


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def story(request: pytest.FixtureRequest, build: Build) -> Iterator[Story]:
    with build(request.param) as town:
        told = Story(town)
        live(told)
        yield told


def of(story: Story, short: str, moment: str) -> Photo:
    return story.moments[moment][short]


@pytest.mark.parametrize(
    ("short", "moment", "stage", "access", "instance"),
    [
        ("life", "started", "trialing", "full", "ready"),
        ("life", "card", "trialing", "full", "ready"),
        ("quit", "quit", "trial_expired", "read_only", "suspended"),
        ("life", "ending", "trialing", "full", "ready"),
        ("life", "ended", "trialing", "full", "ready"),
        ("cold", "ended", "trial_expired", "read_only", "suspended"),
        ("life", "paid", "active", "full", "ready"),
        ("life", "changed", "active", "full", "ready"),
        ("life", "leaving", "active", "full", "ready"),
        ("life", "staying", "active", "full", "ready"),
        ("cold", "staying", "trial_expired", "read_only", "suspended"),
        ("cold", "closed", "trial_expired", "none", "suspended"),
        ("cold", "resumed", "active", "full", "ready"),
        ("life", "failed", "past_due", "grace", "ready"),
        ("cold", "failed", "blocked", "none", "suspended"),
        ("life", "recovered", "active", "full", "ready"),
        ("cold", "recovered", "active", "full", "ready"),
        ("life", "failed again", "past_due", "grace", "ready"),
        ("cold", "failed again", "active", "full", "ready"),
        ("life", "grace over", "past_due", "read_only", "ready"),
        ("life", "churned", "churned", "none", "suspended"),
        ("cold", "over", "churned", "none", "suspended"),
        ("quit", "over", "trial_expired", "none", "suspended"),
    ],
)
def test_standing(story: Story, short: str, moment: str, stage: str, access: str, instance: str) -> None:
    """Row, instance, company and the one stage tag of each billing person."""
    photo = of(story, short, moment)
    tag = "sub:" + stage.replace("_", "-")
    assert photo.standing == (stage, access, instance, [[tag]] * len(photo.stage_tags))
    custom = photo.company["custom_attributes"]
    assert (custom["account_stage"], custom["account_access"]) == (stage, access)
    assert photo.some("product_access", "instance_status") == {"product_access": access, "instance_status": instance}


def test_each_billing_person_wears_one_stage_tag_at_every_moment(story: Story) -> None:
    for moment, photos in story.moments.items():
        for short, photo in photos.items():
            assert [len(tags) for tags in photo.stage_tags] == [1] * len(photo.stage_tags), (moment, short)


def test_owner_and_billing_person_hold_the_same(story: Story) -> None:
    assert all(photos["life"].alike for photos in story.moments.values())


def test_members_are_told_nothing_of_billing(story: Story) -> None:
    assert all(seen == ([], []) for seen in story.members)


@pytest.mark.parametrize(
    ("short", "moment", "tags"),
    [
        ("life", "started", {"sub:trialing", "plan:pro"}),
        ("life", "ending", {"sub:trialing", "plan:pro", "is:ending-soon"}),
        ("cold", "ending", {"sub:trialing", "plan:pro", "is:ending-soon"}),
        ("life", "ended", {"sub:trialing", "plan:pro"}),
        ("cold", "ended", {"sub:trial-expired"}),
        ("life", "paid", {"sub:active", "plan:pro"}),
        ("life", "changed", {"sub:active", "plan:team"}),
        ("life", "leaving", {"sub:active", "plan:team", "is:canceling"}),
        ("life", "staying", {"sub:active", "plan:team"}),
        ("cold", "resumed", {"sub:active", "plan:pro"}),
        ("life", "failed", {"sub:past-due", "plan:team"}),
        ("cold", "failed", {"sub:blocked"}),
        ("cold", "recovered", {"sub:active", "plan:pro"}),
        ("cold", "failed again", {"sub:active", "plan:pro", "is:canceling"}),
        ("life", "churned", {"sub:churned"}),
        ("cold", "over", {"sub:churned"}),
    ],
)
def test_tags(story: Story, short: str, moment: str, tags: set[str]) -> None:
    assert of(story, short, moment).tags == tags


def test_a_card_is_seen(story: Story) -> None:
    assert of(story, "life", "started").some("has_payment_method") == {"has_payment_method": False}
    assert of(story, "life", "card").some("has_payment_method") == {"has_payment_method": True}


def test_conversion(story: Story) -> None:
    before, after = of(story, "life", "ended"), of(story, "life", "paid")
    assert "converted-trial" not in before.events
    assert after.events["converted-trial"] == [story.ends + HOUR]
    assert after.some("plan", "mrr", "trial_ends_at") == {"plan": "pro", "mrr": 49, "trial_ends_at": story.ends}
    assert after.company["monthly_spend"] == 49


def test_a_trial_that_ends_without_a_card(story: Story) -> None:
    photo = of(story, "cold", "ended")
    assert photo.row["plan"] == ""
    assert photo.events["expired-trial"] == [story.ends]
    assert photo.some("plan", "last_plan", "trial_expired_at") == {
        "plan": None, "last_plan": "pro", "trial_expired_at": story.ends,
    }  # fmt: skip


def test_a_trial_cancelled_at_once(story: Story) -> None:
    photo = of(story, "quit", "quit")
    assert photo.events["expired-trial"] == [story.starts + HOUR + DAY]
    assert photo.events.keys() == {"started-trial", "provisioned-instance", "expired-trial"}


def test_a_paused_trial_that_is_resumed_converts(story: Story) -> None:
    photo = of(story, "cold", "resumed")
    assert photo.events["converted-trial"] == [story.ends + 15 * DAY + 6 * HOUR]
    assert photo.some("plan", "mrr", "trial_expired_at") == {"plan": "pro", "mrr": 49, "trial_expired_at": None}


def test_another_plan(story: Story) -> None:
    photo = of(story, "life", "changed")
    assert photo.some("plan", "last_plan", "mrr") == {"plan": "team", "last_plan": "team", "mrr": 99}
    assert (photo.row["plan"], photo.company["plan"]["name"]) == ("team", "team")
    assert photo.company["monthly_spend"] == 99


def test_a_scheduled_cancellation_and_its_end(story: Story) -> None:
    leaving, staying = of(story, "life", "leaving"), of(story, "life", "staying")
    assert leaving.events["scheduled-cancellation"] == [leaving.at]
    assert leaving.attributes["cancels_at"] > leaving.at + 20 * DAY
    assert staying.some("cancels_at") == {"cancels_at": None}


def test_a_failed_payment_and_its_recovery(story: Story) -> None:
    failed, recovered = of(story, "life", "failed"), of(story, "life", "recovered")
    moment = failed.at - HOUR
    assert failed.events["failed-payment"] == [moment]
    assert failed.some("payment_failed_at", "payment_retry_at", "grace_ends_at") == {
        "payment_failed_at": moment, "payment_retry_at": moment + 3 * DAY, "grace_ends_at": moment + 7 * DAY,
    }  # fmt: skip
    assert recovered.events["recovered-payment"] == [recovered.at]
    assert recovered.some("payment_failed_at", "payment_retry_at", "grace_ends_at") == dict.fromkeys(
        ("payment_failed_at", "payment_retry_at", "grace_ends_at")
    )


def test_churn_at_once(story: Story) -> None:
    photo = of(story, "life", "churned")
    assert photo.events["canceled-subscription"] == [photo.at]
    assert photo.some("plan", "last_plan", "mrr", "churned_at") == {
        "plan": None, "last_plan": "team", "mrr": None, "churned_at": photo.at,
    }  # fmt: skip
    assert photo.company["monthly_spend"] == 0


def test_churn_at_the_end_of_the_period(story: Story) -> None:
    photo = of(story, "cold", "over")
    assert photo.events["canceled-subscription"] == [photo.at - HOUR]
    assert photo.some("churned_at", "cancels_at") == {"churned_at": photo.at - HOUR, "cancels_at": None}


def test_each_event_once_and_in_its_own_second(story: Story) -> None:
    for short, photo in story.moments["over"].items():
        for name, moments in photo.events.items():
            assert len(moments) == len(set(moments)), (short, name)
    assert {name: len(moments) for name, moments in of(story, "life", "over").events.items()} == {
        "started-trial": 1, "provisioned-instance": 1, "converted-trial": 1, "scheduled-cancellation": 1,
        "failed-payment": 3, "recovered-payment": 1, "canceled-subscription": 1, "added-payment-method": 1,
        "kept-subscription": 1, "neared-trial-end": 1,
    }  # fmt: skip
