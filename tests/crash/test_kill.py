"""kill -9 at any instant under load from four clients, many times over on one data directory.

After all of it: every answered call is in exactly one delivered file, no record is there twice, what
was answered as done is done, what is on record as done is done, what CloudTrail itself delivered by a
second trail is on record once a file, and the digest chain is whole.
usage: test_kill.py [ROUNDS]   (default CRASH_ROUNDS, else 200)
"""
import collections
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402 (found by the line above)
from test_cloudtrail import policy  # noqa: E402

ROUNDS = int(sys.argv.pop(1) if len(sys.argv) > 1 else os.environ.get("CRASH_ROUNDS", 200))
CLIENTS = 4
OPTIONS = ("--deliver-every", "300ms", "--digest-every", "5s", "--durability")
DURABILITY = ("os", "disk")  # by turns; the journal's segments lie in other memory with each


def auth(service):
    day = datetime.datetime.now(datetime.timezone.utc)
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={harness.ACCOUNT}/{day:%Y%m%d}/us-east-1/{service}"
                             f"/aws4_request, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
            "X-Amz-Date": f"{day:%Y%m%dT%H%M%SZ}"}


class Client(threading.Thread):
    """Calls until its server dies; remembers what was answered."""

    def __init__(self, url, number, ids):
        super().__init__(daemon=True)
        self.host = url.removeprefix("http://")
        self.number = number
        self.ids = ids
        self.answered = {}   # request id -> what was done
        self.random = random.Random(number)

    def query(self, connection, service, version, **params):
        body = "&".join(f"{k}={v}" for k, v in {**params, "Version": version}.items())
        connection.request("POST", "/", body, {
            **auth(service), "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, re.search(r"<RequestId>(.*?)</RequestId>", text).group(1)

    def put(self, connection, key, body):
        connection.request("PUT", f"/crash-bucket/{key}", body, {
            **auth("s3"), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["x-amz-request-id"]

    def one(self, connection, serial):
        name = f"c{self.number}-{serial}"
        kind = self.random.choice(("sts", "user", "user", "put", "put", "delete"))
        if kind == "sts":
            status, rid = self.query(connection, "sts", "2011-06-15", Action="GetCallerIdentity")
            done = ("sts", None)
        elif kind == "user":
            status, rid = self.query(connection, "iam", "2010-05-08", Action="CreateUser", UserName=name)
            done = ("user", name)
        elif kind == "put":
            body = hashlib.sha256(name.encode()).digest() * self.random.choice((1, 4, 400))
            status, rid = self.put(connection, name, body)
            done = ("put", (name, hashlib.md5(body).hexdigest()))
        else:
            status, rid = self.query(connection, "iam", "2010-05-08", Action="DeleteUser",
                                     UserName="never-was")
            done = ("refused", None)
        self.answered[rid] = (status, *done)

    def run(self):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        for serial in self.ids:
            try:
                self.one(connection, serial)
            except (OSError, http.client.HTTPException, AttributeError):
                return


def serials(start):
    while True:
        yield start
        start += 1


class Kill(unittest.TestCase):
    def check_state(self, server, answered):
        """What was answered as done, and can be seen, is done."""
        iam, s3 = server.client("iam"), server.client("s3")
        users = {u["UserName"] for page in iam.get_paginator("list_users").paginate() for u in page["Users"]}
        listed = {o["Key"]: o["ETag"].strip('"')
                  for page in s3.get_paginator("list_objects_v2").paginate(Bucket="crash-bucket")
                  for o in page.get("Contents", ())}
        for rid, (status, kind, what) in answered.items():
            if kind == "user":
                self.assertEqual(status, 200, rid)
                self.assertIn(what, users, f"answered CreateUser {rid} is lost")
            elif kind == "put":
                self.assertEqual(status, 200, rid)
                self.assertEqual(listed.get(what[0]), what[1], f"answered PutObject {rid} is lost")
            elif kind == "refused":
                self.assertEqual(status, 404, rid)
        return users, set(listed)

    @staticmethod
    def second_trail(server):
        s3, cloudtrail = server.client("s3"), server.client("cloudtrail")
        s3.create_bucket(Bucket="crash-logs")
        s3.put_bucket_policy(Bucket="crash-logs", Policy=policy("crash-logs", harness.ACCOUNT))
        cloudtrail.create_trail(Name="second", S3BucketName="crash-logs")
        cloudtrail.start_logging(Name="second")

    def check_own(self, server, records):
        """Each file of the second trail was put once; the last one's record waits for a delivery."""
        puts = [r["requestParameters"]["key"] for r in records if r["eventName"] == "PutObject"
                and r["userIdentity"].get("invokedBy") == "cloudtrail.amazonaws.com"]
        root = server.data / "buckets" / "crash-logs"
        files = {p.relative_to(root).as_posix() for p in server.log_files("crash-logs")}
        self.assertEqual(len(puts), len(set(puts)), "one delivery on record twice")
        self.assertEqual(set(puts) - files, set(), "on record, and not delivered")
        self.assertEqual(len(files - set(puts)), 1, "delivered, and not on record")

    def test_nothing_is_lost_and_nothing_comes_twice(self):
        server = harness.Server(*OPTIONS, DURABILITY[-1], clock=None, seed=None).start()
        self.second_trail(server)
        server.client("s3").create_bucket(Bucket="crash-bucket")
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
        answered = {}
        chance = random.Random(4242)
        for turn in range(ROUNDS):
            clients = [Client(server.url, n, serials(turn * 1_000_000)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            clients[0].join(timeout=chance.uniform(0.01, 0.25))
            server.kill()
            for client in clients:
                client.join(timeout=harness.DEADLINE_S)
                self.assertFalse(client.is_alive())
                answered.update(client.answered)
            server.args[-1] = DURABILITY[turn % 2]
            server.start()
        users, objects = self.check_state(server, answered)
        self.assertGreater(len(answered), ROUNDS, "the load was no load")
        end = datetime.datetime.now(datetime.timezone.utc)
        server.flush()
        done = server.aws("cloudtrail", "validate-logs", "--start-time", f"{start:%Y-%m-%dT%H:%M:%SZ}",
                          "--end-time", f"{end + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", "--trail-arn",
                          f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/mocktrail", check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\d+/\d+ digest files valid")
        self.assertEqual(server.stop(), 0)

        records = server.records()
        events = collections.Counter(r["eventID"] for r in records)
        twice = [e for e, n in events.items() if n > 1]
        self.assertEqual(twice, [], "delivered twice")
        seen = {r["requestID"] for r in records}
        lost = [(rid, what) for rid, what in answered.items() if rid not in seen]
        self.assertEqual(lost, [], "answered, and not delivered")
        self.check_own(server, records)
        records = [r for r in records if r["userIdentity"].get("invokedBy") is None]
        for r in records:
            if "errorCode" in r:
                continue
            if r["eventName"] == "CreateUser":
                self.assertIn(r["requestParameters"]["userName"], users, "on record, and not done")
            elif r["eventName"] == "PutObject":
                self.assertIn(r["requestParameters"]["key"], objects, "on record, and not done")
        recorded = {r["requestParameters"]["userName"] for r in records
                    if r["eventName"] == "CreateUser" and "errorCode" not in r}
        self.assertEqual(users - recorded, set(), "done, and not on record")
        stored = {r["requestParameters"]["key"] for r in records
                  if r["eventName"] == "PutObject" and "errorCode" not in r}
        self.assertEqual(objects - stored, set(), "stored, and not on record")
        server.remove()
        print(f"{ROUNDS} kills, {len(answered)} answered calls, {len(records)} records")


if __name__ == "__main__":
    unittest.main()
