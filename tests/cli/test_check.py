"""`instep check`: every part shown, each weak spot named with what to do."""

from __future__ import annotations

from pathlib import Path

from home import Home

from mappings.glossary import EVENTS


def levels(home: Home) -> dict[str, list[str]]:
    """level -> what `check` is about there."""
    found: dict[str, list[str]] = {}
    for line in home.run("check", "--json").data:
        found.setdefault(line["level"], []).append(f"{line['about']}: {line['text']}")
    return found


def test_check_is_content_with_a_good_installation(on: Home) -> None:
    said = on.run("check")
    assert (said.code, said.err) == (0, "")
    found = levels(on)
    assert "problem" not in found
    about = {line.partition(":")[0] for line in found["ok"]}
    assert about >= {
        "settings", "configuration", "state", "Stripe", "Intercom", "house", "product", "plans", "Intercom names",
        "provisioner", "after", "clock",
    }  # fmt: skip


def test_check_lists_every_setting_that_is_missing_or_wrong(home: Home) -> None:
    home.set("STRIPE_API_KEY", None)
    home.set("INTERCOM_ACCESS_TOKEN", "...")
    assert home.run("check").code == 1
    missing, placeholder = levels(home)["problem"]
    assert missing.startswith("settings: STRIPE_API_KEY is not set.")
    assert placeholder.startswith("settings: INTERCOM_ACCESS_TOKEN is not filled in")


def test_check_shows_every_row_whatever_fails(on: Home) -> None:
    parts = [line["about"] for line in on.run("check", "--json").data]
    on.set("STRIPE_API_BASE", "http://127.0.0.1:1")
    on.set("INTERCOM_ACCESS_TOKEN", "tok_wrong")
    on.configure("[plans")
    found = on.run("check", "--json").data
    assert set(parts) == {line["about"] for line in found}
    assert {line["about"] for line in found if line["level"] == "problem"} == {"configuration", "Stripe", "Intercom"}


def test_check_tells_what_only_watches(home: Home) -> None:
    count = len(home.run("init", "--json").data["modes"])
    assert f"targets: {count} of {count} targets only watch: nothing is sent there" in levels(home)["ok"]


def test_check_warns_of_a_provisioner_without_a_secret(on: Home) -> None:
    on.set("PROVISIONER_SECRET", "")
    (warning,) = (line for line in levels(on)["warning"] if line.startswith("provisioner"))
    assert "without PROVISIONER_SECRET" in warning


def test_check_before_init_says_what_to_do(home: Home) -> None:
    before = home.vendor_writes()
    assert home.run("check").code == 1
    found = levels(home)
    assert [line for line in found["problem"] if "`instep init`" in line]
    assert home.vendor_writes() == before
    assert home.tables("product.db") == home.tables_before


def test_check_names_every_weak_spot(on: Home) -> None:
    text = (on.folder / "instep.toml").read_text().replace("pro_monthly", "gone_monthly")
    follow = '\n[after."expired-trial"]\nurl = "https://example.com"\n'
    on.configure(text + follow + '\n[names]\nintercom_prefix = "p_"\n')
    on.write("INSERT INTO members SELECT 'second', account_id || '2', upper(email), 'member', name, 1 FROM members")
    on.set("PROVISIONER_URL", "http://127.0.0.1:1")
    on.set("INSTEP_NOW", "2026-12-01T00:00:00+00:00")
    found = levels(on)
    problems, warnings = "\n".join(found["problem"]), "\n".join(found["warning"])
    assert "plans: pro has no active recurring price in Stripe" in problems
    assert "provisioner: The provisioner cannot be reached" in problems
    assert "after: What [after] sends is signed under INSTEP_SECRETS, which is not set" in problems
    assert "price price_pro_monthly is in no plan" in warnings
    assert "1 e-mail address" in warnings
    assert "no owner" in warnings
    assert "do not exist yet" in warnings
    assert "INSTEP_NOW holds the clock" in warnings


def test_check_finds_an_attribute_of_another_type(on: Home) -> None:
    on.configure(
        (on.folder / "instep.toml").read_text() + '\n[names]\nattributes = { mrr = "paid", trial_ends_at = "mrr" }\n'
    )
    problems = levels(on)["problem"]
    assert [line for line in problems if "mrr is float, not date" in line]


def test_check_goes_on_when_a_vendor_is_down(on: Home) -> None:
    on.set("STRIPE_API_KEY", "sk_test_wrong")
    found = levels(on)
    assert found["problem"] == ["Stripe: Stripe refuses the key in STRIPE_API_KEY. Put a working key there."]
    assert "plans: not looked at: see Stripe" in found["warning"]
    assert [line for line in found["ok"] if line.startswith("product: ")]
    assert [line for line in found["ok"] if line.startswith("Intercom names: ")]


def test_check_tells_how_much_room_there_is(on: Home) -> None:
    fine = [line for line in levels(on)["ok"] if line.startswith("Intercom names")]
    assert any("of 250 custom attributes are in use" in line and "needs 0 more" in line for line in fine)
    assert any(f"Instep uses {len(EVENTS)} of the 120 active event names" in line for line in fine)
    traits = "".join(f'[traits.t{number}]\ntype = "string"\n' for number in range(250))
    on.configure((on.folder / "instep.toml").read_text() + traits)
    assert [line for line in levels(on)["problem"] if "250 more are needed: archive" in line]


def test_check_names_an_archived_attribute_and_one_of_companies(on: Home) -> None:
    made = on.control("POST", "/intercom/hand/data_attributes", attribute("contact", f"{on.account}_a"))
    on.control("PUT", f"/intercom/hand/data_attributes/{made['id']}", {"archived": True})
    on.control("POST", "/intercom/hand/data_attributes", attribute("company", f"{on.account}_b"))
    renamed = f'{{ plan = "{on.account}_a", last_plan = "{on.account}_b" }}'
    on.configure((on.folder / "instep.toml").read_text() + f"\n[names]\nattributes = {renamed}\n")
    archived, other = levels(on)["problem"]
    assert f"{on.account}_a is archived in Intercom: unarchive it there" in archived
    assert f"{on.account}_b is an attribute of companies" in other


def attribute(model: str, name: str) -> dict[str, str]:
    return {"model": model, "name": name, "data_type": "string"}


def test_check_tells_before_anything_is_sent_that_names_are_worn_already(home: Home) -> None:
    home.control("POST", "/intercom/hand/tags", {"name": "plan:pro"})
    home.run("init")
    (warning,) = (line for line in levels(home)["warning"] if "already" in line)
    assert "rename ours in [names], or use what is there by `instep go-live --accept-names`" in warning


def test_the_page_says_what_is_looked_at_and_every_part_is(on: Home) -> None:
    printed = on.run("check", "--markdown").out
    page = (Path(__file__).parents[2] / "docs/checks.md").read_text()
    assert page == printed, "docs/checks.md is out of date: run `make docs`"
    told = {line["about"] for line in on.run("check", "--json").data}
    assert [about for about in told if f"| {about} |" not in page] == []
    assert len(told) == page.partition("## ")[0].count("\n| ") - 2
