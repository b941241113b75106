"""A good dataset for the verifier's tests: made once by calls of boto3 to `mocktrail serve` on a virtual
clock, then copied for each test that spoils it."""
import contextlib
import gzip
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import botocore.exceptions
import harness

REGIONS = ("us-east-1", "eu-west-1")
END = "2026-01-05T12:30:00Z"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/mocktrail"
BUCKET = "mocktrail-trail"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{harness.ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]})


def play(server):
    """Users, roles, sessions, objects, instances, errors: a little of each, over three and a half hours."""
    iam, sts = server.client("iam"), server.client("sts")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    iam.create_role(RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument=TRUST)
    for hour in range(3):
        server.client("sts", **alice).get_caller_identity()
        server.client("iam", **alice).create_user(UserName=f"user-{hour}")
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{harness.ACCOUNT}:role/ci/deploy",
                               RoleSessionName=f"build-{hour}")["Credentials"]
        session = {"key": role["AccessKeyId"], "secret": role["SecretAccessKey"], "token": role["SessionToken"]}
        s3 = server.client("s3", **session)
        s3.create_bucket(Bucket=f"assets-{hour}")
        s3.put_object(Bucket=f"assets-{hour}", Key="a/b.txt", Body=b"hello")
        s3.get_object(Bucket=f"assets-{hour}", Key="a/b.txt")
        server.advance("20m")
        for region in REGIONS:
            server.client("ec2", region=region, **session).describe_instances()
            server.client("sts", region=region).get_caller_identity()
            server.client("kms", region=region).create_key(Description="a key")
        for call in (lambda: iam.get_user(UserName="nobody"),
                     lambda: s3.get_object(Bucket=f"assets-{hour}", Key="absent"),
                     lambda: server.client("ec2").describe_instances(InstanceIds=["i-0123456789abcdef0"])):
            with contextlib.suppress(botocore.exceptions.ClientError):
                call()
        server.advance("40m")
    server.advance("30m")
    server.flush()


def make(directory):
    """A data directory below directory, its server stopped."""
    data = pathlib.Path(directory) / "good"
    with harness.Server(data=data) as server:
        play(server)
    return data


def verify(*args, env=None):
    """The finished `mocktrail verify ...`."""
    return subprocess.run([harness.PROGRAM, "verify", *map(str, args)], capture_output=True, text=True,
                          timeout=harness.DEADLINE_S, env=env)


def junit(path):
    """The root of a JUnit report that holds what CI servers read, and counts its cases right."""
    try:
        import xmlschema
    except ImportError:
        raise unittest.SkipTest("xmlschema is not installed: PyPI could not be reached") from None
    xmlschema.XMLSchema(pathlib.Path(__file__).with_name("junit.xsd")).validate(path)
    root = xml.etree.ElementTree.parse(path).getroot()
    for holder in (root, *root.iter("testsuite")):
        cases = list(holder.iter("testcase"))
        assert cases, "a report without a case tells nothing"
        assert len(cases) == int(holder.get("tests")), (len(cases), holder.attrib)
        for name, kind in (("failures", "failure"), ("errors", "error")):
            assert sum(c.find(kind) is not None for c in cases) == int(holder.get(name)), (kind, holder.attrib)
    return root


def logs(data, region=None, word="CloudTrail"):
    """Log files of the trail, or digests, in order of name."""
    pattern = f"{harness.ACCOUNT}_{word}_{region or '*'}_*.json.gz"
    return sorted((data / "buckets" / BUCKET).rglob(pattern))


def read(path):
    return json.loads(gzip.decompress(path.read_bytes()))


def write(path, content):
    """content: bytes, or what becomes compact JSON; gzipped as CloudTrail's files are."""
    if not isinstance(content, bytes):
        content = json.dumps(content, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(content, mtime=0))


class Copy:
    """A copy of a data directory's log files, for spoiling."""

    def __init__(self, data):
        self.holder = tempfile.TemporaryDirectory(prefix="mocktrail-copy-")
        self.data = pathlib.Path(self.holder.name) / "data"
        (self.data / "meta").mkdir(parents=True)
        for path in logs(data):
            copy = self.data / path.relative_to(data)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)

    def __enter__(self):
        return self.data

    def __exit__(self, *_):
        self.holder.cleanup()
