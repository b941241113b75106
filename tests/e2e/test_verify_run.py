"""`mocktrail verify run`: toy tools whose faults are known get exactly their verdicts and exit codes."""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import harness
import verify_data

RULES = """
title: A user made
name: user-made
id: 11111111-1111-4111-8111-111111111111
logsource: {product: aws, service: cloudtrail}
detection: {s: {eventSource: iam.amazonaws.com, eventName: CreateUser}, condition: s}
---
title: Needs what nobody gives
logsource: {product: aws, service: cloudtrail}
detection: {s: {eventName|expand: '%x%'}, condition: s}
"""

TOY = """
import csv, glob, gzip, json, os, sys, time, urllib.request
kind, tree, sink = sys.argv[1], sys.argv[2], (sys.argv[3:] + [""])[0]
def events():
    for p in sorted(glob.glob(tree + "/buckets/**/*_CloudTrail_*.json.gz", recursive=True)):
        yield from json.loads(gzip.open(p).read())["Records"]
def finds(records):
    for r in records:
        if r["eventName"] == "CreateUser":
            yield {"rule": "user-made", "event_ids": [r["eventID"]], "first": r["eventTime"]}
"""


def load(path):
    return json.loads(path.read_text())


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-run-"))
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        cls.data = cls.top / "data"
        cls.data.mkdir()
        with harness.Server(data=cls.data) as server:
            iam = server.client("iam")
            for name in ("ann", "ben", "cleo"):
                iam.create_user(UserName=name)
                iam.list_users()
                server.advance("20m")
            for region in ("us-east-1", "eu-west-1"):
                server.client("sts", region=region).get_caller_identity()
            server.advance("20m")
            server.flush()
            cls.records = server.records()
        made = [r for r in cls.records if r["eventName"] == "CreateUser"]
        assert len(made) == 3
        (cls.data / "expected.json").write_text(json.dumps({"findings": [
            {"rule": "user-made", "technique": "T1136.003", "story": r["requestParameters"]["userName"],
             "actor": "root", "severity": "low", "eventIDs": [r["eventID"]], "first": r["eventTime"],
             "last": r["eventTime"]} for r in made]}))
        end = max(r["eventTime"] for r in cls.records)
        (cls.data / "manifest.json").write_text(json.dumps({"start": harness.START, "end": "2026-01-05T11:00:00Z"}))
        assert end < "2026-01-05T11:00:00Z"
        cls.made = made
        cls.count = 0

    def suite(self, body="", code=0, top="", options=(), **tool):
        """Run a suite with a toy: body is Python behind TOY. (finished process, its JSON)."""
        type(self).count += 1
        here = self.top / f"suite{self.count}"
        here.mkdir()
        (here / "toy.py").write_text(TOY + textwrap.dedent(body))
        tool.setdefault("name", "toy")
        tool.setdefault("run", [sys.executable, "toy.py", "x", "{tree}", "{sink_url}"])
        lines = [f"dataset: {self.data}", top, "tool:"]
        lines += [f"  {k}: {json.dumps(v)}" for k, v in tool.items()]
        (here / "suite.yaml").write_text("\n".join(lines) + "\n")
        out = here / "out.json"
        done = subprocess.run([harness.PROGRAM, "verify", "run", here / "suite.yaml", "--json", out, *options],
                              capture_output=True, text=True, timeout=harness.DEADLINE_S * 2)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done, load(out) if out.exists() else None

    def verdicts(self, got):
        return {k: n for k, n in got["verdicts"].items() if n}

    PERFECT = "for f in finds(events()): print(json.dumps(f), flush=True)"

    # toy tools

    def test_a_perfect_tool(self):
        done, got = self.suite(self.PERFECT, top="require: {recall: 1, precision: 1, f1: 1, loss: 0, spurious: 0}")
        self.assertEqual(self.verdicts(got), {"match": 3})
        self.assertEqual((got["precision"], got["recall"], got["f1"], got["loss"]), (1, 1, 1, 0))
        self.assertLess(max(len(line) for line in done.stdout.splitlines()), 81)

    def test_a_blind_tool(self):
        done, got = self.suite("", code=1, top="require: {recall: 0.5}")
        self.assertEqual(self.verdicts(got), {"missed": 3})
        self.assertIn("FAILED    recall 0.000, required 0.500", done.stdout)
        self.assertEqual({f["cause"] for f in got["findings"]}, {"offered, and not reported"})

    def test_a_noisy_tool(self):
        _, got = self.suite("""
            all = list(finds(events()))
            for f in all + all[:1]:
                print(json.dumps(f))
            for r in list(events())[:2]:
                print(json.dumps({"rule": "anything", "event_ids": [r["eventID"]]}))
            print(json.dumps({"rule": "user-made", "event_ids": ["no-such-event"]}))
            """, code=1, top="require: {precision: 0.9}\nunexpected: fail")
        self.assertEqual(self.verdicts(got), {"match": 3, "duplicate": 1, "spurious": 2, "misattributed": 1})
        self.assertEqual(got["precision"], 0.5)

    def test_a_slow_tool(self):
        _, got = self.suite("""
            for i, f in enumerate(finds(events())):
                time.sleep(0.7 * (i == 2))
                print(json.dumps(f), flush=True)
            """, code=1, top="require: {detect_max: 600ms}")
        self.assertEqual(self.verdicts(got), {"match": 2, "late": 1})
        self.assertGreaterEqual(got["detect_max_ms"], 700)

    def test_a_tool_that_takes_too_long(self):
        start = time.monotonic()
        done, got = self.suite("time.sleep(60)", code=4, timeout="1s")
        self.assertIsNone(got)
        self.assertLess(time.monotonic() - start, 40)
        self.assertIn("took too long", done.stderr)

    def test_a_crashing_tool(self):
        done, got = self.suite("raise SystemExit('no memory')", code=3)
        self.assertIsNone(got)
        self.assertIn("no memory", done.stderr)
        self.suite("import os; os.abort()", code=3)
        done, _ = self.suite(run=["no-such-program"], code=3)
        self.assertIn("is it installed?", done.stderr)

    def test_an_exit_that_is_no_crash(self):
        _, got = self.suite(self.PERFECT + "\nraise SystemExit(7)", exits=[0, 7])
        self.assertEqual(self.verdicts(got), {"match": 3})

    def test_an_unstable_tool(self):
        done, got = self.suite("""
            for f in list(finds(events()))[:len(os.listdir(os.environ["HOME"])) % 3]:
                print(json.dumps(f))
            open(os.path.join(os.environ["HOME"], str(time.time_ns())), "w").close()
            """, code=5, repeat=3)
        self.assertTrue(got["unstable"])
        self.assertIn("UNSTABLE", done.stdout)

    def test_one_that_repeats_itself_is_stable(self):
        _, got = self.suite(self.PERFECT, repeat=3)
        self.assertEqual((got["unstable"], got["runs"]), (False, 3))

    def test_rules_by_other_names(self):
        _, got = self.suite("""
            for f in finds(events()):
                print(json.dumps({**f, "rule": "IAM-7"}))
            print(json.dumps({"rule": "IAM-8", "event_ids": []}))
            print(json.dumps({"rule": "IAM-7", "event_ids": [], "status": "invalid"}))
            print(json.dumps({"rule": "IAM-7", "event_ids": [], "status": "PASSED"}))
            """, rules={"IAM-7": ["T1136.003"]})
        self.assertEqual(self.verdicts(got), {"match": 3, "unknown-rule": 1, "refused": 1})

    def test_findings_without_events_by_their_time(self):
        _, got = self.suite("""
            for f in finds(events()):
                print(json.dumps({"rule": "user-made", "first": f["first"]}))
            print(json.dumps({"rule": "user-made", "first": "2026-01-05T23:00:00Z"}))
            """)
        self.assertEqual(self.verdicts(got), {"match": 3, "misattributed": 1})

    # feeds

    def test_records_on_standard_input(self):
        _, got = self.suite("""
            for f in finds(json.loads(l) for l in sys.stdin): print(json.dumps(f))""", feed="stdin-jsonl")
        self.assertEqual(self.verdicts(got), {"match": 3})

    S3 = """
        import boto3
        s3 = boto3.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="mocktrail-trail", Prefix="AWSLogs/")
        keys = [o["Key"] for p in pages for o in p.get("Contents", ()) if "/CloudTrail/" in o["Key"]]
        def read(key):
            return json.loads(gzip.decompress(s3.get_object(Bucket="mocktrail-trail", Key=key)["Body"].read()))["Records"]
        """

    @harness.needs_newest
    def test_files_in_a_bucket_and_why_some_were_missed(self):
        _, got = self.suite(textwrap.dedent(self.S3) + textwrap.dedent("""
            hit = [k for k in keys if any(finds(read(k)))][:1]
            for f in finds(read(hit[0])): print(json.dumps(f))
            """), feed="s3-poll")
        self.assertEqual(self.verdicts(got), {"match": 1, "missed": 2})
        self.assertEqual({f.get("cause") for f in got["findings"]} - {None}, {"fetched, and not reported"})
        _, got = self.suite(self.S3, feed="s3-poll")
        self.assertEqual({f["cause"] for f in got["findings"]}, {"listed, and never fetched"})
        _, got = self.suite("", feed="s3-poll")
        self.assertEqual({f["cause"] for f in got["findings"]}, {"never listed"})

    def test_a_daemon_that_polls_a_bucket(self):
        _, got = self.suite("""
            import boto3
            s3, seen = boto3.client("s3"), set()
            print("ready", flush=True)
            while True:
                for o in s3.list_objects_v2(Bucket="mocktrail-trail").get("Contents", ()):
                    if "/CloudTrail/" in o["Key"] and o["Key"] not in seen:
                        seen.add(o["Key"])
                        body = s3.get_object(Bucket="mocktrail-trail", Key=o["Key"])["Body"].read()
                        for f in finds(json.loads(gzip.decompress(body))["Records"]):
                            print(json.dumps(f), flush=True)
                time.sleep(0.1)
            """, feed="s3-poll", mode="daemon", ready={"log": "ready"}, grace="1s", timeout="60s")
        self.assertEqual(self.verdicts(got), {"match": 3})
        self.assertGreaterEqual(got["detect_max_ms"], 0)

    QUEUE = """
        import boto3
        from urllib.parse import unquote_plus
        sqs, s3 = boto3.client("sqs"), boto3.client("s3")
        url = os.environ["QUEUE_URL"]
        def named(body):
            try: body = json.loads(body)
            except ValueError: return  # CloudTrail's validation message
            if body.get("Type") == "Notification": yield from named(body["Message"])
            if "s3Bucket" in body: yield from ((body["s3Bucket"], k) for k in body["s3ObjectKey"])
            yield from ((r["s3"]["bucket"]["name"], unquote_plus(r["s3"]["object"]["key"])) for r in body.get("Records", ()))
        def receive():
            return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages", ())
        def acknowledge(m):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
        def handle(bucket, key):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            for f in finds(json.loads(gzip.decompress(body))["Records"]): print(json.dumps(f), flush=True)
        """
    DRAIN = QUEUE + """
        while messages := receive():
            for m in messages:
                for place in named(m["Body"]): handle(*place)
                acknowledge(m)
        """

    @harness.needs_newest
    def test_notices_in_a_queue(self):
        for feed, faults, twice in (("sqs-s3", "[test-event, several-records=2, notification-first=10m]", {}),
                                    ("sqs-sns-ct", "[test-event, several-records=2]", {}),
                                    ("sqs-s3", "[duplicate=1]", {"duplicate": 3})):
            with self.subTest(feed + faults):
                _, got = self.suite(self.DRAIN, feed=feed, env={"QUEUE_URL": "{queue_url}"}, top=f"faults: {faults}")
                self.assertEqual(self.verdicts(got), {"match": 3, **twice})

    @harness.needs_newest
    def test_why_notices_in_a_queue_led_to_nothing(self):
        for body, cause in (("for m in receive(): pass", "its message was never acknowledged"),
                            ("while ms := receive():\n    for m in ms: acknowledge(m)", "acknowledged, and never fetched"),
                            ("finds = lambda records: ()\nfor m in receive():\n    for p in named(m['Body']): handle(*p)",
                             "fetched, and neither acknowledged nor reported")):
            _, got = self.suite(textwrap.dedent(self.QUEUE) + body, feed="sqs-s3", env={"QUEUE_URL": "{queue_url}"})
            self.assertEqual({f["cause"] for f in got["findings"]}, {cause}, body)

    @harness.needs_newest
    def test_a_daemon_at_a_queue_whose_receipts_expire(self):
        body = textwrap.dedent(self.QUEUE) + textwrap.dedent("""
            refused = 0
            print("ready", flush=True)
            while True:
                for m in receive():
                    for place in named(m["Body"]): handle(*place)
                    try: acknowledge(m)
                    except sqs.exceptions.ClientError as e:
                        refused += 1
                        print(e, file=sys.stderr, flush=True)
                        open(os.environ["OUT"] + "/refused", "w").write(str(refused))
                time.sleep(0.05)
            """)
        work = self.top / "expired"
        _, got = self.suite(body, feed="sqs-s3", mode="daemon", ready={"log": "ready"}, grace="1s", timeout="60s",
                            env={"QUEUE_URL": "{queue_url}", "OUT": "{out}"}, top="faults: [expired-receipt=2]",
                            options=("--work", work))
        self.assertEqual(self.verdicts(got), {"match": 3})
        self.assertEqual((work / "out-1" / "refused").read_text(), "2")
        self.assertIn("ReceiptHandleIsInvalid", (work / "out-1" / "tool.log").read_text())

    @harness.needs_newest
    def test_a_log_group_that_is_polled(self):
        _, got = self.suite("""
            import boto3
            for region in os.environ["REGIONS"].split():
                logs = boto3.client("logs", region_name=region)
                for s in logs.describe_log_streams(logGroupName=os.environ["GROUP"])["logStreams"]:
                    token, records = {}, []
                    while True:
                        page = logs.get_log_events(logGroupName=os.environ["GROUP"], logStreamName=s["logStreamName"],
                                                   startFromHead=True, **token)
                        records += [json.loads(e["message"]) for e in page["events"]]
                        if token == {"nextToken": page["nextForwardToken"]}: break
                        token = {"nextToken": page["nextForwardToken"]}
                    for f in finds(records): print(json.dumps(f))
            """, feed="cwl-poll", env={"GROUP": "{log_group}", "REGIONS": "{regions}"})
        self.assertEqual(self.verdicts(got), {"match": 3})

    LOOKUP = """
        import boto3
        for region in REGIONS:
            pages = boto3.client("cloudtrail", region_name=region).get_paginator("lookup_events").paginate()
            for f in finds(json.loads(e["CloudTrailEvent"]) for p in pages for e in p["Events"]):
                print(json.dumps(f))
        """

    @harness.needs_newest
    def test_lookup_events_and_a_region_that_was_never_asked_for(self):
        _, got = self.suite(self.LOOKUP.replace("REGIONS", '("us-east-1",)'), feed="lookup-api")
        self.assertEqual(self.verdicts(got), {"match": 3})
        _, got = self.suite(self.LOOKUP.replace("REGIONS", '("eu-west-1",)'), feed="lookup-api")
        self.assertEqual({f["cause"] for f in got["findings"]}, {"its region was never asked for"})

    LISTEN = """
        import base64, http.server
        class H(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for f in finds(unpack(body)): print(json.dumps(f), flush=True)
                self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
            def log_message(self, *_): pass
        server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), H)
        print("ready", flush=True)
        """

    def test_daemons_that_are_posted_to(self):
        for feed, unpack in (("webhook", "[b]"), ("eventbridge-http", "[b['detail']]"), (
                "cwl-subscribe", "[json.loads(e['message']) for e in json.loads(gzip.decompress("
                "base64.b64decode(b['awslogs']['data'])))['logEvents']]")):
            body = textwrap.dedent(self.LISTEN) + f"unpack = lambda b: {unpack}\nserver.serve_forever()\n"
            _, got = self.suite(body, feed=feed, mode="daemon", ready={"log": "ready"}, grace="500ms",
                                url="http://127.0.0.1:{port}/", env={"PORT": "{port}"})
            self.assertEqual(self.verdicts(got), {"match": 3}, feed)

    @harness.needs_newest
    def test_a_topic_s_subscriber(self):
        body = textwrap.dedent(self.LISTEN) + textwrap.dedent("""
            import boto3
            s3 = boto3.client("s3")
            def unpack(body):
                if body["Type"] == "SubscriptionConfirmation":
                    urllib.request.urlopen(body["SubscribeURL"]).read()
                    return
                note = json.loads(body["Message"])
                for key in note["s3ObjectKey"]:
                    text = s3.get_object(Bucket=note["s3Bucket"], Key=key)["Body"].read()
                    yield from json.loads(gzip.decompress(text))["Records"]
            server.serve_forever()
            """)
        _, got = self.suite(body, feed="webhook-sns", mode="daemon", ready={"log": "ready"}, grace="1s", timeout="60s",
                            url="http://127.0.0.1:{port}/", env={"PORT": "{port}"})
        self.assertEqual(self.verdicts(got), {"match": 3})

    SEGMENTS = """
        import socket
        port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        port.bind(("127.0.0.1", int(os.environ["PORT"])))
        print("ready", flush=True)
        while True:
            header, document = port.recv(65536).split(b"\\n", 1)
            assert json.loads(header) == {"format": "json", "version": 1}
            s = json.loads(document)
        """

    def test_a_daemon_that_gets_segments(self):
        def suite(body, **more):
            return self.suite(textwrap.dedent(self.SEGMENTS) + textwrap.indent(body, "    "), feed="udp-xray",
                              mode="daemon", ready={"log": "ready"}, grace="500ms", env={"PORT": "{port}"}, **more)
        _, got = suite('if (s["name"], s["aws"]["operation"]) == ("iam", "CreateUser"):\n'
                       '    print(json.dumps({"rule": "user-made", "event_ids": [s["annotations"]["event_id"]]}), flush=True)')
        self.assertEqual(self.verdicts(got), {"match": 3})
        _, got = suite('print(json.dumps({"rule": "f", "event_ids": [s["annotations"]["event_id"]]}), flush=True)',
                       reports="events", top="faults: [duplicate=1]")
        self.assertEqual(self.verdicts(got), {"match": len(self.records), "duplicate": len(self.records)})

    def test_a_tool_that_forwards_events(self):
        _, got = self.suite("""
            all = [r["eventID"] for r in events()]
            for i in all[1:] + all[-1:]: print(json.dumps({"rule": "forward", "event_ids": [i]}))
            """, reports="events", code=1, top="require: {loss: 0}")
        self.assertEqual(self.verdicts(got), {"match": len(self.records) - 1, "missed": 1, "duplicate": 1})
        self.assertEqual(got["loss"], 1)

    # collectors

    def test_findings_in_files_of_every_format(self):
        for form, options, code in (
                ("json", {}, 'json.dump([*finds(events())], out)'),
                ("csv", {"map": {"rule": "Rule", "event_ids": "Event"}}, """
                    w = csv.writer(out); w.writerow(["Event", "Rule"])
                    for f in finds(events()): w.writerow([f["event_ids"][0], f["rule"]])"""),
                ("sarif", {}, """
                    json.dump({"runs": [{"results": [{"ruleId": f["rule"], "properties": f}
                                                     for f in finds(events())]}]}, out)"""),
                ("junit", {}, """
                    out.write("<testsuites><testsuite>" + "".join(
                        f'<testcase name="{f["rule"]}"><failure>{f["event_ids"][0]}</failure></testcase>'
                        for f in finds(events())) + '<testcase name="fine"/></testsuite></testsuites>')"""),
                ("asff", {}, """
                    json.dump({"Findings": [{"GeneratorId": f["rule"], "Resources": [{"Id": f["event_ids"][0]}]}
                                            for f in finds(events())]}, out)"""),
                ("ocsf", {}, """
                    json.dump([{"finding_info": {"analytic": {"uid": f["rule"]},
                                "related_events": [{"uid": i} for i in f["event_ids"]]}} for f in finds(events())],
                              out)""")):
            body = 'out = open(os.environ["OUT"] + "/f", "w")\n' + textwrap.dedent(code) + "\nout.close()\n"
            _, got = self.suite(body, collect={"file": "{out}/f", "format": form}, env={"OUT": "{out}"}, **options)
            self.assertEqual(self.verdicts(got), {"match": 3}, form)

    def test_lines_by_a_regular_expression(self):
        _, got = self.suite("""
            print("starting")
            for f in finds(events()): print("ALERT", f["rule"], f["event_ids"][0])
            """, collect={"stdout": True, "regex": r"^ALERT (?<rule>\S+) (?<event_ids>\S+)"})
        self.assertEqual(self.verdicts(got), {"match": 3})

    def test_findings_posted_to_a_sink(self):
        _, got = self.suite("""
            for f in finds(events()):
                urllib.request.urlopen(urllib.request.Request(sink, json.dumps(f).encode(), method="POST")).close()
            """, collect="sink")
        self.assertEqual(self.verdicts(got), {"match": 3})

    def test_an_exit_code_as_a_finding(self):
        _, got = self.suite("raise SystemExit(any(finds(events())))", collect={"exit": "user-made"})
        self.assertEqual(self.verdicts(got), {"match": 1, "missed": 2})

    # faults, the embedded tool, reports

    def test_faults_reach_the_tool_and_are_not_held_against_it(self):
        _, got = self.suite(self.PERFECT, top="faults: [duplicate=1]")
        self.assertEqual(self.verdicts(got), {"match": 3, "duplicate": 3})
        _, got = self.suite(self.PERFECT, top="faults: [missing-log=3]")
        self.assertEqual(got["withheld"] + got["verdicts"]["match"], 3)
        self.assertEqual(got["verdicts"]["missed"], 0)
        self.assertLess(got["offered"], got["events"])

    def test_the_embedded_rules(self):
        rules = self.top / "rules"
        rules.mkdir(exist_ok=True)
        (rules / "made.yml").write_text(RULES)
        done, got = self.suite(run="builtin:sigma", name="sigma", rules_dir=str(rules))
        self.assertEqual(self.verdicts(got), {"match": 3})
        self.assertIn("rule refused: Needs what nobody gives: 'eventName|expand' needs values", done.stderr)

    def test_a_place_for_the_work_that_is_relative(self):
        here = pathlib.Path.cwd()
        os.chdir(self.top)
        try:
            _, got = self.suite('''
                with open(os.environ["OUT"] + "/f", "w") as out:
                    for f in finds(events()): print(json.dumps(f), file=out)''',
                collect={"file": "{out}/f", "format": "jsonl"}, env={"OUT": "{out}"}, options=("--work", "kept"))
        finally:
            os.chdir(here)
        self.assertEqual(self.verdicts(got), {"match": 3})
        self.assertTrue((self.top / "kept" / "out-1" / "f").exists())

    def test_reports_for_machines_and_people(self):
        junit, page = self.top / "r.xml", self.top / "r.html"
        self.suite("for f in list(finds(events()))[:2]: print(json.dumps(f))", code=1, top="require: {recall: 1}",
                   options=("--junit", junit, "--html", page))
        root = verify_data.junit(junit)
        cases = collections.Counter(bool(c.findall("failure")) for c in root.iter("testcase"))
        self.assertEqual((root.tag, cases[False], cases[True]), ("testsuites", 3, 2))
        text = page.read_text()
        self.assertIn("offered, and not reported", text)
        self.assertNotIn("http://", text.replace("http://www.w3.org/", ""))
        self.assertEqual(text.count("<circle"), 3)

    # bad input

    def test_suites_that_are_refused(self):
        for lines, why in (
                ("tool: {run: x}", "1: expected either dataset: DIR or scenario: NAME"),
                ("dataset: .\ntool: {feed: dir}", "2: expected tool.run"),
                ("dataset: .\ntool:\n  run: x\n  feed: lambda-event", "4: expected one of dir"),
                ("dataset: .\ntool: {run: x, feed: udp-xray}", "2: expected mode: daemon, listening"),
                ("dataset: .\ntool:\n  run: x\n  speeed: 1", "4: expected tool: {name"),
                ("dataset: .\ntool:\n  run: x\n  timeout: soon", "4: expected a duration"),
                ("dataset: .\ntool: {run: x}\nrequire: {recall: 2}", "3: expected a share from 0 to 1"),
                ("dataset: .\ntool: {run: x, feed: webhook}", "2: expected mode: daemon and url"),
                ("dataset: nowhere\ntool: {run: x}", "nowhere is no directory")):
            path = self.top / "bad.yaml"
            path.write_text(lines)
            done = subprocess.run([harness.PROGRAM, "verify", "run", path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main()
