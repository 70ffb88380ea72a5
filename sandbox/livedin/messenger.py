"""The company's Intercom workspace: contacts of the product, of sales, of older tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.intercom import contacts
from sandbox.intercom.space import Contact, Event, Workspace, workspace
from sandbox.livedin import furniture
from sandbox.livedin.firm import DAY, Firm, Truth, User
from sandbox.world import World

Fields = dict[str, Any]

# How the contacts of a company of size 1 came to be; see the methods of the same names.
KINDS = {
    "by_email": 500, "twins": 60, "shared": 40, "unverified": 60, "conflict": 120, "lead_of_person": 100,
    "archived": 200, "ours": 6380, "beside": 100, "lead_beside": 50, "foreign": 130, "former": 180, "nobody": 230,
    "lead": 750, "merged": 100,
}  # fmt: skip
EVENTS = ("signed-up", "invited-teammate", "exported-report", "opened-pricing", "booked-demo", "started-trial")


@dataclass(slots=True)
class Draft:
    """A contact before it has its place in the order of creation."""

    truth: Fields
    fields: Fields
    created_at: int
    role: str = "user"
    archived: bool = False
    merged: bool = False
    user: User | None = None
    custom: Fields = field(default_factory=dict)


def build(world: World, firm: Firm) -> None:
    """Tags, attributes, companies and contacts; no calls, no limits."""
    space = workspace(world)
    tags = furniture.tags(space, firm)
    furniture.attributes(space, firm)
    drafts = sorted(_drafts(firm), key=lambda draft: draft.created_at)
    made = [(draft, _contact(space, firm, draft, tags)) for draft in drafts]
    users = [contact for draft, contact in made if contact.role == "user" and contact.visible]
    for draft, contact in made:
        if draft.merged:
            contact.merged_into = firm.random.choice(users).id
    by_user: dict[int, Contact] = {}
    for draft, contact in made:
        if draft.user and draft.user.here and contact.role == "user" and contact.visible:
            by_user.setdefault(draft.user.id, contact)
    companies = furniture.companies(space, firm, by_user)
    world.truth += [Truth("intercom", "contact", contact.id, **draft.truth).row() for draft, contact in made] + [
        truth.row() for truth in companies
    ]


def _drafts(firm: Firm) -> list[Draft]:
    drawn = Contacts(firm)
    for kind, count in firm.deck(KINDS).items():
        getattr(drawn, f"_{kind}")(count)
    return drawn.drafts


class Contacts:
    """One method for each kind of contact; the picky kinds come first."""

    def __init__(self, firm: Firm) -> None:
        self.firm, self.random = firm, firm.random
        self.drafts: list[Draft] = []
        self._certain = firm.certain()
        self._held: list[User] = []
        self._free = [user for user in firm.users if user.here and not user.bad]
        self.random.shuffle(self._free)
        self._serial = 0

    def _take(self, count: int, fits: Callable[[User], bool]) -> list[User]:
        """Users without a contact so far."""
        chosen = [user for user in self._free if fits(user)][:count]
        taken = {user.id for user in chosen}
        self._free = [user for user in self._free if user.id not in taken]
        return chosen

    def _sure(self, user: User) -> bool:
        return user.id in self._certain

    def _of(self, user: User, by: str = "", note: str = "", **more: Any) -> Draft:
        """A contact with a person's own address and name."""
        truth = {"user_id": str(user.id), "by": by, "note": note}
        fields = {"email": user.email, "name": user.name, "signed_up_at": user.created_at, "last_seen_at": user.seen_at}
        draft = Draft(truth, fields, user.created_at + 60, user=user, **more)
        self.drafts.append(draft)
        return draft

    def _other(self, note: str, **more: Any) -> Draft:
        """A contact of nobody in the product."""
        self._serial += 1
        at = self.firm.moment(self.firm.now - 8 * 365 * DAY, self.firm.now - DAY)
        fields = {"email": self.firm.names.stranger(self._serial), "name": self.firm.names.person()}
        draft = Draft({"note": note}, fields, at, **more)
        self.drafts.append(draft)
        return draft

    def _foreign_id(self) -> str:
        return f"crm-{self.random.randint(100000, 999999)}-{len(self.drafts)}"

    def _by_email(self, count: int) -> None:
        """Brought in by a list: no external_id, the address of one verified user."""
        for user in self._take(count, self._sure):
            self._of(user, "email")

    def _twins(self, count: int) -> None:
        """Twice the same address, no external_id."""
        for user in self._take(max(1, count // 2), self._sure):
            for _ in range(2):
                self._of(user, note="two contacts have this address")

    def _shared(self, count: int) -> None:
        """No external_id, and two users have the address."""
        sharing = {user.id for user in self.firm.shared()}
        for user in self._take(count, lambda user: user.id in sharing):
            self._of(user, note="two users have this address").truth["user_id"] = ""

    def _unverified(self, count: int) -> None:
        for user in self._take(count, lambda user: not user.verified_at):
            self._of(user, note="the address is not verified")

    def _conflict(self, count: int) -> None:
        """Our person's address under somebody else's external_id."""
        for user in self._take(count, self._sure):
            draft = self._of(user, note="our person's address under a foreign external_id")
            draft.fields["external_id"] = self._foreign_id()

    def _lead_of_person(self, count: int) -> None:
        """Wrote before signing up, and was never recognised."""
        for user in self._take(count, self._sure):
            self._of(user, "lead", role="lead").fields["external_id"] = self._lead_id()

    def _lead_id(self) -> str:
        """Intercom gives leads an id of its own making."""
        return f"lead-{self.random.getrandbits(64):016x}"

    def _archived(self, count: int) -> None:
        """By hand; more than half of them hold a user's id still."""
        for user in self._take(round(count * 0.6), lambda user: True):
            self._of(user, note="archived", archived=True).fields["external_id"] = str(user.id)
        for _ in range(count - round(count * 0.6)):
            self._other("archived", archived=True)

    def _ours(self, count: int) -> None:
        """Made by the product: external_id is the user's id. One in fifty has an address from before."""
        right = self.firm.flaw not in ("email-ids", "old-uuids")
        for user in self._take(count, lambda user: True):
            draft = self._of(user, "external_id" if right else "", "" if right else "external_id is not the user's id")
            draft.fields["external_id"] = self._external_id(user)
            self._held.append(user)
            if self.random.random() < 0.02:
                draft.fields["email"] = self.firm.names.address(user.name, "before.example.org", user.id)

    def _external_id(self, user: User) -> str:
        return {"email-ids": f"{user.email}", "old-uuids": user.legacy_uuid}.get(self.firm.flaw, str(user.id))

    def _beside(self, count: int) -> None:
        """A second contact of somebody who has one."""
        for user in self.random.sample(self._held, min(count, len(self._held))):
            self._of(user, note="the user has another contact")

    def _lead_beside(self, count: int) -> None:
        for user in self.random.sample(self._held, min(count, len(self._held))):
            draft = self._of(user, note="the user has another contact", role="lead")
            draft.fields["external_id"] = self._lead_id()

    def _foreign(self, count: int) -> None:
        """Of another tool."""
        for _ in range(count):
            self._other("foreign external_id").fields["external_id"] = self._foreign_id()

    def _former(self, count: int) -> None:
        """Of users who were deleted from the product."""
        left = [user for user in self.firm.users if not user.here]
        for user in self.random.sample(left, min(count, len(left))):
            draft = self._of(user, note="the user was deleted")
            draft.fields["external_id"], draft.truth["user_id"] = self._external_id(user), ""

    def _nobody(self, count: int) -> None:
        for _ in range(count):
            self._other("nobody's")

    def _lead(self, count: int) -> None:
        """Two of three never left an address."""
        for number in range(count):
            draft = self._other("lead", role="lead")
            draft.fields |= {"external_id": self._lead_id()} | ({"email": None} if number % 3 else {})

    def _merged(self, count: int) -> None:
        for _ in range(count):
            self._other("merged", role="lead", merged=True).fields["external_id"] = self._lead_id()


def _contact(space: Workspace, firm: Firm, draft: Draft, tags: furniture.Tags) -> Contact:
    contact = Contact(
        number=len(space.order) + 1,
        id=space.object_id(),
        role=draft.role,
        created_at=draft.created_at,
        updated_at=firm.moment(draft.created_at, firm.now - 60),
        fields={name: value for name, value in draft.fields.items() if value is not None},
        custom=furniture.values(firm),
        archived=draft.archived,
    )
    contact.tags = tags.draw(contact.created_at)
    space.order.append(contact)
    space.contacts[contact.id] = contact
    contacts.index(space, contact)
    if firm.random.random() < 0.2:
        _events(space, firm, contact)
    return contact


def _events(space: Workspace, firm: Firm, contact: Contact) -> None:
    """What other tools have sent, one name of it being ours."""
    for name in firm.random.sample(EVENTS, 2):
        at = firm.moment(contact.created_at, firm.now - 60)
        space.events[contact.id].append(Event(space.number(), space.uuid(), name, at, {}))
        space.event_names.add(name)
        space.event_keys.add((contact.external_id or contact.id, name, at))
