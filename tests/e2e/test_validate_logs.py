"""`aws cloudtrail validate-logs`, unmodified, over three regions and three hours: all valid; and it
reports a flipped byte, a deleted log, a deleted digest, an edited digest and a moved log."""
import gzip
import shutil
import unittest

import harness

REGIONS = ("us-east-1", "eu-west-1", "us-west-2")
TRAIL = f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/mocktrail"


class ValidateLogs(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for _ in range(3):
            for _ in range(3):
                for region in REGIONS:
                    cls.server.client("sts", region=region).get_caller_identity()
                cls.server.client("iam").list_users()
                cls.server.advance("20m")
        cls.server.advance("10s")

    def validate(self, region="us-east-1"):
        return self.server.aws(
            "cloudtrail", "validate-logs", "--trail-arn", TRAIL, "--start-time", harness.START,
            "--end-time", "2026-01-05T12:30:00Z", "--verbose", "--region", region,
            check=False)

    def files(self, word, region="us-east-1"):
        bucket = self.server.data / "buckets" / "mocktrail-trail"
        return sorted(bucket.rglob(f"{harness.ACCOUNT}_{word}_{region}_*.json.gz"))

    def spoiled(self, path, change):
        """Validate with one file changed; afterwards it is as it was."""
        kept = path.read_bytes()
        try:
            change(path)
            return self.validate()
        finally:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(kept)

    def test_a_all_is_valid_in_every_region(self):
        for region in REGIONS:
            done = self.validate(region)
            logs = len([p for p in self.files("CloudTrail", region)])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("3/3 digest files valid", done.stdout)
            self.assertGreaterEqual(logs, 9)
            self.assertRegex(done.stdout, r"\n(\d+)/\1 log files valid")
            self.assertNotIn("INVALID", done.stdout + done.stderr)

    def test_an_idle_region_has_its_digests(self):
        done = self.validate("eu-north-1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3/3 digest files valid", done.stdout)

    def assert_reports(self, done, line):
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(line, done.stderr + done.stdout)

    def test_a_flipped_byte(self):
        def flip(path):
            text = bytearray(gzip.decompress(path.read_bytes()))
            text[len(text) // 2] ^= 1
            path.write_bytes(gzip.compress(bytes(text)))
        self.assert_reports(self.spoiled(self.files("CloudTrail")[1], flip),
                            "INVALID: hash value doesn't match")

    def test_a_deleted_log(self):
        path = self.files("CloudTrail")[1]
        done = self.spoiled(path, lambda p: p.unlink())
        self.assert_reports(done, f"{path.name}\tINVALID: not found")

    def test_a_deleted_digest(self):
        path = self.files("CloudTrail-Digest")[1]
        done = self.spoiled(path, lambda p: p.unlink())
        self.assert_reports(done, f"{path.name}\tINVALID: not found")

    def test_an_edited_digest(self):
        def edit(path):
            text = gzip.decompress(path.read_bytes())
            path.write_bytes(gzip.compress(text.replace(b'"logFiles":[{', b'"logFiles": [{')))
        self.assert_reports(self.spoiled(self.files("CloudTrail-Digest")[1], edit),
                            "INVALID: signature verification failed")

    def test_a_moved_log(self):
        path = self.files("CloudTrail")[1]
        other = path.with_name(path.name.replace("T09", "T19"))
        try:
            done = self.spoiled(path, lambda p: shutil.move(p, other))
        finally:
            other.unlink()
        self.assert_reports(done, f"{path.name}\tINVALID: not found")


class Chains(unittest.TestCase):
    def test_a_restart_and_a_flush_leave_the_chain_whole(self):
        with harness.Server() as server:
            data = server.data
            server.client("sts").get_caller_identity()
            server.advance("90m")
            server.flush()
            server.stop()
            again = harness.Server(data=data, clock="virtual:2026-01-05T13:00:00Z").start()
            again.client("sts").get_caller_identity()
            again.advance("1h")
            again.flush()
            done = again.aws("cloudtrail", "validate-logs", "--trail-arn", TRAIL, "--start-time",
                             harness.START, "--end-time", "2026-01-05T15:00:00Z", check=False)
            self.assertEqual(again.stop(), 0)
            server.process = again.process
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("digest files valid", done.stdout)
        self.assertNotIn("No log files were delivered", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
