"""rclone, s3cmd and the AWS CLI, as Debian packages them, with nothing but an endpoint: a tree with odd names goes up,
is compared, synchronised and comes down again; multipart both ways; every call of theirs is on record."""
import base64
import collections
import filecmp
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness

NAMES = ("a.txt", "dir/b c+d.txt", "dir/\u00fcn\u00ef/\u65e5\u672c.txt", "dir/%41&=?#.txt", "dir/a'\"b",
         "dir/back\\slash", "dir/~-_.!*()", "empty", " lead", "trail ", "x/\U0001f4a9")
BIG = 13 << 20  # three parts of 5 MiB


def differences(left, right):
    seen = filecmp.dircmp(left, right)
    found = seen.left_only + seen.right_only + seen.funny_files
    found += filecmp.cmpfiles(left, right, seen.common_files, shallow=False)[1]
    for name in seen.common_dirs:
        found += differences(pathlib.Path(left, name), pathlib.Path(right, name))
    return found


class Clients(harness.ServerCase):
    OPTIONS = ("--auth", "verify")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.temporary = tempfile.TemporaryDirectory()
        cls.place = pathlib.Path(cls.temporary.name)
        cls.tree = cls.place / "tree"
        for name in NAMES:
            path = cls.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("" if name == "empty" else name)
        (cls.tree / "big").write_bytes(os.urandom(BIG))

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.temporary.cleanup()

    def setUp(self):
        self.server.flush()
        self.before = len(self.server.records())

    def run_client(self, *arguments, **more):
        env = {**self.server.env(), "LC_ALL": "C.UTF-8", **more}
        done = subprocess.run(arguments, env=env, capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def events(self):
        """What this test's calls are on record as: (event, error) -> how often."""
        self.server.flush()
        return collections.Counter((r["eventName"], r.get("errorCode"))
                                   for r in self.server.records()[self.before:])

    def test_rclone(self):
        setting = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": self.server.url,
                   "ACCESS_KEY_ID": harness.ACCOUNT, "SECRET_ACCESS_KEY": "test"}
        env = {"RCLONE_CONFIG": "", **{"RCLONE_CONFIG_M_" + k: v for k, v in setting.items()}}

        def rclone(*arguments):
            return self.run_client("rclone", "--s3-chunk-size", "5M", "--s3-upload-cutoff", "6M",
                                   *map(str, arguments), **env)

        rclone("mkdir", "m:rclone")
        rclone("copy", self.tree, "m:rclone/tree")
        listed = rclone("lsf", "-R", "--files-only", "m:rclone/tree").splitlines()
        self.assertEqual(sorted(listed), sorted([*NAMES, "big"]))
        rclone("check", "--download", self.tree, "m:rclone/tree")
        down = self.place / "rclone-down"
        rclone("copy", "m:rclone/tree", down)
        self.assertEqual(differences(self.tree, down), [])
        (down / "a.txt").unlink()
        (down / "new").write_text("new")
        rclone("sync", down, "m:rclone/tree")
        self.assertEqual(sorted(rclone("lsf", "--files-only", "m:rclone/tree").splitlines()),
                         [" lead", "big", "empty", "new", "trail "])
        rclone("moveto", "m:rclone/tree/big", "m:rclone/moved")
        rclone("deletefile", "m:rclone/moved")
        rclone("purge", "m:rclone")
        self.assertNotIn("rclone", rclone("lsf", "m:").split("/\n"))
        seen = self.events()
        self.assertEqual(seen[("UploadPart", None)], 3)
        self.assertEqual(seen[("CompleteMultipartUpload", None)], 1)
        self.assertEqual(seen[("PutObject", None)], len(NAMES) + 1)
        self.assertEqual(seen[("CopyObject", None)], 1)
        self.assertEqual(seen[("DeleteBucket", None)], 1)

    def test_s3cmd(self):
        host = self.server.url.split("//")[1]
        config = self.place / "s3cfg"
        config.write_text(f"[default]\naccess_key={harness.ACCOUNT}\nsecret_key=test\nhost_base={host}\n"
                          f"host_bucket={host}\nuse_https=False\nmultipart_chunk_size_mb=5\n")

        def s3cmd(*arguments):
            return self.run_client("s3cmd", "-c", str(config), *map(str, arguments))

        s3cmd("mb", "s3://s3cmd")
        s3cmd("sync", f"{self.tree}/", "s3://s3cmd/tree/")
        listed = [line.split("s3://s3cmd/tree/")[1] for line in s3cmd("ls", "-r", "s3://s3cmd").splitlines()]
        self.assertEqual(sorted(listed), sorted([*NAMES, "big"]))
        down = self.place / "s3cmd-down"
        s3cmd("sync", "s3://s3cmd/tree/", f"{down}/")
        self.assertEqual(differences(self.tree, down), [])
        (down / "a.txt").unlink()
        (down / "new").write_text("new")
        s3cmd("sync", "--delete-removed", f"{down}/", "s3://s3cmd/tree/")
        self.assertNotIn("a.txt", s3cmd("ls", "s3://s3cmd/tree/"))
        self.assertIn(f"File size: {BIG}", s3cmd("info", "s3://s3cmd/tree/big"))
        s3cmd("mv", "s3://s3cmd/tree/new", "s3://s3cmd/moved")
        url = s3cmd("signurl", "s3://s3cmd/moved", "+3600").strip()
        self.assertEqual(self.run_client("curl", "-sf", "--noproxy", "*", url), "new")
        s3cmd("del", "-rf", "s3://s3cmd")
        s3cmd("rb", "s3://s3cmd")
        self.assertNotIn("s3cmd", s3cmd("ls"))
        seen = self.events()
        self.assertEqual(seen[("UploadPart", None)], 3)
        self.assertEqual(seen[("CompleteMultipartUpload", None)], 1)
        self.assertEqual(seen[("DeleteBucket", None)], 1)


DEBIAN_AWS = os.environ.get("DEBIAN_AWS", "/usr/bin/aws")


@unittest.skipUnless(os.access(DEBIAN_AWS, os.X_OK), "Debian's awscli is not installed")
class DebianCli(harness.ServerCase):
    """Debian's AWS CLI (2.9: it takes its endpoint from the command line alone) on what is implemented."""
    OPTIONS = ("--auth", "verify")

    def aws(self, *arguments, codes=(0,), **who):
        done = subprocess.run([DEBIAN_AWS, "--endpoint-url", self.server.url, "--output", "json", *map(str, arguments)],
                              env=self.server.env(**who), capture_output=True, text=True,
                              timeout=harness.DEADLINE_S)
        self.assertIn(done.returncode, codes, f"{arguments}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout + done.stderr

    def test_identities(self):
        self.assertEqual(harness.ACCOUNT, self.aws("sts", "get-caller-identity")["Account"])
        self.aws("iam", "create-user", "--user-name", "debian")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": harness.ACCOUNT},
                                                          "Action": "sts:AssumeRole"}]}
        role = self.aws("iam", "create-role", "--role-name", "debian", "--assume-role-policy-document",
                        json.dumps(trust))["Role"]["Arn"]
        self.assertEqual(1, len(self.aws("iam", "list-roles", "--query", "{found: Roles[?RoleName=='debian']}")["found"]))
        key = self.aws("iam", "create-access-key", "--user-name", "debian")["AccessKey"]
        session = self.aws("sts", "assume-role", "--role-arn", role, "--role-session-name", "smoke",
                           key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        self.assertTrue(session["Credentials"]["SessionToken"])
        self.assertIn("NoSuchEntity", self.aws("iam", "get-user", "--user-name", "none", codes=(254, 255)))

    def test_objects(self):
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place, "f")
            file.write_bytes(os.urandom(9 << 20))  # two parts
            self.aws("s3", "mb", "s3://debian")
            self.aws("s3", "cp", file, "s3://debian/a/b")
            self.assertIn("a/b", self.aws("s3", "ls", "--recursive", "s3://debian"))
            self.aws("s3", "sync", "s3://debian", pathlib.Path(place, "down"))
            self.assertEqual(file.read_bytes(), pathlib.Path(place, "down", "a", "b").read_bytes())
            self.aws("s3api", "put-object-tagging", "--bucket", "debian", "--key", "a/b",
                     "--tagging", "TagSet=[{Key=k,Value=v}]")
            self.assertEqual(9 << 20, self.aws("s3api", "head-object", "--bucket", "debian", "--key", "a/b")["ContentLength"])
            self.aws("s3", "rb", "--force", "s3://debian")

    def test_machines_and_secrets(self):
        vpc = self.aws("ec2", "create-vpc", "--cidr-block", "10.9.0.0/16")["Vpc"]["VpcId"]
        self.assertEqual(1, len(self.aws("ec2", "describe-vpcs", "--vpc-ids", vpc)["Vpcs"]))
        key = self.aws("kms", "create-key")["KeyMetadata"]["KeyId"]
        with tempfile.TemporaryDirectory() as place:
            file = pathlib.Path(place, "f")
            file.write_text("hi")
            blob = self.aws("kms", "encrypt", "--key-id", key, "--plaintext", f"fileb://{file}")["CiphertextBlob"]
            file.write_bytes(base64.b64decode(blob))
            self.assertEqual("aGk=", self.aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{file}")["Plaintext"])
        self.aws("ssm", "put-parameter", "--name", "/d", "--type", "String", "--value", "v")
        self.assertEqual("v", self.aws("ssm", "get-parameter", "--name", "/d")["Parameter"]["Value"])
        self.aws("secretsmanager", "create-secret", "--name", "d", "--secret-string", "s")
        self.assertEqual("s", self.aws("secretsmanager", "get-secret-value", "--secret-id", "d")["SecretString"])
        self.aws("lambda", "list-functions")
        self.aws("rds", "describe-db-instances")
        self.aws("organizations", "create-organization")

    def test_trails(self):
        self.aws("iam", "list-users")
        self.assertEqual("mocktrail", self.aws("cloudtrail", "describe-trails")["trailList"][0]["Name"])
        found = self.aws("cloudtrail", "lookup-events", "--lookup-attributes",
                         "AttributeKey=EventName,AttributeValue=ListUsers")["Events"]
        self.assertEqual({"ListUsers"}, {e["EventName"] for e in found})


if __name__ == "__main__":
    missing = [name for name in ("rclone", "s3cmd", "curl") if not shutil.which(name)]
    if missing:
        print("not installed: " + ", ".join(missing) + " (apt-get install " + " ".join(missing) + ")")
        sys.exit(77)
    unittest.main()
