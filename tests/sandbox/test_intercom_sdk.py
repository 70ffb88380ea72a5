"""python-intercom against the simulated Intercom: the calls a connector makes, and the traps it must know."""

from collections.abc import Iterator

import httpx
import pytest
from intercom import Intercom, StartingAfterPaging
from intercom.core.api_error import ApiError
from intercom.errors import UnauthorizedError
from intercom.types import (
    CreateContactRequestWithEmail,
    CreateContactRequestWithExternalId,
    CreateContactRequestWithRole,
    CreateDataEventRequestWithEmail,
    CreateDataEventRequestWithId,
    CreateDataEventRequestWithUserId,
    CreateOrUpdateCompanyRequest,
)
from intercom_live import NOON, TOKEN, Api, api_fixture, live_fixture  # noqa: F401

from sandbox.intercom import fields


@pytest.fixture
def sdk(api: Api) -> Iterator[Intercom]:
    with httpx.Client(timeout=10, verify=False) as http:
        yield Intercom(
            token=TOKEN, base_url=f"{api.url}/intercom", headers={"Intercom-Version": "2.14"}, httpx_client=http
        )


@pytest.mark.parametrize(
    ("kinds", "models"),
    [
        (
            fields.CONTACT,
            (CreateContactRequestWithEmail, CreateContactRequestWithExternalId, CreateContactRequestWithRole),
        ),
        (
            fields.EVENT,
            (CreateDataEventRequestWithEmail, CreateDataEventRequestWithId, CreateDataEventRequestWithUserId),
        ),
        (fields.COMPANY, (CreateOrUpdateCompanyRequest,)),
    ],
)
def test_request_fields_are_those_of_the_sdk(kinds, models):
    assert set(kinds) == {name for model in models for name in model.model_fields}


def test_contact_calls(api: Api, sdk: Intercom):
    api.attribute("stage")
    made = sdk.contacts.create(request={"external_id": "u1", "email": "a@example.com", "role": "user"})
    sdk.contacts.update(made.id, name="A", custom_attributes={"stage": "active"})
    shown = sdk.contacts.show_contact_by_external_id("u1")
    assert (shown.id, shown.name, shown.custom_attributes) == (made.id, "A", {"stage": "active"})
    assert [row.id for row in sdk.contacts.list(per_page=1)] == [made.id]
    lead = sdk.contacts.create(request={"role": "lead"})
    assert sdk.contacts.merge_lead_in_user(lead_id=lead.id, contact_id=made.id).id == made.id
    assert sdk.contacts.archive(made.id).archived is True
    assert sdk.contacts.unarchive(made.id).archived is False
    assert sdk.contacts.delete(made.id).deleted is True


def test_tag_company_and_event_calls(api: Api, sdk: Intercom):
    contact = api.user("u1")
    tag = sdk.tags.create(request={"name": "vip"})
    sdk.tags.tag_contact(contact, tag_id=tag.id)
    assert [row.name for row in sdk.contacts.list_attached_tags(contact).data] == ["vip"]
    sdk.tags.untag_contact(contact, tag.id)
    assert sdk.contacts.list_attached_tags(contact).data == []
    company = sdk.companies.create_or_update(request={"company_id": "acme", "plan": "pro"})
    assert company.plan.name == "pro"
    assert sdk.companies.attach_contact(contact, company_id=company.id).user_count == 1
    sdk.events.create(request={"event_name": "paid", "created_at": NOON, "user_id": "u1"})
    assert sdk.events.list(type="user", user_id="u1", summary=True).events[0].name == "paid"
    row = sdk.data_attributes.create(request={"name": "stage", "model": "contact", "data_type": "string"})
    assert row.id in [attribute.id for attribute in sdk.data_attributes.list(model="contact").data]


def test_search_pages_only_when_driven_by_hand(api: Api, sdk: Intercom):
    for n in range(3):
        api.user(f"u{n}")
    query = {"field": "role", "operator": "=", "value": "user"}
    first = sdk.contacts.search(query=query, pagination=StartingAfterPaging(per_page=2))
    cursor = first.response.pages.next.starting_after
    second = sdk.contacts.search(query=query, pagination=StartingAfterPaging(per_page=2, starting_after=cursor))
    assert [row.external_id for row in (*first.items, *second.items)] == ["u0", "u1", "u2"]
    assert second.response.pages.next is None


def test_refusals_reach_the_sdk(api: Api, sdk: Intercom):
    held = api.user("u1")
    with pytest.raises(ApiError) as refusal:
        sdk.contacts.create(request={"external_id": "u1"})
    assert (refusal.value.status_code, held in refusal.value.body["errors"][0]["message"]) == (409, True)
    with pytest.raises(ApiError) as refusal:
        sdk.contacts.find("unknown")
    assert refusal.value.status_code == 404
    api.control("PUT", "/settings", {"token": "rotated"})
    with pytest.raises(UnauthorizedError):
        sdk.contacts.find(held)
