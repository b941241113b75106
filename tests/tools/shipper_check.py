"""shipper_check.py: a real log shipper behind a trail: bucket, S3's notice, queue, shipper, records.

fixtures/suites/day.yaml is played against an emulator that has a queue for its trail's files; Benthos, with the endpoint
for its only peculiarity, ships what they hold into a file. Each record of each file arrives, once. `make shipper-check`
builds Benthos from its Go module first: minutes, hence not part of `make check`.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402

SUITES = ROOT / "fixtures" / "suites"
SHIPPER = ROOT / "build" / "venv-tools" / "bin" / "benthos"
QUIET_S, MOST_S = 5, 120


def make_queue(server):
    url = server.client("sqs").create_queue(QueueName="shipper")["QueueUrl"]
    server.client("s3").put_bucket_notification_configuration(
        Bucket="mocktrail-trail", NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": f"arn:aws:sqs:us-east-1:{harness.ACCOUNT}:shipper", "Events": ["s3:ObjectCreated:*"],
             "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"AWSLogs/{harness.ACCOUNT}/CloudTrail/"}]}}}]})
    return url


def ship(server, url, found, log):
    """Until nothing has come for a while."""
    env = {**server.env(), "ENDPOINT": server.url, "QUEUE_URL": url, "REGION": "us-east-1",
           "FOUND": str(found)}
    with open(log, "w") as out:
        shipper = subprocess.Popen([SHIPPER, "-c", SUITES / "benthos-pipeline.yaml"], env=env, stdout=out, stderr=out)
        try:
            size, since, begun = 0, time.monotonic(), time.monotonic()
            while time.monotonic() - since < QUIET_S and time.monotonic() - begun < MOST_S:
                time.sleep(0.2)
                now = found.stat().st_size if found.exists() else 0
                if now != size:
                    size, since = now, time.monotonic()
        finally:
            shipper.terminate()
            shipper.wait(30)


def main():
    out = ROOT / "build" / "tools"
    out.mkdir(parents=True, exist_ok=True)
    with harness.Server(clock="virtual:2026-01-03T00:00:00Z") as server, tempfile.TemporaryDirectory() as work:
        url = make_queue(server)
        found = pathlib.Path(work) / "found.jsonl"
        subprocess.run([harness.PROGRAM, "play", SUITES / "day.yaml", "--endpoint", server.url, "--control"],
                       check=True, timeout=MOST_S)
        server.flush()
        there = collections.Counter(r["eventID"] for r in server.records())
        files = len(server.log_files())
        ship(server, url, found, out / "shipper.log")
        lines = found.read_text().splitlines() if found.exists() else []
        got = collections.Counter(json.loads(line)["event_ids"][0] for line in lines)
        left = server.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    lost, extra = there - got, got - there
    waiting = int(left["ApproximateNumberOfMessages"]) + int(left["ApproximateNumberOfMessagesNotVisible"])
    print(f"{there.total()} records in {files} files; {got.total()} arrived, {lost.total()} lost, "
          f"{extra.total()} too many; {waiting} messages left")
    return not there or bool(lost) or bool(extra) or waiting > 0


if __name__ == "__main__":
    sys.exit(main())
