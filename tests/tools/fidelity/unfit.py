"""Samples of documentation that nobody can send again: of an API that is gone, or never was as they spell it.

They are no measure of the emulator, but no secret either: the report counts and names them. What AWS itself
recorded is always compared.
"""
import re

from rebuild import DATED, EVENTS

OLDER, MISNAMED = "older than the API that is left", "named as no API names it"


def reason(kind, record, service, operation, model):
    """Why the sample can't be compared, or None."""
    if kind == "real":
        return None
    if str(record.get("eventTime"))[:10] < model.api_version:
        return OLDER
    event = str(record.get("eventName"))
    spelled = {event, DATED.sub("", event), re.sub("v2$", "", event)}
    if operation.name not in spelled and EVENTS.get((service, event)) != operation.name \
            and DATED.sub("", operation.name) not in spelled:
        return MISNAMED
    return None


def without(paths, members):
    """Paths of a record's parameters but those of members that no API takes."""
    gone = tuple(f".{m}" for m in members)
    return {p for p in paths if not any(p == g or p.startswith((g + ".", g + "[")) for g in gone)}
