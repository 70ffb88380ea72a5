"""`instep plans import`: plans drafted from what Stripe sells, written only where there are none."""

from __future__ import annotations

import tomllib

import pytest
from home import Home

POLICY = '[policy]\naccess_without_subscription = "none"\n'


def test_it_is_printed_as_toml_and_nothing_is_written(home: Home) -> None:
    before = (home.folder / "instep.toml").read_text(), home.vendor_writes()
    said = home.run("plans", "import")
    assert said.code == 0
    plans = tomllib.loads(said.out)["plans"]
    assert plans["pro"] == {
        "label": "Pro", "lookup_keys": ["pro_monthly", "pro_yearly"], "products": ["prod_pro"], "trial_days": 14,
        "tag": "plan:pro",
    }  # fmt: skip
    assert set(plans) == {"pro", "team"}
    assert "pro_monthly: 49.00 usd a month" in said.out
    assert ((home.folder / "instep.toml").read_text(), home.vendor_writes()) == before


def test_plans_that_are_there_are_left_alone(home: Home) -> None:
    before = (home.folder / "instep.toml").read_text()
    said = home.run("plans", "import", "--write")
    assert (said.code, "has plans already" in said.sentence) == (2, True)
    assert (home.folder / "instep.toml").read_text() == before


def test_they_are_put_where_there_are_none(home: Home) -> None:
    home.configure(f"# mine\n\n{POLICY}")
    assert home.run("plans", "import", "--write").code == 0
    text = (home.folder / "instep.toml").read_text()
    assert text.startswith("# mine\n")
    assert text.endswith(POLICY)
    assert home.run("init").code == 0
    assert "problem" not in {line["level"] for line in home.run("check", "--json").data if line["about"] == "plans"}


def test_a_configuration_is_made_where_there_is_none(home: Home) -> None:
    (home.folder / "instep.toml").unlink()
    assert home.run("plans", "import", "--write").code == 2
    assert not (home.folder / "instep.toml").exists()
    assert home.run("plans", "import", "--write", "--access", "none", "--json").data["plans"] == ["pro", "team"]
    held = tomllib.loads((home.folder / "instep.toml").read_text())
    assert held["policy"]["access_without_subscription"] == "none"
    assert held["plans"]["team"]["products"] == ["prod_team"]
    assert home.run("init").code == 0


@pytest.mark.parametrize("text", ["[plans", "plans = 3\n["])
def test_a_file_that_is_no_toml(home: Home, text: str) -> None:
    home.configure(text)
    assert home.run("plans", "import", "--write").code == 2
    assert (home.folder / "instep.toml").read_text() == text
