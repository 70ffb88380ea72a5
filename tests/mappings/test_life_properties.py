"""What holds for every account that could be."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from golden.words import CATALOG, NOW, day
from hypothesis import given
from hypothesis import strategies as st
from strategies import configs, facts, twice

from mappings import billing, intercom, product, provisioning, stripe
from mappings.config import Config
from mappings.disputes import OPEN
from mappings.glossary import STAGES
from mappings.lifecycle import Life, life
from mappings.model import AccountFacts, AccountId, Desired, Link, Step, Subscription
from mappings.occurrences import occurrences
from mappings.plan import fold, next_step
from mappings.standing import RULES, STATUS

WORTH = {"full": 3, "grace": 2, "read_only": 1, "none": 0}
BUILDERS = (
    product.desired_access,
    product.desired_answers,
    stripe.desired_customer,
    stripe.desired_trials,
    billing.desired_changes,
    billing.desired_charges,
    provisioning.desired_instance,
    intercom.desired_companies,
    intercom.desired_contacts,
    intercom.desired_events,
)


def everything(given: AccountFacts, found: Life, config: Config) -> list[Desired]:
    wanted: Iterable[Desired] = (d for build in BUILDERS for d in build(given, found, config))
    return sorted(wanted, key=lambda d: (d.target, d.subject))


@given(facts(), configs)
def test_total(known: AccountFacts, config: Config) -> None:
    for managed in (True, False):
        found = life(known, config, CATALOG, NOW, managed)
        assert found.stage in RULES
        assert found.access in (*WORTH, None)
        assert found.next_look_at is None or found.next_look_at > NOW
        everything(known, found, config)


@given(twice(), configs)
def test_the_order_of_facts_does_not_matter(pair: tuple[AccountFacts, AccountFacts], config: Config) -> None:
    one, other = (life(known, config, CATALOG, NOW, True) for known in pair)
    assert one == other
    assert everything(pair[0], one, config) == everything(pair[1], other, config)


@given(facts(), configs)
def test_the_same_facts_give_the_same_answer(known: AccountFacts, config: Config) -> None:
    once, again = (life(known, config, CATALOG, NOW, True) for _ in range(2))
    assert once == again
    assert everything(known, once, config) == everything(known, again, config)


@given(facts(), configs)
def test_each_subject_is_wanted_once_in_each_target(known: AccountFacts, config: Config) -> None:
    wanted = everything(known, life(known, config, CATALOG, NOW, True), config)
    assert [pair for pair, n in Counter((d.target, d.subject) for d in wanted).items() if n > 1] == []


@given(facts(), configs)
def test_billing_people_wear_exactly_one_stage_tag_and_others_none(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    stages = {config.names.stage_tag(stage) for stage in STAGES}
    contacts = {d.subject: d for d in intercom.desired_contacts(known, found, config)}
    if found.stage == "erased" or (known.account and known.account.excluded):
        assert contacts == {}
        return
    for person, _ in intercom.at_home(known):
        worn = contacts[f"person:{person.user_id}"].sets["tags"] & stages  # type: ignore[index]
        assert len(worn) == (1 if person.bills else 0)


@given(facts(), configs)
def test_access_falls_in_no_step_that_is_not_flagged(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    (row,) = product.desired_access(known, found, config)
    held = product.held_access(known, row)
    if held is None:
        return
    link = Link(row.target, row.subject, external_id=held.external_id, values=held.values)
    step = next_step(row, link)
    if (
        step
        and "access" in step.values
        and WORTH[str(step.values["access"])] < WORTH.get(str(held.values["access"]), 3)
    ):
        assert step.lowers


def worse(step: Step, link: Link) -> bool:
    """Whether this takes something away from the customer, judged without the mappings."""
    if step.target == "product.access" and "access" in step.values:
        if "access" not in link.values and step.values.get("stage") == "trial_requested":
            return False  # The first row, of an account whose trial is being made: that trial itself waited for proof.
        held = WORTH.get(str(link.values.get("access", "full")), 3)
        return WORTH[str(step.values["access"])] < held
    stops = step.target == "instances" and step.values.get("desired") in ("suspended", "deleted")
    return step.operation == "remove" or (stops and link.values.get("desired") == "running")


@given(facts(), configs, st.data())
def test_whatever_takes_something_away_waits_for_proof(
    known: AccountFacts, config: Config, data: st.DataObject
) -> None:
    """From anything that a target may hold: what takes away, and what only time announces, needs a look."""
    for desired in everything(known, life(known, config, CATALOG, NOW, True), config):
        link = Link(desired.target, desired.subject)
        if row := product.held_access(known, desired) if desired.target == "product.access" else None:
            link = replace(link, external_id="x", values=row.values)
        elif data.draw(st.booleans()):
            worn = dict.fromkeys(desired.sets, ("sub:trialing", "is:canceling", "elsewhere"))
            link = replace(link, external_id="x", values={"desired": "running"}, sets=worn)
        for _ in range(60):
            step = next_step(desired, link)
            if step is None:
                break
            if worse(step, link) or (step.occurrence and step.occurrence.by_clock) or step.target == "stripe.trials":
                assert step.needs_proof, step
            link = fold(link, step)


@given(facts(), configs)
def test_an_unknown_status_takes_nothing_and_tells_staff(known: AccountFacts, config: Config) -> None:
    if all(s.status in STATUS for s in known.subscriptions):
        return
    found = life(known, config, CATALOG, NOW, True)
    assert found.alerts
    if found.stage not in ("blocked", "erased"):
        assert found.access is None
    assert found.start is None


@given(facts(), configs)
def test_an_open_dispute_shows_and_starts_no_message(known: AccountFacts, config: Config) -> None:
    if not any(d.status in OPEN for d in known.disputes):
        return
    found = life(known, config, CATALOG, NOW, True)
    assert "disputed" in found.overlays
    assert "ending_soon" not in found.overlays
    assert not found.details["win_back_step"]
    assert not [o for o in found.occurrences if o.name == "neared-trial-end"]
    assert list(intercom.desired_events(known, found, config)) == []


@given(facts(), configs)
def test_only_a_lost_dispute_of_our_time_or_a_hold_blocks(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    reasons = [d for d in known.disputes if d.status == "lost" and config.policy.lost_dispute == "block"]
    held = bool(known.account and known.account.hold_reason)
    unknown_today = known.access and known.access.stage == "blocked"
    if found.stage == "blocked":
        assert reasons or held or unknown_today
    if any(d.created >= known.born_at and not d.seen for d in reasons) and not (known.account or known.subscriptions):
        assert (found.stage, found.start) == ("blocked", None)


@given(facts(), configs)
def test_a_trial_starts_only_by_an_unanswered_request_after_the_birth_line(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    if found.start:
        assert not found.start.answer
        assert found.start.requested_at >= known.born_at
        assert config.trials.mode == "stripe"
        id = found.start.request_id
        assert known.redeemed_by.get(id, frozenset()) <= {id}
        assert found.start.request_id not in found.answers


@given(facts(), configs)
def test_looking_again_at_the_next_moment_settles(known: AccountFacts, config: Config) -> None:
    """Without new facts an account comes to rest: each moment is passed once."""
    now, looks = NOW, 0
    while (due := life(known, config, CATALOG, now, True).next_look_at) is not None:
        assert due > now
        now, looks = due, looks + 1
        assert looks < 20


@given(facts(), configs)
def test_nothing_old_is_told_as_news(known: AccountFacts, config: Config) -> None:
    found = life(known, config, CATALOG, NOW, True)
    for desired in intercom.desired_events(known, found, config):
        assert all(o.at >= max(known.born_at, day(-3)) for o in desired.occurrences)


@given(facts(), configs)
def test_once_sent_nothing_is_left_to_send(known: AccountFacts, config: Config) -> None:
    for desired in everything(known, life(known, config, CATALOG, NOW, True), config):
        link = Link(desired.target, desired.subject)
        for _ in range(60):
            step = next_step(desired, link)
            if step is None:
                break
            link = fold(link, step)
        assert next_step(desired, link) is None


def test_a_second_notice_in_one_period_is_another_occurrence() -> None:
    def notice(canceled_at: int) -> set[str]:
        sub = Subscription("sub_1", "cus_1", "active", 1, cancel_at=9_000, canceled_at=canceled_at)
        return {o.key for o in occurrences(AccountFacts(AccountId("a"), subscriptions=(sub,)), sub, None)}

    assert len(notice(100) | notice(200)) == 2
