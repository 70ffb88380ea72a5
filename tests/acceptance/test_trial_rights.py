"""Who may have a trial: requests ahead of their account, old ones, refused creates, and trials before a lost state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from town import CONFIG, Town
from vendors import DAY, HOUR, MINUTE

from flows.hub import Hub
from mappings.model import AccountId

ONE_PER_DOMAIN = "\n[trials]\none_per_domain = true\n"
VIEW = "SELECT sql FROM sqlite_master WHERE name = :name"
BROKEN = "abs(-9223372036854775807 - 1)"
UNTAKEN = CONFIG + '\n[trials]\nextra = {nonsense = "1"}\n'


@pytest.fixture
def town(build: Callable[[str], AbstractContextManager[Town]]) -> Iterator[Town]:
    with build("sqlite") as here:
        yield here


def test_a_sign_up_while_we_read_is_granted(town: Town) -> None:
    town.init()
    request = ""
    with Hub(town.open(), "test") as hub:
        for line in hub.instep.systems.sources:
            hub.read(line)
            if line.source.name == "product.users":
                town.team("acme", ann="owner")
                request = town.request_trial("acme", "ann")
        assert hub.ready()
        hub.until_idle()
        acme = AccountId(town.account("acme"))
        assert hub.instep.store.facts([acme]) == {acme: []}
    assert town.answer(request) == (None, None)
    town.sync()
    assert town.answer(request)[0] == "accepted"


def test_a_request_waits_for_its_account(town: Town) -> None:
    town.init()
    early, unknown = town.request_trial("acme", "ann"), town.request_trial("nobody", "cyd")
    town.sync()
    assert town.answer(early) == town.answer(unknown) == (None, None)
    town.vendors.advance(10 * MINUTE)
    town.team("acme", ann="owner")
    town.sync()
    assert town.answer(early)[0] == "accepted"
    assert town.answer(unknown) == (None, None)
    town.vendors.advance(5 * MINUTE)
    town.sync()
    assert town.answer(unknown) == ("refused", "the product does not know this account")


@pytest.mark.parametrize("view", [True, False])
def test_a_request_that_is_read_long_after_it_was_made_and_before_its_account(town: Town, view: bool) -> None:
    """After a pause of the feeds, while another worker reads them; also where people alone tell of accounts."""
    if not view:
        town.product.execute("DROP VIEW instep_accounts")
    town.init()
    town.sync()
    team = town.team("acme", ann="owner", ben="member")
    late, row = f"{town.name}-late", {"kind": "trial", "plan": "pro", "requested_at": town.vendors.now}
    town.product.add_request(request_id=late, account_id=team, user_id=f"{town.name}-ann" if view else None, **row)
    nobody = town.request_trial("nobody", "cyd")
    town.vendors.advance(20 * MINUTE)
    work_on_requests(town)
    assert town.answer(late)[0] == "accepted"
    assert {person["external_id"] for person in town.people()} == {f"{town.name}-ann", f"{town.name}-ben"}
    assert town.answer(nobody) == ("refused", "the product does not know this account")
    town.sync()
    assert town.answer(late)[0] == "accepted"
    assert town.plan() == []


@pytest.mark.parametrize("emptied", [False, True])
def test_nobody_is_refused_while_the_product_does_not_show_who_there_is(town: Town, emptied: bool) -> None:
    """Its views cannot be read, or are empty all at once, which nobody believes."""
    town.init()
    town.team("first", eve="owner")
    town.team("second", fay="owner")
    town.sync()
    town.team("acme", ann="owner")
    asked, nobody = town.request_trial("acme", "ann"), town.request_trial("nobody", "cyd")
    shown = {name: town.product.rows(VIEW, name=name)[0]["sql"] for name in ("instep_users", "instep_accounts")}
    for name, sql in shown.items():
        town.product.execute(f"DROP VIEW {name}")
        broken = sql.replace("m.team_id", BROKEN).replace("team_id AS", f"{BROKEN} AS")
        town.product.execute(f"{sql} WHERE false" if emptied else broken)
    for _ in range(3):
        town.vendors.advance(20 * MINUTE)
        town.let_retries_pass()
        assert not town.try_sync().ok
        assert town.answer(asked) == town.answer(nobody) == (None, None)
    for name, sql in shown.items():
        town.product.execute(f"DROP VIEW {name}")
        town.product.execute(sql)
    town.let_retries_pass()
    town.sync()
    assert town.answer(asked)[0] == "accepted"
    assert town.answer(nobody) == ("refused", "the product does not know this account")
    assert not town.open().store.backlog(town.vendors.now).retrying


def work_on_requests(town: Town) -> None:
    """As a worker beside whoever reads the other sources."""
    with Hub(town.open(), "test") as hub:
        (requests,) = [line for line in hub.instep.systems.sources if line.source.name == "product.requests"]
        hub.read(requests)
        assert hub.ready()
        hub.until_idle()
        assert hub.report.ok


def test_old_requests_are_told_not_acted_on(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    row = {"kind": "trial", "account_id": town.account("acme"), "user_id": f"{town.name}-ann", "plan": "pro"}
    for number in (1, 2):
        asked = town.vendors.now - number * DAY
        town.product.add_request(request_id=f"{town.name}-old-{number}", days=None, requested_at=asked, **row)
    town.sync()
    assert [town.answer(f"{town.name}-old-{number}") for number in (1, 2)] == [(None, None), (None, None)]
    told = [town.todo()[f"request:{town.name}-old-{number}"] for number in (1, 2)]
    assert told == ["a request for trial is older than this installation and not acted on"] * 2


def test_a_refused_create_is_answered_and_uses_nothing_up(town: Town) -> None:
    town.init()
    town.team("acme", ann="owner")
    town._config.write_text(UNTAKEN)
    first = town.request_trial("acme", "ann")
    town.sync()
    assert town.answer(first) == ("failed", "Stripe did not accept the trial")
    assert town.subscriptions("acme") == []
    assert town.access("acme")["stage"] == "prospect"
    assert f"request:{first} stripe.trials" in town.todo()

    town._config.write_text(CONFIG)
    town.vendors.advance(HOUR)
    second = town.request_trial("acme", "ann", id="again")
    town.sync()
    assert town.answer(second)[0] == "accepted"
    assert town.answer(first)[0] == "failed"
    assert [sub["metadata"]["request_id"] for sub in town.subscriptions("acme")] == [second]


def test_trials_before_a_lost_state_stay_used(town: Town) -> None:
    town.init()
    town.team("acme")
    town.join("acme", "ann", email=f"a.nn@{town.name}.example")
    town.request_trial("acme", "ann")
    town.sync()
    town.lose_state()
    town.vendors.advance(HOUR)
    town.init()
    town.team("other")
    town.join("other", "eve", email=f"A.nn+2@{town.name}.example")
    again = town.request_trial("other", "eve")
    town.sync()
    assert town.answer(again) == ("refused", "the trial was already used")
    assert town.customers("other") == []


def test_a_colleague_who_had_a_trial_elsewhere_takes_it_from_nobody(town: Town) -> None:
    """Neither asked before nor beside the one who has had none; the billing contact's counts for all of the account."""
    town.init()
    town.team("other", bob="owner")
    town.request_trial("other", "bob")
    town.sync()
    for short, bob in (("acme", "member"), ("late", "member"), ("paid", "billing")):
        town.team(short)
        town.join(short, f"eva-{short}")
        town.join(short, f"bob-{short}", bob, email=f"bob+{short}@{town.name}.example")
    beside, before = (town.request_trial(short, f"bob-{short}") for short in ("acme", "late"))
    granted = [town.request_trial("acme", "eva-acme", id="z")]
    shared = town.request_trial("paid", "eva-paid")
    town.sync()
    town.vendors.advance(HOUR)
    granted.append(town.request_trial("late", "eva-late", id="later"))
    town.sync()
    assert [town.answer(request)[0] for request in granted] == ["accepted"] * 2
    assert [town.answer(request) for request in (before, shared)] == [("refused", "the trial was already used")] * 2
    assert town.answer(beside) == ("already", "the account has a trial or a subscription")  # By then it has.


def test_a_company_has_one_trial_where_that_is_the_rule(town: Town) -> None:
    """Also for trials from before the rule; not for addresses that are unverified, or that anybody can have."""
    town.init()
    for person, address, verified in [
        ("ann", f"ann@{town.name}.example", True),
        ("ben", f"ben@{town.name}.example", True),
        ("cyd", f"cyd@{town.name}.example", False),
        ("dan", f"dan.{town.name}@web.de", True),
        ("eve", f"eve.{town.name}@web.de", True),
    ]:
        town.team(person)
        town.join(person, person, email=address, verified=verified)
    town.request_trial("ann", "ann")
    town.sync()
    town.configure(ONE_PER_DOMAIN)
    asked = {person: town.request_trial(person, person) for person in ("ben", "cyd", "dan")}
    town.sync()
    asked["eve"] = town.request_trial("eve", "eve")
    town.sync()
    assert town.answer(asked.pop("ben")) == ("refused", "the trial was already used")
    assert {town.answer(request)[0] for request in asked.values()} == {"accepted"}


def test_staff_grant_another_trial_with_a_reason_and_nobody_else_does(town: Town) -> None:
    """Once more for the account itself, and for somebody whose address was used elsewhere; never on a running one."""
    town.init()
    town.team("acme", ann="owner")
    town.request_trial("acme", "ann")
    town.sync()
    (first,) = town.subscriptions("acme")
    town.vendors.stripe("DELETE", f"/v1/subscriptions/{first['id']}")
    town.vendors.advance(HOUR)

    def ask(id: str, by: str, why: str | None) -> str:
        request = f"{town.name}-{id}"
        town.product.add_request(
            request_id=request, kind="trial", account_id=town.account("acme"), user_id=f"{town.name}-ann", plan="pro",
            days=7, requested_at=town.vendors.now, requested_by=by, description=why,
        )  # fmt: skip
        town.sync()
        return request

    assert town.answer(ask("plain", "ann", "please"))[0] == "refused"
    assert town.answer(ask("silent", "staff:eva", None)) == ("refused", "staff give a reason in description")
    assert town.answer(ask("nobody", "staff:", "a lost week"))[0] == "refused"
    granted = ask("granted", "staff:eva", "a lost week")
    assert town.answer(granted)[0] == "accepted"
    running = [sub for sub in town.subscriptions("acme") if sub["status"] == "trialing"]
    assert [sub["metadata"]["request_id"] for sub in running] == [granted]
    assert town.answer(ask("twice", "staff:eva", "one more"))[0] == "already"


@pytest.mark.parametrize(("trial", "answer", "stage"), [("a", "already", "churned"), ("z", "accepted", "trialing")])
def test_a_trial_asked_for_in_the_second_of_a_cancellation(town: Town, trial: str, answer: str, stage: str) -> None:
    """The younger one is judged by what the older one has made of it, in the same run."""
    town.init()
    account = town.team("acme", ann="owner")
    customer = town.vendors.stripe("POST", "/v1/customers", **{"metadata[account_id]": account})["id"]
    town.vendors.control("POST", f"/stripe/customers/{customer}/card", {"outcome": "ok"})
    price = {"items[0][price]": "price_team_monthly"}
    town.vendors.stripe("POST", "/v1/subscriptions", customer=customer, **price)
    town.sync()
    assert town.access("acme")["stage"] == "active"
    town.vendors.advance(DAY)
    asked, cancel = town.request_trial("acme", "ann", id=trial), f"{town.name}-c"
    row = {"request_id": cancel, "kind": "cancel", "account_id": account, "days": 0}
    town.product.add_request(**row, requested_at=town.vendors.now)
    town.sync()
    assert (town.answer(cancel)[0], town.answer(asked)[0]) == ("accepted", answer)
    assert town.access("acme")["stage"] == stage
    assert town.plan() == []
