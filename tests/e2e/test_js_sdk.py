"""The AWS SDK for JavaScript, unmodified, with an endpoint URL."""
import json
import pathlib
import re
import shutil
import subprocess
import unittest

import harness

HERE = pathlib.Path(__file__).resolve().parent / "js"
PLACE = harness.ROOT / "build" / "node"
NO_REGISTRY = re.compile(r"ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT")


def install():
    """The SDK as the lock file names it, in build/node."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for path in HERE.iterdir():
        shutil.copy(path, PLACE / path.name)
    lock = PLACE / "node_modules" / ".package-lock.json"
    if not lock.exists() or lock.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"],
                              cwd=PLACE, capture_output=True, text=True, timeout=300)
        if NO_REGISTRY.search(done.stderr):
            raise unittest.SkipTest("the npm registry can't be reached, so there is no SDK to test with")
        if done.returncode != 0:
            raise AssertionError("npm ci: " + done.stdout + done.stderr)


def node(script, *args):
    """What it saw: the JSON that it prints."""
    install()
    done = subprocess.run(["node", script, *args], cwd=PLACE, capture_output=True, text=True,
                          timeout=harness.DEADLINE_S)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return json.loads(done.stdout)


class JavaScript(harness.ServerCase):
    def test_calls(self):
        saw = node("calls.mjs", self.server.url)
        account = harness.ACCOUNT
        self.assertEqual(saw["caller"], f"arn:aws:iam::{account}:root")
        self.assertEqual(saw["user"], f"arn:aws:iam::{account}:user/js")
        self.assertEqual(saw["users"], ["js"])
        self.assertEqual(saw["nobody"], {"name": "NoSuchEntityException", "status": 404})
        self.assertEqual(saw["session"], f"arn:aws:sts::{account}:assumed-role/js/node")
        self.assertTrue(saw["body"])
        self.assertEqual(saw["metadata"], {"a": "b"})
        self.assertEqual(saw["keys"], [{"Prefix": "dir/"}])
        self.assertEqual(saw["gone"], {"name": "NoSuchKey", "status": 404})
        self.assertEqual(saw["trails"], ["mocktrail"])
        self.assertEqual(saw["events"], 1)

    def test_what_observes(self):
        saw = node("observe.mjs", self.server.url, harness.START)
        self.assertEqual(saw["received"], [{"body": "hello", "attribute": "b", "md5": True}])
        self.assertEqual(saw["left"], 0)
        self.assertEqual(saw["fifo"], {"bodies": ["1", "2"], "same": True})
        self.assertEqual(saw["missing"], {"name": "QueueDoesNotExist", "status": 400})
        self.assertEqual(saw["notified"], {"Type": "Notification", "Subject": "s", "Message": "from a topic"})
        self.assertEqual(saw["raw"], "of a batch")
        self.assertEqual(saw["metrics"], ["Orders"])
        self.assertEqual(saw["values"], [{"id": "doubled", "values": [24]}, {"id": "sum", "values": [12]}])
        self.assertEqual(saw["average"], {"Average": 4, "SampleCount": 3})
        self.assertEqual(saw["alarm"], {"name": "ResourceNotFound", "status": 404})
        self.assertEqual(saw["rejected"], {"name": "ResourceNotFoundException", "status": 400})
        self.assertEqual(saw["filtered"], ["ERROR two"])
        self.assertEqual(saw["put"], 0)
        self.assertEqual(saw["event"], {"source": "shop", "detail-type": "order", "detail": {"n": 7}})
        self.assertEqual(saw["unmatched"], 0)
        self.assertEqual(saw["unprocessed"], [])
        self.assertEqual(saw["trace"], {"name": "node", "annotations": {"kind": "test"}})
        self.server.flush()
        names = [r["eventName"] for r in self.server.records()]
        for name in ("CreateQueue", "CreateTopic", "Subscribe", "CreateLogGroup", "PutRule", "PutTargets"):
            self.assertIn(name, names)


class JavaScriptVerified(JavaScript):
    """The same calls, every signature checked."""
    OPTIONS = ("--auth", "verify")


class Consumer(harness.FreshCase):
    """The package sqs-consumer at a queue of S3's notices of the trail's files."""

    def queue(self, name):
        url = self.server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        self.server.client("s3").put_bucket_notification_configuration(
            Bucket="mocktrail-trail", NotificationConfiguration={"QueueConfigurations": [
                {"QueueArn": f"arn:aws:sqs:us-east-1:{harness.ACCOUNT}:{name}", "Events": ["s3:ObjectCreated:*"],
                 "Filter": {"Key": {"FilterRules": [
                     {"Name": "prefix", "Value": f"AWSLogs/{harness.ACCOUNT}/CloudTrail/"}]}}}]})
        return url

    def test_each_record_arrives_once(self):
        url = self.queue("shipper")
        for hour in range(3):
            for region in ("us-east-1", "eu-west-1"):
                for i in range(5):
                    self.server.client("sts", region=region).get_caller_identity()
                    self.server.client("s3").create_bucket(Bucket=f"b-{hour}-{region}-{i}")
            self.server.advance("1h")
        self.server.flush()
        files = [str(p.relative_to(self.server.data / "buckets" / "mocktrail-trail")) for p in self.server.log_files()]
        records = [r["eventID"] for r in self.server.records()]
        self.assertGreaterEqual(len(records), 60)
        self.assertGreaterEqual(len(files), 6)
        saw = node("consume.mjs", self.server.url, url, str(len(files)))
        self.assertEqual((saw["errors"], saw["tests"]), ([], 1))
        self.assertEqual(sorted(saw["files"]), sorted(files))
        self.assertEqual(sorted(saw["events"]), sorted(records))
        left = self.server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]), ("0", "0"))


if __name__ == "__main__":
    unittest.main()
