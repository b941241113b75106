#!/usr/bin/env python3
"""How near the emulator's audit trail comes to AWS's: real records, called again over HTTP.

Each record of the corpus is read backwards into a call; what must exist first is made; the call is
sent with botocore to a `mocktrail serve`; the record that follows is compared with the real one.
Scores are averages over (eventSource, eventName) pairs, so that a frequent event counts no more than a
rare one.

    build/venv/bin/python tests/tools/fidelity/main.py CORPUS [--json FILE] [--only PATTERN] [--worst N]

The corpus has one {"source", "kind", "record"} or record a line, gzipped or not.
"""
import argparse
import collections
import copy
import gzip
import json
import pathlib
import re
import sys
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.session

import compare
import harness
import stage
import unfit
from rebuild import Models, Rebuilt
from test_generic import resolve_localhost

OLD_MODELS = "/usr/lib/python3/dist-packages/botocore/data"  # services that newer clients have dropped
WANT = {"accepted": 0.90, "recorded": 1.0, "names": 0.995, "request paths": 0.99, "request values": 0.97,
        "response paths": 0.80, "response null": 0.98, "members": 0.985}
WAIT_S = 10
TODAY = "2020"  # AWS's forms change: older records count only for events of which there are no others


def read(path):
    """(kind, record) of each line that is an API call."""
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            item = json.loads(line)
            record = item.get("record", item)
            if record.get("eventType", "AwsApiCall") == "AwsApiCall" and record.get("eventSource"):
                yield item.get("kind", "real"), bool(item.get("altered")), record


def pick(rows, each):
    """By pair: (kind, record) of a few that differ in form; real ones, whole ones and new ones first."""
    pairs = collections.defaultdict(list)
    for kind, altered, record in rows:
        pairs[record["eventSource"], record["eventName"]].append((kind != "real", altered, record))
    for pair, found in sorted(pairs.items()):
        today = [f for f in found if str(f[2].get("eventTime")) >= TODAY]
        found = today or found
        found.sort(key=lambda f: str(f[2].get("eventTime")), reverse=True)
        found.sort(key=lambda f: f[:2])
        forms = {}
        for *kind, record in found:
            given = record.get("requestParameters")
            form = record.get("errorCode"), tuple(sorted(given)) if isinstance(given, dict) else given
            forms.setdefault(str(form), ("sample" if kind[0] else "real", record))
        good = [f for f in forms.values() if not f[1].get("errorCode")]
        yield pair, good[:each] + [f for f in forms.values() if f[1].get("errorCode")][:each]


class Follower:
    """The records as they happen, by requestID."""

    def __init__(self, url):
        self.records, self.news = {}, threading.Condition()
        self.stream = urllib.request.urlopen(url + "/_mocktrail/events?follow=1")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for line in self.stream:
                record = json.loads(line)
                with self.news:
                    self.records[record.get("requestID")] = record
                    self.news.notify_all()
        except (OSError, ValueError, AttributeError):
            pass  # the server has gone

    def forget(self):
        """After a reset: request ids begin again."""
        with self.news:
            self.records.clear()

    def record(self, request_id):
        with self.news:
            self.news.wait_for(lambda: request_id in self.records, timeout=WAIT_S if request_id else 0)
            return self.records.get(request_id)


class Caller:
    """Clients of one server, with the identity of whom it is asked."""

    def __init__(self, session, server):
        self.session, self.server, self.clients, self.account = session, server, {}, harness.ACCOUNT
        self.who = botocore.credentials.Credentials("x", "test")
        session._credentials = self.who

    def client(self, service, region):
        if (service, region) not in self.clients:
            config = botocore.config.Config(
                retries={"max_attempts": 0}, parameter_validation=False, inject_host_prefix=False,
                signature_version="s3v4" if service == "s3" else "v4", s3={"addressing_style": "path"},
                request_checksum_calculation="when_required", response_checksum_validation="when_required",
                read_timeout=30)
            self.clients[service, region] = self.session.create_client(
                service, region_name=region, endpoint_url=self.server.url.replace("127.0.0.1", "localhost"),
                config=config)
        return self.clients[service, region]

    def be(self, record):
        """The caller of the record: root by the account's number, a user or a role's session by its key."""
        identity = record.get("userIdentity") or {}
        account = str(identity.get("accountId") or record.get("recipientAccountId") or "")
        self.account = account if re.fullmatch(r"\d{12}", account) else harness.ACCOUNT
        self.who.access_key, self.who.token = self.account, None
        self.who.secret_key = "test"
        kind, arn = identity.get("type"), str(identity.get("arn", ""))
        if kind == "IAMUser" and ":user/" in arn:
            self.be_user(arn.split("/")[-1])
        elif kind == "AssumedRole" and arn.count("/") >= 2:
            self.be_role(*arn.split("/")[-2:])

    def be_user(self, name):
        iam = self.client("iam", "us-east-1")
        try:
            iam.create_user(UserName=name)
            key = iam.create_access_key(UserName=name)["AccessKey"]
        except botocore.exceptions.ClientError:  # a name that AWS would not have taken: masked
            return
        self.who.access_key, self.who.secret_key = key["AccessKeyId"], key["SecretAccessKey"]

    def be_role(self, role, name):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
                                                         "Action": "sts:AssumeRole"}]}
        try:
            arn = self.client("iam", "us-east-1").create_role(
                RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
            key = self.client("sts", "us-east-1").assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
        except botocore.exceptions.ClientError:
            return
        self.who.access_key, self.who.secret_key = key["AccessKeyId"], key["SecretAccessKey"]
        self.who.token = key["SessionToken"]


class Run:
    def __init__(self, server, session, compare_all):
        self.server, self.caller, self.compare_all = server, Caller(session, server), compare_all
        self.models = Models(session)
        self.known = stage.table(harness.PROGRAM)
        self.follower = Follower(server.url)

    def send(self, client, operation, params):
        """(request id, error code or None)."""
        try:
            answer = client._make_api_call(operation, params)
            for body in (v for v in answer.values() if hasattr(v, "read")):
                body.read()
            return answer["ResponseMetadata"].get("RequestId"), None
        except botocore.exceptions.ClientError as error:
            told = error.response
            return (told.get("ResponseMetadata", {}).get("RequestId"),
                    "%s: %.200s" % (told["Error"].get("Code"), told["Error"].get("Message")))
        except Exception as error:
            return None, "unsent %s: %.200s" % (type(error).__name__, error)

    def one(self, kind, record):
        """The Score of one record; None when no public API has the event, a text when it can't be sent again."""
        found = self.models.operation(record)
        if not found:
            return None
        service, operation = found
        reason = unfit.reason(kind, record, service, operation, self.models.model(service))
        if reason and not self.compare_all:
            return reason
        self.server.control("POST", "reset")
        self.follower.forget()
        self.caller.be(record)
        client = self.caller.client(service, region_of(record))
        rebuilt = Rebuilt(service, operation, record)
        put_back, left_out, params, failed = rebuilt.put_back, [], rebuilt.params, []
        if not record.get("errorCode"):
            prepared = stage.Stage(self.caller, service, region_of(record), self.known)
            params = prepared.prepare(operation.name, params, record.get("requestParameters"))
            put_back, left_out = chained(prepared.put_back, rebuilt.put_back), prepared.left_out
            failed = prepared.failed
            self.server.advance("10m")
        request_id, error = self.send(client, operation.name, copy.deepcopy(params))
        ours = self.follower.record(request_id)
        if ours:
            ours = restored(ours, put_back)
        none_takes = set(rebuilt.unsendable) if kind != "real" and not self.compare_all else set()
        score = compare.compare(ours, record, left_out, rebuilt.filled, none_takes)
        if str(error).startswith("unsent"):
            score.pop("recorded")  # the client itself refused
        if not record.get("errorCode"):
            score.put("accepted", error is None, *([f"{service} {operation.name}: {error}"] if error else []))
        score.why += [("unsendable", p) for p in rebuilt.unsendable]
        score.none_takes = sorted(none_takes)
        if error and not record.get("errorCode"):
            score.why += [("step", step) for step in failed]
        score.ours, score.real = ours, record
        return score


def restored(value, put_back):
    """The record with the real identifiers in its texts, whole or as a part."""
    if isinstance(value, dict):
        return {k: restored(v, put_back) for k, v in value.items()}
    if isinstance(value, list):
        return [restored(v, put_back) for v in value]
    for new, old in put_back.items():
        value = value.replace(new, old) if isinstance(value, str) else value
    return value


def chained(made, masked):
    """ours -> the record's: through the value that stood for a masked one."""
    return {**masked, **{new: masked.get(old, old) for new, old in made.items()}}


def region_of(record):
    region = str(record.get("awsRegion") or "us-east-1")
    return region if re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) else "us-east-1"


def average(values):
    values = list(values)
    return sum(values) / len(values) if values else None


def report_unfit(pairs, unfit_pairs):
    """What of the corpus is no measure, by reason and name."""
    by_reason = collections.defaultdict(list)
    for pair, reason in unfit_pairs:
        by_reason[reason].append(short(pair))
    for reason, names in sorted(by_reason.items()):
        print(f"not compared, {reason}: {len(names)} samples: {' '.join(names)}")
    members = sorted({f"{short(pair)} {m}" for pair, scores in pairs for s in scores for m in s.none_takes})
    print(f"not compared, members of samples that no API takes: {len(members)}"
          + (": " if members else "") + ", ".join(members))


def short(pair):
    return f"{pair[0].removesuffix('.amazonaws.com')}:{pair[1].strip()}"


def report(pairs, unknown, unfit_pairs, worst):
    print(f"{len(pairs)} pairs; {len(unknown)} of no public API: "
          + " ".join(map(short, unknown[:12])) + (" ..." if unknown[12:] else ""))
    report_unfit(pairs, unfit_pairs)
    totals = {}
    for part in compare.PARTS:
        by_pair = [average(s[part] for s in scores if part in s) for _, scores in pairs]
        by_pair = [v for v in by_pair if v is not None]
        totals[part] = average(by_pair)
        if by_pair:
            want = WANT.get(part)
            print(f"{part:16} {100 * totals[part]:6.2f} %  of {len(by_pair):4} pairs"
                  + (f"   want {100 * want:5.1f} %  {'' if totals[part] >= want else 'MISSED'}" if want else ""))
    causes = collections.defaultdict(list)
    for pair, scores in pairs:
        for score in scores:
            for part, why in score.why:
                causes[part, cause(part, why)].append((pair, why))
    ranked = sorted(causes.items(), key=lambda c: (-len({p for p, _ in c[1]}), c[0]))
    print("\nworst groups, by cause (pairs, part, cause, examples)")
    for (part, what), examples in ranked[:worst]:
        count = len({p for p, _ in examples})
        print(f"{count:4}  {part:15} {what:60.60}  "
              + "; ".join(sorted({f"{p[0].split('.')[0]}:{p[1]} {w}"[:110] for p, w in examples})[:3]))
    return totals


def cause(part, why):
    """What several pairs have in common."""
    if part == "accepted":
        return re.sub(r"'.*|\".*", "", why.split(": ", 1)[-1])[:60]
    return why.split(":")[0]


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--json", help="write every pair's scores and causes to a file")
    parser.add_argument("--only", default="", help="pairs whose SOURCE:EVENT matches this pattern")
    parser.add_argument("--real", action="store_true", help="leave out samples of AWS's documentation")
    parser.add_argument("--all", action="store_true", help="compare samples that nobody can send again, too")
    parser.add_argument("--each", type=int, default=3, help="records of a pair (default 3)")
    parser.add_argument("--worst", type=int, default=60, help="groups of causes to print")
    parser.add_argument("--show", action="store_true", help="print both records of each comparison")
    return parser.parse_args()


def main():
    given = options()
    resolve_localhost()
    session = botocore.session.get_session()
    session.get_component("data_loader").search_paths.append(OLD_MODELS)
    pairs, unknown, unfit_pairs = [], [], []
    with harness.Server("--no-default-trail", "--deliver-every", "1h") as server:
        run = Run(server, session, given.all)
        rows = (r for r in read(given.corpus) if r[0] == "real" or not given.real)
        for pair, records in pick(rows, given.each):
            if not re.search(given.only, ":".join(pair)):
                continue
            scores = [s for s in (run.one(*r) for r in records) if s is not None]
            unfit_pairs += [(pair, s) for s in scores if isinstance(s, str)]
            if not scores:
                unknown.append(pair)
            scores = [s for s in scores if not isinstance(s, str)]
            if not scores:
                continue
            pairs.append((pair, scores))
            if given.show:
                for score in scores:
                    print(":".join(pair), dict(score), *score.why, sep="\n   ")
                    print("  REAL", json.dumps(score.real), "\n  OURS", json.dumps(score.ours), flush=True)
    totals = report(pairs, unknown, unfit_pairs, given.worst)
    if given.json:
        out = {"totals": totals, "want": WANT, "unknown": unknown, "unfit": unfit_pairs,
               "pairs": [{"pair": p, "scores": s, "why": [x.why for x in s]} for p, s in pairs]}
        pathlib.Path(given.json).write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
