"""`mocktrail replay`: to every kind of target, and every fault where it can be seen."""
import base64
import collections
import gzip
import hashlib
import http.server
import json
import logging
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import boto3
import harness

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from moto.server import ThreadedMotoServer
except ImportError as error:
    print(f"{error} (tests/requirements-check.txt)")
    raise SystemExit(77)

REGIONS = ("us-east-1", "eu-west-1")


def replay(*args, code=0):
    env = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    done = subprocess.run([harness.PROGRAM, "replay", *map(str, args)], capture_output=True, text=True, env=env,
                          timeout=harness.DEADLINE_S)
    if done.returncode != code:
        raise AssertionError(f"replay {args}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def logs(root, word="CloudTrail"):
    return sorted(p for p in pathlib.Path(root).rglob(f"*_{word}_*.json.gz"))


def records(path):
    return json.loads(gzip.decompress(path.read_bytes()))["Records"]


def ids(root):
    return [r["eventID"] for p in logs(root) for r in records(p)]


class Sink:
    """A consumer on this machine that keeps what is posted to it."""

    def __init__(self, refusals=0):
        sink, self.bodies, self.refusals = self, [], refusals

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.refusals -= 1
                if sink.refusals < 0:
                    sink.bodies.append(json.loads(body))
                self.send_response(200 if sink.refusals < 0 else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def digest_faults(root):
    """What is wrong with the digests of a data directory, checked without mocktrail."""
    keys, wrong, before = {}, [], {}
    for pem in (root / "keys").glob("*.pub.pem"):
        keys[pem.name.removesuffix(".pub.pem").rsplit("-", 1)[1]] = serialization.load_pem_public_key(
            pem.read_bytes())
    for path in logs(root, "CloudTrail-Digest"):
        text = gzip.decompress(path.read_bytes())
        d = json.loads(text)
        key = path.relative_to(root / "buckets" / "mocktrail-trail")
        meta = json.loads((root / "meta" / "mocktrail-trail" / f"{key}.json").read_text())["Metadata"]
        signed = "\n".join((d["digestEndTime"], f"mocktrail-trail/{key}", hashlib.sha256(text).hexdigest(),
                            d["previousDigestSignature"] or "null"))
        try:
            keys[d["digestPublicKeyFingerprint"]].verify(
                bytes.fromhex(meta["signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except Exception:  # any reason makes it invalid
            wrong.append(("signature", path.name))
        for log in d["logFiles"]:
            file = root / "buckets" / "mocktrail-trail" / log["s3Object"]
            if not file.exists():
                wrong.append(("missing", file.name))
            elif hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest() != log["hashValue"]:
                wrong.append(("hash", file.name))
        if "_backfill" in path.name:
            continue
        region = path.name.split("_")[2]
        if region in before and (d["previousDigestSignature"], d["previousDigestHashValue"]) != before[region]:
            wrong.append(("previous", path.name))
        before[region] = (meta["signature"], hashlib.sha256(text).hexdigest())
    return wrong


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-replay-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.data = cls.top / "data"
        cls.data.mkdir()
        with harness.Server(data=cls.data) as server:
            for _ in range(6):
                for region in REGIONS:
                    for _ in range(3):
                        server.client("sts", region=region).get_caller_identity()
                server.advance("30m")
        cls.ids = ids(cls.data)
        assert len(cls.ids) == 36 and digest_faults(cls.data) == []

    def faulty(self, *faults, seed=1):
        """A copy of the dataset, delivered with faults; and what they say they did."""
        out, told = self.top / f"out{len(list(self.top.iterdir()))}", self.top / "told.jsonl"
        replay(self.data, "--to", f"dir:{out}", "--json", told, "--seed", seed,
               *(a for f in faults for a in ("--fault", f)))
        return out, [json.loads(line) for line in told.read_text().splitlines()]

    # targets

    def test_records_one_a_line_in_the_order_of_delivery(self):
        got = [json.loads(line) for line in replay(self.data, "--to", "stdout").stdout.splitlines()]
        self.assertEqual(sorted(r["eventID"] for r in got), sorted(self.ids))
        times = [r["eventTime"] for r in got]
        self.assertEqual(times, sorted(times))

    def test_a_copy_is_the_same_and_whole(self):
        out, told = self.faulty()
        self.assertEqual(told, [])
        # Metrics and segments, which lie in the same bucket, are no delivery of a trail.
        same = subprocess.run(["diff", "-r", "-x", "CloudWatch", "-x", "XRay", self.data / "buckets", out / "buckets"])
        self.assertEqual(same.returncode, 0)
        self.assertEqual(digest_faults(out), [])

    def test_objects_put_into_a_bucket_with_their_signatures(self):
        with harness.Server() as server:
            s3 = server.client("s3")
            s3.create_bucket(Bucket="copy")
            replay(self.data, "--to", f"s3:{server.url}/copy")
            keys = [o["Key"] for o in s3.list_objects_v2(Bucket="copy")["Contents"]]
            bucket = self.data / "buckets" / "mocktrail-trail"
            self.assertEqual(keys, sorted(str(p.relative_to(bucket)) for p in bucket.rglob("*_CloudTrail*.gz")))
            digest = next(k for k in keys if "Digest" in k)
            head = s3.head_object(Bucket="copy", Key=digest)
            self.assertEqual(head["Metadata"]["signature-algorithm"], "SHA256withRSA")
            self.assertEqual(head["ContentEncoding"], "gzip")
            self.assertEqual(s3.get_object(Bucket="copy", Key=digest)["Body"].read(),
                             (bucket / digest).read_bytes())
            server.control("POST", "flush")
            put = [r for path in (server.data / "buckets" / "mocktrail-trail").rglob("*_CloudTrail_*.json.gz")
                   for r in json.loads(gzip.decompress(path.read_bytes()))["Records"]
                   if r["eventName"] == "PutObject"]
            self.assertEqual({r["userAgent"].split("/")[0] for r in put}, {"[mocktrail"})

    def test_records_posted_also_when_the_consumer_stumbles(self):
        sink = Sink(refusals=3)
        self.addCleanup(sink.close)
        replay(self.data, "--to", f"http:{sink.url}")
        self.assertEqual(sorted(r["eventID"] for r in sink.bodies), sorted(self.ids))

    def test_a_consumer_that_refuses_is_a_failure(self):
        sink = Sink(refusals=1000)
        self.addCleanup(sink.close)
        self.assertIn("HTTP status 503", replay(self.data, "--to", f"http:{sink.url}", code=1).stderr)

    def test_events_in_the_envelope_of_eventbridge(self):
        sink = Sink()
        self.addCleanup(sink.close)
        replay(self.data, "--to", f"events:{sink.url}")
        self.assertEqual(sorted(e["detail"]["eventID"] for e in sink.bodies), sorted(self.ids))
        self.assertEqual(len({e["id"] for e in sink.bodies}), len(self.ids))
        for e in sink.bodies:
            self.assertEqual((e["detail-type"], e["source"], e["account"], e["time"], e["region"]), (
                "AWS API Call via CloudTrail", "aws.sts", harness.ACCOUNT, e["detail"]["eventTime"],
                e["detail"]["awsRegion"]))

    def test_records_in_the_envelope_of_a_log_subscription(self):
        sink = Sink()
        self.addCleanup(sink.close)
        replay(self.data, "--to", f"logs:{sink.url}")
        got = [json.loads(gzip.decompress(base64.b64decode(b["awslogs"]["data"]))) for b in sink.bodies]
        self.assertEqual({m["logStream"] for m in got},
                         {f"{harness.ACCOUNT}_CloudTrail_{region}" for region in REGIONS})
        events = [json.loads(e["message"]) for m in got for e in m["logEvents"]]
        self.assertEqual(sorted(r["eventID"] for r in events), sorted(self.ids))

    def test_segments_that_x_ray_takes(self):
        records = {r["eventID"]: r for r in map(json.loads, replay(self.data, "--to", "stdout").stdout.splitlines())}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.bind(("127.0.0.1", 0))
            port.settimeout(10)
            replay(self.data, "--to", "xray:127.0.0.1:{}".format(port.getsockname()[1]))
            got = [port.recv(65536).split(b"\n", 1) for _ in self.ids]
        self.assertEqual({header for header, _ in got}, {b'{"format":"json","version":1}'})
        segments = [json.loads(s) for _, s in got]
        self.assertEqual(sorted(s["annotations"]["event_id"] for s in segments), sorted(self.ids))
        self.assertEqual(len({s["trace_id"] for s in segments}), len(self.ids))
        for s in segments:
            r = records[s["annotations"]["event_id"]]
            self.assertEqual(s["aws"], {"operation": r["eventName"], "region": r["awsRegion"],
                                        "account_id": harness.ACCOUNT, "request_id": r["requestID"]})
        with harness.Server() as server:
            server.advance("4h")  # a trace that begins later is none
            said = server.client("xray").put_trace_segments(TraceSegmentDocuments=[s.decode() for _, s in got][:25])
            self.assertEqual(said["UnprocessedTraceSegments"], [])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        self.assertIn("refused", replay(self.data, "--to", f"xray:127.0.0.1:{nobody}", code=1).stderr)

    def queue(self):
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        moto.start()
        self.addCleanup(moto.stop)
        url = "http://{}:{}".format(*moto.get_host_and_port())
        sqs = boto3.client("sqs", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x",
                           aws_secret_access_key="x")
        return sqs, sqs.create_queue(QueueName="logs")["QueueUrl"]

    def bodies(self, sqs, url):
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for m in messages:
                yield m["Body"]
                sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])

    def test_notifications_in_a_queue(self):
        sqs, url = self.queue()
        replay(self.data, "--to", f"sqs:{url}", "--fault", "test-event", "--fault", "several-records=5")
        bodies = list(self.bodies(sqs, url))
        self.assertIn("CloudTrail validation message.", bodies)
        told = [json.loads(b) for b in bodies if b.startswith("{")]
        self.assertEqual([b["Event"] for b in told if "Event" in b], ["s3:TestEvent"])
        objects = [r["s3"] for b in told for r in b.get("Records", ())]
        self.assertEqual(sorted(o["object"]["key"].split("/")[-1] for o in objects),
                         sorted(p.name for p in logs(self.data)))
        self.assertEqual(sorted(len(b["Records"]) for b in told if "Records" in b), [2, 5, 5])

    def test_a_notification_before_its_object(self):
        sqs, url = self.queue()
        out = self.top / "before"
        replay(self.data, "--to", f"sqs:{url}", "--to", f"dir:{out}", "--fault", "notification-first=1m")
        self.assertEqual(len(list(self.bodies(sqs, url))), 12)
        self.assertEqual(len(logs(out)), 12)

    # faults

    def test_late_files_keep_their_names(self):
        out, told = self.faulty("late=2h")
        self.assertEqual([p.name for p in logs(out)], [p.name for p in logs(self.data)])
        lines = replay(self.data, "--to", "stdout", "--fault", "late=2h", "--seed", "1").stdout.splitlines()
        times = [json.loads(line)["eventTime"] for line in lines]
        self.assertNotEqual(times, sorted(times))
        self.assertEqual(len(told), 1)

    def test_duplicates_have_another_name(self):
        out, told = self.faulty("duplicate=0.5")
        counts = collections.Counter(ids(out))
        self.assertEqual(set(counts), set(self.ids))
        self.assertEqual(sum(n == 2 for n in counts.values()), 18)
        self.assertEqual(len(told), 6)
        self.assertEqual(len({p.name for p in logs(out)}), 18)

    def test_halves_make_a_whole(self):
        out, _ = self.faulty("split=1")
        self.assertEqual(len(logs(out)), 24)
        self.assertEqual(sorted(ids(out)), sorted(self.ids))

    def test_another_order(self):
        told = replay(self.data, "--to", "stdout", "--fault", "reorder=3h").stdout.splitlines()
        got = [json.loads(line)["eventID"] for line in told]
        self.assertEqual(sorted(got), sorted(self.ids))
        plain = replay(self.data, "--to", "stdout").stdout.splitlines()
        self.assertNotEqual(got, [json.loads(line)["eventID"] for line in plain])

    def test_neighbours_of_one_second_change_places(self):
        out, _ = self.faulty("same-second-swap")
        for before, after in zip(logs(self.data), logs(out)):
            a, b = ([r["eventID"] for r in records(p)] for p in (before, after))
            self.assertEqual(b, [a[1], a[0], *a[2:]])

    def test_a_record_that_is_too_large(self):
        out, _ = self.faulty("oversize")
        sizes = [len(json.dumps(r)) for p in logs(out) for r in records(p)]
        self.assertEqual(sum(s > 256 << 10 for s in sizes), 1)
        self.assertEqual(sorted(ids(out)), sorted(self.ids))

    def test_what_is_missing_is_missing_and_told(self):
        for fault, word in (("missing-log=2", "CloudTrail"), ("missing-digest=2", "CloudTrail-Digest")):
            out, told = self.faulty(fault)
            gone = {p.name for p in logs(self.data, word)} - {p.name for p in logs(out, word)}
            self.assertEqual(gone, {t["key"].rsplit("/", 1)[1] for t in told})
            self.assertEqual(len(gone), 2)

    def test_what_is_tampered_with_is_noticed_where_it_is_told(self):
        out, told = self.faulty("tampered-log")
        self.assertEqual(digest_faults(out), [("hash", told[0]["key"].rsplit("/", 1)[1])])
        self.assertEqual(sorted(ids(out)), sorted(self.ids))
        out, told = self.faulty("tampered-digest")
        self.assertIn(("signature", told[0]["key"].rsplit("/", 1)[1]), digest_faults(out))

    def test_a_gzip_that_ends_early(self):
        out, told = self.faulty("truncate-gzip")
        path = next(out.rglob(told[0]["key"].rsplit("/", 1)[1]))
        with self.assertRaises(EOFError):
            gzip.decompress(path.read_bytes())

    def test_a_late_log_stands_in_a_backfill_digest_and_all_is_signed(self):
        out, told = self.faulty("backfill")
        late = told[0]["key"]
        self.assertEqual(digest_faults(out), [])
        named = {p.name: [f["s3Object"] for f in json.loads(gzip.decompress(p.read_bytes()))["logFiles"]]
                 for p in logs(out, "CloudTrail-Digest")}
        self.assertEqual([name for name, files in named.items() if late in files],
                         [name for name in named if name.endswith("_backfill.json.gz")])

    def test_another_key_from_the_middle_on(self):
        out, told = self.faulty("key-rotation")
        self.assertEqual(digest_faults(out), [])
        keys = collections.defaultdict(list)
        for p in logs(out, "CloudTrail-Digest"):
            keys[p.name.split("_")[2]].append(json.loads(gzip.decompress(p.read_bytes()))
                                              ["digestPublicKeyFingerprint"])
        self.assertEqual(len(told), len(keys))
        for used in keys.values():
            self.assertEqual(len(set(used)), 2)

    def test_one_seed_one_outcome(self):
        faults = ("duplicate=0.3", "split=0.3", "tampered-log=2", "backfill", "key-rotation")
        first, second = self.faulty(*faults, seed=7)[0], self.faulty(*faults, seed=7)[0]
        self.assertEqual(subprocess.run(["diff", "-r", first, second]).returncode, 0)
        other = self.faulty(*faults, seed=8)[0]
        self.assertNotEqual(subprocess.run(["diff", "-rq", first, other], capture_output=True).returncode, 0)

    def test_the_speed_of_delivery(self):
        start = time.monotonic()
        replay(self.data, "--to", "stdout", "--speed", "7200")
        self.assertGreaterEqual(time.monotonic() - start, 1.0)  # 3 hours less the first half

    # bad input

    def test_what_is_refused(self):
        for args, why in (
                ((), "--to: expected where to deliver"),
                (("--to", "ftp:x"), "expected stdout, dir:DIR"),
                (("--to", "stdout", "--fault", "flood"), "no fault 'flood'"),
                (("--to", "stdout", "--fault", "late=soon"), "fault late: expected a time such as"),
                (("--to", "stdout", "--fault", "split=2"), "fault split: expected a share from 0 to 1"),
                (("--to", "stdout", "--fault", "truncate-gzip"), "no target that is given would show it"),
                (("--to", "stdout", "--speed", "fast"), "--speed: expected max or a number"),
                (("--to", "http:http://192.0.2.1/"), "is not this machine"),
                (("--to", "xray:192.0.2.1:2000"), "is not this machine"),
                (("--to", "xray:127.0.0.1"), "expected HOST:PORT behind xray:"),
                (("--to", "s3:bucket"), "expected http://HOST:PORT")):
            self.assertIn(why, replay(self.data, *args, code=2).stderr)
        self.assertIn("No such file", replay(self.top / "nowhere", "--to", "stdout", code=2).stderr)
        self.assertIn("expected a PATH", replay("--to", "stdout", code=2).stderr)
        empty = self.top / "empty"
        empty.mkdir()
        self.assertIn("nothing to deliver", replay(empty, "--to", "stdout", code=2).stderr)

    def test_what_lies_in_the_target_is_left_alone(self):
        before = subprocess.run(["find", self.data, "-type", "f", "-newer", self.top],
                                capture_output=True, text=True).stdout
        refused = replay(self.data, "--to", f"dir:{self.data}", "--fault", "tampered-log", code=2)
        self.assertIn("expected another directory", refused.stderr)
        after = subprocess.run(["find", self.data, "-type", "f", "-newer", self.top],
                               capture_output=True, text=True).stdout
        self.assertEqual(after, before)


if __name__ == "__main__":
    unittest.main()
