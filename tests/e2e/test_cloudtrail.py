"""CloudTrail through boto3: trails and their limits, selectors really applied, organization trails,
buckets out of order, the event history."""
import datetime
import gzip
import json
import unittest

import harness
from harness import ACCOUNT, error_code

UTC = datetime.timezone.utc


def policy(bucket, *holders):
    who = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": who, "Action": "s3:GetBucketAcl",
         "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Principal": who, "Action": "s3:PutObject",
         "Resource": [f"arn:aws:s3:::{bucket}/AWSLogs/{h}/*" for h in holders],
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]})


class CloudTrail(unittest.TestCase):
    def setUp(self):
        self.server = harness.Server("--no-default-trail")
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.ct = self.server.client("cloudtrail")
        self.s3 = self.server.client("s3")
        self.iam = self.server.client("iam")
        self.sts = self.server.client("sts")

    def bucket(self, name, *holders):
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_policy(Bucket=name, Policy=policy(name, *(holders or (ACCOUNT,))))

    def trail(self, name="one", bucket="logs-1", **options):
        answer = self.ct.create_trail(Name=name, S3BucketName=bucket, **options)
        self.ct.start_logging(Name=name)
        return answer

    def names(self, bucket="logs-1"):
        self.server.advance("5m")
        return [r["eventName"] for r in self.server.records(bucket)]

    def test_what_a_new_trail_says(self):
        self.bucket("logs-1")
        answer = self.ct.create_trail(Name="one", S3BucketName="logs-1")
        del answer["ResponseMetadata"]
        self.assertEqual(answer, {
            "Name": "one", "S3BucketName": "logs-1", "IncludeGlobalServiceEvents": True,
            "IsMultiRegionTrail": False, "LogFileValidationEnabled": False,
            "TrailARN": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/one",
            "IsOrganizationTrail": False})
        self.assertFalse(self.ct.get_trail_status(Name="one")["IsLogging"])
        selectors = self.ct.get_event_selectors(TrailName="one")["EventSelectors"]
        self.assertEqual(selectors, [{"ReadWriteType": "All", "IncludeManagementEvents": True,
                                      "DataResources": [], "ExcludeManagementEventSources": []}])
        self.iam.list_users()
        self.assertEqual(self.names(), [])  # it does not log before StartLogging

    def test_refusals(self):
        create = self.ct.create_trail
        self.bucket("logs-1")
        self.s3.create_bucket(Bucket="no-policy")
        for kwargs, code in (
                ({"Name": "ab", "S3BucketName": "logs-1"}, "InvalidTrailNameException"),
                ({"Name": "-abc", "S3BucketName": "logs-1"}, "InvalidTrailNameException"),
                ({"Name": "a..b", "S3BucketName": "logs-1"}, "InvalidTrailNameException"),
                ({"Name": "10.0.0.1", "S3BucketName": "logs-1"}, "InvalidTrailNameException"),
                ({"Name": "abc", "S3BucketName": "absent"}, "S3BucketDoesNotExistException"),
                ({"Name": "abc", "S3BucketName": "no-policy"}, "InsufficientS3BucketPolicyException"),
                ({"Name": "abc", "S3BucketName": "logs-1", "S3KeyPrefix": "other"},
                 "InsufficientS3BucketPolicyException"),
                ({"Name": "abc", "S3BucketName": "logs-1", "SnsTopicName": "t"},
                 "InsufficientSnsTopicPolicyException"),
                ({"Name": "abc", "S3BucketName": "logs-1", "IsOrganizationTrail": True},
                 "OrganizationsNotInUseException"),
                ({"Name": "abc", "S3BucketName": "logs-1", "IsMultiRegionTrail": True,
                  "IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException")):
            self.assertEqual(error_code(create, **kwargs), code, kwargs)
        for n in range(5):
            create(Name=f"trail-{n}", S3BucketName="logs-1")
        self.assertEqual(error_code(create, Name="trail-1", S3BucketName="logs-1"),
                         "TrailAlreadyExistsException")
        self.assertEqual(error_code(create, Name="trail-6", S3BucketName="logs-1"),
                         "MaximumNumberOfTrailsExceededException")
        self.assertEqual(error_code(self.ct.get_trail_status, Name="absent"), "TrailNotFoundException")
        self.assertEqual(error_code(self.ct.get_trail, Name="arn:aws:s3:::x"),
                         "CloudTrailARNInvalidException")

    def test_shadow_trails(self):
        self.bucket("logs-1")
        arn = self.trail(IsMultiRegionTrail=True)["TrailARN"]
        far = self.server.client("cloudtrail", region="eu-west-1")
        self.assertEqual([t["TrailARN"] for t in far.describe_trails()["trailList"]], [arn])
        self.assertEqual(far.describe_trails(includeShadowTrails=False)["trailList"], [])
        self.assertTrue(far.get_trail_status(Name=arn)["IsLogging"])
        self.assertEqual(error_code(far.get_trail_status, Name="one"), "TrailNotFoundException")
        self.assertEqual(error_code(far.stop_logging, Name=arn), "InvalidHomeRegionException")

    def test_a_stopped_trail_ends_with_StopLogging(self):
        self.bucket("logs-1")
        self.trail()
        self.iam.create_user(UserName="a")
        self.ct.stop_logging(Name="one")
        self.iam.create_user(UserName="b")
        self.assertEqual(self.names(), ["StartLogging", "CreateUser", "StopLogging"])

    def test_a_deleted_trail_ends_with_DeleteTrail(self):
        self.bucket("logs-1")
        self.trail()
        self.ct.delete_trail(Name="one")
        self.iam.list_users()
        self.assertEqual(self.names(), ["StartLogging", "DeleteTrail"])
        self.assertEqual(self.ct.describe_trails()["trailList"], [])

    def test_basic_selectors(self):
        self.bucket("logs-1")
        self.trail()
        self.s3.create_bucket(Bucket="data")
        self.ct.put_event_selectors(TrailName="one", EventSelectors=[
            {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": [
                {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::data/in/"]}]}])
        self.iam.list_users()
        self.iam.create_user(UserName="a")
        self.s3.put_object(Bucket="data", Key="in/1", Body=b"1")
        self.s3.put_object(Bucket="data", Key="out/1", Body=b"1")
        self.s3.get_object(Bucket="data", Key="in/1")
        self.assertEqual(self.names(), ["StartLogging", "CreateBucket", "PutEventSelectors",
                                        "CreateUser", "PutObject"])

    def test_advanced_selectors(self):
        self.bucket("logs-1")
        self.trail()
        self.s3.create_bucket(Bucket="data")
        self.ct.put_event_selectors(TrailName="one", AdvancedEventSelectors=[
            {"Name": "gets", "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "eventName", "StartsWith": ["Get"]},
                {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::data/secret"]}]}])
        self.s3.put_object(Bucket="data", Key="a", Body=b"1")
        self.s3.put_object(Bucket="data", Key="secret", Body=b"1")
        self.s3.get_object(Bucket="data", Key="a")
        self.s3.get_object(Bucket="data", Key="secret")
        self.iam.list_users()
        self.assertEqual(self.names(), ["StartLogging", "CreateBucket", "PutEventSelectors",
                                        "GetObject"])
        self.assertEqual(error_code(self.ct.put_event_selectors, TrailName="one",
                                    AdvancedEventSelectors=[{"FieldSelectors": [
                                        {"Field": "eventCategory", "Equals": ["Data"]}]}]),
                         "InvalidEventSelectorsException")

    def test_a_single_region_trail(self):
        self.bucket("logs-1")
        far = self.server.client("cloudtrail", region="eu-west-1")
        far.create_trail(Name="far", S3BucketName="logs-1")
        far.start_logging(Name="far")
        self.iam.list_users()  # a global service: us-east-1
        self.server.client("sts", region="eu-west-1").get_caller_identity()
        self.assertEqual(self.names(), ["StartLogging", "GetCallerIdentity"])

    def test_a_bucket_that_is_gone_and_comes_back(self):
        self.bucket("logs-1")
        self.trail()
        self.s3.delete_bucket(Bucket="logs-1")
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        status = self.ct.get_trail_status(Name="one")
        self.assertEqual(status["LatestDeliveryError"], "NoSuchBucket")
        self.bucket("logs-1")
        got = self.names()
        self.assertIn("CreateUser", got)
        self.assertEqual(got.count("CreateUser"), 1)
        self.assertNotIn("LatestDeliveryError", self.ct.get_trail_status(Name="one"))

    def test_a_bucket_that_denies(self):
        self.bucket("logs-1")
        self.trail()
        self.s3.put_bucket_policy(Bucket="logs-1", Policy=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs-1/*"}]}))
        self.server.advance("5m")
        self.assertEqual(self.ct.get_trail_status(Name="one")["LatestDeliveryError"], "AccessDenied")
        self.assertEqual(self.server.log_files("logs-1"), [])

    def test_an_organization_trail(self):
        org = self.server.client("organizations")
        org_id = org.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        member = org.create_account(Email="m@example.com", AccountName="m")
        member = org.describe_create_account_status(
            CreateAccountRequestId=member["CreateAccountStatus"]["Id"])["CreateAccountStatus"]["AccountId"]
        self.bucket("logs-1", ACCOUNT, org_id)
        arn = self.trail(IsOrganizationTrail=True, IsMultiRegionTrail=True,
                         EnableLogFileValidation=True)["TrailARN"]
        self.server.client("iam", key=member).create_user(UserName="m")
        self.server.client("iam", key="999988887777").create_user(UserName="stranger")
        self.server.advance("61m")
        keys = [p.relative_to(self.server.data / "buckets" / "logs-1").as_posix()
                for p in self.server.log_files("logs-1")]
        self.assertTrue(any(k.startswith(f"AWSLogs/{org_id}/{member}/CloudTrail/us-east-1/")
                            for k in keys), keys)
        self.assertFalse(any("999988887777" in k for k in keys))
        theirs = self.server.client("cloudtrail", key=member)
        self.assertEqual([t["TrailARN"] for t in theirs.describe_trails()["trailList"]], [arn])
        self.assertEqual(error_code(theirs.delete_trail, Name=arn),
                         "NotOrganizationMasterAccountException")
        done = self.server.aws("cloudtrail", "validate-logs", "--trail-arn", arn, "--account-id",
                               member, "--start-time", harness.START, "--end-time",
                               "2026-01-05T11:00:00Z")
        self.assertIn("1/1 log files valid", done.stdout)

    def test_tags(self):
        self.bucket("logs-1")
        arn = self.trail(TagsList=[{"Key": "a", "Value": "1"}])["TrailARN"]
        self.ct.add_tags(ResourceId=arn, TagsList=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
        self.ct.remove_tags(ResourceId=arn, TagsList=[{"Key": "b"}])
        tags = self.ct.list_tags(ResourceIdList=[arn])["ResourceTagList"]
        self.assertEqual(tags, [{"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "3"}]}])

    def test_the_last_digest_and_a_new_chain(self):
        self.bucket("logs-1")
        self.trail(EnableLogFileValidation=True)
        self.server.advance("30m")
        self.ct.stop_logging(Name="one")
        self.server.advance("3h")
        self.ct.start_logging(Name="one")
        self.server.advance("61m")
        paths = sorted((self.server.data / "buckets" / "logs-1").rglob("*CloudTrail-Digest_*.json.gz"))
        digests = [json.loads(gzip.decompress(p.read_bytes())) for p in paths]
        self.assertEqual([d["previousDigestSignature"] for d in digests], [None, None])
        self.assertEqual(digests[0]["digestEndTime"], "2026-01-05T09:30:05Z")
        self.assertEqual(len(digests[0]["logFiles"]), 2)

    def test_lookup_events(self):
        for n in range(60):
            self.iam.create_user(UserName=f"u{n}")
            self.server.advance("1s")
        lookup = self.ct.lookup_events
        first = lookup(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
        self.assertEqual(len(first["Events"]), 50)
        times = [e["EventTime"] for e in first["Events"]]
        self.assertEqual(times, sorted(times, reverse=True))
        newest = json.loads(first["Events"][0]["CloudTrailEvent"])
        self.assertEqual(newest["requestParameters"], {"userName": "u59"})
        self.assertEqual(first["Events"][0]["ReadOnly"], "false")
        pages = self.ct.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
        self.assertEqual(len([e for p in pages for e in p["Events"]]), 60)
        by_name = lookup(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "u7"}])
        self.assertEqual(len(by_name["Events"]), 1)
        start = datetime.datetime(2026, 1, 5, 9, 0, 10, tzinfo=UTC)
        some = lookup(StartTime=start, EndTime=start + datetime.timedelta(seconds=2),
                      LookupAttributes=[{"AttributeKey": "EventSource",
                                         "AttributeValue": "iam.amazonaws.com"}])
        self.assertEqual(len(some["Events"]), 3)
        self.assertEqual(self.server.client("cloudtrail", region="eu-west-1").lookup_events()["Events"], [])
        for kwargs, code in (
                ({"MaxResults": 50, "NextToken": first["NextToken"]}, "InvalidNextTokenException"),
                ({"NextToken": "x"}, "InvalidNextTokenException"),
                ({"StartTime": start, "EndTime": start - datetime.timedelta(seconds=1)},
                 "InvalidTimeRangeException"),
                ({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "a"},
                                       {"AttributeKey": "EventName", "AttributeValue": "b"}]},
                 "InvalidLookupAttributesException")):
            self.assertEqual(error_code(lookup, **kwargs), code)

    def test_the_history_ends_after_ninety_days(self):
        self.iam.create_user(UserName="a")
        self.server.advance("89d")
        self.assertEqual(len(self.ct.lookup_events(LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])["Events"]), 1)
        self.server.advance("2d")
        self.assertEqual(self.ct.lookup_events(LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])["Events"], [])

    def test_regions_and_zones(self):
        ec2 = self.server.client("ec2")
        self.assertEqual(len(ec2.describe_regions()["Regions"]), 17)
        self.assertGreater(len(ec2.describe_regions(AllRegions=True)["Regions"]), 30)
        one = ec2.describe_regions(Filters=[{"Name": "region-name", "Values": ["eu-west-?"]}])
        self.assertEqual(len(one["Regions"]), 3)
        self.assertEqual(error_code(ec2.describe_regions, Filters=[{"Name": "nonsense", "Values": ["x"]}]),
                         "InvalidParameterValue")
        zones = ec2.describe_availability_zones()["AvailabilityZones"]
        self.assertEqual([z["ZoneId"] for z in zones][:2], ["use1-az1", "use1-az2"])


if __name__ == "__main__":
    unittest.main()
