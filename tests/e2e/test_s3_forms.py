"""Uploads by a browser's form: botocore's generate_presigned_post, forms made by hand, what a policy allows."""
import base64
import datetime
import hashlib
import hmac
import json
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree

import harness

MIB = 1 << 20
BOUNDARY = "----form7MA4YWxkTrZu0gW"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def form(fields, content=b"hello", filename="report.txt", after=()):
    """The body as a browser makes it: fields in their order, then the file."""
    text = "".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                   for name, value in fields).encode()
    if content is not None:
        text += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
                 "Content-Type: text/plain\r\n\r\n").encode() + content + b"\r\n"
    for name, value in after:
        text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    return text + f"--{BOUNDARY}--\r\n".encode()


class FormCase(harness.ServerCase):
    OPTIONS = ("--auth", "verify")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.server.client("s3", signature_version="s3v4")
        cls.s3.create_bucket(Bucket="forms")

    def send(self, url, body, headers=None):
        request = urllib.request.Request(url, method="POST", data=body, headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})})
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def post(self, key, fields=None, conditions=None, lifetime=300, **made):
        presigned = self.s3.generate_presigned_post("forms", key, Fields=fields, Conditions=conditions,
                                                    ExpiresIn=lifetime)
        return self.send(presigned["url"], form(presigned["fields"].items(), **made))

    def refused(self, answer, status, code, text=""):
        root = xml.etree.ElementTree.fromstring(answer[2])
        self.assertEqual((answer[0], root.findtext("Code")), (status, code), answer)
        self.assertIn(text, root.findtext("Message"))
        return root


class Presigned(FormCase):
    def test_plain(self):
        status, headers, body = self.post("plain/key")
        self.assertEqual((status, body), (204, b""))
        self.assertEqual(headers["ETag"], '"%s"' % hashlib.md5(b"hello").hexdigest())
        self.assertEqual(headers["Location"], f"{self.server.url}/forms/plain/key")
        got = self.s3.get_object(Bucket="forms", Key="plain/key")
        self.assertEqual(got["Body"].read(), b"hello")

    def test_the_record(self):
        self.assertEqual(self.post("recorded", after=[("ignored", "x")])[0], 204)
        self.server.advance("10m")
        record = next(r for r in self.server.records() if r["eventName"] == "PostObject"
                      and r["requestParameters"].get("key") == "recorded")
        self.assertEqual(record["eventSource"], "s3.amazonaws.com")
        self.assertEqual(record["requestParameters"]["bucketName"], "forms")
        self.assertEqual(record["additionalEventData"]["bytesTransferredIn"], 5)
        self.assertEqual(record["additionalEventData"]["SignatureVersion"], "SigV4")
        self.assertEqual(record["userIdentity"]["type"], "Root")
        self.assertIs(record["readOnly"], False)
        self.assertEqual(record["eventCategory"], "Data")
        self.assertNotIn("policy", json.dumps(record).lower())
        self.assertNotIn("x-amz-signature", json.dumps(record).lower())

    def test_version_2(self):
        presigned = self.server.client("s3", signature_version="s3").generate_presigned_post("forms", "old")
        self.assertIn("AWSAccessKeyId", presigned["fields"])
        self.assertEqual(self.send(presigned["url"], form(presigned["fields"].items()))[0], 204)

    def test_metadata_and_tags(self):
        tags = "<Tagging><TagSet><Tag><Key>a&amp;b</Key><Value>c d</Value></Tag></TagSet></Tagging>"
        fields = {"Content-Type": "image/png", "x-amz-meta-who": "me", "Cache-Control": "no-store", "tagging": tags}
        self.assertEqual(self.post("meta", fields, [{n: v} for n, v in fields.items()])[0], 204)
        got = self.s3.get_object(Bucket="forms", Key="meta")
        self.assertEqual((got["ContentType"], got["Metadata"], got["CacheControl"]),
                         ("image/png", {"who": "me"}, "no-store"))
        self.assertEqual(self.s3.get_object_tagging(Bucket="forms", Key="meta")["TagSet"],
                         [{"Key": "a&b", "Value": "c d"}])

    def test_filename(self):
        answer = self.post("in/${filename}", filename="C:\\docs\\a b.txt")
        self.assertEqual(answer[0], 204, answer)
        self.assertEqual(self.s3.get_object(Bucket="forms", Key="in/a b.txt")["Body"].read(), b"hello")

    def test_statuses(self):
        for asked, status in (("200", 200), ("201", 201), ("204", 204), ("999", 204)):
            with self.subTest(asked):
                fields = {"success_action_status": asked}
                answer = self.post("s/" + asked, fields, [fields])
                self.assertEqual(answer[0], status)
                if status != 201:
                    self.assertEqual(answer[2], b"")
                    continue
                root = xml.etree.ElementTree.fromstring(answer[2])
                self.assertEqual([root.tag] + [c.text for c in root],
                                 ["PostResponse", f"{self.server.url}/forms/s/201", "forms", "s/201",
                                  '"%s"' % hashlib.md5(b"hello").hexdigest()])

    def test_redirect(self):
        for url, joint in (("http://example.com/done", "?"), ("https://example.com/?x=1", "&")):
            fields = {"success_action_redirect": url}
            status, headers, _ = self.post("r/k", fields, [fields])
            self.assertEqual(status, 303)
            self.assertEqual(headers["Location"], f"{url}{joint}bucket=forms&key=r%2Fk&etag=%22"
                             f"{hashlib.md5(b'hello').hexdigest()}%22")
        fields = {"success_action_redirect": "javascript:x"}
        self.assertEqual(self.post("r/k", fields, [fields])[0], 204)

    def test_large(self):
        content = b"\r\n--" + bytes(range(256)) * 4096 * 40 + b"\r\n" + f"--{BOUNDARY[:-1]}".encode()
        before = self.peak()
        self.assertEqual(self.post("large", content=content)[0], 204)
        self.assertLess(self.peak() - before, 20 * MIB)
        got = self.s3.get_object(Bucket="forms", Key="large")["Body"].read()
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(content).digest())

    def peak(self):
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def test_a_session(self):
        token = self.server.client("sts").get_session_token()["Credentials"]
        s3 = self.server.client("s3", key=token["AccessKeyId"], secret=token["SecretAccessKey"],
                                token=token["SessionToken"], signature_version="s3v4")
        presigned = s3.generate_presigned_post("forms", "of-a-session")
        self.assertEqual(self.send(presigned["url"], form(presigned["fields"].items()))[0], 204)
        presigned["fields"]["x-amz-security-token"] = "other"
        self.refused(self.send(presigned["url"], form(presigned["fields"].items())), 400, "InvalidToken")


class Policy(FormCase):
    def test_conditions(self):
        starts = [["starts-with", "$key", "user/"]]
        self.assertEqual(self.post("user/${filename}", None, starts)[0], 204)
        self.refused(self.post("k", None, [["eq", "$acl", "private"]]), 403, "AccessDenied",
                     'Policy Condition failed: ["eq", "$acl", "private"]')
        self.refused(self.post("k", {"acl": "public-read"}, [{"acl": "private"}]), 403, "AccessDenied",
                     'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]')
        self.refused(self.post("k", {"x-amz-meta-a": "b"}), 403, "AccessDenied",
                     "Invalid according to Policy: Extra input fields: x-amz-meta-a")
        self.assertEqual(self.post("k", {"x-ignore-a": "b"})[0], 204)
        listed = [["starts-with", "$Content-Type", "image/"]]
        self.assertEqual(self.post("k", {"Content-Type": "image/png,image/gif"}, listed)[0], 204)
        self.refused(self.post("k", {"Content-Type": "image/png,text/html"}, listed), 403, "AccessDenied")
        self.refused(self.post("k", None, [["ends-with", "$key", "k"]]), 400, "InvalidPolicyDocument")

    def test_length(self):
        length = [["content-length-range", 2, 5]]
        self.assertEqual(self.post("k", None, length)[0], 204)
        root = self.refused(self.post("k", None, length, content=b"123456"), 400, "EntityTooLarge")
        self.assertEqual((root.findtext("ProposedSize"), root.findtext("MaxSizeAllowed")), ("6", "5"))
        root = self.refused(self.post("k", None, length, content=b"1"), 400, "EntityTooSmall")
        self.assertEqual(root.findtext("MinSizeAllowed"), "2")

    def test_expired(self):
        self.refused(self.post("k", lifetime=-5), 403, "AccessDenied", "Policy expired.")

    def test_a_refusal_changes_nothing_and_is_recorded(self):
        self.refused(self.post("never", None, [["content-length-range", 0, 1]]), 400, "EntityTooLarge")
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="forms", Key="never"), "404")
        self.server.advance("10m")
        record = next(r for r in self.server.records() if r["eventName"] == "PostObject"
                      and r["requestParameters"].get("key") == "never")
        self.assertEqual(record["errorCode"], "EntityTooLarge")

    def test_documents(self):
        for text, why in ((b"{", "Invalid JSON"), (b"[]", "Invalid JSON"), (b"{}", "missing expiration"),
                          (b'{"expiration":"soon","conditions":[]}', "'expiration' value: 'soon'"),
                          (b'{"expiration":"2999-01-01T00:00:00Z"}', "missing conditions"),
                          (b'{"expiration":"2999-01-01T00:00:00Z","conditions":[1]}', "Condition"),
                          (b'{"expiration":"2999-01-01T00:00:00Z","conditions":[["eq","$key"]]}', "Condition")):
            with self.subTest(text):
                self.refused(self.send(self.server.url + "/forms", form(signed_v2(text))), 400,
                             "InvalidPolicyDocument", why)


def signed_v2(policy, secret="test", key="k"):
    policy = base64.b64encode(policy)
    signature = base64.b64encode(hmac.new(secret.encode(), policy, hashlib.sha1).digest())
    return [("key", key), ("AWSAccessKeyId", harness.ACCOUNT), ("Policy", policy.decode()),
            ("Signature", signature.decode())]


def policy_of(*conditions):
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return json.dumps({"expiration": until.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                       "conditions": [{"bucket": "forms"}, *conditions]}).encode()


class ByHand(FormCase):
    def test_version_2(self):
        policy = policy_of(["starts-with", "$key", ""])
        self.assertEqual(self.send(self.server.url + "/forms/", form(signed_v2(policy, key="v2")))[0], 204)
        self.assertEqual(self.s3.get_object(Bucket="forms", Key="v2")["Body"].read(), b"hello")
        self.refused(self.send(self.server.url + "/forms", form(signed_v2(policy, secret="other"))), 403,
                     "SignatureDoesNotMatch")

    def test_the_bucket_in_the_host(self):
        policy = policy_of(["starts-with", "$key", ""])
        port = self.server.url.rsplit(":", 1)[1]
        status, headers, _ = self.send(self.server.url + "/", form(signed_v2(policy, key="in/host")),
                                       {"Host": f"forms.localhost:{port}"})
        self.assertEqual((status, headers["Location"]), (204, f"http://forms.localhost:{port}/in/host"))
        self.assertEqual(self.s3.get_object(Bucket="forms", Key="in/host")["Body"].read(), b"hello")

    def test_signatures(self):
        presigned = self.s3.generate_presigned_post("forms", "k")
        for field, value, status, code in (
                ("x-amz-signature", "0" * 64, 403, "SignatureDoesNotMatch"),
                ("x-amz-signature", "", 400, "InvalidArgument"),
                ("x-amz-algorithm", "AWS4-ECDSA", 400, "InvalidArgument"),
                ("x-amz-date", "today", 400, "InvalidArgument"),
                ("policy", "", 400, "InvalidArgument"),
                ("policy", base64.b64encode(policy_of()).decode(), 403, "SignatureDoesNotMatch")):
            with self.subTest(field=field, value=value):
                fields = {**presigned["fields"], field: value}
                self.refused(self.send(presigned["url"], form(fields.items())), status, code)

    def test_forms_that_are_none(self):
        url, whole = self.server.url + "/forms", form([("key", "k")])
        self.refused(self.send(url, form([])), 400, "InvalidArgument", "'key'")
        self.refused(self.send(url, form([("key", "k")], content=None)), 400, "IncorrectNumberOfFilesInPostRequest")
        self.refused(self.send(url, form([("key", "k"), ("x", "y" * 20480)])), 400, "MaxPostPreDataLengthExceeded")
        self.refused(self.send(url, form([("key", "k"), ("x-amz-meta-a", "b\r\nc: d")])), 400, "MalformedPOSTRequest")
        self.refused(self.send(url, form([("key", "k"), ("tagging", "<a/>")])), 400, "MalformedXML")
        self.assertEqual(self.send(url, b"preamble\r\n" + whole + b"epilogue")[0], 204)
        for body in (b"", b"hello", whole[:-4], whole[:-5], whole[:40], whole.replace(b"form-data;", b"form-data")):
            with self.subTest(body):
                self.refused(self.send(url, body), 400, "MalformedPOSTRequest")
        for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 71):
            with self.subTest(kind):
                self.refused(self.send(url, whole, {"Content-Type": kind}), 400, "MalformedPOSTRequest")
        self.refused(self.send(self.server.url + "/forms/key", whole), 405, "MethodNotAllowed")
        self.refused(self.send(self.server.url + "/no-such-bucket", whole), 404, "NoSuchBucket")


class Upstream(FormCase):
    """Its policy would be looked at by nobody: a form is not forwarded."""
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server("--upstream", "s3=http://127.0.0.1:1").start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_refused(self):
        fields = signed_v2(policy_of(["starts-with", "$key", ""]))
        self.refused(self.send(self.server.url + "/forms", form(fields)), 501, "NotImplemented", "form")
        self.server.advance("10m")
        self.assertEqual(self.server.record("PostObject")["errorCode"], "NotImplemented")


if __name__ == "__main__":
    unittest.main()
