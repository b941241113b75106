"""Trails when things go wrong or reach far: a bucket removed by hand, prefixes and organizations, updates
that move a trail, LookupEvents attribute by attribute."""
import datetime
import json
import shutil
import unittest

import harness
from harness import ACCOUNT, error_code
from test_cloudtrail import policy

END = "2026-01-05T15:00:00Z"


class TrailCase(unittest.TestCase):
    OPTIONS = ("--no-default-trail",)

    def setUp(self):
        self.server = harness.Server(*self.OPTIONS)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.ct = self.server.client("cloudtrail")
        self.s3 = self.server.client("s3")
        self.iam = self.server.client("iam")

    def bucket(self, name, *holders):
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_policy(Bucket=name, Policy=policy(name, *(holders or (ACCOUNT,))))

    def trail(self, name, bucket, **options):
        answer = self.ct.create_trail(Name=name, S3BucketName=bucket, **options)
        self.ct.start_logging(Name=name)
        return answer["TrailARN"]

    def names(self, bucket):
        return [r["eventName"] for r in self.server.records(bucket)]

    def keys(self, bucket):
        return [p.relative_to(self.server.data / "buckets" / bucket).as_posix()
                for p in self.server.log_files(bucket)]

    def validate(self, arn, *more):
        return self.server.aws("cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time",
                               harness.START, "--end-time", END, "--verbose", *more).stdout


class Trails(TrailCase):
    def test_updates_move_a_trail(self):
        self.bucket("first")
        self.bucket("second", "*")
        arn = self.trail("moving", "first", EnableLogFileValidation=True)
        self.iam.create_user(UserName="a")
        self.assertEqual(error_code(self.ct.update_trail, Name="moving", S3BucketName="second",
                                    S3KeyPrefix="not/allowed"), "InsufficientS3BucketPolicyException")
        document = json.loads(policy("second", ACCOUNT))
        document["Statement"][1]["Resource"] = [f"arn:aws:s3:::second/pre/fix/AWSLogs/{ACCOUNT}/*"]
        self.s3.put_bucket_policy(Bucket="second", Policy=json.dumps(document))
        self.ct.update_trail(Name="moving", S3BucketName="second", S3KeyPrefix="pre/fix")
        self.iam.create_user(UserName="b")
        self.server.advance("5m")
        self.assertEqual(self.names("first").count("CreateUser"), 1)
        self.assertEqual(self.names("second").count("CreateUser"), 1)
        self.assertTrue(all(k.startswith(f"pre/fix/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/05/")
                            for k in self.keys("second")))
        status = self.ct.get_trail_status(Name=arn)
        self.assertNotIn("LatestDeliveryError", status)

    def test_several_trails_take_the_same_events(self):
        self.bucket("shared")
        for n in range(3):
            self.bucket(f"own-{n}")
            self.trail(f"trail-{n}", f"own-{n}")
        self.trail("shared-1", "shared", IsMultiRegionTrail=True)
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        for n in range(3):
            self.assertEqual(self.names(f"own-{n}").count("CreateUser"), 1)
        self.assertEqual(self.names("shared").count("CreateUser"), 1)

    def test_a_trail_without_global_events(self):
        self.bucket("local")
        self.trail("local", "local", IncludeGlobalServiceEvents=False)
        self.iam.create_user(UserName="a")
        self.server.client("ec2").describe_regions()
        self.server.advance("5m")
        self.assertNotIn("CreateUser", self.names("local"))
        self.assertIn("DescribeRegions", self.names("local"))

    def test_logging_stops_and_starts_exactly(self):
        self.bucket("exact")
        self.trail("exact", "exact")
        for n in range(3):
            self.ct.stop_logging(Name="exact")
            self.iam.create_user(UserName=f"unseen-{n}")
            self.ct.start_logging(Name="exact")
            self.iam.create_user(UserName=f"seen-{n}")
        self.server.advance("5m")
        records = self.server.records("exact")
        users = [r["requestParameters"]["userName"] for r in records if r["eventName"] == "CreateUser"]
        self.assertEqual(users, ["seen-0", "seen-1", "seen-2"])
        self.assertEqual(self.names("exact").count("StopLogging"), 3)
        self.assertEqual(self.names("exact").count("StartLogging"), 4)

    def test_selectors_of_data(self):
        self.bucket("logs")
        self.trail("data", "logs")
        self.s3.create_bucket(Bucket="watched")
        self.s3.create_bucket(Bucket="ignored")
        forms = (
            ({"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": False,
                                  "DataResources": [{"Type": "AWS::S3::Object",
                                                     "Values": ["arn:aws:s3:::watched/"]}]}]},
             ["GetObject watched"]),
            ({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": False,
                                  "DataResources": [{"Type": "AWS::S3::Object",
                                                     "Values": ["arn:aws:s3"]}]}]},
             ["PutObject watched", "GetObject watched", "PutObject ignored", "GetObject ignored"]),
            ({"AdvancedEventSelectors": [{"FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "readOnly", "Equals": ["false"]},
                {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::ignored/"]}]}]},
             ["PutObject ignored"]),
            ({"AdvancedEventSelectors": [{"FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "eventName", "NotEquals": ["GetObject"]},
                {"Field": "resources.ARN", "NotEndsWith": ["/other"]}]}]},
             ["PutObject watched", "PutObject ignored"]),
        )
        for given, wanted in forms:
            with self.subTest(str(given)):
                self.ct.put_event_selectors(TrailName="data", **given)
                self.server.advance("5m")
                before = len(self.server.records("logs"))
                for bucket in ("watched", "ignored"):
                    self.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
                    self.s3.get_object(Bucket=bucket, Key="k")
                self.server.advance("5m")
                seen = [f"{r['eventName']} {r['requestParameters'].get('bucketName')}"
                        for r in self.server.records("logs")[before:] if "Object" in r["eventName"]]
                self.assertEqual(sorted(seen), sorted(wanted))

    def test_management_selectors(self):
        self.bucket("logs")
        self.trail("managed", "logs")
        self.ct.put_event_selectors(TrailName="managed", AdvancedEventSelectors=[{"FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["true"]},
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}]}])
        self.iam.create_user(UserName="a")
        self.iam.list_users()
        self.server.client("kms").list_keys()
        self.server.advance("5m")
        names = self.names("logs")
        self.assertIn("ListUsers", names)
        self.assertNotIn("CreateUser", names)
        self.assertNotIn("ListKeys", names)

    def test_an_organization_with_a_prefix(self):
        org = self.server.client("organizations")
        org_id = org.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        asked = org.create_account(Email="m@example.com", AccountName="m")["CreateAccountStatus"]["Id"]
        self.server.advance("1m")  # making an account takes its time
        made = org.describe_create_account_status(CreateAccountRequestId=asked)["CreateAccountStatus"]
        member = made["AccountId"]
        self.s3.create_bucket(Bucket="org")
        who = {"Service": "cloudtrail.amazonaws.com"}
        self.s3.put_bucket_policy(Bucket="org", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": who, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::org"},
            {"Effect": "Allow", "Principal": who, "Action": "s3:PutObject",
             "Resource": [f"arn:aws:s3:::org/all/AWSLogs/{ACCOUNT}/*", f"arn:aws:s3:::org/all/AWSLogs/{org_id}/*"]}]}))
        arn = self.trail("org", "org", S3KeyPrefix="all", IsOrganizationTrail=True, IsMultiRegionTrail=True,
                         EnableLogFileValidation=True)
        for account in (ACCOUNT, member, "999988887777"):
            self.server.client("iam", key=account).create_user(UserName="u")
            self.server.client("sts", key=account, region="eu-west-1").get_caller_identity()
        self.server.advance("61m")
        for account in (ACCOUNT, member):
            for region in ("us-east-1", "eu-west-1"):
                wanted = f"all/AWSLogs/{org_id}/{account}/CloudTrail/{region}/"
                self.assertTrue(any(k.startswith(wanted) for k in self.keys("org")), (wanted, self.keys("org")))
            self.assertIn("log files valid", self.validate(arn, "--account-id", account))
            self.assertNotIn("INVALID", self.validate(arn, "--account-id", account))
        self.assertNotIn("999988887777", " ".join(self.keys("org")))

    def test_lookups_attribute_by_attribute(self):
        key = self.iam.create_user(UserName="seen") and self.iam.create_access_key(UserName="seen")["AccessKey"]
        self.server.advance("10s")
        mine = self.server.client("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        mine.create_group(GroupName="g")
        mine.list_groups()
        error_code(mine.get_user, UserName="nobody")
        found = {e["EventName"]: e for e in self.ct.lookup_events()["Events"]}
        for attribute, value, names in (
                ("EventId", found["CreateGroup"]["EventId"], ["CreateGroup"]),
                ("EventName", "ListGroups", ["ListGroups"]),
                ("ReadOnly", "false", ["CreateAccessKey", "CreateGroup", "CreateUser"]),
                ("Username", "seen", ["CreateGroup", "GetUser", "ListGroups"]),
                ("ResourceType", "AWS::IAM::Group", ["CreateGroup"]),
                ("ResourceName", "g", ["CreateGroup"]),
                ("EventSource", "iam.amazonaws.com", ["CreateAccessKey", "CreateGroup", "CreateUser", "GetUser",
                                                      "ListGroups"]),
                ("AccessKeyId", key["AccessKeyId"], ["CreateGroup", "GetUser", "ListGroups"]),
                ("EventName", "listgroups", []), ("Username", "see", []), ("ResourceName", "*", [])):
            with self.subTest(f"{attribute}={value}"):
                events = self.ct.lookup_events(LookupAttributes=[
                    {"AttributeKey": attribute, "AttributeValue": value}])["Events"]
                self.assertEqual(sorted(e["EventName"] for e in events), names)
        start = datetime.datetime(2026, 1, 5, 9, 0, 10, tzinfo=datetime.timezone.utc)
        later = self.ct.lookup_events(StartTime=start)["Events"]
        self.assertLessEqual({"CreateGroup", "ListGroups"}, {e["EventName"] for e in later})
        self.assertNotIn("CreateUser", {e["EventName"] for e in later})
        seen, more = [], {}
        while True:
            page = self.ct.lookup_events(MaxResults=2, EndTime=start, **more)
            seen += [e["EventId"] for e in page["Events"]]
            self.assertLessEqual(len(page["Events"]), 2)
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual({found["CreateUser"]["EventId"], found["CreateGroup"]["EventId"]}, set(seen))
        self.assertEqual(error_code(self.ct.lookup_events, MaxResults=51), "InvalidMaxResultsException")
        self.assertEqual(error_code(self.server.client("cloudtrail", parameter_validation=False).lookup_events,
                                    LookupAttributes=[{"AttributeKey": "Colour", "AttributeValue": "red"}]),
                         "InvalidLookupAttributesException")


class ByHand(TrailCase):
    OPTIONS = ()

    def test_a_bucket_whose_folder_is_removed(self):
        self.iam.create_user(UserName="before")
        self.server.advance("10m")
        shutil.rmtree(self.server.data / "buckets" / "mocktrail-trail")
        self.iam.create_user(UserName="during")
        self.server.advance("3h")
        status = self.ct.get_trail_status(Name="mocktrail")
        self.assertEqual(status["LatestDeliveryError"], "NoSuchBucket")
        self.assertEqual(status["LatestDigestDeliveryError"], "NoSuchBucket")
        (self.server.data / "buckets" / "mocktrail-trail").mkdir()
        self.server.advance("61m")
        status = self.ct.get_trail_status(Name="mocktrail")
        self.assertNotIn("LatestDeliveryError", status)
        self.assertNotIn("LatestDigestDeliveryError", status)
        users = [r["requestParameters"]["userName"] for r in self.server.records()
                 if r["eventName"] == "CreateUser"]
        self.assertEqual(users, ["during"])

    def test_files_where_folders_should_be(self):
        place = self.server.data / "buckets" / "mocktrail-trail" / "AWSLogs"
        self.iam.list_users()
        self.server.advance("5m")
        shutil.rmtree(place)
        place.write_text("in the way")
        self.iam.create_user(UserName="a")
        status, answer = self.server.control("POST", "flush")
        self.assertIn(status, (200, 500))
        if status == 500:
            self.assertIn("AWSLogs", answer["error"])
        place.unlink()
        self.server.flush()
        self.assertIn("CreateUser", self.names("mocktrail-trail"))


if __name__ == "__main__":
    unittest.main()
