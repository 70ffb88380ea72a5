"""A prefix of our own where others have taken our names, and what the report lists of access that would fall."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from town import Town, secluded

from flows.adoption import Adoption, adopt
from flows.switching import go_live
from instep.adopting import write_files

OURS = "in_"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """With vendors of its own: names are a whole workspace's."""
    with secluded("an", tmp_path) as here:
        yield here


def by_hand(town: Town, kind: str, **row: Any) -> Any:
    return town.vendors.control("POST", f"/intercom/hand/{kind}", row)


def report(town: Town) -> Adoption:
    return adopt(town.open(), [], lambda what, n: None)


def paying(town: Town, short: str) -> None:
    town.team(short, **{f"{short}owner": "owner"})
    made = town.vendors.stripe("POST", "/v1/customers", **{"metadata[account_id]": town.account(short)})
    town.vendors.control("POST", f"/stripe/customers/{made['id']}/card", {"outcome": "ok"})
    town.vendors.stripe("POST", "/v1/subscriptions", customer=made["id"], **{"items[0][price]": "price_pro_monthly"})


def test_with_a_prefix_nothing_of_others_is_touched(town: Town) -> None:
    paying(town, "acme")
    tag = by_hand(town, "tags", name="sub:active")
    by_hand(town, "data_attributes", name="stage", model="contact", data_type="integer")
    by_hand(town, "data_attributes", name="mrr", model="contact", data_type="string")
    held = {"role": "user", "external_id": f"{town.name}-acmeowner", "email": town.email("acmeowner")}
    by_hand(town, "contacts", **held, custom_attributes={"stage": 7, "mrr": "a lot"})
    before = by_hand_lists(town)
    town.configure(f'[names]\nintercom_prefix = "{OURS}"\n')
    town.init(on=False)
    found = report(town)
    assert (found.foreign, found.hindrances) == ([], [])
    go_live(town.open(), "", [], accept_names=False)
    town.sync()
    contact = town.person("acmeowner")
    assert contact["custom_attributes"] | {"stage": 7, "mrr": "a lot"} == contact["custom_attributes"]
    assert contact["custom_attributes"][f"{OURS}mrr"] == 49
    assert town.tags("acmeowner") == {f"{OURS}sub:active", f"{OURS}plan:pro"}
    after = by_hand_lists(town)
    assert {key: after[key] for key in before} == before
    assert all(name.startswith(OURS) for kind, name in after.keys() - before.keys())
    assert ("tags", tag["name"]) in before


def by_hand_lists(town: Town) -> dict[tuple[str, str], Any]:
    """Every tag and attribute of the workspace."""
    kinds = ("tags", "data_attributes")
    listed = {kind: town.vendors.control("GET", f"/intercom/hand/{kind}")["data"] for kind in kinds}
    return {(kind, str(row["name"])): row for kind, rows in listed.items() for row in rows}


def test_whose_access_would_fall_is_listed_with_what_they_pay(town: Town, tmp_path: Path) -> None:
    paying(town, "acme")
    paying(town, "bolt")
    town.product.execute("UPDATE teams SET hold_reason = 'fraud' WHERE team_id = :t", {"t": town.account("bolt")})
    town.init(on=False)
    found = report(town)
    write_files(found, tmp_path / "report")
    with (tmp_path / "report" / "access.csv").open() as file:
        assert list(csv.DictReader(file)) == [
            {"account_id": town.account("bolt"), "before": "full", "after": "none", "reason": "the account is on hold",
             "mrr": "49.0", "currency": "usd"},
        ]  # fmt: skip
    assert found.money() == {"usd": 49}
