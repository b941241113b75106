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
    for name in ("package.json", "package-lock.json", "calls.mjs"):
        shutil.copy(HERE / name, PLACE / name)
    lock = PLACE / "node_modules" / ".package-lock.json"
    if not lock.exists() or lock.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"],
                              cwd=PLACE, capture_output=True, text=True, timeout=300)
        if NO_REGISTRY.search(done.stderr):
            raise unittest.SkipTest("the npm registry can't be reached, so there is no SDK to test with")
        if done.returncode != 0:
            raise AssertionError("npm ci: " + done.stdout + done.stderr)


class JavaScript(harness.ServerCase):
    def test_calls(self):
        install()
        done = subprocess.run(["node", "calls.mjs", self.server.url], cwd=PLACE, capture_output=True,
                              text=True, timeout=harness.DEADLINE_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        saw = json.loads(done.stdout)
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
        self.assertEqual(saw["metrics"]["status"], 501)


class JavaScriptVerified(JavaScript):
    """The same calls, every signature checked."""
    OPTIONS = ("--auth", "verify")


if __name__ == "__main__":
    unittest.main()
