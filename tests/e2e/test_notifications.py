"""The three envelopes that log consumers read: S3 to SQS, S3 to SNS to SQS, CloudTrail to SNS to SQS; and what
becomes of them when the process is killed."""
import gzip
import io
import json
import unittest
import urllib.parse
import urllib.request

from harness import ACCOUNT, FreshCase, Server

REGION, BUCKET = "us-east-1", "bkt"


class Base(FreshCase):
    def setUp(self):
        super().setUp()
        self.connect(self.server)

    def connect(self, server):
        self.s3, self.sqs, self.sns, self.ct = (server.client(n) for n in ("s3", "sqs", "sns", "cloudtrail"))

    def queue(self, name="q"):
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def bodies(self, url, wait=0):
        """All that is there, as JSON; deleted."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                                   WaitTimeSeconds=0 if found else wait).get("Messages"):
            found += [json.loads(m["Body"]) for m in messages]
            self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
        return found

    def notify(self, bucket, *queues, **more):
        self.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]} for arn in queues], **more})

    @staticmethod
    def events(bodies):
        return [r for b in bodies for r in b.get("Records", [])]


class Objects(Base):
    def setUp(self):
        super().setUp()
        self.s3.create_bucket(Bucket=BUCKET)
        self.url, self.arn = self.queue()

    def configure(self, *events, rules=(), **more):
        queue = {"QueueArn": self.arn, "Events": list(events), "Id": "mine"}
        if rules:
            queue["Filter"] = {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules]}}
        self.s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [queue], **more})

    def test_set_up_sends_a_test_event_once(self):
        self.configure("s3:ObjectCreated:*")
        self.configure("s3:ObjectRemoved:*")
        test, = self.bodies(self.url)
        self.assertEqual(["Amazon S3", "s3:TestEvent", BUCKET, "2026-01-05T09:00:00.000Z"],
                         [test[k] for k in ("Service", "Event", "Bucket", "Time")])
        got = self.s3.get_bucket_notification_configuration(Bucket=BUCKET)
        self.assertEqual([{"Id": "mine", "QueueArn": self.arn, "Events": ["s3:ObjectRemoved:*"]}],
                         got["QueueConfigurations"])

    def test_the_message_is_amazons(self):
        self.configure("s3:ObjectCreated:*")
        self.bodies(self.url)
        answer = self.s3.put_object(Bucket=BUCKET, Key="a b/ü+c.json", Body=b"hello")
        body, = self.bodies(self.url)
        record, = body["Records"]
        self.assertEqual(
            {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
             "eventTime": "2026-01-05T09:00:00.000Z", "eventName": "ObjectCreated:Put",
             "userIdentity": {"principalId": "AWS:" + ACCOUNT},
             "requestParameters": {"sourceIPAddress": "127.0.0.1"},
             "responseElements": {"x-amz-request-id": answer["ResponseMetadata"]["RequestId"],
                                  "x-amz-id-2": answer["ResponseMetadata"]["HostId"]}},
            {k: v for k, v in record.items() if k != "s3"})
        s3 = record["s3"]
        self.assertEqual(["1.0", "mine", BUCKET, "arn:aws:s3:::" + BUCKET],
                         [s3["s3SchemaVersion"], s3["configurationId"], s3["bucket"]["name"], s3["bucket"]["arn"]])
        self.assertEqual({"key": "a+b/%C3%BC%2Bc.json", "size": 5, "eTag": answer["ETag"].strip('"'),
                          "sequencer": s3["object"]["sequencer"]}, s3["object"])
        self.assertEqual("a b/ü+c.json", urllib.parse.unquote_plus(s3["object"]["key"]))

    def test_each_kind_of_event(self):
        self.configure("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put")
        self.s3.put_object(Bucket=BUCKET, Key="k", Body=b"1")
        self.s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/k")
        upload = self.s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
        part = self.s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        self.s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload={
            "Parts": [{"PartNumber": 1, "ETag": part}]})
        form = self.s3.generate_presigned_post(BUCKET, "posted")
        self.post(form, b"form")
        self.s3.put_object_tagging(Bucket=BUCKET, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
        self.s3.delete_object_tagging(Bucket=BUCKET, Key="k")
        self.s3.delete_object(Bucket=BUCKET, Key="k")
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        version = self.s3.put_object(Bucket=BUCKET, Key="v", Body=b"2")["VersionId"]
        self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "v"}, {"Key": "v", "VersionId": version}]})
        events = self.events(self.bodies(self.url))
        self.assertEqual(
            ["ObjectCreated:Put k", "ObjectCreated:Copy copy", "ObjectCreated:CompleteMultipartUpload parts",
             "ObjectCreated:Post posted", "ObjectTagging:Put k", "ObjectTagging:Delete k", "ObjectRemoved:Delete k",
             "ObjectCreated:Put v", "ObjectRemoved:DeleteMarkerCreated v", "ObjectRemoved:Delete v"],
            [f"{e['eventName']} {e['s3']['object']['key']}" for e in events])
        self.assertEqual(version, events[7]["s3"]["object"]["versionId"])
        self.assertEqual(version, events[9]["s3"]["object"]["versionId"])
        order = [e["s3"]["object"]["sequencer"] for e in events if e["s3"]["object"]["key"] == "k"]
        self.assertEqual(sorted(order), order)

    def post(self, form, body):
        edge = "----edge"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
                 for k, v in form["fields"].items()]
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
                     + body + f"\r\n--{edge}--\r\n".encode())
        urllib.request.urlopen(urllib.request.Request(form["url"], b"".join(parts), {
            "Content-Type": f"multipart/form-data; boundary={edge}"})).read()

    def test_filters(self):
        self.configure("s3:ObjectCreated:Put", rules=[("prefix", "logs/"), ("suffix", ".gz")])
        for key in ("logs/a.gz", "logs/a.txt", "other/a.gz"):
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
        self.s3.copy_object(Bucket=BUCKET, Key="logs/b.gz", CopySource=f"{BUCKET}/logs/a.gz")
        self.assertEqual(["logs/a.gz"], [e["s3"]["object"]["key"] for e in self.events(self.bodies(self.url))])

    def test_what_can_not_be_configured_is_refused(self):
        put = self.s3.put_bucket_notification_configuration
        created = ["s3:ObjectCreated:*"]
        self.assertIn("unique", self.refused("InvalidArgument", put, Bucket=BUCKET, NotificationConfiguration={
            "QueueConfigurations": [{"Id": "1", "QueueArn": self.arn, "Events": [event]}
                                    for event in ("s3:ObjectCreated:Put", "s3:ObjectRemoved:*")]}))
        for kind, conf, code in (
                ("Queue", {"QueueArn": self.arn + "x", "Events": created}, "InvalidArgument"),
                ("Queue", {"QueueArn": self.arn, "Events": ["s3:Nonsense"]}, "InvalidArgument"),
                ("Queue", {"QueueArn": self.arn, "Events": ["s3:ObjectRestore:*"]}, "NotImplemented"),
                ("Queue", {"QueueArn": self.arn.replace(REGION, "eu-west-1"), "Events": created}, "InvalidArgument"),
                ("Topic", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:no", "Events": created}, "InvalidArgument"),
                ("LambdaFunction", {"LambdaFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
                                    "Events": created}, "NotImplemented")):
            self.refused(code, put, Bucket=BUCKET, NotificationConfiguration={kind + "Configurations": [conf]})
        _, other = self.queue("other")
        self.refused("InvalidArgument", put, Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": self.arn, "Events": created}, {"QueueArn": other, "Events": ["s3:ObjectCreated:Put"]}]})
        self.assertEqual([], self.bodies(self.url))
        deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"Service": "s3.amazonaws.com"},
                                                         "Action": "sqs:*", "Resource": self.arn}]}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(deny)})
        self.refused("InvalidArgument", put, Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": self.arn, "Events": created}]})

    def test_by_way_of_a_topic(self):
        topic = self.sns.create_topic(Name="t")["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn)
        self.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]})
        self.s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        test, told = self.bodies(self.url)
        self.assertEqual("s3:TestEvent", json.loads(test["Message"])["Event"])
        self.assertEqual(["Notification", "Amazon S3 Notification", "k"],
                         [told["Type"], told["Subject"],
                          json.loads(told["Message"])["Records"][0]["s3"]["object"]["key"]])

    def test_by_way_of_eventbridge(self):
        events = self.server.client("events")
        events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"], "detail": {
            "bucket": {"name": [BUCKET]}}}))
        events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": self.arn}])
        self.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={
            "EventBridgeConfiguration": {}})
        answer = self.s3.put_object(Bucket=BUCKET, Key="a b", Body=b"xyz")
        self.s3.delete_object(Bucket=BUCKET, Key="a b")
        created, deleted = self.bodies(self.url)
        self.assertEqual(["Object Created", "aws.s3", ["arn:aws:s3:::" + BUCKET], ACCOUNT],
                         [created[k] for k in ("detail-type", "source", "resources", "account")])
        detail = created["detail"]
        self.assertEqual([{"name": BUCKET}, "a b", 3, answer["ETag"].strip('"'), "PutObject", ACCOUNT],
                         [detail["bucket"], detail["object"]["key"], detail["object"]["size"],
                          detail["object"]["etag"], detail["reason"], detail["requester"]])
        self.assertEqual(["Object Deleted", "Permanently Deleted"],
                         [deleted["detail-type"], deleted["detail"]["deletion-type"]])

    def test_what_was_written_before_is_not_told(self):
        self.s3.put_object(Bucket=BUCKET, Key="before", Body=b"x")
        self.configure("s3:ObjectCreated:*")
        self.s3.put_object(Bucket=BUCKET, Key="while", Body=b"x")
        self.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
        self.s3.put_object(Bucket=BUCKET, Key="after", Body=b"x")
        self.assertEqual(["while"], [e["s3"]["object"]["key"] for e in self.events(self.bodies(self.url))])


class Logs(Base):
    def test_every_log_file_is_told_of_once_by_both_ways(self):
        s3_url, s3_arn = self.queue("by-s3")
        ct_url, ct_arn = self.queue("by-cloudtrail")
        topic = self.sns.create_topic(Name="trail")["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ct_arn)
        self.ct.update_trail(Name="mocktrail", SnsTopicName="trail")
        self.notify("mocktrail-trail", s3_arn)
        for _ in range(3):
            self.server.client("iam", region="eu-west-1").list_users()
            self.sqs.list_queues()
            self.server.advance("5m")
        logs = [str(p.relative_to(self.server.data / "buckets" / "mocktrail-trail")) for p in self.server.log_files()]
        told = self.bodies(ct_url)
        self.assertEqual("CloudTrail validation message.", told[0]["Message"])
        batches = [json.loads(t["Message"]) for t in told[1:]]
        keys = sorted(k for b in batches for k in b["s3ObjectKey"] if b["s3Bucket"] == "mocktrail-trail")
        events = [e for e in self.events(self.bodies(s3_url)) if "CloudTrail-Digest" not in e["s3"]["object"]["key"]]
        self.assertGreaterEqual(len(keys), 3)
        self.assertEqual(sorted(logs), keys)
        self.assertEqual(keys, sorted(urllib.parse.unquote_plus(e["s3"]["object"]["key"]) for e in events))
        for e in events:
            body = self.s3.get_object(Bucket=e["s3"]["bucket"]["name"],
                                      Key=urllib.parse.unquote_plus(e["s3"]["object"]["key"]))
            text = body["Body"].read()
            self.assertEqual([e["s3"]["object"]["size"], e["s3"]["object"]["eTag"]],
                             [len(text), body["ETag"].strip('"')])
            self.assertTrue(json.load(gzip.open(io.BytesIO(text)))["Records"])
        status = self.ct.get_trail_status(Name="mocktrail")
        self.assertEqual("2026-01-05T09:10:05Z", status["LatestNotificationAttemptSucceeded"])
        self.assertNotIn("LatestNotificationError", status)

    def test_digests_are_told_of_by_the_bucket_alone(self):
        url, arn = self.queue()
        self.notify("mocktrail-trail", arn)
        self.server.advance("1h")
        self.server.advance("1m")
        digests = {str(p.relative_to(self.server.data / "buckets" / "mocktrail-trail"))
                   for p in (self.server.data / "buckets" / "mocktrail-trail").rglob("*CloudTrail-Digest_*.json.gz")}
        told = [e["s3"]["object"]["key"] for e in self.events(self.bodies(url)) if "-Digest" in e["s3"]["object"]["key"]]
        self.assertEqual(digests, set(told))
        self.assertEqual(len(told), len(set(told)))
        self.assertTrue(told)

    def test_a_topic_that_is_gone_shows_in_the_status(self):
        self.refused("InsufficientSnsTopicPolicyException", self.ct.update_trail, Name="mocktrail", SnsTopicName="t")
        self.refused("InvalidSnsTopicNameException", self.ct.update_trail, Name="mocktrail", SnsTopicName="a b")
        topic = self.sns.create_topic(Name="t")["TopicArn"]
        trail = self.ct.update_trail(Name="mocktrail", SnsTopicName=topic)
        self.assertEqual(topic, trail["SnsTopicARN"])
        self.sns.delete_topic(TopicArn=topic)
        self.server.flush()
        self.assertEqual("NotFound", self.ct.get_trail_status(Name="mocktrail")["LatestNotificationError"])
        self.ct.update_trail(Name="mocktrail", SnsTopicName="")
        self.assertNotIn("SnsTopicARN", self.ct.get_trail(Name="mocktrail")["Trail"])


class Crash(Base):
    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def setUp(self):
        pass

    def test_nothing_is_lost_by_a_kill(self):
        """Killed right after an answer, and again after a flush: each object is told of, once."""
        with Server() as server:
            self.connect(server)
            self.s3.create_bucket(Bucket=BUCKET)
            _, arn = self.queue()
            self.notify(BUCKET, arn)
            self.notify("mocktrail-trail", arn)
            for round_ in range(3):
                for i in range(5):
                    self.s3.put_object(Bucket=BUCKET, Key=f"{round_}-{i}", Body=b"x")
                if round_ == 1:
                    server.flush()
                server.kill()
                server.start()
                self.connect(server)
            server.flush()
            url = self.sqs.get_queue_url(QueueName="q")["QueueUrl"]
            logs = {str(p.relative_to(server.data / "buckets" / "mocktrail-trail")) for p in server.log_files()}
            told = [e["s3"]["object"]["key"] for e in self.events(self.bodies(url))]
            self.assertEqual(len(told), len(set(told)))
            self.assertEqual({f"{r}-{i}" for r in range(3) for i in range(5)} | logs,
                             {k for k in told if "-Digest" not in k})


if __name__ == "__main__":
    unittest.main()
