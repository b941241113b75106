"""Secrets Manager through boto3: versions, stages, deletion, policies; KMS at work behind it."""
import json
import string
import unittest

import botocore.exceptions

import harness

OTHER = "444455556666"
TOKEN = "12345678-1234-1234-1234-%012d"


class Secrets(harness.ServerCase):
    def setUp(self):
        self.sm = self.server.client("secretsmanager")

    def refused(self, code, call, **kwargs):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"].get("Message", "")

    def test_life(self):
        sm = self.sm
        made = sm.create_secret(Name="db/one", SecretString="first", Description="d",
                                Tags=[{"Key": "a", "Value": "b"}])
        self.assertRegex(made["ARN"],
                         rf"^arn:aws:secretsmanager:us-east-1:{harness.ACCOUNT}:secret:db/one-\w{{6}}$")
        self.refused("ResourceExistsException", sm.create_secret, Name="db/one", SecretString="x")
        for name in ("db/one", made["ARN"], made["ARN"][:-7]):
            got = sm.get_secret_value(SecretId=name)
            self.assertEqual((got["SecretString"], got["VersionId"], got["VersionStages"]),
                             ("first", made["VersionId"], ["AWSCURRENT"]))
        put = sm.put_secret_value(SecretId="db/one", SecretBinary=b"\x00second")
        self.assertEqual(put["VersionStages"], ["AWSCURRENT"])
        self.assertEqual(sm.get_secret_value(SecretId="db/one")["SecretBinary"], b"\x00second")
        old = sm.get_secret_value(SecretId="db/one", VersionStage="AWSPREVIOUS")
        self.assertEqual((old["SecretString"], old["VersionId"]), ("first", made["VersionId"]))
        updated = sm.update_secret(SecretId="db/one", SecretString="third", Description="e")
        seen = sm.describe_secret(SecretId="db/one")
        self.assertEqual(seen["Description"], "e")
        self.assertEqual(seen["VersionIdsToStages"], {put["VersionId"]: ["AWSPREVIOUS"],
                                                      updated["VersionId"]: ["AWSCURRENT"]})
        self.assertEqual(seen["Tags"], [{"Key": "a", "Value": "b"}])
        kept = sm.list_secret_version_ids(SecretId="db/one")["Versions"]
        every = sm.list_secret_version_ids(SecretId="db/one", IncludeDeprecated=True)["Versions"]
        self.assertEqual((len(kept), len(every)), (2, 3))
        self.refused("ResourceNotFoundException", sm.get_secret_value, SecretId="db/one",
                     VersionStage="nope")
        self.refused("InvalidRequestException", sm.get_secret_value, SecretId="db/one",
                     VersionId=made["VersionId"], VersionStage="AWSCURRENT")

    def test_without_a_value(self):
        self.assertNotIn("VersionId", self.sm.create_secret(Name="empty"))
        self.assertEqual(self.refused("ResourceNotFoundException", self.sm.get_secret_value,
                                      SecretId="empty"),
                         "Secrets Manager can't find the specified secret value for staging label: "
                         "AWSCURRENT")
        self.assertEqual(self.refused("ResourceNotFoundException", self.sm.get_secret_value,
                                      SecretId="absent"),
                         "Secrets Manager can't find the specified secret.")
        self.refused("ValidationException", self.sm.create_secret, Name="a b")

    def test_token_makes_a_call_repeatable(self):
        sm = self.sm
        first = sm.create_secret(Name="tok", SecretString="v", ClientRequestToken=TOKEN % 1)
        again = sm.create_secret(Name="tok", SecretString="v", ClientRequestToken=TOKEN % 1)
        self.assertEqual((first["ARN"], first["VersionId"]), (again["ARN"], TOKEN % 1))
        self.refused("ResourceExistsException", sm.put_secret_value, SecretId="tok", SecretString="w",
                     ClientRequestToken=TOKEN % 1)

    def test_stages_by_hand(self):
        sm = self.sm
        sm.create_secret(Name="st", SecretString="1", ClientRequestToken=TOKEN % 11)
        sm.put_secret_value(SecretId="st", SecretString="2", ClientRequestToken=TOKEN % 12,
                            VersionStages=["NEXT"])
        self.assertEqual(sm.get_secret_value(SecretId="st")["SecretString"], "1")
        self.refused("InvalidParameterException", sm.update_secret_version_stage, SecretId="st",
                     VersionStage="AWSCURRENT", MoveToVersionId=TOKEN % 12)
        sm.update_secret_version_stage(SecretId="st", VersionStage="AWSCURRENT",
                                       MoveToVersionId=TOKEN % 12, RemoveFromVersionId=TOKEN % 11)
        self.assertEqual(sm.get_secret_value(SecretId="st")["SecretString"], "2")
        self.assertEqual(sm.get_secret_value(SecretId="st", VersionStage="AWSPREVIOUS")["VersionId"],
                         TOKEN % 11)
        sm.update_secret_version_stage(SecretId="st", VersionStage="NEXT",
                                       RemoveFromVersionId=TOKEN % 12)
        self.refused("ResourceNotFoundException", sm.get_secret_value, SecretId="st",
                     VersionStage="NEXT")

    @harness.needs_newest
    def test_list_filters_and_pages(self):
        sm = self.server.client("secretsmanager", region="eu-west-1")
        for i in range(5):
            sm.create_secret(Name=f"app/{i}", SecretString=str(i), Description=f"The number {i}",
                             Tags=[{"Key": "team", "Value": "blue" if i % 2 else "red"}])
        pages = sm.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2})
        self.assertEqual([s["Name"] for p in pages for s in p["SecretList"]],
                         [f"app/{i}" for i in range(5)])

        def named(key, *values):
            found = sm.list_secrets(Filters=[{"Key": key, "Values": list(values)}], SortBy="name")
            return [s["Name"][-1] for s in found["SecretList"]]
        self.assertEqual(named("name", "app/3"), ["3"])
        self.assertEqual(named("tag-value", "blue"), ["1", "3"])
        self.assertEqual(named("tag-value", "!blue"), ["0", "2", "4"])
        self.assertEqual(named("description", "4"), ["4"])
        self.assertEqual(named("all", "RED"), ["0", "2", "4"])
        got = sm.batch_get_secret_value(SecretIdList=["app/1", "gone"])
        self.assertEqual([v["SecretString"] for v in got["SecretValues"]], ["1"])
        self.assertEqual([(e["SecretId"], e["ErrorCode"]) for e in got["Errors"]],
                         [("gone", "ResourceNotFoundException")])
        values, token = [], {}
        while token is not None:
            got = sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["app/"]}],
                                            MaxResults=2, **token)
            values += [v["SecretString"] for v in got["SecretValues"]]
            token = {"NextToken": got["NextToken"]} if "NextToken" in got else None
        self.assertEqual(values, list("01234"))

    def test_tags_and_policy(self):
        sm = self.sm
        arn = sm.create_secret(Name="shared", SecretString="s")["ARN"]
        sm.tag_resource(SecretId="shared", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        sm.untag_resource(SecretId="shared", TagKeys=["a"])
        self.assertEqual(sm.describe_secret(SecretId=arn)["Tags"], [{"Key": "b", "Value": "2"}])
        stranger = self.server.client("secretsmanager", key=OTHER)
        self.refused("AccessDeniedException", stranger.get_secret_value, SecretId=arn)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "secretsmanager:GetSecretValue",
             "Resource": "*"}]})
        sm.put_resource_policy(SecretId="shared", ResourcePolicy=policy)
        self.assertEqual(sm.get_resource_policy(SecretId="shared")["ResourcePolicy"], policy)
        # let in by the secret, kept out by the AWS managed key
        self.assertEqual(self.refused("AccessDeniedException", stranger.get_secret_value, SecretId=arn),
                         "Access to KMS is not allowed")
        self.refused("MalformedPolicyDocumentException", sm.put_resource_policy, SecretId="shared",
                     ResourcePolicy="{}")
        public = policy.replace(OTHER, "*")
        self.refused("PublicPolicyException", sm.put_resource_policy, SecretId="shared",
                     ResourcePolicy=public, BlockPublicPolicy=True)
        self.assertFalse(sm.validate_resource_policy(ResourcePolicy=public)["PolicyValidationPassed"])
        sm.delete_resource_policy(SecretId="shared")
        self.assertNotIn("ResourcePolicy", sm.get_resource_policy(SecretId="shared"))

    def test_random_password(self):
        word = self.sm.get_random_password(PasswordLength=20, ExcludePunctuation=True,
                                           ExcludeCharacters="abc")["RandomPassword"]
        self.assertEqual(len(word), 20)
        self.assertLessEqual(set(word), set(string.ascii_letters + string.digits) - set("abc"))
        for letters in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
            self.assertTrue(set(word) & set(letters))
        self.refused("InvalidParameterException", self.sm.get_random_password, PasswordLength=3)

    def test_rotation_needs_a_function_that_runs(self):
        self.sm.create_secret(Name="rot", SecretString="s")
        self.refused("InvalidRequestException", self.sm.rotate_secret, SecretId="rot")
        self.refused("AccessDeniedException", self.sm.rotate_secret, SecretId="rot",
                     RotationLambdaARN=f"arn:aws:lambda:us-east-1:{harness.ACCOUNT}:function:no",
                     RotationRules={"AutomaticallyAfterDays": 30})
        self.assertNotIn("RotationEnabled", self.sm.describe_secret(SecretId="rot"))

    def test_the_key_decides(self):
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.sm.create_secret(Name="own", SecretString="s", KmsKeyId=key)
        self.assertEqual(self.sm.get_secret_value(SecretId="own")["SecretString"], "s")
        kms.disable_key(KeyId=key)
        self.refused("DecryptionFailure", self.sm.get_secret_value, SecretId="own")
        self.refused("EncryptionFailure", self.sm.put_secret_value, SecretId="own", SecretString="t")


class SecretsOverTime(harness.ServerCase):
    OPTIONS = ("--no-default-trail",)

    @harness.needs_newest
    def test_deletion_window(self):
        sm = self.server.client("secretsmanager")
        sm.create_secret(Name="soon", SecretString="s")
        self.assertEqual(harness.error_code(sm.delete_secret, SecretId="soon", RecoveryWindowInDays=6),
                         "InvalidParameterException")
        sm.delete_secret(SecretId="soon", RecoveryWindowInDays=7)
        self.assertEqual(harness.error_code(sm.get_secret_value, SecretId="soon"),
                         "InvalidRequestException")
        self.assertEqual(harness.error_code(sm.create_secret, Name="soon"), "InvalidRequestException")
        self.assertIn("DeletedDate", sm.describe_secret(SecretId="soon"))
        self.assertEqual(sm.list_secrets()["SecretList"], [])
        self.assertEqual(len(sm.list_secrets(IncludePlannedDeletion=True)["SecretList"]), 1)
        sm.restore_secret(SecretId="soon")
        self.assertEqual(sm.get_secret_value(SecretId="soon")["SecretString"], "s")
        sm.delete_secret(SecretId="soon", RecoveryWindowInDays=7)
        self.server.advance("169h")
        self.assertEqual(harness.error_code(sm.describe_secret, SecretId="soon"),
                         "ResourceNotFoundException")
        sm.create_secret(Name="soon", SecretString="new")
        self.assertEqual(sm.get_secret_value(SecretId="soon")["SecretString"], "new")
        sm.delete_secret(SecretId="soon", ForceDeleteWithoutRecovery=True)
        again = sm.delete_secret(SecretId="soon", ForceDeleteWithoutRecovery=True)
        self.assertEqual(again["Name"], "soon")
        self.assertEqual(harness.error_code(sm.restore_secret, SecretId="soon"),
                         "ResourceNotFoundException")


class SecretsOnRecord(harness.ServerCase):
    @harness.needs_newest
    def test_kms_is_on_record_and_the_secret_is_nowhere(self):
        mark = b"marked-secret-0815"
        sm = self.server.client("secretsmanager")
        arn = sm.create_secret(Name="rec", SecretString=mark.decode())["ARN"]
        sm.put_secret_value(SecretId="rec", SecretBinary=mark)
        sm.get_secret_value(SecretId="rec")
        sm.batch_get_secret_value(SecretIdList=["rec"])
        self.server.flush()
        records = sorted(self.server.records(), key=lambda r: r["eventTime"])
        names = [r["eventName"] for r in records]
        self.assertEqual(sorted(names), sorted([
            "CreateSecret", "GenerateDataKey", "PutSecretValue", "GenerateDataKey", "GetSecretValue",
            "Decrypt", "BatchGetSecretValue", "GetSecretValue", "Decrypt"]))
        made = records[names.index("GenerateDataKey")]
        self.assertEqual(made["userIdentity"]["invokedBy"], "secretsmanager.amazonaws.com")
        self.assertEqual(made["sourceIPAddress"], "secretsmanager.amazonaws.com")
        self.assertEqual(made["requestParameters"]["keyId"], "alias/aws/secretsmanager")
        self.assertEqual(made["requestParameters"]["encryptionContext"]["SecretARN"], arn)
        self.assertRegex(made["resources"][0]["ARN"], ":key/")
        self.assertNotIn("invokedBy", records[names.index("GetSecretValue")]["userIdentity"])
        files = [p for p in self.server.data.rglob("*") if p.is_file()] + [self.server.log_path]
        self.assertEqual([p for p in files if mark in p.read_bytes()], [])


if __name__ == "__main__":
    unittest.main()
