"""--auth verify: every way of signing that clients use, and AWS's answers to each way of failing."""
import datetime
import hashlib
import hmac
import time
import unittest
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import harness

ROOT = {"key": harness.ACCOUNT, "secret": "test"}


def fetch(method, url, data=None, headers=None):
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=harness.DEADLINE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Verify(harness.ServerCase):
    OPTIONS = ("--auth", "verify")

    def refused(self, code, service, operation, **who):
        self.assertEqual(harness.error_code(getattr(self.server.client(service, **who), operation)), code)

    def test_the_right_secret_is_let_in_by_every_protocol(self):
        self.assertEqual(self.server.client("sts", **ROOT).get_caller_identity()["UserId"], harness.ACCOUNT)
        self.server.client("iam", **ROOT).list_users()
        self.server.client("s3", **ROOT).list_buckets()
        self.server.client("cloudtrail", **ROOT).describe_trails()
        self.server.client("lambda", **ROOT).list_functions()
        self.server.client("sqs", **ROOT).list_queues()

    def test_a_proven_root_assumes_no_role(self):
        trust = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
                 '"Principal":{"AWS":"%s"}}]}' % harness.ACCOUNT)
        role = self.server.client("iam", **ROOT).create_role(RoleName="r", AssumeRolePolicyDocument=trust)
        code = harness.error_code(self.server.client("sts", **ROOT).assume_role,
                                  RoleArn=role["Role"]["Arn"], RoleSessionName="session")
        self.assertEqual(code, "AccessDenied")

    def test_a_wrong_secret_by_family(self):
        for service, operation, code in (("sts", "get_caller_identity", "SignatureDoesNotMatch"),
                                         ("cloudtrail", "describe_trails", "InvalidSignatureException"),
                                         ("lambda", "list_functions", "InvalidSignatureException"),
                                         ("s3", "list_buckets", "SignatureDoesNotMatch"),
                                         ("ec2", "describe_regions", "AuthFailure")):
            with self.subTest(service):
                self.refused(code, service, operation, key=harness.ACCOUNT, secret="wrong")

    def test_an_unknown_key_by_family(self):
        for service, operation, code in (("sts", "get_caller_identity", "InvalidClientTokenId"),
                                         ("cloudtrail", "describe_trails", "UnrecognizedClientException"),
                                         ("s3", "list_buckets", "InvalidAccessKeyId"),
                                         ("ec2", "describe_regions", "AuthFailure")):
            with self.subTest(service):
                self.refused(code, service, operation, key="AKIAIOSFODNN7EXAMPLE", secret="x")

    def test_the_life_of_a_key(self):
        iam = self.server.client("iam", **ROOT)
        iam.create_user(UserName="al+ice=x,@-")
        key = iam.create_access_key(UserName="al+ice=x,@-")["AccessKey"]
        who = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        sts = self.server.client("sts", **who)
        self.assertTrue(sts.get_caller_identity()["Arn"].endswith(":user/al+ice=x,@-"))
        c = sts.get_session_token()["Credentials"]
        session = {"key": c["AccessKeyId"], "secret": c["SecretAccessKey"]}
        self.server.client("sts", token=c["SessionToken"], **session).get_caller_identity()
        self.refused("InvalidClientTokenId", "sts", "get_caller_identity", token="bad", **session)
        self.refused("InvalidToken", "s3", "list_buckets", token="bad", **session)
        change = {"UserName": "al+ice=x,@-", "AccessKeyId": key["AccessKeyId"]}
        iam.update_access_key(Status="Inactive", **change)
        self.refused("InvalidClientTokenId", "sts", "get_caller_identity", **who)
        iam.update_access_key(Status="Active", **change)
        sts.get_caller_identity()
        iam.delete_access_key(**change)
        self.refused("InvalidClientTokenId", "sts", "get_caller_identity", **who)

    def test_no_signature(self):
        status, text = fetch("GET", self.server.url + "/?Action=GetCallerIdentity&Version=2011-06-15")
        self.assertEqual(status, 403)
        self.assertIn("<Code>MissingAuthenticationToken</Code>", text)
        status, text = fetch("GET", self.server.url + "/", headers={
            "Authorization": "AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/sts/aws4_request"})
        self.assertIn(status, (400, 403))

    def test_skew(self):
        for minutes, word in ((-16, "Signature expired"), (16, "Signature not yet current")):
            signed = self.signed("POST", "/", "sts", b"Action=GetCallerIdentity&Version=2011-06-15",
                                 at=datetime.timedelta(minutes=minutes))
            status, text = fetch("POST", *signed)
            self.assertEqual(status, 403)
            self.assertIn("<Code>SignatureDoesNotMatch</Code>", text)
            self.assertIn(word, text)
        signed = self.signed("POST", "/", "sts", b"Action=GetCallerIdentity&Version=2011-06-15",
                             at=datetime.timedelta(minutes=-14))
        self.assertEqual(fetch("POST", *signed)[0], 200)

    def signed(self, method, path, service, body, at=datetime.timedelta(0)):
        now = datetime.datetime.now(datetime.timezone.utc) + at
        date = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{date[:8]}/us-east-1/{service}/aws4_request"
        host = self.server.url.split("//")[1]
        canonical = "\n".join([method, path, "", f"host:{host}", f"x-amz-date:{date}", "",
                               "host;x-amz-date", hashlib.sha256(body).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(signing_key(date, service), text.encode(), hashlib.sha256).hexdigest()
        return self.server.url + path, body, {
            "X-Amz-Date": date, "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={harness.ACCOUNT}/{scope}, "
                             f"SignedHeaders=host;x-amz-date, Signature={signature}"}

    @harness.needs_newest
    def test_presigned_urls_of_both_versions(self):
        for version in ("s3", "s3v4"):
            with self.subTest(version):
                s3 = self.server.client("s3", signature_version=version, **ROOT)
                s3.create_bucket(Bucket="signed-" + version)
                s3.put_object(Bucket="signed-" + version, Key="k \u00fc/x+y", Body=b"hello")
                where = {"Bucket": "signed-" + version, "Key": "k \u00fc/x+y",
                         "ResponseContentType": "text/x"}
                url = s3.generate_presigned_url("get_object", Params=where)
                self.assertEqual(fetch("GET", url), (200, "hello"))
                status, text = fetch("GET", url.replace("/k", "/j"))
                self.assertEqual(status, 403)
                self.assertIn("<Code>SignatureDoesNotMatch</Code>", text)
                url = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=-1 if version == "s3" else 0)
                status, text = self.until_refused(url)
                self.assertIn("Request has expired", text)

    def until_refused(self, url):
        deadline = time.monotonic() + 10
        while True:
            status, text = fetch("GET", url)
            if status != 200 or time.monotonic() > deadline:
                return status, text

    def test_a_presigned_identity(self):
        url = self.server.client("sts", **ROOT).generate_presigned_url("get_caller_identity", HttpMethod="GET")
        self.assertEqual(fetch("GET", url)[0], 200)

    def test_odd_keys(self):
        s3 = self.server.client("s3", **ROOT)
        s3.create_bucket(Bucket="odd-keys")
        for key in ("a=b&c d+e/\u00e9~!*'()", "%41", "a//b", "\u65e5\u672c"):
            with self.subTest(key):
                s3.put_object(Bucket="odd-keys", Key=key, Body=b"x")
                self.assertEqual(s3.get_object(Bucket="odd-keys", Key=key)["Body"].read(), b"x")

    def test_signed_chunks(self):
        self.server.client("s3", **ROOT).create_bucket(Bucket="chunked")
        self.assertEqual(self.upload(damage=False)[0], 200)
        status, text = self.upload(damage=True)
        self.assertEqual(status, 403)
        self.assertIn("<Code>SignatureDoesNotMatch</Code>", text)

    def upload(self, damage):
        form = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(ROOT["key"], ROOT["secret"]),
                                         "s3", "us-east-1")
        auth.payload = lambda request: form
        request = botocore.awsrequest.AWSRequest("PUT", self.server.url + "/chunked/key", headers={
            "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "65636"})
        auth.add_auth(request)
        date, previous = request.context["timestamp"], request.headers["Authorization"][-64:]
        body = b""
        for number, chunk in enumerate((b"a" * 65536, b"b" * 100, b"")):
            text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", date, f"{date[:8]}/us-east-1/s3/aws4_request",
                              previous, hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest()])
            previous = hmac.new(signing_key(date, "s3"), text.encode(), hashlib.sha256).hexdigest()
            sent = b"X" + chunk[1:] if damage and number == 1 else chunk
            body += b"%x;chunk-signature=%s\r\n" % (len(sent), previous.encode()) + sent + b"\r\n"
        return fetch("PUT", self.server.url + "/chunked/key", body, dict(request.headers.items()))

    def test_a_refusal_of_a_known_key_is_on_record(self):
        self.refused("SignatureDoesNotMatch", "iam", "list_roles", key=harness.ACCOUNT, secret="wrong")
        self.server.flush()
        kept = [r for r in self.server.records() if r["eventName"] == "ListRoles"]
        self.assertEqual([r["errorCode"] for r in kept], ["SignatureDoesNotMatch"])


def signing_key(date, service):
    key = b"AWS4" + ROOT["secret"].encode()
    for part in (date[:8], "us-east-1", service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


if __name__ == "__main__":
    unittest.main()
