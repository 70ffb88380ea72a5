"""When an instance is deleted, and which one is ours at all."""

from dataclasses import replace
from typing import Any

import pytest
from golden.words import ACME, CATALOG, NOW, account, config, customer, day, instance, known, request, seen, sub, today
from hypothesis import given
from strategies import configs, facts

from mappings.alerts import alerts
from mappings.brake import DELETIONS, REMOVALS
from mappings.config import Config
from mappings.instances import told
from mappings.lifecycle import Life, life
from mappings.model import AccessRow, Account, AccountFacts, AccountId, Desired, Instance, Record, Ref
from mappings.provisioning import desired_instance
from mappings.provisioning import facts as facts_of


def keeps(days: int, **policy: Any) -> Config:
    return config(policy={"retention_days": days, **policy})


def lived(known_: AccountFacts, rules: Config) -> Life:
    return life(known_, rules, CATALOG, NOW, True)


def asked(known_: AccountFacts, rules: Config) -> Desired | None:
    return next(iter(desired_instance(known_, lived(known_, rules), rules)), None)


LEFT = sub("canceled", ever_paid=True, ended_at=day(-30))
BEFORE_US = replace(LEFT, ended_at=day(-300))
GONE = (replace(LEFT, status="active", ended_at=None), customer(deleted=True))


def paid_for(days: float) -> Account:
    """Free of charge until then."""
    return account(seen=seen(comped=("no", days, "yes")))


def shut_out(days: float) -> AccessRow:
    return replace(today("none", "churned"), seen=seen(access=("none", days, "full")))


def product(days: int) -> Config:
    return config(policy={"retention_days": days}, trials={"mode": "product"})


TABLE = [
    ("within retention it is suspended", known(LEFT, instance("suspended")), keeps(31), "suspended"),
    ("after it, deleted", known(LEFT, instance("suspended")), keeps(30), "deleted"),
    ("never suspended, yet deleted", known(LEFT, instance("ready")), keeps(30), "deleted"),
    ("off until it is set", known(LEFT, instance("suspended")), keeps(0), "suspended"),
    ("deleted already", known(LEFT, instance("deleted")), keeps(1), "none"),
    ("returned", known(LEFT, sub("active", "sub_2", created=-1), instance("suspended")), keeps(1), "running"),
    ("free of charge now", known(account(comped=True), LEFT, instance("suspended")), keeps(1), "running"),
    ("on hold is no end", known(account(hold_reason="fraud"), LEFT, instance("suspended")), keeps(1), "suspended"),
    ("a trial that expired is kept", known(sub("paused", trial=(-90, -60), paused_at=day(-60)), instance()), keeps(1),
     "suspended"),
    ("an unpaid one is kept", known(sub("unpaid", ever_paid=True, open_since=day(-80)), instance()), keeps(1),
     "suspended"),
    ("no known end", known(replace(LEFT, ended_at=None), today("none"), instance()), keeps(1), "suspended"),
    ("a status that nobody knows", known(LEFT, sub("odd", "sub_2"), today("none", "churned"), instance()), keeps(1),
     "suspended"),
    ("erased: at once, whatever is set", known(account(erased=True), instance()), keeps(0), "deleted"),
    ("erased, deleted already", known(account(erased=True), instance("deleted")), keeps(0), "none"),
    ("before us, and let in still: left as it is", known(BEFORE_US, today("full"), instance()), keeps(1), "unchanged"),
    ("before us, without a row: left as it is", known(BEFORE_US, instance()), keeps(1), "unchanged"),
    ("before us, shut out: counted from our birth", known(BEFORE_US, today("none"), instance()), keeps(100), "deleted"),
    ("before us, shut out, not so long", known(BEFORE_US, today("none"), instance()), keeps(101), "suspended"),
    ("no longer free of charge: retention begins", known(paid_for(0), LEFT, instance()), keeps(30), "suspended"),
    ("not free of charge since, nearly long enough", known(paid_for(-20), LEFT, instance()), keeps(21), "suspended"),
    ("not free of charge since, long enough", known(paid_for(-20), LEFT, instance()), keeps(20), "deleted"),
    ("never free of charge", known(account(seen=seen(comped=("no", 0, ""))), LEFT, instance()), keeps(30), "deleted"),
    ("the product's trial ran out now", known(account(trial_ends_at=day(0)), LEFT, instance()), product(30),
     "suspended"),
    ("the product's trial ran out long enough ago", known(account(trial_ends_at=day(-20)), LEFT, instance()),
     product(20), "deleted"),
    ("a date that is no trial of the product's", known(account(trial_ends_at=day(0)), LEFT, instance()), keeps(30),
     "deleted"),
    ("let in until this look, nobody knows why", known(LEFT, today("full"), instance()), keeps(30), "suspended"),
    ("shut out only now: retention begins", known(LEFT, shut_out(0), instance()), keeps(30), "suspended"),
    ("shut out long enough ago", known(LEFT, shut_out(-20), instance()), keeps(20), "deleted"),
    ("a deleted customer, its end not known", known(*GONE, today("none"), instance()), keeps(1), "suspended"),
    ("a deleted customer, its end known", known(LEFT, GONE[1], today("none"), instance()), keeps(30), "deleted"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "rules", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_becomes_of_the_instance(given_: AccountFacts, rules: Config, wanted: str) -> None:
    found = lived(given_, rules)
    assert found.instance == wanted
    desired = asked(given_, rules)
    if wanted in ("none", "unchanged"):
        assert desired is None
        return
    assert desired is not None
    assert (desired.values["desired"], desired.lowers) == (wanted, wanted != "running")
    assert desired.brake == {"deleted": DELETIONS, "suspended": REMOVALS}.get(wanted, "")


def test_the_end_of_retention_is_looked_at() -> None:
    assert lived(known(LEFT, instance("suspended")), keeps(31)).next_look_at == day(1)


@given(facts(), configs)
def test_nothing_is_deleted_that_is_not_erased_or_churned_long_enough(known_: AccountFacts, rules: Config) -> None:
    for days in (0, 20):
        policy = rules.policy.model_copy(update={"retention_days": days})
        found = lived(known_, rules.model_copy(update={"policy": policy}))
        if found.instance != "deleted" or found.stage == "erased":
            continue
        ended = found.dates["churned_at"]
        assert (found.stage, days) == ("churned", 20)
        assert ended is not None
        assert max(ended, known_.born_at) + 20 * 86400 <= NOW
        assert known_.access is None or known_.access.access == "none"


def named(status: str = "ready", name: str = "legacy-7") -> Instance:
    return replace(instance(status), name=name, generation=7)


NAMES = account(instance_name="legacy-7")
PAYS = sub("active", created=-400, ever_paid=True)
WHICH = [
    ("as the account view names it", known(NAMES, PAYS), "legacy-7", True),
    ("known by now", known(NAMES, PAYS, named()), "legacy-7", True),
    ("named after our own", known(account(instance_name="acme-1"), PAYS, instance()), "acme-1", False),
    ("deleted: the next one is ours", known(NAMES, PAYS, named("deleted")), "acme-8", False),
    ("one of ours runs already", known(NAMES, PAYS, instance()), "acme-1", False),
]


@pytest.mark.parametrize(("given_", "name", "adopts"), [row[1:] for row in WHICH], ids=[row[0] for row in WHICH])
def test_which_instance_is_meant(given_: AccountFacts, name: str, adopts: bool) -> None:
    desired = asked(given_, config())
    assert desired is not None
    assert (desired.values["name"], desired.adopts, desired.create) == (name, adopts, not adopts)


@pytest.mark.parametrize("rules", [config(), keeps(0, instances="all")])
def test_an_adopted_account_without_a_name_gets_no_instance(rules: Config) -> None:
    assert lived(known(PAYS), rules).instance == "not_managed"


def test_without_a_provisioner_nothing_is_managed() -> None:
    found = life(known(PAYS, NAMES, instance()), config(), CATALOG, NOW, False)
    assert found.instance == "not_managed"
    assert list(desired_instance(known(PAYS, NAMES), found, config())) == []


def test_extending_somebody_elses_trial_starts_no_instance() -> None:
    extended = request("req_2", plan="", days=3, requested_by="staff:eve", description="why", answer="accepted")
    assert lived(known(sub("trialing", trial=(-1, 13)), extended), config()).instance == "not_managed"


SHOWN = today("full", "active")
ROW = replace(SHOWN, instance_url="https://acme.example.com", instance_status="ready")
LIAR = replace(instance(), account_id=AccountId("beta"), url="https://beta.example.com")
MISSING = Instance("acme-1", AccountId(""), 1, "gone")


def test_an_answer_for_another_account_is_told_and_never_shown() -> None:
    given_ = known(PAYS, LIAR, ROW)
    desired = asked(given_, config())
    assert desired is not None
    assert "another account" in desired.problem
    found = lived(given_, config())
    assert (found.instance_url, found.instance_status) == ("https://acme.example.com", "ready")
    assert told(known(PAYS, LIAR)) == ("", "")
    assert [o.name for o in found.occurrences if o.name == "provisioned-instance"] == []
    assert "another account" in " ".join(alerts(given_, found))


def test_one_that_is_not_there_any_more_is_told_and_not_made_again() -> None:
    given_ = known(PAYS, MISSING, ROW)
    desired = asked(given_, config())
    assert desired is not None
    assert (desired.values["name"], bool(desired.problem)) == ("acme-1", True)
    assert lived(given_, config()).instance_status == "failed"
    assert "no longer there" in " ".join(alerts(given_, lived(given_, config())))
    assert lived(known(LEFT, MISSING), keeps(1)).instance == "none"


def read(name: str, **answer: Any) -> Any:
    (fact,) = facts_of(Record(Ref("instances", "instance", name), {"name": name, "status": "ready", **answer}))
    return fact


@pytest.mark.parametrize(
    ("name", "said", "owner"),
    [("acme-1", "acme", ACME), ("acme-1", "beta", None), ("acme-1", "", None), ("legacy-7", "acme", None)],
)
def test_whose_an_instance_is_follows_from_its_name(name: str, said: str, owner: AccountId | None) -> None:
    fact = read(name, account_id=said)
    assert (fact.account_id, fact.body.account_id) == (owner, said)
    assert fact.seeks == (() if owner else (f"instance:{name}", f"account:{name.rpartition('-')[0]}"))


def test_gone_is_a_fact() -> None:
    (fact,) = facts_of(Record(Ref("instances", "instance", "acme-1"), None))
    assert fact.body == MISSING
    assert fact.account_id is None
