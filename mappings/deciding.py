"""What a person may decide about a line of todo: the words of `instep resolve`."""

from __future__ import annotations

from typing import Final

from mappings.brake import FIELD

IGNORE: Final = "ignore"
LINK: Final = "link"
CREATE: Final = "create"
RETRY: Final = "retry"
START: Final = "start"
ACCEPT: Final = ("accept", "yes", "y")
"""What is proposed."""
CONTACTS: Final = "intercom.contacts"
# A Link of ours, which may be tried again; other subjects are rows that a source could not read.
LINKED = ("account:", "person:", "request:", "instance:")


def choices(kind: str, subject: str, target: str) -> tuple[str, ...]:
    """The verbs that fit, the plain one last. ``link`` takes an id: of an account for a customer, of a customer for an
    account, of a contact for a person."""
    if subject.startswith("customer:"):
        return LINK, IGNORE
    if kind == "conflict" and target == CONTACTS:
        return LINK, CREATE, RETRY, IGNORE
    if kind == "conflict" and not target:
        return LINK, IGNORE
    if kind == "parked" and not target and subject.startswith("request:"):
        return START, IGNORE
    if kind == "gone" and target == CONTACTS:
        return CREATE, RETRY, IGNORE
    if subject.startswith(FIELD) or (kind in ("conflict", "parked", "gone") and target and subject.startswith(LINKED)):
        return RETRY, IGNORE
    return (IGNORE,)


def decision(text: str, proposed: str, kind: str, subject: str, target: str) -> tuple[str, str]:
    """(verb, id) of what a person wrote; empty, or a word of ACCEPT, is what is proposed. Raises ValueError with a
    sentence for what does not fit the line."""
    words = text.split()
    if not words or (len(words) == 1 and words[0].casefold() in ACCEPT):
        words = proposed.split()
        if not words:
            raise ValueError(f"nothing is proposed: choose {spelled(kind, subject, target)}")
    verb, names = words[0].casefold(), words[1:]
    fitting = choices(kind, subject, target)
    if verb not in fitting or len(names) != (verb == LINK):
        raise ValueError(f"{text or verb!r} does not fit: choose {spelled(kind, subject, target)}")
    return verb, names[0] if names else ""


def spelled(kind: str, subject: str, target: str) -> str:
    """The choices as a person writes them: ``link CONTACT, create or ignore``."""
    words = [f"{LINK} {_named(subject)}" if verb == LINK else verb for verb in choices(kind, subject, target)]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _named(subject: str) -> str:
    names = {"customer": "ACCOUNT", "account": "CUSTOMER", "person": "CONTACT"}
    return names.get(subject.partition(":")[0], "ID")


def command(id: int, kind: str, subject: str, target: str, proposed: str, given: str = "") -> str:
    """What settles a line: the command ``given`` with it, else `instep resolve` with what is proposed or fits."""
    if given:
        return given.replace("{id}", str(id))
    verb = choices(kind, subject, target)[0]
    return f"instep resolve {id} {proposed or (f'{LINK} {_named(subject)}' if verb == LINK else verb)}"
