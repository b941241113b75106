"""CloudWatch Logs through boto3 and the CLI: groups, streams, events in and out."""
import calendar
import time
import unittest

import harness

NOW_MS = calendar.timegm(time.strptime(harness.START, "%Y-%m-%dT%H:%M:%SZ")) * 1000
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


class Logs(harness.FreshCase):
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
        self.assertEqual(logs.list_tags_log_group(logGroupName="g")["tags"], {"a": "3"})
        self.refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=arn + "x")

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


if __name__ == "__main__":
    unittest.main()
