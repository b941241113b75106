"""Systems Manager through boto3: parameters, documents, commands that never claim to have run."""
import base64
import json
import unittest

import botocore.exceptions

import harness

OTHER = "444455556666"
CONTENT = {"schemaVersion": "2.2", "description": "says hello",
           "parameters": {"word": {"type": "String", "default": "hello"}},
           "mainSteps": [{"action": "aws:runShellScript", "name": "s", "inputs": {"runCommand": ["echo"]}}]}


class Ssm(harness.ServerCase):
    def setUp(self):
        self.ssm = self.server.client("ssm")

    def refused(self, code, call, **kwargs):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"].get("Message", "")


class Parameters(Ssm):
    def test_life(self):
        ssm = self.ssm
        put = ssm.put_parameter(Name="/app/db", Value="one", Type="String", Description="d",
                                Tags=[{"Key": "a", "Value": "b"}])
        self.assertEqual((put["Version"], put["Tier"]), (1, "Standard"))
        self.refused("ParameterAlreadyExists", ssm.put_parameter, Name="/app/db", Value="x", Type="String")
        self.assertEqual(ssm.put_parameter(Name="/app/db", Value="two", Overwrite=True)["Version"], 2)
        got = ssm.get_parameter(Name="/app/db")["Parameter"]
        self.assertEqual((got["Value"], got["Version"], got["Type"], got["DataType"], got["ARN"]),
                         ("two", 2, "String", "text",
                          f"arn:aws:ssm:us-east-1:{harness.ACCOUNT}:parameter/app/db"))
        self.assertEqual(ssm.get_parameter(Name=got["ARN"])["Parameter"]["Value"], "two")
        first = ssm.get_parameter(Name="/app/db:1")["Parameter"]
        self.assertEqual((first["Value"], first["Selector"]), ("one", ":1"))
        ssm.label_parameter_version(Name="/app/db", ParameterVersion=1, Labels=["prod"])
        bad = ssm.label_parameter_version(Name="/app/db", Labels=["9no", "aws-x"])
        self.assertEqual(bad["InvalidLabels"], ["9no", "aws-x"])
        self.assertEqual(ssm.get_parameter(Name="/app/db:prod")["Parameter"]["Value"], "one")
        history = ssm.get_parameter_history(Name="/app/db")["Parameters"]
        self.assertEqual([(h["Version"], h["Value"], h["Labels"]) for h in history],
                         [(1, "one", ["prod"]), (2, "two", [])])
        self.assertEqual(ssm.unlabel_parameter_version(Name="/app/db", ParameterVersion=1,
                                                       Labels=["prod"])["RemovedLabels"], ["prod"])
        self.refused("ParameterVersionNotFound", ssm.get_parameter, Name="/app/db:7")
        self.assertEqual(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/db")[
            "TagList"], [{"Key": "a", "Value": "b"}])
        ssm.delete_parameter(Name="/app/db")
        self.refused("ParameterNotFound", ssm.get_parameter, Name="/app/db")
        self.refused("ParameterNotFound", ssm.delete_parameter, Name="/app/db")

    def test_secure_string_needs_its_key(self):
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.ssm.put_parameter(Name="safe", Value="plain", Type="SecureString", KeyId=key)
        sealed = self.ssm.get_parameter(Name="safe")["Parameter"]["Value"]
        self.assertNotIn(b"plain", base64.b64decode(sealed))
        opened = self.ssm.get_parameter(Name="safe", WithDecryption=True)["Parameter"]
        self.assertEqual((opened["Value"], opened["Type"]), ("plain", "SecureString"))
        direct = kms.decrypt(CiphertextBlob=base64.b64decode(sealed), EncryptionContext={
            "PARAMETER_ARN": opened["ARN"]})
        self.assertEqual(direct["Plaintext"], b"plain")
        kms.disable_key(KeyId=key)
        self.refused("InvalidKeyId", self.ssm.get_parameter, Name="safe", WithDecryption=True)
        self.refused("InvalidKeyId", self.ssm.put_parameter, Name="safe2", Value="x",
                     Type="SecureString", KeyId="alias/none")
        self.refused("ParameterNotFound", self.ssm.get_parameter, Name="safe2")

    def test_paths_and_filters(self):
        ssm = self.server.client("ssm", region="eu-west-1")
        for i, name in enumerate(["/a/1", "/a/2", "/a/b/3", "/ab/4", "flat"]):
            ssm.put_parameter(Name=name, Value=str(i), Type="StringList" if i == 1 else "String")

        def names(**kwargs):
            pages = ssm.get_paginator("get_parameters_by_path").paginate(
                PaginationConfig={"PageSize": 1}, **kwargs)
            return [p["Name"] for page in pages for p in page["Parameters"]]
        self.assertEqual(names(Path="/a"), ["/a/1", "/a/2"])
        self.assertEqual(names(Path="/a/", Recursive=True), ["/a/1", "/a/2", "/a/b/3"])
        self.assertEqual(names(Path="/", Recursive=True), ["/a/1", "/a/2", "/a/b/3", "/ab/4"])
        self.refused("InvalidFilterKey", ssm.get_parameters_by_path, Path="/a",
                     ParameterFilters=[{"Key": "Name", "Values": ["x"]}])

        def described(key, option, *values):
            found = ssm.describe_parameters(ParameterFilters=[
                {"Key": key, "Option": option, "Values": list(values)}])
            return [p["Name"] for p in found["Parameters"]]
        self.assertEqual(described("Name", "BeginsWith", "/a/"), ["/a/1", "/a/2", "/a/b/3"])
        self.assertEqual(described("Name", "Contains", "b"), ["/a/b/3", "/ab/4"])
        self.assertEqual(described("Type", "Equals", "StringList"), ["/a/2"])
        self.assertEqual(described("Path", "OneLevel", "/a"), ["/a/1", "/a/2"])
        got = ssm.get_parameters(Names=["/a/1", "no", "flat"])
        self.assertEqual(([p["Value"] for p in got["Parameters"]], got["InvalidParameters"]),
                         (["0", "4"], ["no"]))
        gone = ssm.delete_parameters(Names=["/a/1", "no"])
        self.assertEqual((gone["DeletedParameters"], gone["InvalidParameters"]), (["/a/1"], ["no"]))

    def test_bad_values_are_refused(self):
        put = self.ssm.put_parameter
        self.refused("ValidationException", put, Name="x", Value="v")
        self.refused("ValidationException", put, Name="x", Value="v" * 4097, Type="String")
        self.assertEqual(put(Name="big", Value="v" * 4097, Type="String", Tier="Advanced")["Tier"],
                         "Advanced")
        self.refused("ParameterPatternMismatchException", put, Name="x", Value="abc", Type="String",
                     AllowedPattern=r"\d+")
        put(Name="digits", Value="123", Type="String", AllowedPattern=r"\d+")
        self.refused("AccessDeniedException", put, Name="/aws/x", Value="v", Type="String")
        self.refused("ValidationException", put, Name="ssmx", Value="v", Type="String")
        self.refused("HierarchyLevelLimitExceededException", put, Name="/x" * 16, Value="v",
                     Type="String")
        self.refused("ValidationException", put, Name="big", Value="v", Overwrite=True,
                     Tags=[{"Key": "a", "Value": "b"}])


class Documents(Ssm):
    def test_life(self):
        ssm = self.ssm
        made = ssm.create_document(Name="Hello", Content=json.dumps(CONTENT), DocumentType="Command",
                                   VersionName="v1")["DocumentDescription"]
        self.assertEqual((made["DocumentVersion"], made["SchemaVersion"], made["Owner"],
                          made["Description"], made["Status"]),
                         ("1", "2.2", harness.ACCOUNT, "says hello", "Creating"))
        self.assertEqual(made["Parameters"], [{"Name": "word", "Type": "String", "Description": "",
                                               "DefaultValue": "hello"}])
        self.refused("DocumentAlreadyExists", ssm.create_document, Name="Hello",
                     Content=json.dumps(CONTENT))
        self.refused("InvalidDocumentContent", ssm.create_document, Name="Bad", Content="{}")
        self.refused("DuplicateDocumentContent", ssm.update_document, Name="Hello",
                     Content=json.dumps(CONTENT))
        changed = json.dumps(dict(CONTENT, description="again"))
        self.assertEqual(ssm.update_document(Name="Hello", Content=changed, DocumentVersion="$LATEST")[
            "DocumentDescription"]["LatestVersion"], "2")
        self.assertEqual(json.loads(ssm.get_document(Name="Hello")["Content"]), CONTENT)
        self.assertEqual(ssm.get_document(Name="Hello", DocumentVersion="$LATEST")["Content"], changed)
        ssm.update_document_default_version(Name="Hello", DocumentVersion="2")
        self.assertEqual(ssm.describe_document(Name="Hello")["Document"]["DefaultVersion"], "2")
        self.assertEqual([(v["DocumentVersion"], v["IsDefaultVersion"]) for v in
                          ssm.list_document_versions(Name="Hello")["DocumentVersions"]],
                         [("1", False), ("2", True)])
        self.refused("InvalidDocumentOperation", ssm.delete_document, Name="Hello", DocumentVersion="2")
        ssm.delete_document(Name="Hello", DocumentVersion="1")
        self.refused("InvalidDocumentVersion", ssm.get_document, Name="Hello", DocumentVersion="1")
        ssm.delete_document(Name="Hello")
        self.assertEqual(self.refused("InvalidDocument", ssm.get_document, Name="Hello"),
                         "The specified document does not exist.")

    def test_sharing(self):
        ssm = self.ssm
        ssm.create_document(Name="Shared", Content="schemaVersion: '2.2'\n", DocumentFormat="YAML")
        arn = f"arn:aws:ssm:us-east-1:{harness.ACCOUNT}:document/Shared"
        stranger = self.server.client("ssm", key=OTHER)
        self.refused("InvalidDocument", stranger.get_document, Name=arn)
        ssm.modify_document_permission(Name="Shared", PermissionType="Share", AccountIdsToAdd=[OTHER])
        self.assertEqual(ssm.describe_document_permission(Name="Shared", PermissionType="Share")[
            "AccountIds"], [OTHER])
        self.assertEqual(stranger.get_document(Name=arn)["DocumentFormat"], "YAML")
        self.refused("ValidationException", stranger.delete_document, Name=arn)
        self.refused("InvalidDocumentOperation", ssm.delete_document, Name="Shared")
        self.refused("DocumentPermissionLimit", ssm.modify_document_permission, Name="Shared",
                     PermissionType="Share", AccountIdsToAdd=["all", OTHER])
        ssm.modify_document_permission(Name="Shared", PermissionType="Share", AccountIdsToRemove=[OTHER])
        ssm.delete_document(Name="Shared")

    def test_documents_of_aws_are_names(self):
        seen = self.ssm.describe_document(Name="AWS-RunShellScript")["Document"]
        self.assertEqual((seen["Owner"], seen["DocumentType"]), ("Amazon", "Command"))
        self.refused("NotImplemented", self.ssm.get_document, Name="AWS-RunShellScript")
        self.refused("ValidationException", self.ssm.create_document, Name="AWS-Mine",
                     Content=json.dumps(CONTENT))
        mine = self.ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])
        self.assertNotIn("Amazon", [d["Owner"] for d in mine["DocumentIdentifiers"]])
        amazon = [d["Name"] for page in self.ssm.get_paginator("list_documents").paginate(
            Filters=[{"Key": "Owner", "Values": ["Amazon"]}], PaginationConfig={"PageSize": 10})
            for d in page["DocumentIdentifiers"]]
        self.assertIn("AWS-RunPatchBaseline", amazon)
        self.assertEqual(len(amazon), len(set(amazon)))


class Commands(Ssm):
    OPTIONS = ("--no-default-trail",)

    def test_a_command_waits_and_never_succeeds(self):
        ssm = self.ssm
        ids = ["i-0123456789abcdef0", "i-0123456789abcdef1"]
        sent = ssm.send_command(InstanceIds=ids, DocumentName="AWS-RunShellScript",
                                Parameters={"commands": ["id"]})["Command"]
        self.assertEqual((sent["Status"], sent["TargetCount"], sent["DocumentVersion"],
                          sent["TimeoutSeconds"]), ("Pending", 2, "$DEFAULT", 3600))
        command = sent["CommandId"]
        self.assertEqual(ssm.list_commands(CommandId=command)["Commands"], [sent])
        each = ssm.list_command_invocations(CommandId=command)["CommandInvocations"]
        self.assertEqual([(i["InstanceId"], i["Status"]) for i in each], [(i, "Pending") for i in ids])
        ssm.cancel_command(CommandId=command, InstanceIds=ids[:1])
        one = ssm.get_command_invocation(CommandId=command, InstanceId=ids[0])
        self.assertEqual((one["Status"], one["ResponseCode"]), ("Cancelled", -1))
        self.assertEqual(ssm.get_command_invocation(CommandId=command, InstanceId=ids[1])["Status"],
                         "Pending")
        self.server.advance("3h")
        self.assertEqual(ssm.get_command_invocation(CommandId=command, InstanceId=ids[1])["Status"],
                         "TimedOut")
        self.assertEqual(ssm.list_commands(Filters=[{"key": "Status", "value": "Pending"}])["Commands"],
                         [])

    def test_refusals(self):
        send = self.ssm.send_command
        one = ["i-0123456789abcdef0"]
        self.refused("InvalidDocument", send, InstanceIds=one, DocumentName="Nope")
        self.refused("InvalidDocument", send, InstanceIds=one, DocumentName="AWS-StartSSHSession")
        self.refused("DuplicateInstanceId", send, InstanceIds=one * 2, DocumentName="AWS-RunShellScript")
        self.refused("ValidationException", send, DocumentName="AWS-RunShellScript")
        self.refused("InvalidCommandId", self.ssm.cancel_command,
                     CommandId="12345678-1234-1234-1234-123456789012")
        self.refused("InvocationDoesNotExist", self.ssm.get_command_invocation, InstanceId=one[0],
                     CommandId="12345678-1234-1234-1234-123456789012")


class OnRecord(harness.ServerCase):
    def test_secrets_are_nowhere(self):
        mark = b"marked-secret-2323"
        ssm = self.server.client("ssm")
        ssm.put_parameter(Name="/rec", Value=mark.decode(), Type="SecureString")
        ssm.get_parameter(Name="/rec", WithDecryption=True)
        ssm.get_parameters(Names=["/rec"], WithDecryption=True)
        self.server.flush()
        by_name = {r["eventName"]: r for r in self.server.records()}
        self.assertEqual(sorted(by_name), ["Decrypt", "Encrypt", "GetParameter", "GetParameters",
                                           "PutParameter"])
        self.assertEqual(by_name["PutParameter"]["requestParameters"]["value"],
                         "HIDDEN_DUE_TO_SECURITY_REASONS")
        self.assertEqual(by_name["PutParameter"]["responseElements"], {"version": 1, "tier": "Standard"})
        self.assertEqual(by_name["Encrypt"]["userIdentity"]["invokedBy"], "AWS Internal")
        self.assertEqual(by_name["Encrypt"]["requestParameters"]["keyId"], "alias/aws/ssm")
        self.assertEqual([r["ARN"] for r in by_name["GetParameter"]["resources"]],
                         [f"arn:aws:ssm:us-east-1:{harness.ACCOUNT}:parameter/rec"])
        files = [p for p in self.server.data.rglob("*") if p.is_file()] + [self.server.log_path]
        self.assertEqual([p for p in files if mark in p.read_bytes()], [])


del Ssm

if __name__ == "__main__":
    unittest.main()
