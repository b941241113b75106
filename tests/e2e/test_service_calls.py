#!/usr/bin/env python3
"""What a service does at another one is on record: by whom, where from, in whose account."""
import io
import json
import unittest
import zipfile

import harness

OTHER = "444455556666"


def trust(host):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": host}, "Action": "sts:AssumeRole"}]})


def package():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): pass\n")
    return out.getvalue()


class ServiceCalls(harness.FreshCase):
    def role(self, name, host):
        return self.server.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=trust(host))["Role"]["Arn"]

    def records(self, name):
        self.server.flush()
        return [r for r in self.server.records() if r["eventName"] == name]

    def assumed_by(self, host, arn):
        record, = self.records("AssumeRole")
        self.assertEqual(record["userIdentity"], {"type": "AWSService", "invokedBy": host})
        self.assertEqual((record["sourceIPAddress"], record["userAgent"]), (host, host))
        self.assertEqual(record["requestParameters"]["roleArn"], arn)
        self.assertEqual(set(record["responseElements"]["credentials"]),
                         {"accessKeyId", "sessionToken", "expiration"})
        self.assertEqual(record["recipientAccountId"], harness.ACCOUNT)
        self.assertEqual(record["resources"], [
            {"accountId": harness.ACCOUNT, "type": "AWS::IAM::Role", "ARN": arn}])
        self.assertIn("sharedEventID", record)
        return record["requestParameters"]["roleSessionName"]

    def test_lambda_assumes_the_role_of_a_new_function(self):
        arn = self.role("worker", "lambda.amazonaws.com")
        self.server.client("lambda").create_function(
            FunctionName="f", Runtime="python3.12", Role=arn, Handler="index.handler",
            Code={"ZipFile": package()})
        self.assertRegex(self.assumed_by("lambda.amazonaws.com", arn), r"^awslambda_\d+_\d{17}$")

    def test_ec2_assumes_the_role_of_an_instance_profile(self):
        arn = self.role("machine", "ec2.amazonaws.com")
        iam, ec2 = self.server.client("iam"), self.server.client("ec2")
        iam.create_instance_profile(InstanceProfileName="machines")
        iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="machine")
        made = ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1,
                                 IamInstanceProfile={"Name": "machines"})["Instances"][0]
        self.assertEqual(self.assumed_by("ec2.amazonaws.com", arn), made["InstanceId"])

    def test_a_role_that_trusts_somebody_else_is_not_assumed(self):
        self.role("machine", "lambda.amazonaws.com")
        iam, ec2 = self.server.client("iam"), self.server.client("ec2")
        iam.create_instance_profile(InstanceProfileName="machines")
        iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="machine")
        ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1,
                          IamInstanceProfile={"Name": "machines"})
        self.assertEqual(self.records("AssumeRole"), [])
        self.assertEqual(len(self.records("RunInstances")), 1)

    def test_who_owns_a_key_sees_that_others_use_it(self):
        kms, stranger = self.server.client("kms"), self.server.client("kms", key=OTHER)
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{harness.ACCOUNT}:root",
                                                      f"arn:aws:iam::{OTHER}:root"]},
             "Action": "kms:*", "Resource": "*"}]}
        arn = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
        stranger.encrypt(KeyId=arn, Plaintext=b"x")
        both = {r["recipientAccountId"]: r for r in self.records("Encrypt")}
        self.assertEqual(set(both), {harness.ACCOUNT, OTHER})
        owners, users = both[harness.ACCOUNT], both[OTHER]
        self.assertEqual(owners["sharedEventID"], users["sharedEventID"])
        self.assertNotEqual(owners["eventID"], users["eventID"])
        self.assertEqual(owners["userIdentity"]["accountId"], OTHER)
        for record in both.values():
            self.assertEqual(record["resources"], [
                {"accountId": harness.ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn}])
        kms.encrypt(KeyId=arn, Plaintext=b"x")
        self.assertEqual(len(self.records("Encrypt")), 3)

    def test_s3_asks_kms_for_objects_under_kms(self):
        s3, kms = self.server.client("s3"), self.server.client("kms")
        s3.create_bucket(Bucket="sealed")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        put = s3.put_object(Bucket="sealed", Key="k", Body=b"text", ServerSideEncryption="aws:kms",
                            SSEKMSKeyId=arn)
        self.assertEqual((put["ServerSideEncryption"], put["SSEKMSKeyId"]), ("aws:kms", arn))
        self.assertEqual(s3.get_object(Bucket="sealed", Key="k")["Body"].read(), b"text")
        for name in ("GenerateDataKey", "Decrypt"):
            record, = self.records(name)
            self.assertEqual(record["userIdentity"]["invokedBy"], "AWS Internal")
            self.assertEqual(record["userIdentity"]["accountId"], harness.ACCOUNT)
            self.assertEqual((record["sourceIPAddress"], record["userAgent"]), ("AWS Internal",) * 2)
            self.assertEqual(record["requestParameters"]["encryptionContext"],
                             {"aws:s3:arn": "arn:aws:s3:::sealed/k"})
            self.assertEqual(record["resources"][0]["ARN"], arn)
        s3.head_object(Bucket="sealed", Key="k")
        self.assertEqual(len(self.records("Decrypt")), 1)

    def sealed(self):
        s3, kms = self.server.client("s3"), self.server.client("kms")
        s3.create_bucket(Bucket="sealed")
        s3.create_bucket(Bucket="plain")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        return s3, kms, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}

    def contexts(self, name):
        return [r["requestParameters"]["encryptionContext"]["aws:s3:arn"].removeprefix("arn:aws:s3:::")
                for r in self.records(name) if r["userIdentity"].get("invokedBy") == "AWS Internal"]

    def test_each_part_of_an_upload_opens_its_key(self):
        s3, kms, how = self.sealed()
        by = {"Bucket": "sealed", "Key": "big"}
        by["UploadId"] = s3.create_multipart_upload(**by, **how)["UploadId"]
        self.assertEqual(self.contexts("GenerateDataKey"), ["sealed/big"])
        s3.put_object(Bucket="plain", Key="from", Body=b"y" * 10)
        tags = [s3.upload_part(**by, PartNumber=1, Body=b"x" * (5 << 20))["ETag"],
                s3.upload_part_copy(**by, PartNumber=2, CopySource="plain/from")["CopyPartResult"]["ETag"]]
        self.assertEqual(self.contexts("Decrypt"), ["sealed/big"] * 2)
        self.refused("NoSuchUpload", s3.upload_part, **{**by, "UploadId": "0" * 96}, PartNumber=1, Body=b"x")
        kms.disable_key(KeyId=how["SSEKMSKeyId"])
        self.refused("KMS.DisabledException", s3.upload_part, **by, PartNumber=3, Body=b"x")
        kms.enable_key(KeyId=how["SSEKMSKeyId"])
        s3.complete_multipart_upload(**by, MultipartUpload={"Parts": [
            {"PartNumber": n, "ETag": t} for n, t in enumerate(tags, 1)]})
        self.assertEqual(s3.head_object(Bucket="sealed", Key="big")["ContentLength"], (5 << 20) + 10)
        self.assertEqual([r["eventName"] for r in self.records("UploadPart")], ["UploadPart"] * 3)

    def test_the_source_of_a_copy_is_opened(self):
        s3, kms, how = self.sealed()
        s3.put_object(Bucket="sealed", Key="a/k", Body=b"text", **how)
        s3.copy_object(Bucket="plain", Key="c", CopySource="sealed/a/k")
        self.assertEqual(self.contexts("Decrypt"), ["sealed/a/k"])
        s3.copy_object(Bucket="plain", Key="d", CopySource="plain/c", **how)
        self.assertEqual(len(self.contexts("Decrypt")), 1)
        self.assertEqual(self.contexts("GenerateDataKey"), ["sealed/a/k", "plain/d"])
        kms.disable_key(KeyId=how["SSEKMSKeyId"])
        self.refused("KMS.DisabledException", s3.copy_object, Bucket="plain", Key="e", CopySource="sealed/a/k")
        self.refused("NoSuchKey", s3.copy_object, Bucket="plain", Key="e", CopySource="sealed/none")
        self.assertNotIn("e", [o["Key"] for o in s3.list_objects_v2(Bucket="plain")["Contents"]])

    def test_without_the_key_there_is_no_object(self):
        s3, kms = self.server.client("s3"), self.server.client("kms")
        s3.create_bucket(Bucket="sealed")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms",
                                                    "KMSMasterKeyID": arn}}]})
        self.assertEqual(s3.put_object(Bucket="sealed", Key="k", Body=b"x")["SSEKMSKeyId"], arn)
        kms.disable_key(KeyId=arn)
        self.refused("KMS.DisabledException", s3.get_object, Bucket="sealed", Key="k")
        self.refused("KMS.DisabledException", s3.put_object, Bucket="sealed", Key="l", Body=b"x")
        self.refused("KMS.NotFoundException", s3.put_object, Bucket="sealed", Key="l", Body=b"x",
                     ServerSideEncryption="aws:kms",
                     SSEKMSKeyId=arn[:-12] + "000000000000")
        self.assertEqual([o["Key"] for o in s3.list_objects_v2(Bucket="sealed")["Contents"]], ["k"])
        s3.put_object(Bucket="sealed", Key="own", Body=b"x", ServerSideEncryption="aws:kms")
        self.assertEqual(s3.get_object(Bucket="sealed", Key="own")["Body"].read(), b"x")


if __name__ == "__main__":
    unittest.main()
