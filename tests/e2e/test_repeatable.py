"""The same script, seed and virtual clock twice gives the same tree, byte for byte; a restart in the middle
repeats no id."""
import hashlib
import json
import socket
import unittest

import harness

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": harness.ACCOUNT}, "Action": "sts:AssumeRole"}]})


def free_port():
    """A port for both runs: records of S3 hold the Host with its port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def script(server, suffix=""):
    iam, s3, sts = (server.client(s) for s in ("iam", "s3", "sts"))
    iam.create_user(UserName="u" + suffix)
    key = iam.create_access_key(UserName="u" + suffix)["AccessKey"]
    iam.create_role(RoleName="r" + suffix, AssumeRolePolicyDocument=TRUST)
    sts.assume_role(RoleArn=f"arn:aws:iam::{harness.ACCOUNT}:role/r{suffix}", RoleSessionName="session")
    server.advance("7m")
    s3.create_bucket(Bucket="bucket" + suffix)
    s3.put_object(Bucket="bucket" + suffix, Key="a/b", Body=b"x" * 100, Metadata={"k": "v"})
    s3.get_object(Bucket="bucket" + suffix, Key="a/b")
    harness.error_code(s3.get_object, Bucket="bucket" + suffix, Key="none")
    server.client("cloudtrail", key["AccessKeyId"], key["SecretAccessKey"],
                  region="eu-west-1").describe_trails()
    server.advance("2h")
    server.client("sts", "222233334444", region="ap-south-1").get_caller_identity()
    server.flush()


def tree(server):
    return {str(p.relative_to(server.data)): hashlib.sha256(p.read_bytes()).hexdigest()
            for top in ("buckets", "meta") for p in sorted((server.data / top).rglob("*")) if p.is_file()}


class Repeatable(unittest.TestCase):
    def test_same_script_same_bytes(self):
        listen = f"127.0.0.1:{free_port()}"
        trees = []
        for _ in range(2):
            with harness.Server(seed=11, listen=listen) as server:
                script(server)
                trees.append(tree(server))
        self.assertEqual(trees[0].keys(), trees[1].keys())
        self.assertEqual([k for k in trees[0] if trees[0][k] != trees[1][k]], [])
        self.assertTrue(any("_CloudTrail-Digest_" in k for k in trees[0]))
        self.assertTrue(any("_CloudTrail_eu-west-1_" in k for k in trees[0]))

    def test_another_seed_other_ids(self):
        ids = []
        for seed in (1, 2):
            with harness.Server(seed=seed) as server:
                ids.append(server.client("iam").create_user(UserName="u")["User"]["UserId"])
        self.assertNotEqual(*ids)

    def test_restart_goes_on(self):
        server = harness.Server(seed=11)
        with server:
            server.owned = False
            script(server)
        later = harness.Server(seed=11, data=server.data, clock="virtual:2026-01-05T12:00:00Z")
        with later:
            script(later, "2")
        ids = [r["eventID"] for r in later.records()]
        self.assertEqual(len(ids), len(set(ids)))
        keys = {r["responseElements"]["accessKey"]["accessKeyId"] for r in later.records()
                if r["eventName"] == "CreateAccessKey"}
        self.assertEqual(len(keys), 2)
        past = harness.Server(seed=11, data=server.data, clock="virtual:2026-01-05T08:00:00Z")
        with self.assertRaises(RuntimeError):
            past.start()
        self.assertEqual(past.process.returncode, 2)
        past.remove()


if __name__ == "__main__":
    unittest.main()
