"""SNS: topics, subscriptions, filters, signed messages to queues and to HTTP endpoints."""
import base64
import json
import unittest
import urllib.request

from harness import ACCOUNT, FreshCase, Server
from webhook import Webhook

REGION = "us-east-1"


def signed_text(message):
    names = (["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
             if "Token" in message else ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
    return "".join(f"{n}\n{message[n]}\n" for n in names if n in message).encode()


class TopicCase(FreshCase):
    def setUp(self):
        super().setUp()
        self.sns, self.sqs = self.server.client("sns"), self.server.client("sqs")

    def topic(self, name="t", **attributes):
        return self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def queue(self, name="q", **attributes):
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, self.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def subscribe(self, topic, endpoint, protocol="sqs", **attributes):
        return self.sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes,
                                  ReturnSubscriptionArn=True)["SubscriptionArn"]

    def total(self, topic, metric):
        points = self.server.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SNS", MetricName=metric, Statistics=["Sum"], Period=60,
            Dimensions=[{"Name": "TopicName", "Value": topic.rsplit(":", 1)[1]}],
            StartTime="2026-01-05T08:59:00Z", EndTime="2026-01-05T10:00:00Z")["Datapoints"]
        return sum(p["Sum"] for p in points)

    def bodies(self, url, **more):
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more).get("Messages", [])
        return [m["Body"] for m in messages]


class Topics(TopicCase):
    def test_a_topic_is_made_listed_and_deleted(self):
        topic = self.topic(DisplayName="mine")
        self.assertEqual(f"arn:aws:sns:{REGION}:{ACCOUNT}:t", topic)
        self.assertEqual(topic, self.topic())
        self.refused("InvalidParameter", self.sns.create_topic, Name="t", Attributes={"DisplayName": "other"})
        self.assertEqual([{"TopicArn": topic}], self.sns.list_topics()["Topics"])
        got = self.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        self.assertEqual(["mine", ACCOUNT, "0"],
                         [got[n] for n in ("DisplayName", "Owner", "SubscriptionsConfirmed")])
        self.assertIn("AWS:SourceOwner", got["Policy"])
        self.sns.delete_topic(TopicArn=topic)
        self.sns.delete_topic(TopicArn=topic)
        self.refused("NotFound", self.sns.get_topic_attributes, TopicArn=topic)

    def test_names_and_attributes_are_checked(self):
        for name in ("a b", "x" * 257, "t.fifo", ""):
            self.refused("InvalidParameter", self.sns.create_topic, Name=name)
        topic = self.topic()
        for name, value in (("SignatureVersion", "3"), ("Policy", "{"), ("Nonsense", "1"), ("FifoTopic", "true"),
                            ("DeliveryPolicy", "{\"http\":{\"defaultHealthyRetryPolicy\":{\"numRetries\":101}}}"),
                            ("DeliveryPolicy", "{\"http\":{\"defaultThrottlePolicy\":{}}}"),
                            ("ContentBasedDeduplication", "true"), ("HTTPSuccessFeedbackRoleArn", "arn:x")):
            self.refused("InvalidParameter", self.sns.set_topic_attributes, TopicArn=topic, AttributeName=name,
                         AttributeValue=value)

    def test_tags_and_permissions(self):
        topic = self.topic()
        self.sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
        self.assertEqual([{"Key": "b", "Value": "2"}], self.sns.list_tags_for_resource(ResourceArn=topic)["Tags"])
        self.sns.add_permission(TopicArn=topic, Label="x", AWSAccountId=["444455556666"], ActionName=["Publish"])
        policy = json.loads(self.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        self.assertEqual(["__default_statement_ID", "x"], [s["Sid"] for s in policy["Statement"]])
        self.sns.remove_permission(TopicArn=topic, Label="x")
        self.refused("NotFound", self.sns.remove_permission, TopicArn=topic, Label="x")

    def test_what_is_not_done_is_refused_by_name(self):
        topic = self.topic()
        for protocol, endpoint in (("sms", "+15550100"), ("lambda", "arn:aws:lambda:us-east-1:1:function:f")):
            self.assertIn(protocol, self.refused("NotImplemented", self.sns.subscribe, TopicArn=topic,
                                                 Protocol=protocol, Endpoint=endpoint))
        self.refused("NotImplemented", self.sns.publish, PhoneNumber="+15550100", Message="x")
        self.refused("InvalidParameter", self.sns.subscribe, TopicArn=topic, Protocol="pigeon", Endpoint="x")
        self.refused("InvalidParameter", self.sns.subscribe, TopicArn=topic, Protocol="http",
                     Endpoint="http://example.com/hook")


class ToQueues(TopicCase):
    def test_the_envelope_is_signed_and_its_certificate_there(self):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        for version, digest in (("1", hashes.SHA1()), ("2", hashes.SHA256())):
            topic, (url, arn) = self.topic("t" + version, SignatureVersion=version), self.queue("q" + version)
            subscription = self.subscribe(topic, arn)
            sent = self.sns.publish(TopicArn=topic, Message="Grüße\n\"x\"", Subject="S", MessageAttributes={
                "n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"\1"}})
            message = json.loads(self.bodies(url)[0])
            self.assertEqual(["Notification", sent["MessageId"], topic, "S", "Grüße\n\"x\"",
                              "2026-01-05T09:00:00.000Z", version],
                             [message[k] for k in ("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp",
                                                   "SignatureVersion")])
            self.assertEqual({"n": {"Type": "Number", "Value": "1"}, "b": {"Type": "Binary", "Value": "AQ=="}},
                             message["MessageAttributes"])
            self.assertTrue(message["UnsubscribeURL"].endswith("SubscriptionArn=" + subscription))
            pem = urllib.request.urlopen(message["SigningCertURL"]).read()
            key = x509.load_pem_x509_certificate(pem).public_key()
            key.verify(base64.b64decode(message["Signature"]), signed_text(message), padding.PKCS1v15(), digest)

    def test_raw_delivery_keeps_attributes(self):
        topic, (url, arn) = self.topic(), self.queue()
        self.subscribe(topic, arn, RawMessageDelivery="true")
        self.sns.publish(TopicArn=topic, Message="raw", MessageAttributes={
            "a": {"DataType": "String", "StringValue": "x"}})
        message, = self.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        self.assertEqual(["raw", "x"], [message["Body"], message["MessageAttributes"]["a"]["StringValue"]])

    def test_each_protocol_may_have_its_text(self):
        topic, (url, arn) = self.topic(), self.queue()
        self.subscribe(topic, arn, RawMessageDelivery="true")
        self.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "sqs": "s"}))
        self.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "email": "e"}))
        self.assertEqual(["s", "d"], self.bodies(url))
        for text in ("{", "[]", "{\"sqs\":\"s\"}"):
            self.refused("InvalidParameter", self.sns.publish, TopicArn=topic, MessageStructure="json", Message=text)

    def test_filters_on_attributes(self):
        topic = self.topic()
        policies = {"exact": {"kind": ["a", "b"]}, "prefix": {"kind": [{"prefix": "a"}]},
                    "suffix": {"kind": [{"suffix": "x"}]}, "not": {"kind": [{"anything-but": ["a"]}]},
                    "number": {"n": [{"numeric": [">", 5, "<=", 10]}]}, "absent": {"kind": [{"exists": False}]},
                    "nocase": {"kind": [{"equals-ignore-case": "A"}]}, "cidr": {"ip": [{"cidr": "10.0.0.0/8"}]},
                    "or": {"$or": [{"kind": ["b"]}, {"n": [7]}]}}
        urls = {}
        for name, policy in policies.items():
            urls[name], arn = self.queue(name)
            self.subscribe(topic, arn, RawMessageDelivery="true", FilterPolicy=json.dumps(policy))
        for body, attributes in (("a", {"kind": ("String", "a")}), ("b", {"kind": ("String", "b")}),
                                 ("ax", {"kind": ("String", "ax")}), ("7", {"n": ("Number", "7")}),
                                 ("list", {"kind": ("String.Array", "[\"c\",\"b\"]")}),
                                 ("ip", {"ip": ("String", "10.1.2.3")})):
            self.sns.publish(TopicArn=topic, Message=body, MessageAttributes={
                k: {"DataType": t, "StringValue": v} for k, (t, v) in attributes.items()})
        got = {name: set(self.bodies(url)) for name, url in urls.items()}
        self.assertEqual({"exact": {"a", "b", "list"}, "prefix": {"a", "ax"}, "suffix": {"ax"},
                          "not": {"b", "ax", "list"}, "number": {"7"}, "absent": {"7", "ip"}, "nocase": {"a"},
                          "cidr": {"ip"}, "or": {"b", "list", "7"}}, got)

    def test_filters_on_the_body(self):
        topic, (url, arn) = self.topic(), self.queue()
        self.subscribe(topic, arn, RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                       FilterPolicy=json.dumps({"detail": {"kind": ["a"]}}))
        for body in ("{\"detail\":{\"kind\":\"a\"}}", "{\"detail\":{\"kind\":\"b\"}}", "no json"):
            self.sns.publish(TopicArn=topic, Message=body)
        self.assertEqual(["{\"detail\":{\"kind\":\"a\"}}"], self.bodies(url))

    def test_delivery_policies_that_sns_does_not_know_are_refused(self):
        topic = self.topic()
        for policy in ('{"foo":{}}', '{"http":{"foo":{}}}', '{"http":{"defaultHealthyRetryPolicy":{"foo":1}}}',
                       '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}', "[]"):
            self.refused("InvalidParameter", self.sns.set_topic_attributes, TopicArn=topic,
                         AttributeName="DeliveryPolicy", AttributeValue=policy)
        self.sns.set_topic_attributes(
            TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps({"http": {
                "defaultHealthyRetryPolicy": {"numRetries": 1, "backoffFunction": "linear"},
                "disableSubscriptionOverrides": False}}))

    def test_filters_that_sns_does_not_know_are_refused(self):
        topic, (_, arn) = self.topic(), self.queue()
        subscription = self.subscribe(topic, arn)
        for policy in ("{", "[]", "{\"a\":\"b\"}", "{\"a\":[{\"wildcard\":\"x*\"}]}", "{\"a\":[{\"nonsense\":1}]}",
                       "{\"a\":{\"b\":[\"nested\"]}}", "{\"a\":[]}",
                       json.dumps({str(i): ["x"] for i in range(6)}),
                       json.dumps({"a": list("abcdefghijklm"), "b": list("abcdefghijklm")})):
            self.refused("InvalidParameter", self.sns.set_subscription_attributes, SubscriptionArn=subscription,
                         AttributeName="FilterPolicy", AttributeValue=policy)
        self.assertNotIn("FilterPolicy", self.sns.get_subscription_attributes(
            SubscriptionArn=subscription)["Attributes"])

    def test_a_message_that_no_queue_takes_goes_to_the_dead_letters(self):
        topic, (dead_url, dead) = self.topic(), self.queue("dead")
        lost = dead.replace(":dead", ":lost")
        self.subscribe(topic, lost, RawMessageDelivery="true", RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
        self.sns.publish(TopicArn=topic, Message="orphan")
        self.assertEqual(["orphan"], self.bodies(dead_url))
        self.assertEqual([1, 1], [self.total(topic, m) for m in (
            "NumberOfNotificationsFailed", "NumberOfNotificationsRedrivenToDlq")])

    def test_a_queue_of_another_account_is_asked_first(self):
        other = self.server.client("sqs", key="444455556666")
        url = other.create_queue(QueueName="theirs")["QueueUrl"]
        topic = self.topic()
        self.subscribe(topic, f"arn:aws:sqs:{REGION}:444455556666:theirs")
        self.sns.publish(TopicArn=topic, Message="too early")
        message = json.loads(other.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"][0]["Body"])
        self.assertEqual("SubscriptionConfirmation", message["Type"])
        self.sns.confirm_subscription(TopicArn=topic, Token=message["Token"])
        self.sns.publish(TopicArn=topic, Message="now")
        message = json.loads(other.receive_message(QueueUrl=url)["Messages"][0]["Body"])
        self.assertEqual("now", message["Message"])

    def test_fifo_topics_keep_order_and_take_a_message_once(self):
        topic = self.topic("t.fifo", FifoTopic="true", ContentBasedDeduplication="true")
        url, arn = self.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        self.subscribe(topic, arn, RawMessageDelivery="true")
        first = self.sns.publish(TopicArn=topic, Message="1", MessageGroupId="g")
        again = self.sns.publish(TopicArn=topic, Message="1", MessageGroupId="g")
        self.sns.publish(TopicArn=topic, Message="2", MessageGroupId="g")
        self.assertEqual([first["MessageId"], first["SequenceNumber"]], [again["MessageId"], again["SequenceNumber"]])
        self.assertEqual(["1", "2"], self.bodies(url))
        self.refused("InvalidParameter", self.sns.publish, TopicArn=topic, Message="x")
        self.refused("InvalidParameter", self.sns.subscribe, TopicArn=self.topic("plain"), Protocol="sqs",
                     Endpoint=arn)

    def test_batches(self):
        topic, (url, arn) = self.topic(), self.queue()
        self.subscribe(topic, arn, RawMessageDelivery="true")
        answer = self.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
            {"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2", "Subject": "\n"}])
        self.assertEqual([["a"], ["b"]], [[e["Id"] for e in answer[k]] for k in ("Successful", "Failed")])
        self.assertEqual(["1"], self.bodies(url))
        for entries, code in (([{"Id": "a", "Message": "1"}] * 2, "BatchEntryIdsNotDistinct"),
                              ([{"Id": str(i), "Message": "1"} for i in range(11)], "TooManyEntriesInBatchRequest"),
                              ([{"Id": "a b", "Message": "1"}], "InvalidBatchEntryId")):
            self.refused(code, self.sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)

    def test_subscriptions_are_set_listed_and_ended(self):
        topic, (url, arn) = self.topic(), self.queue()
        subscription = self.subscribe(topic, arn)
        self.assertEqual(subscription, self.subscribe(topic, arn))
        row, = self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual({"SubscriptionArn": subscription, "Owner": ACCOUNT, "Protocol": "sqs", "Endpoint": arn,
                          "TopicArn": topic}, row)
        self.assertEqual([row], self.sns.list_subscriptions()["Subscriptions"])
        self.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery",
                                             AttributeValue="true")
        got = self.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        self.assertEqual(["true", "false"], [got["RawMessageDelivery"], got["PendingConfirmation"]])
        self.refused("InvalidParameter", self.sns.set_subscription_attributes, SubscriptionArn=subscription,
                     AttributeName="RawMessageDelivery", AttributeValue="maybe")
        self.sns.unsubscribe(SubscriptionArn=subscription)
        self.sns.unsubscribe(SubscriptionArn=subscription)
        self.sns.publish(TopicArn=topic, Message="x")
        self.assertEqual([], self.bodies(url))
        self.assertEqual("1", self.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"])

    def test_what_is_published_is_hidden_and_counted(self):
        topic, (_, arn) = self.topic(), self.queue()
        self.subscribe(topic, arn)
        self.sns.publish(TopicArn=topic, Message="secret")
        record = self.server.record("Publish")
        self.assertEqual("HIDDEN_DUE_TO_SECURITY_REASONS", record["requestParameters"]["message"])
        self.assertEqual("Data", record["eventCategory"])
        for name in ("NumberOfMessagesPublished", "NumberOfNotificationsDelivered"):
            self.assertEqual(1, self.total(topic, name), name)

    def test_the_command_line(self):
        topic, (url, arn) = self.topic(), self.queue()
        self.server.aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", arn)
        self.server.aws("sns", "publish", "--topic-arn", topic, "--message", "typed")
        self.assertEqual("typed", json.loads(self.bodies(url)[0])["Message"])


class ToHttp(TopicCase):
    def confirmed(self, topic, hook, path="/hook", **attributes):
        arn = self.subscribe(topic, hook.url + path, "http", **attributes)
        got, headers, body = hook.next()
        message = json.loads(body)
        self.assertEqual([path, "SubscriptionConfirmation"], [got, headers["x-amz-sns-message-type"]])
        self.assertIn(b"ConfirmSubscriptionResult", urllib.request.urlopen(message["SubscribeURL"]).read())
        return arn

    def test_an_endpoint_confirms_by_the_link_and_is_told(self):
        topic = self.topic()
        with Webhook() as hook:
            answer = self.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook.url + "/hook")
            self.assertEqual("pending confirmation", answer["SubscriptionArn"])
            row, = self.sns.list_subscriptions()["Subscriptions"]
            self.assertEqual("PendingConfirmation", row["SubscriptionArn"])
            self.sns.publish(TopicArn=topic, Message="nobody hears")
            message = json.loads(hook.next()[2])
            self.assertIn("You have chosen to subscribe to the topic " + topic, message["Message"])
            self.refused("InvalidParameter", self.sns.confirm_subscription, TopicArn=topic, Token="x")
            urllib.request.urlopen(message["SubscribeURL"]).read()
            arn = self.sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
            self.sns.publish(TopicArn=topic, Message="heard")
            path, headers, body = hook.next()
            self.assertEqual(["/hook", "Notification", arn, "heard"],
                             [path, headers["x-amz-sns-message-type"], headers["x-amz-sns-subscription-arn"],
                              json.loads(body)["Message"]])
            urllib.request.urlopen(json.loads(body)["UnsubscribeURL"]).read()
            self.assertEqual("UnsubscribeConfirmation", hook.next()[1]["x-amz-sns-message-type"])
            self.assertEqual([], self.sns.list_subscriptions()["Subscriptions"])
        self.assertEqual("ConfirmSubscription", self.server.record("ConfirmSubscription")["eventName"])

    def test_raw_delivery(self):
        topic = self.topic()
        with Webhook() as hook:
            self.confirmed(topic, hook, RawMessageDelivery="true")
            self.sns.publish(TopicArn=topic, Message="raw")
            _, headers, body = hook.next()
            self.assertEqual(["raw", "true"], [body, headers["x-amz-sns-rawdelivery"]])

    def test_failures_are_tried_again_by_the_clock_and_given_up(self):
        topic, (dead_url, dead) = self.topic(), self.queue("dead")
        with Webhook(200, 500) as hook:
            self.confirmed(topic, hook, RawMessageDelivery="true", RedrivePolicy=json.dumps(
                {"deadLetterTargetArn": dead}))
            self.sns.publish(TopicArn=topic, Message="stubborn")
            hook.next()
            for _ in range(3):
                self.assertEqual([], self.bodies(dead_url))
                self.server.advance("19s")
                self.assertTrue(hook.posts.empty())
                self.server.advance("1s")
                self.assertEqual("stubborn", hook.next(1)[2])
            self.assertEqual(["stubborn"], self.bodies(dead_url))
            self.assertEqual([1, 1, 0], [self.total(topic, m) for m in (
                "NumberOfNotificationsFailed", "NumberOfNotificationsRedrivenToDlq",
                "NumberOfNotificationsFailedToRedriveToDlq")])

    def test_an_endpoint_that_says_no_is_not_asked_again(self):
        topic, (dead_url, dead) = self.topic(), self.queue("dead")
        with Webhook(200, 403) as hook:
            self.confirmed(topic, hook, RawMessageDelivery="true", RedrivePolicy=json.dumps(
                {"deadLetterTargetArn": dead}))
            self.sns.publish(TopicArn=topic, Message="unwelcome")
            hook.next()
            message, = self.sqs.receive_message(QueueUrl=dead_url, MessageAttributeNames=["All"],
                                                WaitTimeSeconds=10)["Messages"]
            self.assertEqual(["unwelcome", "403"],
                             [message["Body"], message["MessageAttributes"]["ERROR_CODE"]["StringValue"]])

    def test_the_delivery_policy_holds(self):
        policy = {"http": {"defaultHealthyRetryPolicy": {
            "numRetries": 3, "numNoDelayRetries": 1, "minDelayTarget": 2, "maxDelayTarget": 10}}}
        topic = self.topic(DeliveryPolicy=json.dumps(policy))
        with Webhook(200, 503) as hook:
            self.confirmed(topic, hook, RawMessageDelivery="true")
            self.sns.publish(TopicArn=topic, Message="x")
            hook.next()
            hook.next()
            for wait in (2, 10):
                self.server.advance(f"{wait - 1}s")
                self.assertTrue(hook.posts.empty())
                self.server.advance("1s")
                hook.next(1)
            self.server.advance("1h")
            self.assertTrue(hook.posts.empty())


class Crash(unittest.TestCase):
    def test_a_delivery_survives_a_kill(self):
        with Server() as server:
            sns = server.client("sns")
            topic = sns.create_topic(Name="t")["TopicArn"]
            with Webhook() as hook:
                sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook.url,
                              Attributes={"RawMessageDelivery": "true"})
                urllib.request.urlopen(json.loads(hook.next()[2])["SubscribeURL"]).read()
            sns.publish(TopicArn=topic, Message="kept")
            server.kill()
            server.start()
            with Webhook(port=hook.server.server_port) as again:
                server.advance("1m")
                self.assertEqual("kept", again.next()[2])


if __name__ == "__main__":
    unittest.main()
