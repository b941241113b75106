#!/usr/bin/env python3
"""The measure itself: records that mocktrail wrote score full marks, a wrong one is found out."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, Server, needs_newest

TOOL = ROOT / "tests" / "tools" / "fidelity" / "main.py"


def own_records():
    """Records of a few calls, as a corpus has them."""
    with Server() as server:
        server.client("s3").create_bucket(Bucket="measured")
        server.client("iam").create_user(UserName="ann", Path="/a/")
        server.client("ec2").describe_instances(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}])
        server.client("dynamodb").list_tables(Limit=5)
        server.client("guardduty").create_detector(Enable=True)
        server.flush()
        return [r for r in server.records() if r["eventType"] == "AwsApiCall"]


def measured(records, kind="real", *options):
    with tempfile.TemporaryDirectory() as folder:
        corpus, out = pathlib.Path(folder, "corpus.jsonl"), pathlib.Path(folder, "out.json")
        corpus.write_text("".join(json.dumps({"source": "own", "kind": kind, "record": r}) + "\n" for r in records))
        subprocess.run([sys.executable, str(TOOL), str(corpus), "--json", str(out), *options], check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())


@needs_newest
class Fidelity(unittest.TestCase):
    def test_own_records_score_full_marks_and_wrong_ones_do_not(self):
        records = own_records()
        self.assertGreaterEqual(len(records), 5)
        got = measured(records)
        self.assertEqual(got["unknown"], [])
        for part in ("accepted", "recorded", "names", "members", "request paths", "request values", "response paths"):
            self.assertEqual(got["totals"][part], 1.0, (part, got["pairs"]))
        wrong = copy.deepcopy(next(r for r in records if r["eventName"] == "CreateUser"))
        wrong["responseElements"]["user"]["shoeSize"] = 43
        wrong["readOnly"] = True
        got = measured([wrong])
        self.assertLess(got["totals"]["response paths"], 1.0)
        self.assertEqual(got["totals"]["readOnly"], 0.0)
        self.assertIn(["response paths", "lacks .user.shoeSize"], got["pairs"][0]["why"][0])

    def test_what_nobody_can_send_again_is_named_and_not_compared(self):
        """Samples only: what AWS itself recorded is a miss."""
        record = next(r for r in own_records() if r["eventName"] == "CreateUser")
        misnamed, older, extra = (copy.deepcopy(record) for _ in range(3))
        misnamed["eventName"] = "createuser"
        older["eventTime"] = "2009-01-01T00:00:00Z"
        extra["requestParameters"]["shoeSize"] = 43
        del extra["eventID"]
        got = measured([misnamed, older], "doc-sample")
        self.assertEqual(got["pairs"], [])
        self.assertEqual(sorted(reason for _, reason in got["unfit"]), [
            "named as no API names it", "older than the API that is left"])
        self.assertEqual(measured([extra], "doc-sample")["totals"]["request paths"], 1.0)
        self.assertLess(measured([extra], "real")["totals"]["request paths"], 1.0)
        self.assertLess(measured([misnamed], "real")["totals"]["names"], 1.0)
        self.assertLess(measured([misnamed], "doc-sample", "--all")["totals"]["names"], 1.0)

    def test_without_a_corpus_it_is_skipped(self):
        said = subprocess.run(["make", "-s", "fidelity", "CORPUS="], cwd=ROOT, check=True, capture_output=True, text=True)
        self.assertIn("skipped: no corpus", said.stdout)


if __name__ == "__main__":
    unittest.main()
