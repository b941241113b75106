"""Hostile input through the front door: each answer is AWS-shaped, readable by botocore, with a request
id; nothing appears outside the data directory, memory stays bounded, nothing crashes. Run it against a
sanitizer build too: MOCKTRAIL=build/san-address-undefined/mocktrail.
"""
import gzip
import http.client
import io
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import botocore.exceptions
import botocore.parsers

import harness

GROWTH_KB = 256 << 10  # a sanitizer's quarantine included
SCOPE = ("AWS4-HMAC-SHA256 Credential={}/20260105/{}/{}/aws4_request, SignedHeaders=host, Signature="
         + "0" * 64)
JSON = {"Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


def request(method, target, service="s3", body=b"", headers=None, key=harness.ACCOUNT,
            region="us-east-1"):
    """The bytes of a request; a header that is None is left out."""
    named = {"Host": "localhost", "Authorization": SCOPE.format(key, region, service),
             "X-Amz-Date": "20260105T090000Z", "Connection": "close", **(headers or {})}
    if body and not {"Content-Length", "Transfer-Encoding"} & named.keys():
        named["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1"] + [f"{k}: {v}" for k, v in named.items() if v is not None]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Reader(io.BytesIO):
    def makefile(self, *_, **__):
        return self


def read_answer(raw):
    """(status, headers, body) of the first answer in raw."""
    answer = http.client.HTTPResponse(Reader(raw))
    answer.begin()
    return answer.status, answer.headers, answer.read()


class Hostile(unittest.TestCase):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.parent = tempfile.TemporaryDirectory(prefix="mocktrail-hostile-")
        cls.data = pathlib.Path(cls.parent.name, "data")
        cls.server = harness.Server(*cls.OPTIONS, data=cls.data).start()
        cls.s3 = cls.server.client("s3")
        cls.s3.create_bucket(Bucket="bucket")
        cls.port = urllib.parse.urlsplit(cls.server.url).port

    @classmethod
    def tearDownClass(cls):
        """It still works, it ends well, and nothing lies beside the data directory."""
        cls.server.client("sts").get_caller_identity()
        cls.server.__exit__()
        beside = sorted(p.name for p in pathlib.Path(cls.parent.name).iterdir())
        log = cls.server.log_path.read_text()
        cls.parent.cleanup()
        assert beside == ["data", "data.log"], beside
        assert "Sanitizer" not in log and "runtime error" not in log, log

    def raw(self, data, half_close=True):
        with socket.create_connection(("127.0.0.1", self.port), timeout=harness.DEADLINE_S) as s:
            try:
                s.sendall(data)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: s.recv(65536), b""))
            except OSError:  # the server has hung up on what it will not read
                return b""

    def refused(self, protocol, code, data, statuses=(400, 403, 404, 405, 411, 413)):
        """The answer to data is an error as botocore reads that protocol."""
        status, headers, body = read_answer(self.raw(data))
        parsed = botocore.parsers.create_parser(protocol).parse(
            {"status_code": status, "headers": headers, "body": body}, None)
        self.assertIn(status, statuses, body)
        self.assertEqual(parsed["Error"]["Code"], code, body)
        known = headers.get("x-amzn-RequestId") or headers.get("x-amz-request-id")
        self.assertTrue(known)
        self.assertEqual(parsed["ResponseMetadata"].get("RequestId", known), known)

    def memory_kb(self):
        text = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0])

    def recorded(self):
        self.server.flush()
        return self.server.records()


class Bodies(Hostile):
    def test_json(self):
        code = "SerializationException"
        for body in (b'{"MaxResults":', b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" * 100000, b"[]", b"12",
                     b'{"NextToken":"\xff\xfe"}', b'{"NextToken":"\\ud800"}', b"{} {}",
                     b'{"MaxResults":"x"}', b'{"MaxResults":1e999}', b'{"MaxResults":99999999999999999999}',
                     b'{"LookupAttributes":{"a":1}}', b"\x00", b"\xef\xbb\xbf\xef\xbb\xbf{}"):
            with self.subTest(body[:30]):
                self.refused("json", code, request("POST", "/", "cloudtrail", body, JSON))
        lambda_json = {"Content-Type": "application/json"}
        self.refused("rest-json", code, request("POST", "/2015-03-31/functions", "lambda", b'{"a"',
                                                lambda_json))

    def test_query(self):
        head = b"Action=ListUsers&Version=2010-05-08&"
        for body, code in ((head + b"PathPrefix=%zz", "MalformedQueryString"),
                           (head + b"PathPrefix=%", "MalformedQueryString"),
                           (head + b"PathPrefix=%ff%fe", "MalformedQueryString"),
                           (head + b"%ed%a0%80=1", "MalformedQueryString"),
                           (head + b"a=b&" * 30000, "MalformedQueryString"),
                           (head + b"MaxItems=ten", "MalformedInput"),
                           (head + b"MaxItems.member.1=1", "MalformedInput"),
                           (b"Action=../../etc/passwd&Version=2010-05-08", "InvalidAction"),
                           (b"Action=%00&Version=2010-05-08", "InvalidAction"),
                           (b"Version=2010-05-08", "MissingAction"), (b"&&&===", "MissingAction")):
            with self.subTest(body[:50]):
                self.refused("query", code, request("POST", "/", "iam", body, FORM))
        deep = b"Action=TagUser&Version=2010-05-08&UserName=a&Tags" + b".member.1.Key" + b".a" * 9000 + b"=x"
        self.refused("query", "MalformedInput", request("POST", "/", "iam", deep, FORM))
        self.refused("ec2", "InvalidParameterValue", request(
            "POST", "/", "ec2", b"Action=DescribeRegions&Version=2016-11-15&RegionName.1=x", FORM))

    def test_xml(self):
        bomb = (b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">'
                + b"".join(b'<!ENTITY %c "%s">' % (c + 1, b"&%c;" % c * 50) for c in range(97, 105))
                + b"]><Tagging><TagSet><Tag><Key>&i;</Key><Value>v</Value></Tag></TagSet></Tagging>")
        outside = (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Tagging><TagSet><Tag>'
                   b"<Key>k</Key><Value>&a;</Value></Tag></TagSet></Tagging>")
        for body in (b"<Tagging><TagSet>", b"<a>" * 5000 + b"</a>" * 5000, bomb, outside,
                     b"<!DOCTYPE Tagging><Tagging><TagSet/></Tagging>", b"<Tagging/>",
                     b'<Tagging><TagSet><Tag><Key>\xff</Key><Value>v</Value></Tag></TagSet></Tagging>',
                     b'<?xml version="1.0" encoding="UTF-7"?><Tagging><TagSet/></Tagging>', b"<Delete/>",
                     b"<Tagging><TagSet><Tag><Key>&#0;</Key><Value>v</Value></Tag></TagSet></Tagging>",
                     b"text", b"<Tagging><TagSet/></Tagging><Tagging/>"):
            with self.subTest(body[:40]):
                self.refused("rest-xml", "MalformedXML", request("PUT", "/bucket?tagging", body=body))
        tags = b"<Tag><Key>k</Key><Value>v</Value></Tag>" * 200000
        self.refused("rest-xml", "BadRequest", request(
            "PUT", "/bucket?tagging", body=b"<Tagging><TagSet>" + tags + b"</TagSet></Tagging>"))
        self.refused("rest-xml", "InvalidInput", request("POST", "/2013-04-01/hostedzone", "route53", b"<a"))

    @harness.needs_newest
    def test_cbor(self):
        for body in (b"\xbf\x61", b"\x81" * 100000, b"\x9b\x7f" + b"\xff" * 7, b"\xbb" + b"\xff" * 8,
                     b"\x5b\x7f" + b"\xff" * 7, b"\xa1\x61\xff\x01", b"\xa1\x01\x01", b"\xd8\x1e" * 1000,
                     b"\x01", b"\xa0\xa0"):
            with self.subTest(body[:12]):
                self.refused("smithy-rpc-v2-cbor", "SerializationException",
                             request("POST", CBOR_PATH, "monitoring", body, CBOR))
        self.refused("smithy-rpc-v2-cbor", "UnknownOperationException",
                     request("POST", "/service/No/operation/No", "monitoring", b"\xa0", CBOR))

    def test_compressed(self):
        before = self.memory_kb()
        coded = {**JSON, "Content-Encoding": "gzip"}
        for body in (gzip.compress(b" " * (512 << 20), 1), gzip.compress(b"{}")[:-4], b"\x1f\x8b\x08",
                     b"{}", gzip.compress(gzip.compress(b"{}"))):
            self.refused("json", "SerializationException", request("POST", "/", "cloudtrail", body, coded))
        self.assertLess(self.memory_kb() - before, GROWTH_KB)

    def test_sums(self):
        tags = b"<Tagging><TagSet/></Tagging>"
        for header, value, code in (("Content-MD5", "!!!", "InvalidDigest"),
                                    ("Content-MD5", "AAAA", "InvalidDigest"),
                                    ("Content-MD5", "A" * 22 + "==", "BadDigest"),
                                    ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
                                    ("x-amz-checksum-crc32", "%%%", "InvalidRequest"),
                                    ("x-amz-checksum-sha256", "AAAAAA==", "InvalidRequest")):
            for target, body in (("/bucket?tagging", tags), ("/bucket/summed", b"body")):
                with self.subTest(f"{target} {header} {value}"):
                    self.refused("rest-xml", code, request("PUT", target, body=body,
                                                           headers={**UNSIGNED, header: value}))
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="bucket", Key="summed"), "404")

    def test_chunks_that_lie(self):
        chunked = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                   "x-amz-trailer": "x-amz-checksum-crc32", "Content-Encoding": "aws-chunked"}
        end = b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
        for length, body, code in (("5", b"5\r\nhel", "IncompleteBody"),
                                   ("5", b"5\r\nhello\r\n", "IncompleteBody"),
                                   ("9", b"5\r\nhello\r\n" + end, "IncompleteBody"),
                                   ("5", b"5\r\nhello!\r\n" + end, "InvalidRequest"),
                                   ("5", b"ffffffffffffffff\r\nhello\r\n" + end, "InvalidRequest"),
                                   ("5", b"7fffffffffffff\r\nhello\r\n" + end, "EntityTooLarge"),
                                   ("5", b"-5\r\nhello\r\n" + end, "InvalidRequest"),
                                   ("5", b"5;" + b"x" * 100000 + b"\r\nhello\r\n" + end, "EntityTooLarge"),
                                   ("5", b"5\r\nhello\r\n0\r\n\r\n", "MalformedTrailerError"),
                                   ("5", b"5\r\nhello\r\n" + end, "BadDigest"),
                                   ("-1", b"0\r\n\r\n", "InvalidRequest"),
                                   ("9" * 30, b"0\r\n\r\n", "InvalidRequest"),
                                   ("9" * 15, b"0\r\n\r\n", "EntityTooLarge"),
                                   (None, b"0\r\n\r\n", "MissingContentLength")):
            with self.subTest(f"{length} {body[:20]}"):
                headers = {**chunked, "x-amz-decoded-content-length": length}
                self.refused("rest-xml", code, request("PUT", "/bucket/chunked", body=body, headers=headers))
        self.refused("rest-xml", "InvalidArgument", request(
            "PUT", "/bucket/chunked", body=b"0\r\n\r\n",
            headers={**chunked, "x-amz-content-sha256": "STREAMING-NONSENSE",
                     "x-amz-decoded-content-length": "0"}))
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="bucket", Key="chunked"), "404")


class Lines(Hostile):
    def test_targets(self):
        for target in ("/%zz", "/bucket/%", "/bucket/%ff%fe", "/bucket/%c0%ae%c0%ae/e", "/bucket/%ed%a0%80",
                       "/bucket?prefix=%ff", "*", "bucket", "/bucket/\x7f"):
            with self.subTest(target):
                self.refused("rest-xml", "InvalidURI", request("GET", target))
        answer = self.raw(request("GET", "/" + "a" * 40000))
        self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 414 "), answer[:80])

    def test_floods(self):
        many = {f"x-amz-meta-{n}": "v" for n in range(300)}
        self.refused("rest-xml", "RequestHeaderSectionTooLarge", request("GET", "/bucket", headers=many))
        self.refused("rest-xml", "RequestHeaderSectionTooLarge",
                     request("GET", "/bucket", headers={"x-a": "v" * 20000}))
        before = self.memory_kb()
        for flood in ({f"x-{n}": "v" for n in range(50000)}, {"x-a": "v" * (4 << 20)}):
            answer = self.raw(request("GET", "/bucket", headers=flood))
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 431 "), answer[:80])
        self.assertLess(self.memory_kb() - before, GROWTH_KB)

    def test_no_host(self):
        self.refused("rest-xml", "InvalidRequest", request("GET", "/bucket", headers={"Host": None}))

    def test_smuggling(self):
        inner = b"0\r\n\r\nGET /bucket/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for headers in ({"Content-Length": "5", "Transfer-Encoding": "chunked"},
                        {"Content-Length": "5\r\nContent-Length: 0"},
                        {"Transfer-Encoding": "chunked\r\nTransfer-Encoding: identity"},
                        {"Transfer-Encoding": "xchunked"}, {"Transfer-Encoding": "gzip, chunked"},
                        {"Transfer-Encoding ": "chunked"}):
            with self.subTest(str(headers)):
                data = request("PUT", "/bucket/outer", headers={**UNSIGNED, "Connection": "keep-alive",
                                                                **headers}) + inner
                self.refused("rest-xml", "InvalidRequest", data)
                self.assertEqual(self.raw(data).count(b"HTTP/1.1 "), 1)
        self.assertEqual(harness.error_code(self.s3.head_object, Bucket="bucket", Key="outer"), "404")
        for name, value in (("Host", "evil.example"), ("X-Amz-Date", "20260105T090001Z"),
                            ("Authorization", SCOPE.format("222233334444", "us-east-1", "s3"))):
            twice = request("GET", "/bucket").replace(b"\r\n\r\n", f"\r\n{name}: {value}\r\n\r\n".encode())
            self.refused("rest-xml", "InvalidRequest", twice)

    def test_framing_that_no_one_can_read(self):
        """What libmicrohttpd refuses itself: a 4xx or 5xx, or the end of the connection, and no more."""
        for data in (request("PUT", "/bucket/k", headers={"Content-Length": "-1"}),
                     request("PUT", "/bucket/k", headers={"Content-Length": "0x5"}),
                     request("PUT", "/bucket/k", headers={"Content-Length": "5, 5"}),
                     request("PUT", "/bucket/k", headers={"Content-Length": "9" * 30}),
                     request("PUT", "/bucket/k", body=b"zz\r\nabc", headers={"Transfer-Encoding": "chunked"}),
                     request("PUT", "/bucket/k", body=b"f" * 16 + b"\r\nabc",
                             headers={"Transfer-Encoding": "chunked"}),
                     b"GET /bucket\r\n\r\n", b"GET /bucket HTTP/9.9\r\nHost: localhost\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                     b"GET /bucket HTTP/1.1\r\nnocolon\r\n\r\n", os.urandom(4096), b"\r\n" * 1000):
            with self.subTest(data[:40]):
                answer = self.raw(data)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 "), answer[:80])
                for status in re.findall(rb"HTTP/1\.1 (\d)", answer):
                    self.assertIn(status, (b"4", b"5"), answer)

    def test_lengths_that_no_body_follows(self):
        for length in ("9000000000000000", "18446744073709551615"):
            with self.subTest(length):
                data = request("PUT", "/bucket/k", headers={**UNSIGNED, "Content-Length": length})
                status, _, body = read_answer(self.raw(data, half_close=False))
                self.assertEqual(status, 400)
                self.assertIn(b"<Code>EntityTooLarge</Code>", body)
        data = request("POST", "/", "cloudtrail", headers={**JSON, "Content-Length": "9000000000000"})
        status, headers, body = read_answer(self.raw(data, half_close=False))
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (413, "RequestEntityTooLargeException"))

    def test_ranges(self):
        self.s3.put_object(Bucket="bucket", Key="range", Body=b"0123456789")
        for header, wanted in (("bytes=-0", 416), ("bytes=99-", 416), ("bytes=18446744073709551616-", 416),
                               ("bytes=-99999999999999999999", b"0123456789"),
                               ("bytes=8-99999999999999999999", b"89"), ("bytes=-3", b"789"),
                               ("bytes=5-2", None), ("bytes=--1", None), ("bytes=a-b", None),
                               ("bytes=", None), ("items=0-1", None), ("bytes=0-0,2-2", None)):
            with self.subTest(header):
                data = request("GET", "/bucket/range", headers={"Range": header})
                if wanted == 416:
                    self.refused("rest-xml", "InvalidRange", data, (416,))
                    continue
                status, _, body = read_answer(self.raw(data))
                self.assertEqual((status, body), (206, wanted) if wanted else (200, b"0123456789"))

    def test_authorization(self):
        for header, code in (("", "InvalidArgument"), ("Basic Zm9vOmJhcg==", "InvalidArgument"),
                             ("Bearer x", "InvalidArgument"), ("AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed"),
                             ("AWS4-HMAC-SHA256 Credential=", "AuthorizationHeaderMalformed"),
                             ("AWS4-HMAC-SHA256 Credential=AK", "AuthorizationHeaderMalformed"),
                             ("AWS4-HMAC-SHA256 Credential=AK/20260105/us-east-1/s3/aws4_request",
                              "AuthorizationHeaderMalformed"),
                             (SCOPE.format("A\xff", "us-east-1", "s3"), "AuthorizationHeaderMalformed"),
                             (SCOPE.format("A B", "us-east-1", "s3"), "AuthorizationHeaderMalformed"),
                             (SCOPE.format("A" * 5000, "us-east-1", "s3"), "AuthorizationHeaderMalformed"),
                             ("AWS ", "AuthorizationHeaderMalformed")):
            with self.subTest(header[:60]):
                self.refused("rest-xml", code, request("GET", "/bucket", headers={"Authorization": header}))
        for region in ("..", "%00", "moon-1", "a" * 300, "us-east-1%2f.."):
            with self.subTest(region):
                self.refused("rest-xml", "AuthorizationHeaderMalformed",
                             request("GET", "/bucket", region=region))
                self.refused("json", "InvalidSignatureException",
                             request("POST", "/", "cloudtrail", b"{}", JSON, region=region))
                self.refused("query", "SignatureDoesNotMatch", request(
                    "POST", "/", "iam", b"Action=ListUsers&Version=2010-05-08", FORM, region=region))
        two = request("GET", "/bucket?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK/20260105/"
                      "us-east-1/s3/aws4_request")
        self.refused("rest-xml", "InvalidArgument", two)
        self.assertEqual({r["awsRegion"] for r in self.recorded()}, {"us-east-1"})

    def test_control_stays_local(self):
        def status(**headers):
            return read_answer(self.raw(request("POST", "/_mocktrail/reset", headers=headers)))[0]

        for headers in ({"Origin": "null"}, {"Origin": ""}, {"Origin": "http://localhost.evil.example"},
                        {"Origin": "http://localhost@evil.example"}, {"Origin": "localhost"},
                        {"Origin": "http://127.0.0.1.evil.example"}, {"Origin": "file://"},
                        {"Host": ""}, {"Host": "evil.example"}, {"Host": "2130706433"},
                        {"Host": "localhost.evil.example"}, {"Host": "[::ffff:8.8.8.8]"},
                        {"Host": "evil.example:127.0.0.1"}, {"Host": ":"}, {"Host": "[::1"}):
            with self.subTest(str(headers)):
                self.assertEqual(status(**headers), 403)
        self.assertEqual(status(Host="localhost\r\nHost: evil.example"), 400)
        self.assertEqual(status(Host=None), 400)
        self.s3.head_bucket(Bucket="bucket")


class Keys(Hostile):
    KEYS = ("../../e", "..", ".", "./", "../", "/", "//", "/etc/passwd", "a/../../../e", "a\0b", "\0", "a/",
            "a", "a/b", "a//b", "a/b/", "k" * 1024, "k" * 255, "k" * 256, "/".join(["d" * 200] * 5), "\n", "\x01",
            "a\\..\\b", "%2e%2e%2f", "%", "\u65e5\u672c", "\U0001f4a9", "CON", "a:b", "A", "e\u0301", "\u00e9",
            ".json", "a.json", "\ufffe", "-", "~", "*", "a\r\nb")

    def put(self, key, encode):
        return self.raw(request("PUT", "/bucket/" + encode(key), body=key.encode(), headers=UNSIGNED))

    def test_keys_keep_apart_and_inside(self):
        def some(key):  # slashes and dots as a client leaves them
            return urllib.parse.quote(key, safe="/.")

        def all_of(key):
            return "".join(f"%{b:02x}" for b in key.encode())

        for encode in (some, all_of):
            for key in self.KEYS:
                with self.subTest(repr(key)):
                    self.assertTrue(self.put(key, encode).startswith(b"HTTP/1.1 200 "))
            for key in self.KEYS:
                with self.subTest(repr(key)):
                    got = read_answer(self.raw(request("GET", "/bucket/" + encode(key))))
                    self.assertEqual((got[0], got[2]), (200, key.encode()))
        listed = [o["Key"] for page in self.s3.get_paginator("list_objects_v2").paginate(
            Bucket="bucket", PaginationConfig={"PageSize": 7}) for o in page["Contents"]]
        self.assertEqual(listed, sorted(self.KEYS, key=str.encode))
        places = {p.name for p in self.data.iterdir()}
        self.assertLessEqual(places, {"buckets", "meta", "journal", "keys", "staging", "uploads", "versions",
                                      "state.db", "state.db-wal", "history.db", "history.db-wal"})
        self.refused("rest-xml", "KeyTooLongError",
                     request("PUT", "/bucket/" + "k" * 1025, body=b"", headers=UNSIGNED))
        for key in self.KEYS:
            self.raw(request("DELETE", "/bucket/" + all_of(key)))
        self.assertEqual(self.s3.list_objects_v2(Bucket="bucket")["KeyCount"], 0)

    def test_buckets(self):
        for target in ("/..", "/.", "/%2e%2e", "/..%2f..%2fetc", "/...", "/bucket%00", "/bucket%2fk", "/BUCKET",
                       "/" + "b" * 64, "/b_k", "/-", "/10.0.0.1", "/b..k", "/" + "b" * 5000):
            with self.subTest(target[:30]):
                self.refused("rest-xml", "InvalidBucketName", request("PUT", target))
                status, _, body = read_answer(self.raw(request("GET", target + "/key")))
                self.assertIn(status, (400, 404))
                self.assertRegex(body, b"<Code>(NoSuchBucket|InvalidBucketName)</Code>")
        for host in ("..localhost", "a..b.localhost", "%2e%2e.localhost", "-.localhost", "x" * 300 + ".localhost"):
            status, _, _ = read_answer(self.raw(request("PUT", "/key", headers={"Host": host, **UNSIGNED},
                                                        body=b"x")))
            self.assertIn(status, (400, 404), host)

    def test_copy_sources(self):
        for source in ("bucket", "/", "..", "../../etc/passwd", "bucket/%zz", "bucket/%ff", "bucket/k?versionId=",
                       "bucket/k?versionId=../../x", "arn:aws:s3:::bucket/k", "x" * 3000):
            with self.subTest(source[:40]):
                status, _, body = read_answer(self.raw(request(
                    "PUT", "/bucket/copy", headers={"x-amz-copy-source": source})))
                self.assertIn(status, (400, 404), body)
                self.assertIn(b"<Code>", body)


class Parameters(Hostile):
    """Valid protocol, absurd values: every operation of what is implemented, seeded."""
    ODD = ("", "x", "x" * 5000, "../../x", "a b", "\u65e5\u672c", "%00", "*", "arn:aws:iam::aws:policy/x",
           f"arn:aws:iam::{harness.ACCOUNT}:role/../x", "{}", '{"Statement":[{}]}', "[" * 1000, "-1",
           '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":'
           '{"StringLike":{"aws:x":"' + "*a" * 500 + '"}}}]}', "\ud7ff\uffff", "'; DROP TABLE doc; --")

    def value(self, shape, rng, depth=0):
        kind = shape.type_name
        if kind == "structure":
            return {name: self.value(m, rng, depth + 1) for name, m in shape.members.items()
                    if depth < 5 and (name in shape.required_members or rng.random() < 0.5)}
        if kind == "list":
            return [self.value(shape.member, rng, depth + 1) for _ in range(rng.choice((0, 1, 1, 60)))]
        if kind == "map":
            return {rng.choice(self.ODD): self.value(shape.value, rng, depth + 1) for _ in range(2)}
        if kind in ("integer", "long"):
            return rng.choice((-1, 0, 1, 2 ** 31 - 1, -2 ** 31))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "timestamp":
            return rng.choice((0, -1, 2 ** 33, 10 ** 10))
        if kind == "blob":
            return rng.choice(self.ODD).encode("utf-8", "surrogatepass")
        return rng.choice(list(getattr(shape, "enum", None) or ()) + list(self.ODD))

    @harness.needs_newest
    def test_values(self):
        rng, unread, before = random.Random(1), [], self.memory_kb()
        for service in ("iam", "sts", "cloudtrail", "organizations", "s3", "ec2"):
            client = self.server.client(service, parameter_validation=False)
            names = {v: k for k, v in client.meta.method_to_api_mapping.items()}
            model = client.meta.service_model
            operations = (["DescribeRegions", "DescribeAvailabilityZones"] if service == "ec2"
                          else model.operation_names)
            for operation in operations:
                shape = model.operation_model(operation).input_shape
                for _ in range(3):
                    given = self.value(shape, rng) if shape else {}
                    if service == "s3" and "Bucket" in given:
                        given["Bucket"] = "bucket"
                    given.pop("ContentLength", None)  # a client that promises more waits for itself
                    try:
                        getattr(client, names[operation])(**given)
                    except botocore.exceptions.ClientError as error:
                        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                        if status != 431 and (status in (500, 503) or not error.response[
                                "ResponseMetadata"].get("RequestId")):
                            unread.append((service, operation, str(given)[:300], error.response))
                    except (botocore.exceptions.HTTPClientError, botocore.parsers.ResponseParserError) as error:
                        unread.append((service, operation, str(given)[:300], repr(error)[:500]))
                    except Exception:  # botocore can't even write such a request
                        continue
        self.assertFalse(unread, "\n".join(map(str, unread)))
        self.assertLess(self.memory_kb() - before, GROWTH_KB)
        for record in self.recorded():
            self.assertIn("eventID", record)


class Names(Hostile):
    def test_what_the_model_does_not_allow_is_made_by_nobody(self):
        iam = self.server.client("iam", parameter_validation=False)
        document = '{"Statement":[]}'
        for operation, given in (
                ("create_user", {}), ("create_user", {"UserName": ""}), ("create_user", {"UserName": "a b"}),
                ("create_user", {"UserName": "../x"}), ("create_user", {"UserName": "x" * 65}),
                ("create_user", {"UserName": "\u00fcn\u00ef"}), ("create_group", {"GroupName": "a\0b"}),
                ("create_user", {"UserName": "u", "Tags": [{"Key": "k", "Value": "v" * 257}]}),
                ("create_user", {"UserName": "u", "Tags": [{"Value": "v"}]}),
                ("create_user", {"UserName": "u", "Tags": [{"Key": str(n), "Value": ""} for n in range(51)]}),
                ("create_role", {"RoleName": "r"}),
                ("create_role", {"RoleName": "a/b", "AssumeRolePolicyDocument": document}),
                ("create_policy", {"PolicyName": "p", "PolicyDocument": "x" * 131073}),
                ("create_policy", {"PolicyName": "p" * 129, "PolicyDocument": document}),
                ("list_users", {"MaxItems": 1001}), ("delete_group", {})):
            with self.subTest(f"{operation} {str(given)[:60]}"):
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    getattr(iam, operation)(**given)
                answer = caught.exception.response
                self.assertEqual(answer["Error"]["Code"], "ValidationError")
                self.assertIn("failed to satisfy constraint: Member must", answer["Error"]["Message"])
                found = [r for r in self.recorded() if r["requestID"] == answer["ResponseMetadata"]["RequestId"]]
                self.assertEqual([r["errorCode"] for r in found], ["ValidationException"])
        self.assertEqual((iam.list_users()["Users"], iam.list_groups()["Groups"], iam.list_roles()["Roles"]),
                         ([], [], []))
        organizations = self.server.client("organizations", parameter_validation=False)
        self.assertEqual(harness.error_code(organizations.create_organization, FeatureSet="NOPE"),
                         "InvalidInputException")


class Stalled(unittest.TestCase):
    """Bodies that never come whole, connections on which nothing happens."""

    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server("--body-timeout", "300ms", "--idle-timeout", "1s").start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def talk(self, *pieces, gap=0.0):
        """What comes until the server closes, having sent pieces with a gap between them."""
        host, port = self.server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=harness.DEADLINE_S) as s:
            for piece in pieces:
                s.sendall(piece)
                threading.Event().wait(gap)
            raw = b""
            while some := s.recv(65536):
                raw += some
            return raw

    def test_a_body_that_does_not_come(self):
        for headers in ({"Content-Length": "10"}, {"Transfer-Encoding": "chunked"}):
            status, headers, body = read_answer(
                self.talk(request("PUT", "/bucket/key", headers=headers), b"3\r\nabc"))
            self.assertEqual((status, headers["Connection"]), (400, "close"))
            self.assertIn(b"<Code>RequestTimeout</Code>", body)
            self.assertIn(headers["x-amz-request-id"].encode(), body)
        status, headers, body = read_answer(
            self.talk(request("POST", "/", "cloudtrail", headers={**JSON, "Content-Length": "7"})))
        self.assertEqual((status, headers["x-amzn-errortype"]), (408, "RequestTimeoutException"))
        self.assertTrue(headers["x-amzn-RequestId"])

    def test_a_slow_body_is_taken(self):
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        raw = self.talk(request("POST", "/", "sts", headers={**FORM, "Content-Length": str(len(body))}),
                        *(body[i:i + 6] for i in range(0, len(body), 6)), gap=0.1)
        self.assertEqual(200, read_answer(raw)[0])

    def test_a_silent_connection_is_closed(self):
        for said in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
            self.assertEqual(b"", self.talk(said))
        answered = self.talk(request("GET", "/", headers={"Connection": "keep-alive"}))
        self.assertEqual(200, read_answer(answered)[0])  # and then closed: talk has come back

    def test_a_long_answer_is_not_idleness(self):
        self.server.client("sts").get_caller_identity()
        self.assertEqual("2026-01-11T09:00:00Z", self.server.advance("6d"))


class CommandLine(unittest.TestCase):
    def test_bad_usage_says_what_was_expected(self):
        for arguments, said in (
                (("--listen", "nonsense"), "expected HOST:PORT"), (("--listen", "127.0.0.1:99999"), "HOST:PORT"),
                (("--listen=",), "expected HOST:PORT"), (("--account", "123"), "12 digits"),
                (("--account",), "expected ID behind it"), (("--clock", "virtual:noon"), "expected a time"),
                (("--clock", "virtual:2026-13-01T00:00:00Z"), "expected a time"), (("--seed", "-1"), "a number"),
                (("--seed", "9" * 30), "expected a number"), (("--deliver-every", "0s"), "above zero"),
                (("--deliver-every", "5"), "expected a duration"), (("--digest-every", "-1h"), "a duration"),
                (("--durability", "maybe"), "expected os or disk"), (("--data", ""), "expected something"),
                (("--threads", "0"), "1 to 256"), (("--bogus",), "unknown option --bogus"), (("-x",), "'-x'"),
                (("--upstream", "ftp://x"), "expected http://HOST:PORT"), (("--root-secret", ""), "something"),
                (("--listen", "nowhere.invalid:0"), "nowhere.invalid")):
            done = self.run_in_empty("serve", *arguments)
            with self.subTest(str(arguments)):
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_bad_files(self):
        for text, line in (("listen: [1,2]\n", 1), ("region: eu-west-1\nbogus: 1\n", 2), ("\t:\n  - {", 1),
                           ("\0" * 20_000_000, 1), ("a: &a [x]\nb: [*a,*a]\n", 1), ("listen: " + "[" * 5000, 1)):
            done = self.run_in_empty("serve", file=text)
            with self.subTest(text[:20]):
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"mocktrail.yaml:{line}: ", done.stderr)

    def test_what_the_machine_refuses(self):
        """(arguments, exit code, what is said); the place holds a file, a directory and a database
        that is none."""
        with socket.create_server(("127.0.0.1", 0)) as taken, tempfile.TemporaryDirectory() as place:
            port = taken.getsockname()[1]
            for name in ("file", "mine/buckets", "broken/state.db"):
                pathlib.Path(place, name).parent.mkdir(exist_ok=True)
                pathlib.Path(place, name).write_text("garbage")
            for arguments, code, said in (
                    (("--data", "file"), 2, "--data 'file': expected a directory, it is a file"),
                    (("--data", "file/below"), 2, "expected a directory, a part of it is a file"),
                    (("--data", "mine"), 1, "create mine/buckets: Not a directory"),
                    (("--data", "broken"), 1, "broken/state.db: file is not a database"),
                    (("--data", "d", "--listen", f"127.0.0.1:{port}"), 1, "Address already in use"),
                    (("--config", "absent.yaml"), 2, "absent.yaml: No such file"),
                    (("--config", "mine"), 2, "mine: Is a directory")):
                listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
                done = subprocess.run([str(pathlib.Path(harness.PROGRAM).resolve()), "serve", *arguments, *listen],
                                      cwd=place, capture_output=True, text=True, timeout=harness.DEADLINE_S)
                with self.subTest(arguments):
                    self.assertEqual((done.returncode, done.stdout), (code, ""))
                    self.assertIn(said, done.stderr)
                    self.assertEqual(len(done.stderr.splitlines()), 1)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_directory_of_others(self):
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o500)
            done = subprocess.run([harness.PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", place],
                                  capture_output=True, text=True, timeout=harness.DEADLINE_S)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("Permission denied", done.stderr)

    def test_bad_environment(self):
        for name, value, said in (("MOCKTRAIL_LISTEN", "x", "expected HOST:PORT"),
                                  ("MOCKTRAIL_SEED", "abc", "expected a number"),
                                  ("MOCKTRAIL_NO_DEFAULT_TRAIL", "maybe", "expected true or false"),
                                  ("MOCKTRAIL_IDLE_TIMEOUT", "10ms", "whole seconds"),
                                  ("MOCKTRAIL_CONFIG", "/absent", "/absent: No such file")):
            done = self.run_in_empty("serve", environment={name: value})
            with self.subTest(name):
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def run_in_empty(self, *arguments, file=None, environment=None):
        with tempfile.TemporaryDirectory() as place:
            if file:
                pathlib.Path(place, "mocktrail.yaml").write_text(file)
            return subprocess.run([str(pathlib.Path(harness.PROGRAM).resolve()), *arguments], cwd=place,
                                  capture_output=True, text=True, timeout=harness.DEADLINE_S,
                                  env={**os.environ, **(environment or {})})


if __name__ == "__main__":
    unittest.main()
