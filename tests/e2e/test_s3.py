"""S3 through boto3: buckets, objects, versions, uploads in parts, sub-resources, changes by hand."""
import base64
import hashlib
import json
import os
import random
import threading
import unittest
import urllib.error
import urllib.request
import zlib

import harness

MIB = 1 << 20
OTHER = "444455556666"


class S3Case(harness.ServerCase):
    count = 0

    def setUp(self):
        self.s3 = self.server.client("s3")

    def refused(self, code, call, **kwargs):
        self.assertEqual(harness.error_code(call, **kwargs), code)

    def bucket(self, **kwargs):
        S3Case.count += 1
        name = f"bucket-{S3Case.count}"
        self.s3.create_bucket(Bucket=name, **kwargs)
        return name

    def put(self, bucket, key, body=b"x", **kwargs):
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body, **kwargs)

    def body(self, bucket, key, **kwargs):
        return self.s3.get_object(Bucket=bucket, Key=key, **kwargs)["Body"].read()

    def keys(self, bucket, **kwargs):
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket=bucket, **kwargs).get("Contents", [])]

    def raw(self, method, path, headers=None, data=None):
        request = urllib.request.Request(self.server.url + path, method=method, data=data,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()


class Buckets(S3Case):
    @harness.needs_newest
    def test_life(self):
        name = self.bucket()
        self.assertIn(name, [b["Name"] for b in self.s3.list_buckets()["Buckets"]])
        self.assertEqual(self.s3.head_bucket(Bucket=name)["BucketRegion"], "us-east-1")
        self.put(name, "k")
        self.refused("BucketNotEmpty", self.s3.delete_bucket, Bucket=name)
        self.s3.delete_object(Bucket=name, Key="k")
        self.s3.delete_bucket(Bucket=name)
        self.refused("404", self.s3.head_bucket, Bucket=name)
        self.refused("NoSuchBucket", self.s3.list_objects_v2, Bucket=name)
        self.refused("NoSuchBucket", self.s3.put_object, Bucket=name, Key="k", Body=b"")
        self.assertFalse((self.server.data / "buckets" / name).exists())

    @harness.needs_newest
    def test_names_are_unique_over_accounts(self):
        name = self.bucket()
        self.s3.create_bucket(Bucket=name)  # us-east-1: one's own again is no error
        other = self.server.client("s3", key=OTHER)
        self.refused("BucketAlreadyExists", other.create_bucket, Bucket=name)
        west = self.server.client("s3", region="eu-west-1")
        where = {"LocationConstraint": "eu-west-1"}
        west.create_bucket(Bucket="in-ireland", CreateBucketConfiguration=where)
        self.refused("BucketAlreadyOwnedByYou", west.create_bucket, Bucket="in-ireland",
                     CreateBucketConfiguration=where)
        self.assertEqual(west.get_bucket_location(Bucket="in-ireland")["LocationConstraint"], "eu-west-1")
        self.assertIsNone(self.s3.get_bucket_location(Bucket=name)["LocationConstraint"])
        self.refused("IllegalLocationConstraintException", west.create_bucket, Bucket="somewhere")
        self.refused("InvalidLocationConstraint", self.s3.create_bucket, Bucket="nowhere",
                     CreateBucketConfiguration={"LocationConstraint": "mars-1"})
        listed = self.s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]
        self.assertEqual([(b["Name"], b["BucketRegion"]) for b in listed], [("in-ireland", "eu-west-1")])

    def test_names(self):
        for name in ("ab", "Upper", "under_score", "192.168.5.4", "-a-b", "a..b", "a" * 64, "xn--bad"):
            status, _, body = self.raw("PUT", "/" + name)
            self.assertEqual((status, b"InvalidBucketName" in body), (400, True), name)

    @harness.needs_newest
    def test_list_buckets_in_pages(self):
        for i in range(5):
            self.s3.create_bucket(Bucket=f"paged-{i}")
        seen, token = [], None
        while True:
            more = {"ContinuationToken": token} if token else {}
            page = self.s3.list_buckets(Prefix="paged-", MaxBuckets=2, **more)
            seen.append([b["Name"] for b in page["Buckets"]])
            token = page.get("ContinuationToken")
            if not token:
                break
        self.assertEqual(seen, [["paged-0", "paged-1"], ["paged-2", "paged-3"], ["paged-4"]])

    def test_defaults(self):
        b = self.bucket()
        rule = self.s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        block = self.s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"]
        self.assertEqual(set(block.values()), {True})
        own = self.s3.get_bucket_ownership_controls(Bucket=b)["OwnershipControls"]["Rules"]
        self.assertEqual(own, [{"ObjectOwnership": "BucketOwnerEnforced"}])
        self.assertEqual(self.s3.get_bucket_request_payment(Bucket=b)["Payer"], "BucketOwner")
        self.assertNotIn("Status", self.s3.get_bucket_versioning(Bucket=b))
        self.assertNotIn("LoggingEnabled", self.s3.get_bucket_logging(Bucket=b))
        self.assertEqual(self.s3.get_bucket_acl(Bucket=b)["Grants"][0]["Permission"], "FULL_CONTROL")

    def test_absent_sub_resources(self):
        b = self.bucket()
        for call, code in (("cors", "NoSuchCORSConfiguration"), ("tagging", "NoSuchTagSet"),
                           ("lifecycle_configuration", "NoSuchLifecycleConfiguration"),
                           ("website", "NoSuchWebsiteConfiguration"), ("policy", "NoSuchBucketPolicy"),
                           ("policy_status", "NoSuchBucketPolicy"),
                           ("replication", "ReplicationConfigurationNotFoundError")):
            self.refused(code, getattr(self.s3, "get_bucket_" + call), Bucket=b)
        self.refused("ObjectLockConfigurationNotFoundError", self.s3.get_object_lock_configuration, Bucket=b)
        self.refused("NoSuchConfiguration", self.s3.get_bucket_metrics_configuration, Bucket=b, Id="x")

    def test_sub_resources_come_back_as_given(self):
        s3, b = self.s3, self.bucket()
        tags = [{"Key": "team", "Value": "audit"}]
        s3.put_bucket_tagging(Bucket=b, Tagging={"TagSet": tags})
        self.assertEqual(s3.get_bucket_tagging(Bucket=b)["TagSet"], tags)
        s3.delete_bucket_tagging(Bucket=b)
        self.refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=b)
        rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "logs/"},
                  "Expiration": {"Days": 30}}]
        s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": rules})
        self.assertEqual(s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"], rules)
        site = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "e.html"}}
        s3.put_bucket_website(Bucket=b, WebsiteConfiguration=site)
        got = s3.get_bucket_website(Bucket=b)
        self.assertEqual({k: got[k] for k in site}, site)
        s3.put_bucket_logging(Bucket=b, BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": b, "TargetPrefix": "p/"}})
        self.assertEqual(s3.get_bucket_logging(Bucket=b)["LoggingEnabled"]["TargetPrefix"], "p/")
        self.refused("InvalidTargetBucketForLogging", s3.put_bucket_logging, Bucket=b,
                     BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "no-such", "TargetPrefix": ""}})
        key = self.server.client("kms").create_key()["KeyMetadata"]
        s3.put_bucket_encryption(Bucket=b, ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms",
                                                    "KMSMasterKeyID": key["KeyId"]}}]})
        self.assertEqual(self.put(b, "sealed")["ServerSideEncryption"], "aws:kms")
        self.assertEqual(s3.head_object(Bucket=b, Key="sealed")["SSEKMSKeyId"], key["Arn"])
        s3.delete_bucket_encryption(Bucket=b)
        self.assertEqual(self.put(b, "plain")["ServerSideEncryption"], "AES256")
        s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-east-1:111122223333:q",
                                     "Events": ["s3:ObjectCreated:*"]}]}, SkipDestinationValidation=True)
        queue = s3.get_bucket_notification_configuration(Bucket=b)["QueueConfigurations"][0]
        self.assertEqual(queue["Events"], ["s3:ObjectCreated:*"])
        self.assertTrue(queue["Id"])
        s3.put_bucket_accelerate_configuration(Bucket=b, AccelerateConfiguration={"Status": "Enabled"})
        self.assertEqual(s3.get_bucket_accelerate_configuration(Bucket=b)["Status"], "Enabled")
        s3.put_bucket_request_payment(Bucket=b, RequestPaymentConfiguration={"Payer": "Requester"})
        self.assertEqual(s3.get_bucket_request_payment(Bucket=b)["Payer"], "Requester")

    def test_configurations_by_id(self):
        b = self.bucket()
        for name in ("b", "a"):
            self.s3.put_bucket_metrics_configuration(Bucket=b, Id=name, MetricsConfiguration={"Id": name})
        got = self.s3.list_bucket_metrics_configurations(Bucket=b)
        self.assertEqual([c["Id"] for c in got["MetricsConfigurationList"]], ["a", "b"])
        self.s3.delete_bucket_metrics_configuration(Bucket=b, Id="a")
        self.refused("NoSuchConfiguration", self.s3.get_bucket_metrics_configuration, Bucket=b, Id="a")
        self.assertEqual(self.s3.get_bucket_metrics_configuration(Bucket=b, Id="b")["MetricsConfiguration"],
                         {"Id": "b"})

    def test_a_denying_policy_denies(self):
        b = self.bucket()
        self.put(b, "open/x")
        self.put(b, "shut/x")
        policy = {"Version": "2012-10-17", "Statement": [
            {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
             "Resource": f"arn:aws:s3:::{b}/shut/*"}]}
        self.refused("MalformedPolicy", self.s3.put_bucket_policy, Bucket=b, Policy="{nonsense")
        self.s3.put_bucket_policy(Bucket=b, Policy=json.dumps(policy))
        self.assertEqual(json.loads(self.s3.get_bucket_policy(Bucket=b)["Policy"]), policy)
        self.assertEqual(self.body(b, "open/x"), b"x")
        self.refused("AccessDenied", self.s3.get_object, Bucket=b, Key="shut/x")
        self.refused("AccessDenied", self.s3.copy_object, Bucket=b, Key="y",
                     CopySource={"Bucket": b, "Key": "shut/x"})
        self.s3.delete_bucket_policy(Bucket=b)
        self.assertEqual(self.body(b, "shut/x"), b"x")

    def test_acls(self):
        b = self.bucket()
        self.refused("AccessControlListNotSupported", self.s3.put_bucket_acl, Bucket=b, ACL="public-read")
        self.refused("AccessControlListNotSupported", self.s3.put_object, Bucket=b, Key="k", Body=b"",
                     ACL="public-read")
        self.put(b, "k", ACL="bucket-owner-full-control")
        b = self.bucket(ObjectOwnership="ObjectWriter")
        self.s3.put_bucket_acl(Bucket=b, ACL="public-read")
        grants = self.s3.get_bucket_acl(Bucket=b)["Grants"]
        self.assertEqual([g["Permission"] for g in grants], ["FULL_CONTROL", "READ"])
        self.put(b, "k", ACL="public-read-write")
        self.assertEqual(len(self.s3.get_object_acl(Bucket=b, Key="k")["Grants"]), 3)
        self.s3.put_object_acl(Bucket=b, Key="k", GrantRead='id="abc"')
        grant = self.s3.get_object_acl(Bucket=b, Key="k")["Grants"]
        self.assertEqual(grant, [{"Grantee": {"ID": "abc", "Type": "CanonicalUser"}, "Permission": "READ"}])

    def test_cors(self):
        b = self.bucket()
        asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        self.assertEqual(self.raw("OPTIONS", f"/{b}/k", asks)[0], 403)
        self.s3.put_bucket_cors(Bucket=b, CORSConfiguration={"CORSRules": [
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example"], "AllowedHeaders": ["x-*"],
             "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]})
        status, headers, _ = self.raw("OPTIONS", f"/{b}/k", asks)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Access-Control-Max-Age"]),
                         (200, "https://a.example", "60"))
        self.assertEqual(self.raw("OPTIONS", f"/{b}/k", dict(asks, Origin="https://evil.test"))[0], 403)
        self.put(b, "k")
        url = self.s3.generate_presigned_url("get_object", Params={"Bucket": b, "Key": "k"})
        _, headers, body = self.raw("GET", url[len(self.server.url):], {"Origin": "https://a.example"})
        self.assertEqual((body, headers["Access-Control-Expose-Headers"]), (b"x", "ETag"))


class Objects(S3Case):
    @harness.needs_newest
    def test_what_is_put_comes_back(self):
        b = self.bucket()
        put = self.put(b, "docs/a b+c.txt", b"hello", ContentType="text/plain", CacheControl="no-cache",
                       ContentDisposition="inline", ContentLanguage="en", Metadata={"one": "1"},
                       Tagging="k=v&l=w", StorageClass="STANDARD_IA")
        self.assertEqual(put["ETag"], f'"{hashlib.md5(b"hello").hexdigest()}"')
        for got in (self.s3.get_object(Bucket=b, Key="docs/a b+c.txt"),
                    self.s3.head_object(Bucket=b, Key="docs/a b+c.txt")):
            self.assertEqual((got["ContentLength"], got["ContentType"], got["CacheControl"],
                              got["ContentDisposition"], got["ContentLanguage"], got["Metadata"],
                              got["StorageClass"], got["ETag"], got["TagCount"]),
                             (5, "text/plain", "no-cache", "inline", "en", {"one": "1"}, "STANDARD_IA",
                              put["ETag"], 2))
        tags = self.s3.get_object_tagging(Bucket=b, Key="docs/a b+c.txt")["TagSet"]
        self.assertEqual(tags, [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "w"}])

    def test_absent(self):
        b = self.bucket()
        self.refused("NoSuchKey", self.s3.get_object, Bucket=b, Key="k")
        self.refused("404", self.s3.head_object, Bucket=b, Key="k")
        self.s3.delete_object(Bucket=b, Key="k")
        self.refused("NoSuchBucket", self.s3.get_object, Bucket="not-there", Key="k")

    def test_keys_that_file_systems_dislike(self):
        b = self.bucket()
        keys = ["a", "a/b", "a/b/c", "..", ".", "../../etc/passwd", "/", "//", "a//b", "dir/", "%", "%2E",
                "x" * 1024, "s/" + "y" * 255, "é/ü", "a b+c", "a\\b", "con:1", "~", "%x/a", "a%d/b", "&<>\""]
        for k in keys:
            self.put(b, k, k.encode())
        self.assertEqual(self.keys(b), sorted(keys, key=str.encode))
        for k in keys:
            self.assertEqual(self.body(b, k), k.encode())
        self.refused("KeyTooLongError", self.s3.put_object, Bucket=b, Key="z" * 1025, Body=b"")
        for k in keys:
            self.s3.delete_object(Bucket=b, Key=k)
        self.assertEqual(self.keys(b), [])
        left = [p for top in ("buckets", "meta") for p in (self.server.data / top / b).rglob("*")]
        self.assertEqual(left, [])

    def test_ranges(self):
        b = self.bucket()
        self.put(b, "k", b"0123456789")
        for asked, want in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"),
                            ("bytes=8-99", b"89"), ("bytes=-99", b"0123456789")):
            got = self.s3.get_object(Bucket=b, Key="k", Range=asked)
            self.assertEqual(got["Body"].read(), want)
            self.assertEqual(got["ResponseMetadata"]["HTTPStatusCode"], 206)
            self.assertTrue(got["ContentRange"].endswith("/10"))
        self.assertEqual(self.body(b, "k", Range="lines=1-2"), b"0123456789")
        self.refused("InvalidRange", self.s3.get_object, Bucket=b, Key="k", Range="bytes=10-")
        big = os.urandom(MIB)
        self.put(b, "big", big)
        self.assertEqual(self.body(b, "big", Range="bytes=1000-700000"), big[1000:700001])

    @harness.needs_newest
    def test_conditions(self):
        b = self.bucket()
        tag = self.put(b, "k")["ETag"]
        when = self.s3.head_object(Bucket=b, Key="k")["LastModified"]
        get = self.s3.get_object
        self.assertEqual(self.body(b, "k", IfMatch=tag), b"x")
        self.refused("PreconditionFailed", get, Bucket=b, Key="k", IfMatch='"no"')
        self.refused("304", get, Bucket=b, Key="k", IfNoneMatch=tag)
        self.refused("304", get, Bucket=b, Key="k", IfModifiedSince=when)
        self.assertEqual(self.body(b, "k", IfUnmodifiedSince=when), b"x")
        put = self.s3.put_object
        self.refused("PreconditionFailed", put, Bucket=b, Key="k", Body=b"", IfNoneMatch="*")
        self.refused("PreconditionFailed", put, Bucket=b, Key="k", Body=b"", IfMatch='"no"')
        self.refused("NoSuchKey", put, Bucket=b, Key="none", Body=b"", IfMatch='"no"')
        put(Bucket=b, Key="k", Body=b"y", IfMatch=tag)
        put(Bucket=b, Key="new", Body=b"y", IfNoneMatch="*")

    @harness.needs_newest
    def test_checksums(self):
        b = self.bucket()
        for name in ("CRC32", "SHA1", "SHA256"):
            put = self.put(b, "k", b"hello", ChecksumAlgorithm=name)
            got = self.s3.get_object(Bucket=b, Key="k", ChecksumMode="ENABLED")
            self.assertEqual(got["Checksum" + name], put["Checksum" + name])
            self.assertEqual(got["Body"].read(), b"hello")
        self.refused("BadDigest", self.s3.put_object, Bucket=b, Key="k", Body=b"hello",
                     ChecksumCRC32=base64.b64encode(b"abcd").decode())
        self.put(b, "k", b"123456789", ChecksumCRC64NVME=base64.b64encode(
            bytes.fromhex("ae8b14860a799888")).decode())
        self.put(b, "k", b"123456789", ChecksumCRC32C=base64.b64encode(bytes.fromhex("e3069283")).decode())
        parts = self.s3.get_object_attributes(Bucket=b, Key="k", ObjectAttributes=["Checksum", "ObjectSize"])
        self.assertEqual((parts["Checksum"]["ChecksumCRC32C"], parts["ObjectSize"]), ("4waSgw==", 9))
        md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        self.refused("BadDigest", self.s3.put_object, Bucket=b, Key="k", Body=b"hello", ContentMD5=md5)
        self.refused("InvalidDigest", self.s3.put_object, Bucket=b, Key="k", Body=b"hello", ContentMD5="x")

    @harness.needs_newest
    def test_xxhash(self):
        """Sums of "123456789" by the reference library."""
        b = self.bucket()
        for name, right in (("XXHASH64", "jLhB20DmroM="), ("XXHASH3", "ctyxi2ehff8="),
                            ("XXHASH128", "MxGUd+3l3NXpcWQnaB1YYA==")):
            member = "Checksum" + name
            self.assertEqual(self.put(b, "k", b"123456789", **{member: right})[member], right)
            self.assertEqual(self.s3.head_object(Bucket=b, Key="k", ChecksumMode="ENABLED")[member], right)
            self.refused("BadDigest", self.s3.put_object, Bucket=b, Key="k", Body=b"12345678", **{member: right})

    def test_limits(self):
        b = self.bucket()
        self.refused("MetadataTooLarge", self.s3.put_object, Bucket=b, Key="k", Body=b"",
                     Metadata={"a": "b" * 2048})
        self.refused("InvalidTag", self.s3.put_object, Bucket=b, Key="k", Body=b"", Tagging="aws:x=1")
        self.refused("BadRequest", self.s3.put_object, Bucket=b, Key="k", Body=b"",
                     Tagging="&".join(f"k{i}=v" for i in range(11)))
        self.refused("InvalidStorageClass", self.s3.put_object, Bucket=b, Key="k", Body=b"",
                     StorageClass="TAPE")

    def test_copy(self):
        a, b = self.bucket(), self.bucket()
        self.put(a, "from/é.txt", b"data", ContentType="text/x", Metadata={"m": "1"}, Tagging="t=1")
        source = {"Bucket": a, "Key": "from/é.txt"}
        copied = self.s3.copy_object(Bucket=b, Key="to", CopySource=source)["CopyObjectResult"]
        got = self.s3.get_object(Bucket=b, Key="to")
        self.assertEqual((got["Body"].read(), got["ContentType"], got["Metadata"], got["TagCount"]),
                         (b"data", "text/x", {"m": "1"}, 1))
        self.assertEqual(copied["ETag"], got["ETag"])
        self.s3.copy_object(Bucket=b, Key="to", CopySource=source, MetadataDirective="REPLACE",
                            Metadata={"n": "2"}, TaggingDirective="REPLACE", Tagging="u=2")
        got = self.s3.get_object(Bucket=b, Key="to")
        self.assertEqual((got["ContentType"], got["Metadata"]), ("binary/octet-stream", {"n": "2"}))
        self.assertEqual(self.s3.get_object_tagging(Bucket=b, Key="to")["TagSet"],
                         [{"Key": "u", "Value": "2"}])
        self.refused("InvalidRequest", self.s3.copy_object, Bucket=a, Key="from/é.txt", CopySource=source)
        self.s3.copy_object(Bucket=a, Key="from/é.txt", CopySource=source, MetadataDirective="REPLACE")
        self.refused("NoSuchKey", self.s3.copy_object, Bucket=b, Key="to", CopySource=f"{a}/none")
        self.refused("NoSuchBucket", self.s3.copy_object, Bucket=b, Key="to", CopySource="no-such/none")
        self.refused("PreconditionFailed", self.s3.copy_object, Bucket=b, Key="to", CopySource=source,
                     CopySourceIfMatch='"no"')

    def test_delete_many(self):
        b = self.bucket()
        for i in range(5):
            self.put(b, f"k{i}")
        done = self.s3.delete_objects(Bucket=b, Delete={"Objects": [
            {"Key": "k0"}, {"Key": "k1"}, {"Key": "absent"}]})
        self.assertEqual([d["Key"] for d in done["Deleted"]], ["k0", "k1", "absent"])
        quiet = self.s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "k2"}], "Quiet": True})
        self.assertNotIn("Deleted", quiet)
        self.assertEqual(self.keys(b), ["k3", "k4"])
        self.refused("MalformedXML", self.s3.delete_objects, Bucket=b,
                     Delete={"Objects": [{"Key": str(i)} for i in range(1001)]})

    def test_tagging(self):
        b = self.bucket()
        self.put(b, "k")
        self.assertEqual(self.s3.get_object_tagging(Bucket=b, Key="k")["TagSet"], [])
        tags = [{"Key": "a", "Value": "1"}]
        self.s3.put_object_tagging(Bucket=b, Key="k", Tagging={"TagSet": tags})
        self.assertEqual(self.s3.get_object_tagging(Bucket=b, Key="k")["TagSet"], tags)
        self.s3.delete_object_tagging(Bucket=b, Key="k")
        self.assertEqual(self.s3.get_object_tagging(Bucket=b, Key="k")["TagSet"], [])
        self.assertEqual(self.body(b, "k"), b"x")

    def test_presigned_and_overrides(self):
        b = self.bucket()
        url = self.s3.generate_presigned_url("put_object", Params={"Bucket": b, "Key": "k"})
        self.assertEqual(self.raw("PUT", url[len(self.server.url):], data=b"up")[0], 200)
        url = self.s3.generate_presigned_url("get_object", Params={
            "Bucket": b, "Key": "k", "ResponseContentType": "text/y"})
        status, headers, body = self.raw("GET", url[len(self.server.url):])
        self.assertEqual((status, headers["Content-Type"], body), (200, "text/y", b"up"))

    def test_expected_owner(self):
        b = self.bucket()
        self.put(b, "k", ExpectedBucketOwner=harness.ACCOUNT)
        self.refused("AccessDenied", self.s3.get_object, Bucket=b, Key="k", ExpectedBucketOwner=OTHER)

    def test_another_account_may_without_a_denial(self):
        b = self.bucket()
        other = self.server.client("s3", key=OTHER)
        other.put_object(Bucket=b, Key="k", Body=b"theirs")
        self.assertEqual(self.body(b, "k"), b"theirs")

    def test_refused_honestly(self):
        b = self.bucket()
        self.put(b, "k")
        self.refused("NotImplemented", self.s3.select_object_content, Bucket=b, Key="k", Expression="SELECT 1",
                     ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}})


class Lists(S3Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        s3 = cls.server.client("s3")
        s3.create_bucket(Bucket="lists")
        cls.all = sorted(["a", "a-b", "a/1", "a/2", "a/b/1", "b", "b/", "photos/2006/x", "photos/2006/y",
                          "photos/2007/z", "q", "é", "z" * 300])
        for k in cls.all:
            s3.put_object(Bucket="lists", Key=k, Body=k.encode())

    def test_order_and_prefix(self):
        self.assertEqual(self.keys("lists"), sorted(self.all, key=str.encode))
        for prefix in ("a", "a/", "photos", "photos/2006/", "z" * 299, "none", "é"):
            self.assertEqual(self.keys("lists", Prefix=prefix),
                             [k for k in self.all if k.startswith(prefix)], prefix)

    def rolled(self, **kwargs):
        got = self.s3.list_objects_v2(Bucket="lists", **kwargs)
        return ([o["Key"] for o in got.get("Contents", [])],
                [p["Prefix"] for p in got.get("CommonPrefixes", [])])

    def test_delimiter(self):
        self.assertEqual(self.rolled(Delimiter="/"),
                         (["a", "a-b", "b", "q", "z" * 300, "é"], ["a/", "b/", "photos/"]))
        self.assertEqual(self.rolled(Delimiter="/", Prefix="photos/"), ([], ["photos/2006/", "photos/2007/"]))
        self.assertEqual(self.rolled(Delimiter="/", Prefix="a/"), (["a/1", "a/2"], ["a/b/"]))
        self.assertEqual(self.rolled(Delimiter="0", Prefix="photos/")[1], ["photos/20"])

    def pages(self, call, size, **kwargs):
        names, pages = [], 0
        for page in self.s3.get_paginator(call).paginate(Bucket="lists", PaginationConfig={"PageSize": size},
                                                         **kwargs):
            one = [o["Key"] for o in page.get("Contents", [])]
            one += [p["Prefix"] for p in page.get("CommonPrefixes", [])]
            self.assertLessEqual(len(one), size)
            names += one
            pages += 1
        return sorted(names), pages

    def test_pages(self):
        for call in ("list_objects_v2", "list_objects"):
            for size in (1, 2, 3, 5, 100):
                self.assertEqual(self.pages(call, size)[0], sorted(self.all), (call, size))
                self.assertEqual(self.pages(call, size, Delimiter="/")[0],
                                 sorted(["a", "a-b", "b", "q", "z" * 300, "é", "a/", "b/", "photos/"]))

    def test_markers(self):
        self.assertEqual(self.keys("lists", StartAfter="photos/2006/x")[0], "photos/2006/y")
        got = self.s3.list_objects(Bucket="lists", Marker="b", MaxKeys=1)
        self.assertEqual([o["Key"] for o in got["Contents"]], ["b/"])
        self.assertTrue(got["IsTruncated"])
        self.refused("InvalidArgument", self.s3.list_objects_v2, Bucket="lists", ContinuationToken="junk")
        none = self.s3.list_objects_v2(Bucket="lists", MaxKeys=0)
        self.assertEqual((none["KeyCount"], none["IsTruncated"]), (0, False))


class Versions(S3Case):
    def versioned(self):
        b = self.bucket()
        self.s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
        return b

    def listed(self, b, **kwargs):
        got = self.s3.list_object_versions(Bucket=b, **kwargs)
        return ([(v["Key"], v["VersionId"], v["IsLatest"]) for v in got.get("Versions", [])],
                [(m["Key"], m["VersionId"], m["IsLatest"]) for m in got.get("DeleteMarkers", [])])

    def test_versions_and_markers(self):
        b = self.bucket()
        self.put(b, "k", b"0")
        self.s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
        one = self.put(b, "k", b"1")["VersionId"]
        two = self.put(b, "k", b"2")["VersionId"]
        self.assertEqual(self.listed(b)[0], [("k", two, True), ("k", one, False), ("k", "null", False)])
        for version, want in ((two, b"2"), (one, b"1"), ("null", b"0")):
            self.assertEqual(self.body(b, "k", VersionId=version), want)
        gone = self.s3.delete_object(Bucket=b, Key="k")
        self.assertTrue(gone["DeleteMarker"])
        self.refused("NoSuchKey", self.s3.get_object, Bucket=b, Key="k")
        self.refused("MethodNotAllowed", self.s3.get_object, Bucket=b, Key="k", VersionId=gone["VersionId"])
        self.assertEqual(self.keys(b), [])
        self.assertEqual(self.listed(b)[1], [("k", gone["VersionId"], True)])
        self.refused("BucketNotEmpty", self.s3.delete_bucket, Bucket=b)
        self.s3.delete_object(Bucket=b, Key="k", VersionId=gone["VersionId"])
        self.assertEqual(self.body(b, "k"), b"2")
        self.s3.delete_object(Bucket=b, Key="k", VersionId=two)
        self.assertEqual(self.body(b, "k"), b"1")
        self.s3.delete_object(Bucket=b, Key="k", VersionId=one)
        self.assertEqual(self.body(b, "k"), b"0")
        self.refused("NoSuchVersion", self.s3.get_object, Bucket=b, Key="k", VersionId=one)
        self.s3.delete_object(Bucket=b, Key="k", VersionId="null")
        self.s3.delete_bucket(Bucket=b)

    def test_suspended(self):
        b = self.versioned()
        one = self.put(b, "k", b"1")["VersionId"]
        self.s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Suspended"})
        self.assertEqual(self.put(b, "k", b"2")["VersionId"], "null")
        self.put(b, "k", b"3")
        self.assertEqual(self.listed(b)[0], [("k", "null", True), ("k", one, False)])
        self.assertEqual(self.body(b, "k"), b"3")
        self.assertEqual(self.s3.delete_object(Bucket=b, Key="k")["VersionId"], "null")
        self.assertEqual(self.listed(b), ([("k", one, False)], [("k", "null", True)]))

    def test_list_in_pages(self):
        b = self.versioned()
        want = []
        for k in ("a", "b", "d/x", "d/y"):
            ids = [self.put(b, k, str(i).encode())["VersionId"] for i in range(3)]
            want += [(k, v) for v in reversed(ids)]
        for size in (1, 2, 4, 50):
            got = [(v["Key"], v["VersionId"]) for page in self.s3.get_paginator("list_object_versions")
                   .paginate(Bucket=b, PaginationConfig={"PageSize": size}) for v in page["Versions"]]
            self.assertEqual(got, want, size)
        rolled = self.s3.list_object_versions(Bucket=b, Delimiter="/")
        self.assertEqual([p["Prefix"] for p in rolled["CommonPrefixes"]], ["d/"])
        self.assertEqual(len(rolled["Versions"]), 6)

    def test_batch_makes_markers_and_copies_take_versions(self):
        b = self.versioned()
        one = self.put(b, "k", b"1")["VersionId"]
        self.put(b, "k", b"2")
        done = self.s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "k"}]})["Deleted"][0]
        self.assertTrue(done["DeleteMarker"] and done["DeleteMarkerVersionId"])
        copied = self.s3.copy_object(Bucket=b, Key="k", CopySource={"Bucket": b, "Key": "k",
                                                                    "VersionId": one})
        self.assertEqual(copied["CopySourceVersionId"], one)
        self.assertEqual(self.body(b, "k"), b"1")

    def test_object_lock(self):
        b = self.bucket(ObjectLockEnabledForBucket=True)
        self.assertEqual(self.s3.get_bucket_versioning(Bucket=b)["Status"], "Enabled")
        version = self.put(b, "k")["VersionId"]
        self.refused("NoSuchObjectLockConfiguration", self.s3.get_object_retention, Bucket=b, Key="k")
        self.s3.put_object_retention(Bucket=b, Key="k", Retention={
            "Mode": "GOVERNANCE", "RetainUntilDate": "2030-01-01T00:00:00Z"})
        self.refused("AccessDenied", self.s3.delete_object, Bucket=b, Key="k", VersionId=version)
        self.s3.put_object_legal_hold(Bucket=b, Key="k", LegalHold={"Status": "ON"})
        self.refused("AccessDenied", self.s3.delete_object, Bucket=b, Key="k", VersionId=version,
                     BypassGovernanceRetention=True)
        self.s3.put_object_legal_hold(Bucket=b, Key="k", LegalHold={"Status": "OFF"})
        self.s3.delete_object(Bucket=b, Key="k", VersionId=version, BypassGovernanceRetention=True)
        self.refused("InvalidBucketState", self.s3.put_bucket_versioning, Bucket=b,
                     VersioningConfiguration={"Status": "Suspended"})


class Uploads(S3Case):
    def start(self, b, key="big", **kwargs):
        return self.s3.create_multipart_upload(Bucket=b, Key=key, **kwargs)["UploadId"]

    def part(self, b, upload, number, body, key="big", **kwargs):
        got = self.s3.upload_part(Bucket=b, Key=key, UploadId=upload, PartNumber=number, Body=body, **kwargs)
        keep = {k: v for k, v in got.items() if k == "ETag" or k.startswith("Checksum")}
        return dict(keep, PartNumber=number)

    def complete(self, b, upload, parts, key="big", **kwargs):
        return self.s3.complete_multipart_upload(Bucket=b, Key=key, UploadId=upload,
                                                 MultipartUpload={"Parts": parts}, **kwargs)

    def test_three_parts(self):
        b = self.bucket()
        bodies = [os.urandom(5 * MIB), os.urandom(5 * MIB + 1), b"tail"]
        upload = self.start(b, ContentType="video/x", Metadata={"m": "1"})
        parts = [self.part(b, upload, i + 1, body) for i, body in enumerate(bodies)]
        listed = self.s3.list_parts(Bucket=b, Key="big", UploadId=upload, MaxParts=2)
        self.assertEqual(([p["PartNumber"] for p in listed["Parts"]], listed["IsTruncated"]), ([1, 2], True))
        self.assertEqual(self.s3.list_multipart_uploads(Bucket=b)["Uploads"][0]["UploadId"], upload)
        self.assertEqual(self.keys(b), [])
        done = self.complete(b, upload, parts)
        raw = b"".join(hashlib.md5(body).digest() for body in bodies)
        self.assertEqual(done["ETag"], f'"{hashlib.md5(raw).hexdigest()}-3"')
        got = self.s3.get_object(Bucket=b, Key="big")
        self.assertEqual(got["Body"].read(), b"".join(bodies))
        self.assertEqual((got["ContentType"], got["Metadata"]), ("video/x", {"m": "1"}))
        second = self.s3.get_object(Bucket=b, Key="big", PartNumber=2)
        self.assertEqual((second["Body"].read(), second["PartsCount"]), (bodies[1], 3))
        self.refused("InvalidPartNumber", self.s3.get_object, Bucket=b, Key="big", PartNumber=4)
        self.refused("NoSuchUpload", self.s3.list_parts, Bucket=b, Key="big", UploadId=upload)
        self.assertNotIn("Uploads", self.s3.list_multipart_uploads(Bucket=b))

    @harness.needs_newest
    def test_xxhash_of_parts(self):
        b = self.bucket()
        upload = self.start(b, ChecksumAlgorithm="XXHASH3")
        part = self.s3.upload_part(Bucket=b, Key="big", UploadId=upload, PartNumber=1, Body=b"123456789",
                                   ChecksumXXHASH3="ctyxi2ehff8=")
        done = self.complete(b, upload, [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumXXHASH3": "ctyxi2ehff8="}])
        self.assertEqual((done["ChecksumXXHASH3"], done["ChecksumType"]), ("ksPmtVIgSbU=-1", "COMPOSITE"))
        self.refused("InvalidRequest", self.s3.create_multipart_upload, Bucket=b, Key="k",
                     ChecksumAlgorithm="XXHASH64", ChecksumType="FULL_OBJECT")

    @harness.needs_newest
    def test_whole_checksums(self):
        b = self.bucket()
        bodies = [os.urandom(5 * MIB), b"end"]
        upload = self.start(b, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        parts = [self.part(b, upload, i + 1, body, ChecksumAlgorithm="CRC32")
                 for i, body in enumerate(bodies)]
        done = self.complete(b, upload, parts, ChecksumType="FULL_OBJECT")
        whole = base64.b64encode(zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
        self.assertEqual((done["ChecksumCRC32"], done["ChecksumType"]), (whole, "FULL_OBJECT"))
        self.assertEqual(len(self.body(b, "big", ChecksumMode="ENABLED")), 5 * MIB + 3)
        upload = self.start(b, ChecksumAlgorithm="SHA256")
        parts = [self.part(b, upload, i + 1, body, ChecksumAlgorithm="SHA256")
                 for i, body in enumerate(bodies)]
        raw = b"".join(hashlib.sha256(body).digest() for body in bodies)
        self.assertEqual(self.complete(b, upload, parts)["ChecksumSHA256"],
                         base64.b64encode(hashlib.sha256(raw).digest()).decode() + "-2")
        got = self.s3.get_object_attributes(Bucket=b, Key="big", ObjectAttributes=["ObjectParts", "ETag"])
        self.assertEqual((got["ObjectParts"]["TotalPartsCount"], len(got["ObjectParts"]["Parts"])), (2, 2))

    def test_refusals(self):
        b = self.bucket()
        upload = self.start(b)
        parts = [self.part(b, upload, 1, b"small"), self.part(b, upload, 2, b"small too")]
        self.refused("EntityTooSmall", self.complete, b=b, upload=upload, parts=parts)
        self.refused("InvalidPartOrder", self.complete, b=b, upload=upload, parts=parts[::-1])
        self.refused("InvalidPart", self.complete, b=b, upload=upload,
                     parts=[{"PartNumber": 1, "ETag": '"00"'}])
        self.refused("InvalidPart", self.complete, b=b, upload=upload,
                     parts=[{"PartNumber": 7, "ETag": parts[0]["ETag"]}])
        self.refused("NoSuchUpload", self.complete, b=b, upload="../../etc", parts=parts)
        self.refused("InvalidArgument", self.part, b=b, upload=upload, number=10001, body=b"")
        self.s3.abort_multipart_upload(Bucket=b, Key="big", UploadId=upload)
        self.refused("NoSuchUpload", self.s3.abort_multipart_upload, Bucket=b, Key="big", UploadId=upload)
        self.assertEqual(list((self.server.data / "uploads").rglob("*.json")), [])

    def test_part_copy_and_managed_transfer(self):
        b = self.bucket()
        data = os.urandom(6 * MIB)
        self.put(b, "source", data)
        upload = self.start(b)
        parts = []
        for number, span in ((1, f"bytes=0-{5 * MIB - 1}"), (2, f"bytes={5 * MIB}-{6 * MIB - 1}")):
            got = self.s3.upload_part_copy(Bucket=b, Key="big", UploadId=upload, PartNumber=number,
                                           CopySource={"Bucket": b, "Key": "source"}, CopySourceRange=span)
            parts.append({"PartNumber": number, "ETag": got["CopyPartResult"]["ETag"]})
        self.complete(b, upload, parts)
        self.assertEqual(self.body(b, "big"), data)
        path = self.server.data.with_name(self.server.data.name + ".up")
        path.write_bytes(data * 3)
        self.s3.upload_file(str(path), b, "managed")
        self.s3.download_file(b, "managed", str(path))
        self.assertEqual(path.read_bytes(), data * 3)
        path.unlink()


class ByHand(S3Case):
    """The data directory belongs to the user: files are served as they are."""

    def test_changed_dropped_in_and_removed(self):
        b = self.bucket()
        self.put(b, "k", b"before", Metadata={"m": "1"}, ContentType="text/x")
        folder = self.server.data / "buckets" / b
        (folder / "k").write_bytes(b"after")
        got = self.s3.get_object(Bucket=b, Key="k", ChecksumMode="ENABLED")
        self.assertEqual((got["Body"].read(), got["ETag"], got["Metadata"], got["ContentType"]),
                         (b"after", f'"{hashlib.md5(b"after").hexdigest()}"', {"m": "1"}, "text/x"))
        self.assertNotIn("ChecksumCRC32", got)
        (folder / "sub").mkdir()
        (folder / "sub" / "new").write_bytes(b"new")
        self.assertEqual(self.keys(b), ["k", "sub/new"])
        self.assertEqual(self.s3.head_object(Bucket=b, Key="sub/new")["ContentType"], "binary/octet-stream")
        (folder / "k").unlink()
        self.refused("NoSuchKey", self.s3.get_object, Bucket=b, Key="k")
        self.assertEqual(self.keys(b), ["sub/new"])

    @harness.needs_newest
    def test_a_touched_file_keeps_its_metadata(self):
        b = self.bucket()
        self.put(b, "k", b"same")
        before = self.s3.head_object(Bucket=b, Key="k", ChecksumMode="ENABLED")
        os.utime(self.server.data / "buckets" / b / "k", (1, 1))
        after = self.s3.head_object(Bucket=b, Key="k", ChecksumMode="ENABLED")
        for name in ("ETag", "LastModified", "ChecksumCRC32"):
            self.assertEqual(after[name], before[name])

    def test_symbolic_links_are_not_followed(self):
        b = self.bucket()
        folder = self.server.data / "buckets" / b
        (folder / "link").symlink_to("/etc/passwd")
        (folder / "out").symlink_to("/etc")
        self.assertEqual(self.keys(b), [])
        self.refused("NoSuchKey", self.s3.get_object, Bucket=b, Key="link")
        self.refused("NoSuchKey", self.s3.get_object, Bucket=b, Key="out/passwd")
        self.put(b, "link", b"mine")
        self.assertEqual(self.body(b, "link"), b"mine")
        self.assertTrue(os.path.isfile("/etc/passwd"))


class Together(S3Case):
    def test_writers_of_keys_that_are_folders_of_each_other(self):
        b, copies = self.bucket(), self.bucket()
        self.s3.put_bucket_versioning(Bucket=copies, VersioningConfiguration={"Status": "Enabled"})
        self.put(copies, "k", b"0")
        failures = []

        def work(seed):
            s3, chance = self.server.client("s3"), random.Random(seed)
            try:
                for i in range(60):
                    key = chance.choice(["a", "a/b", "a/b/c", "a//"])
                    s3.put_object(Bucket=b, Key=key, Body=key.encode() * chance.choice([1, 5000]))
                    s3.put_object(Bucket=copies, Key="k", Body=str(i).encode())
                    s3.copy_object(Bucket=b, Key="copy", CopySource=f"{copies}/k")
                    got = s3.list_objects_v2(Bucket=b).get("Contents", [])
                    for o in [o for o in got if o["Key"] == key]:
                        if o["Size"] not in (len(key), len(key) * 5000):
                            failures.append(o)
                    s3.delete_object(Bucket=b, Key=key)
            except Exception as error:  # a thread's failure is the test's
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.keys(b), ["copy"])
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=copies)
        versions = [v for page in pages for v in page["Versions"]]
        self.assertEqual((len(versions), sum(v["IsLatest"] for v in versions)), (241, 1))


class Archived(S3Case):
    def restore(self, key, days, tier=None):
        request = {"Days": days, **({"GlacierJobParameters": {"Tier": tier}} if tier else {})}
        return self.s3.restore_object(Bucket=self.name, Key=key, RestoreRequest=request)[
            "ResponseMetadata"]["HTTPStatusCode"]

    def header(self, key):
        return self.s3.head_object(Bucket=self.name, Key=key).get("Restore")

    def listed(self, key):
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=key,
                                        OptionalObjectAttributes=["RestoreStatus"])["Contents"][0]
        return found.get("RestoreStatus")

    @harness.needs_newest
    def test_a_copy_comes_and_goes_with_the_clock(self):
        self.name = self.bucket()
        self.server.control("POST", "clock", {"set": "2026-02-01T10:00:00Z"})
        for key, kind in (("g", "GLACIER"), ("d", "DEEP_ARCHIVE"), ("s", "STANDARD")):
            self.s3.put_object(Bucket=self.name, Key=key, Body=b"cold", StorageClass=kind)
        self.refused("InvalidObjectState", self.s3.get_object, Bucket=self.name, Key="g")
        self.refused("InvalidObjectState", self.s3.copy_object, Bucket=self.name, Key="copy",
                     CopySource=f"{self.name}/g")
        self.refused("InvalidObjectState", self.restore, key="s", days=1)
        self.refused("NoSuchKey", self.restore, key="none", days=1)
        self.refused("MalformedXML", self.restore, key="g", days=0)
        self.refused("InvalidArgument", self.restore, key="d", days=1, tier="Expedited")
        self.assertIsNone(self.header("g"))
        self.assertEqual(202, self.restore("g", 2))
        self.assertEqual('ongoing-request="true"', self.header("g"))
        self.assertEqual({"IsRestoreInProgress": True}, self.listed("g"))
        self.refused("RestoreAlreadyInProgress", self.restore, key="g", days=2)
        self.refused("InvalidObjectState", self.s3.get_object, Bucket=self.name, Key="g")
        self.server.advance("4h")
        self.assertEqual(202, self.restore("g", 2, "Expedited"))  # faster than what is left
        self.server.advance("5m")
        self.assertEqual(b"cold", self.s3.get_object(Bucket=self.name, Key="g")["Body"].read())
        self.assertEqual('ongoing-request="false", expiry-date="Wed, 04 Feb 2026 00:00:00 GMT"', self.header("g"))
        self.assertFalse(self.listed("g")["IsRestoreInProgress"])
        self.s3.copy_object(Bucket=self.name, Key="copy", CopySource=f"{self.name}/g")
        self.assertEqual(b"cold", self.s3.get_object(Bucket=self.name, Key="copy")["Body"].read())
        self.assertEqual(200, self.restore("g", 5))
        self.assertIn("07 Feb 2026", self.header("g"))
        self.assertEqual(202, self.restore("d", 1, "Bulk"))
        self.server.advance("47h")
        self.refused("InvalidObjectState", self.s3.get_object, Bucket=self.name, Key="d")
        self.server.advance("1h")
        self.assertEqual(b"cold", self.s3.get_object(Bucket=self.name, Key="d")["Body"].read())
        self.server.advance("7d")
        self.refused("InvalidObjectState", self.s3.get_object, Bucket=self.name, Key="g")
        self.assertIsNone(self.header("g"))
        self.server.flush()
        asked = [(r["requestParameters"]["key"], r.get("errorCode")) for r in self.server.records()
                 if r["eventName"] == "RestoreObject"]
        self.assertEqual(3, asked.count(("g", None)))
        self.assertIn(("g", "RestoreAlreadyInProgress"), asked)
        self.assertIn(("s", "InvalidObjectState"), asked)


class Deletions(S3Case):
    def test_an_object_never_outlives_its_bucket(self):
        """A PutObject and a DeleteBucket at once: exactly one of them is done."""
        writer, won = self.server.client("s3"), {"put": 0, "delete": 0}
        for n in range(150):
            bucket = f"race-{n}"
            self.s3.create_bucket(Bucket=bucket)
            outcome, start = [], threading.Barrier(2)

            def put():
                start.wait()
                try:
                    writer.put_object(Bucket=bucket, Key="k", Body=b"x" * (20000 if n % 2 else 10))
                    outcome.append("done")
                except writer.exceptions.ClientError as error:
                    outcome.append(error.response["Error"]["Code"])

            thread = threading.Thread(target=put)
            thread.start()
            start.wait()
            if n % 3:
                threading.Event().wait(n % 10 / 5000)
            try:
                self.s3.delete_bucket(Bucket=bucket)
                deleted = "done"
            except self.s3.exceptions.ClientError as error:
                deleted = error.response["Error"]["Code"]
            thread.join()
            won["delete" if deleted == "done" else "put"] += 1
            self.assertIn((outcome[0], deleted), (("done", "BucketNotEmpty"), ("NoSuchBucket", "done")), n)
            folder = self.server.data / "buckets" / bucket
            self.assertEqual(deleted != "done", folder.exists())
        self.assertGreater(min(won.values()), 0, won)


class Restart(unittest.TestCase):
    def test_everything_is_there_again(self):
        with harness.Server() as server:
            s3 = server.client("s3")
            s3.create_bucket(Bucket="kept")
            s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
            first = s3.put_object(Bucket="kept", Key="k", Body=b"1")["VersionId"]
            s3.put_object(Bucket="kept", Key="k", Body=b"2")
            server.stop()
            server.start()
            s3 = server.client("s3")
            self.assertEqual(s3.get_object(Bucket="kept", Key="k")["Body"].read(), b"2")
            self.assertEqual(s3.get_object(Bucket="kept", Key="k", VersionId=first)["Body"].read(), b"1")
            third = s3.put_object(Bucket="kept", Key="k", Body=b"3")["VersionId"]
            self.assertEqual(len({v["VersionId"] for v in
                                  s3.list_object_versions(Bucket="kept")["Versions"]} | {third}), 3)


if __name__ == "__main__":
    unittest.main()
