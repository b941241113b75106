"""Plays every technique and its look-alike, and runs the public Sigma rules over what is recorded.

Exactly the rules that `sigma` of the technique's file lists must fire on its labelled events: those of
`fires` on the attack, those of `benign_fires` (known false positives) on the look-alike.
"""
import collections
import pathlib
import shutil
import tempfile
import unittest

import datasets
import lab
import scenario_files
import sigma


class Evaluator(unittest.TestCase):
    """The evaluator itself, on records written by hand."""

    def test_texts_compare_without_case_and_absent_is_null(self):
        login = {"eventName": "ConsoleLogin", "additionalEventData": {"MFAUsed": "No"},
                 "responseElements": {"ConsoleLogin": "Success"}}
        self.assertEqual({"aws_cloudtrail_console_login_success_without_mfa"}, sigma.fires(login))
        gone = {"eventName": "DeleteBucket", "eventSource": "s3.amazonaws.com"}
        self.assertEqual({"aws_cloudtrail_bucket_deleted"}, sigma.fires(gone))
        self.assertEqual(set(), sigma.fires(dict(gone, errorCode="AccessDenied")))

    def test_arrays_booleans_and_whole_objects(self):
        task = {"eventSource": "ecs.amazonaws.com", "eventName": "RegisterTaskDefinition", "requestParameters": {
            "containerDefinitions": [{"command": ["x"]}, {"command": ["a", "c $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]}]}}
        self.assertEqual({"aws_ecs_task_definition_cred_endpoint_query"}, sigma.fires(task))
        off = {"eventSource": "guardduty.amazonaws.com", "eventName": "UpdateDetector", "requestParameters": {"enable": False}}
        self.assertEqual({"aws_cloudtrail_guardduty_detector_deleted_or_updated"}, sigma.fires(off))
        off["requestParameters"]["enable"] = True
        self.assertEqual(set(), sigma.fires(off))
        suspended = {"eventSource": "s3.amazonaws.com", "eventName": "PutBucketVersioning",
                     "requestParameters": {"VersioningConfiguration": {"Status": "Suspended"}}}
        self.assertEqual({"aws_disable_bucket_versioning"}, sigma.fires(suspended))

    def test_filters_and_other_fields(self):
        change = {"eventSource": "iam.amazonaws.com", "eventName": "UpdateLoginProfile",
                  "userIdentity": {"arn": "alice"}, "requestParameters": {"userName": "bob"}}
        self.assertEqual({"aws_update_login_profile"}, sigma.fires(change))
        change["requestParameters"]["userName"] = "Alice"
        self.assertEqual(set(), sigma.fires(change))
        role = {"userIdentity": {"arn": "arn:aws:sts::1:assumed-role/aws:ec2-instance/i-1"}, "eventSource": "iam.amazonaws.com"}
        self.assertEqual({"aws_cloudtrail_imds_malicious_usage"}, sigma.fires(role))
        self.assertEqual(set(), sigma.fires(dict(role, sourceIPAddress="AWS Internal")))

    def test_conditions(self):
        truth = {"a": True, "b_1": False, "b_2": True}
        for condition, want in (("a and 1 of b_*", True), ("a and all of b_*", False), ("a and not 1 of b_*", False),
                                ("not b_1 and (a or b_1)", True), ("1 of them", True), ("all of them", False)):
            self.assertEqual(want, sigma.condition_matches(condition, truth), condition)

    def test_every_rule_can_be_evaluated_and_none_fires_on_an_empty_record(self):
        self.assertEqual(57, len(sigma.RULES))
        self.assertEqual(set(), sigma.fires({}))


@scenario_files.needs_newest
class PlayedCase:
    """The labelled events of one run of every technique."""
    benign = None
    key = None

    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-lab-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        scenario = lab.write(cls.dir / "lab.yaml", cls.benign)
        (cls.dir / "techniques").symlink_to(scenario_files.TECHNIQUES)
        cls.data = datasets.generate(scenario, cls.dir / "out", "--seed", 1)
        cls.by_id = {r["eventID"]: r for r in cls.data.records()}
        cls.labels = cls.data.labels()
        cls.fired = collections.defaultdict(set)
        for label in cls.labels:
            cls.fired[label["story"]] |= sigma.fires(cls.by_id[label["eventID"]])

    def test_every_technique_left_events(self):
        stems = {p.stem for p in scenario_files.TECHNIQUES.glob("*.yaml")}
        self.assertEqual(stems, {label["story"] for label in self.labels})
        self.assertEqual({not self.benign}, {bool(label["malicious"]) for label in self.labels} - {False} or {False})

    def test_exactly_the_listed_rules_fire(self):
        for path in sorted(scenario_files.TECHNIQUES.glob("*.yaml")):
            with self.subTest(path.stem):
                listed = scenario_files.load(path)["sigma"][self.key]
                self.assertEqual(sorted(listed), sorted(self.fired[path.stem]))


class Attacks(PlayedCase, unittest.TestCase):
    benign, key = False, "fires"

    def test_each_technique_makes_its_finding(self):
        found = {f["story"]: f for f in self.data.expected()}
        for path in scenario_files.TECHNIQUES.glob("*.yaml"):
            with self.subTest(path.stem):
                steps = {label["eventID"]: label["step"] for label in self.labels if label["story"] == path.stem}
                want = {s for f in scenario_files.findings(scenario_files.load(path)) for s in f["events"]}
                self.assertEqual(want, {steps[i] for i in found[path.stem]["eventIDs"]})
                times = sorted(self.by_id[i]["eventTime"] for i in found[path.stem]["eventIDs"])
                self.assertEqual((times[0], times[-1]), (found[path.stem]["first"], found[path.stem]["last"]))


class LookAlikes(PlayedCase, unittest.TestCase):
    benign, key = True, "benign_fires"

    def test_a_look_alike_is_no_finding(self):
        self.assertEqual([], self.data.expected())


if __name__ == "__main__":
    unittest.main()
