"""Instep's two tables in the product's database: answers to requests, and access."""

import pytest
from contract_tests import step
from sqlalchemy.engine.default import DefaultDialect
from vendor_world import NOW

from connectors.contract import Gone, Rejected
from connectors.product import ProductAccess, ProductRequests
from flows.requesting import NewRequest
from flows.settings import Failed
from mappings.model import AccountId, Desired, Held, Ref, RequestId, account_subject, request_subject

# Requests


@pytest.fixture
def requests(database, run) -> ProductRequests:
    database.make_tables()
    run("insert into instep_requests (request_id, kind, account_id, requested_at) values ('r1', 'trial', 'a1', 5)")
    return ProductRequests(database, lambda: NOW)


def answer(text: str | None, request_id: str = "r1") -> Desired:
    values = {"answer": text, "reason": "because"}
    return Desired("product.requests", request_subject(RequestId(request_id)), values)


def test_an_answer_is_written_with_its_time(requests):
    held = requests.push(step(answer("accepted"), "update", held=Held("r1")))
    assert held.changed == Ref("product", "request", "r1")
    data = requests.fetch(held.changed).data
    assert (data["answer"], data["reason"], data["answered_at"], data["requested_at"]) == (
        "accepted",
        "because",
        NOW,
        5,
    )


def test_an_answer_is_never_changed(requests):
    for _ in range(2):
        requests.push(step(answer("accepted"), "update", held=Held("r1")))
    with pytest.raises(Rejected, match="another answer"):
        requests.push(step(answer("refused"), "update", held=Held("r1")))
    assert requests.fetch(Ref("product", "request", "r1")).data["answer"] == "accepted"


def test_a_request_that_is_not_there_is_gone(requests):
    with pytest.raises(Gone):
        requests.push(step(answer("accepted", "r2"), "update", held=Held("r2")))


@pytest.fixture
def unheard(monkeypatch):
    """The next ``many`` commits are done, and the connection is lost before their answers come."""

    def lose(many: int) -> None:
        left = iter(range(many))

        def commit(self, connection):
            connection.commit()
            if next(left, None) is not None:
                raise self.dbapi.OperationalError("lost")

        monkeypatch.setattr(DefaultDialect, "do_commit", commit)

    return lose


ROW = {"request_id": "r1", "kind": "charge", "account_id": "a1", "requested_at": NOW, "amount_minor": 500}


def test_a_request_whose_answer_was_lost_is_stored_once(database, run, unheard):
    database.make_tables()
    unheard(1)
    NewRequest(database, ROW).insert()
    assert ProductRequests(database, lambda: NOW).fetch(Ref("product", "request", "r1")).data["amount_minor"] == 500


def test_a_request_of_which_nobody_knows_is_named(database, run, unheard):
    database.make_tables()
    unheard(99)
    said = r"cannot be reached.* Whether the request r1 was stored is not known: look for it in instep_requests"
    with pytest.raises(Failed, match=said):
        NewRequest(database, ROW).insert()


def test_a_request_that_is_refused_is_surely_not_stored(database, run):
    database.make_tables()
    with pytest.raises(Failed) as told:
        NewRequest(database, {**ROW, "kind": None}).insert()
    assert "not known" not in str(told.value)


# Access


def test_access_is_upserted_and_a_vanished_row_is_gone(database, run):
    database.make_tables()
    target = ProductAccess(database, lambda: NOW)
    desired = Desired("product.access", account_subject(AccountId("a1")), {"access": "full", "plan": "team"})
    made = target.push(step(desired, "create"))
    target.push(step(desired, "create", values={"access": "grace"}))
    assert made.changed == Ref("product", "access", "a1")
    row = target.fetch(made.changed).data
    assert (row["access"], row["plan"], row["updated_at"]) == ("grace", "team", NOW)
    run("delete from instep_access")
    with pytest.raises(Gone):
        target.push(step(desired, "update", held=made, values={"access": "none"}))
    assert target.fetch(made.changed).gone
