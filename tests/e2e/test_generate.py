"""`mocktrail generate`: a scenario becomes a dataset that can be served, with the truth beside it."""
import collections
import gzip
import hashlib
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness

SCENARIO = str(pathlib.Path(__file__).with_name("generate.yaml"))
TRAIL = f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/audit"


def generate(*args, scenario=SCENARIO, check=True):
    done = subprocess.run([harness.PROGRAM, "generate", scenario, *args], capture_output=True,
                          text=True, timeout=300)
    if check and done.returncode != 0:
        raise AssertionError(f"generate {' '.join(args)}: exit {done.returncode}\n{done.stderr}")
    return done


def tree(folder):
    """What must repeat: every path with its hash."""
    folder = pathlib.Path(folder)
    parts = ("buckets", "meta", "manifest.json", "labels.jsonl", "expected.json")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for part in parts for p in [folder / part, *(folder / part).rglob("*")] if p.is_file()}


def records(folder):
    for path in sorted(pathlib.Path(folder, "buckets").rglob("*_CloudTrail_*.json.gz")):
        yield from json.loads(gzip.decompress(path.read_bytes()))["Records"]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-generate-"))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)


class Dataset(Folder):
    """One dataset, looked at from every side."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = cls.base / "all"
        generate("--out", str(cls.out), "--seed", "7", "--jobs", "1")
        cls.records = list(records(cls.out))
        cls.labels = lines(cls.out / "labels.jsonl")
        cls.manifest = json.loads((cls.out / "manifest.json").read_text())
        cls.expected = json.loads((cls.out / "expected.json").read_text())["findings"]

    def named(self, name):
        return [r for r in self.records if r["eventName"] == name]

    def test_a_manifest_counts_what_is_there(self):
        counts = self.manifest["counts"]
        self.assertGreater(len(self.records), 60)
        self.assertEqual(counts["records"], len(self.records))
        for key, member in (("by_account", "recipientAccountId"), ("by_region", "awsRegion")):
            self.assertEqual(counts[key], collections.Counter(r[member] for r in self.records))
        for entry in self.manifest["files"]:
            data = (self.out / entry["path"]).read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest(), entry["sha256"])
        self.assertEqual(sum(f["records"] for f in self.manifest["files"]), len(self.records))

    def test_a_labelled_event_is_in_the_tree_exactly_once(self):
        ids = collections.Counter(r["eventID"] for r in self.records)
        self.assertEqual(set(ids.values()), {1})
        self.assertEqual([ids[label["eventID"]] for label in self.labels], [1] * len(self.labels))
        self.assertEqual([label["step"] for label in self.labels],
                         ["look", "look", "key", "use", "again", "branch", "login"])
        self.assertEqual([label["malicious"] for label in self.labels], [False, False] + [True] * 5)
        for label in self.labels:
            self.assertEqual(label["scenario"], "small")
            self.assertEqual(label["story"], "backdoor")
            self.assertEqual(label["technique"], "aws.persistence.iam-backdoor-user")

    def test_a_finding_names_its_events(self):
        self.assertEqual(len(self.expected), 1)
        found = self.expected[0]
        by_step = {label["step"]: label for label in self.labels}
        self.assertEqual(found["eventIDs"], [by_step["key"]["eventID"], by_step["use"]["eventID"]])
        self.assertEqual((found["rule"], found["actor"], found["severity"]),
                         ("aws.persistence.iam-backdoor-user", "ci", "high"))
        times = {r["eventID"]: r["eventTime"] for r in self.records}
        self.assertEqual((found["first"], found["last"]),
                         (times[found["eventIDs"][0]], times[found["eventIDs"][1]]))

    def test_a_captured_key_is_used_by_its_owner(self):
        made = self.named("CreateAccessKey")[0]
        key = made["responseElements"]["accessKey"]["accessKeyId"]
        used = [r for r in self.records if r["userIdentity"].get("accessKeyId") == key]
        self.assertEqual([r["eventName"] for r in used], ["GetCallerIdentity"])
        self.assertEqual(used[0]["userIdentity"]["userName"], made["requestParameters"]["userName"])
        self.assertIn("kali", used[0]["userAgent"])
        self.assertRegex(used[0]["sourceIPAddress"], r"^198\.51\.100\.\d+$")
        branch = self.named("TagUser")[0]
        self.assertEqual(self.named("CreateUser")[0]["errorCode"], "EntityAlreadyExistsException")
        self.assertGreaterEqual(branch["eventTime"], used[0]["eventTime"])

    def test_everybody_is_who_he_should_be(self):
        kinds = {(r["userIdentity"].get("type"), r["eventName"]) for r in self.records}
        for kind in (("AWSService", "AssumeRole"), ("SAMLUser", "AssumeRoleWithSAML"),
                     ("WebIdentityUser", "AssumeRoleWithWebIdentity"),
                     ("AWSService", "ListBuckets"), ("IAMUser", "AssumeRole"),
                     ("Root", "ConsoleLogin"), ("AssumedRole", "ConsoleLogin")):
            self.assertIn(kind, kinds)
        for r in self.named("GetObject"):
            session = r["userIdentity"]["sessionContext"]
            self.assertEqual(session["ec2RoleDelivery"], "2.0")
            self.assertRegex(r["userIdentity"]["arn"], r":assumed-role/web-role/i-[0-9a-f]{17}$")
        for r in self.records:
            if r["userIdentity"].get("userName") != "alice" or r["eventName"] == "ConsoleLogin":
                continue
            self.assertEqual(r["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"],
                             "true")
            self.assertEqual(r["sessionCredentialFromConsole"], "true")
            self.assertRegex(r["sourceIPAddress"], r"^203\.0\.113\.\d+$")
        vpcs = self.named("DescribeVpcs") + self.named("CreateSecurityGroup")
        self.assertEqual({r["recipientAccountId"] for r in vpcs}, {"444455556666"})

    def test_sessions_are_used_between_their_birth_and_their_end(self):
        born = {}
        for r in self.records:
            answer = r.get("responseElements") or {}
            if "credentials" in answer:
                born[answer["credentials"]["accessKeyId"]] = r["eventTime"]
        used = [r for r in self.records if r["userIdentity"].get("type") == "AssumedRole"
                and r["eventName"] != "ConsoleLogin"]
        self.assertGreater(len(used), 20)
        for r in used:
            self.assertLessEqual(born[r["userIdentity"]["accessKeyId"]], r["eventTime"])

    def test_the_same_run_gives_the_same_bytes_on_any_number_of_threads(self):
        generate("--out", str(self.base / "again"), "--seed", "7", "--jobs", "3")
        self.assertEqual(tree(self.base / "again"), tree(self.out))
        generate("--out", str(self.base / "another"), "--seed", "8")
        self.assertNotEqual((self.base / "another/manifest.json").read_bytes(),
                            (self.out / "manifest.json").read_bytes())

    def test_shards_are_the_whole_between_them(self):
        union, labels, counted = {}, [], 0
        for i in (1, 2):
            out = self.base / f"shard-{i}"
            generate("--out", str(out), "--seed", "7", "--shard", f"{i}/2")
            union.update({k: v for k, v in tree(out).items() if "/" in k})
            labels += lines(out / "labels.jsonl")
            counted += json.loads((out / "manifest.json").read_text())["counts"]["records"]
        self.assertEqual(union, {k: v for k, v in tree(self.out).items() if "/" in k})
        self.assertEqual(sorted(map(str, labels)), sorted(map(str, self.labels)))
        self.assertEqual(counted, len(self.records))

    def test_it_is_served_and_validates(self):
        data = self.base / "served"
        shutil.copytree(self.out, data)
        with harness.Server(data=data, clock="virtual:2026-01-05T15:00:00Z", seed=None) as server:
            for region in ("us-east-1", "eu-west-1"):
                done = server.aws("cloudtrail", "validate-logs", "--trail-arn", TRAIL,
                                  "--account-id", harness.ACCOUNT, "--start-time",
                                  "2026-01-05T08:00:00Z", "--end-time", "2026-01-05T14:00:00Z",
                                  "--region", region)
                self.assertRegex(done.stdout, r"\n6/6 digest files valid")
                self.assertRegex(done.stdout, r"\n(\d+)/\1 log files valid")
                self.assertNotIn("INVALID", done.stdout)
            events = server.client("cloudtrail").lookup_events(LookupAttributes=[
                {"AttributeKey": "EventName", "AttributeValue": "CreateAccessKey"}])["Events"]
            known = {e["EventId"] for e in events}
            self.assertIn(next(x["eventID"] for x in self.labels if x["step"] == "key"), known)
            names = {u["UserName"] for u in server.client("iam").list_users()["Users"]}
            self.assertLessEqual({"alice", "ci"}, names)


class Runs(Folder):
    def test_events_are_as_many_as_asked_for(self):
        for wanted in (200, 900):
            out = self.base / f"events-{wanted}"
            generate("--out", str(out), "--events", str(wanted), "--json", str(self.base / "s.json"))
            summary = json.loads((self.base / "s.json").read_text())
            self.assertGreaterEqual(summary["records"], wanted)
            self.assertLessEqual(summary["records"], wanted * 1.02)
            self.assertEqual(sum(1 for _ in records(out)), summary["records"])

    def test_an_interrupted_run_is_completed_to_the_same_bytes(self):
        args = ["--seed", "3", "--events", "3000", "--jobs", "2"]
        whole, cut = self.base / "whole", self.base / "cut"
        generate("--out", str(whole), *args)
        with subprocess.Popen([harness.PROGRAM, "generate", SCENARIO, "--out", str(cut), *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None and not list(cut.glob("buckets/small-trail-logs/**/*.gz")):
                pass
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=120)[1].decode()
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("interrupted", said)
        self.assertFalse((cut / "manifest.json").exists())
        for path in cut.glob("buckets/small-trail-logs/**/*_CloudTrail_*.gz"):
            json.loads(gzip.decompress(path.read_bytes()))
        refused = generate("--out", str(cut), "--seed", "4", check=False)
        self.assertEqual(refused.returncode, 2)
        generate("--out", str(cut), *args)
        self.assertEqual(tree(cut), tree(whole))
        done = generate("--out", str(cut), *args, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds a dataset already", done.stderr)

    def test_a_folder_of_somebody_else_is_left_alone(self):
        (self.base / "mine").mkdir()
        (self.base / "mine/file").write_text("x")
        done = generate("--out", str(self.base / "mine"), check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual([p.name for p in (self.base / "mine").iterdir()], ["file"])

    def test_options_may_stand_on_both_sides_of_the_scenario(self):
        out = str(self.base / "both-sides")
        for args, code in ((["--seed", "3", "ci-smoke", "--check"], 0),
                           (["--check", "ci-smoke", "startup"], 2),
                           (["ci-smoke", "--seed", "3", "--out"], 2)):
            done = subprocess.run([harness.PROGRAM, "generate", *args], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, code, f"{args}: {done.stderr}")
        self.assertIn("--out: expected DIR", done.stderr)
        done = generate("--out", out, scenario=str(self.base), check=False)
        self.assertEqual(done.returncode, 2, "a folder was read as a scenario")
        self.assertFalse(pathlib.Path(out).exists())

    def test_a_wrong_scenario_is_told_with_its_place(self):
        text = pathlib.Path(SCENARIO).read_text()
        for wrong, right, message in (
                ("iam.CreateAccesKey", "iam.CreateAccessKey", "did you mean CreateAccessKey"),
                ("GroupNam:", "GroupName:", "did you mean GroupName"),
                ("trust: [cj]", "trust: [ci]", "did you mean 'ci'"),
                ("tol: kali", "tool: kali", "did you mean 'tool'")):
            self.assertEqual(text.count(right), 1, right)
            path = self.base / "wrong.yaml"
            path.write_text(text.replace(right, wrong))
            line = path.read_text()[:path.read_text().index(wrong)].count("\n") + 1
            done = generate("--check", scenario=str(path), check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"wrong.yaml:{line}: ", done.stderr)
            self.assertIn(message, done.stderr)

    def test_mfa_may_be_said_of_a_key_that_was_captured(self):
        login = '      - {id: login, event: signin.ConsoleLogin, as: root, with: {MFAUsed: "No"}}\n'
        text = pathlib.Path(SCENARIO).read_text()
        self.assertEqual(text.count(login), 1)
        path = self.base / "captured.yaml"
        path.write_text(text.replace(login, login.replace('as: root, with: {MFAUsed: "No"}', 'as: "key:${key}", mfa: true')))
        generate("--out", str(self.base / "captured"), scenario=str(path))

    def test_an_unexpected_outcome_ends_the_run(self):
        path = self.base / "outcome.yaml"
        path.write_text(pathlib.Path(SCENARIO).read_text().replace("expect: any, ", ""))
        done = generate("--out", str(self.base / "outcome"), scenario=str(path), check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"outcome.yaml:\d+: iam.GetUser: expected ok, got NoSuchEntity")


class FewEvents(Folder):
    def test_a_small_number_is_kept_too(self):
        for scenario, wanted in (("ci-smoke", 120), ("breach-leaked-key", 100)):
            out = self.base / f"{scenario}-{wanted}"
            generate("--out", str(out), "--events", str(wanted), scenario=scenario)
            made = json.loads((out / "manifest.json").read_text())["counts"]["records"]
            self.assertGreaterEqual(made, wanted)
            self.assertLessEqual(made, wanted * 1.02)

    def test_fewer_than_its_stories_make(self):
        done = generate("--out", str(self.base / "few"), "--events", "1", scenario="ci-smoke", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"--events 1: \S+ makes \d+, and can't come nearer")
        self.assertFalse((self.base / "few").exists())


if __name__ == "__main__":
    unittest.main()
