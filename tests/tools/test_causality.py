"""The checker of causality must find what is wrong: a generated dataset passes, and each mutation of it fails."""
import copy
import pathlib
import shutil
import tempfile
import unittest
import uuid

import causality
import datasets

LATER, MUCH_LATER = "2026-01-05T19:58:00Z", "2026-01-05T19:59:00Z"
EARLY = "2026-01-05T06:00:01Z"


class CausalityCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-causality-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        datasets.generate("ci-smoke", cls.dir / "smoke", "--seed", 7)
        cls.whole = causality.Tree.load(cls.dir / "smoke")

    def setUp(self):
        self.tree = copy.deepcopy(self.whole)
        self.tree.manifest.pop("counts")  # what is added and removed below is not what a manifest counted
        self.tree.manifest["files"] = []
        self.tree.hashes = {}

    def all(self):
        return [r for records in self.tree.files.values() for r in records]

    def find(self, name, **more):
        """The first record of that name whose members are as given."""
        return next(r for r in self.all() if r["eventName"] == name and all(r.get(k) == v for k, v in more.items()))

    def add(self, like, **changes):
        """A copy of a record, changed, in a file of its own hour."""
        record = copy.deepcopy(like)
        record.update({"eventID": str(uuid.uuid4()), "requestID": str(uuid.uuid4())}, **changes)
        day = record["eventTime"][:10]
        path = (f"buckets/smoke-trail-logs/AWSLogs/{record['recipientAccountId']}/CloudTrail/{record['awsRegion']}/"
                f"{day.replace('-', '/')}/{record['recipientAccountId']}_CloudTrail_{record['awsRegion']}_"
                f"{day.replace('-', '')}T2359Z_{len(self.tree.files):016d}.json.gz")
        self.tree.files[path] = [record]
        return record

    def assert_found(self, rule):
        rules = {v.rule for v in causality.check(self.tree)}
        self.assertIn(rule, rules)


class Generated(CausalityCase):
    def test_a_generated_dataset_has_no_violation(self):
        self.assertEqual([], causality.check(self.whole))

    def test_every_kind_has_what_the_checker_asks_for(self):
        for kind in causality.KINDS:
            self.assertTrue(kind["create"] and kind["source"].endswith(".amazonaws.com"), kind["name"])


class Mutations(CausalityCase):
    # ids, files, times

    def test_an_event_id_twice(self):
        self.find("ListBuckets")["eventID"] = self.find("DescribeInstances")["eventID"]
        self.assert_found("event-id")

    def test_a_request_id_twice(self):
        self.find("ListBuckets")["requestID"] = first = self.find("PutObject")["requestID"]
        self.add(self.find("PutObject"), eventTime=LATER)["requestID"] = first
        self.assert_found("request-id")

    def test_times_that_go_back_in_a_file(self):
        records = next(r for r in self.tree.files.values() if len({x["eventTime"] for x in r}) > 1)
        records.reverse()
        self.assert_found("file-order")

    def test_a_record_in_another_regions_file(self):
        self.find("DescribeInstances")["awsRegion"] = "eu-west-3"
        self.assert_found("file-place")

    def test_a_record_later_than_its_file(self):
        self.find("DescribeInstances")["eventTime"] = "2026-01-05T23:59:59Z"
        self.assert_found("file-slot")

    def test_a_file_without_a_trails_name(self):
        self.tree.files["buckets/smoke-trail-logs/AWSLogs/x_CloudTrail_y.json.gz"] = []
        self.assert_found("file-name")

    def test_a_record_outside_the_period(self):
        self.find("ListBuckets")["eventTime"] = "2025-12-31T00:00:00Z"
        self.assert_found("period")

    def test_a_global_service_elsewhere(self):
        self.find("ListUsers")["awsRegion"] = "eu-west-1"
        self.assert_found("global-region")

    # who

    def test_an_arn_of_another_account(self):
        self.find("ListBuckets")["userIdentity"]["accountId"] = "999988887777"
        self.assert_found("identity-account")

    def test_one_key_of_two_users(self):
        who = self.find("CreateAccessKey")["userIdentity"]
        self.add(self.find("ListBuckets"), eventTime=LATER, userIdentity=dict(who, arn=who["arn"] + "2", principalId="AIDA2"))
        self.assert_found("key-owner")

    def test_one_principal_under_two_names(self):
        who = self.find("CreateAccessKey")["userIdentity"]
        self.add(self.find("ListBuckets"), eventTime=LATER,
                 userIdentity=dict(who, arn=who["arn"] + "2", accessKeyId="AKIAOTHER"))
        self.assert_found("principal")

    def new_key(self):
        made = next(r for r in self.all() if r["eventName"] == "CreateAccessKey" and "errorCode" not in r)
        return made, made["responseElements"]["accessKey"]

    def test_a_key_used_before_it_was_made(self):
        made, key = self.new_key()
        who = {"type": "IAMUser", "principalId": "AIDAX", "arn": "arn:aws:iam::111122223333:user/" + key["userName"],
               "accountId": "111122223333", "accessKeyId": key["accessKeyId"], "userName": key["userName"]}
        self.add(self.find("ListBuckets"), eventTime=EARLY, userIdentity=who)
        self.assert_found("key-before-creation")

    def test_a_key_used_by_another_user(self):
        made, key = self.new_key()
        self.add(self.find("ListBuckets"), eventTime=LATER,
                 userIdentity=dict(made["userIdentity"], accessKeyId=key["accessKeyId"]))
        self.assert_found("key-of-another")

    def test_a_key_used_after_its_deletion(self):
        made, key = self.new_key()
        user = next(r for r in self.all() if r["userIdentity"].get("accessKeyId", "").startswith("AKIA"))
        self.add(made, eventName="DeleteAccessKey", eventTime=LATER, responseElements=None,
                 requestParameters={"userName": "x", "accessKeyId": user["userIdentity"]["accessKeyId"]})
        self.add(user, eventTime=MUCH_LATER)
        self.assert_found("key-gone")

    def test_a_key_used_while_inactive(self):
        made, key = self.new_key()
        user = next(r for r in self.all() if r["userIdentity"].get("accessKeyId", "").startswith("AKIA"))
        self.add(made, eventName="UpdateAccessKey", eventTime=LATER, responseElements=None, requestParameters={
            "userName": "x", "accessKeyId": user["userIdentity"]["accessKeyId"], "status": "Inactive"})
        self.add(user, eventTime=MUCH_LATER)
        self.assert_found("key-gone")

    # sessions

    def session(self):
        """An AssumeRole, and the first record of its session."""
        for issue in self.all():
            if issue["eventName"] == "AssumeRole" and "errorCode" not in issue:
                key = issue["responseElements"]["credentials"]["accessKeyId"]
                used = [r for r in self.all() if r["userIdentity"].get("accessKeyId") == key]
                if used:
                    return issue, used[0]
        raise AssertionError("no session is used")

    def test_a_session_before_it_was_issued(self):
        issue, used = self.session()
        self.add(used, eventTime=EARLY)
        self.assert_found("session-before-issue")

    def test_a_session_that_nobody_issued(self):
        issue, used = self.session()
        issue["responseElements"]["credentials"]["accessKeyId"] = "ASIAXXXXXXXXXXXXXXXX"
        self.assert_found("session-without-issue")

    def test_a_session_after_its_end(self):
        issue, used = self.session()
        issue["responseElements"]["credentials"]["expiration"] = issue["eventTime"].replace("2026", "2025")
        self.assert_found("session-expired")

    def test_a_session_of_another_role(self):
        issue, used = self.session()
        issue["responseElements"]["assumedRoleUser"]["arn"] += "x"
        self.assert_found("session-of-another")

    def test_a_session_of_another_date(self):
        issue, used = self.session()
        used["userIdentity"]["sessionContext"]["attributes"]["creationDate"] = "2026-01-05T06:00:00Z"
        self.assert_found("session-date")

    def test_a_session_without_a_date(self):
        issue, used = self.session()
        del used["userIdentity"]["sessionContext"]["attributes"]["creationDate"]
        self.assert_found("session-undated")

    def test_a_session_from_the_future(self):
        issue, used = self.session()
        used["userIdentity"]["sessionContext"]["attributes"]["creationDate"] = "2026-01-06T00:00:00Z"
        self.assert_found("session-from-future")

    def test_a_session_older_than_any(self):
        issue, used = self.session()
        used["userIdentity"]["sessionContext"]["attributes"]["creationDate"] = "2026-01-01T00:00:00Z"
        self.assert_found("session-too-old")

    def test_the_console_without_a_sign_in(self):
        for r in self.all():
            if r["eventName"] == "ConsoleLogin":
                r["responseElements"]["ConsoleLogin"] = "Failure"
        self.assert_found("console-without-sign-in")

    # things

    def call(self, name, time, **params):
        return self.add(self.find("PutObject"), eventName=name, eventTime=time, requestParameters=params,
                        responseElements=None)

    def test_a_bucket_used_before_it_was_made(self):
        self.call("CreateBucket", LATER, bucketName="smoke-assets")
        self.assert_found("used-before-creation")

    def test_a_bucket_used_after_its_deletion(self):
        self.call("DeleteBucket", LATER, bucketName="smoke-assets")
        self.call("GetBucketAcl", MUCH_LATER, bucketName="smoke-assets")
        self.assert_found("used-after-deletion")

    def test_a_bucket_missed_although_it_is_there(self):
        self.call("CreateBucket", EARLY, bucketName="new")
        self.call("GetBucketAcl", LATER, bucketName="new")["errorCode"] = "NoSuchBucket"
        self.assert_found("missed-though-there")

    def test_an_object_missed_although_it_is_there(self):
        self.call("PutObject", EARLY, bucketName="smoke-assets", key="new")
        self.call("GetObject", LATER, bucketName="smoke-assets", key="new")["errorCode"] = "NoSuchKey"
        self.assert_found("missed-though-there")

    def test_an_object_read_after_its_deletion(self):
        self.call("DeleteObject", LATER, bucketName="smoke-assets", key="site.css")
        self.call("GetObject", MUCH_LATER, bucketName="smoke-assets", key="site.css")
        self.assert_found("used-after-deletion")

    def test_an_object_of_which_a_version_was_deleted_is_open(self):
        for name, time, more in (("DeleteObject", LATER, {"versionId": "1"}), ("GetObject", MUCH_LATER, {})):
            self.call(name, time, bucketName="smoke-assets", key="site.css", **more)["userIdentity"] = {
                "type": "Root", "accountId": "111122223333"}
        self.assertEqual([], causality.check(self.tree))

    def test_a_parameter_missed_although_it_is_there(self):
        like = dict(like=self.find("DescribeInstances"), eventSource="ssm.amazonaws.com", requestParameters={"name": "/a"})
        self.add(eventName="PutParameter", eventTime=LATER, **like)
        self.add(eventName="GetParameter", eventTime=MUCH_LATER, errorCode="ParameterNotFound", **like)
        self.assert_found("missed-though-there")

    def test_a_user_made_twice(self):
        user = self.find("CreateAccessKey")
        for time in (EARLY, LATER):
            self.add(user, eventName="CreateUser", eventTime=time, requestParameters={"userName": "twin"})
        self.assert_found("created-twice")

    def test_a_user_made_again_after_its_deletion_is_fine(self):
        user = self.find("GetObject")
        for name, time in (("CreateUser", EARLY), ("DeleteUser", LATER), ("CreateUser", MUCH_LATER)):
            self.add(user, eventName=name, eventTime=time, eventSource="iam.amazonaws.com", responseElements=None,
                     requestParameters={"userName": "twin"}, userIdentity={"type": "Root", "accountId": "111122223333"})
        self.assertEqual([], causality.check(self.tree))

    def test_a_key_used_after_its_deletion_was_scheduled(self):
        base = dict(eventSource="kms.amazonaws.com", responseElements=None)
        like = self.find("DescribeInstances")
        self.add(like, eventName="ScheduleKeyDeletion", eventTime=LATER, requestParameters={"keyId": "k-1"}, **base)
        self.add(like, eventName="GenerateDataKey", eventTime=MUCH_LATER,
                 requestParameters={"keyId": "arn:aws:kms:us-east-1:1:key/k-1"}, **base)
        self.assert_found("used-after-deletion")

    # errors

    def test_an_error_with_a_result(self):
        self.find("CreateAccessKey")["errorCode"] = "AccessDenied"
        self.assert_found("error-with-result")

    def test_a_message_without_an_error(self):
        self.find("ListBuckets")["errorMessage"] = "Access Denied"
        self.assert_found("message-without-code")

    def test_a_call_that_was_not_performed(self):
        self.find("ListBuckets")["errorCode"] = "NotImplemented"
        self.assert_found("not-performed")


class Truth(CausalityCase):
    """Manifest, labels and findings against the tree."""

    def setUp(self):
        self.tree = copy.deepcopy(self.whole)

    def test_a_count_that_is_wrong(self):
        self.tree.manifest["counts"]["records"] += 1
        self.assert_found("manifest-counts")

    def test_a_file_with_fewer_records(self):
        row = next(f for f in self.tree.manifest["files"] if f["path"] in self.tree.files)
        row["records"] += 1
        self.assert_found("manifest-file")

    def test_a_file_that_was_changed(self):
        self.tree.hashes[self.tree.manifest["files"][0]["path"]] = "0" * 64
        self.assert_found("manifest-hash")

    def test_a_label_of_no_event(self):
        self.tree.labels[0]["eventID"] = str(uuid.uuid4())
        self.assert_found("label")

    def test_a_label_twice(self):
        self.tree.labels.append(self.tree.labels[0])
        self.assert_found("label-twice")

    def test_a_finding_of_no_event(self):
        self.tree.findings[0]["eventIDs"].append(str(uuid.uuid4()))
        self.assert_found("finding")

    def test_a_finding_of_another_time(self):
        self.tree.findings[0]["first"] = "2026-01-05T00:00:00Z"
        self.assert_found("finding-times")

    def test_a_finding_of_innocent_events(self):
        for label in self.tree.labels:
            label["malicious"] = False
        self.assert_found("finding-innocent")


if __name__ == "__main__":
    unittest.main()
