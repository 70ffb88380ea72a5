"""What hinders our attributes in a workspace: told with what to do, before the first of them is made."""

import pytest

from connectors.contract import Rejected
from connectors.intercom import IntercomCompanies, attributes, declaration_of
from connectors.intercom.attributes import MOST
from mappings.model import Name

SCORE, OTHER = Name("contact", "score", "integer"), Name("company", "other", "string")


def there(*rows):
    return [{"model": m, "name": n, "data_type": t, "custom": c, "archived": a} for m, n, t, c, a in rows]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("contact", "score", "integer", True, False), ""),
        (("contact", "score", "string", True, False), "score is string, not integer, and Intercom changes no type"),
        (("contact", "score", "integer", True, True), "score is archived in Intercom: unarchive it there, or give"),
        (("contact", "score", "integer", False, False), "score is an attribute of Intercom's own: give ours another"),
        (("company", "score", "integer", True, True), "score is an attribute of companies, and one name cannot serve"),
        (("company", "score", "integer", False, False), ""),
    ],
)  # fmt: skip
def test_each_hindrance_says_what_to_do(row, words):
    (found,) = declaration_of([SCORE], there(row)).hindrances or [""]
    assert bool(found) == bool(words)
    assert words in found


def test_there_must_be_room_for_all_of_ours():
    full = there(*(("contact", f"a{n}", "string", True, False) for n in range(MOST)))
    freed = there(("company", "old", "string", True, True), ("contact", "name", "string", False, False))
    (found,) = declaration_of([SCORE], [*full, *freed]).hindrances
    assert found.startswith("250 of 250 custom attributes are in use and 1 more are needed: archive 1 in Intercom")
    assert declaration_of([SCORE], [*full[1:], *freed]).hindrances == []
    (both,) = declaration_of([SCORE, OTHER], [*full[1:], *freed], ("contact",)).hindrances
    assert both.startswith("249 of 250 custom attributes are in use and 2 more are needed")


def test_a_name_of_contacts_is_no_name_of_companies(live, contacts, intercom_api):
    contacts.declare([SCORE])
    before = len(live.effects("intercom"))
    with pytest.raises(Rejected, match="score is an attribute of contacts, and one name cannot serve both"):
        IntercomCompanies(intercom_api).declare([OTHER, Name("company", "score", "integer")])
    assert len(live.effects("intercom")) == before
    assert "other" not in {attribute["name"] for attribute in attributes(intercom_api)}
