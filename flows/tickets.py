"""Billing links: whose page a link opens, sealed into its address so that nobody can read, forge or guess it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from flows.settings import Settings
from mappings.model import AccountFacts, AccountId, Subject, UserId, account_subject, person_subject
from state.store import Store

PATH = "billing"
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may open whose page. ``epoch``: how often links of this person or account had been revoked."""

    account_id: AccountId
    user_id: UserId
    epoch: int

    @property
    def subjects(self) -> list[Subject]:
        return [account_subject(self.account_id), person_subject(self.user_id)]


@dataclass(frozen=True, slots=True)
class Tickets:
    """Seals tickets into addresses and opens them. ``secrets``: the first seals, all open. Off without any.

    AES-SIV (RFC 5297) both hides and signs: a link names nobody, and the same ticket always gives the same link. Links
    of another installation do not open: after a lost state nobody knows any more which ones were revoked.
    """

    base: str = ""
    secrets: tuple[str, ...] = ()
    installation: str = ""

    @property
    def on(self) -> bool:
        return bool(self.base and self.secrets)

    @property
    def mark(self) -> str:
        """Moves when every link moves; empty when there are none."""
        if not self.on:
            return ""
        return blake2b(self.base.encode(), key=_key(self.secrets[0]), digest_size=8).hexdigest()

    def url(self, ticket: Ticket) -> str:
        user = "" if str(ticket.user_id) == str(ticket.account_id) else ticket.user_id
        told = orjson.dumps([ticket.account_id, user, ticket.epoch])
        sealed = AESSIV(_key(self.secrets[0])).encrypt(told, self._house)
        return f"{self.base}/{PATH}/{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(self, token: str) -> Ticket | None:
        """None for what no secret of this installation has sealed."""
        if len(token) > LONGEST:
            return None
        try:
            sealed = urlsafe_b64decode(token.encode("ascii") + b"==")
        except ValueError:
            return None
        for secret in self.secrets:
            try:
                account, user, epoch = orjson.loads(AESSIV(_key(secret)).decrypt(sealed, self._house))
            except (InvalidTag, ValueError):
                continue
            return Ticket(AccountId(account), UserId(user or account), epoch)
        return None

    @property
    def _house(self) -> list[bytes | bytearray | memoryview]:
        return [self.installation.encode()]


def tickets(settings: Settings, installation: str = "") -> Tickets:
    """Off unless INSTEP_PUBLIC_URL and INSTEP_SECRETS are set."""
    given = (secret.strip() for secret in settings.instep_secrets.get_secret_value().split(","))
    return Tickets(settings.instep_public_url.rstrip("/"), tuple(s for s in given if s), installation)


def addresses(store: Store, facts: AccountFacts, sealing: Tickets) -> Mapping[UserId, str] | None:
    """The link of each person who may pay for this account; None where there are no links."""
    if not sealing.on:
        return None
    people = billing_people(facts)
    found = [Ticket(facts.account_id, person, 0) for person in people]
    revoked = store.revoked({subject for ticket in found for subject in ticket.subjects})
    return {t.user_id: sealing.url(Ticket(t.account_id, t.user_id, epoch_of(t, revoked))) for t in found}


def billing_people(facts: AccountFacts) -> list[UserId]:
    """Owner and billing people as the product knows them now; nobody where it marked the account erased."""
    if facts.account and facts.account.erased:
        return []
    return [person.user_id for person in facts.people if person.bills and not person.erased and not person.problem]


def epoch_of(ticket: Ticket, revoked: Mapping[Subject, int]) -> int:
    """Rises whenever the links of the person, or of the whole account, are revoked."""
    return sum(revoked.get(subject, 0) for subject in set(ticket.subjects))


def valid(ticket: Ticket, facts: AccountFacts, revoked: Mapping[Subject, int]) -> bool:
    """Whether the ticket still opens its account's page, by today's facts."""
    return ticket.epoch == epoch_of(ticket, revoked) and ticket.user_id in billing_people(facts)


def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=64, person=b"billing link").digest()
