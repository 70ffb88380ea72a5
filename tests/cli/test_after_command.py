"""`instep after`, and what a mistake in [after] says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from home import Home
from installation import CONFIG
from standardwebhooks import Webhook

ONE = '[after."started-trial"]\nurl = "{}"\n'
HIDDEN = "https://user:password@hooks.example.com/T0/secret-path"


@pytest.fixture(autouse=True)
def without_prefect() -> Iterator[None]:
    """Another test of this process may have a Prefect server running."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


def follow(home: Home, url: str = HIDDEN) -> Home:
    home.set("INSTEP_SECRETS", "newest, oldest")
    home.configure(CONFIG + ONE.format(url))
    return home


def test_nothing_follows(home: Home) -> None:
    home.run("init")
    said = home.run("after")
    assert (said.code, said.out.partition(":")[0]) == (0, "Nothing follows an occurrence")
    assert home.run("after", "--json").data == []


def test_who_is_called_without_what_may_be_secret(home: Home) -> None:
    follow(home).run("init")
    said = home.run("after")
    assert "started-trial" in said.out
    assert "https://hooks.example.com" in said.out
    assert "watch" in said.out
    assert "Nobody is called yet after started-trial" in said.out
    everything = said.out + home.run("check").out + home.run("plan").out + home.run("after", "--json").out
    assert not [word for word in ("password", "secret-path", "whsec_") if word in everything]
    home.run("init", "--on")
    assert "Nobody is called yet" not in home.run("after").out


def test_the_secrets_are_shown_when_asked_for(home: Home) -> None:
    follow(home).run("init")
    said = home.run("after", "--secrets")
    (found,) = home.run("after", "--secrets", "--json").data
    assert said.out.count("started-trial verifies with whsec_") == 2
    assert len(set(found["secrets"])) == 2
    assert all(Webhook(secret) for secret in found["secrets"])
    follow(home, "https://hooks.example.com/other")
    (other,) = home.run("after", "--secrets", "--json").data
    assert not set(other["secrets"]) & set(found["secrets"])


def test_without_a_secret_nothing_is_signed_and_nothing_begins(home: Home) -> None:
    home.run("init")
    follow(home)
    home.set("INSTEP_SECRETS", None)
    for command in ("plan", "sync"):
        said = home.run(command)
        assert said.code == 2
        assert said.sentence.startswith("What [after] sends is signed under INSTEP_SECRETS, which is not set.")
    assert "signed under INSTEP_SECRETS" in home.run("check").out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[after."trial-started"]\nurl = "https://a.example"',
            "after: there is no occurrence 'trial-started'; there are",
        ),
        (ONE.format(""), "after.started-trial: name either a url or a deployment."),
        (ONE.format("hooks.example.com"), "after.started-trial.url: must be an address that begins with https://"),
        ('[after."started-trial"]\nflow = "x"', "after.started-trial.flow is not a known key."),
    ],
)
def test_a_mistake_is_one_sentence(home: Home, text: str, sentence: str) -> None:
    home.configure(CONFIG + text)
    said = home.run("sync")
    assert said.code == 2
    assert sentence in said.sentence


def test_a_deployment_needs_prefect(home: Home) -> None:
    home.run("init")
    home.configure(CONFIG + '[after."started-trial"]\ndeployment = "tell/chat"\n')
    said = home.run("sync")
    assert said.code == 2
    assert said.sentence.startswith("The deployment tell/chat is run by Prefect, but PREFECT_API_URL is not set.")
    assert "deployment tell/chat" in home.run("after").out


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("prefect://terraform", "PROVISIONER_URL must be prefect://FLOW/DEPLOYMENT"),
        ("prefect://instance/terraform", "The deployment instance/terraform is run by Prefect, but PREFECT_API_URL is"),
        ("terraform", "PROVISIONER_URL is not a URL (http:// or https://)."),
    ],
)
def test_a_provisioner_that_cannot_be_reached_is_one_sentence(home: Home, url: str, sentence: str) -> None:
    home.set("PROVISIONER_URL", url)
    said = home.run("init")
    assert said.code == 2
    assert said.sentence.startswith(sentence)
