"""CloudTrail Insights of trails: who may ask for them, and what a burst of calls leaves in the bucket, in
the event history, on the event bus and in the trail's log group, restarts and kill -9 notwithstanding."""
import gzip
import json
import pathlib
import subprocess
import tempfile
import unittest

import botocore.exceptions

import harness
import verify_data
from harness import ACCOUNT, error_code, needs_newest
from test_cloudtrail import policy

TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/mocktrail"
RATE, ERRORS = {"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


class Selectors(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.ct = self.server.client("cloudtrail")

    def put(self, *selectors, trail="mocktrail", client=None, **more):
        return (client or self.ct).put_insight_selectors(
            TrailName=trail, InsightSelectors=list(selectors), **more)

    def has(self):
        described = self.ct.describe_trails()["trailList"][0]["HasInsightSelectors"]
        self.assertEqual(described, self.ct.get_trail(Name="mocktrail")["Trail"]["HasInsightSelectors"])
        return described

    def test_they_are_put_shown_and_taken_away(self):
        self.assertFalse(self.has())
        message = self.refused("InsightNotEnabledException", self.ct.get_insight_selectors, TrailName="mocktrail")
        self.assertIn("does not have Insights enabled", message)
        answer = self.put(RATE, ERRORS, trail=TRAIL)
        self.assertEqual((answer["TrailARN"], answer["InsightSelectors"]), (TRAIL, [RATE, ERRORS]))
        self.assertTrue(self.has())
        self.put(ERRORS)
        found = self.ct.get_insight_selectors(TrailName=TRAIL)
        self.assertEqual((found["TrailARN"], found["InsightSelectors"]), (TRAIL, [ERRORS]))
        self.assertEqual(self.put()["InsightSelectors"], [])
        self.assertFalse(self.has())
        self.refused("InsightNotEnabledException", self.ct.get_insight_selectors, TrailName=TRAIL)

    def test_they_belong_to_the_home_region(self):
        away = self.server.client("cloudtrail", region="eu-west-1")
        self.put(RATE)
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.put(RATE, client=away, trail=TRAIL)
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidHomeRegionException")
        self.assertEqual(away.get_insight_selectors(TrailName=TRAIL)["InsightSelectors"], [RATE])
        self.assertTrue(away.describe_trails()["trailList"][0]["HasInsightSelectors"])

    def test_what_is_refused(self):
        self.assertEqual(error_code(self.put, RATE, trail="nothing"), "TrailNotFoundException")
        self.assertEqual(error_code(self.put, RATE, trail="ab"), "InvalidTrailNameException")
        self.assertEqual(error_code(self.put, RATE, RATE), "InvalidInsightSelectorsException")
        self.refused("UnsupportedOperationException", self.ct.put_insight_selectors, InsightSelectors=[RATE],
                     EventDataStore="a1b2c3d4-5678-90ab-cdef-111122223333",
                     InsightsDestination="a1b2c3d4-5678-90ab-cdef-444455556666")
        self.refused("InvalidParameterCombinationException", self.ct.get_insight_selectors, TrailName="mocktrail",
                     EventDataStore="a1b2c3d4-5678-90ab-cdef-111122223333")

    @needs_newest
    def test_the_trail_must_log_what_is_to_be_counted(self):
        data = {**RATE, "EventCategories": ["Management", "Data"]}
        self.assertEqual(self.put(data)["InsightSelectors"], [data])  # the default trail logs data events
        self.ct.put_event_selectors(TrailName="mocktrail", EventSelectors=[{"ReadWriteType": "ReadOnly"}])
        self.assertEqual(error_code(self.put, RATE), "InvalidInsightSelectorsException")
        self.assertEqual(error_code(self.put, {**ERRORS, "EventCategories": ["Data"]}),
                         "InvalidInsightSelectorsException")
        self.put(ERRORS)
        self.refused("UnsupportedOperationException", self.ct.list_insights_metric_data,
                     EventSource="iam.amazonaws.com", EventName="GetUser", InsightType="ApiCallRateInsight")


class Burst(unittest.TestCase):
    OPTIONS = ("--deliver-every", "5m", "--digest-every", "24h")

    def start(self, data=None, **options):
        server = harness.Server(*self.OPTIONS, data=data, **options)
        server.start()
        self.addCleanup(server.__exit__)
        return server

    def days(self, server, count=2, first=0):
        """A call a day."""
        sqs = server.client("sqs")
        for day in range(first, first + count):
            sqs.create_queue(QueueName=f"day-{day}")
            server.advance("24h")

    def burst(self, server, name="burst", calls=30, errors=12):
        for i in range(calls):
            server.client("sqs").create_queue(QueueName=f"{name}-{i}")
        for _ in range(errors):
            error_code(server.client("iam").get_user, UserName="nobody")

    def insights(self, server, **more):
        found = server.client("cloudtrail").lookup_events(EventCategory="insight", **more)["Events"]
        return [json.loads(e["CloudTrailEvent"]) for e in found]

    def delivered(self, server, bucket="mocktrail-trail"):
        paths = sorted((server.data / "buckets" / bucket).rglob("*_CloudTrail-Insight_*.json.gz"))
        for p in paths:
            self.assertIn(f"AWSLogs/{ACCOUNT}/CloudTrail-Insight/us-east-1/2026/01/", str(p))
        return [r for p in paths for r in json.loads(gzip.decompress(p.read_bytes()))["Records"]]

    def listen(self, server):
        """A queue that EventBridge sends Insights to, and a log group of the trail."""
        sqs, events, logs = (server.client(s) for s in ("sqs", "events", "logs"))
        url = sqs.create_queue(QueueName="insights")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="insights", EventPattern=json.dumps({"detail-type": ["AWS Insight via CloudTrail"]}))
        events.put_targets(Rule="insights", Targets=[{"Id": "q", "Arn": arn}])
        logs.create_log_group(logGroupName="trail")
        server.client("iam").create_role(RoleName="to-logs", AssumeRolePolicyDocument=TRUST)
        server.client("cloudtrail").update_trail(
            Name="mocktrail", CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail:*",
            CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/to-logs")
        return url

    def test_a_burst_is_seen_everywhere(self):
        server = self.start()
        server.client("cloudtrail").put_insight_selectors(TrailName="mocktrail", InsightSelectors=[RATE, ERRORS])
        queue = self.listen(server)
        self.days(server, 8)
        self.burst(server)
        self.assertEqual(self.insights(server), [])
        server.advance("5m")
        started = self.insights(server)
        self.assertEqual([(r["insightDetails"]["state"], r["eventTime"]) for r in started],
                         [("Start", "2026-01-13T09:00:00Z")] * 2)
        server.advance("10m")
        server.flush()
        found = self.insights(server)
        self.assertEqual(len(found), 4)
        by_id = {r["eventID"]: r for r in found}
        self.assertEqual({r["eventID"]: r for r in self.delivered(server)}, by_id)

        for name, kind, average, baseline in (("CreateQueue", RATE, 30, 0.0006944444), ("GetUser", ERRORS, 12, 0)):
            end, start = (next(r for r in found if r["insightDetails"]["eventName"] == name and
                               r["insightDetails"]["state"] == state) for state in ("End", "Start"))
            self.assertEqual(end["sharedEventID"], start["sharedEventID"])
            self.assertEqual(start["insightDetails"]["insightType"], kind["InsightType"])
            self.assertEqual(start["insightDetails"]["insightContext"]["statistics"], {
                "baseline": {"average": baseline}, "insight": {"average": average},
                "insightDuration": 1, "baselineDuration": 10080})
            self.assertEqual(end["eventTime"], "2026-01-13T09:01:00Z")
        only = self.insights(server, LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetUser"}])
        self.assertEqual([r["insightDetails"].get("errorCode") for r in only], ["NoSuchEntityException"] * 2)
        for e in server.client("cloudtrail").lookup_events()["Events"]:
            self.assertNotIn("insightDetails", e["CloudTrailEvent"])

        messages = server.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        sent = [json.loads(m["Body"]) for m in messages]
        self.assertEqual({(e["source"], e["detail-type"]) for e in sent},
                         {("aws.cloudtrail", "AWS Insight via CloudTrail")})
        self.assertEqual({e["detail"]["eventID"]: e["detail"] for e in sent}, by_id)
        logged = server.client("logs").filter_log_events(
            logGroupName="trail", filterPattern='{ $.eventType = "AwsCloudTrailInsight" }')["events"]
        self.assertEqual({json.loads(e["message"])["eventID"] for e in logged}, set(by_id))

        end = server.advance("48h")
        done = server.aws("cloudtrail", "validate-logs", "--trail-arn", TRAIL, "--start-time", harness.START,
                          "--end-time", end, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = verify_data.verify("records", server.data, "--show", "notice")
        self.assertIn(": 0 errors, 0 warnings, ", done.stdout)
        self.assertNotIn("CloudTrail-Insight", done.stdout)
        done = verify_data.verify("digests", server.data)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_kill_and_restart_change_nothing(self):
        whole, data = self.start(), tempfile.mkdtemp(prefix="mocktrail-")

        def begin(now):
            return harness.Server(*self.OPTIONS, data=data, clock="virtual:" + now).start()

        server = begin(harness.START)
        self.addCleanup(server.remove)
        for s in (whole, server):
            s.client("cloudtrail").put_insight_selectors(TrailName="mocktrail", InsightSelectors=[RATE])
        self.days(whole)
        self.days(server, 1)
        server.kill()
        server = begin("2026-01-06T09:00:00Z")
        self.days(server, 1, first=1)
        self.burst(whole, errors=0)
        self.burst(server, errors=0)
        server.kill()  # the burst is in the journal, nobody has judged it
        server = begin("2026-01-07T09:00:00Z")
        for s in (whole, server):
            s.advance("5m")
        server.kill()  # the start is told, the end is not
        server = begin("2026-01-07T09:05:00Z")
        for s in (whole, server):
            s.advance("10m")
            s.flush()
        got, want = self.delivered(server), self.delivered(whole)
        self.assertEqual(server.stop(), 0)
        self.assertEqual([r["sharedEventID"] for r in want], [want[0]["sharedEventID"]] * 2)
        self.assertEqual(got, want)
        self.assertEqual([r["insightDetails"]["state"] for r in got], ["Start", "End"])

    def test_only_trails_that_ask_get_them(self):
        server = self.start()
        ct, s3 = server.client("cloudtrail"), server.client("s3")
        for name, asks in (("asks", [RATE]), ("deaf", [ERRORS])):
            s3.create_bucket(Bucket=f"logs-{name}")
            s3.put_bucket_policy(Bucket=f"logs-{name}", Policy=policy(f"logs-{name}", ACCOUNT))
            ct.create_trail(Name=name, S3BucketName=f"logs-{name}", S3KeyPrefix="")
            ct.put_insight_selectors(TrailName=name, InsightSelectors=asks)
            ct.start_logging(Name=name)
        self.days(server)
        self.burst(server, errors=0)
        server.advance("15m")
        self.assertEqual([r["insightDetails"]["state"] for r in self.delivered(server, "logs-asks")], ["Start", "End"])
        self.assertEqual(self.delivered(server, "logs-deaf"), [])
        self.assertEqual(self.delivered(server), [])
        ct.stop_logging(Name="asks")
        self.burst(server, "again", errors=0)
        server.advance("15m")
        self.assertEqual(len(self.insights(server)), 2)

    @needs_newest
    def test_data_events_are_listed_by_trail(self):
        server = self.start()
        ct, s3 = server.client("cloudtrail"), server.client("s3")
        ct.put_insight_selectors(TrailName="mocktrail", InsightSelectors=[{**RATE, "EventCategories": ["Data"]}])
        s3.create_bucket(Bucket="things")
        self.days(server)
        for i in range(20):
            s3.put_object(Bucket="things", Key=f"{i}", Body=b"x")
        server.advance("15m")
        self.assertEqual(self.insights(server), [])
        found = ct.list_insights_data(InsightSource=TRAIL, DataType="InsightsEvents")["Events"]
        self.assertEqual([e["EventName"] for e in found], ["PutObject"] * 2)
        details = json.loads(found[0]["CloudTrailEvent"])["insightDetails"]
        self.assertEqual((details["insightSource"], details["sourceEventCategory"]), (TRAIL, "Data"))
        self.assertEqual(len(self.delivered(server)), 2)
        some = ct.list_insights_data(InsightSource=TRAIL, DataType="InsightsEvents", MaxResults=1,
                                     Dimensions={"EventName": "PutObject"})
        self.assertEqual(some["Events"][0]["EventId"], found[0]["EventId"])
        rest = ct.list_insights_data(InsightSource=TRAIL, DataType="InsightsEvents", MaxResults=1,
                                     Dimensions={"EventName": "PutObject"}, NextToken=some["NextToken"])
        self.assertEqual(rest["Events"][0]["EventId"], found[1]["EventId"])


class Dataset(unittest.TestCase):
    def test_bursts_of_a_scenario_are_told(self):
        holder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        scenario, data = holder / "scenario.yaml", holder / "data"
        text = (harness.ROOT / "fixtures" / "scenarios" / "breach-ransomware-s3.yaml").read_text()
        scenario.write_text(text.replace("data_events: true}", "data_events: true, insights: true}"))
        done = subprocess.run([harness.PROGRAM, "generate", scenario, "--out", data], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

        manifest = json.loads((data / "manifest.json").read_text())
        told = {f["path"]: f["records"] for f in manifest["files"] if "/CloudTrail-Insight/" in f["path"] and f["records"]}
        self.assertEqual(manifest["counts"]["records"], sum(f["records"] for f in manifest["files"]))
        records = []
        for path, count in told.items():
            records += (found := json.loads(gzip.decompress((data / path).read_bytes()))["Records"])
            self.assertEqual(len(found), count)
        details = [r["insightDetails"] for r in sorted(records, key=lambda r: r["eventTime"])]
        self.assertEqual([(d["eventName"], d["state"], d["sourceEventCategory"]) for d in details],
                         [("ConsoleLogin", "Start", "Management"), ("ConsoleLogin", "End", "Management"),
                          ("GetObject", "Start", "Data"), ("GetObject", "End", "Data")])
        for kind in ("records", "digests"):
            done = verify_data.verify(kind, data)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn(": 0 errors, 0 warnings, 0 notices", verify_data.verify("records", data).stdout)

        owner = next(iter(manifest["counts"]["by_account"]))
        with harness.Server(data=data, clock="virtual:" + manifest["end"], seed=None) as server:
            ct = server.client("cloudtrail", key=owner)
            found = ct.lookup_events(EventCategory="insight")["Events"]
            self.assertEqual([e["EventName"] for e in found], ["ConsoleLogin"] * 2)


if __name__ == "__main__":
    unittest.main()
