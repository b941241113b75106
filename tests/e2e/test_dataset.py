"""A generated dataset, served: `aws cloudtrail validate-logs`, unmodified, over the whole period;
LookupEvents knows what its files hold; manifest and labels say what lies there; calls go on."""
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness

SCENARIO = """\
scenario: served
description: Two hours of two people.
start: 2026-01-05T09:00:00Z
end: 2026-01-05T12:30:00Z
accounts:
  - {alias: main, id: "111122223333", name: Served}
regions: [us-east-1, eu-west-1]
home_region: us-east-1
trails:
  - {name: audit, account: main, bucket: served-trail-logs, validation: true, data_events: true}
networks:
  office: [203.0.113.0/26]
principals:
  - {name: alice, kind: user, account: main, policies: [AdministratorAccess], network: office, tool: cli, access_key: true}
workloads:
  - name: readers
    as: [alice]
    rate: 40/hour
    session: {calls: 3..9, gap: 1s..20s}
    calls:
      - {call: ec2.DescribeInstances, weight: 10, region: "*"}
      - {call: iam.ListUsers, weight: 5}
      - {call: sts.GetCallerIdentity, weight: 5}
stories:
  - name: newcomer
    as: alice
    at: "+1h"
    steps:
      - {id: made, call: iam.CreateUser, with: {UserName: mallory}, malicious: true}
  - name: unseen
    as: alice
    at: "+3h10m"
    steps:
      - {call: cloudtrail.StopLogging, with: {Name: audit}}
      - {call: iam.CreateUser, with: {UserName: ghost}}
  - name: cover-up
    as: alice
    at: "+2h3m"
    steps:
      - call: s3.ListObjectsV2
        with: {Bucket: served-trail-logs, Prefix: AWSLogs/111122223333/CloudTrail/us-east-1/}
        capture: {log: "Contents[0].Key"}
      - {call: s3.DeleteObject, with: {Bucket: served-trail-logs, Key: "${log}"}}
"""


def generate(out, scenario, *options):
    done = subprocess.run([harness.PROGRAM, "generate", str(scenario), "--out", str(out), *options],
                          capture_output=True, text=True, timeout=harness.DEADLINE_S)
    if done.returncode:
        raise RuntimeError(done.stderr)


class Dataset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-dataset-"))
        cls.scenario = cls.top / "served.yaml"
        cls.scenario.write_text(SCENARIO)
        cls.out = cls.top / "out"
        generate(cls.out, cls.scenario)
        cls.manifest = json.loads((cls.out / "manifest.json").read_text())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.top)

    def records(self):
        return [r for p in sorted((self.out / "buckets").rglob("*_CloudTrail_*.json.gz"))
                for r in json.loads(gzip.decompress(p.read_bytes()))["Records"]]

    def test_a_the_manifest_is_the_tree(self):
        listed = {f["path"]: f["sha256"] for f in self.manifest["files"]}
        found = {str(p.relative_to(self.out)): hashlib.sha256(p.read_bytes()).hexdigest()
                 for top in ("buckets", "meta") for p in (self.out / top).rglob("*") if p.is_file()}
        self.assertEqual(listed, found)
        self.assertEqual(list(listed), sorted(listed, key=str.encode))
        records = self.records()
        self.assertEqual(sum(f["records"] for f in self.manifest["files"]), len(records))
        self.assertGreater(self.manifest["counts"]["records"], len(records))  # one was deleted

    def test_a_calls_saw_what_was_delivered_by_then(self):
        listed, deleted = [r for r in self.records() if r["eventSource"] == "s3.amazonaws.com"]
        self.assertEqual(deleted["eventName"], "DeleteObject")
        self.assertFalse((self.out / "buckets" / "served-trail-logs" /
                          deleted["requestParameters"]["key"]).exists())
        self.assertEqual(listed["eventName"], "ListObjects")
        self.assertRegex(deleted["requestParameters"]["key"], "_us-east-1_20260105T0905Z_")

    def test_a_labels_are_of_events_that_are_there_once(self):
        ids = [r["eventID"] for r in self.records()]
        labels = [json.loads(line) for line in (self.out / "labels.jsonl").read_text().splitlines()]
        self.assertEqual([label["story"] for label in labels], ["newcomer", "cover-up", "cover-up", "unseen"])  # the ghost is on no trail
        for label in labels:
            self.assertEqual(ids.count(label["eventID"]), 1)

    def test_a_every_file_is_the_same_with_one_thread_and_compressed_fast(self):
        for name, options, same in (("one", ("--jobs", "1"), True),
                                    ("fast", ("--gzip-level", "fast"), False)):
            other = self.top / name
            generate(other, self.scenario, *options)
            for file in self.manifest["files"]:
                if not file["path"].startswith("buckets/") or not file["path"].endswith(".gz"):
                    continue
                mine, theirs = [(top / file["path"]).read_bytes() for top in (self.out, other)]
                if same:
                    self.assertEqual(mine, theirs)
                else:
                    self.assertEqual(gzip.decompress(mine), gzip.decompress(theirs))

    def test_b_served_it_validates_and_goes_on(self):
        with harness.Server(data=self.out, clock="virtual:2026-01-05T12:30:00Z") as server:
            ct = server.client("cloudtrail")
            trail = ct.describe_trails()["trailList"][0]
            for region in ("us-east-1", "eu-west-1", "ap-south-1"):
                self.validate(server, trail["TrailARN"], region)
            self.lookup(server)
            server.client("iam").create_user(UserName="after")
            server.advance("2h")
            self.validate(server, trail["TrailARN"], "us-east-1", "2026-01-05T15:00:00Z")
            users = [json.loads(e["CloudTrailEvent"])["requestParameters"]["userName"]
                     for e in self.events(server, "us-east-1", "CreateUser")]
            self.assertEqual(users, ["after", "ghost", "mallory", "alice"])

    def validate(self, server, arn, region, end="2026-01-05T12:31:00Z"):
        done = server.aws("cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time",
                          harness.START, "--end-time", end, "--verbose", "--region", region,
                          check=False)
        said = done.stdout + done.stderr
        gone = 1 if region == "us-east-1" else 0  # what the story deleted, and nothing else
        self.assertEqual(done.returncode, gone, said)
        self.assertIn("digest files valid", done.stdout)
        self.assertEqual(said.count("INVALID: not found"), gone, said)
        self.assertEqual(said.count("INVALID:"), gone, said)
        self.assertNotIn("No log files were delivered", done.stdout + done.stderr)

    def events(self, server, region, name):
        pages = server.client("cloudtrail", region=region).get_paginator("lookup_events")
        found = pages.paginate(LookupAttributes=[{"AttributeKey": "EventName",
                                                  "AttributeValue": name}])
        return [e for page in found for e in page["Events"]]

    def lookup(self, server):
        for region in ("us-east-1", "eu-west-1"):
            there = sorted(r["eventID"] for r in self.records()
                           if r["eventName"] == "DescribeInstances" and r["awsRegion"] == region)
            events = self.events(server, region, "DescribeInstances")
            seen = [e["EventId"] for e in events if e["EventTime"].strftime("%H:%M") < "12:10"]
            self.assertEqual(sorted(seen), there)
            self.assertGreater(len(events), len(seen))  # logging was stopped, the history goes on
            self.assertGreater(len(there), 3)
        by_name = server.client("cloudtrail").lookup_events(LookupAttributes=[
            {"AttributeKey": "ResourceName", "AttributeValue": "mallory"}])["Events"]
        self.assertEqual([e["EventName"] for e in by_name], ["CreateUser"])
        self.assertEqual(by_name[0]["Resources"],
                         [{"ResourceType": "AWS::IAM::User", "ResourceName": "mallory"}])


if __name__ == "__main__":
    unittest.main()
