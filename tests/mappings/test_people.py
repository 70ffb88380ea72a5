"""Several people, several accounts: who carries the stage, and where a person is at home."""

from dataclasses import replace

from golden.words import ACME, BORN, CATALOG, NOW, account, config, customer, day, known, person, request, sub

from mappings import intercom, redemption, stripe
from mappings.lifecycle import Life, billing_contact, home, life
from mappings.model import AccountFacts, AccountId, Desired, Link
from mappings.plan import next_step

CONFIG = config()
OLGA = person("olga", joined=-50)
BILL = person("bill", "billing", joined=-10)
MIA = person("mia", "member", joined=-90)
RUNNING = sub("trialing", trial=(-1, 13))
LONER = AccountId("olga")


def lived(facts: AccountFacts) -> Life:
    return life(facts, CONFIG, CATALOG, NOW, False)


def contacts(facts: AccountFacts) -> dict[str, Desired]:
    found = intercom.desired_contacts(facts, lived(facts), CONFIG)
    return {desired.subject.removeprefix("person:"): desired for desired in found}


def events(facts: AccountFacts) -> list[str]:
    return [d.subject for d in intercom.desired_events(facts, lived(facts), CONFIG)]


def test_owner_and_billing_people_carry_the_stage_members_do_not() -> None:
    found = contacts(known(RUNNING, people=(OLGA, BILL, MIA)))
    assert found["olga"].sets["tags"] == found["bill"].sets["tags"] == {"sub:trialing", "plan:pro"}
    assert found["mia"].sets["tags"] == set()
    custom = {name: value for name, value in found["mia"].values.items() if name.startswith("custom.")}
    assert {name for name, value in custom.items() if value is not None} == {
        "custom.billing_role",
        "custom.support_tier",
    }
    # Who was owner or billing before keeps nothing of it.
    assert {"custom.plan", "custom.trial_ends_at", "custom.last_mrr"} <= custom.keys()
    assert all(d.sets["companies"] == {ACME} for d in found.values())


def test_events_go_to_owner_and_billing_people() -> None:
    assert events(known(RUNNING, people=(OLGA, BILL, MIA))) == ["person:olga", "person:bill"]


def test_events_older_than_72_hours_or_than_us_are_not_sent() -> None:
    fresh, stale, early = (known(sub("trialing", trial=(at, 13))) for at in (-2.9, -3.1, -2.9))
    early = replace(early, born_at=day(-2))
    assert [events(facts) for facts in (fresh, stale, early)] == [["person:olga"], [], []]


def test_the_billing_contact_is_the_role_then_the_earliest_owner_then_the_earliest() -> None:
    later = person("zoe", joined=-5)
    assert billing_contact((MIA, later, OLGA, BILL)) == BILL
    assert billing_contact((MIA, later, OLGA)) == OLGA
    assert billing_contact((MIA, person("nia", "member", joined=-3))) == MIA
    assert billing_contact((replace(OLGA, problem="no e-mail"), replace(BILL, erased=True), MIA)) == MIA
    assert billing_contact(()) is None


def test_a_person_whose_joining_date_is_unknown_comes_last() -> None:
    assert billing_contact((replace(OLGA, joined_at=None), person("zoe", joined=-1))).user_id == "zoe"  # type: ignore[union-attr]


def test_home_is_where_a_person_bills_then_the_earliest() -> None:
    member = replace(OLGA, account_id=AccountId("beta"), role="member", joined_at=day(-400))
    assert home((member, OLGA)) == OLGA
    assert home((replace(member, role="billing"), OLGA)).account_id == "beta"


def test_only_the_home_account_plans_the_contact() -> None:
    elsewhere = replace(OLGA, account_id=AccountId("beta"), joined_at=day(-60))
    at_beta = contacts(known(RUNNING, people=(OLGA, elsewhere)))
    at_acme = contacts(known(RUNNING, people=(OLGA, replace(elsewhere, role="member"))))
    assert "olga" not in at_beta
    assert at_acme["olga"].sets["companies"] == {ACME, "beta"}
    assert events(known(RUNNING, people=(OLGA, elsewhere))) == []


def test_an_erased_person_has_no_contact_and_an_erased_membership_does_not_count() -> None:
    erased = replace(OLGA, account_id=AccountId("beta"), joined_at=day(-60), erased=True)
    assert contacts(known(RUNNING, people=(OLGA, erased)))["olga"].sets["companies"] == {ACME}
    assert contacts(known(RUNNING, people=(replace(OLGA, erased=True), BILL))).keys() == {"bill"}


def test_a_row_that_cannot_be_used_parks_that_person_only() -> None:
    found = contacts(known(RUNNING, people=(replace(OLGA, email="", problem="there is no e-mail"), BILL)))
    assert (found["olga"].problem, found["bill"].problem) == ("there is no e-mail", "")


def test_without_teams_there_is_no_company() -> None:
    alone = AccountFacts(LONER, people=(replace(OLGA, account_id=LONER),), subscriptions=(RUNNING,), born_at=BORN)
    assert not intercom.is_team(alone)
    assert list(intercom.desired_companies(alone, lived(alone), CONFIG)) == []
    assert contacts(alone)["olga"].sets["companies"] == set()


def test_two_people_on_one_account_are_a_team() -> None:
    pair = (replace(OLGA, account_id=LONER), replace(MIA, account_id=LONER))
    assert intercom.is_team(AccountFacts(LONER, people=pair))


def test_an_excluded_account_is_left_alone_in_intercom() -> None:
    facts = known(account(excluded=True), RUNNING)
    assert (contacts(facts), events(facts)) == ({}, [])
    assert list(intercom.desired_companies(facts, lived(facts), CONFIG)) == []


def test_the_tag_of_a_plan_stays_while_no_plan_maps_the_price() -> None:
    found = contacts(known(sub("active", price_ids=("price_old",))))["olga"]
    assert "plan:pro" in found.keep
    assert "custom.plan" not in found.values


def test_the_last_plan_is_never_cleared() -> None:
    assert "custom.last_plan" not in contacts(known())["olga"].values


def test_the_customer_carries_the_billing_contact_and_the_name_of_the_account() -> None:
    facts = known(account(), customer(), people=(OLGA, BILL))
    (wanted,) = stripe.desired_customer(facts, lived(facts), CONFIG)
    assert wanted.values == {"metadata.account_id": ACME, "email": "bill@example.com", "name": "Acme"}
    assert not wanted.create


def test_no_customer_is_made_without_a_trial_and_none_is_chosen_among_several() -> None:
    for facts in (known(), known(customer("cus_1"), customer("cus_2")), known(customer(), people=())):
        assert list(stripe.desired_customer(facts, lived(facts), CONFIG)) == []


def test_a_deleted_customer_is_never_made_again() -> None:
    facts = known(customer(deleted=True))
    started = replace(lived(facts), start=None)
    assert list(stripe.desired_customer(facts, started, CONFIG)) == []


def test_without_a_subscription_the_customer_shown_is_living_then_has_a_card_then_is_the_oldest() -> None:
    gone, old, card = (
        customer("cus_0", deleted=True),
        customer("cus_9", 5),
        customer("cus_3", 9, has_payment_method=True),
    )
    assert lived(known(gone, old, card)).customer_id == "cus_3"
    assert lived(known(gone, old, customer("cus_3", 9))).customer_id == "cus_9"
    assert lived(known(gone)).customer_id == "cus_0"


def test_a_trial_uses_up_the_account_the_user_and_the_address() -> None:
    facts = known(request(), people=(replace(OLGA, email="Olga@Example.com"), BILL))
    (trial,) = stripe.desired_trials(facts, lived(facts), CONFIG)
    step = next_step(trial, Link(trial.target, trial.subject))
    assert step is not None
    assert redemption.redemptions(facts, step) == [("account", ACME), ("user", "olga"), ("email", "olga@example.com")]
