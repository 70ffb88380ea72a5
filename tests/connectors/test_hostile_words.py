"""Hostile ids and words in what is told and in what is erased: they arrive whole or are refused, ask for nothing else,
and leave nothing half-done (faults 98, 101)."""

from contextlib import contextmanager
from urllib.parse import quote

import pytest
from contract_tests import HOSTILE
from pydantic import SecretStr
from vendor_world import create, gate, plain_http, wanted

from connectors.contract import ConnectorError
from connectors.hooks import Hook
from connectors.intercom import IntercomErasures, IntercomEvents
from connectors.stripe import StripeErasures
from mappings.model import Occurrence, Step, Subject
from sandbox.hooks import receiver
from sandbox.intercom.space import workspace

AT = 1_794_312_000


@contextmanager
def refused_or_done(live, system: str, id: str):
    """Refused, it has changed nothing, and its sentence can be printed. Yields True where it was done."""
    before = len(live.effects(system))
    live.asked.clear()
    done = []
    try:
        yield done
    except ConnectorError as error:
        done.clear()
        assert f"{error}".isprintable(), ascii(id)  # noqa: PT017
        assert len(live.effects(system)) == before, ascii(id)


def told(target: str, id: str, key: str, at: int = AT, **values) -> Step:
    happened = Occurrence("started-trial", id, at, {"plan": id, "days_left": None})
    return Step(target, Subject(f"account:{id}"), "send", key, values=values, occurrence=happened)


def test_a_hook_is_told_as_it_is(live):
    url = f"{live.base}/hooks/paid"
    hook = Hook("after.started-trial", url, [SecretStr("whsec_bmV3")], gate("hook"), plain_http())
    taken = 0
    for number, id in enumerate(HOSTILE):
        with refused_or_done(live, "hooks", id) as done:
            hook.push(told("after.started-trial", id, f"key {number}", account_id=id))
            done.append(id)
        taken += len(done)
        assert {path for _, path in live.asked} <= {"/hooks/paid"}, ascii(id)
        if done:
            message = list(receiver(live.world).messages.values())[-1]
            assert (message["account_id"], message["data"]["source_id"], message["data"]["plan"]) == (id, id, id)
    assert taken == len(HOSTILE) - 1, "half of a character cannot be written"


def test_an_event_is_told_as_it_is(live, intercom_api, contacts):
    person, events = create(contacts, wanted("u1")).external_id, IntercomEvents(intercom_api)
    for number, id in enumerate(HOSTILE):
        with refused_or_done(live, "intercom", id) as done:
            events.push(told("intercom.events", id, f"key {number}", AT + number, contact=person))
            done.append(id)
        if done:
            (kept,) = workspace(live.world).events.values()
            assert (kept[-1].created_at, kept[-1].metadata["plan"]) == (AT + number, id)
        with refused_or_done(live, "intercom", id):
            events.push(told("intercom.events", id, f"nobody {number}", contact=id))
            pytest.fail(f"nobody is called {id!a}")
        assert {path for _, path in live.asked} <= {"/intercom/events"}, ascii(id)


def test_nobody_else_is_erased(live, intercom_api, contacts, hand):
    bystander, target = create(contacts, wanted("u1")).external_id, IntercomErasures(intercom_api)
    company = hand("POST", "/companies", {"company_id": "a1", "name": "Bystanders"})["id"]
    for number, id in enumerate(HOSTILE):
        made = wanted(id, email=f"{number}@example.com")
        with refused_or_done(live, "intercom", id):
            create(contacts, made)
        for known in ("", None):
            with refused_or_done(live, "intercom", id) as done:
                values = {"external_id": id, "contact": known}
                target.push(Step(target.name, Subject(f"person:{id}"), "create", f"key {number}", "", values))
                done.append(id)
            left = [c.external_id for c in workspace(live.world).order if not c.deleted]
            assert "u1" in left, ascii(id)
            assert not (done and id in left), ascii(id)
        with refused_or_done(live, "intercom", id):
            values = {"company_id": id, "company": ""}
            target.push(Step(target.name, Subject(f"account:{id}"), "create", f"of {number}", "", values))
    assert hand("GET", f"/contacts/{bystander}")["external_id"] == "u1"
    assert hand("GET", f"/companies/{company}")["company_id"] == "a1"


def test_no_other_customer_is_deleted(live, stripe_api):
    bystander = stripe_api.post("/v1/customers", {"email": "1@example.com"}, "customer")[0]["id"]
    target = StripeErasures(stripe_api)
    for number, id in enumerate(HOSTILE):
        with refused_or_done(live, "stripe", id):
            target.push(Step(target.name, Subject("account:a1"), "create", f"key {number}", "", {"customers": id}))
        ours = {f"/stripe/v1/customers/{quote(part, safe='', errors='replace')}" for part in id.split()}
        assert {path for _, path in live.asked} <= ours, ascii(id)
    assert not stripe_api.get(f"/v1/customers/{bystander}").get("deleted")
