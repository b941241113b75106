"""An integration test against mocktrail: did the workflow make exactly these calls, as whom?

Needs boto3 and the mocktrail program (MOCKTRAIL names it; default: mocktrail on the PATH).
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import boto3

ACCOUNT = "111122223333"


def onboard(iam, name):
    """The code under test: a new colleague gets a user, and nothing more than the readers' group."""
    iam.create_user(UserName=name)
    iam.add_user_to_group(GroupName="readers", UserName=name)


class Onboarding(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp()
        self.emulator = subprocess.Popen(
            [os.environ.get("MOCKTRAIL", "mocktrail"), "serve", "--listen", "127.0.0.1:0",
             "--data", self.data, "--clock", "virtual:2026-01-05T09:00:00Z", "--seed", "1"],
            stdout=subprocess.PIPE, text=True)
        self.endpoint = self.emulator.stdout.readline().split()[-1]

    def tearDown(self):
        self.emulator.send_signal(signal.SIGTERM)
        self.assertEqual(self.emulator.wait(timeout=30), 0)
        self.emulator.stdout.close()
        shutil.rmtree(self.data)

    def client(self, service, key=ACCOUNT):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1",
                            aws_access_key_id=key, aws_secret_access_key="test")

    def calls(self):
        """(caller, event, parameters) of every call so far, oldest first; the asking not included."""
        pages = self.client("cloudtrail").get_paginator("lookup_events").paginate()
        records = [json.loads(e["CloudTrailEvent"]) for page in pages for e in page["Events"]]
        return [(r["userIdentity"]["arn"], r["eventName"], r["requestParameters"])
                for r in reversed(records) if r["eventName"] != "LookupEvents"]

    def test_makes_exactly_these_calls(self):
        self.client("iam").create_group(GroupName="readers")
        before = len(self.calls())
        onboard(self.client("iam"), "alice")
        root = f"arn:aws:iam::{ACCOUNT}:root"
        self.assertEqual(self.calls()[before:], [
            (root, "CreateUser", {"userName": "alice"}),
            (root, "AddUserToGroup", {"groupName": "readers", "userName": "alice"}),
        ])


if __name__ == "__main__":
    unittest.main()
