"""SQS: queues, messages, visibility, order, dead letters, by boto3 and by the old query protocol."""
import contextlib
import hashlib
import json
import sqlite3
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import ACCOUNT, FreshCase, Server, needs_newest

REGION = "us-east-1"


def arn(name):
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


class QueueCase(FreshCase):
    def setUp(self):
        super().setUp()
        self.sqs = self.server.client("sqs")

    def queue(self, name="q", **attributes):
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(self, url, body="hello", **more):
        return self.sqs.send_message(QueueUrl=url, MessageBody=body, **more)

    def receive(self, url, count=10, **more):
        return self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **more).get("Messages", [])

    def bodies(self, url, **more):
        return [m["Body"] for m in self.receive(url, **more)]

    def attributes(self, url, *names):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]


class Queues(QueueCase):
    def test_a_queue_is_made_found_and_deleted(self):
        url = self.queue("first", VisibilityTimeout="60")
        self.assertEqual(f"{self.server.url}/{ACCOUNT}/first", url)
        self.assertEqual(url, self.queue("first", VisibilityTimeout="60"))
        self.assertEqual(url, self.sqs.get_queue_url(QueueName="first")["QueueUrl"])
        self.queue("second")
        self.assertEqual([url], self.sqs.list_queues(QueueNamePrefix="fir")["QueueUrls"])
        page = self.sqs.list_queues(MaxResults=1)
        self.assertEqual(1, len(self.sqs.list_queues(MaxResults=1, NextToken=page["NextToken"])["QueueUrls"]))
        self.refused("QueueAlreadyExists", self.sqs.create_queue, QueueName="first",
                     Attributes={"VisibilityTimeout": "61"})
        self.sqs.delete_queue(QueueUrl=url)
        self.refused("AWS.SimpleQueueService.NonExistentQueue", self.sqs.get_queue_url, QueueName="first")
        self.refused("AWS.SimpleQueueService.QueueDeletedRecently", self.sqs.create_queue, QueueName="first")
        self.server.advance("61s")
        self.queue("first")

    def test_attributes_have_defaults_and_are_checked(self):
        url = self.queue()
        got = self.attributes(url)
        for name, value in {"VisibilityTimeout": "30", "DelaySeconds": "0", "MessageRetentionPeriod": "345600",
                            "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
                            "QueueArn": arn("q"), "CreatedTimestamp": "1767603600",
                            "ApproximateNumberOfMessages": "0"}.items():
            self.assertEqual(value, got[name])
        self.assertNotIn("FifoQueue", got)
        change = self.sqs.set_queue_attributes
        for name, value, code in (
                ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
                ("VisibilityTimeout", "x", "InvalidAttributeValue"),
                ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
                ("DelaySeconds", "901", "InvalidAttributeValue"),
                ("QueueArn", arn("x"), "InvalidAttributeName"),
                ("Nonsense", "1", "InvalidAttributeName"),
                ("ContentBasedDeduplication", "true", "InvalidAttributeName"),
                ("Policy", "{", "InvalidAttributeValue"),
                ("RedrivePolicy", "[]", "InvalidParameterValue"),
                ("RedrivePolicy", json.dumps({"maxReceiveCount": 3}), "InvalidParameterValue"),
                ("RedrivePolicy", json.dumps({"maxReceiveCount": 3, "deadLetterTargetArn": arn("no")}),
                 "InvalidParameterValue"),
                ("RedrivePolicy", json.dumps({"maxReceiveCount": 3, "deadLetterTargetArn": arn("q")}),
                 "InvalidParameterValue"),
                ("RedriveAllowPolicy", json.dumps({"redrivePermission": "byQueue"}), "InvalidParameterValue")):
            self.refused(code, change, QueueUrl=url, Attributes={name: value})
        change(QueueUrl=url, Attributes={"VisibilityTimeout": "0", "DelaySeconds": "5"})
        self.assertEqual({"VisibilityTimeout": "0", "DelaySeconds": "5"},
                         self.attributes(url, "VisibilityTimeout", "DelaySeconds"))
        self.refused("InvalidAttributeName", self.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["X"])

    def test_names_are_checked(self):
        for name in ("a b", "x" * 81, "q.fifo", "ä"):
            self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName=name)
        self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName="plain",
                     Attributes={"FifoQueue": "true"})

    def test_tags(self):
        url = self.sqs.create_queue(QueueName="q", tags={"a": "1"})["QueueUrl"]
        self.sqs.tag_queue(QueueUrl=url, Tags={"b": "2"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["a", "absent"])
        self.refused("InvalidParameterValue", self.sqs.tag_queue, QueueUrl=url, Tags={"c": "3", "AWS:x": "1"})
        self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName="other", tags={"aws:x": "1"})
        self.assertEqual({"b": "2"}, self.sqs.list_queue_tags(QueueUrl=url)["Tags"])
        self.assertEqual([url], self.sqs.list_queues()["QueueUrls"])

    def test_permissions_are_statements_of_the_policy(self):
        url = self.queue()
        self.sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["444455556666"], Actions=["SendMessage"])
        statement, = json.loads(self.attributes(url, "Policy")["Policy"])["Statement"]
        self.assertEqual(["share", "Allow", {"AWS": "arn:aws:iam::444455556666:root"}, "SQS:SendMessage"],
                         [statement[k] for k in ("Sid", "Effect", "Principal", "Action")])
        self.refused("InvalidParameterValue", self.sqs.add_permission, QueueUrl=url, Label="share",
                     AWSAccountIds=["444455556666"], Actions=["SendMessage"])
        self.refused("InvalidParameterValue", self.sqs.add_permission, QueueUrl=url, Label="x",
                     AWSAccountIds=["444455556666"], Actions=["DeleteQueue"])
        self.sqs.remove_permission(QueueUrl=url, Label="share")
        self.refused("InvalidParameterValue", self.sqs.remove_permission, QueueUrl=url, Label="share")

    def test_an_explicit_deny_refuses_and_another_account_may_else(self):
        url = self.queue()
        other = self.server.client("sqs", key="444455556666")
        other.send_message(QueueUrl=url, MessageBody="from afar")
        deny = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn("q"),
            "Condition": {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}}]}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(deny)})
        self.refused("AccessDenied", other.send_message, QueueUrl=url, MessageBody="denied")
        self.send(url)
        self.assertEqual(["from afar", "hello"], self.bodies(url))


class Gauges(QueueCase):
    OPTIONS = ("--deliver-every", "1h")  # the hours that pass here are not looked at

    def gauge(self, name, queue="q"):
        """The values of a gauge, a minute each, by the minute of the hour."""
        points = self.server.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS", MetricName=name, Dimensions=[{"Name": "QueueName", "Value": queue}],
            StartTime="2026-01-05T09:00:00Z", EndTime="2026-01-06T09:00:00Z", Period=60,
            Statistics=["Maximum"])["Datapoints"]
        return {int((p["Timestamp"].timestamp() - 1767603600) // 60): p["Maximum"] for p in points}

    def test_gauges_say_each_minute_how_full_a_queue_is(self):
        url = self.queue()
        self.send(url, "one")
        self.send(url, "two")
        self.send(url, "late", DelaySeconds=90)
        self.server.advance("30s")
        handle = self.receive(url, 1, VisibilityTimeout=60)[0]["ReceiptHandle"]
        self.server.advance("2m")
        self.assertEqual({1: 1, 2: 3}, self.gauge("ApproximateNumberOfMessagesVisible"))
        self.assertEqual({1: 1, 2: 0}, self.gauge("ApproximateNumberOfMessagesNotVisible"))
        self.assertEqual({1: 1, 2: 0}, self.gauge("ApproximateNumberOfMessagesDelayed"))
        self.assertEqual({1: 60, 2: 120}, self.gauge("ApproximateAgeOfOldestMessage"))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        self.sqs.purge_queue(QueueUrl=url)
        self.server.advance("7h")
        visible = self.gauge("ApproximateNumberOfMessagesVisible")
        # Six hours after the last call, which came at 09:02:30, the queue is no more active.
        self.assertEqual([0, 362], [visible[3], max(visible)])
        self.assertEqual({1, 2}, set(self.gauge("ApproximateAgeOfOldestMessage")))
        self.receive(url)
        self.server.advance("1m")
        self.assertEqual(423, max(self.gauge("ApproximateNumberOfMessagesVisible")))

    def test_the_age_passes_over_poison_and_counts_dead_letters_from_their_move(self):
        dead = self.queue("dead")
        url = self.queue("q", VisibilityTimeout="10", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 3}))
        self.send(url, "poison")
        for _ in range(3):
            self.receive(url)
            self.server.advance("10s")
        self.send(url, "good")
        self.server.advance("30s")
        self.assertEqual({1: 30}, self.gauge("ApproximateAgeOfOldestMessage"))
        self.receive(url)
        self.server.advance("1m")
        self.assertEqual({2: 60}, self.gauge("ApproximateAgeOfOldestMessage", "dead"))
        self.assertEqual(["poison"], self.bodies(dead))

    def test_gauges_go_on_after_a_start(self):
        server = Server()
        with server:
            sqs = server.client("sqs")
            sqs.send_message(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"], MessageBody="kept")
            server.stop()
            server.start()
            server.advance("1m")
            points = server.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible",
                Dimensions=[{"Name": "QueueName", "Value": "q"}], StartTime="2026-01-05T09:00:00Z",
                EndTime="2026-01-06T09:00:00Z", Period=60, Statistics=["Sum"])["Datapoints"]
        self.assertEqual([1], [p["Sum"] for p in points])


class InFlight(unittest.TestCase):
    def fill(self, server, name, count):
        """As if so many messages were under way: what the index of a stopped server's queue says."""
        with contextlib.closing(sqlite3.connect(server.data / "state.db")) as db:
            kind, series = "sqs.flight", f"{ACCOUNT}/{REGION}/{name}"
            db.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?)",
                           ((kind, series, 1767690000000, 1000 + i, b"1") for i in range(count)))
            db.commit()

    def test_no_more_than_120000_are_under_way(self):
        # Source: SQS Developer Guide, "Amazon SQS message quotas".
        server = Server()
        with server:
            sqs = server.client("sqs")
            urls = {}
            for name, attributes, more in (("q", {}, {}), ("q.fifo", {"FifoQueue": "true"}, {"MessageGroupId": "g"})):
                urls[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
                for i in range(2):
                    one = {"MessageDeduplicationId": str(i)} if more else {}
                    sqs.send_message(QueueUrl=urls[name], MessageBody=str(i), **more, **one)
            server.stop()
            self.fill(server, "q", 119_999)
            self.fill(server, "q.fifo", 120_000)
            server.start()
            sqs = server.client("sqs")
            url, fifo = (u.replace(u.split("/")[2], server.url.split("/")[2]) for u in urls.values())
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            self.assertEqual(1, len(received))
            with self.assertRaises(sqs.exceptions.OverLimit):
                sqs.receive_message(QueueUrl=url)
            server.flush()
            self.assertIn("OverLimit", [r.get("errorCode") for r in server.records()])
            self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1))
            self.assertNotIn("Messages", sqs.receive_message(QueueUrl=fifo))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
            self.assertEqual(1, len(sqs.receive_message(QueueUrl=url)["Messages"]))


class Messages(QueueCase):
    @needs_newest
    def test_a_message_comes_back_with_sums_and_attributes(self):
        url = self.queue()
        given = {"text": {"DataType": "String", "StringValue": "ü"},
                 "number.price": {"DataType": "Number.float", "StringValue": "1.5"},
                 "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff"}}
        sent = self.send(url, "body", MessageAttributes=given, MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-67a00000-000000000000000000000001"}})
        self.assertEqual(hashlib.md5(b"body").hexdigest(), sent["MD5OfMessageBody"])
        self.assertIn("MD5OfMessageSystemAttributes", sent)
        message, = self.receive(url, AttributeNames=["All"], MessageAttributeNames=["All"])
        self.assertEqual(given, message["MessageAttributes"])
        self.assertEqual(sent["MD5OfMessageAttributes"], message["MD5OfMessageAttributes"])
        self.assertEqual({"SentTimestamp": "1767603600000", "ApproximateReceiveCount": "1",
                          "ApproximateFirstReceiveTimestamp": "1767603600000", "SenderId": ACCOUNT,
                          "AWSTraceHeader": "Root=1-67a00000-000000000000000000000001"}, message["Attributes"])
        self.server.advance("31s")
        message, = self.receive(url, MessageAttributeNames=["number.*"],
                                MessageSystemAttributeNames=["ApproximateReceiveCount"])
        self.assertEqual(["number.price"], list(message["MessageAttributes"]))
        self.assertEqual({"ApproximateReceiveCount": "2"}, message["Attributes"])

    def test_the_sum_of_attributes_is_amazons(self):
        url = self.queue()
        sent = self.send(url, MessageAttributes={
            "timestamp": {"DataType": "Number", "StringValue": "1493147359900"}})
        # Source: moto's test of the same, taken from AWS's answer.
        self.assertEqual("235c5c510d26fb653d073faed50ae77c", sent["MD5OfMessageAttributes"])

    def test_an_attribute_that_no_message_has_is_refused(self):
        url = self.queue()
        self.send(url)
        self.refused("InvalidAttributeName", self.sqs.receive_message, QueueUrl=url, AttributeNames=["Sent"])
        self.assertEqual(["hello"], self.bodies(url, AttributeNames=["SentTimestamp", "SenderId"]))

    def test_what_can_not_be_sent_is_refused(self):
        url = self.queue("q", MaximumMessageSize="1024")
        self.refused("InvalidMessageContents", self.sqs.send_message, QueueUrl=url, MessageBody="a\x01b")
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x" * 1025)
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=901)
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x",
                     MessageDeduplicationId="1")
        for name, attribute in (("a", {"DataType": "Text", "StringValue": "x"}),
                                ("a", {"DataType": "Number", "StringValue": "x"}),
                                ("AWS.a", {"DataType": "String", "StringValue": "x"}),
                                ("a..b", {"DataType": "String", "StringValue": "x"}),
                                ("a", {"DataType": "String"})):
            self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x",
                         MessageAttributes={name: attribute})
        self.assertEqual([], self.receive(url))

    def test_a_hidden_message_shows_again_when_its_time_is_over(self):
        url = self.queue("q", VisibilityTimeout="10")
        self.send(url)
        handle = self.receive(url)[0]["ReceiptHandle"]
        self.assertEqual([], self.receive(url))
        self.assertEqual("1", self.attributes(url)["ApproximateNumberOfMessagesNotVisible"])
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=100)
        self.server.advance("99s")
        self.assertEqual([], self.receive(url))
        self.server.advance("1s")
        handle = self.receive(url)[0]["ReceiptHandle"]
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        handle = self.receive(url)[0]["ReceiptHandle"]
        self.refused("InvalidParameterValue", self.sqs.change_message_visibility, QueueUrl=url,
                     ReceiptHandle=handle, VisibilityTimeout=43201)
        self.server.advance("11s")
        self.refused("AWS.SimpleQueueService.MessageNotInflight", self.sqs.change_message_visibility, QueueUrl=url,
                     ReceiptHandle=handle, VisibilityTimeout=5)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        self.assertEqual([], self.receive(url))
        self.refused("ReceiptHandleIsInvalid", self.sqs.delete_message, QueueUrl=url, ReceiptHandle="AQEBx")

    def test_a_handle_is_of_one_queue(self):
        url, other = self.queue(), self.queue("other")
        self.send(url)
        handle = self.receive(url)[0]["ReceiptHandle"]
        self.refused("ReceiptHandleIsInvalid", self.sqs.delete_message, QueueUrl=other, ReceiptHandle=handle)

    def test_delays(self):
        url = self.queue("q", DelaySeconds="60")
        self.send(url, "the queue's")
        self.send(url, "its own", DelaySeconds=10)
        self.assertEqual("2", self.attributes(url)["ApproximateNumberOfMessagesDelayed"])
        self.server.advance("10s")
        self.assertEqual(["its own"], self.bodies(url))
        self.server.advance("50s")
        self.assertIn("the queue's", self.bodies(url))

    def test_old_messages_go(self):
        url = self.queue("q", MessageRetentionPeriod="60")
        self.send(url, "old")
        self.server.advance("59s")
        self.send(url, "new")
        self.assertEqual("2", self.attributes(url)["ApproximateNumberOfMessages"])
        self.server.advance("1s")
        self.assertEqual("1", self.attributes(url)["ApproximateNumberOfMessages"])
        self.assertEqual(["new"], self.bodies(url))

    def test_purge(self):
        url = self.queue()
        for i in range(3):
            self.send(url, str(i))
        self.receive(url, 1)
        self.sqs.purge_queue(QueueUrl=url)
        self.assertEqual("0", self.attributes(url)["ApproximateNumberOfMessagesNotVisible"])
        self.refused("AWS.SimpleQueueService.PurgeQueueInProgress", self.sqs.purge_queue, QueueUrl=url)
        self.server.advance("60s")
        self.sqs.purge_queue(QueueUrl=url)
        self.assertEqual([], self.receive(url))

    def test_batches_fail_in_part(self):
        url = self.queue()
        answer = self.sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": "good", "MessageBody": "1"}, {"Id": "bad", "MessageBody": "\x02"},
            {"Id": "late", "MessageBody": "3", "DelaySeconds": 1000}])
        self.assertEqual(["good"], [e["Id"] for e in answer["Successful"]])
        self.assertEqual({"bad": "InvalidMessageContents", "late": "InvalidParameterValue"},
                         {e["Id"]: e["Code"] for e in answer["Failed"]})
        handle = self.receive(url)[0]["ReceiptHandle"]
        answer = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
            {"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0},
            {"Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 0}])
        self.assertEqual("ReceiptHandleIsInvalid", answer["Failed"][0]["Code"])
        answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": "a", "ReceiptHandle": handle}, {"Id": "b", "ReceiptHandle": "x"}])
        self.assertEqual([["a"], ["b"]], [[e["Id"] for e in answer[k]] for k in ("Successful", "Failed")])
        many = [{"Id": str(i), "MessageBody": "x"} for i in range(11)]
        for entries, code in ((many, "TooManyEntriesInBatchRequest"), (many[:1] * 2, "BatchEntryIdsNotDistinct"),
                              ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
                              ([{"Id": str(i), "MessageBody": "x" * 600000} for i in range(2)],
                               "BatchRequestTooLong")):
            self.refused("AWS.SimpleQueueService." + code, self.sqs.send_message_batch, QueueUrl=url, Entries=entries)

    def test_receive_is_checked(self):
        url = self.queue()
        for member, value in (("MaxNumberOfMessages", 11), ("WaitTimeSeconds", 21), ("VisibilityTimeout", 43201)):
            self.refused("InvalidParameterValue", self.sqs.receive_message, QueueUrl=url, **{member: value})

    def test_waiting_ends_when_a_message_comes_or_shows(self):
        url = self.queue("q", VisibilityTimeout="30")
        begun = time.monotonic()
        self.assertEqual([], self.receive(url, WaitTimeSeconds=1))
        self.assertGreaterEqual(time.monotonic() - begun, 1)
        for cause in (lambda: self.server.client("sqs").send_message(QueueUrl=url, MessageBody="came"),
                      lambda: self.server.advance("30s")):
            timer = threading.Timer(0.2, cause)
            timer.start()
            begun = time.monotonic()
            self.assertEqual(["came"], self.bodies(url, WaitTimeSeconds=20))
            self.assertLess(time.monotonic() - begun, 15)
            timer.join()

    def test_a_reset_ends_waiting_in_time(self):
        url = self.queue()
        codes = []

        def wait():
            try:
                self.server.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=2)
            except self.sqs.exceptions.QueueDoesNotExist:
                codes.append("gone")
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        begun = time.monotonic()
        self.server.control("POST", "reset")
        self.assertLess(time.monotonic() - begun, 1.5)
        thread.join()
        self.assertEqual(["gone"], codes)


class Order(QueueCase):
    def fifo(self, name="q.fifo", **attributes):
        return self.queue(name, FifoQueue="true", **attributes)

    def push(self, url, body, group="g", dedup=None):
        more = {"MessageDeduplicationId": dedup} if dedup else {}
        return self.send(url, body, MessageGroupId=group, **more)

    def test_a_group_keeps_its_order_and_waits_for_what_is_under_way(self):
        url = self.fifo(ContentBasedDeduplication="true")
        for body in ("a1", "a2", "a3"):
            self.push(url, body, "a")
        self.push(url, "b1", "b")
        first, = self.receive(url, 1, AttributeNames=["All"])
        self.assertEqual("a1", first["Body"])
        self.assertEqual("a", first["Attributes"]["MessageGroupId"])
        self.assertEqual(["b1"], self.bodies(url))
        self.assertEqual([], self.bodies(url))
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        self.assertEqual(["a2", "a3"], self.bodies(url))
        self.server.advance("30s")
        self.assertEqual(["a2", "a3", "b1"], self.bodies(url))

    def test_a_repeat_within_five_minutes_is_taken_once(self):
        url = self.fifo()
        first = self.push(url, "one", dedup="1")
        again = self.push(url, "another", dedup="1")
        self.assertEqual([first["MessageId"], first["SequenceNumber"]], [again["MessageId"], again["SequenceNumber"]])
        self.assertEqual(20, len(first["SequenceNumber"]))
        self.server.advance("299s")
        self.assertEqual(first["MessageId"], self.push(url, "another", dedup="1")["MessageId"])
        self.server.advance("1s")
        later = self.push(url, "later", dedup="1")
        self.assertGreater(later["SequenceNumber"], first["SequenceNumber"])
        self.assertEqual(["one", "later"], self.bodies(url))

    def test_repeats_may_be_counted_by_group(self):
        url = self.fifo(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
        self.push(url, "a", "a", "1")
        self.push(url, "b", "b", "1")
        self.assertEqual(["a", "b"], self.bodies(url))

    def test_what_a_fifo_queue_wants(self):
        url = self.fifo()
        self.refused("MissingParameter", self.sqs.send_message, QueueUrl=url, MessageBody="x",
                     MessageDeduplicationId="1")
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x",
                     MessageGroupId="g")
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x",
                     MessageGroupId="g", MessageDeduplicationId="1", DelaySeconds=5)
        self.push(url, "x", dedup="1")
        handle = self.receive(url)[0]["ReceiptHandle"]
        self.server.advance("31s")
        self.refused("InvalidParameterValue", self.sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)
        self.refused("AWS.SimpleQueueService.UnsupportedOperation", self.sqs.receive_message, QueueUrl=url,
                     ReceiveRequestAttemptId="1")


class DeadLetters(QueueCase):
    def pair(self, suffix="", most=2, **attributes):
        dead = self.queue("dead" + suffix, **attributes)
        url = self.queue("q" + suffix, VisibilityTimeout="1", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": arn("dead" + suffix), "maxReceiveCount": most}), **attributes)
        return url, dead

    def test_a_message_that_nobody_deletes_is_moved(self):
        url, dead = self.pair()
        sent = self.send(url, "poison")["MessageId"]
        for _ in range(2):
            self.assertEqual(["poison"], self.bodies(url))
            self.server.advance("1s")
        self.assertEqual([], self.bodies(url))
        message, = self.receive(dead, AttributeNames=["All"])
        self.assertEqual([sent, arn("q")], [message["MessageId"], message["Attributes"]["DeadLetterQueueSourceArn"]])
        self.assertEqual([url], self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"])

    @needs_newest
    def test_dead_letters_are_moved_back(self):
        url, dead = self.pair(most=1)
        for i in range(3):
            self.send(url, str(i))
        self.receive(url)
        self.server.advance("1s")
        self.assertEqual([], self.receive(url))
        self.assertEqual("3", self.attributes(dead)["ApproximateNumberOfMessages"])
        self.sqs.start_message_move_task(SourceArn=arn("dead"))
        task, = self.sqs.list_message_move_tasks(SourceArn=arn("dead"))["Results"]
        self.assertEqual(["COMPLETED", 3], [task["Status"], task["ApproximateNumberOfMessagesMoved"]])
        moved = self.receive(url, AttributeNames=["All"])
        self.assertEqual(["0", "1", "2"], [m["Body"] for m in moved])
        self.assertNotIn("DeadLetterQueueSourceArn", moved[0]["Attributes"])
        self.refused("InvalidParameterValue", self.sqs.start_message_move_task, SourceArn=arn("q"))
        self.refused("InvalidParameterValue", self.sqs.start_message_move_task, SourceArn=arn("dead"),
                     DestinationArn=arn("dead"))
        self.refused("ResourceNotFoundException", self.sqs.start_message_move_task, SourceArn=arn("no"))

    def test_a_group_goes_on_behind_a_dead_letter(self):
        url, dead = self.pair(".fifo", 1, FifoQueue="true", ContentBasedDeduplication="true")
        for body in ("1", "2"):
            self.send(url, body, MessageGroupId="g")
        self.assertEqual(["1"], self.bodies(url, count=1))
        self.server.advance("1s")
        self.assertEqual(["2"], self.bodies(url, count=1))
        self.assertEqual(["1"], self.bodies(dead))

    def test_a_queue_may_refuse_to_bury(self):
        self.queue("dead", RedriveAllowPolicy=json.dumps({"redrivePermission": "denyAll"}))
        self.refused("InvalidParameterValue", self.sqs.create_queue, QueueName="q", Attributes={
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": "1"})})


class Query(QueueCase):
    """The protocol that SQS spoke before JSON."""

    def call(self, path, method="POST", **params):
        text = urllib.parse.urlencode({"Version": "2012-11-05", **params})
        url, data = self.server.url + path, text.encode()
        if method == "GET":
            url, data = url + "?" + text, None
        request = botocore.awsrequest.AWSRequest(method, url, data=data, headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(ACCOUNT, "test"), "sqs", REGION).add_auth(request)
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, dict(request.headers.items()),
                                                               method=method), timeout=30) as answer:
                return answer.status, xml.fromstring(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, xml.fromstring(error.read())

    @staticmethod
    def text(tree, name):
        return next(e.text for e in tree.iter() if e.tag.endswith("}" + name))

    def test_a_queues_url_takes_calls(self):
        status, made = self.call("/", Action="CreateQueue", QueueName="old")
        self.assertEqual(200, status)
        path = urllib.parse.urlsplit(self.text(made, "QueueUrl")).path
        status, sent = self.call(path, Action="SendMessage", MessageBody="query", **{
            "MessageAttribute.1.Name": "a", "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "b"})
        self.assertEqual([200, hashlib.md5(b"query").hexdigest()], [status, self.text(sent, "MD5OfMessageBody")])
        status, got = self.call(path, "GET", Action="ReceiveMessage", **{"AttributeName.1": "All"})
        self.assertEqual([200, "query"], [status, self.text(got, "Body")])
        status, _ = self.call(path, Action="DeleteMessage", ReceiptHandle=self.text(got, "ReceiptHandle"))
        self.assertEqual(200, status)
        status, answer = self.call("/", Action="SendMessageBatch", QueueUrl=self.server.url + path, **{
            "SendMessageBatchRequestEntry.1.Id": "x", "SendMessageBatchRequestEntry.1.MessageBody": "y"})
        self.assertEqual([200, "x"], [status, self.text(answer, "Id")])

    def test_errors_have_their_old_names(self):
        status, answer = self.call("/", Action="GetQueueUrl", QueueName="no")
        self.assertEqual([400, "AWS.SimpleQueueService.NonExistentQueue"], [status, self.text(answer, "Code")])

    def test_waiting(self):
        url = self.queue()
        timer = threading.Timer(0.2, lambda: self.server.client("sqs").send_message(QueueUrl=url, MessageBody="late"))
        timer.start()
        _, got = self.call(urllib.parse.urlsplit(url).path, Action="ReceiveMessage", WaitTimeSeconds=20)
        self.assertEqual("late", self.text(got, "Body"))
        timer.join()


class Truth(QueueCase):
    def test_records_hide_what_was_said(self):
        url = self.queue()
        self.send(url, "secret")
        self.receive(url)
        sent, received = (self.server.record(name) for name in ("SendMessage", "ReceiveMessage"))
        self.assertEqual("HIDDEN_DUE_TO_SECURITY_REASONS", sent["requestParameters"]["messageBody"])
        self.assertEqual(["Data", False], [sent["eventCategory"], sent["managementEvent"]])
        self.assertNotIn("secret", json.dumps(received))

    def test_metrics_count_messages(self):
        url = self.queue()
        self.send(url, "abc")
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=self.receive(url)[0]["ReceiptHandle"])
        self.receive(url)
        cw = self.server.client("cloudwatch")
        for name, total in (("NumberOfMessagesSent", 1), ("SentMessageSize", 3), ("NumberOfMessagesReceived", 1),
                            ("NumberOfMessagesDeleted", 1), ("NumberOfEmptyReceives", 1)):
            point, = cw.get_metric_statistics(
                Namespace="AWS/SQS", MetricName=name, Dimensions=[{"Name": "QueueName", "Value": "q"}],
                StartTime="2026-01-05T08:59:00Z", EndTime="2026-01-05T09:05:00Z", Period=60,
                Statistics=["Sum"])["Datapoints"]
            self.assertEqual(total, point["Sum"], name)

    @needs_newest
    def test_the_command_line(self):
        def aws(*args):
            # The CLI asks queue.amazonaws.com for SQS unless it is told otherwise here.
            return self.server.aws("--endpoint-url", self.server.url, "sqs", *args).stdout
        aws("create-queue", "--queue-name", "cli", "--attributes", "VisibilityTimeout=5")
        url = aws("get-queue-url", "--queue-name", "cli", "--output", "text").strip()
        aws("send-message", "--queue-url", url, "--message-body", "typed")
        got = json.loads(aws("receive-message", "--queue-url", url, "--output", "json"))
        self.assertEqual("typed", got["Messages"][0]["Body"])


class Crash(unittest.TestCase):
    def test_the_end_does_not_wait_for_who_waits(self):
        with Server() as server:
            url = server.client("sqs").create_queue(QueueName="q")["QueueUrl"]
            answers = []
            thread = threading.Thread(target=lambda: answers.append(
                server.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)))
            thread.start()
            time.sleep(0.3)
            begun = time.monotonic()
            self.assertEqual(0, server.stop())
            self.assertLess(time.monotonic() - begun, 8)
            thread.join()
            self.assertEqual(1, len(answers))

    def test_nobody_gets_a_message_twice(self):
        with Server() as server:
            sqs = server.client("sqs")
            url = sqs.create_queue(QueueName="q")["QueueUrl"]
            for _ in range(10):
                sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": "x"} for i in range(10)])
            got = []

            def consume():
                mine = server.client("sqs")
                while messages := mine.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                    got.extend(m["MessageId"] for m in messages)
            threads = [threading.Thread(target=consume) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([100, 100], [len(got), len(set(got))])

    def test_nothing_is_lost_by_a_kill(self):
        with Server() as server:
            sqs = server.client("sqs")
            url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "100"})["QueueUrl"]
            for i in range(20):
                sqs.send_message(QueueUrl=url, MessageBody=str(i))
            taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0]["ReceiptHandle"])
            server.kill()
            server.args[server.args.index("--clock") + 1] = "virtual:2026-01-05T09:00:00Z"
            server.start()
            sqs = server.client("sqs")
            url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
            server.advance("100s")
            left = set()
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                left |= {m["Body"] for m in messages}
            self.assertEqual({str(i) for i in range(20)} - {taken[0]["Body"]}, left)


if __name__ == "__main__":
    unittest.main()
