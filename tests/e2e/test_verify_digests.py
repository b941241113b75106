"""`mocktrail verify digests` gives the verdicts of `aws cloudtrail validate-logs`, unmodified, line for line, on trees
spoiled in every way below; and notes what that command has no eye for."""
import base64
import binascii
import contextlib
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import harness
import verify_data
from verify_data import BUCKET, END, TRAIL

try:
    import awscli.clidriver
    import rsa
except ImportError:  # Debian's CLI lives in another Python
    awscli = None

REGION = "us-east-1"
MEMBER = gzip.compress(b'{"Records":[]}', mtime=0)


class Tree:
    """The trail's files in a data directory; changes to it are undone by restore()."""

    def __init__(self, data):
        self.data, self.kept = data, {}

    def keep(self, path):
        self.kept.setdefault(path, path.read_bytes() if path.exists() else None)
        return path

    def restore(self):
        for path, content in self.kept.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        self.kept.clear()

    def log(self, index=1):
        return self.keep(verify_data.logs(self.data, REGION)[index])

    def digest(self, index=1):
        """0 is the oldest."""
        return self.keep(verify_data.logs(self.data, REGION, "CloudTrail-Digest")[index])

    def key(self, path):
        return str(path.relative_to(self.data / "buckets" / BUCKET))

    def meta(self, path):
        return self.keep(self.data / "meta" / BUCKET / (self.key(path) + ".json"))

    def set_metadata(self, path, **members):
        """A member None is taken away; dashes for underscores."""
        file = self.meta(path)
        meta = json.loads(file.read_text()) if file.exists() else {}
        user = meta.setdefault("Metadata", {})
        for name, value in members.items():
            user.pop(name.replace("_", "-"), None)
            if value is not None:
                user[name.replace("_", "-")] = value
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(meta))

    def signature(self, path):
        return json.loads(self.meta(path).read_text())["Metadata"]["signature"]

    def sign(self, path, digest):
        """Write a digest with a good signature, at path."""
        text = json.dumps(digest, separators=(",", ":")).encode()
        private = PRIVATE[digest["digestPublicKeyFingerprint"]]
        to_sign = "\n".join([digest["digestEndTime"], f"{digest['digestS3Bucket']}/{digest['digestS3Object']}",
                             hashlib.sha256(text).hexdigest(), digest["previousDigestSignature"] or "null"])
        self.keep(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        verify_data.write(path, text)
        signature = binascii.hexlify(rsa.sign(to_sign.encode(), private, "SHA-256")).decode()
        self.set_metadata(path, signature=signature, signature_algorithm="SHA256withRSA")
        return signature, hashlib.sha256(text).hexdigest()

    def resign(self, index, **members):
        """Change members of a digest and sign it anew."""
        path = self.digest(index)
        return self.sign(path, {**verify_data.read(path), **members})

    def backfill(self, **members):
        """A backfilled digest of the first log, in the first hour."""
        plain = self.digest(0)
        path = plain.with_name(plain.name.replace(".json.gz", "_backfill.json.gz"))
        digest = verify_data.read(plain)
        digest.update(digestS3Object=self.key(path), **members)
        self.sign(path, digest)
        self.set_metadata(path, backfill_generation_timestamp="2026-01-05T12:00:00Z")
        return path


def load_private(pem):
    """PKCS#8 or PKCS#1 in PEM -> rsa's key."""
    if b"BEGIN RSA PRIVATE KEY" in pem:
        return rsa.PrivateKey.load_pkcs1(pem)
    der = base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-----")))
    return rsa.PrivateKey.load_pkcs1(der[der.index(b"\x30\x82", 20):], format="DER")


def test_keys():
    """By fingerprint: the keys that sign when --seed is given."""
    keys = [load_private(path.read_bytes()) for path in (harness.ROOT / "fixtures" / "keys").glob("*.pem")]
    return {hashlib.md5(rsa.PublicKey(k.n, k.e).save_pkcs1("DER")).hexdigest(): k for k in keys}


PRIVATE = test_keys() if awscli else {}


# ---- ways to spoil a tree ----

def nothing(tree):
    pass


def flip_byte(tree):
    path = tree.log()
    text = bytearray(gzip.decompress(path.read_bytes()))
    text[len(text) // 2] ^= 1
    verify_data.write(path, bytes(text))


def change(take, edit):
    """A case that edits the stored bytes of a file."""
    def spoil(tree):
        path = take(tree)
        path.write_bytes(edit(path.read_bytes()))
    return spoil


def change_text(take, edit):
    def spoil(tree):
        path = take(tree)
        verify_data.write(path, edit(gzip.decompress(path.read_bytes())))
    return spoil


def remove(*takes):
    def spoil(tree):
        for path in [take(tree) for take in takes]:
            path.unlink()
    return spoil


def metadata(index=1, **members):
    return lambda tree: tree.set_metadata(tree.digest(index), **members)


def resign(index=1, **members):
    return lambda tree: tree.resign(index, **members)


def log(tree):
    return tree.log()


def digest(index=1):
    return lambda tree: tree.digest(index)


def move_log(tree):
    path = tree.log()
    shutil.move(path, tree.keep(path.with_name(path.name.replace("T09", "T19"))))


def move_digest(tree):
    """The second digest, with its metadata, where the first one was."""
    first, second = tree.digest(0), tree.digest(1)
    first.write_bytes(second.read_bytes())
    tree.meta(first).write_bytes(tree.meta(second).read_bytes())


def swap_logs(tree):
    a, b = tree.log(0), tree.log(1)
    kept = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(kept)


def inject_log(tree):
    path = tree.log()
    shutil.copy(path, tree.keep(path.with_name(path.name[:-24] + "Injected00000001.json.gz")))


def drop_from_digest(tree):
    """A digest signed anew that no longer lists one of its logs."""
    path = tree.digest(1)
    tree.resign(1, logFiles=verify_data.read(path)["logFiles"][1:])


def upper_hash(tree):
    files = verify_data.read(tree.digest(1))["logFiles"]
    files[0]["hashValue"] = files[0]["hashValue"].upper()
    tree.resign(1, logFiles=files)


def wrong_times(tree):
    files = verify_data.read(tree.digest(1))["logFiles"]
    files[0]["newestEventTime"] = "2026-01-05T10:00:01Z"
    tree.resign(1, logFiles=files)


def without(member):
    def spoil(tree):
        path = tree.digest(1)
        content = verify_data.read(path)
        del content[member]
        verify_data.write(path, content)
    return spoil


def upper_signature(tree):
    path = tree.digest(1)
    tree.set_metadata(path, signature=tree.signature(path).upper())


def new_chain(tree):
    """The third digest begins a chain of its own: a gap, and no fault."""
    tree.resign(2, **{m: None for m in ("previousDigestS3Bucket", "previousDigestS3Object", "previousDigestHashValue",
                                        "previousDigestHashAlgorithm", "previousDigestSignature")})


def backfill(tree):
    tree.backfill()


def backfill_no_time(tree):
    tree.set_metadata(tree.backfill(), backfill_generation_timestamp=None)


def backfill_spoiled(tree):
    path = tree.backfill()
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b" "))


def backfill_bad_log(tree):
    files = verify_data.read(tree.digest(0))["logFiles"]
    tree.backfill(logFiles=[{**files[0], "hashValue": "0" * 64}])


def fake_key(tree):
    """A digest signed by a key that is nobody's."""
    path = tree.digest(1)
    content = {**verify_data.read(path), "digestPublicKeyFingerprint": "0" * 32}
    verify_data.write(path, content)


def other_key(tree):
    """A signature by another key than the one that the digest names."""
    tree.set_metadata(tree.digest(1), signature=tree.signature(tree.digest(2)))


NONE = ()
CASES = [  # name, how to spoil, what only we note (patterns), further options of both commands
    ("nothing is wrong", nothing, NONE),
    ("a byte of a log is flipped", flip_byte, NONE),
    ("a log is deleted", remove(log), NONE),
    ("a log is moved", move_log, NONE),
    ("two logs are swapped", swap_logs, NONE),
    ("a log is empty", change(log, lambda b: b""), NONE),
    ("a log is no gzip", change(log, lambda b: b"hello" + b), NONE),
    ("a log is plain JSON", change(log, gzip.decompress), NONE),
    ("a log is cut in its data", change(log, lambda b: b[:len(b) // 2]), NONE),
    ("a log is cut in its header", change(log, lambda b: b[:5]), NONE),
    ("a log's trailer is cut", change(log, lambda b: b[:-8]), ["end is cut off"]),
    ("half of a log's trailer is cut", change(log, lambda b: b[:-3]), ["end is cut off"]),
    ("a log's checksum is wrong", change(log, lambda b: b[:-8] + bytes([b[-8] ^ 1]) + b[-7:]), NONE),
    ("a log's length is wrong", change(log, lambda b: b[:-1] + bytes([b[-1] ^ 1])), NONE),
    ("a log's data is damaged", change(log, lambda b: b[:40] + bytes([b[40] ^ 255]) + b[41:]), NONE),
    ("a member is appended to a log", change(log, lambda b: b + MEMBER), ["bytes stand behind"]),
    ("bytes are appended to a log", change(log, lambda b: b + b"junk"), ["bytes stand behind"]),
    ("a log is packed anew", change(log, lambda b: gzip.compress(gzip.decompress(b), 1)), NONE),
    ("a blank is appended to a log's text", change_text(log, lambda t: t + b" "), NONE),
    ("a log is injected", inject_log, ["no valid digest lists it"]),
    ("a digest is deleted", remove(digest(1)), ["no valid digest lists it"]),
    ("the newest digest is deleted", remove(digest(3)), NONE),
    ("the oldest digest is deleted", remove(digest(0)), NONE),
    ("two digests are deleted", remove(digest(1), digest(2)), ["no valid digest lists it"]),
    ("a digest is edited", change_text(digest(), lambda t: t.replace(b'"logFiles":[', b'"logFiles": [')),
     ["only an invalid digest lists it"]),
    ("a digest is moved", move_digest, NONE),
    ("a digest is no gzip", change(digest(), lambda b: b"x" + b), ["no valid digest lists it"]),
    ("a digest is no JSON", change_text(digest(), lambda t: t[:-1]), ["no valid digest lists it"]),
    ("a digest is not UTF-8", change_text(digest(), lambda t: t.replace(b"mocktrail", b"\xff", 1)),
     ["no valid digest lists it"]),
    ("a digest is cut", change(digest(), lambda b: b[:-20]), ["no valid digest lists it"]),
    ("a digest's trailer is cut", change(digest(), lambda b: b[:-8]), ["no valid digest lists it"]),
    ("a digest is empty", change(digest(), lambda b: b""), ["no valid digest lists it"]),
    ("a member is appended to a digest", change(digest(), lambda b: b + MEMBER), ["bytes stand behind"]),
    ("a digest is packed anew", change(digest(), lambda b: gzip.compress(gzip.decompress(b), 1)), NONE),
    ("a digest lacks its end", without("digestEndTime"), ["only an invalid digest lists it"]),
    ("a digest lacks its fingerprint", without("digestPublicKeyFingerprint"), ["only an invalid digest lists it"]),
    ("a digest lacks the previous signature", without("previousDigestSignature"), ["only an invalid digest lists it"]),
    ("a digest has no signature", metadata(signature=None), ["only an invalid digest lists it"]),
    ("a digest has no signature algorithm", metadata(signature_algorithm=None), ["only an invalid digest lists it"]),
    ("the signature is of another digest", other_key, ["only an invalid digest lists it"]),
    ("the signature is short", metadata(signature="ab" * 20), ["only an invalid digest lists it"]),
    ("the signature is not hexadecimal", metadata(signature="xy" * 256), ["only an invalid digest lists it"]),
    ("the signature has an odd length", metadata(signature="a" * 511), ["only an invalid digest lists it"]),
    ("the signature is empty", metadata(signature=""), ["only an invalid digest lists it"]),
    ("the signature is in capitals", upper_signature, ["another signature of this one"]),
    ("the key is unknown", fake_key, ["only an invalid digest lists it"]),
    ("the algorithm is nonsense", metadata(signature_algorithm="ROT13"), ["signature-algorithm is not"]),
    ("a hash is in capitals", upper_hash, ["another hash of this one"]),
    ("a log's times are wrong", wrong_times, ["other times of its oldest and newest"]),
    ("a digest drops a log", drop_from_digest, ["another hash of this one", "no valid digest lists it"]),
    ("the previous hash is wrong", resign(2, previousDigestHashValue="0" * 64), ["another hash of this one"]),
    ("the previous digest is another", resign(2, previousDigestS3Object="AWSLogs/x_20260105T100000Z.json.gz"),
     ["another hash of this one"]),
    ("hours are left out", resign(2, digestStartTime="2026-01-05T11:30:00Z"), ["does not begin where"]),
    ("the account is another", resign(2, awsAccountId="999999999999"), ["awsAccountId is not"]),
    ("a chain begins anew", new_chain, ["another hash of this one"]),
    ("a backfilled digest", backfill, NONE),
    ("a backfilled digest without its time", backfill_no_time, NONE),
    ("a backfilled digest is spoiled", backfill_spoiled, NONE),
    ("a backfilled digest lists a bad log", backfill_bad_log, NONE),
    ("a range of two hours", nothing, NONE, "2026-01-05T10:30:00Z", "2026-01-05T11:30:00Z"),
    ("a range at whose end a log is bad", flip_byte, NONE, "2026-01-05T09:30:00Z", "2026-01-05T09:45:00Z"),
    ("a range behind all digests", nothing, NONE, "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"),
]


def lines_of(text):
    return [line for line in text.splitlines() if line.strip()]


@unittest.skipIf(awscli is None, "the AWS CLI is not of this Python")
class Verdicts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="mocktrail-digests-")
        cls.data = verify_data.make(cls.holder.name)
        cls.server = harness.Server(data=cls.data, clock="virtual:2026-01-05T13:00:00Z").start()
        # awscli in this process: a new one for each of 60 trees would take minutes
        env = {**cls.server.env(), "AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}  # where awscli keeps its own
        cls.env = mock.patch.dict(os.environ, env, clear=True)
        cls.env.start()

    @classmethod
    def tearDownClass(cls):
        cls.env.stop()
        cls.server.__exit__()
        cls.holder.cleanup()

    def theirs(self, start, end):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = awscli.clidriver.create_clidriver().main(
                ["cloudtrail", "validate-logs", "--trail-arn", TRAIL, "--start-time", start, "--end-time", end,
                 "--verbose", "--region", REGION])
        return code, lines_of(out.getvalue()) + lines_of(err.getvalue())

    def ours(self, start, end, *options):
        done = verify_data.verify("digests", self.data, "--region", REGION, "--start", start, "--end", end, *options)
        self.assertEqual("", done.stderr)
        return done.returncode, lines_of(done.stdout)

    def compare(self, spoil, noted, start=harness.START, end=END):
        tree = Tree(self.data)
        try:
            spoil(tree)
            code, lines = self.theirs(start, end)
            plain_code, plain = self.ours(start, end, "--plain")
            our_code, our_lines = self.ours(start, end)
        finally:
            tree.restore()
        self.assertEqual(sorted(lines), sorted(plain))
        self.assertEqual(code, plain_code)
        extras = [line for line in our_lines if line.startswith("(mocktrail) ")]
        self.assertEqual(sorted(lines), sorted(line for line in our_lines if line not in extras))
        for pattern in noted:
            self.assertTrue(any(pattern in line for line in extras), f"{pattern!r} is not among {extras}")
        if not noted:
            self.assertEqual([], extras)
        self.assertEqual(1 if code or noted else 0, our_code)


@unittest.skipIf(awscli is None, "the AWS CLI is not of this Python")
class Places(unittest.TestCase):
    """The same chain, read from elsewhere: over S3, from copies of the bucket, from other keys."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="mocktrail-places-")
        cls.data = verify_data.make(cls.holder.name)
        cls.keys = cls.data / "keys"

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def digests(self, *args, env=None):
        done = verify_data.verify("digests", *args, "--region", REGION, env=env)
        return done.returncode, done.stdout + done.stderr

    def copy(self, name):
        """What `aws s3 sync s3://mocktrail-trail NAME` would make."""
        place = pathlib.Path(self.holder.name) / name
        shutil.copytree(self.data / "buckets" / BUCKET, place)
        return place

    def heads(self, place):
        """The metadata beside each digest, as `aws s3api head-object` prints it."""
        for path in place.rglob("*_CloudTrail-Digest_*.json.gz"):
            meta = self.data / "meta" / BUCKET / (str(path.relative_to(place)) + ".json")
            path.with_name(path.name + ".head.json").write_text(meta.read_text())

    def test_over_s3_with_keys_that_are_asked_for(self):
        with harness.Server(data=self.data, clock="virtual:2026-01-05T13:00:00Z") as server:
            code, said = self.digests(f"s3://{BUCKET}/AWSLogs/", "--endpoint", server.url, "--end",
                                      "2026-01-05T13:00:00Z", env=server.env())
            self.assertEqual(0, code, said)
            self.assertIn("4/4 digest files valid\n6/6 log files valid", said)
            records = verify_data.verify("records", f"s3://{BUCKET}", "--endpoint", server.url, env=server.env())
            self.assertEqual(0, records.returncode, records.stdout + records.stderr)
            self.assertIn("48 records in 9 files: 0 errors", records.stdout)
            code, said = self.digests("s3://no-such-bucket", "--endpoint", server.url, env=server.env())
            self.assertEqual(2, code)
            self.assertIn("NoSuchBucket", said)
            answer = server.client("cloudtrail").list_public_keys(
                StartTime=harness.START, EndTime="2026-01-05T13:00:00Z")["PublicKeyList"]
        file = pathlib.Path(self.holder.name) / "keys.json"
        file.write_text(json.dumps({"PublicKeyList": [
            {"Value": base64.b64encode(k["Value"]).decode(), "Fingerprint": k["Fingerprint"]} for k in answer]}))
        code, said = self.digests(self.data, "--keys", file)
        self.assertEqual(0, code, said)

    def test_a_copy_with_its_metadata(self):
        place = self.copy("whole")
        self.heads(place)
        code, said = self.digests(place, "--keys", self.keys)
        self.assertEqual(0, code, said)
        self.assertIn(f"Digest file\ts3://{BUCKET}/AWSLogs/", said)
        self.assertIn("4/4 digest files valid\n6/6 log files valid", said)
        code, said = self.digests(place / "AWSLogs" / harness.ACCOUNT, "--keys", self.keys)
        self.assertEqual(0, code, said)

    def test_a_copy_without_metadata_is_verified_by_the_next_digest(self):
        place = self.copy("bare")
        code, said = self.digests(place, "--keys", self.keys)
        self.assertEqual(1, code)
        self.assertIn("3/4 digest files valid, 1/4 digest files INVALID\n6/6 log files valid", said)
        self.assertIn("_20260105T123000Z.json.gz\tINVALID: signature verification failed", said)

    def test_a_wrong_key_is_no_key(self):
        other = pathlib.Path(self.holder.name) / "other"
        other.mkdir()
        name = next(p for p in self.keys.glob("eu-west-1-*.pub.pem"))
        shutil.copy(name, other)
        code, said = self.digests(self.data, "--keys", other)
        self.assertEqual(1, code)
        self.assertIn("INVALID: public key not found in region us-east-1 for fingerprint ", said)

    def test_two_copies_of_one_trail_are_refused(self):
        one, two = self.copy("first"), self.copy("second")
        code, said = self.digests(one, two, "--keys", self.keys)
        self.assertEqual(2, code, said)
        self.assertRegex(said, r"first/AWSLogs/\S+ and \S+second/AWSLogs/\S+: two copies of one trail; verify one at a time")
        for path in list(two.rglob("*_CloudTrail-Digest_*")):
            path.unlink()
        self.heads(one)
        code, said = self.digests(one, two, "--keys", self.keys)
        self.assertEqual(0, code, said)

    def test_the_report_for_ci_servers(self):
        place = self.copy("reported")
        report = place / "report.xml"
        self.digests(place, "--keys", self.keys, "--junit", report)
        failure = verify_data.junit(report).find(".//failure")
        self.assertEqual("1 files invalid, 0 more findings", failure.get("message"))
        self.assertIn("INVALID: signature verification failed", failure.text)

    def test_nothing_there(self):
        with tempfile.TemporaryDirectory() as empty:
            code, said = self.digests(empty, "--keys", self.keys)
        self.assertEqual(2, code)
        self.assertIn("no digests", said)

    def test_below_a_prefix_and_of_an_organization(self):
        """The chain anew, signed for other keys: PREFIX/AWSLogs/o-.../ACCOUNT/..."""
        place = pathlib.Path(self.holder.name) / "organization"
        tree = Tree(self.data)
        top = "audit/team/AWSLogs/o-exampleorg1/"
        shutil.copytree(self.data / "buckets" / BUCKET / "AWSLogs", place / "buckets" / "org-logs" / top)
        (place / "meta" / "org-logs").mkdir(parents=True)
        shutil.copytree(self.keys, place / "keys")
        tree.data, previous = place, (None, None, None)
        digests = sorted((place / "buckets" / "org-logs").rglob(f"*_CloudTrail-Digest_{REGION}_*.json.gz"))
        with mock.patch.object(sys.modules[__name__], "BUCKET", "org-logs"):
            for path in digests:
                digest = verify_data.read(path)
                for log in digest["logFiles"]:
                    log.update(s3Bucket="org-logs", s3Object=log["s3Object"].replace("AWSLogs/", top))
                digest.update(digestS3Bucket="org-logs", digestS3Object=tree.key(path),
                              previousDigestS3Bucket=previous[0] and "org-logs", previousDigestS3Object=previous[0],
                              previousDigestSignature=previous[1], previousDigestHashValue=previous[2])
                previous = (tree.key(path), *tree.sign(path, digest))
        code, said = self.digests(place)
        self.assertEqual(0, code, said)
        self.assertIn("4/4 digest files valid\n6/6 log files valid", said)
        self.assertIn(f"s3://org-logs/{top}{harness.ACCOUNT}/CloudTrail-Digest/", said)
        done = verify_data.verify("records", place)
        self.assertEqual(0, done.returncode, done.stdout)


def add_case(name, spoil, noted, *times):
    def test(self):
        self.compare(spoil, noted, *times)
    setattr(Verdicts, "test_" + re.sub(r"\W+", "_", name), test)


for case in CASES:
    add_case(*case)


if __name__ == "__main__":
    unittest.main()
