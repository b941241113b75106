"""--upstream: another emulator answers, mocktrail records. moto is the upstream that works; a small server of
our own is the one that is down, slow or talks nonsense."""
import collections
import http.client
import http.server
import io
import json
import logging
import socket
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request
import zipfile

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions

import harness

try:
    from moto.server import ThreadedMotoServer
except ImportError:
    print("moto is not installed (tests/requirements.txt)")
    sys.exit(77)

MOTO_ACCOUNT = "123456789012"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": MOTO_ACCOUNT}, "Action": "sts:AssumeRole"}]})
ATTRIBUTES = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
              "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
              "BillingMode": "PAY_PER_REQUEST"}


def code_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("f.py", "def f(event, context):\n    return 1\n")
    return out.getvalue()


# (service, call, parameters, event, members of requestParameters, paths of responseElements or None)
CALLS = (
    ("s3", "create_bucket", {"Bucket": "plain"}, "CreateBucket", {"bucketName": "plain"}, None),
    ("s3", "put_object", {"Bucket": "plain", "Key": "a/b c", "Body": b"x" * 10}, "PutObject",
     {"bucketName": "plain", "key": "a/b c"}, None),
    ("s3", "list_objects_v2", {"Bucket": "plain"}, "ListObjects", {"bucketName": "plain"}, None),
    ("s3", "get_bucket_location", {"Bucket": "plain"}, "GetBucketLocation", {"bucketName": "plain"}, None),
    ("dynamodb", "create_table", {"TableName": "orders", **ATTRIBUTES}, "CreateTable",
     {"tableName": "orders"}, ("tableDescription/tableArn", "tableDescription/creationDateTime")),
    ("dynamodb", "describe_table", {"TableName": "orders"}, "DescribeTable", {"tableName": "orders"}, None),
    ("sqs", "create_queue", {"QueueName": "jobs"}, "CreateQueue", {"queueName": "jobs"}, ("queueUrl",)),
    ("sqs", "list_queues", {}, "ListQueues", {}, None),
    ("sns", "create_topic", {"Name": "news"}, "CreateTopic", {"name": "news"}, ("topicArn",)),
    ("iam", "create_role", {"RoleName": "app", "AssumeRolePolicyDocument": TRUST}, "CreateRole",
     {"roleName": "app"}, ("role/arn", "role/roleId", "role/createDate")),
    ("iam", "list_roles", {}, "ListRoles", {}, None),
    ("sts", "get_caller_identity", {}, "GetCallerIdentity", {}, None),
    ("ec2", "create_vpc", {"CidrBlock": "10.1.0.0/16"}, "CreateVpc", {"cidrBlock": "10.1.0.0/16"},
     ("vpc/vpcId", "vpc/cidrBlock")),
    ("ec2", "describe_vpcs", {}, "DescribeVpcs", {}, None),
    ("lambda", "create_function", {"FunctionName": "f", "Runtime": "python3.12", "Handler": "f.f",
                                   "Role": f"arn:aws:iam::{MOTO_ACCOUNT}:role/app",
                                   "Code": {"ZipFile": code_zip()}}, "CreateFunction20150331",
     {"functionName": "f", "runtime": "python3.12"}, ("functionArn", "timeout")),
    ("kms", "create_key", {"Description": "k"}, "CreateKey", {"description": "k"},
     ("keyMetadata/keyId", "keyMetadata/enabled")),
    ("logs", "create_log_group", {"logGroupName": "g"}, "CreateLogGroup", {"logGroupName": "g"}, None),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]},
     "PutMetricData", {"namespace": "n"}, None),
    ("cloudwatch", "list_metrics", {"Namespace": "n"}, "ListMetrics", {"namespace": "n"}, None),
    ("secretsmanager", "create_secret", {"Name": "s", "SecretString": "marked-secret"}, "CreateSecret",
     {"name": "s"}, ("arn",)),
    ("route53", "create_hosted_zone", {"Name": "example.test", "CallerReference": "1"}, "CreateHostedZone",
     {"name": "example.test"}, ("hostedZone/id",)),
)

# (service, call, parameters, the code that boto3 sees, the code on record)
REFUSALS = (
    ("s3", "get_object", {"Bucket": "plain", "Key": "none"}, "NoSuchKey", "NoSuchKey"),
    ("s3", "head_object", {"Bucket": "plain", "Key": "none"}, "404", "NoSuchKey"),
    ("s3", "head_bucket", {"Bucket": "no-such-bucket-here"}, "404", "NoSuchBucket"),
    ("iam", "get_user", {"UserName": "nobody"}, "NoSuchEntity", "NoSuchEntityException"),
    ("dynamodb", "describe_table", {"TableName": "none"}, "ResourceNotFoundException",
     "ResourceNotFoundException"),
    ("ec2", "delete_vpc", {"VpcId": "vpc-0123456789abcdef0"}, "InvalidVpcID.NotFound", "Client.InvalidVpcID.NotFound"),
    ("lambda", "get_function", {"FunctionName": "none"}, "ResourceNotFoundException",
     "ResourceNotFoundException"),
    ("sqs", "get_queue_url", {"QueueName": "none"}, "AWS.SimpleQueueService.NonExistentQueue",
     "QueueDoesNotExist"),
)


def moto():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    return server, "http://{}:{}".format(*server.get_host_and_port())


def at(tree, path):
    for name in path.split("/"):
        tree = tree[name]
    return tree


class Moto(unittest.TestCase):
    """Everything but CloudTrail is moto's."""

    @classmethod
    def setUpClass(cls):
        cls.moto, cls.url = moto()
        cls.server = harness.Server("--account", MOTO_ACCOUNT, "--upstream", cls.url)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.moto.stop()

    def client(self, service, key=MOTO_ACCOUNT, **more):
        return self.server.client(service, key=key, **more)

    def records(self):
        self.server.flush()
        return self.server.records()

    def of(self, event, request_id):
        found = [r for r in self.records() if r["eventName"] == event and r["requestID"] == request_id]
        self.assertTrue(found, f"{event} {request_id} is not on record")
        return found[-1]

    def test_a_calls_of_many_services(self):
        for service, call, params, event, asked, answered in CALLS:
            with self.subTest(call=f"{service}.{call}"):
                answer = getattr(self.client(service), call)(**params)
                record = self.of(event, answer["ResponseMetadata"]["RequestId"])
                self.assertEqual(record["eventSource"].split(".")[0],
                                 {"cloudwatch": "monitoring"}.get(service, service))
                self.assertNotIn("errorCode", record)
                for name, value in asked.items():
                    self.assertEqual(record["requestParameters"][name], value)
                if answered is None and event != "GetCallerIdentity":
                    self.assertIsNone(record["responseElements"])
                for path in answered or ():
                    self.assertIsNotNone(at(record["responseElements"], path))
        self.assertNotIn("marked-secret", json.dumps(self.records()))

    def test_b_the_answer_is_motos(self):
        """Byte for byte, but for what belongs to the connection."""
        body = b"Action=ListRoles&Version=2010-05-08"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={MOTO_ACCOUNT}/20260105/us-east-1/iam/aws4_request, "
                                    "SignedHeaders=host, Signature=" + "0" * 64,
                   "X-Amz-Date": "20260105T090000Z", "Content-Type": "application/x-www-form-urlencoded"}
        both = []
        for url in (self.url, self.server.url):
            with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
                both.append((answer.status, answer.headers["Content-Type"], answer.read()))
        self.assertEqual(both[0][:2], both[1][:2])
        self.assertEqual(both[0][2].split(b"<RequestId>")[0], both[1][2].split(b"<RequestId>")[0])

    def test_c_refusals(self):
        for service, call, params, code, on_record in REFUSALS:
            with self.subTest(call=f"{service}.{call}"):
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    getattr(self.client(service), call)(**params)
                answer = caught.exception.response
                self.assertEqual(answer["Error"]["Code"], code)
                event = caught.exception.operation_name
                record = self.of({"GetFunction": "GetFunction20150331v2"}.get(event, event),
                                 answer["ResponseMetadata"]["RequestId"])
                self.assertEqual(record["errorCode"], on_record)
                self.assertIsNone(record["responseElements"])

    def test_d_users_and_sessions_are_learnt(self):
        iam = self.client("iam")
        user = iam.create_user(UserName="ann", Path="/eng/")["User"]
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        role = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=TRUST)["Role"]
        mine = self.server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        who = mine.get_caller_identity()
        identity = self.of("GetCallerIdentity", who["ResponseMetadata"]["RequestId"])["userIdentity"]
        self.assertEqual((identity["type"], identity["arn"], identity["userName"], identity["principalId"]),
                         ("IAMUser", user["Arn"], "ann", user["UserId"]))
        assumed = mine.assume_role(RoleArn=role["Arn"], RoleSessionName="s1")
        c = assumed["Credentials"]
        session = self.server.client("sts", c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
        who = session.get_caller_identity()
        identity = self.of("GetCallerIdentity", who["ResponseMetadata"]["RequestId"])["userIdentity"]
        self.assertEqual((identity["type"], identity["arn"]), ("AssumedRole", assumed["AssumedRoleUser"]["Arn"]))
        issuer = identity["sessionContext"]["sessionIssuer"]
        self.assertEqual((issuer["arn"], issuer["principalId"], issuer["userName"]),
                         (role["Arn"], role["RoleId"], "deploy"))
        iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
        self.client("sts", key=key["AccessKeyId"]).get_caller_identity()
        self.assertNotEqual(self.records()[-1]["userIdentity"].get("userName"), "ann")

    def test_e_own_and_federated_sessions(self):
        iam = self.client("iam")
        iam.create_user(UserName="fay")
        key = iam.create_access_key(UserName="fay")["AccessKey"]
        sts = self.server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        for call, params, kind, name in ((sts.get_session_token, {}, "IAMUser", "user/fay"),
                                         (sts.get_federation_token, {"Name": "guest"}, "FederatedUser",
                                          "federated-user/guest")):
            c = call(**params)["Credentials"]  # moto gives the same key to both
            sqs = self.server.client("sqs", c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
            request_id = sqs.list_queues()["ResponseMetadata"]["RequestId"]
            identity = self.of("ListQueues", request_id)["userIdentity"]
            self.assertEqual(identity["type"], kind)
            self.assertTrue(identity["arn"].endswith(name), identity["arn"])

    def test_f_large_objects_both_ways(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="large")
        body = bytes(range(256)) * (12 << 10)  # 3 MiB: staged on the way in, spooled on the way out
        s3.put_object(Bucket="large", Key="o", Body=body)
        answer = s3.get_object(Bucket="large", Key="o")
        self.assertEqual(answer["Body"].read(), body)
        self.assertEqual(s3.get_object(Bucket="large", Key="o", Range="bytes=5-9")["Body"].read(), body[5:10])
        record = self.of("GetObject", answer["ResponseMetadata"]["RequestId"])
        self.assertEqual(record["additionalEventData"]["bytesTransferredOut"], len(body))
        self.assertEqual([p.name for p in (self.server.data / "staging").iterdir()], [])

    def test_g_presigned_and_virtual_host(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="hosted")
        url = s3.generate_presigned_url("put_object", Params={"Bucket": "hosted", "Key": "k"})
        plain = {"Content-Type": "text/plain"}  # moto takes urllib's own for a form
        with urllib.request.urlopen(urllib.request.Request(url, b"presigned", plain, method="PUT")) as answer:
            self.assertEqual(answer.status, 200)
        self.assertEqual(s3.get_object(Bucket="hosted", Key="k")["Body"].read(), b"presigned")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "hosted", "Key": "k"})
        request = urllib.request.Request(url.replace("/hosted/k", "/k"))
        request.add_unredirected_header("Host", "hosted.s3.localhost")
        with urllib.request.urlopen(request) as answer:
            self.assertEqual(answer.read(), b"presigned")
        record = [r for r in self.records() if r["eventName"] == "GetObject"][-1]
        self.assertEqual(record["additionalEventData"]["AuthenticationMethod"], "QueryString")
        self.assertEqual(record["requestParameters"]["bucketName"], "hosted")

    def test_h_the_trail_stays_here(self):
        s3, trail = self.client("s3"), self.client("cloudtrail")
        self.assertEqual([t["Name"] for t in trail.describe_trails()["trailList"]], ["mocktrail"])
        self.client("sns").list_topics()
        self.assertIn("ListTopics", [e["EventName"] for e in trail.lookup_events()["Events"]])
        self.server.flush()
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="mocktrail-trail")["Contents"]]
        self.assertTrue(any("/CloudTrail/" in key for key in keys))
        self.assertNotIn("mocktrail-trail", [b["Name"] for b in s3.list_buckets()["Buckets"]])

    def test_i_learnt_keys_outlive_a_restart(self):
        with harness.Server("--account", MOTO_ACCOUNT, "--upstream", self.url) as first:
            iam = first.client("iam", key=MOTO_ACCOUNT)
            iam.create_user(UserName="zoe")
            key = iam.create_access_key(UserName="zoe")["AccessKey"]
            self.assertEqual(first.stop(), 0)
            with harness.Server("--account", MOTO_ACCOUNT, "--upstream", self.url, data=first.data) as again:
                again.client("sts", key["AccessKeyId"], key["SecretAccessKey"]).get_caller_identity()
                again.flush()
                self.assertEqual(again.records()[-1]["userIdentity"]["userName"], "zoe")


class OneService(unittest.TestCase):
    def test_only_the_named_service_is_forwarded(self):
        upstream, url = moto()
        self.addCleanup(upstream.stop)
        with harness.Server("--upstream", f"sqs={url}") as server:
            name = server.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
            self.assertTrue(name.endswith("/jobs"))
            arn = server.client("iam").create_user(UserName="kay")["User"]["Arn"]
            self.assertEqual(arn, f"arn:aws:iam::{harness.ACCOUNT}:user/kay")
            server.flush()
            self.assertEqual({r["eventName"] for r in server.records()}, {"CreateQueue", "CreateUser"})


class Toy(http.server.BaseHTTPRequestHandler):
    """Behaves as the credential scope's service says."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.server.connections.add(self.client_address)
        service = self.headers.get("Authorization", "").split("/")[3:4]
        self.server.behaviour.get((service or [""])[0], Toy.plain)(self)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any

    def plain(self):
        self.answer(200, b"{}")

    def slow(self):
        self.server.released.wait(harness.DEADLINE_S)
        self.answer(200, b"{}")

    def page(self):
        self.answer(200, b"<html><body>Welcome</body></html>", Content_Type="text/html")

    def crash(self):
        self.answer(500, b"<!doctype html><title>500 Internal Server Error</title>")

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def cut_short(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"KeyMetadata')
        self.close_connection = True

    def elsewhere(self):
        self.answer(307, Location="http://127.0.0.1:1/")

    def noise(self):
        self.wfile.write(b"\x00\xff\x13 this is not HTTP\r\n\r\n")
        self.close_connection = True


class ToyServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


class Trouble(unittest.TestCase):
    """An upstream that is down, slow or talks nonsense."""
    BEHAVIOUR = {"sqs": Toy.slow, "logs": Toy.page, "kms": Toy.cut_short, "dynamodb": Toy.crash,
                 "sns": Toy.hang_up, "iam": Toy.page, "events": Toy.elsewhere, "ssm": Toy.noise,
                 "s3": Toy.hang_up, "ec2": Toy.page, "monitoring": Toy.page}

    @classmethod
    def setUpClass(cls):
        cls.toy = ToyServer(("127.0.0.1", 0), Toy)
        cls.toy.behaviour, cls.toy.seen, cls.toy.connections = dict(cls.BEHAVIOUR), [], set()
        cls.toy.released = threading.Event()
        threading.Thread(target=cls.toy.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.toy.server_address[1]}"
        cls.server = harness.Server("--upstream", cls.url, "--upstream", "sesv2=http://127.0.0.1:1",
                                    "--upstream-timeout", "2s")
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.toy.released.set()
        cls.server.__exit__()
        cls.toy.shutdown()
        cls.toy.server_close()

    def refused(self, call, **params):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**params)
        answer = caught.exception.response
        return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer

    def on_record(self, event):
        self.server.flush()
        return [r for r in self.server.records() if r["eventName"] == event][-1]

    def test_nonsense_is_an_error_of_awss_form(self):
        for service, call, params, event in (
                ("logs", "describe_log_groups", {}, "DescribeLogGroups"),
                ("kms", "describe_key", {"KeyId": "k"}, "DescribeKey"),
                ("dynamodb", "list_tables", {}, "ListTables"),
                ("sns", "list_topics", {}, "ListTopics"),
                ("iam", "list_users", {}, "ListUsers"),
                ("ec2", "describe_vpcs", {}, "DescribeVpcs"),
                ("events", "list_rules", {}, "ListRules"),
                ("ssm", "describe_parameters", {}, "DescribeParameters"),
                ("cloudwatch", "list_metrics", {}, "ListMetrics")):
            with self.subTest(service=service):
                status, code, answer = self.refused(getattr(self.server.client(service), call), **params)
                self.assertEqual((status, code), (502, "InternalFailure"))
                self.assertIn(self.url, answer["Error"]["Message"])
                record = self.on_record(event)
                self.assertEqual(record["errorCode"],
                                 "Server.InternalError" if service == "ec2" else "InternalFailure")
                self.assertEqual(record["requestID"], answer["ResponseMetadata"]["RequestId"])
        self.assertEqual(self.refused(self.server.client("s3").list_buckets)[:2], (502, "InternalError"))

    def test_down(self):
        status, code, _ = self.refused(self.server.client("sesv2").list_contact_lists)
        self.assertEqual((status, code), (503, "ServiceUnavailable"))
        self.assertEqual(self.on_record("ListContactLists")["errorCode"], "ServiceUnavailable")

    def test_slow_is_given_up_and_others_go_on(self):
        """Twenty calls wait; the front door, CloudTrail and other upstream calls do not."""
        found = []
        waiting = [threading.Thread(target=lambda: found.append(
            self.refused(self.server.client("sqs").list_queues))) for _ in range(20)]
        before = len(self.toy.seen)
        for thread in waiting:
            thread.start()
        self.wait_for(before + 20)
        began = time.monotonic()
        self.assertEqual(self.server.control("GET", "health")[0], 200)
        self.server.client("cloudtrail").describe_trails()
        self.server.client("batch").describe_job_queues()
        quick = time.monotonic() - began
        for thread in waiting:
            thread.join(harness.DEADLINE_S)
        self.assertEqual(collections.Counter(f[:2] for f in found), {(504, "GatewayTimeout"): 20})
        self.assertRegex(found[0][2]["Error"]["Message"],
                         "^The upstream http://[^ ]* did not answer in time: no byte came or went for [0-9.]+ s$")
        self.assertLess(quick, time.monotonic() - began)
        self.assertEqual(self.on_record("ListQueues")["errorCode"], "GatewayTimeout")

    def test_requests_are_signed_anew(self):
        client = self.server.client("sts")
        self.toy.behaviour["sts"] = Toy.crash
        self.refused(client.get_caller_identity)
        self.check_signature("sts", False)
        self.toy.behaviour["s3"] = Toy.crash
        s3 = self.server.client("s3")
        self.refused(s3.put_object, Bucket="b", Key="a b/ü+c", Body=b"body", Metadata={"m": "a  b"})
        self.check_signature("s3", True)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k", "VersionId": "v"})
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(url)
        self.assertEqual(self.toy.seen[-1][1], "/b/k?versionId=v")
        self.check_signature("s3", True)
        self.toy.behaviour["s3"] = Toy.hang_up

    def check_signature(self, service, is_s3):
        method, path, headers, body = self.toy.seen[-1]
        headers = {k.lower(): v for k, v in headers.items()}
        self.assertEqual(headers["host"], self.url.split("//")[1])
        signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        self.assertIn("host", signed)
        request = botocore.awsrequest.AWSRequest(
            method, self.url + path, {k: v for k, v in headers.items() if k in signed}, body)
        request.context["timestamp"] = headers["x-amz-date"]
        request.context["payload_signing_enabled"] = True
        auth = (botocore.auth.S3SigV4Auth if is_s3 else botocore.auth.SigV4Auth)(
            botocore.credentials.Credentials(harness.ACCOUNT, "test"), service, "us-east-1")
        self.assertEqual(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request),
                         headers["authorization"].split("Signature=")[1])

    def test_connections_are_kept(self):
        before = len(self.toy.connections)
        for _ in range(10):
            self.server.client("batch").describe_job_queues()
        self.assertLessEqual(len(self.toy.connections) - before, 2)

    def raw(self, server, service):
        """A connection with a call sent, its answer not read."""
        connection = http.client.HTTPConnection(server.url.split("//")[1], timeout=harness.DEADLINE_S)
        scope = f"Credential={harness.ACCOUNT}/20260105/us-east-1/{service}/aws4_request"
        connection.request("POST", "/", b"{}", {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}",
            "X-Amz-Date": "20260105T090000Z", "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSQS.ListQueues" if service == "sqs" else "Logs_20140328.DescribeLogGroups"})
        return connection

    def wait_for(self, calls):
        began = time.monotonic()
        while len(self.toy.seen) < calls:
            self.assertLess(time.monotonic() - began, harness.DEADLINE_S)

    def test_no_more_than_256_wait(self):
        with harness.Server("--upstream", self.url, "--upstream-timeout", "10m") as server:
            self.toy.released.clear()
            before = len(self.toy.seen)
            waiting = [self.raw(server, "sqs") for _ in range(256)]
            self.wait_for(before + 256)
            answer = self.raw(server, "sqs").getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())["__type"]), (503, "ServiceUnavailable"))
            status, _ = server.control("POST", "reset")  # does not wait for them either
            self.assertEqual(status, 200)
            self.toy.released.set()
            self.assertEqual({c.getresponse().status for c in waiting}, {200})
            for connection in waiting:
                connection.close()
            self.toy.released.clear()
            server.flush()
            records = server.records()
            self.assertEqual(collections.Counter(r["eventName"] for r in records), {"ListQueues": 256})
            self.assertEqual(len({r["eventID"] for r in records}), 256)

    def test_stopping_does_not_wait_for_the_slow(self):
        server = harness.Server("--upstream", self.url, "--upstream-timeout", "10m").start()
        found = []
        thread = threading.Thread(target=lambda: found.append(
            self.refused(server.client("sqs").list_queues)[:2]))
        before = len(self.toy.seen)
        thread.start()
        self.wait_for(before + 1)
        self.assertEqual(server.stop(), 0)
        thread.join(harness.DEADLINE_S)
        self.assertEqual(found, [(503, "ServiceUnavailable")])
        server.remove()


if __name__ == "__main__":
    unittest.main()
