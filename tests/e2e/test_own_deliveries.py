#!/usr/bin/env python3
"""What CloudTrail itself does in S3 when it delivers is on record, once, and never for ever."""
import json
import unittest

import harness
from harness import error_code
from test_cloudtrail import policy
from test_repeatable import free_port, tree
from test_trails import TrailCase

HOST = "cloudtrail.amazonaws.com"
OTHER = "444455556666"


def own(records):
    return [r for r in records if r["userIdentity"].get("invokedBy") == HOST]


class OwnDeliveries(TrailCase):
    def delivered(self, bucket):
        """Own records of the bucket's trail, by name."""
        records = own(self.server.records(bucket))
        return ([r for r in records if r["eventName"] == "GetBucketAcl"],
                [r for r in records if r["eventName"] == "PutObject"])

    def logging(self, name, bucket, **options):
        arn = self.trail(name, bucket, **options)
        self.ct.put_event_selectors(TrailName=name, AdvancedEventSelectors=[
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]},
                                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}])
        return arn

    def test_a_delivery_is_seen_in_the_next_one(self):
        self.bucket("logs")
        self.logging("all", "logs")
        self.server.advance("5m")
        first = self.keys("logs")
        self.assertEqual(own(self.server.records("logs")), [])
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        (acl,), (put,) = self.delivered("logs")
        self.assertEqual(acl["userIdentity"], {"type": "AWSService", "invokedBy": HOST})
        for record in (acl, put):
            self.assertEqual((record["sourceIPAddress"], record["userAgent"]), (HOST, HOST))
            self.assertEqual((record["awsRegion"], record["recipientAccountId"]), ("us-east-1", harness.ACCOUNT))
            self.assertEqual(record["eventTime"], "2026-01-05T09:00:05Z")  # --deliver-every 5s
            self.assertEqual(record["requestParameters"]["Host"], "logs.s3.us-east-1.amazonaws.com")
            self.assertIn("sharedEventID", record)
            self.assertIn("x-amz-id-2", record["additionalEventData"])
        self.assertEqual(acl["requestParameters"], {
            "bucketName": "logs", "Host": "logs.s3.us-east-1.amazonaws.com", "acl": ""})
        self.assertEqual((acl["managementEvent"], acl["readOnly"], acl["eventCategory"]), (True, True, "Management"))
        self.assertEqual(acl["resources"], [
            {"accountId": harness.ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::logs"}])
        self.assertEqual((put["managementEvent"], put["readOnly"], put["eventCategory"]), (False, False, "Data"))
        self.assertEqual([put["requestParameters"]["key"]], first)
        self.assertEqual(put["requestParameters"]["x-amz-acl"], "bucket-owner-full-control")
        self.assertEqual(put["responseElements"], {"x-amz-server-side-encryption": "AES256"})
        self.assertEqual(put["additionalEventData"]["bytesTransferredIn"],
                         (self.server.data / "buckets/logs" / first[0]).stat().st_size)
        seen = [json.loads(e["CloudTrailEvent"])["eventID"] for e in self.ct.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetBucketAcl"}])["Events"]]
        self.assertIn(acl["eventID"], seen)

    def test_an_idle_emulator_stays_idle(self):
        self.bucket("logs")
        self.logging("all", "logs")
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        files = self.keys("logs")
        self.server.advance("3h")
        self.assertEqual(self.keys("logs"), files)
        for n in range(1, 4):  # a flush delivers what is there, and ends
            self.server.flush()
            self.assertEqual(len(self.keys("logs")), len(files) + n)
        acls, puts = self.delivered("logs")
        self.assertEqual((len(acls), len(puts)), (3, 3))
        put = {p["requestParameters"]["key"] for p in puts}
        self.assertEqual(len(put & set(self.keys("logs"))), 3)  # the last file's own record waits

    def test_the_owner_of_the_bucket_sees_it(self):
        stranger = self.server.client("s3", key=OTHER)
        stranger.create_bucket(Bucket="theirs")
        stranger.put_bucket_policy(Bucket="theirs", Policy=policy("theirs", harness.ACCOUNT))
        self.bucket("mine")
        self.logging("away", "theirs")
        self.logging("home", "mine")
        self.server.advance("5m")
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        acls, puts = self.delivered("mine")
        self.assertEqual({r["requestParameters"]["bucketName"] for r in acls + puts}, {"mine"})
        self.assertEqual(self.delivered("theirs"), self.delivered("mine"))
        theirs = self.server.client("cloudtrail", key=OTHER).lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetBucketAcl"}])["Events"]
        self.assertTrue(theirs)
        for event in theirs:
            record = json.loads(event["CloudTrailEvent"])
            self.assertEqual(record["recipientAccountId"], OTHER)
            self.assertEqual(record["requestParameters"]["bucketName"], "theirs")

    def test_every_file_is_put_once_and_all_are_valid(self):
        self.bucket("logs")
        arn = self.logging("all", "logs", EnableLogFileValidation=True, IsMultiRegionTrail=True)
        for n in range(6):
            self.server.client("sts", region=("us-east-1", "eu-west-1")[n % 2]).get_caller_identity()
            self.server.advance("5m")
        self.server.flush()
        self.server.flush()
        puts = [p["requestParameters"]["key"] for p in self.delivered("logs")[1]]
        self.assertEqual(len(puts), len(set(puts)))
        waiting = set(self.keys("logs")) - set(puts)  # the last delivery's own
        self.assertEqual(len(waiting), 1)
        self.server.advance("1h")
        self.assertNotIn("INVALID", self.validate(arn))


class WithAKey(TrailCase):
    def key(self):
        statement = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{harness.ACCOUNT}:root"}, "Action": "kms:*",
                      "Resource": "*"},
                     {"Effect": "Allow", "Principal": {"Service": HOST}, "Action": "kms:GenerateDataKey*", "Resource": "*",
                      "Condition": {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn":
                                                   f"arn:aws:cloudtrail:*:{harness.ACCOUNT}:trail/*"}}}]
        return self.server.client("kms").create_key(Policy=json.dumps(
            {"Version": "2012-10-17", "Statement": statement}))["KeyMetadata"]["Arn"]

    def test_each_file_has_a_data_key(self):
        arn, kms = self.key(), self.server.client("kms")
        self.bucket("logs")
        self.trail("sealed", "logs", KmsKeyId=arn, EnableLogFileValidation=True)
        self.assertEqual(self.ct.get_trail(Name="sealed")["Trail"]["KmsKeyId"], arn)
        self.iam.create_user(UserName="a")
        self.server.advance("5m")
        file, = self.keys("logs")
        head = self.s3.head_object(Bucket="logs", Key=file)
        self.assertEqual((head["ServerSideEncryption"], head["SSEKMSKeyId"]), ("aws:kms", arn))
        self.iam.create_user(UserName="b")
        self.server.advance("5m")
        asked = [r for r in own(self.server.records("logs")) if r["eventName"] == "GenerateDataKey"]
        trail = f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/sealed"
        self.assertEqual([r["requestParameters"]["encryptionContext"] for r in asked], [
            {"aws:cloudtrail:arn": trail, "aws:s3:arn": f"arn:aws:s3:::logs/{file}"}])
        record = asked[0]
        self.assertEqual((record["userIdentity"], record["sourceIPAddress"], record["requestParameters"]["keyId"]),
                         ({"type": "AWSService", "invokedBy": HOST}, HOST, arn))
        self.assertEqual(record["resources"], [{"accountId": harness.ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn}])
        kms.disable_key(KeyId=arn)
        self.server.advance("5m")
        self.assertEqual(self.ct.get_trail_status(Name="sealed")["LatestDeliveryError"], "KMS.DisabledException")
        count = len(self.keys("logs"))
        kms.enable_key(KeyId=arn)
        self.server.advance("10m")
        self.assertGreater(len(self.keys("logs")), count)
        self.assertIn("DisableKey", self.names("logs"))

    def test_a_key_is_tried_when_it_is_given(self):
        self.bucket("logs")
        create = self.ct.create_trail
        bare = self.server.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.assertEqual(error_code(create, Name="tried", S3BucketName="logs", KmsKeyId=bare),
                         "InsufficientEncryptionPolicyException")
        self.assertEqual(error_code(create, Name="tried", S3BucketName="logs", KmsKeyId=bare[:-12] + "000000000000"),
                         "KmsKeyNotFoundException")
        arn = self.key()
        self.assertEqual(create(Name="tried", S3BucketName="logs", KmsKeyId=arn)["KmsKeyId"], arn)
        seen = [json.loads(e["CloudTrailEvent"]) for e in self.ct.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GenerateDataKey"}])["Events"]]
        self.assertEqual([r["userIdentity"] for r in seen], [{"type": "AWSService", "invokedBy": HOST}])
        self.ct.update_trail(Name="tried", KmsKeyId="")
        self.assertNotIn("KmsKeyId", self.ct.get_trail(Name="tried")["Trail"])


class DefaultTrail(unittest.TestCase):
    def test_its_own_deliveries_are_not_recorded(self):
        with harness.Server() as server:
            server.client("iam").create_user(UserName="a")
            server.advance("10m")
            server.flush()
            server.flush()
            self.assertEqual(own(server.records()), [])
            self.assertEqual(len(server.log_files()), 1)

    def test_a_second_trail_beside_it(self):
        """Both take the second's records; it ends all the same, and a restart goes on where it was."""
        listen, trees = f"127.0.0.1:{free_port()}", []
        for _ in range(2):
            with harness.Server(seed=11, listen=listen) as server:
                s3, ct = server.client("s3"), server.client("cloudtrail")
                s3.create_bucket(Bucket="second")
                s3.put_bucket_policy(Bucket="second", Policy=policy("second", harness.ACCOUNT))
                ct.create_trail(Name="second", S3BucketName="second")
                ct.start_logging(Name="second")
                for n in range(3):
                    server.client("iam").create_user(UserName=f"u{n}")
                    server.advance("5m")
                server.flush()
                ids = [r["eventID"] for r in own(server.records())]
                self.assertEqual(len(ids), len(set(ids)))
                names = [r["eventName"] for r in own(server.records())]
                self.assertEqual((names.count("GetBucketAcl"), names.count("PutObject")), (3, 3))
                self.assertEqual({r["requestParameters"]["bucketName"] for r in own(server.records())}, {"second"})
                trees.append(tree(server))
        self.assertEqual(trees[0], trees[1])
        self.assertGreater(len(trees[0]), 0)


if __name__ == "__main__":
    unittest.main()
