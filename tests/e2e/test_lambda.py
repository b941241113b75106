"""lambda through boto3: what is configured stays configured, what would need running is refused."""
import base64
import hashlib
import io
import json
import unittest
import zipfile

import harness

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
ARN = f"arn:aws:lambda:us-east-1:{harness.ACCOUNT}:function:fn"


def package(text="print(1)"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr(zipfile.ZipInfo("main.py"), text)
    return file.getvalue()


class LambdaTest(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.client = self.server.client("lambda")
        self.role = self.server.client("iam").create_role(
            RoleName="runner", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]

    def create(self, name="fn", **more):
        args = {"FunctionName": name, "Runtime": "python3.12", "Role": self.role,
                "Handler": "main.run", "Code": {"ZipFile": package()}}
        return self.client.create_function(**{**args, **more})

    @harness.needs_newest
    def test_a_function_is_created_as_aws_does(self):
        made = self.create(Environment={"Variables": {"SECRET": "hunter2"}}, Tags={"a": "b"})
        self.assertEqual(base64.b64encode(hashlib.sha256(package()).digest()).decode(), made["CodeSha256"])
        self.assertEqual(len(package()), made["CodeSize"])
        self.assertEqual((ARN, 3, 128, "$LATEST", "Zip", ["x86_64"], "Pending"),
                         tuple(made[k] for k in ("FunctionArn", "Timeout", "MemorySize", "Version",
                                                 "PackageType", "Architectures", "State")))
        self.assertEqual({"LogFormat": "Text", "LogGroup": "/aws/lambda/fn"}, made["LoggingConfig"])
        seen = self.client.get_function(FunctionName=ARN)
        self.assertEqual({"a": "b"}, seen["Tags"])
        self.assertEqual("Active", seen["Configuration"]["State"])
        self.assertEqual("Successful", seen["Configuration"]["LastUpdateStatus"])
        self.assertEqual({"Variables": {"SECRET": "hunter2"}}, seen["Configuration"]["Environment"])
        self.assertEqual({"RepositoryType": "S3"}, seen["Code"])
        self.client.get_waiter("function_active_v2").wait(FunctionName="fn")
        record = self.server.record("CreateFunction20150331")
        self.assertEqual(({}, "Pending", made["CodeSha256"]),
                         tuple(record["responseElements"][k] for k in ("environment", "state", "codeSha256")))
        self.assertNotIn("hunter2", json.dumps(record))
        self.assertNotIn("zipFile", json.dumps(record))

    def test_creation_is_refused_as_aws_does(self):
        self.create()
        self.assertEqual("Function already exist: fn",
                         self.refused("ResourceConflictException", self.create))
        self.assertEqual("The role defined for the function cannot be assumed by Lambda.",
                         self.refused("InvalidParameterValueException", self.create, name="b",
                                      Role=self.role + "s"))
        self.assertIn("Could not unzip",
                      self.refused("InvalidParameterValueException", self.create, name="b",
                                   Code={"ZipFile": b"no zip"}))
        self.assertIn("NoSuchBucket",
                      self.refused("InvalidParameterValueException", self.create, name="b",
                                   Code={"S3Bucket": "nowhere", "S3Key": "k"}))
        self.refused("AccessDeniedException", self.create, name="b",
                     Role="arn:aws:iam::999999999999:role/runner")
        self.assertIn("AWS_REGION",
                      self.refused("InvalidParameterValueException", self.create, name="b",
                                   Environment={"Variables": {"AWS_REGION": "x"}}))
        self.assertEqual(f"Function not found: {ARN[:-2]}b",
                         self.refused("ResourceNotFoundException", self.client.get_function, FunctionName="b"))

    def test_code_comes_from_s3_and_from_an_image(self):
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="a/b.zip", Body=package("x"))
        made = self.create(Code={"S3Bucket": "code", "S3Key": "a/b.zip"})
        self.assertEqual(base64.b64encode(hashlib.sha256(package("x")).digest()).decode(), made["CodeSha256"])
        self.assertIn("NoSuchKey", self.refused(
            "InvalidParameterValueException", self.client.update_function_code,
            FunctionName="fn", S3Bucket="code", S3Key="none"))
        digest = "0" * 64
        uri = f"{harness.ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/app@sha256:{digest}"
        image = self.client.create_function(FunctionName="image", Role=self.role, PackageType="Image",
                                            Code={"ImageUri": uri})
        self.assertEqual((digest, 0), (image["CodeSha256"], image["CodeSize"]))

    def test_updates_versions_and_aliases(self):
        first = self.create(Publish=True)
        self.assertEqual(("1", ARN + ":1"), (first["Version"], first["FunctionArn"]))
        again = self.client.publish_version(FunctionName="fn")
        self.assertEqual("1", again["Version"], "nothing changed")
        changed = self.client.update_function_configuration(FunctionName="fn", Timeout=9, MemorySize=256)
        self.assertEqual(("InProgress", 9), (changed["LastUpdateStatus"], changed["Timeout"]))
        self.refused("PreconditionFailedException", self.client.update_function_code,
                     FunctionName="fn", ZipFile=package("2"), RevisionId=first["RevisionId"])
        second = self.client.update_function_code(FunctionName="fn", ZipFile=package("2"), Publish=True)
        self.assertEqual("2", second["Version"])
        self.assertEqual(["$LATEST", "1", "2"], [v["Version"] for v in self.client.list_versions_by_function(
            FunctionName="fn")["Versions"]])
        self.assertEqual(3, self.client.get_function_configuration(FunctionName="fn", Qualifier="1")["Timeout"])
        alias = self.client.create_alias(FunctionName="fn", Name="live", FunctionVersion="1")
        self.assertEqual(ARN + ":live", alias["AliasArn"])
        self.refused("ResourceConflictException", self.client.create_alias, FunctionName="fn", Name="live",
                     FunctionVersion="1")
        self.refused("ResourceNotFoundException", self.client.create_alias, FunctionName="fn", Name="new",
                     FunctionVersion="7")
        self.refused("ResourceConflictException", self.client.delete_function, FunctionName="fn", Qualifier="1")
        self.client.update_alias(FunctionName="fn", Name="live", FunctionVersion="2")
        by_alias = self.client.get_function_configuration(FunctionName="fn:live")
        self.assertEqual((ARN + ":live", "2", 9), tuple(by_alias[k] for k in ("FunctionArn", "Version", "Timeout")))
        self.client.delete_function(FunctionName="fn", Qualifier="1")
        self.client.delete_alias(FunctionName="fn", Name="live")
        self.assertEqual([], self.client.list_aliases(FunctionName="fn")["Aliases"])
        self.client.delete_function(FunctionName="fn")
        self.refused("ResourceNotFoundException", self.client.list_versions_by_function, FunctionName="fn")
        self.assertIsNone(self.server.record("DeleteFunction20150331")["responseElements"])
        self.create(Publish=True)
        self.assertEqual(2, len(self.client.list_versions_by_function(FunctionName="fn")["Versions"]))

    def test_pages(self):
        for i in range(5):
            self.create(name=f"f{i}")
        pages = self.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
        self.assertEqual([["f0", "f1"], ["f2", "f3"], ["f4"]],
                         [[f["FunctionName"] for f in page["Functions"]] for page in pages])
        self.refused("InvalidParameterValueException", self.client.list_functions, Marker="!")

    def test_permissions(self):
        self.create()
        given = {"FunctionName": "fn", "StatementId": "s3", "Action": "lambda:InvokeFunction",
                 "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b", "SourceAccount": harness.ACCOUNT}
        statement = json.loads(self.client.add_permission(**given)["Statement"])
        self.assertEqual({"Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                          "Action": "lambda:InvokeFunction", "Resource": ARN,
                          "Condition": {"StringEquals": {"AWS:SourceAccount": harness.ACCOUNT},
                                        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}}, statement)
        self.refused("ResourceConflictException", self.client.add_permission, **given)
        self.client.add_permission(FunctionName="fn", StatementId="o", Action="lambda:*", Principal="999999999999")
        policy = json.loads(self.client.get_policy(FunctionName="fn")["Policy"])
        self.assertEqual(["s3", "o"], [s["Sid"] for s in policy["Statement"]])
        self.assertEqual({"AWS": "arn:aws:iam::999999999999:root"}, policy["Statement"][1]["Principal"])
        self.client.remove_permission(FunctionName="fn", StatementId="s3")
        self.refused("ResourceNotFoundException", self.client.remove_permission, FunctionName="fn",
                     StatementId="s3")
        self.client.remove_permission(FunctionName="fn", StatementId="o")
        self.refused("ResourceNotFoundException", self.client.get_policy, FunctionName="fn")
        self.assertEqual("s3.amazonaws.com",
                         self.server.record("AddPermission20150331v2")["requestParameters"]["principal"])

    def test_layers(self):
        layer = self.client.publish_layer_version(LayerName="lib", Content={"ZipFile": package()},
                                                  CompatibleRuntimes=["python3.12"])
        self.assertEqual((1, len(package())), (layer["Version"], layer["Content"]["CodeSize"]))
        made = self.create(Layers=[layer["LayerVersionArn"]])
        self.assertEqual([{"Arn": layer["LayerVersionArn"], "CodeSize": len(package())}], made["Layers"])
        self.refused("InvalidParameterValueException", self.create, name="b",
                     Layers=[layer["LayerArn"] + ":9"])
        self.client.publish_layer_version(LayerName="lib", Content={"ZipFile": package("2")})
        self.assertEqual([2, 1], [v["Version"] for v in
                                  self.client.list_layer_versions(LayerName="lib")["LayerVersions"]])
        listed = self.client.list_layers(CompatibleRuntime="python3.12")["Layers"]
        self.assertEqual([("lib", 1)], [(l["LayerName"], l["LatestMatchingVersion"]["Version"]) for l in listed])
        self.assertEqual(1, self.client.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])["Version"])
        self.client.add_layer_version_permission(LayerName="lib", VersionNumber=1, StatementId="x",
                                                 Action="lambda:GetLayerVersion", Principal="*")
        policy = json.loads(self.client.get_layer_version_policy(LayerName="lib", VersionNumber=1)["Policy"])
        self.assertEqual("*", policy["Statement"][0]["Principal"])
        self.client.remove_layer_version_permission(LayerName="lib", VersionNumber=1, StatementId="x")
        self.client.delete_layer_version(LayerName="lib", VersionNumber=2)
        self.refused("ResourceNotFoundException", self.client.get_layer_version, LayerName="lib", VersionNumber=2)
        self.assertEqual(3, self.client.publish_layer_version(
            LayerName="lib", Content={"ZipFile": package()})["Version"], "a number is given once")

    def test_an_event_source_mapping_says_that_nothing_polls(self):
        self.create()
        queue = f"arn:aws:sqs:us-east-1:{harness.ACCOUNT}:q"
        made = self.client.create_event_source_mapping(FunctionName="fn", EventSourceArn=queue)
        self.assertEqual(("Creating", 10, ARN), tuple(made[k] for k in ("State", "BatchSize", "FunctionArn")))
        seen = self.client.get_event_source_mapping(UUID=made["UUID"])
        self.assertEqual(("Disabled", "mocktrail polls no event sources"),
                         (seen["State"], seen["StateTransitionReason"]))
        self.refused("ResourceConflictException", self.client.create_event_source_mapping,
                     FunctionName="fn", EventSourceArn=queue)
        self.client.update_event_source_mapping(UUID=made["UUID"], BatchSize=5)
        listed = self.client.list_event_source_mappings(FunctionName="fn")["EventSourceMappings"]
        self.assertEqual([5], [m["BatchSize"] for m in listed])
        self.assertEqual("Deleting", self.client.delete_event_source_mapping(UUID=made["UUID"])["State"])
        self.refused("ResourceNotFoundException", self.client.get_event_source_mapping, UUID=made["UUID"])

    def test_settings_of_a_function(self):
        self.create()
        self.client.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=300)
        self.assertEqual(300, self.client.get_function(FunctionName="fn")["Concurrency"]["ReservedConcurrentExecutions"])
        self.assertEqual(700, self.client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])
        self.refused("InvalidParameterValueException", self.client.put_function_concurrency,
                     FunctionName="fn", ReservedConcurrentExecutions=901)
        self.client.delete_function_concurrency(FunctionName="fn")
        self.assertNotIn("ReservedConcurrentExecutions", self.client.get_function_concurrency(FunctionName="fn"))
        url = self.client.create_function_url_config(FunctionName="fn", AuthType="NONE")
        self.assertRegex(url["FunctionUrl"], r"^https://[a-z2-7]{32}\.lambda-url\.us-east-1\.on\.aws/$")
        self.refused("ResourceConflictException", self.client.create_function_url_config,
                     FunctionName="fn", AuthType="NONE")
        self.client.update_function_url_config(FunctionName="fn", AuthType="AWS_IAM")
        self.assertEqual("AWS_IAM", self.client.get_function_url_config(FunctionName="fn")["AuthType"])
        self.client.delete_function_url_config(FunctionName="fn")
        self.assertEqual([], self.client.list_function_url_configs(FunctionName="fn")["FunctionUrlConfigs"])
        self.client.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=1)
        self.client.update_function_event_invoke_config(FunctionName="fn", MaximumEventAgeInSeconds=60)
        config = self.client.get_function_event_invoke_config(FunctionName="fn")
        self.assertEqual((1, 60, ARN + ":$LATEST"), tuple(config[k] for k in (
            "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "FunctionArn")))
        self.client.delete_function_event_invoke_config(FunctionName="fn")
        self.refused("ResourceNotFoundException", self.client.get_function_event_invoke_config, FunctionName="fn")
        self.client.tag_resource(Resource=ARN, Tags={"a": "1", "b": "2"})
        self.client.untag_resource(Resource=ARN, TagKeys=["a"])
        self.assertEqual({"b": "2"}, self.client.list_tags(Resource=ARN)["Tags"])

    def test_nothing_is_run(self):
        self.create()
        self.assertIn("--upstream", self.refused("NotImplemented", self.client.invoke, FunctionName="fn"))
        self.refused("ResourceNotFoundException", self.client.invoke, FunctionName="none")
        self.refused("NotImplemented", self.create, name="b", CodeSigningConfigArn=(
            "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0"))


if __name__ == "__main__":
    unittest.main()
