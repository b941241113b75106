"""EventBridge: patterns, buses, rules, targets, schedules, records as events, responders."""
import http.server
import json
import pathlib
import sys
import tempfile
import textwrap
import threading
import unittest

import botocore.exceptions

import harness
from harness import ACCOUNT

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
CALLS = "AWS API Call via CloudTrail"


class Queue:
    """A queue that events go to."""

    def __init__(self, server, name, **client):
        self.sqs = server.client("sqs", **client)
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = self.sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def messages(self):
        """All that are there, taken out."""
        found = []
        while batch := self.sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                AttributeNames=["All"]).get("Messages"):
            found += batch
            for m in batch:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=m["ReceiptHandle"])
        return found

    def bodies(self):
        return [json.loads(m["Body"]) for m in self.messages()]


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(harness.Server(*cls.options))

    def setUp(self):
        status, answer = self.server.control("POST", "reset")
        self.assertEqual(status, 200, answer)
        self.events = self.server.client("events")
        self.queue = Queue(self.server, "events")

    def rule(self, name, pattern=None, targets=None, bus="default", **more):
        if pattern is not None:
            more["EventPattern"] = json.dumps(pattern)
        self.events.put_rule(Name=name, EventBusName=bus, **more)
        if targets is None:
            targets = [{"Id": "queue", "Arn": self.queue.arn}]
        answer = self.events.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        self.assertEqual(answer["FailedEntryCount"], 0)

    def put(self, detail=None, bus="default", source="my.app", kind="Order Placed", **more):
        answer = self.events.put_events(Entries=[
            {"Source": source, "DetailType": kind, "Detail": json.dumps(detail or {}),
             "EventBusName": bus, **more}])
        return answer["Entries"][0]

    def refused(self, code, operation, **params):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            getattr(self.events, operation)(**params)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"]["Message"]

    def advance(self, duration):
        status, answer = self.server.control("POST", "clock", {"advance": duration})
        self.assertEqual(status, 200, answer)

    def count(self, metric, rule="r"):
        points = self.server.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events", MetricName=metric, Statistics=["Sum"], Period=60,
            Dimensions=[{"Name": "RuleName", "Value": rule}],
            StartTime="2026-01-05T08:00:00Z", EndTime="2026-01-05T10:00:00Z")["Datapoints"]
        return sum(p["Sum"] for p in points)


class Buses(Case):
    def test_an_event_reaches_the_rules_that_match(self):
        self.rule("orders", {"detail-type": ["Order Placed"], "detail": {"total": [{"numeric": [">", 10]}]}})
        entry = self.put({"total": 25}, Resources=["arn:x"])
        self.put({"total": 5})
        [event] = self.queue.bodies()
        self.assertEqual(event, {
            "version": "0", "id": entry["EventId"], "detail-type": "Order Placed",
            "source": "my.app", "account": ACCOUNT, "time": harness.START, "region": "us-east-1",
            "resources": ["arn:x"], "detail": {"total": 25}})

    def test_entries_fail_one_by_one(self):
        answer = self.events.put_events(Entries=[
            {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"},
            {"Source": "a", "DetailType": "x", "Detail": "{"},
            {"Source": "a", "DetailType": "x", "Detail": "[]"},
            {"Source": "a", "Detail": "{}"},
            {"Source": "a", "DetailType": "x", "Detail": "{}", "EventBusName": "nowhere"},
            {"Source": "a", "DetailType": "x", "Detail": "{}"}])
        self.assertEqual(answer["FailedEntryCount"], 5)
        self.assertEqual([e.get("ErrorCode") for e in answer["Entries"]], [
            "NotAuthorizedForSourceException", "MalformedDetail", "MalformedDetail",
            "InvalidArgument", "ResourceNotFoundException", None])
        self.assertTrue(answer["Entries"][5]["EventId"])

    def test_entries_have_a_size_together(self):
        big = {"Source": "a", "DetailType": "x", "Detail": json.dumps({"a": "x" * 140000})}
        self.refused("ValidationException", "put_events", Entries=[big, big])

    @harness.needs_newest
    def test_a_bus_of_its_own(self):
        arn = self.events.create_event_bus(Name="orders", Description="d")["EventBusArn"]
        self.assertEqual(arn, f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders")
        self.refused("ResourceAlreadyExistsException", "create_event_bus", Name="orders")
        self.refused("ResourceAlreadyExistsException", "create_event_bus", Name="default")
        self.refused("ValidationException", "create_event_bus", Name="a/b")
        self.assertEqual([b["Name"] for b in self.events.list_event_buses()["EventBuses"]],
                         ["default", "orders"])
        self.rule("r", {"source": ["my.app"]}, bus="orders")
        self.put(bus="default")
        self.put(bus="orders")
        self.put(bus=arn)
        self.assertEqual(len(self.queue.bodies()), 2)
        self.refused("ValidationException", "delete_event_bus", Name="orders")
        self.events.remove_targets(Rule="r", EventBusName="orders", Ids=["queue"])
        self.events.delete_rule(Name="r", EventBusName="orders")
        self.events.delete_event_bus(Name="orders")
        self.refused("ResourceNotFoundException", "describe_event_bus", Name="orders")
        self.refused("ValidationException", "delete_event_bus", Name="default")

    def test_permissions(self):
        self.events.put_permission(Action="events:PutEvents", Principal="222233334444",
                                   StatementId="other")
        policy = json.loads(self.events.describe_event_bus()["Policy"])
        self.assertEqual(policy["Statement"][0]["Principal"], {"AWS": "arn:aws:iam::222233334444:root"})
        self.rule("r", {"source": ["their.app"]})
        bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
        entry = {"Source": "their.app", "DetailType": "x", "Detail": "{}", "EventBusName": bus}
        self.server.client("events", key="222233334444").put_events(Entries=[entry])
        [event] = self.queue.bodies()
        self.assertEqual(event["account"], "222233334444")
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.server.client("events", key="333344445555").put_events(Entries=[entry])
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            self.server.client("events", key="333344445555").list_rules(EventBusName=bus)
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")
        self.refused("ResourceNotFoundException", "remove_permission", StatementId="none")
        self.events.remove_permission(StatementId="other")
        self.assertNotIn("Policy", self.events.describe_event_bus())

    def test_tags(self):
        arn = self.events.put_rule(Name="r", EventPattern='{"source":["a"]}',
                                   Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
        self.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
        self.events.untag_resource(ResourceARN=arn, TagKeys=["a"])
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=arn)["Tags"],
                         [{"Key": "b", "Value": "2"}])
        self.refused("ResourceNotFoundException", "list_tags_for_resource", ResourceARN=arn + "x")


class Rules(Case):
    def test_the_life_of_a_rule(self):
        arn = self.events.put_rule(Name="r", EventPattern='{"source":["a"]}', Description="d")["RuleArn"]
        self.assertEqual(arn, f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r")
        told = self.events.describe_rule(Name="r")
        self.assertEqual((told["State"], told["EventBusName"], told["CreatedBy"]),
                         ("ENABLED", "default", ACCOUNT))
        self.events.disable_rule(Name="r")
        self.assertEqual(self.events.list_rules(NamePrefix="r")["Rules"][0]["State"], "DISABLED")
        self.events.enable_rule(Name="r")
        self.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": self.queue.arn}])
        self.assertEqual(self.events.list_rule_names_by_target(TargetArn=self.queue.arn)["RuleNames"], ["r"])
        self.assertIn("since it has targets",
                      self.refused("ValidationException", "delete_rule", Name="r"))
        self.assertEqual(self.events.remove_targets(Rule="r", Ids=["1", "2"])["FailedEntryCount"], 1)
        self.assertEqual(self.events.list_targets_by_rule(Rule="r")["Targets"], [])
        self.events.delete_rule(Name="r")
        self.events.delete_rule(Name="r")
        self.refused("ResourceNotFoundException", "describe_rule", Name="r")

    def test_what_is_no_rule(self):
        self.refused("ValidationException", "put_rule", Name="r")
        self.refused("ValidationException", "put_rule", Name="r", ScheduleExpression="rate(1 minutes)")
        self.refused("ResourceNotFoundException", "put_rule", Name="r", EventBusName="none",
                     EventPattern='{"source":["a"]}')
        text = self.refused("InvalidEventPatternException", "put_rule", Name="r",
                            EventPattern='{"source":"a"}')
        self.assertEqual(text, 'Event pattern is not valid. Reason: "source" must be an object or an array')
        self.events.create_event_bus(Name="b")
        self.refused("ValidationException", "put_rule", Name="r", EventBusName="b",
                     ScheduleExpression="rate(5 minutes)")

    def test_what_is_no_target(self):
        self.events.put_rule(Name="r", EventPattern='{"source":["a"]}')
        five = [{"Id": str(i), "Arn": self.queue.arn} for i in range(5)]
        self.events.put_targets(Rule="r", Targets=five)
        self.refused("LimitExceededException", "put_targets", Rule="r",
                     Targets=[{"Id": "5", "Arn": self.queue.arn}])
        for target in [{"Arn": "queue"}, {"Arn": self.queue.arn + ".fifo"},
                       {"Arn": self.queue.arn, "Input": "{"},
                       {"Arn": self.queue.arn, "Input": "{}", "InputPath": "$.detail"},
                       {"Arn": self.queue.arn, "InputPath": "$..detail"},
                       {"Arn": self.queue.arn, "DeadLetterConfig": {"Arn": "queue"}},
                       {"Arn": self.queue.arn, "DeadLetterConfig": {"Arn": FUNCTION + "f"}},
                       {"Arn": self.queue.arn, "InputTransformer": {"InputTemplate": '"<foo>"'}},
                       {"Arn": self.queue.arn, "InputTransformer": {
                           "InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"a": "x"<a>}'}}]:
            with self.subTest(target):
                self.refused("ValidationException", "put_targets", Rule="r",
                             Targets=[{"Id": "1", **target}])
        self.refused("ResourceNotFoundException", "put_targets", Rule="none", Targets=five)

    def test_rules_and_limits_in_pages(self):
        for i in range(300):
            self.events.put_rule(Name=f"r{i:03}", EventPattern='{"source":["a"]}')
        self.refused("LimitExceededException", "put_rule", Name="more", EventPattern='{"source":["a"]}')
        names, token = [], {}
        while True:
            page = self.events.list_rules(Limit=70, **token)
            names += [r["Name"] for r in page["Rules"]]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        self.assertEqual(names, [f"r{i:03}" for i in range(300)])

    def test_a_pattern_is_tried(self):
        event = {"id": "1", "account": ACCOUNT, "source": "a", "time": harness.START,
                 "region": "us-east-1", "resources": [], "detail-type": "x", "detail": {"n": 3}}
        ask = lambda pattern, e=event: self.events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(e))["Result"]
        self.assertTrue(ask({"detail": {"n": [{"numeric": ["<", 4]}]}}))
        self.assertFalse(ask({"detail": {"n": [{"numeric": ["<", 3]}]}}))
        self.refused("ValidationException", "test_event_pattern", EventPattern='{"source":["a"]}',
                     Event='{"source": "a"}')
        self.refused("InvalidEventPatternException", "test_event_pattern",
                     EventPattern='{"source":[{"regex":"a"}]}', Event=json.dumps(event))


class Targets(Case):
    def test_what_a_target_gets(self):
        shapes = {
            "input": {"Input": '{"fixed": true}'},
            "path": {"InputPath": "$.detail"},
            "map": {"InputTransformer": {
                "InputPathsMap": {"who": "$.detail.who", "n": "$.detail.n", "all": "$.detail"},
                "InputTemplate": '{"who": <who>, "text": "<who> has <n>", "n": <n>, "rule": '
                                 '<aws.events.rule-name>, "none": <none>, "all": <all>}'}},
            "text": {"InputTransformer": {"InputPathsMap": {"who": "$.detail.who"},
                                          "InputTemplate": '"<who> came at <aws.events.event.ingestion-time>"'}},
        }
        shapes["map"]["InputTransformer"]["InputPathsMap"]["none"] = "$.detail.none"
        queues = {name: Queue(self.server, name) for name in shapes}
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": name, "Arn": queues[name].arn, **shape} for name, shape in shapes.items()])
        self.put({"who": "bob", "n": 3})
        got = {name: queue.bodies() for name, queue in queues.items()}
        self.assertEqual(got, {
            "input": [{"fixed": True}], "path": [{"who": "bob", "n": 3}],
            "map": [{"who": "bob", "text": "bob has 3", "n": 3, "rule": "r", "none": "",
                     "all": {"who": "bob", "n": 3}}],
            "text": [f"bob came at {harness.START}"]})

    def test_a_queue_of_groups(self):
        sqs = self.server.client("sqs")
        url = sqs.create_queue(QueueName="f.fifo", Attributes={
            "FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": self.queue.arn.replace(":events", ":f.fifo"),
             "SqsParameters": {"MessageGroupId": "g"}}])
        self.put()
        [m] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
        self.assertEqual(m["Attributes"]["MessageGroupId"], "g")

    def test_a_log_group(self):
        logs = self.server.client("logs")
        logs.create_log_group(logGroupName="/aws/events/all")
        group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/all"
        self.rule("r", {"source": ["my.app"]}, [{"Id": "1", "Arn": group}])
        self.put({"n": 1})
        [stream] = logs.describe_log_streams(logGroupName="/aws/events/all")["logStreams"]
        [event] = logs.get_log_events(logGroupName="/aws/events/all",
                                      logStreamName=stream["logStreamName"])["events"]
        self.assertEqual(json.loads(event["message"])["detail"], {"n": 1})

    def test_another_bus_but_one_hop_only(self):
        self.events.create_event_bus(Name="b")
        self.events.create_event_bus(Name="c")
        bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/"
        west = self.server.client("events", key="222233334444", region="us-west-2")
        theirs = Queue(self.server, "theirs", key="222233334444", region="us-west-2")
        west.put_rule(Name="r", EventPattern='{"source":["my.app"]}')
        west.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": theirs.arn}])
        self.rule("a", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": bus + "b"},
            {"Id": "2", "Arn": "arn:aws:events:us-west-2:222233334444:event-bus/default"}])
        self.rule("b", {"source": ["my.app"]}, [{"Id": "1", "Arn": bus + "c"},
                                                {"Id": "2", "Arn": self.queue.arn},
                                                {"Id": "3", "Arn": bus + "b"}], bus="b")
        self.rule("c", {"source": ["my.app"]}, bus="c")
        entry = self.put()
        self.assertEqual([e["id"] for e in self.queue.bodies()], [entry["EventId"]])
        [event] = theirs.bodies()
        self.assertEqual((event["account"], event["region"]), (ACCOUNT, "us-east-1"))

    def test_what_can_t_be_delivered(self):
        dead = Queue(self.server, "dead")
        targets = {"kinesis": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s",
                   "function": FUNCTION + "f",
                   "queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:none",
                   "bus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/none"}
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": i, "Arn": arn, "DeadLetterConfig": {"Arn": dead.arn}} for i, arn in targets.items()])
        entry = self.put()
        letters = dead.messages()
        self.assertEqual({m["MessageAttributes"]["TARGET_ARN"]["StringValue"] for m in letters},
                         set(targets.values()))
        for m in letters:
            attributes = {k: v["StringValue"] for k, v in m["MessageAttributes"].items()}
            self.assertEqual(attributes["ERROR_CODE"], "NO_RESOURCE")
            self.assertEqual(attributes["RULE_ARN"], f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r")
            self.assertTrue(attributes["ERROR_MESSAGE"])
            self.assertEqual(json.loads(m["Body"])["id"], entry["EventId"])
        self.assertEqual(self.count("FailedInvocations"), 4)
        self.assertEqual(self.count("InvocationsSentToDlq"), 4)
        self.assertEqual(self.count("Invocations"), 4)
        self.assertEqual(self.count("TriggeredRules"), 1)

    def test_what_becomes_no_json_is_not_delivered(self):
        dead = Queue(self.server, "dead")
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": self.queue.arn, "DeadLetterConfig": {"Arn": dead.arn}, "InputTransformer": {
                "InputPathsMap": {"say": "$.detail.say"}, "InputTemplate": '{"said": "<say>"}'}}])
        self.put({"say": "yes"})
        self.put({"say": 'she said "no"'})
        self.assertEqual([{"said": "yes"}], self.queue.bodies())
        [letter] = dead.messages()
        self.assertEqual("INVALID_JSON", letter["MessageAttributes"]["ERROR_CODE"]["StringValue"])
        self.assertEqual([2, 1, 1], [self.count(m) for m in (
            "Invocations", "FailedInvocations", "InvocationsSentToDlq")])


class Instances(Case):
    """Source: EC2 User Guide, "Automate Amazon EC2 using EventBridge"."""

    def setUp(self):
        super().setUp()
        self.ec2 = self.server.client("ec2")
        self.rule("r", {"detail-type": ["EC2 Instance State-change Notification"]})

    def run_one(self):
        return self.ec2.run_instances(ImageId="ami-0abcdef1234567890", MinCount=1,
                                      MaxCount=1)["Instances"][0]["InstanceId"]

    def told(self):
        return [(e["time"][14:19], e["detail"]["instance-id"], e["detail"]["state"])
                for e in self.queue.bodies()]

    def test_each_state_is_told_when_it_is_entered(self):
        one = self.run_one()
        [event] = self.queue.bodies()
        self.assertEqual({"source": "aws.ec2", "account": ACCOUNT, "region": "us-east-1",
                          "resources": [f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{one}"],
                          "detail": {"instance-id": one, "state": "pending"}},
                         {k: event[k] for k in ("source", "account", "region", "resources", "detail")})
        self.advance("5s")
        two = self.run_one()
        self.assertEqual([("00:05", two, "pending")], self.told())
        self.advance("1m")
        self.assertEqual([("00:10", one, "running"), ("00:15", two, "running")], self.told())
        self.ec2.stop_instances(InstanceIds=[one])
        self.advance("1m")
        self.assertEqual([("01:05", one, "stopping"), ("01:25", one, "stopped")], self.told())
        self.ec2.start_instances(InstanceIds=[one])
        self.ec2.terminate_instances(InstanceIds=[one, two])
        self.advance("2h")
        self.assertEqual(
            [("02:05", one, "pending"), ("02:05", one, "shutting-down"), ("02:05", two, "shutting-down"),
             ("02:25", one, "terminated"), ("02:25", two, "terminated")],
            sorted(self.told(), key=lambda t: (t[0], "pst".index(t[2][0]), t[1] != one)))

    def test_what_is_refused_is_not_told(self):
        one = self.run_one()
        self.advance("1m")
        self.told()
        with self.assertRaises(botocore.exceptions.ClientError):
            self.ec2.stop_instances(InstanceIds=[one, "i-0123456789abcdef0"])
        self.advance("1m")
        self.assertEqual([], self.told())


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted, and answers with the server's next status."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Destinations(Case):
    def setUp(self):
        super().setUp()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.http.got, self.http.statuses = [], []
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)
        self.connection = self.events.create_connection(
            Name="c", AuthorizationType="API_KEY", AuthParameters={
                "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "sesame"},
                "InvocationHttpParameters": {"QueryStringParameters": [
                    {"Key": "q", "Value": "1 2", "IsValueSecret": False}]}})["ConnectionArn"]

    def destination(self, url=None):
        return self.events.create_api_destination(
            Name="d", ConnectionArn=self.connection, HttpMethod="POST",
            InvocationEndpoint=url or f"http://127.0.0.1:{self.http.server_port}/hook/*")["ApiDestinationArn"]

    def flush(self):
        self.assertEqual(self.server.control("POST", "flush")[0], 200)

    def test_an_event_is_posted(self):
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": self.destination(), "InputPath": "$.detail",
             "HttpParameters": {"PathParameterValues": ["a b"], "HeaderParameters": {"X-Own": "o"}}}])
        self.put({"n": 1})
        self.flush()
        [(path, headers, body)] = self.http.got
        self.assertEqual((path, body), ("/hook/a%20b?q=1%202", {"n": 1}))
        self.assertEqual((headers["X-Key"], headers["X-Own"], headers["User-Agent"]),
                         ("sesame", "o", "Amazon/EventBridge/ApiDestinations"))

    def test_it_is_tried_again_and_then_given_up(self):
        dead = Queue(self.server, "dead")
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": self.destination(), "RetryPolicy": {"MaximumRetryAttempts": 2},
             "DeadLetterConfig": {"Arn": dead.arn}}])
        self.http.statuses = [503, 503]
        self.put({"n": 1})
        self.advance("10m")
        self.assertEqual([body["detail"] for _, _, body in self.http.got], [{"n": 1}] * 3)
        self.http.statuses = [503] * 3
        entry = self.put({"n": 2})
        self.advance("10m")
        [letter] = dead.messages()
        self.assertEqual(json.loads(letter["Body"])["id"], entry["EventId"])
        self.assertEqual(letter["MessageAttributes"]["RULE_ARN"]["StringValue"],
                         f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r")
        self.assertIn("ERROR_MESSAGE", letter["MessageAttributes"])
        self.assertEqual([2, 1, 1], [self.count(m) for m in (
            "Invocations", "FailedInvocations", "InvocationsSentToDlq")])

    def test_nobody_else_s_machine_is_asked(self):
        dead = Queue(self.server, "dead")
        self.rule("r", {"source": ["my.app"]}, [
            {"Id": "1", "Arn": self.destination("https://example.com/x"), "DeadLetterConfig": {"Arn": dead.arn}}])
        self.put()
        [letter] = dead.messages()
        self.assertEqual(letter["MessageAttributes"]["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS")

    @harness.needs_newest
    def test_secrets_are_not_shown(self):
        told = self.events.describe_connection(Name="c")
        self.assertEqual(told["AuthParameters"]["ApiKeyAuthParameters"], {"ApiKeyName": "X-Key"})
        self.assertNotIn("sesame", json.dumps(told, default=str))
        [row] = self.events.list_connections()["Connections"]
        self.assertEqual((row["Name"], row["ConnectionState"]), ("c", "AUTHORIZED"))
        trail = self.server.client("cloudtrail").lookup_events()["Events"]
        self.assertNotIn("sesame", json.dumps(trail, default=str))
        self.destination()
        self.assertEqual(self.events.describe_api_destination(Name="d")["ConnectionArn"], self.connection)
        self.events.delete_api_destination(Name="d")
        self.events.delete_connection(Name="c")
        self.refused("ResourceNotFoundException", "describe_connection", Name="c")

    def test_what_is_not_performed(self):
        self.refused("NotImplemented", "create_connection", Name="o",
                     AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters={"OAuthParameters": {
                         "ClientParameters": {"ClientID": "a", "ClientSecret": "b"},
                         "AuthorizationEndpoint": "https://example.com", "HttpMethod": "POST"}})
        self.refused("NotImplemented", "create_api_destination", Name="g", ConnectionArn=self.connection,
                     InvocationEndpoint="https://example.com", HttpMethod="GET")


class Records(Case):
    def test_a_call_becomes_an_event(self):
        self.rule("calls", {"source": ["aws.iam"], "detail-type": [CALLS]})
        answer = self.server.client("iam").create_user(UserName="bob")
        [event] = self.queue.bodies()
        self.assertEqual(event["detail"]["requestID"], answer["ResponseMetadata"]["RequestId"])
        self.assertEqual((event["source"], event["detail-type"], event["account"], event["region"],
                          event["time"], event["resources"]),
                         ("aws.iam", CALLS, ACCOUNT, "us-east-1", harness.START, []))
        self.assertEqual(event["detail"]["requestParameters"], {"userName": "bob"})

    @harness.needs_newest
    def test_reads_need_a_rule_that_asks_for_them(self):
        all_queue = Queue(self.server, "all")
        self.rule("writes", {"source": ["aws.iam", "aws.sts"]})
        self.rule("all", {"source": ["aws.iam", "aws.sts"]}, [{"Id": "1", "Arn": all_queue.arn}],
                  State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        iam = self.server.client("iam")
        iam.create_user(UserName="bob")
        iam.list_users()
        self.server.client("sts").get_session_token()
        names = lambda queue: [e["detail"]["eventName"] for e in queue.bodies()]
        self.assertEqual(sorted(names(self.queue)), ["CreateUser", "GetSessionToken"])
        self.assertEqual(sorted(names(all_queue)), ["CreateUser", "GetSessionToken", "ListUsers"])

    def test_only_what_a_trail_logs(self):
        self.rule("calls", {"detail-type": [CALLS], "source": ["aws.iam", "aws.s3", "aws.cloudtrail"]})
        trail, iam = self.server.client("cloudtrail"), self.server.client("iam")
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="things")
        s3.put_object(Bucket="things", Key="k", Body=b"x")
        trail.put_event_selectors(TrailName="mocktrail", EventSelectors=[
            {"ReadWriteType": "All", "IncludeManagementEvents": True}])
        s3.put_object(Bucket="things", Key="l", Body=b"x")
        trail.stop_logging(Name="mocktrail")
        iam.create_user(UserName="unseen")
        trail.start_logging(Name="mocktrail")
        iam.create_user(UserName="seen")
        names = [e["detail"]["eventName"] for e in self.queue.bodies()]
        self.assertEqual(sorted(names), ["CreateBucket", "CreateUser", "PutEventSelectors", "PutObject",
                                         "StartLogging", "StopLogging"])

    def test_signing_in_and_service_events(self):
        self.rule("rest", {"detail-type": ["AWS Console Sign In via CloudTrail",
                                           "AWS Service Event via CloudTrail"]})
        record = lambda i, kind, source, name: {
            "eventVersion": "1.08", "userIdentity": {"type": "Root", "principalId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}, "eventTime": harness.START,
            "eventSource": source, "eventName": name, "awsRegion": "us-east-1",
            "sourceIPAddress": "192.0.2.1", "userAgent": "x", "requestParameters": None,
            "responseElements": {"ConsoleLogin": "Success"} if name == "ConsoleLogin" else None,
            "eventID": f"00000000-0000-4000-8000-00000000000{i}", "readOnly": False, "eventType": kind,
            "managementEvent": True, "recipientAccountId": ACCOUNT, "eventCategory": "Management"}
        status, answer = self.server.control("POST", "events", {"Records": [
            record(1, "AwsConsoleSignIn", "signin.amazonaws.com", "ConsoleLogin"),
            record(2, "AwsServiceEvent", "kms.amazonaws.com", "RotateKey")]})
        self.assertEqual(status, 200, answer)
        got = {(e["source"], e["detail-type"]) for e in self.queue.bodies()}
        self.assertEqual(got, {("aws.signin", "AWS Console Sign In via CloudTrail"),
                               ("aws.kms", "AWS Service Event via CloudTrail")})


class Schedules(Case):
    def test_exactly_at_the_due_minute(self):
        self.rule("daily", ScheduleExpression="cron(30 10 * * ? *)")
        self.rule("often", ScheduleExpression="rate(20 minutes)", targets=[
            {"Id": "1", "Arn": Queue(self.server, "often").arn, "InputPath": "$.time"}])
        self.advance("80m")
        self.assertEqual(self.queue.bodies(), [])
        self.advance("10m")
        [event] = self.queue.bodies()
        self.assertEqual((event["detail-type"], event["source"], event["time"], event["detail"],
                          event["resources"]),
                         ("Scheduled Event", "aws.events", "2026-01-05T10:30:00Z", {},
                          [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/daily"]))
        self.advance("2d")
        self.assertEqual([e["time"] for e in self.queue.bodies()],
                         ["2026-01-06T10:30:00Z", "2026-01-07T10:30:00Z"])
        self.assertEqual(Queue(self.server, "often").bodies()[:2],
                         ["2026-01-05T09:20:00Z", "2026-01-05T09:40:00Z"])

    def test_a_rule_that_is_off_or_gone(self):
        self.rule("often", ScheduleExpression="rate(1 hour)")
        self.advance("1h")
        self.events.disable_rule(Name="often")
        self.advance("3h")
        self.assertEqual(len(self.queue.bodies()), 1)
        self.events.enable_rule(Name="often")
        self.advance("1h")
        self.assertEqual(len(self.queue.bodies()), 1)


class Long(Case):
    options = "--deliver-every", "1d", "--digest-every", "1d"

    def test_ninety_days(self):
        self.events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
        self.rule("daily", ScheduleExpression="cron(0 12 * * ? *)")
        self.advance("90d")
        self.assertEqual(len(self.queue.bodies()), 4)  # the queue keeps four days


class Responders(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.script("restart", """
            import json, sys, boto3
            event = json.load(sys.stdin)
            boto3.client("cloudtrail").start_logging(Name=event["detail"]["requestParameters"]["name"])
            print("logging again")
        """)
        self.script("fails", "import sys; sys.exit('no luck')")
        self.script("slow", "import time; time.sleep(60)")

    def script(self, name, text):
        self.dir.joinpath(name + ".py").write_text(textwrap.dedent(text))

    def options(self, *names):
        rows = [{"name": n, "run": [sys.executable, str(self.dir / (n + ".py"))], "timeout": "1s" if n == "slow" else "40s"}
                for n in names]
        path = self.dir / "responders.yaml"
        path.write_text(json.dumps({"responders": rows}))
        return "--responders", str(path)

    def rule(self, server, *names, **target):
        events = server.client("events")
        events.put_rule(Name="stopped", EventPattern=json.dumps(
            {"source": ["aws.cloudtrail"], "detail": {"eventName": ["StopLogging"]}}))
        events.put_targets(Rule="stopped", Targets=[
            {"Id": n, "Arn": FUNCTION + n, **target} for n in names])

    @harness.needs_newest
    def test_stop_logging_is_answered_by_start_logging(self):
        with harness.Server(*self.options("restart")) as server:
            trail = server.client("cloudtrail")
            self.rule(server, "restart")
            trail.stop_logging(Name="mocktrail")
            self.assertEqual(server.control("POST", "clock", {"advance": "1m"})[0], 200)
            self.assertTrue(trail.get_trail_status(Name="mocktrail")["IsLogging"])
            found = {e["EventName"]: json.loads(e["CloudTrailEvent"])
                     for e in trail.lookup_events()["Events"]}
            self.assertEqual(found["StopLogging"]["userIdentity"]["type"], "Root")
            answer = found["StartLogging"]
            self.assertEqual(answer["userIdentity"]["arn"],
                             f"arn:aws:sts::{ACCOUNT}:assumed-role/mocktrail-responder/restart")
            self.assertIn("exec-env/mocktrail-responder-restart", answer["userAgent"])
            [row] = server.control("GET", "responders")[1]["responders"]
            self.assertEqual((row["waiting"], row["runs"][0]["exitCode"], row["runs"][0]["said"]),
                             (0, 0, "logging again"))

    def test_a_schedule_is_answered_at_its_minute(self):
        self.script("user", """
            import json, sys, boto3
            boto3.client("iam").create_user(UserName=json.load(sys.stdin)["id"])
        """)
        with harness.Server(*self.options("user")) as server:
            events = server.client("events")
            events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
            events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": FUNCTION + "user"}])
            self.assertEqual(server.control("POST", "clock", {"advance": "150m"})[0], 200)
            made = sorted(u["CreateDate"].isoformat() for u in server.client("iam").list_users()["Users"])
            self.assertEqual(made, ["2026-01-05T10:00:00+00:00", "2026-01-05T11:00:00+00:00"])

    def test_a_command_that_fails(self):
        with harness.Server(*self.options("fails", "slow")) as server:
            dead = Queue(server, "dead")
            self.rule(server, "fails", "slow", DeadLetterConfig={"Arn": dead.arn},
                      RetryPolicy={"MaximumRetryAttempts": 1})
            server.client("cloudtrail").stop_logging(Name="mocktrail")
            server.control("POST", "flush")
            self.assertEqual(dead.messages(), [])
            self.assertEqual(server.control("POST", "clock", {"advance": "10m"})[0], 200)
            letters = {m["MessageAttributes"]["TARGET_ARN"]["StringValue"]:
                       {k: v["StringValue"] for k, v in m["MessageAttributes"].items()}
                       for m in dead.messages()}
            fails, slow = letters[FUNCTION + "fails"], letters[FUNCTION + "slow"]
            self.assertEqual(fails["ERROR_MESSAGE"], "responder fails: exit code 1: no luck")
            self.assertEqual((fails["RETRY_ATTEMPTS"], fails["EXHAUSTED_RETRY_CONDITION"]),
                             ("1", "MaximumRetryAttempts"))
            self.assertIn("killed after 1000 ms", slow["ERROR_MESSAGE"])

    def test_an_event_outlives_a_kill(self):
        flag = self.dir / "let-go"
        self.script("waits", f"""
            import os, sys, time
            while not os.path.exists({str(flag)!r}): time.sleep(0.05)
            print("answered", len(sys.stdin.read()) > 100)
        """)
        server = harness.Server(*self.options("waits"))
        try:
            server.start()
            self.rule(server, "waits")
            server.client("cloudtrail").stop_logging(Name="mocktrail")
            server.client("events").list_rules()  # the record has become an event
            server.kill()
            flag.write_text("")
            server.start()
            server.control("POST", "flush")
            [row] = server.control("GET", "responders")[1]["responders"]
            self.assertEqual((row["waiting"], [r["said"] for r in row["runs"]]),
                             (0, ["answered True"]))
            self.assertEqual(server.stop(), 0)
        finally:
            server.remove()

    def test_files_that_are_none(self):
        for text, why in [("responders: 3", "responders: a list, and nothing else"),
                          ("responders: [{name: a}]", "run: a list, a program and its arguments"),
                          ("responders: [{name: a b, run: [x]}]", "name: 1 to 64 of A-Z a-z 0-9 - _"),
                          ("responders: [{name: a, run: [x], time: 3s}]", "name, run or timeout"),
                          ("responders: [{name: a, run: [x], timeout: soon}]", "timeout: a duration"),
                          ("responders: [{name: a, run: [x]}, {name: a, run: [x]}]", "names that differ")]:
            with self.subTest(text):
                path = self.dir / "bad.yaml"
                path.write_text(text)
                server = harness.Server("--responders", str(path))
                with self.assertRaisesRegex(RuntimeError, f"bad.yaml:1: expected {why}"):
                    server.start()
                self.assertEqual(server.process.returncode, 2)
                server.ended()
                server.remove()


class Durable(unittest.TestCase):
    def test_a_state_to_come_is_told_after_a_crash(self):
        server = harness.Server()
        with server:
            queue = Queue(server, "q")
            events = server.client("events")
            events.put_rule(Name="r", EventPattern='{"source":["aws.ec2"],"detail":{"state":["running"]}}')
            events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
            server.client("ec2").run_instances(ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1)
            server.kill()
            server.start()
            server.advance("1m")
            self.assertEqual(["running"], [e["detail"]["state"] for e in Queue(server, "q").bodies()])

    def test_rules_and_events_outlive_a_kill(self):
        server = harness.Server()
        try:
            server.start()
            queue, events = Queue(server, "q"), server.client("events")
            events.put_rule(Name="calls", EventPattern='{"source":["aws.iam"]}')
            events.put_targets(Rule="calls", Targets=[{"Id": "1", "Arn": queue.arn}])
            events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
            events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": queue.arn}])
            for i in range(20):
                server.client("iam").create_user(UserName=f"u{i}")
            server.kill()
            server.start()
            got = [e["detail"]["requestParameters"]["userName"] for e in Queue(server, "q").bodies()]
            self.assertEqual(sorted(got), sorted(f"u{i}" for i in range(20)))
            server.control("POST", "clock", {"advance": "1h"})
            [event] = Queue(server, "q").bodies()
            self.assertEqual(event["time"], "2026-01-05T10:00:00Z")
            self.assertEqual(server.stop(), 0)
        finally:
            server.remove()


if __name__ == "__main__":
    unittest.main()
