"""Wrong use and broken surroundings: the exit code, one sentence that says what to do, and nothing written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from home import Home
from installation import CONFIG

NOWHERE = "http://127.0.0.1:1"

SETTINGS = [
    ("STRIPE_API_KEY", None, 2, "STRIPE_API_KEY is not set. Put it into the environment or into .env"),
    ("INTERCOM_ACCESS_TOKEN", None, 2, "INTERCOM_ACCESS_TOKEN is not set."),
    ("INSTEP_PRODUCT_URL", None, 2, "INSTEP_PRODUCT_URL is not set."),
    ("INTERCOM_ACCESS_TOKEN", " ", 2, "INTERCOM_ACCESS_TOKEN is empty."),
    ("STRIPE_API_KEY", "pk_test_hunter2", 2, "STRIPE_API_KEY is not a Stripe secret or restricted key"),
    ("STRIPE_API_BASE", "api.stripe.com", 2, "STRIPE_API_BASE is not a URL (http:// or https://)."),
    ("INSTEP_TIMEZONE", "Mars/Olympus", 2, "INSTEP_TIMEZONE 'Mars/Olympus' is not a time zone (like Europe/Berlin)."),
    ("INSTEP_NOW", "2026-03-01T09:00:00", 2, "INSTEP_NOW '2026-03-01T09:00:00' has no time zone"),
    ("INSTEP_NOW", "tomorrow", 2, "INSTEP_NOW 'tomorrow' is not an ISO instant"),
    ("INSTEP_CONCURRENCY", "many", 2, "INSTEP_CONCURRENCY "),
    ("INSTEP_CONFIG", "nowhere.toml", 2, "nowhere.toml does not exist."),
    ("PROVISIONER_SECRET", "whsec_a", 2, "the provisioner's secret must be whsec_ followed by base64."),
    ("INSTEP_STATE_URL", "mysql://root:hunter2@localhost/x", 1, "The state database may be SQLite or PostgreSQL"),
    ("INSTEP_STATE_URL", "hunter2", 1, "INSTEP_STATE_URL is not a database URL such as sqlite:///instep.db."),
    ("INSTEP_STATE_URL", "postgresql://u:hunter2@127.0.0.1:1/x", 1, "cannot be used"),
    ("INSTEP_PRODUCT_URL", "postgresql://u:hunter2@127.0.0.1:1/x", 1, "Check INSTEP_PRODUCT_URL"),
    ("INSTEP_PRODUCT_URL", "sqlite:////nowhere/product.db", 1, "Check INSTEP_PRODUCT_URL"),
    ("STRIPE_API_KEY", "sk_test_wrong", 1, "Stripe refuses the key in STRIPE_API_KEY. Put a working key there."),
    ("INTERCOM_ACCESS_TOKEN", "tok_wrong", 1, "Intercom refuses the key in INTERCOM_ACCESS_TOKEN."),
    ("STRIPE_API_BASE", NOWHERE, 1, "Stripe cannot be used: stripe cannot be reached"),
    ("INTERCOM_API_BASE", NOWHERE, 1, "Intercom cannot be used: intercom cannot be reached"),
]


@pytest.mark.parametrize(("name", "value", "code", "sentence"), SETTINGS)
def test_a_setting_that_does_not_work(
    home: Home, untouched: Callable[[], bool], name: str, value: str | None, code: int, sentence: str
) -> None:
    home.set(name, value)
    said = home.run("init", "--on")
    assert (said.code, said.out) == (code, "")
    assert sentence in said.sentence
    assert untouched()


CONFIGURATIONS = [
    (CONFIG + '\n[plans.pro.prize]\nid = "x"\n', "plans.pro.prize is not a known key."),
    (CONFIG + "\n[shops]\n", "shops is not a known key."),
    (CONFIG.replace('access_without_subscription = "full"', ""), "policy.access_without_subscription is missing"),
    (CONFIG.replace('"full"', '"some"'), "policy.access_without_subscription: "),
    (CONFIG.replace("trial_days = 14", "trial_days = 0"), "plans.pro.trial_days: "),
    (CONFIG.replace('lookup_keys = ["pro_monthly"]', ""), "name at least one of prices, lookup_keys or products"),
    (CONFIG + '\n[plans.gold]\nprices = ["pro_monthly"]\n', "belongs to plans pro and gold"),
    ("[plans", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "sentence"), CONFIGURATIONS)
def test_a_configuration_that_does_not_hold(
    home: Home, untouched: Callable[[], bool], text: str, sentence: str
) -> None:
    home.configure(text)
    said = home.run("init", "--on")
    assert (said.code, said.out) == (2, "")
    assert "instep.toml" in said.sentence
    assert sentence in said.sentence
    assert untouched()


def test_no_view_of_users(home: Home, untouched: Callable[[], bool]) -> None:
    home.write("DROP VIEW instep_users")
    said = home.run("init")
    assert said.code == 1
    assert "has no view instep_users" in said.sentence
    assert untouched()


def test_a_view_without_a_required_column(home: Home, untouched: Callable[[], bool]) -> None:
    home.write("DROP VIEW instep_users")
    home.write("CREATE VIEW instep_users AS SELECT user_id, account_id FROM members")
    said = home.run("init")
    assert said.code == 1
    assert "instep_users has no column email" in said.sentence
    assert untouched()


@pytest.mark.parametrize("command", ["sync", "plan", "sweep", "status", "todo"])
def test_nothing_works_before_init(home: Home, untouched: Callable[[], bool], command: str) -> None:
    said = home.run(command)
    assert (said.code, said.out) == (1, "")
    assert "`instep init`" in said.sentence
    assert untouched()


def test_a_live_key_starts_by_watching(home: Home, untouched: Callable[[], bool]) -> None:
    home.set("STRIPE_API_KEY", "sk_live_1")
    said = home.run("init", "--on", "--yes")
    assert said.code == 2
    assert "a live installation starts by watching" in said.sentence
    assert untouched()


def test_a_live_key_is_asked_for(home: Home, untouched: Callable[[], bool]) -> None:
    home.set("STRIPE_API_KEY", "sk_live_1")
    said = home.run("init")
    assert said.code == 2
    assert "Add --yes to agree." in said.sentence
    assert untouched()


def test_a_held_clock_is_refused_with_a_live_key(home: Home, untouched: Callable[[], bool]) -> None:
    home.set("STRIPE_API_KEY", "sk_live_1")
    home.set("INSTEP_NOW", "2026-03-01T09:00:00+00:00")
    assert home.run("init").code == 2
    assert untouched()


@pytest.mark.parametrize("command", ["sync", "plan", "sweep", "init"])
def test_another_workspace_behind_the_key(home: Home, command: str) -> None:
    assert home.run("init", "--on").code == 0
    home.request_trial()
    here = home.control("GET", "/intercom/settings")["id_code"]
    home.control("PUT", "/intercom/settings", {"id_code": "elsewhere"})
    before = home.vendor_writes()
    try:
        said = home.run(command)
    finally:
        home.control("PUT", "/intercom/settings", {"id_code": here})
    assert said.code == 1
    assert "Nothing was written: the state was built for Intercom workspace sandbox, but the key opens elsewhere" in (
        said.sentence
    )
    assert home.vendor_writes() == before


WORDS = [
    ("nonsense", "nonsense"),
    ("sync --everything", "--everything"),
    ("request", ""),
    ("request trial", "account"),
    ("request trial a --days soon", "--days"),
    ("init --access some", "--access"),
]


@pytest.mark.parametrize(("words", "named"), WORDS[:2] + WORDS[3:])
def test_words_that_mean_nothing(home: Home, untouched: Callable[[], bool], words: str, named: str) -> None:
    said = home.run(*words.split())
    assert (said.code, said.out) == (2, "")
    assert named in said.sentence.casefold()
    assert "`instep --help`" in said.sentence
    assert untouched()


def test_an_account_that_nobody_knows(home: Home) -> None:
    assert home.run("init", "--on").code == 0
    before = home.vendor_writes()
    for command in ("sync", "plan", "sweep"):
        said = home.run(command, "--only", home.account, "nobody")
        assert said.code == 2
        assert "knows an account nobody" in said.sentence
    assert home.vendor_writes() == before


def test_a_bug_is_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("someone@example.org")

    monkeypatch.setattr("flows.standing.standing", broken)
    said = home.run("status")
    assert said.code == 1
    assert "(ZeroDivisionError)" in said.sentence
    assert "--debug" in said.sentence
