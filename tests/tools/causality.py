#!/usr/bin/env python3
"""Is a dataset causally true? Reads nothing but its directory: records, manifest, labels, findings.

    python3 tests/tools/causality.py DIR        prints a line a violation; exit 1 if there is one

What lay before the dataset's start is unknown, so a thing counts as absent only when the records say so:
it was deleted, or it is created later. Within one second no order is known, and none is asked for.
"""
import collections
import datetime
import hashlib
import json
import re
import sys

import datasets
from causality_kinds import KINDS, OVERWRITES

Violation = collections.namedtuple("Violation", "rule where text")
SESSION_MOST_S = 36 * 3600 + 60  # the longest that STS grants, GetFederationToken's
CONSOLE_S = 12 * 3600  # how long a sign-in to the console holds
ISSUERS = {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetSessionToken", "GetFederationToken"}
GLOBAL_SOURCES = {"iam.amazonaws.com", "organizations.amazonaws.com", "route53.amazonaws.com", "cloudfront.amazonaws.com",
                  "account.amazonaws.com"}
DATE_PATH = re.compile(r"(?P<account>\d{12})/CloudTrail/(?P<region>[a-z0-9-]+)/(?P<day>\d{4}/\d\d/\d\d)/"
                       r"(?P=account)_CloudTrail_(?P=region)_(?P<slot>\d{8}T\d{4})Z_")

TRAIL_NAME = re.compile(r"_CloudTrail-Digest_[a-z0-9-]+_(.+)_[a-z0-9-]+_\d{8}T\d{6}Z")


def at(record, path):
    """All values at a dotted path; "[]" steps into each member of a list."""
    found = [record]
    for name in path.split("."):
        if name == "[]":
            found = [m for v in found if isinstance(v, list) for m in v]
        else:
            found = [v.get(name) for v in found if isinstance(v, dict)]
    found = [v for v in found if v is not None]
    return found


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


class Tree:
    """A dataset in memory; tests change it before it is checked."""

    def __init__(self, files, manifest=None, labels=(), findings=(), hashes=None):
        self.files, self.manifest, self.labels, self.findings = files, manifest or {}, list(labels), list(findings)
        self.hashes = hashes or {}

    def trails_of(self, bucket):
        """How many trails write there: their names stand in the digests', which each trail has its own of."""
        names = {m[1] for f in self.manifest.get("files", []) if f["path"].startswith(bucket)
                 for m in [TRAIL_NAME.search(f["path"])] if m}
        return max(1, len(names))

    @classmethod
    def load(cls, path):
        data = datasets.Dataset(path)
        files = {str(p.relative_to(data.path)): data.records_of(p) for p in data.log_files()}
        hashes = {f["path"]: hashlib.sha256((data.path / f["path"]).read_bytes()).hexdigest()
                  for f in data.manifest()["files"] if (data.path / f["path"]).exists()}
        return cls(files, data.manifest(), data.labels(), data.expected(), hashes)


class Checker:
    def __init__(self, tree):
        self.tree, self.found = tree, []
        self.start, self.end = tree.manifest.get("start", ""), tree.manifest.get("end", "~")
        seen = {}
        for records in tree.files.values():
            for record in records:
                seen.setdefault(record["eventID"], record)
        self.records = sorted(seen.values(), key=lambda r: r["eventTime"])
        self.by_id = seen

    def say(self, rule, record, text):
        where = record if isinstance(record, str) else f"{record['eventTime']} {record['eventName']} {record['eventID']}"
        self.found.append(Violation(rule, where, text))

    def run(self):
        for check in (self.files, self.ids, self.times, self.identities, self.access_keys, self.sessions, self.console,
                      self.things, self.errors, self.manifest, self.labels):
            check()
        return self.found

    # the files

    def files(self):
        for path, records in self.tree.files.items():
            m = DATE_PATH.search(path)
            if not m:
                self.say("file-name", path, "no CloudTrail name")
                continue
            times = [r["eventTime"] for r in records]
            if times != sorted(times):
                self.say("file-order", path, "times go back")
            slot = datetime.datetime.strptime(m["slot"], "%Y%m%dT%H%M").strftime("%Y-%m-%dT%H:%M:%SZ")
            for r in records:
                if (r.get("recipientAccountId"), r["awsRegion"]) != (m["account"], m["region"]):
                    self.say("file-place", r, f"of {r.get('recipientAccountId')} {r['awsRegion']} in {path}")
                if r["eventTime"] > slot:
                    self.say("file-slot", r, f"later than its file's slot {slot}")

    def ids(self):
        buckets = collections.defaultdict(collections.Counter)
        for path, records in self.tree.files.items():
            buckets[path.split("AWSLogs/")[0]].update(r["eventID"] for r in records)
        for bucket, count in buckets.items():
            for event, n in count.items():
                if n > self.tree.trails_of(bucket):
                    self.say("event-id", event, f"{n} times in {bucket}")
        requests = collections.defaultdict(list)
        for r in self.records:
            if r.get("requestID") and "sharedEventID" not in r and not r["userIdentity"].get("invokedBy"):
                requests[r["requestID"], r["eventSource"]].append(r)
        for (request, _), records in requests.items():
            if len(records) > 1:
                self.say("request-id", records[1], f"{request} was {records[0]['eventName']}'s")

    def times(self):
        for r in self.records:
            if not self.start <= r["eventTime"] <= self.end:
                self.say("period", r, f"outside {self.start} to {self.end}")
            if r["eventSource"] in GLOBAL_SOURCES and r["awsRegion"] != "us-east-1":
                self.say("global-region", r, f"{r['eventSource']} in {r['awsRegion']}")

    # who

    def identities(self):
        keys, principals = {}, {}
        for r in self.records:
            who = r["userIdentity"]
            arn = who.get("arn")
            if arn and who.get("accountId") and f":{who['accountId']}:" not in arn:
                self.say("identity-account", r, f"{arn} is not of {who['accountId']}")
            if who.get("accessKeyId") and arn and keys.setdefault(who["accessKeyId"], arn) != arn:
                self.say("key-owner", r, f"{who['accessKeyId']} is {keys[who['accessKeyId']]}'s, used by {arn}")
            if arn and who.get("principalId") and principals.setdefault(who["principalId"], arn) != arn:
                self.say("principal", r, f"{who['principalId']} is {principals[who['principalId']]}, here {arn}")

    def access_keys(self):
        made, state = {}, {}
        for r in self.records:
            if r["eventSource"] == "iam.amazonaws.com" and "errorCode" not in r and r["eventName"] == "CreateAccessKey":
                key = at(r, "responseElements.accessKey.accessKeyId")[0]
                made[key] = r
        for r in self.records:
            key = r["userIdentity"].get("accessKeyId", "")
            if key in made and r["eventTime"] < made[key]["eventTime"]:
                self.say("key-before-creation", r, f"{key} is made at {made[key]['eventTime']}")
            if key in made and r["userIdentity"].get("type") == "IAMUser":
                owner = at(made[key], "responseElements.accessKey.userName")
                if owner and r["userIdentity"].get("userName") != owner[0]:
                    self.say("key-of-another", r, f"{key} was made for {owner[0]}")
            if key in state and state[key][1] < r["eventTime"] and state[key][0] != "Active":
                self.say("key-gone", r, f"{key} was {state[key][0]} at {state[key][1]}")
            if r["eventSource"] == "iam.amazonaws.com" and "errorCode" not in r:
                for target in at(r, "requestParameters.accessKeyId"):
                    if r["eventName"] == "DeleteAccessKey":
                        state[target] = ("deleted", r["eventTime"])
                    elif r["eventName"] == "UpdateAccessKey":
                        state[target] = (at(r, "requestParameters.status")[0], r["eventTime"])

    def sessions(self):
        issued = {}
        for r in self.records:
            if r["eventName"] in ISSUERS and "errorCode" not in r:
                for key in at(r, "responseElements.credentials.accessKeyId"):
                    issued[key] = r
        for r in self.records:
            who = r["userIdentity"]
            key = who.get("accessKeyId", "")
            context = who.get("sessionContext", {})
            born = at(context, "attributes.creationDate")
            if born and born[0] > r["eventTime"]:
                self.say("session-from-future", r, f"its session begins at {born[0]}")
            if not key.startswith("ASIA"):
                continue
            if not born:
                self.say("session-undated", r, f"{key} has no creationDate")
            elif seconds(r["eventTime"]) - seconds(born[0]) > SESSION_MOST_S:
                self.say("session-too-old", r, f"its session began at {born[0]}")
            if key in issued:
                self.session_of(r, issued[key])
            elif born and born[0] >= self.start and not r.get("sessionCredentialFromConsole") and self.should_be_issued(r):
                self.say("session-without-issue", r, f"nobody was given {key}")

    def should_be_issued(self, r):
        """Sessions that AWS hands out without a record: Identity Center's, console ones, service-linked roles'."""
        issuer = (at(r, "userIdentity.sessionContext.sessionIssuer.arn") or [""])[0]
        return "/aws-reserved/" not in issuer and "/aws-service-role/" not in issuer

    def session_of(self, r, issue):
        key = r["userIdentity"]["accessKeyId"]
        expires = at(issue, "responseElements.credentials.expiration")
        born = at(r, "userIdentity.sessionContext.attributes.creationDate")
        if r["eventTime"] < issue["eventTime"]:
            self.say("session-before-issue", r, f"{key} is issued at {issue['eventTime']}")
        if expires and re.match(r"\d{4}-", str(expires[0])) and r["eventTime"] > expires[0]:
            self.say("session-expired", r, f"{key} expired at {expires[0]}")
        if born and abs(seconds(born[0]) - seconds(issue["eventTime"])) > 1:
            self.say("session-date", r, f"{key} was issued at {issue['eventTime']}, says {born[0]}")
        arn = at(issue, "responseElements.assumedRoleUser.arn") or at(issue, "responseElements.federatedUser.arn")
        if arn and r["userIdentity"].get("arn") != arn[0]:
            self.say("session-of-another", r, f"{key} was issued to {arn[0]}")

    def console(self):
        """A console session of the dataset's time begins within half a day after a sign-in of the same user."""
        signed_in = collections.defaultdict(list)
        for r in self.records:
            who = r["userIdentity"]
            if r["eventName"] == "ConsoleLogin" and at(r, "responseElements.ConsoleLogin") == ["Success"]:
                signed_in[who.get("arn")].append(seconds(r["eventTime"]))
        for r in self.records:
            who = r["userIdentity"]
            if r.get("sessionCredentialFromConsole") != "true" or who.get("type") not in ("IAMUser", "Root"):
                continue
            born = at(r, "userIdentity.sessionContext.attributes.creationDate")
            if born and born[0] >= self.start and not any(0 <= seconds(born[0]) - t <= CONSOLE_S for t in signed_in[who.get("arn")]):
                self.say("console-without-sign-in", r, f"{who.get('arn')} has not signed in before {born[0]}")

    # what

    def names(self, record, path):
        """Texts at a path."""
        return [v for v in at(record, path) if isinstance(v, str)]

    def things(self):
        for kind in KINDS:
            self.thing(kind)

    def thing(self, kind):
        """Walks one kind's history: born, dead, used, missed."""
        births, history = collections.defaultdict(list), {}
        for r in self.records:
            for name in self.touched(kind, r, "create"):
                births[name].append(r["eventTime"])
        for r in self.records:
            failed = "errorCode" in r
            for name in self.touched(kind, r, "create"):
                old = history.get(name)
                if old and old[0] == "alive" and old[1] < r["eventTime"] and not kind["again"]:
                    self.say("created-twice", r, f"{kind['name']} {name[-1]} is there since {old[1]}")
                history[name] = ("alive", r["eventTime"])
            for name in self.touched(kind, r, "delete"):
                history[name] = ("open" if kind["unless"] and at(r, kind["unless"]) else "gone", r["eventTime"])
            for name in self.touched(kind, r, "forget"):
                history.update({n: ("open", r["eventTime"]) for n in history if n[:-1] == name[:-1] and n[-1].startswith(name[-1] + "/")})
            if r["eventSource"] != kind["source"] or r["eventName"] in kind["harmless"]:
                continue
            for name in self.used(kind, r):
                self.use(kind, r, name, history.get(name), births.get(name, []), failed)

    def use(self, kind, r, name, state, births, failed):
        label = f"{kind['name']} {name[-1]}"
        if failed:
            if r["errorCode"] in kind["missing"] and state and state[0] == "alive" and state[1] < r["eventTime"]:
                self.say("missed-though-there", r, f"{label} is there since {state[1]}")
            return
        if state is None and kind["again"] != OVERWRITES and births and r["eventTime"] < min(births):
            self.say("used-before-creation", r, f"{label} is made at {min(births)}")
        if state and state[0] == "gone" and state[1] < r["eventTime"]:
            self.say("used-after-deletion", r, f"{label} was deleted at {state[1]}")

    def scope(self, kind, r):
        account = "" if kind.get("scope") == "world" else r.get("recipientAccountId", "")
        region = r["awsRegion"] if kind.get("scope") == "region" else ""
        return account, region

    def touched(self, kind, r, what):
        """Names that a successful create or delete concerns."""
        if r["eventSource"] != kind["source"] or "errorCode" in r:
            return
        for event, *paths in kind[what]:
            if r["eventName"] == event:
                for name in self.tuples(kind, r, paths):
                    yield name

    def used(self, kind, r):
        for paths in kind["use"]:
            yield from self.tuples(kind, r, paths if isinstance(paths, list) else [paths])

    def tuples(self, kind, r, paths):
        """Names of one path, or pairs (bucket and key, say) of several."""
        parts = [self.names(r, p) for p in paths]
        if not all(parts):
            return
        if len(parts) == 1:
            for name in parts[0]:
                yield (*self.scope(kind, r), self.short(kind, name))
        else:
            yield (*self.scope(kind, r), "/".join(p[0] for p in parts))

    def short(self, kind, name):
        """An ARN's last part, where records name a thing both ways."""
        return re.split(kind["cut"], name)[-1] if kind.get("cut") and name.startswith("arn:") else name

    def errors(self):
        for r in self.records:
            if "errorCode" in r and r.get("responseElements") and set(r["responseElements"]) - {"message"}:
                self.say("error-with-result", r, "an error answers something")
            if r.get("errorMessage") and "errorCode" not in r and r["eventSource"] != "signin.amazonaws.com":
                self.say("message-without-code", r, r["errorMessage"])
            if r.get("errorCode") == "NotImplemented":
                self.say("not-performed", r, "the emulator did not perform it")

    # the truth beside it

    def manifest(self):
        counts = self.tree.manifest.get("counts")
        if not counts:
            return
        everything = [r for records in self.tree.files.values() for r in records]
        accounts = collections.Counter(r["recipientAccountId"] for r in everything)
        regions = collections.Counter(r["awsRegion"] for r in everything)
        for name, have in (("records", len(everything)), ("by_account", dict(accounts)), ("by_region", dict(regions))):
            said = counts.get(name)
            said = {k: v for k, v in said.items() if v} if isinstance(said, dict) else said
            if said != have:
                self.say("manifest-counts", name, f"says {said}, the tree has {have}")
        for row in self.tree.manifest.get("files", []):
            path = row["path"]
            if path in self.tree.files and row["records"] != len(self.tree.files[path]):
                self.say("manifest-file", path, f"says {row['records']}, has {len(self.tree.files[path])}")
            if self.tree.hashes and self.tree.hashes.get(path) != row["sha256"]:
                self.say("manifest-hash", path, "is not what the manifest says")

    def labels(self):
        malicious = {l["eventID"] for l in self.tree.labels if l["malicious"]}
        for label in self.tree.labels:
            if label["eventID"] not in self.by_id:
                self.say("label", label["eventID"], f"of {label['story']} is in no file")
        pairs = collections.Counter((l["eventID"], l["story"]) for l in self.tree.labels)
        for (event, story), n in pairs.items():
            if n > 1:
                self.say("label-twice", event, f"{n} labels of {story}")
        for finding in self.tree.findings:
            self.finding(finding, malicious)

    def finding(self, finding, malicious):
        absent = [e for e in finding["eventIDs"] if e not in self.by_id]
        if absent or not finding["eventIDs"]:
            return self.say("finding", finding["rule"], f"events that are in no file: {absent}")
        times = sorted(self.by_id[e]["eventTime"] for e in finding["eventIDs"])
        if (times[0], times[-1]) != (finding["first"], finding["last"]):
            self.say("finding-times", finding["rule"], f"says {finding['first']} to {finding['last']}, is {times[0]} to {times[-1]}")
        if not malicious & set(finding["eventIDs"]):
            self.say("finding-innocent", finding["rule"], "none of its events is malicious")


def check(tree):
    return Checker(tree).run()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tree = Tree.load(sys.argv[1])
    found = check(tree)
    for v in found[:200]:
        print(f"{v.rule}: {v.where}: {v.text}")
    records = sum(len(r) for r in tree.files.values())
    print(f"{records} records in {len(tree.files)} files, {len(found)} violations")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
