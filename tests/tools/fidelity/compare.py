"""Two records side by side: ours and the real one. What is scored, by part, between 0 and 1."""
import json
import re

import rebuild
import unfit

ORDER = ("eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode "
         "errorMessage requestParameters responseElements additionalEventData requestID eventID readOnly resources "
         "eventType apiVersion managementEvent recipientAccountId sharedEventID serviceEventDetails vpcEndpointId "
         "vpcEndpointAccountId eventCategory tlsDetails sessionCredentialFromConsole").split()
# Decided by the way that a call took (TLS, VPC endpoint, console, delivery to two accounts), not by what it was.
OF_THE_WAY = {"tlsDetails", "vpcEndpointId", "vpcEndpointAccountId", "sharedEventID", "sessionCredentialFromConsole",
              "errorMessage", "addendum", "edgeDeviceDetails", "userAgent", "@timestamp"}
SINCE = {"readOnly": 1.06, "managementEvent": 1.06, "eventCategory": 1.07, "eventType": 1.02, "recipientAccountId": 1.02,
         "resources": 1.04, "additionalEventData": 1.04}
PARTS = ("accepted", "recorded", "names", "members", "order", "readOnly", "request paths", "request values",
         "response null", "response paths", "resources", "error names")
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def leaves(value, path=""):
    """{path with indices: scalar or empty container}."""
    if isinstance(value, dict) and value:
        return {p: v for k, inner in value.items() for p, v in leaves(inner, f"{path}.{k}").items()}
    if isinstance(value, list) and value:
        return {p: v for i, inner in enumerate(value) for p, v in leaves(inner, f"{path}[{i}]").items()}
    return {path: value}


def paths(value):
    return {re.sub(r"\[\d+\]", "[]", p) for p in leaves(value)} if isinstance(value, (dict, list)) else set()


def same(ours, real, path):
    """Equal in value and JSON type. Forms of time that depend on the age of AWS's Java count as equal."""
    if isinstance(real, str) and isinstance(ours, str):
        if rebuild.JAVA.match(real.replace("\u202f", " ")):
            return rebuild.time_of(real) == rebuild.time_of(ours)
        if path.lower().endswith("host"):  # where the emulator listens
            return True
    return type(ours) is type(real) and ours == real


def share(part, whole):
    return len(part) / len(whole) if whole else 1.0


def top_level(record, version):
    return {k for k in record if k not in OF_THE_WAY and (version >= SINCE.get(k, 0))}


def without(given, gone):
    """Parameters but those of these names; EC2's stand one level down."""
    return {k: without(v, gone) if k.endswith("Request") and isinstance(v, dict) else v
            for k, v in given.items() if rebuild.normal(k) not in gone}


def version_of(record):
    major, _, minor = str(record.get("eventVersion", "1.08")).partition(".")
    return int(major or 1) + int(minor or 0) / 100


def in_order(record):
    known = [ORDER.index(k) for k in record if k in ORDER]
    return known == sorted(known)


def plain(resources):
    """Their members, types and the kinds of their ARNs: accounts and ids are masked too often."""
    return sorted((sorted(r), str(r.get("type")), re.sub("[:/][^:/]*$", "", re.sub(
        r"^(arn:[^:]*:[^:]*):[^:]*:[^:]*", r"\1", str(r.get("ARN", r.get("ARNPrefix")))))) for r in resources or [])


class Score(dict):
    """Parts and their scores; `why` has (part, path or name) of what differs."""

    def __init__(self):
        super().__init__()
        self.why = []

    def put(self, part, value, *why):
        self[part] = float(value)
        self.why += [(part, w) for w in why]


def compare(ours, real, left_out=(), filled=(), none_takes=()):
    """ours: with identifiers put back to the real ones; None when nothing was recorded. left_out: members of
    the request that were not sent; filled: those that were sent though the record does not show them;
    none_takes: those that no API takes, and that count only where they are recorded all the same."""
    score = Score()
    score.put("recorded", ours is not None)
    if ours is None:
        return score
    if real.get("errorCode") == "AccessDenied" and ours.get("errorCode") != "AccessDenied":
        return score  # nobody is denied here: not the same outcome
    if real.get("errorCode") and not ours.get("errorCode"):
        return score
    names = [k for k in ("eventSource", "eventName") if ours.get(k) != real.get(k)]
    score.put("names", not names, *(f"{ours.get(k)} for {real.get(k)}" for k in names))
    if "readOnly" in real:
        right = ours.get("readOnly") == real["readOnly"]
        score.put("readOnly", right, *([] if right else ["readOnly"]))
    if real.get("errorCode"):
        return compare_errors(score, ours, real)
    if ours.get("errorCode"):
        return score  # refused: what it would have said can't be compared
    version = version_of(real)
    mine, theirs = top_level(ours, version), top_level(real, version)
    score.put("members", share(mine & theirs, mine | theirs), *(f"lacks {k}" for k in sorted(theirs - mine)),
              *(f"adds {k}" for k in sorted(mine - theirs)))
    score.put("order", in_order(ours))
    given = real.get("requestParameters")
    gone = {rebuild.normal(name) for name in left_out}
    if gone and isinstance(given, dict):
        given = without(given, gone) or None
    compare_request(score, ours.get("requestParameters"), given, set(filled), none_takes)
    compare_response(score, ours.get("responseElements"), real.get("responseElements"))
    if plain(real.get("resources")) or plain(ours.get("resources")):
        right = plain(real.get("resources")) == plain(ours.get("resources"))
        score.put("resources", right, *([] if right else ["resources"]))
    return score


def compare_errors(score, ours, real):
    if ours.get("errorCode") and real["errorCode"] not in ("AccessDenied", "Client.UnauthorizedOperation"):
        right = ours["errorCode"] == real["errorCode"]
        score.put("error names", right, *([] if right else [f"{ours['errorCode']} for {real['errorCode']}"]))
    return score


def compare_request(score, ours, real, filled, none_takes):
    mine, theirs = paths(ours), paths(real)
    theirs = unfit.without(theirs, none_takes) | theirs & mine
    mine -= {p for p in mine - theirs if filled & {rebuild.normal(n) for n in p.split(".")}}
    if not theirs and ours is not None and mine == {""}:
        mine = set()
    score.put("request paths", share(mine & theirs, mine | theirs),
              *(f"lacks {p}" for p in sorted(theirs - mine)), *(f"adds {p}" for p in sorted(mine - theirs)))
    mine, theirs = leaves(ours or {}), leaves(real or {})
    both = mine.keys() & theirs.keys()
    if both - {""}:
        right = {p for p in both if same(mine[p], theirs[p], p)}
        score.put("request values", share(right, both),
                  *(f"{p}: {mine[p]!r:.60} for {theirs[p]!r:.60}" for p in sorted(both - right)))


def compare_response(score, ours, real):
    right = (ours is None) == (real is None)
    score.put("response null", right, *([] if right else ["null" if ours is None else "not null"]))
    if isinstance(real, dict) and real:
        mine, theirs = paths(ours), paths(real)
        score.put("response paths", share(mine & theirs, theirs), *(f"lacks {p}" for p in sorted(theirs - mine)))
