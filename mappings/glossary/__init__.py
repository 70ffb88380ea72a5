"""Every tag, attribute and event that Instep uses in Intercom: its type, what it says, who gets it, when it comes and
goes.

The one place where these are defined and described. Nothing is sent under a name that is not here; the descriptions are
given to Intercom when attributes are made, printed by `instep tags` and written into docs/tags.md.
"""

from mappings.glossary.attributes import COMPANY, CONTACT, JOURNEY
from mappings.glossary.events import EVENTS
from mappings.glossary.shapes import Attribute, Audience, Event, Tag
from mappings.glossary.stages import OVERLAYS, STAGES

__all__ = ["COMPANY", "CONTACT", "EVENTS", "JOURNEY", "OVERLAYS", "STAGES", "Attribute", "Audience", "Event", "Tag"]
