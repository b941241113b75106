"""pytest (or unittest): the calls that the code under test made are held against onboarding.expect.yaml.

Needs boto3 and the mocktrail program (MOCKTRAIL names it; default: mocktrail on the PATH).
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.request

import boto3

MOCKTRAIL = os.environ.get("MOCKTRAIL", "mocktrail")
EXPECTED = pathlib.Path(__file__).with_name("onboarding.expect.yaml")


def onboard(iam, name):
    """The code under test."""
    iam.create_user(UserName=name)
    iam.add_user_to_group(GroupName="readers", UserName=name)


class Onboarding(unittest.TestCase):
    def setUp(self):
        self.data = tempfile.mkdtemp()
        self.emulator = subprocess.Popen([MOCKTRAIL, "serve", "--listen", "127.0.0.1:0", "--data", self.data],
                                         stdout=subprocess.PIPE, text=True)
        self.endpoint = self.emulator.stdout.readline().split()[-1]
        self.iam = boto3.client("iam", endpoint_url=self.endpoint, region_name="us-east-1",
                                aws_access_key_id="111122223333", aws_secret_access_key="test")
        self.iam.create_group(GroupName="readers")

    def tearDown(self):
        self.emulator.send_signal(signal.SIGTERM)
        self.emulator.wait(timeout=30)
        self.emulator.stdout.close()
        shutil.rmtree(self.data)

    def verify(self):
        """Delivers what happened so far, and judges it."""
        urllib.request.urlopen(f"{self.endpoint}/_mocktrail/flush", data=b"").close()
        return subprocess.run([MOCKTRAIL, "verify", "expect", EXPECTED, self.data], capture_output=True, text=True)

    def test_makes_exactly_these_calls(self):
        onboard(self.iam, "alice")
        done = self.verify()
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_would_notice_a_step_left_out(self):
        self.iam.create_user(UserName="alice")
        done = self.verify()
        self.assertEqual(1, done.returncode)
        self.assertIn("expected exactly 1 iam.AddUserToGroup, found 0", done.stdout)


if __name__ == "__main__":
    unittest.main()
