"""`mocktrail verify expect`: what is met, what is not and what is then said, and EXPECT.yaml that can't be read."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness
import verify_data

EXAMPLES = harness.ROOT / "docs" / "examples"

MET = """
- {call: iam.CreateUser, exactly: 1, where: {userName: alice}, by: "arn:aws:iam::*:root", error: none}
- {call: iam.CreateUser, where: {UserName: alice}}
- {call: iam.CreateUser, at_least: 2, at_most: 4}
- {call: iam.CreateUser, by: "*:user/alice", exactly: 3}
- {call: "iam.Create*", at_least: 5}
- {call: "*.DescribeInstances", region: eu-west-1, exactly: 3}
- {event: CreateUser, source: iam.amazonaws.com, exactly: 4}
- {call: iam.DeleteUser, never: true}
- {call: iam.DeleteUser, exactly: 0}
- {call: iam.GetUser, error: NoSuchEntity, exactly: 3}
- {call: iam.GetUser, error: NoSuchEntityException, exactly: 3}
- {call: iam.GetUser, error: none, never: true}
- {call: ec2.DescribeInstances, error: InvalidInstanceID.NotFound, exactly: 3}
- {call: iam.CreateRole, where: {assumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "sts:*"}]}}}
- {call: iam.CreateRole, where: {assumeRolePolicyDocument.Statement: [{Effect: Allow}], path: /ci/}}
- {call: iam.CreateRole, where: {description: null}}
- {call: iam.CreateRole, where: {roleName: "${role}"}}
- {call: sts.AssumeRole, where: {roleArn: "arn:aws:iam::*:role/ci/${role}", roleSessionName: build-1}, capture: {key: responseElements.credentials.accessKeyId}}
- {call: s3.CreateBucket, record: {userIdentity: {accessKeyId: "${key}"}}, where: {bucketName: assets-1}, exactly: 1}
- {order: [iam.CreateRole, sts.AssumeRole, {call: s3.CreateBucket, where: {bucketName: assets-2}}], within: 3h}
- {call: s3.PutObject, after: "2026-01-05T10:30:00Z", before: "2026-01-05T11:30:00Z", exactly: 1}
- {call: s3.PutObject, within: 2h, exactly: 3}
- {call: kms.CreateKey, account: "111122223333", response: {keyMetadata: {enabled: true}}}
- {name: nobody is told, call: sns.Publish, never: true}
"""

UNMET = [  # an expectation, what must be said of it
    ("{call: iam.CreateUser, exactly: 5}", r"expected exactly 5 iam.CreateUser, found 4"),
    ("{call: iam.CreateUser, at_most: 2}", r"expected at most 2 iam.CreateUser, found 4\n  found: \S+:record \d+, "),
    ("{call: iam.CreateUser, never: true}", r"expected never iam.CreateUser, found 4"),
    ("{call: iam.CreateUser, where: {userName: bob}}",
     r"found 0\n  nearest: \S+:record \d+, 2026-01-05T09:00:00Z, CreateUser of iam.amazonaws.com\n"
     r"    requestParameters.userName: expected bob, found alice\n"),
    ("{call: iam.CreateUser, by: \"*:user/bob\"}", r"userIdentity.arn: expected \*:user/bob, found arn:aws:iam::"),
    ("{call: iam.CreateUser, where: {userName: alice, path: /x/}}", r"requestParameters.path: expected /x/, found nothing"),
    ("{call: iam.CreateUser, error: AccessDenied}", r"errorCode: expected AccessDenied, found none"),
    ("{call: iam.GetUser, error: none}", r"errorCode: expected none, found NoSuchEntityException"),
    ("{call: iam.ListGroups}", r"no such call; seen of iam.amazonaws.com: .*CreateUser \(4\)"),
    ("{call: sqs.SendMessage}", r"no such call, and none of this service"),
    ("{call: kms.CreateKey, region: ap-south-1}", r"awsRegion: expected ap-south-1, found (us-east|eu-west)-1"),
    ("{call: s3.PutObject, within: 1h, exactly: 3}", r"expected them within 3600 s, they took 7200 s\n  first: "),
    ("{order: [{call: s3.CreateBucket, where: {bucketName: assets-2}}, iam.CreateRole]}",
     r"step 2, iam.CreateRole, was not found behind the one before\n  behind: \S+:record \d+, 2026-01-05T11:00:00Z.*\n"
     r"  but before it: \S+:record \d+, 2026-01-05T09:00:00Z"),
    ("{order: [iam.CreateRole, {call: s3.CreateBucket, where: {bucketName: assets-2}}], within: 10m}",
     r"expected within 600 s, took 7200 s"),
    ("{call: sts.AssumeRole, capture: {x: responseElements.nothing}}", r"expected something to capture, found nothing"),
]

UNREADABLE = [  # a file, what its message must say
    ("expect: [{call: iam.CreateUser, exactly: many}]", r"E.yaml:1: expected a number from 0"),
    ("expect:\n- call: iam.CreateUser\n  wher: {}", r"E.yaml:3: unknown member 'wher'"),
    ("expect:\n- call: CreateUser", r"E.yaml:2: expected SERVICE.Operation"),
    ("expect:\n- call: iamm.CreateUser", r"E.yaml:2: no service 'iamm'"),
    ("expect:\n- exactly: 1", r"E.yaml:2: expected call, event or order"),
    ("expect:\n- {call: iam.X, event: Y}", r"E.yaml:2: expected call, or event and source, not both"),
    ("expect:\n- {call: iam.X, exactly: 1, never: true}", r"E.yaml:2: expected exactly, never, or at_least and at_most"),
    ("expect:\n- {call: iam.X, at_least: 3, at_most: 2}", r"E.yaml:2: expected at_least not above at_most"),
    ("expect:\n- {order: [iam.X]}", r"E.yaml:2: expected a list of two calls or more"),
    ("expect:\n- {order: [iam.X, iam.Y], exactly: 1}", r"E.yaml:2: expected no call and no count beside order"),
    ("expect:\n- {call: iam.X, within: soon}", r"E.yaml:2: expected a duration"),
    ("expect:\n- {call: iam.X, after: soon}", r"E.yaml:2: expected a time"),
    ("expect: []", r"E.yaml:1: expected 'expect:' and a list"),
    ("expects: []", r"E.yaml:1: expected 'expect:'"),
    ("expect: [{call: iam.X}]\nmore: 1", r"E.yaml:2: unknown member 'more'"),
    ("expect: [", r"E.yaml:"),
]


class Expectations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="mocktrail-expect-")
        cls.data = verify_data.make(cls.holder.name)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def expect(self, text, *options, path=None):
        file = pathlib.Path(self.holder.name) / "E.yaml"
        file.write_text(text)
        return verify_data.verify("expect", file, path or self.data, *options)

    def test_what_is_met(self):
        done = self.expect("expect:" + MET)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertIn(f"{len(re.findall(r'^- ', MET, re.M))} passed, 0 failed", done.stdout)

    def test_what_is_not_met_says_why(self):
        for text, said in UNMET:
            with self.subTest(text):
                done = self.expect("expect:\n- " + text)
                self.assertEqual(1, done.returncode, done.stdout + done.stderr)
                self.assertRegex(done.stdout, said)

    def test_what_cannot_be_read_names_the_line(self):
        for text, said in UNREADABLE:
            with self.subTest(text):
                done = self.expect(text)
                self.assertEqual(2, done.returncode, done.stdout)
                self.assertRegex(done.stderr, said)

    def test_an_event_that_is_delivered_twice_counts_once(self):
        with verify_data.Copy(self.data) as data:
            path = verify_data.logs(data, "us-east-1")[0]
            shutil.copy(path, path.with_name(path.name[:-12] + "AAAA.json.gz"))
            done = self.expect("expect: [{call: iam.CreateUser, exactly: 4}]", path=data)
        self.assertEqual(0, done.returncode, done.stdout)

    def test_records_from_standard_input(self):
        lines = "".join(json.dumps(r) + "\n" for p in verify_data.logs(self.data) for r in verify_data.read(p)["Records"])
        file = pathlib.Path(self.holder.name) / "E.yaml"
        file.write_text("expect: [{call: iam.CreateUser, exactly: 4}]")
        done = subprocess.run([harness.PROGRAM, "verify", "expect", file, "-"], input=lines, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_what_was_captured_is_meant_letter_by_letter(self):
        def record(name, key, second):
            return json.dumps({"eventName": name, "eventSource": "s3.amazonaws.com", "requestParameters": {"key": key},
                               "eventTime": f"2026-01-05T09:00:0{second}Z", "eventID": f"{name}{key}{second}"}) + "\n"

        text = "expect: [{order: [{call: s3.PutObject, where: {key: '${key}'}}, " \
               "{call: s3.GetObject, where: {key: 'copy/${key}*'}}]}]"
        for put, got, code in (("a*b?c", "copy/a*b?c-1", 0), ("a*b?c", "copy/axbxc-1", 1), ("plain", "copy/plain?", 0)):
            with self.subTest(got):
                file = pathlib.Path(self.holder.name) / "captured.jsonl"
                file.write_text(record("PutObject", put, 1) + record("GetObject", got, 2))
                done = self.expect(text, path=file)
                self.assertEqual(code, done.returncode, done.stdout + done.stderr)
                if code:
                    self.assertIn("copy/a*b?c*", done.stdout)

    def test_an_order_may_begin_at_a_later_record(self):
        """alice was made and left alone; bob was made and, a minute later, put into a group."""
        made = [("00", "CreateUser", "alice"), ("10", "CreateUser", "bob"), ("11", "AddUserToGroup", "bob")]
        lines = "".join(json.dumps({"eventID": f"e{minute}", "eventTime": f"2026-01-05T09:{minute}:00Z",
                                    "eventSource": "iam.amazonaws.com", "eventName": name,
                                    "requestParameters": {"userName": user}}) + "\n" for minute, name, user in made)
        order = "[{call: iam.CreateUser, where: {userName: '%s'}}, " \
                "{call: iam.AddUserToGroup, where: {userName: '%s'}}]"
        for text, code in ((f"order: {order % ('${n}', '${n}')}", 0), (f"order: {order % ('al*', 'bob')}", 0),
                           ("order: [iam.CreateUser, iam.AddUserToGroup]\n  within: 2m", 0),
                           ("order: [iam.CreateUser, iam.AddUserToGroup]\n  within: 30s", 1),
                           (f"order: {order % ('${n}', '${n}x')}", 1)):
            file = pathlib.Path(self.holder.name) / "E.yaml"
            file.write_text(f"expect:\n- {text}\n")
            done = subprocess.run([harness.PROGRAM, "verify", "expect", file, "-"], input=lines, capture_output=True,
                                  text=True)
            self.assertEqual(code, done.returncode, text + done.stdout + done.stderr)

    def test_a_report_of_odd_texts_is_xml(self):
        file = pathlib.Path(self.holder.name) / "odd.jsonl"
        file.write_text(json.dumps({"eventName": "PutObject", "eventSource": "s3.amazonaws.com", "eventID": "1",
                                    "eventTime": "2026-01-05T09:00:00Z",
                                    "requestParameters": {"key": "\x01<&\"\u2028\uffff"}}) + "\n")
        junit = file.with_suffix(".xml")
        done = self.expect("expect: [{call: s3.PutObject, where: {key: \"]]>\"}}]", "--junit", junit, path=file)
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        self.assertIn("<&\"", verify_data.junit(junit).find(".//failure").text)

    def test_reports(self):
        junit, out = (pathlib.Path(self.holder.name) / name for name in ("junit.xml", "out.json"))
        done = self.expect("expect: [{call: iam.CreateUser}, {call: iam.CreateUser, exactly: 9}]", "--junit", junit, "--json",
                           out)
        self.assertEqual(1, done.returncode)
        suites = verify_data.junit(junit)
        self.assertEqual(("2", "1", "0"), (suites.get("tests"), suites.get("failures"), suites.get("errors")))
        self.assertIn("found 4", suites.find(".//failure").get("message"))
        said = json.loads(out.read_text())
        self.assertEqual((1, 1), (said["passed"], said["failed"]))

    def test_a_file_that_cannot_be_read_is_no_answer(self):
        with verify_data.Copy(self.data) as data:
            path = verify_data.logs(data)[0]
            path.write_bytes(path.read_bytes()[:60])
            done = self.expect("expect: [{call: iam.DeleteUser, never: true}]", path=data)
        self.assertEqual(2, done.returncode)
        self.assertIn(path.name, done.stderr)


class Examples(unittest.TestCase):
    """Those of docs/examples that are no Python; test_docs.py runs the others."""

    def setUp(self):
        self.env = {**os.environ, "MOCKTRAIL": harness.PROGRAM, "EXAMPLES": str(EXAMPLES),
                    "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        if not shutil.which("aws", path=self.env["PATH"]) or not shutil.which("curl"):
            self.skipTest("needs the AWS CLI and curl")

    def run_example(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=harness.DEADLINE_S)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertRegex(done.stdout + done.stderr, r"4 passed, 0 failed")

    def test_the_shell_script(self):
        self.run_example(str(EXAMPLES / "expect.sh"))

    def test_the_cmocka_test(self):
        with tempfile.TemporaryDirectory() as where:
            program = f"{where}/test_expect"
            subprocess.run(["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror",
                            str(EXAMPLES / "test_expect.c"), "-lcmocka", "-o", program], check=True)
            self.run_example(program)


if __name__ == "__main__":
    unittest.main()
