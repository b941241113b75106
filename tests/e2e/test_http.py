"""The front door: bodies of every kind and size, addressing, presigned URLs, CORS, hostile input."""
import base64
import hashlib
import http.client
import os
import pathlib
import socket
import time
import unittest
import urllib.parse
import urllib.request
import zlib

import harness

SCOPE = ("AWS4-HMAC-SHA256 Credential=111122223333/20260105/us-east-1/{}/aws4_request, "
         "SignedHeaders=host, Signature=0")
CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


class Http(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.server.client("s3")
        cls.s3.create_bucket(Bucket="door")
        cls.port = urllib.parse.urlsplit(cls.server.url).port

    def ask(self, method, path, body=b"", service="s3", **headers):
        """(status, headers, body) of one raw request; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=harness.DEADLINE_S)
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        if service:
            named.setdefault("Authorization", SCOPE.format(service))
            named.setdefault("X-Amz-Date", "20260105T090000Z")
        connection.request(method, path, body=body, headers=named)
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read()
        connection.close()
        return result

    def wait_unstaged(self):
        """The server removes a staging file when the answer is out: a moment after we have it."""
        deadline = time.monotonic() + harness.DEADLINE_S
        while list((self.server.data / "staging").iterdir()):
            self.assertLess(time.monotonic(), deadline, "a staging file stays")
            os.sched_yield()

    def test_large_objects_take_constant_memory(self):
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status")
        size, block = 256 << 20, os.urandom(1 << 20)
        digest = hashlib.sha256(block).hexdigest()

        def blocks():
            for _ in range(size >> 20):
                yield block

        before = int(status.read_text().split("VmHWM:")[1].split()[0])
        code, _, answer = self.ask("PUT", "/door/large", blocks(), Content_Length=str(size),
                                   x_amz_content_sha256="UNSIGNED-PAYLOAD")
        self.assertEqual((code, answer), (200, b""))
        got = self.s3.get_object(Bucket="door", Key="large")
        self.assertEqual(got["ContentLength"], size)
        for _ in range(size >> 20):
            self.assertEqual(hashlib.sha256(got["Body"].read(1 << 20)).hexdigest(), digest)
        grown_kb = int(status.read_text().split("VmHWM:")[1].split()[0]) - before
        self.assertLess(grown_kb, 24 << 10)
        self.wait_unstaged()
        part = self.s3.get_object(Bucket="door", Key="large", Range="bytes=1048570-1048580")
        self.assertEqual(part["Body"].read(), (block * 2)[1048570:1048581])

    def test_declared_hash_of_a_staged_body_is_checked(self):
        body = os.urandom(3 << 20)
        self.s3.put_object(Bucket="door", Key="hashed", Body=body)
        self.assertEqual(self.s3.get_object(Bucket="door", Key="hashed")["Body"].read(), body)
        code, _, answer = self.ask("PUT", "/door/forged", body, x_amz_content_sha256="0" * 64)
        self.assertEqual(code, 400)
        self.assertIn(b"XAmzContentSHA256Mismatch", answer)
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="door", Key="forged"), "404")
        self.wait_unstaged()

    def test_aws_chunked(self):
        for size in (0, 5, 3 << 20):
            data = os.urandom(size)
            crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
            body = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 65536]), data[i:i + 65536])
                            for i in range(0, size, 65536))
            body += b"0\r\nx-amz-checksum-crc32:" + crc.encode() + b"\r\n\r\n"
            code, _, answer = self.ask(
                "PUT", "/door/chunked", body, x_amz_content_sha256=CHUNKED, x_amz_trailer="x-amz-checksum-crc32",
                x_amz_decoded_content_length=str(size), Content_Encoding="aws-chunked,gzip")
            self.assertEqual((code, answer), (200, b""))
            got = self.s3.get_object(Bucket="door", Key="chunked", ChecksumMode="ENABLED")
            self.assertEqual(got["Body"].read(), data)
            self.assertEqual((got["ChecksumCRC32"], got["ContentEncoding"]), (crc, "gzip"))

    def test_refused_bodies_are_recorded(self):
        code, _, answer = self.ask("PUT", "/door/torn", b"5\r\nhel", x_amz_content_sha256=CHUNKED,
                                   x_amz_decoded_content_length="5")
        self.assertEqual(code, 400)
        self.assertIn(b"<Code>IncompleteBody</Code>", answer)
        code, headers, answer = self.ask("POST", "/", b"{" + b" " * (65 << 20), service="dynamodb",
                                         X_Amz_Target="DynamoDB_20120810.ListTables",
                                         Content_Type="application/x-amz-json-1.0")
        self.assertEqual(code, 413)
        self.assertIn(b"RequestEntityTooLargeException", answer)
        self.server.flush()
        by_id = {r["requestID"]: r for r in self.server.records()}
        self.assertEqual(by_id[headers["x-amzn-RequestId"]]["eventName"], "ListTables")
        self.assertIn("IncompleteBody", {r.get("errorCode") for r in by_id.values()
                                         if r["eventName"] == "PutObject"})

    def test_virtual_host_addressing(self):
        self.s3.put_object(Bucket="door", Key="a/b", Body=b"x")
        for host in ("door.localhost", "door.s3.localhost", "door.s3.us-east-1.localhost",
                     "door.localhost.localstack.cloud", "door.s3.amazonaws.com"):
            self.assertEqual(self.ask("GET", "/a/b", Host=f"{host}:{self.port}")[::2], (200, b"x"), host)
        self.assertEqual(self.ask("GET", "/door/a/b", Host="s3.localhost")[::2], (200, b"x"))

    def test_presigned_urls(self):
        self.s3.put_object(Bucket="door", Key="signed", Body=b"there")
        for version in ("s3v4", "s3"):
            client = self.server.client("s3", signature_version=version)
            url = client.generate_presigned_url("get_object", Params={"Bucket": "door", "Key": "signed"})
            with urllib.request.urlopen(url) as answer:
                self.assertEqual(answer.read(), b"there")

    def test_cors_preflight(self):
        asked = {"Origin": "http://app.example", "Access_Control_Request_Method": "PUT"}
        code, _, answer = self.ask("OPTIONS", "/door/k", service=None, **asked)
        self.assertEqual(code, 403)
        self.assertIn(b"<Code>AccessForbidden</Code>", answer)
        self.s3.put_bucket_cors(Bucket="door", CORSConfiguration={"CORSRules": [
            {"AllowedOrigins": ["http://app.example"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"]}]})
        code, headers, _ = self.ask("OPTIONS", "/door/k", service=None, **asked)
        self.assertEqual((code, headers["Access-Control-Allow-Origin"]), (200, "http://app.example"))
        self.s3.delete_bucket_cors(Bucket="door")

    def test_hostile_lines_are_refused_in_aws_words(self):
        for line, wanted in ((b"GET /%zz HTTP/1.1", b"<Code>InvalidURI</Code>"),
                             (b"GET /a%2 HTTP/1.1", b"<Code>InvalidURI</Code>"),
                             (b"GET nonsense HTTP/1.1", b"<Code>InvalidURI</Code>"),
                             (b"GET /?a=%f HTTP/1.1", b"<Code>InvalidURI</Code>"),
                             (b"GET /" + b"a" * 17000 + b" HTTP/1.1", b"<Code>RequestHeaderSectionTooLarge</Code>"),
                             (b"\x00\x01\x02 / HTTP/1.1", b""), (b"GET /", b""), (b"", b"")):
            with socket.create_connection(("127.0.0.1", self.port), timeout=harness.DEADLINE_S) as raw:
                raw.sendall(line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                raw.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: raw.recv(65536), b""))
            self.assertIn(wanted, answer, line[:40])
            self.assertNotIn(b"HTTP/1.1 2", answer.split(b"\r\n")[0] + b" ", line[:40])
        self.assertEqual(self.server.client("sts").get_caller_identity()["Account"], harness.ACCOUNT)

    def test_paths_never_leave_the_data_directory(self):
        outside = set(self.server.data.parent.iterdir())
        for key in ("../../escape", "%2e%2e/%2e%2e/escape", "..%2f..%2fescape", "a/../../../escape"):
            self.ask("PUT", "/door/" + key, b"x", x_amz_content_sha256="UNSIGNED-PAYLOAD")
        self.assertFalse([p for p in set(self.server.data.parent.iterdir()) - outside
                          if "escape" in p.name])
        self.assertFalse([p for p in self.server.data.iterdir() if "escape" in p.name])

    def test_an_aborted_upload_leaves_nothing(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=harness.DEADLINE_S) as raw:
            raw.sendall(("PUT /door/gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
                         "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\nX-Amz-Date: 20260105T090000Z\r\n"
                         f"Authorization: {SCOPE.format('s3')}\r\n\r\n").encode() + b"x" * 3000000)
        self.wait_unstaged()
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="door", Key="gone"), "404")


class Suffixes(harness.ServerCase):
    OPTIONS = ("--host-suffix", "aws.test,cloud.test")

    def test_further_names(self):
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="named")
        s3.put_object(Bucket="named", Key="k", Body=b"v")
        for host in ("named.aws.test", "named.s3.cloud.test"):
            request = urllib.request.Request(self.server.url + "/k", headers={
                "Host": host, "Authorization": SCOPE.format("s3"), "X-Amz-Date": "20260105T090000Z"})
            with urllib.request.urlopen(request) as answer:
                self.assertEqual(answer.read(), b"v")


if __name__ == "__main__":
    unittest.main()
