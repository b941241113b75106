"""CloudWatch Logs through boto3 and the CLI: groups, streams, events in and out."""
import base64
import calendar
import datetime
import gzip
import http.server
import json
import threading
import time
import unittest

import harness

NOW_MS = calendar.timegm(time.strptime(harness.START, "%Y-%m-%dT%H:%M:%SZ")) * 1000
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


class Logs(harness.FreshCase):
    OPTIONS = ("--deliver-every", "6h", "--digest-every", "24h")

    def setUp(self):
        super().setUp()
        self.logs = self.server.client("logs")

    def stream(self, group="g", stream="s"):
        if not self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            self.logs.create_log_group(logGroupName=group)
        self.logs.create_log_stream(logGroupName=group, logStreamName=stream)

    def put(self, *messages, group="g", stream="s", at=NOW_MS, step=1):
        events = [{"timestamp": at + i * step, "message": m} for i, m in enumerate(messages)]
        return self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def messages(self, **args):
        got = self.logs.get_log_events(logGroupName="g", logStreamName="s", **args)
        return [e["message"] for e in got["events"]]


class Groups(Logs):
    @harness.needs_newest
    def test_life_of_a_group(self):
        logs = self.logs
        logs.create_log_group(logGroupName="/app/a", tags={"k": "v"}, kmsKeyId="arn:aws:kms:us-east-1:1:key/1")
        logs.create_log_group(logGroupName="/app/b", logGroupClass="INFREQUENT_ACCESS")
        logs.create_log_group(logGroupName="other")
        self.refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName="other")
        found = logs.describe_log_groups(logGroupNamePrefix="/app/")["logGroups"]
        self.assertEqual([g["logGroupName"] for g in found], ["/app/a", "/app/b"])
        arn = f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:log-group:/app/a"
        self.assertEqual((found[0]["arn"], found[0]["logGroupArn"], found[0]["creationTime"],
                          found[0]["storedBytes"], found[0]["metricFilterCount"], found[0]["kmsKeyId"]),
                         (arn + ":*", arn, NOW_MS, 0, 0, "arn:aws:kms:us-east-1:1:key/1"))
        self.assertEqual([g["logGroupName"] for g in
                          logs.describe_log_groups(logGroupNamePattern="APP/B")["logGroups"]], ["/app/b"])
        self.assertEqual([g["logGroupName"] for g in
                          logs.describe_log_groups(logGroupClass="INFREQUENT_ACCESS")["logGroups"]], ["/app/b"])
        pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1})
        self.assertEqual([[g["logGroupName"] for g in p["logGroups"]] for p in pages],
                         [["/app/a"], ["/app/b"], ["other"]])
        logs.disassociate_kms_key(logGroupName="/app/a")
        self.assertNotIn("kmsKeyId", logs.describe_log_groups(logGroupNamePrefix="/app/a")["logGroups"][0])
        logs.delete_log_group(logGroupName="/app/a")
        self.refused("ResourceNotFoundException", logs.delete_log_group, logGroupName="/app/a")

    def test_tags_by_both_apis(self):
        logs = self.logs
        logs.create_log_group(logGroupName="g", tags={"a": "1"})
        arn = f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:log-group:g"
        logs.tag_resource(resourceArn=arn, tags={"b": "2"})
        logs.tag_log_group(logGroupName="g", tags={"a": "3", "c": "4"})
        self.assertEqual(logs.list_tags_for_resource(resourceArn=arn)["tags"], {"a": "3", "b": "2", "c": "4"})
        logs.untag_resource(resourceArn=arn, tagKeys=["b"])
        logs.untag_log_group(logGroupName="g", tags=["c"])
        for call, names in ((logs.tag_resource, {"resourceArn": arn}), (logs.tag_log_group, {"logGroupName": "g"}),
                            (logs.create_log_group, {"logGroupName": "other"})):
            self.refused("InvalidParameterException", call, **names, tags={"d": "1", "aws:x": "1"})
        self.assertEqual(logs.list_tags_log_group(logGroupName="g")["tags"], {"a": "3"})
        self.refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=arn + "x")

    @harness.needs_newest
    def test_deletion_protection(self):
        self.logs.create_log_group(logGroupName="g", deletionProtectionEnabled=True)
        self.refused("OperationAbortedException", self.logs.delete_log_group, logGroupName="g")
        self.logs.put_log_group_deletion_protection(logGroupIdentifier="g", deletionProtectionEnabled=False)
        self.logs.delete_log_group(logGroupName="g")


class Streams(Logs):
    def test_order_and_pages(self):
        for name in ("a", "b", "c", "d"):
            self.stream("g", name)
        self.refused("ResourceAlreadyExistsException", self.logs.create_log_stream, logGroupName="g",
                     logStreamName="a")
        self.refused("ResourceNotFoundException", self.logs.create_log_stream, logGroupName="x",
                     logStreamName="a")
        self.put("x", stream="a", at=NOW_MS - 5)
        self.put("x", stream="c", at=NOW_MS - 9)

        def names(size=50, **args):
            pages = self.logs.get_paginator("describe_log_streams").paginate(
                logGroupName="g", PaginationConfig={"PageSize": size}, **args)
            return [s["logStreamName"] for p in pages for s in p["logStreams"]]
        self.assertEqual(names(size=3), ["a", "b", "c", "d"])
        self.assertEqual(names(size=1, descending=True), ["d", "c", "b", "a"])
        self.assertEqual(names(size=1, orderBy="LastEventTime"), ["b", "d", "c", "a"])
        self.assertEqual(names(size=2, orderBy="LastEventTime", descending=True), ["a", "c", "d", "b"])
        self.assertEqual(names(logStreamNamePrefix="c"), ["c"])
        self.refused("InvalidParameterException", self.logs.describe_log_streams, logGroupName="g",
                     orderBy="LastEventTime", logStreamNamePrefix="a")
        seen = self.logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="a")["logStreams"][0]
        self.assertEqual((seen["firstEventTimestamp"], seen["lastEventTimestamp"], seen["lastIngestionTime"],
                          seen["storedBytes"], len(seen["uploadSequenceToken"])),
                         (NOW_MS - 5, NOW_MS - 5, NOW_MS, 0, 56))
        self.logs.delete_log_stream(logGroupName="g", logStreamName="a")
        self.assertEqual(names(), ["b", "c", "d"])


class Put(Logs):
    def test_rules_of_a_batch(self):
        self.stream()
        put = self.logs.put_log_events

        def refused(code, *events, stream="s"):
            return self.refused(code, put, logGroupName="g", logStreamName=stream, logEvents=[
                {"timestamp": t, "message": m} for t, m in events])
        refused("InvalidParameterException", (NOW_MS, "a"), (NOW_MS - 1, "b"))
        refused("InvalidParameterException", (NOW_MS - DAY_MS - 1, "a"), (NOW_MS, "b"))
        said = refused("InvalidParameterException", (NOW_MS, "x" * 600000), (NOW_MS, "x" * 500000))
        self.assertIn("1100052 bytes", said)
        refused("ResourceNotFoundException", (NOW_MS, "a"), stream="none")
        self.assertEqual(self.messages(), [])
        got = put(logGroupName="g", logStreamName="s", sequenceToken="whatever",
                  logEvents=[{"timestamp": NOW_MS, "message": "x" * (1048576 - 26)}])
        self.assertRegex(got["nextSequenceToken"], r"^\d{56}$")
        self.assertEqual(self.logs.describe_log_groups()["logGroups"][0]["storedBytes"], 1048576)

    def test_what_is_dropped(self):
        self.stream()
        old = self.put("old", at=NOW_MS - 14 * DAY_MS - 1)
        self.assertEqual(old["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1})
        new = self.put("in time", "too new", "newer", at=NOW_MS + 2 * HOUR_MS)
        self.assertEqual(new["rejectedLogEventsInfo"], {"tooNewLogEventStartIndex": 1})
        self.logs.put_retention_policy(logGroupName="g", retentionInDays=3)
        expired = self.put("expired", "kept", at=NOW_MS - 3 * DAY_MS - 1)
        self.assertEqual(expired["rejectedLogEventsInfo"], {"expiredLogEventEndIndex": 1})
        self.assertEqual(self.messages(), ["kept", "in time"])
        self.refused("InvalidParameterException", self.logs.put_retention_policy, logGroupName="g",
                     retentionInDays=2)


class Get(Logs):
    @harness.needs_newest
    def test_forwards_and_backwards(self):
        self.stream()
        self.put(*[f"m{i}" for i in range(10)])
        get, where = self.logs.get_log_events, {"logGroupName": "g", "logStreamName": "s"}

        def walk(token_name, **first):
            pages, token = [], None
            while True:
                got = get(**where, limit=4, **({"nextToken": token} if token else first))
                if got[token_name] == token:
                    self.assertEqual(got["events"], [])
                    return pages
                pages.append([e["message"] for e in got["events"]])
                token = got[token_name]
        self.assertEqual(walk("nextForwardToken", startFromHead=True),
                         [["m0", "m1", "m2", "m3"], ["m4", "m5", "m6", "m7"], ["m8", "m9"]])
        self.assertEqual(walk("nextBackwardToken"),
                         [["m6", "m7", "m8", "m9"], ["m2", "m3", "m4", "m5"], ["m0", "m1"]])
        self.assertEqual(self.messages(startTime=NOW_MS + 3, endTime=NOW_MS + 5), ["m3", "m4"])
        for i in range(5):
            self.put("x" * 400000, at=NOW_MS + 20 + i)
        sizes = [len(self.messages(startTime=NOW_MS + at)) for at in (20, 19)]
        self.assertEqual(sizes, [2, 2])  # a page holds 1 MB
        token = get(**where)["nextForwardToken"]
        self.put("later", at=NOW_MS + 50)
        self.assertEqual(self.messages(nextToken=token), ["later"])
        self.refused("InvalidParameterException", get, nextToken="f/12/s", **where)
        self.assertEqual(get(logGroupIdentifier="g", logStreamName="s", limit=1)["events"][0]["ingestionTime"],
                         NOW_MS)

    def test_the_end_of_an_empty_stream(self):
        self.stream()
        first = self.logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)
        again = self.logs.get_log_events(logGroupName="g", logStreamName="s",
                                         nextToken=first["nextForwardToken"])
        self.assertEqual(again["nextForwardToken"], first["nextForwardToken"])
        self.put("one")
        self.assertEqual(self.messages(nextToken=first["nextForwardToken"]), ["one"])


class Filter(Logs):
    def found(self, **args):
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName="g", **args)
        return [e["message"] for p in pages for e in p["events"]]

    def test_streams_in_order_of_time(self):
        for name in ("a", "b", "c"):
            self.stream("g", name)
        for i, stream in enumerate("abcabcabc"):
            self.put(f"{stream}{i} ERROR" if i % 2 else f"{stream}{i}", stream=stream, at=NOW_MS + i)
        self.assertEqual(self.found(), ["a0", "b1 ERROR", "c2", "a3 ERROR", "b4", "c5 ERROR", "a6",
                                        "b7 ERROR", "c8"])
        self.assertEqual(self.found(PaginationConfig={"PageSize": 2}, filterPattern="ERROR"),
                         ["b1 ERROR", "a3 ERROR", "c5 ERROR", "b7 ERROR"])
        self.assertEqual(self.found(startTime=NOW_MS + 2, endTime=NOW_MS + 4), ["c2", "a3 ERROR", "b4"])
        self.assertEqual(self.found(logStreamNames=["c", "a"], filterPattern="-ERROR"), ["a0", "c2", "a6", "c8"])
        self.assertEqual(self.found(logStreamNamePrefix="b"), ["b1 ERROR", "b4", "b7 ERROR"])
        events = self.logs.filter_log_events(logGroupName="g")["events"]
        ids = [e["eventId"] for e in events]
        self.assertEqual((ids, len(set(ids)), {len(i) for i in ids}), (sorted(ids), 9, {56}))
        # Source: CloudWatch Logs User Guide, "Subscription filters": the upper bits are the time
        self.assertEqual([int(i) >> 144 for i in ids], [e["timestamp"] for e in events])
        refused = self.logs.filter_log_events
        self.refused("InvalidParameterException", refused, logGroupName="g", logStreamNames=["a"],
                     logStreamNamePrefix="a")
        self.refused("ResourceNotFoundException", refused, logGroupName="g", logStreamNames=["x"])
        said = self.refused("InvalidParameterException", refused, logGroupName="g", filterPattern="{ $.a EXISTS }")
        self.assertIn("Invalid filter pattern", said)

    def test_a_page_may_be_empty_and_not_the_last(self):
        self.stream()
        for batch in range(6):
            self.put(*["x"] * 10000, at=NOW_MS + batch, step=0)
        self.put("needle", at=NOW_MS + 9)
        first = self.logs.filter_log_events(logGroupName="g", filterPattern="needle")
        self.assertEqual(first["events"], [])
        self.assertIn("nextToken", first)
        self.assertEqual(self.found(filterPattern="needle"), ["needle"])

    def test_retention_hides_and_prunes(self):
        self.stream()
        self.put("old", at=NOW_MS - 2 * DAY_MS)
        self.put("new")
        self.logs.put_retention_policy(logGroupName="g", retentionInDays=1)
        self.assertEqual((self.found(), self.messages()), (["new"], ["new"]))
        self.server.advance("16h")
        group = self.logs.describe_log_groups()["logGroups"][0]
        self.assertEqual((group["storedBytes"], group["retentionInDays"]), (26 + 3, 1))
        self.logs.delete_retention_policy(logGroupName="g")
        self.assertEqual(self.messages(), ["new"])

    def test_command_line(self):
        self.stream()
        self.put('{"level":"ERROR"}', '{"level":"INFO"}')
        out = self.server.aws("logs", "filter-log-events", "--log-group-name", "g", "--filter-pattern",
                              '{ $.level = "ERROR" }', "--query", "events[].message", "--output", "text").stdout
        self.assertEqual(out.strip(), '{"level":"ERROR"}')
        streams = self.server.aws("logs", "describe-log-streams", "--log-group-name", "g", "--query",
                                  "logStreams[].lastEventTimestamp", "--output", "text").stdout
        self.assertEqual(int(streams), NOW_MS + 1)


class MetricFilters(Logs):
    def put_filter(self, name="f", pattern="ERROR", group="g", **transformation):
        transformation = {"metricName": "m", "metricNamespace": "ns", "metricValue": "1", **transformation}
        self.logs.put_metric_filter(logGroupName=group, filterName=name, filterPattern=pattern,
                                    metricTransformations=[transformation])

    def sums(self, name="m", namespace="ns", dimensions=(), stat="Sum"):
        """{minute after the start: statistic}"""
        start = datetime.datetime.fromtimestamp(NOW_MS / 1000, datetime.timezone.utc)
        points = self.server.client("cloudwatch").get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=60, Statistics=[stat],
            StartTime=start - datetime.timedelta(hours=1), EndTime=start + datetime.timedelta(hours=1),
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions])["Datapoints"]
        return {int((p["Timestamp"] - start).total_seconds() // 60): p[stat] for p in points}

    def test_life_of_a_filter(self):
        self.logs.create_log_group(logGroupName="g")
        self.logs.create_log_group(logGroupName="h")
        self.put_filter("b")
        self.put_filter("a", group="h", metricName="other")
        self.put_filter("a2")
        names = [f["filterName"] for f in self.logs.describe_metric_filters()["metricFilters"]]
        self.assertEqual(names, ["a", "a2", "b"])
        got = self.logs.describe_metric_filters(metricName="other", metricNamespace="ns")["metricFilters"]
        self.assertEqual([(f["filterName"], f["logGroupName"], f["creationTime"], f["filterPattern"])
                          for f in got], [("a", "h", NOW_MS, "ERROR")])
        self.assertEqual(self.logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"][0]["metricFilterCount"], 2)
        self.logs.delete_metric_filter(logGroupName="g", filterName="b")
        self.refused("ResourceNotFoundException", self.logs.delete_metric_filter, logGroupName="g", filterName="b")
        self.assertEqual(self.logs.describe_log_groups(logGroupNamePrefix="g")["logGroups"][0]["metricFilterCount"], 1)

    @harness.needs_newest
    def test_what_is_refused(self):
        self.logs.create_log_group(logGroupName="g")
        for why in ({"pattern": "{ $.a"}, {"metricValue": "$.a"}, {"metricValue": "x"},
                    {"pattern": "{ $.a = 1 }", "dimensions": {"d": "$.b"}, "defaultValue": 0},
                    {"pattern": "{ $.a = 1 }", "dimensions": {"d": "b"}}, {"unit": "Stones"}):
            with self.subTest(why):
                self.refused("InvalidParameterException", self.put_filter, **why)
        self.logs.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
        self.refused("InvalidOperationException", self.logs.put_metric_filter, logGroupName="rare", filterName="f",
                     filterPattern="x", metricTransformations=[
                         {"metricName": "m", "metricNamespace": "App", "metricValue": "1"}])
        for i in range(100):
            self.put_filter(f"f{i}")
        self.refused("LimitExceededException", self.put_filter, name="one-more")
        self.put_filter("f7", pattern="WARN")  # a change is no new one
        self.logs.delete_log_group(logGroupName="g")
        self.stream()
        self.put("ERROR")
        self.assertEqual(self.sums(), {})  # the filters went with their group

    def test_matches_become_datapoints(self):
        self.stream()
        self.put("ERROR before the filter")
        self.put_filter("count")
        self.put_filter("size", pattern="{ $.bytes > 10 }", metricName="bytes", metricValue="$.bytes",
                        unit="Bytes", dimensions={"Who": "$.who", "At": "$.at"})
        self.put("ERROR 1", "fine", "ERROR 2", at=NOW_MS + 1000)
        self.put("ERROR 3", at=NOW_MS + 61000)
        self.put(*[json.dumps({"bytes": b, "who": "me", "at": "x"}) for b in (5, 20, 30.5)])
        self.put('{"bytes": 100, "who": "me"}')  # no dimension At: nothing
        self.assertEqual(self.sums(), {0: 2.0, 1: 1.0})
        self.assertEqual(self.sums("bytes", dimensions=[("Who", "me"), ("At", "x")]), {0: 50.5})
        self.assertEqual(self.sums("IncomingLogEvents", "AWS/Logs", [("LogGroupName", "g")]), {0: 9.0})

    def test_default_value(self):
        self.stream()
        self.put_filter(defaultValue=0.5)
        self.put("fine", "fine too", at=NOW_MS)
        self.put("fine", "ERROR", at=NOW_MS + 60000)
        self.server.advance("5m")
        self.put("fine", at=NOW_MS + 300000)
        self.server.advance("2m")
        self.assertEqual(self.sums(), {0: 0.5, 1: 1.0, 5: 0.5})
        self.assertEqual(self.sums(stat="SampleCount"), {0: 1.0, 1: 1.0, 5: 1.0})

    def test_test_metric_filter(self):
        got = self.logs.test_metric_filter(
            filterPattern="[ip, ..., status = 4*, bytes]",
            logEventMessages=['1.1.1.1 - "GET /" 404 12', '1.1.1.1 - "GET /" 200 12', "2.2.2.2 403 7"])["matches"]
        self.assertEqual([(m["eventNumber"], m["extractedValues"]) for m in got],
                         [(1, {"$ip": "1.1.1.1", "$2": "-", "$3": "GET /", "$status": "404", "$bytes": "12"}),
                          (3, {"$ip": "2.2.2.2", "$status": "403", "$bytes": "7"})])


class Insights(Logs):
    def setUp(self):
        super().setUp()
        self.stream()
        self.stream("h", "t")
        self.put(*[json.dumps({"eventName": n, "userIdentity": {"type": t}}) for n, t in (
            ("CreateUser", "Root"), ("DeleteUser", "IAMUser"), ("CreateUser", "IAMUser"))], step=60000)
        self.put('{"eventName": "CreateKey"}', group="h", stream="t", at=NOW_MS + 30000)

    def query(self, text, *groups, start=NOW_MS, end=NOW_MS + HOUR_MS, **args):
        query = self.logs.start_query(logGroupNames=list(groups or ["g"]), startTime=start // 1000,
                                      endTime=end // 1000, queryString=text, **args)["queryId"]
        got = self.logs.get_query_results(queryId=query)
        self.assertEqual(got["status"], "Complete")
        return [{c["field"]: c["value"] for c in row} for row in got["results"]], got["statistics"], query

    def test_rows_and_statistics(self):
        rows, statistics, _ = self.query("fields @timestamp, eventName, @logStream | filter eventName like /^Create/",
                                         "g", "h")
        for row in rows:
            self.assertTrue(row.pop("@ptr"))
        self.assertEqual(rows, [
            {"@timestamp": "2026-01-05 09:02:00.000", "eventName": "CreateUser", "@logStream": "s"},
            {"@timestamp": "2026-01-05 09:00:30.000", "eventName": "CreateKey", "@logStream": "t"},
            {"@timestamp": "2026-01-05 09:00:00.000", "eventName": "CreateUser", "@logStream": "s"}])
        self.assertEqual((statistics["recordsMatched"], statistics["recordsScanned"]), (3, 4))
        self.assertEqual(self.query("stats count(*) as n by userIdentity.type | sort n desc")[0],
                         [{"userIdentity.type": "IAMUser", "n": "2"}, {"userIdentity.type": "Root", "n": "1"}])
        self.assertEqual(len(self.query("fields eventName", limit=2)[0]), 2)
        self.assertEqual(len(self.query("fields eventName", end=NOW_MS + 60000)[0]), 2)

    def test_a_record_by_its_pointer(self):
        rows, _, _ = self.query("filter eventName = 'DeleteUser'")
        self.assertEqual(set(rows[0]), {"@timestamp", "@message", "@ptr"})
        record = self.logs.get_log_record(logRecordPointer=rows[0]["@ptr"])["logRecord"]
        self.assertEqual((record["eventName"], record["userIdentity.type"], record["@log"]),
                         ("DeleteUser", "IAMUser", harness.ACCOUNT + ":g"))
        self.refused("InvalidParameterException", self.logs.get_log_record, logRecordPointer="x")

    def test_what_is_left_of_queries(self):
        _, _, first = self.query("fields eventName")
        self.server.advance("1m")
        _, _, second = self.query("stats count(*)", "h")
        got = self.logs.describe_queries()["queries"]
        self.assertEqual([(q["queryId"], q["queryString"], q["status"]) for q in got],
                         [(second, "stats count(*)", "Complete"), (first, "fields eventName", "Complete")])
        self.assertEqual([q["queryId"] for q in self.logs.describe_queries(logGroupName="g")["queries"]], [first])
        self.refused("InvalidParameterException", self.logs.stop_query, queryId=first)
        self.refused("ResourceNotFoundException", self.logs.get_query_results, queryId="none")
        self.server.advance("8d")
        self.refused("ResourceNotFoundException", self.logs.get_query_results, queryId=first)
        self.assertEqual(self.logs.describe_queries()["queries"], [])

    @harness.needs_newest
    def test_what_is_refused(self):
        start = self.logs.start_query
        args = {"startTime": 0, "endTime": 1, "queryString": "fields a"}
        said = self.refused("MalformedQueryException", start, logGroupName="g", **{**args, "queryString": "diff"})
        self.assertIn("unsupported command: diff", said)
        self.refused("ResourceNotFoundException", start, logGroupName="none", **args)
        self.refused("InvalidParameterException", start, **args)
        self.refused("NotImplemented", start, logGroupName="g", queryLanguage="SQL", **args)
        self.refused("NotImplemented", self.logs.create_export_task, logGroupName="g", destination="b",
                     **{"from": 0, "to": 1})


class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.server.arrived.set()

    def log_message(self, *_):
        pass


class Subscriptions(Logs):
    def setUp(self):
        super().setUp()
        self.sqs = self.server.client("sqs")
        self.queue = self.sqs.create_queue(QueueName="sink")["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{harness.ACCOUNT}:sink"

    def subscribe(self, name="f", pattern="", arn=None, group="g"):
        self.logs.put_subscription_filter(logGroupName=group, filterName=name, filterPattern=pattern,
                                          destinationArn=arn or self.arn)

    def received(self):
        got = []
        while True:
            messages = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return got
            for m in messages:
                got.append(json.loads(gzip.decompress(base64.b64decode(m["Body"]))))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=m["ReceiptHandle"])

    def test_the_envelope(self):
        self.stream()
        self.subscribe(pattern="ERROR")
        control, = self.received()
        self.assertEqual((control["messageType"], control["logEvents"][0]["timestamp"]), ("CONTROL_MESSAGE", NOW_MS))
        self.put("ERROR 1", "fine", "ERROR 2")
        data, = self.received()
        ids = [e.pop("id") for e in data["logEvents"]]
        self.assertEqual(data, {
            "messageType": "DATA_MESSAGE", "owner": harness.ACCOUNT, "logGroup": "g", "logStream": "s",
            "subscriptionFilters": ["f"], "logEvents": [{"timestamp": NOW_MS, "message": "ERROR 1"},
                                                        {"timestamp": NOW_MS + 2, "message": "ERROR 2"}]})
        self.assertEqual(ids, [e["eventId"] for e in self.logs.filter_log_events(
            logGroupName="g", filterPattern="ERROR")["events"]])
        self.put("fine")
        self.assertEqual(self.received(), [])
        shown, = self.logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"]
        self.assertEqual((shown["destinationArn"], shown["distribution"]), (self.arn, "ByLogStream"))
        self.logs.delete_subscription_filter(logGroupName="g", filterName="f")
        self.put("ERROR 3")
        self.assertEqual(self.received(), [])

    def test_large_batches_come_in_parts(self):
        self.stream()
        self.subscribe()
        self.received()
        messages = [f"{i} " + "x" * 30000 for i in range(30)]
        self.put(*messages)
        parts = self.received()
        self.assertGreater(len(parts), 3)
        self.assertEqual(sorted(e["message"] for p in parts for e in p["logEvents"]), sorted(messages))

    def test_what_is_refused(self):
        self.stream()
        put = self.logs.put_subscription_filter
        for arn in ("arn:aws:kinesis:us-east-1:1:stream/s", "arn:aws:firehose:us-east-1:1:deliverystream/s",
                    "arn:aws:lambda:us-east-1:1:function:f", self.arn + "x",
                    f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:destination:none", "arn:aws:s3:::b"):
            with self.subTest(arn):
                self.refused("InvalidParameterException", put, logGroupName="g", filterName="f",
                             filterPattern="", destinationArn=arn)
        self.subscribe("one")
        self.subscribe("two")
        self.refused("LimitExceededException", put, logGroupName="g", filterName="three", filterPattern="",
                     destinationArn=self.arn)
        self.subscribe("two", pattern="x")

    def test_an_http_destination(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        server.bodies, server.arrived = [], threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.stream()
        made = self.logs.put_destination(destinationName="d", roleArn=f"arn:aws:iam::{harness.ACCOUNT}:role/r",
                                         targetArn=f"http://127.0.0.1:{server.server_port}/in")["destination"]
        self.assertEqual(made["arn"], f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:destination:d")
        self.subscribe(arn=made["arn"])
        self.put("hello")
        self.server.flush()
        deadline = time.monotonic() + harness.DEADLINE_S
        while len(server.bodies) < 2 and time.monotonic() < deadline:
            server.arrived.wait(1)
            server.arrived.clear()
        sent = [json.loads(gzip.decompress(base64.b64decode(b["awslogs"]["data"]))) for b in server.bodies]
        self.assertEqual({(s["messageType"], s["logEvents"][0]["message"].split(":")[0]) for s in sent},
                         {("CONTROL_MESSAGE", "CWL CONTROL MESSAGE"), ("DATA_MESSAGE", "hello")})
        self.logs.delete_destination(destinationName="d")
        self.assertEqual(self.logs.describe_destinations()["destinations"], [])

    def test_a_destination_of_another_account(self):
        other = self.server.client("logs", key="444455556666")
        arn = other.put_destination(destinationName="d", roleArn="arn:aws:iam::444455556666:role/r",
                                    targetArn=self.arn)["destination"]["arn"]
        self.stream()
        self.refused("AccessDeniedException", self.logs.put_subscription_filter, logGroupName="g", filterName="f",
                     filterPattern="", destinationArn=arn)
        other.put_destination_policy(destinationName="d", accessPolicy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": harness.ACCOUNT}, "Action": "logs:PutSubscriptionFilter",
             "Resource": arn}]}))
        self.subscribe(arn=arn)
        self.assertEqual([m["messageType"] for m in self.received()], ["CONTROL_MESSAGE"])


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


class Trails(Logs):
    def setUp(self):
        super().setUp()
        self.trail = self.server.client("cloudtrail")
        self.role = self.server.client("iam").create_role(
            RoleName="ct", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.logs.create_log_group(logGroupName="trail")
        self.arn = f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:log-group:trail:*"

    def attach(self, **more):
        return self.trail.update_trail(Name="mocktrail", CloudWatchLogsLogGroupArn=self.arn,
                                       CloudWatchLogsRoleArn=self.role, **more)

    def records(self, stream):
        events = self.logs.get_log_events(logGroupName="trail", startFromHead=True,
                                          logStreamName=f"{harness.ACCOUNT}_CloudTrail_{stream}")["events"]
        return [(e["timestamp"], json.loads(e["message"])) for e in events]

    def test_each_record_is_an_event(self):
        got = self.attach()
        self.assertEqual((got["CloudWatchLogsLogGroupArn"], got["CloudWatchLogsRoleArn"]), (self.arn, self.role))
        self.server.client("ec2", region="eu-west-1").describe_vpcs()
        self.server.advance("90s")
        self.server.client("kms").create_key()
        self.assertEqual([r["eventName"] for _, r in self.records("eu-west-1")], ["DescribeVpcs"])
        home = self.records("us-east-1")
        self.assertEqual([r["eventName"] for _, r in home][:2], ["UpdateTrail", "CreateKey"])
        self.assertEqual(home[1][0], NOW_MS + 90000)
        self.server.flush()
        delivered = {r["eventID"]: r for r in self.server.records()}
        for _, record in home:
            self.assertEqual(delivered[record["eventID"]], record)
        status = self.trail.get_trail_status(Name="mocktrail")
        self.assertEqual(status["LatestCloudWatchLogsDeliveryTime"].timestamp() * 1000, NOW_MS + 90000)
        self.assertNotIn("LatestCloudWatchLogsDeliveryError", status)

    def test_the_trail_is_taken_off(self):
        self.attach()
        self.trail.update_trail(Name="mocktrail", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn="")
        self.assertNotIn("CloudWatchLogsLogGroupArn", self.trail.get_trail(Name="mocktrail")["Trail"])
        self.server.client("kms").create_key()
        self.assertNotIn("CreateKey", [r["eventName"] for _, r in self.records("us-east-1")])

    def test_a_group_that_went_away(self):
        self.attach()
        self.logs.delete_log_group(logGroupName="trail")
        self.logs.describe_log_groups()
        status = self.trail.get_trail_status(Name="mocktrail")
        self.assertEqual(status["LatestCloudWatchLogsDeliveryError"], "ResourceNotFoundException")
        self.logs.create_log_group(logGroupName="trail")
        self.server.client("kms").create_key()
        self.assertIn("CreateKey", [r["eventName"] for _, r in self.records("us-east-1")])
        self.assertNotIn("LatestCloudWatchLogsDeliveryError", self.trail.get_trail_status(Name="mocktrail"))

    def test_what_is_refused(self):
        update = self.trail.update_trail
        role, group = "InvalidCloudWatchLogsRoleArnException", "InvalidCloudWatchLogsLogGroupArnException"
        nobody = self.server.client("iam").create_role(
            RoleName="n", AssumeRolePolicyDocument=TRUST.replace("cloudtrail", "ec2"))["Role"]["Arn"]
        self.refused(role, update, Name="mocktrail", CloudWatchLogsLogGroupArn=self.arn)
        self.refused(group, update, Name="mocktrail", CloudWatchLogsRoleArn=self.role)
        self.refused(group, update, Name="mocktrail", CloudWatchLogsRoleArn=self.role,
                     CloudWatchLogsLogGroupArn=self.arn.replace(":trail:", ":none:"))
        self.refused(group, update, Name="mocktrail", CloudWatchLogsRoleArn=self.role,
                     CloudWatchLogsLogGroupArn=self.arn[:-2])
        self.refused(role, update, Name="mocktrail", CloudWatchLogsLogGroupArn=self.arn, CloudWatchLogsRoleArn=nobody)

    def test_a_metric_filter_on_the_trail(self):
        self.attach()
        self.logs.put_metric_filter(
            logGroupName="trail", filterName="stop", filterPattern='{ ($.eventName = StopLogging) || '
            '($.eventName = DeleteTrail) }',
            metricTransformations=[{"metricName": "changes", "metricNamespace": "CIS", "metricValue": "1"}])
        self.trail.stop_logging(Name="mocktrail")
        self.trail.start_logging(Name="mocktrail")
        start = datetime.datetime.fromtimestamp(NOW_MS / 1000, datetime.timezone.utc)
        points = self.server.client("cloudwatch").get_metric_statistics(
            Namespace="CIS", MetricName="changes", Period=60, Statistics=["Sum"], StartTime=start,
            EndTime=start + datetime.timedelta(minutes=5))["Datapoints"]
        self.assertEqual([(p["Timestamp"], p["Sum"]) for p in points], [(start, 1.0)])

    def test_nothing_is_lost_by_a_kill(self):
        server = harness.Server()
        server.start()
        try:
            iam, logs, trail = (server.client(s) for s in ("iam", "logs", "cloudtrail"))
            role = iam.create_role(RoleName="ct", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
            logs.create_log_group(logGroupName="trail")
            trail.update_trail(Name="mocktrail", CloudWatchLogsLogGroupArn=self.arn, CloudWatchLogsRoleArn=role)
            for i in range(50):
                iam.create_user(UserName=f"u{i}")
            server.kill()
            server.start()
            events = server.client("logs").get_paginator("filter_log_events").paginate(
                logGroupName="trail", filterPattern="{ $.eventName = CreateUser }")
            names = [json.loads(e["message"])["requestParameters"]["userName"] for p in events for e in p["events"]]
            self.assertEqual(names, [f"u{i}" for i in range(50)])
        finally:
            server.__exit__()


if __name__ == "__main__":
    unittest.main()
