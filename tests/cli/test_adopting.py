"""`instep adopt`, `go-live` and `pause`: what they print and refuse, what lands in the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from home import Home
from installation import vendors


@pytest.fixture
def vendors_url() -> Iterator[str]:
    """A workspace of its own: contacts of other tests would be strangers to this product."""
    with vendors() as url:
        yield url


def test_from_the_report_to_live_and_back(home: Home) -> None:
    home.run("init")
    home.request_trial()
    refused = home.run("go-live", "--yes")
    assert refused.code == 2
    assert "no adoption report of the last 24 hours" in refused.sentence
    before = home.vendor_writes()
    said = home.run("adopt", "--csv", "report")
    assert said.code == 0
    assert "Would start: trials 1, subscription changes 0," in said.out
    assert "Nothing was sent." in said.out
    assert (home.folder / "report" / "steps.csv").read_text().startswith("target,operation,what,count")
    assert home.run("adopt", "--json").data["starts"]["trials"] == 1
    assert home.vendor_writes() == before
    assert home.run("go-live", "nonsense", "--yes").code == 2
    assert home.run("go-live", "--yes", "--accept-names").code == 0
    assert home.run("sync").code == 0
    assert home.access() == "trialing"
    assert set(home.run("pause", "intercom", "--json").data["modes"].values()) == {"on", "watch"}
    assert home.run("pause", "nothing").code == 2


def test_what_is_in_the_way_is_named_with_what_to_do(home: Home) -> None:
    row = {"name": "mrr", "model": "contact", "data_type": "string"}
    home.control("POST", "/intercom/hand/data_attributes", row)
    home.run("init")
    said = home.run("adopt")
    assert said.code == 0
    assert "In the way of going live: the attribute mrr is string, not float" in said.err
    assert "Next: what is in the way, then `instep adopt` again." in said.out
    assert "--accept-names" not in said.out
    refused = home.run("go-live", "--accept-names", "--yes")
    assert refused.code == 2
    assert refused.sentence.endswith("or all of ours an intercom_prefix in [names].")
    checked = [line["text"] for line in home.run("check", "--json").data]
    assert not [text for text in checked if "mrr" in text and "--accept-names" in text]
    refused = home.run("init", "--on")
    assert refused.code == 1
    assert refused.sentence.startswith("Intercom refuses this: the attribute mrr")
    assert "INTERCOM_API_BASE" not in refused.sentence


def test_a_pilot_of_an_account_that_is_left_alone_is_refused(home: Home) -> None:
    with (home.folder / "instep.toml").open("a") as file:
        file.write(f'\n[exclude]\naccounts = ["{home.account}"]\n')
    home.run("init")
    assert home.run("adopt", "--json").data["left_to_product"] == {"excluded": 1}
    for command in ("adopt", "plan", "sync"):
        said = home.run(command, "--only", home.account)
        assert (said.code, f"instep: {home.account} is excluded (" in said.err) == (0, True), said.err
    refused = home.run("go-live", "--only", home.account, "--yes")
    assert refused.code == 2
    assert refused.sentence.startswith(f"{home.account} is excluded ([exclude] of instep.toml, or the account view)")
    assert "on" not in home.run("status", "--json").data["installation"]["modes"].values()
    assert "Its access is left to the product: excluded." in home.run("status", "--account", home.account).out
    unknown = home.run("go-live", "--only", "nobody", "--yes")
    assert (unknown.code, "knows an account nobody" in unknown.sentence) == (2, True)
