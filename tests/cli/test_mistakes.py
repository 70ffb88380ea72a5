"""Wrong use and broken surroundings: the exit code, one sentence that says what to do, and nothing written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from home import Home
from installation import CONFIG

NOWHERE = "http://127.0.0.1:1"

SETTINGS = [
    ("STRIPE_API_KEY", None, 2, "STRIPE_API_KEY is not set. Put it into the environment or into .env"),
    (
        "STRIPE_API_KEY",
        "sk_test_...",
        2,
        "STRIPE_API_KEY is not filled in: it still has the placeholder of .env.example.",
    ),
    ("PROVISIONER_SECRET", "whsec_...", 2, "PROVISIONER_SECRET is not filled in"),
    ("INTERCOM_ACCESS_TOKEN", None, 2, "INTERCOM_ACCESS_TOKEN is not set."),
    ("INSTEP_PRODUCT_URL", None, 2, "INSTEP_PRODUCT_URL is not set."),
    ("INTERCOM_ACCESS_TOKEN", " ", 2, "INTERCOM_ACCESS_TOKEN is empty. Put it into the environment or into .env"),
    ("STRIPE_API_KEY", "pk_test_hunter2", 2, "STRIPE_API_KEY is not a Stripe secret or restricted key"),
    ("STRIPE_API_BASE", "api.stripe.com", 2, "STRIPE_API_BASE is not a URL (http:// or https://)."),
    ("INSTEP_TIMEZONE", "Mars/Olympus", 2, "INSTEP_TIMEZONE 'Mars/Olympus' is not a time zone (like Europe/Berlin)."),
    ("INSTEP_NOW", "2026-03-01T09:00:00", 2, "INSTEP_NOW '2026-03-01T09:00:00' has no time zone"),
    ("INSTEP_NOW", "tomorrow", 2, "INSTEP_NOW 'tomorrow' is not an ISO instant"),
    ("INSTEP_CONCURRENCY", "abc", 2, "INSTEP_CONCURRENCY is 'abc': it must be a whole number from 1 to 64."),
    ("INSTEP_CONCURRENCY", "65", 2, "INSTEP_CONCURRENCY is '65': it must be a whole number from 1 to 64."),
    ("INSTEP_CONFIG", "nowhere.toml", 2, "INSTEP_CONFIG names nowhere.toml, which does not exist: correct it, or"),
    ("PROVISIONER_SECRET", "whsec_a", 2, "PROVISIONER_SECRET must be whsec_ followed by base64 (Standard Webhooks)."),
    ("INSTEP_STATE_URL", "mysql://u:hunter2@h/x", 2, "INSTEP_STATE_URL must begin with sqlite:/// or postgresql://."),
    ("INSTEP_STATE_URL", "hunter2", 2, "INSTEP_STATE_URL must begin with sqlite:/// or postgresql://."),
    ("INSTEP_STATE_URL", "postgresql://u:hunter2@127.0.0.1:1/x", 1, "Check INSTEP_STATE_URL and that this database"),
    (
        "INSTEP_PRODUCT_URL",
        "mysql://u:hunter2@h/x",
        2,
        "INSTEP_PRODUCT_URL must begin with sqlite:/// or postgresql://.",
    ),
    ("INSTEP_PRODUCT_URL", "postgresql://u:hunter2@127.0.0.1:1/x", 1, "check INSTEP_PRODUCT_URL and the network."),
    ("INSTEP_PRODUCT_URL", "sqlite:///mistyped.db", 1, "mistyped.db): check INSTEP_PRODUCT_URL"),
    ("STRIPE_API_KEY", "sk_test_wrong", 1, "Stripe refuses the key in STRIPE_API_KEY. Put a working key there."),
    ("INTERCOM_ACCESS_TOKEN", "tok_wrong", 1, "Intercom refuses the key in INTERCOM_ACCESS_TOKEN."),
    ("STRIPE_API_BASE", NOWHERE, 1, ": check STRIPE_API_BASE and the network."),
    ("INTERCOM_API_BASE", NOWHERE, 1, ": check INTERCOM_API_BASE and the network."),
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
    assert not (home.folder / "mistyped.db").exists()


def test_wrong_settings_are_counted_in_one_sentence(home: Home) -> None:
    home.set("STRIPE_API_KEY", None)
    home.set("INSTEP_CONCURRENCY", "0")
    said = home.run("sync")
    assert said.code == 2
    assert said.sentence.endswith("`instep check` lists all 2 that are missing or wrong.")


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
    assert said.sentence == (
        "The product database has no view instep_users: make it (docs/operating.md), or correct INSTEP_PRODUCT_URL."
    )
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
    assert not (home.folder / "state.db").exists()
    assert untouched()


def test_a_live_key_starts_by_watching(home: Home, untouched: Callable[[], bool]) -> None:
    home.set("STRIPE_API_KEY", "sk_live_1")
    (home.folder / "instep.toml").unlink()
    said = home.run("init", "--on", "--access", "full")
    assert not (home.folder / "instep.toml").exists()
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
    ("nonsense", "there is no command nonsense."),
    ("request refund", "there is no command refund."),
    ("sync --everything", "--everything"),
    ("sync everything", "`everything` is more than this command takes."),
    ("request trial", "`instep request trial` needs account."),
    ("request trial a --plan", "`instep request trial` needs a value after --plan."),
    ("request trial a --days soon", "--days"),
    ("init --access some", "--access"),
]


@pytest.mark.parametrize(("words", "named"), WORDS)
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


def test_a_refused_secret_is_named(home: Home) -> None:
    assert home.run("init", "--on").code == 0
    home.request_trial()
    home.set("PROVISIONER_SECRET", "whsec_aaaa")
    said = home.run("sync")
    assert said.code == 1
    assert said.sentence == "The provisioner refuses the secret in PROVISIONER_SECRET. Put a working secret there."


def test_a_run_that_could_not_begin_is_remembered(home: Home) -> None:
    assert home.run("init", "--on").code == 0
    home.set("STRIPE_API_KEY", "sk_test_wrong")
    assert home.run("sync").code == 1
    why = "Nothing needs a person, but the last run failed: Stripe refuses the key in STRIPE_API_KEY."
    assert home.run("todo").out.startswith(why)
    assert why in home.run("status").out
    home.set("STRIPE_API_KEY", "sk_test_sandbox")
    home.set("INSTEP_NOW", "2030-01-01T00:00:00+00:00")
    assert home.run("sync").code == 0
    assert home.run("todo").out.startswith("Nothing needs a person.\n")


def test_a_bug_is_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("someone@example.org")

    monkeypatch.setattr("flows.standing.standing", broken)
    said = home.run("status")
    assert said.code == 1
    assert "(ZeroDivisionError)" in said.sentence
    assert "--debug" in said.sentence
