"""X-Ray through boto3: a segment for each call, segments of clients, what is asked of them."""
import contextlib
import datetime
import gzip
import http.client
import importlib.util
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

import harness

NOW = 1767603600  # harness.START
OTHER = "444455556666"


def trace_id(n, at=NOW):
    return f"1-{at:08x}-{n:024x}"


def segment(trace, n, start=NOW, end=NOW + 1, **more):
    return {"trace_id": trace, "id": f"{n:016x}", "name": "app", "start_time": start, "end_time": end, **more}


class Case(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.xray = self.server.client("xray")

    def put(self, *docs):
        done = self.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(d) for d in docs])
        return done["UnprocessedTraceSegments"]

    def trace(self, tid):
        found = self.xray.batch_get_traces(TraceIds=[tid])["Traces"]
        return [json.loads(s["Document"]) for s in found[0]["Segments"]] if found else None

    def summaries(self, expression=None, start=NOW - 3600, end=NOW + 3600, **more):
        if expression is not None:
            more["FilterExpression"] = expression
        pages = self.xray.get_paginator("get_trace_summaries").paginate(
            StartTime=start, EndTime=end, **more)
        return [s for page in pages for s in page["TraceSummaries"]]

    def ids(self, expression=None, **more):
        return {s["Id"] for s in self.summaries(expression, **more)}

    def documents(self):
        """All that was delivered into the tree: path -> documents."""
        self.server.flush()
        return {str(p.relative_to(self.server.data)): [json.loads(line) for line in
                                                       gzip.decompress(p.read_bytes()).splitlines()]
                for p in sorted((self.server.data / "buckets").rglob("*_XRay_*.json.gz"))}


class Calls(Case):
    """What the emulator says of the calls that it answered."""

    def test_each_call_is_a_segment_with_the_request_id_of_its_record(self):
        sts, s3 = self.server.client("sts"), self.server.client("s3")
        answers = [sts.get_caller_identity(), s3.create_bucket(Bucket="traced-bucket"),
                   s3.put_object(Bucket="traced-bucket", Key="k", Body=b"x")]
        want = {a["ResponseMetadata"]["RequestId"] for a in answers}
        self.refused("NoSuchEntity", self.server.client("iam").get_user, UserName="nobody")
        found = {}
        for s in self.summaries():
            doc = self.trace(s["Id"])[0]
            found[doc["aws"]["request_id"]] = doc
        self.assertLessEqual(want, set(found))
        self.server.flush()
        self.assertEqual(set(found), {r["requestID"] for r in self.server.records()
                                      if r["eventSource"] != "xray.amazonaws.com"})
        failed = [d for d in found.values() if d["aws"]["operation"] == "GetUser"][0]
        self.assertEqual((failed["name"], failed["error"], failed["http"]["response"]["status"]),
                         ("IAM", True, 404))
        self.assertEqual(failed["cause"]["exceptions"][0]["message"],
                         "The user with name nobody cannot be found.")
        self.assertNotIn("fault", failed)

    def test_what_a_service_did_for_a_call_is_its_subsegment(self):
        self.server.client("secretsmanager").create_secret(Name="s", SecretString="v")
        [one] = self.summaries('service("Secrets Manager")')
        outer, inferred = self.trace(one["Id"])
        [sub] = outer["subsegments"]
        records = {r["eventName"]: r for r in self.records()}
        self.assertEqual(outer["aws"]["request_id"], records["CreateSecret"]["requestID"])
        self.assertEqual((sub["name"], sub["namespace"], sub["aws"]["operation"]),
                         ("KMS", "aws", "GenerateDataKey"))
        self.assertEqual(sub["aws"]["request_id"], records["GenerateDataKey"]["requestID"])
        self.assertEqual((inferred["inferred"], inferred["parent_id"], inferred["name"]),
                         (True, sub["id"], "KMS"))

    def records(self):
        self.server.flush()
        return self.server.records()

    def call_with(self, header):
        sts = self.server.client("sts")
        if header:
            sts.meta.events.register("before-sign.sts", lambda request, **_: request.headers.add_header(
                "X-Amzn-Trace-Id", header))
        return sts.get_caller_identity()["ResponseMetadata"]["RequestId"]

    def test_the_header_of_a_call_names_its_trace(self):
        tid = trace_id(7)
        self.call_with(f"Root={tid};Parent=70de5b6f19ff9a0a;Sampled=1")
        [doc] = self.trace(tid)
        self.assertEqual((doc["parent_id"], doc["trace_id"]), ("70de5b6f19ff9a0a", tid))
        self.call_with(f"Self=1-67891234-12456789abcdef012345678;Root={trace_id(8)}")
        self.assertNotIn("parent_id", self.trace(trace_id(8))[0])

    def test_a_bad_header_begins_a_new_trace_and_not_sampled_none(self):
        for header in ("Root=1-zz;Parent=1", "nonsense", f"Root={trace_id(1, NOW - 40 * 86400)}", None):
            self.call_with(header)
        self.assertEqual(4, len(self.summaries()))
        self.call_with(f"Root={trace_id(9)};Sampled=0")
        self.assertIsNone(self.trace(trace_id(9)))
        self.call_with("Sampled=0")
        self.assertEqual(4, len(self.summaries()))

    def test_of_other_accounts_and_regions_nothing_is_seen(self):
        self.server.client("sqs", region="eu-west-1").list_queues()
        self.server.client("ec2", key=OTHER).describe_vpcs()
        self.assertEqual([], self.summaries())
        [one] = self.server.client("xray", region="eu-west-1").get_trace_summaries(
            StartTime=NOW - 60, EndTime=NOW + 60)["TraceSummaries"]
        self.assertEqual(one["EntryPoint"]["Name"], "SQS")

    def test_the_tree_holds_each_document_once(self):
        sts = self.server.client("sts")
        sts.get_caller_identity()
        self.put(segment(trace_id(1), 1), segment(trace_id(1), 2))
        first = self.documents()
        [path] = first
        self.assertRegex(path, r"/AWSLogs/111122223333/XRay/us-east-1/2026/01/05/09/"
                               r"111122223333_XRay_us-east-1_20260105T0900Z_\w{16}\.json\.gz$")
        self.assertEqual(["STS", "app", "app"], [d["name"] for d in first[path]])
        self.assertEqual(first, self.documents())
        sts.get_caller_identity()
        second = self.documents()
        self.assertEqual(["STS"], [d["name"] for p in second if p not in first for d in second[p]])


class Segments(Case):
    """PutTraceSegments and BatchGetTraces."""

    def test_a_trace_is_put_together(self):
        tid = trace_id(1)
        self.assertEqual([], self.put(
            segment(tid, 1, end=NOW + 2, subsegments=[{"id": f"{2:016x}", "name": "dynamodb",
                                                       "namespace": "aws", "start_time": NOW + .5,
                                                       "end_time": NOW + 1.5,
                                                       "aws": {"table_name": "t", "operation": "GetItem"}}])))
        got = self.xray.batch_get_traces(TraceIds=[tid, trace_id(99)])
        [one] = got["Traces"]
        self.assertEqual((one["Id"], one["Duration"], one["LimitExceeded"]), (tid, 2.0, False))
        self.assertEqual([], got["UnprocessedTraceIds"])
        app, table = [json.loads(s["Document"]) for s in one["Segments"]]
        self.assertEqual((table["name"], table["origin"], table["inferred"], table["parent_id"]),
                         ("t", "AWS::DynamoDB::Table", True, f"{2:016x}"))
        self.assertEqual(app["subsegments"][0]["name"], "dynamodb")

    def test_in_progress_is_replaced_and_stays_replaced(self):
        tid = trace_id(1)
        begun = {k: v for k, v in segment(tid, 1).items() if k != "end_time"}
        self.put({**begun, "in_progress": True})
        self.assertTrue(self.summaries()[0]["IsPartial"])
        self.put(segment(tid, 1))
        self.put({**begun, "in_progress": True})
        [doc] = self.trace(tid)
        self.assertEqual(doc["end_time"], NOW + 1)
        self.assertFalse(self.summaries()[0]["IsPartial"])
        self.assertEqual(self.summaries()[0]["Revision"], 3)

    def test_subsegments_sent_alone_find_their_parents(self):
        tid = trace_id(1)

        def alone(n, parent):
            return segment(tid, n, type="subsegment", parent_id=f"{parent:016x}", name=f"part{n}")

        self.put(alone(3, 2))
        self.put(alone(2, 1), segment(tid, 1))
        self.put(alone(5, 9))
        whole, stray = self.trace(tid)
        self.assertEqual("part2", whole["subsegments"][0]["name"])
        self.assertEqual("part3", whole["subsegments"][0]["subsegments"][0]["name"])
        self.assertEqual(("part5", "subsegment"), (stray["name"], stray["type"]))

    def test_what_is_wrong_is_told_and_the_rest_is_taken(self):
        good = segment(trace_id(1), 1)
        without = lambda name: {k: v for k, v in good.items() if k != name}
        rows = [(without("id"), "MissingId"), ([], "MissingId"), ({**good, "id": "1"}, "InvalidId"),
                (without("trace_id"), "MissingTraceId"), ({**good, "trace_id": "1-2-3"}, "InvalidTraceId"),
                ({**good, "trace_id": trace_id(1, NOW - 31 * 86400)}, "InvalidTraceId"),
                ({**good, "trace_id": trace_id(1, NOW + 3600)}, "InvalidTraceId"),
                (without("name"), "MissingName"), ({**good, "name": "a?b"}, "InvalidName"),
                ({**good, "name": "n" * 201}, "InvalidName"), (without("start_time"), "MissingStartTime"),
                (without("end_time"), "MissingEndTime"), ({**good, "parent_id": "x"}, "InvalidParentId"),
                ({**good, "type": "subsegment"}, "InvalidParentId"),
                ({**good, "user": "u" * 251}, "InvalidUser"),
                ({**good, "subsegments": [{"name": "x"}]}, "InvalidSubsegment"),
                ("text", "ParseError"), ({**good, "metadata": {"x": "y" * 65536}}, "DocumentTooLarge")]
        done = self.put(*[doc for doc, _ in rows], good)
        self.assertEqual([code for _, code in rows], [d["ErrorCode"] for d in done])
        self.assertEqual("Invalid segment. ErrorCode: MissingId", done[0]["Message"])
        self.assertEqual("0000000000000001", done[3]["Id"])
        self.assertEqual(1, len(self.trace(trace_id(1))))
        bad = self.xray.put_trace_segments(TraceSegmentDocuments=["{", json.dumps([good, {}])])
        self.assertEqual(["ParseError", "MissingId"],
                         [d["ErrorCode"] for d in bad["UnprocessedTraceSegments"]])

    def test_the_limits_of_reading(self):
        self.refused("InvalidRequestException", self.xray.batch_get_traces,
                     TraceIds=[trace_id(n) for n in range(6)])
        self.refused("InvalidRequestException", self.xray.batch_get_traces, TraceIds=["x"])
        tid = trace_id(1)
        for n in range(1, 11):
            self.put(segment(tid, n, metadata={"x": "y" * 60000}))
        [one] = self.xray.batch_get_traces(TraceIds=[tid])["Traces"]
        self.assertTrue(one["LimitExceeded"])
        self.assertEqual(8, len(one["Segments"]))


class Retention(Case):
    OPTIONS = ("--no-default-trail",)  # a month of digests would take its time

    def test_after_30_days_a_trace_is_gone(self):
        self.put(segment(trace_id(1), 1))
        self.server.advance("29d")
        self.assertIsNotNone(self.trace(trace_id(1)))
        self.server.advance("2d")
        self.assertIsNone(self.trace(trace_id(1)))
        self.server.advance("1d")
        self.assertIsNone(self.trace(trace_id(1)))


class Questions(Case):
    """Summaries, filter expressions, graphs, statistics."""

    def setUp(self):
        super().setUp()
        http = {"request": {"method": "GET", "url": "http://shop.example.com/v2/cart", "client_ip": "10.0.0.1",
                            "user_agent": "curl"}, "response": {"status": 200}}
        self.put(
            segment(trace_id(1), 1, end=NOW + 4, name="shop", origin="AWS::EC2::Instance", user="alice", http=http,
                    annotations={"gameid": "817DL6VO", "age": 30, "vip": True},
                    aws={"ec2": {"instance_id": "i-1", "availability_zone": "us-east-1c"}},
                    subsegments=[{"id": f"{2:016x}", "name": "stock", "namespace": "remote",
                                  "start_time": NOW + 1, "end_time": NOW + 3, "fault": True,
                                  "http": {"response": {"status": 500}},
                                  "cause": {"exceptions": [{"id": "1" * 16, "type": "Boom", "message": "it broke"}]}}]),
            segment(trace_id(1), 3, start=NOW + 1, end=NOW + 3, name="stock", parent_id=f"{2:016x}", fault=True),
            segment(trace_id(2), 4, end=NOW + .5, name="shop", origin="AWS::EC2::Instance", error=True, throttle=True,
                    http={**http, "response": {"status": 429}}))

    def test_a_summary_has_all_members(self):
        two, one = self.summaries()
        self.assertEqual((one["Id"], two["Id"]), (trace_id(1), trace_id(2)))
        self.assertEqual((one["Duration"], one["ResponseTime"]), (4.0, 4.0))
        self.assertEqual((one["HasFault"], one["HasError"], one["HasThrottle"], one["IsPartial"]),
                         (False, False, False, False))
        self.assertEqual((two["HasFault"], two["HasError"], two["HasThrottle"]), (False, True, True))
        self.assertEqual(one["Http"], {"HttpURL": "http://shop.example.com/v2/cart", "HttpStatus": 200,
                                       "HttpMethod": "GET", "UserAgent": "curl", "ClientIp": "10.0.0.1"})
        shop = {"Name": "shop", "Names": ["shop"], "Type": "AWS::EC2::Instance"}
        stock = {"Name": "stock", "Names": ["stock"]}
        self.assertEqual(one["Annotations"]["age"],
                         [{"AnnotationValue": {"NumberValue": 30.0}, "ServiceIds": [shop]}])
        self.assertEqual(one["Users"], [{"UserName": "alice", "ServiceIds": [shop]}])
        self.assertEqual((one["ServiceIds"], one["EntryPoint"]), ([shop, stock], shop))
        self.assertEqual((one["InstanceIds"], one["AvailabilityZones"]), ([{"Id": "i-1"}], [{"Name": "us-east-1c"}]))
        [cause] = one["FaultRootCauses"]
        self.assertEqual([s["Name"] for s in cause["Services"]], ["shop", "stock"])
        self.assertFalse(cause["ClientImpacting"])
        self.assertEqual(cause["Services"][0]["EntityPath"][1]["Exceptions"],
                         [{"Name": "Boom", "Message": "it broke"}])
        self.assertEqual(one["ResponseTimeRootCauses"][0]["Services"][1]["EntityPath"][0]["Coverage"], .5)

    def test_filter_expressions(self):
        one, two = {trace_id(1)}, {trace_id(2)}
        for expression, want in [
                ("", one | two), ("ok", one), ("!ok", two), ("responsetime > 3", one), ("error throttle", two),
                ('service("stock") { fault }', one), ("service() { fault = true }", one), ("fault", set()),
                ('edge("shop", "stock") { fault AND http.status = 500 }', one),
                ('http.url CONTAINS "/v2/" AND !service("stock")', two), ("annotation.age > 29", one),
                ('annotation[gameid] = "817DL6VO" AND user = "alice"', one), ("annotation.vip", one),
                ('rootcause.fault.exception { message = "it broke" }', one),
                ('service(id(name: "shop", type: "AWS::EC2::Instance")) { error }', two),
                ('availabilityzone BEGINSWITH "us-east" OR http.status = 429', one | two)]:
            with self.subTest(expression):
                self.assertEqual(want, self.ids(expression))
        for bad in ("nonsense", 'rootcause.json = "x"', "ok AND", 'fault > 3', 'responsetime CONTAINS "x"',
                    'service("a") { annotation.b }', 'group.name = "none"'):
            with self.subTest(bad):
                message = self.refused("InvalidRequestException", self.xray.get_trace_summaries,
                                       StartTime=NOW, EndTime=NOW + 1, FilterExpression=bad)
                self.assertTrue(message.startswith("Invalid filter expression: at character "), message)

    @harness.needs_newest
    def test_ranges_and_sampling(self):
        old = trace_id(3, NOW - 7200)
        self.put(segment(old, 9, start=NOW - 7200, end=NOW - 7000))
        self.assertNotIn(old, self.ids())
        self.assertIn(old, self.ids(TimeRangeType="Event"))
        self.assertNotIn(old, self.ids(TimeRangeType="Service"))
        [one] = self.summaries(start=NOW - 7100, end=NOW - 6900, TimeRangeType="Service")
        self.assertEqual((one["Id"], one["MatchedEventTime"].timestamp()), (old, NOW - 7000))
        self.assertEqual(set(), self.ids(Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 0}))
        self.assertEqual(2, len(self.ids(Sampling=True, SamplingStrategy={"Name": "FixedRate", "Value": 1})))
        self.refused("InvalidRequestException", self.xray.get_trace_summaries, StartTime=NOW, EndTime=NOW - 1)
        self.refused("InvalidRequestException", self.xray.get_trace_summaries, StartTime=NOW - 90000, EndTime=NOW)

    def test_pages_newest_first(self):
        for n in range(0, 1100, 100):
            self.put(*[segment(trace_id(n + k, NOW - 1000), k + 1) for k in range(100)])
        first = self.xray.get_trace_summaries(StartTime=NOW - 1000, EndTime=NOW)
        self.assertEqual((1000, 1000), (len(first["TraceSummaries"]), first["TracesProcessedCount"]))
        self.assertEqual(trace_id(2), first["TraceSummaries"][0]["Id"])
        self.assertEqual(1102, len(self.ids()))

    def test_a_service_graph(self):
        graph = self.xray.get_service_graph(StartTime=NOW - 60, EndTime=NOW + 60)
        by = {(s["Name"], s.get("Type")): s for s in graph["Services"]}
        client, shop, stock = by["shop", "client"], by["shop", "AWS::EC2::Instance"], by["stock", None]
        self.assertEqual(3, len(by))
        self.assertEqual([e["ReferenceId"] for e in client["Edges"]], [shop["ReferenceId"]])
        self.assertEqual([e["ReferenceId"] for e in shop["Edges"]], [stock["ReferenceId"]])
        self.assertTrue(shop["Root"])
        stats = shop["SummaryStatistics"]
        self.assertEqual((stats["OkCount"], stats["ErrorStatistics"]["ThrottleCount"], stats["TotalCount"],
                          stats["TotalResponseTime"]), (1, 1, 2, 4.5))
        self.assertEqual(shop["Edges"][0]["SummaryStatistics"]["FaultStatistics"]["TotalCount"], 1)
        self.assertEqual(shop["ResponseTimeHistogram"], [{"Value": .5, "Count": 1}, {"Value": 4.0, "Count": 1}])
        self.assertEqual((client["State"], shop["State"]), ("unknown", "active"))
        one = self.xray.get_trace_graph(TraceIds=[trace_id(2)])["Services"]
        self.assertEqual(2, len(one))

    def test_statistics_over_time(self):
        def ask(**more):
            return self.xray.get_time_series_service_statistics(
                StartTime=NOW, EndTime=NOW + 100, **more)["TimeSeriesServiceStatistics"]
        shop = ask(EntitySelectorExpression='service(id(name: "shop", type: "AWS::EC2::Instance"))')
        self.assertEqual([2, 0], [w["ServiceSummaryStatistics"]["TotalCount"] for w in shop])
        edge = ask(EntitySelectorExpression='edge("shop", "stock")', Period=300)
        self.assertEqual([1], [w["EdgeSummaryStatistics"]["FaultStatistics"]["TotalCount"] for w in edge])
        self.assertEqual(3, ask()[0]["EdgeSummaryStatistics"]["TotalCount"])
        self.refused("NotImplemented", ask, ForecastStatistics=True)
        self.refused("InvalidRequestException", ask, Period=61)
        self.refused("InvalidRequestException", ask, EntitySelectorExpression="ok")

    def test_groups(self):
        made = self.xray.create_group(GroupName="slow", FilterExpression="responsetime > 3",
                                      Tags=[{"Key": "a", "Value": "b"}])["Group"]
        self.assertRegex(made["GroupARN"], r"^arn:aws:xray:us-east-1:111122223333:group/slow/[A-Z2-7]{52}$")
        self.assertEqual({trace_id(1)}, self.ids('group.name = "slow"'))
        self.assertEqual({trace_id(2)}, self.ids(f'group.arn != "{made["GroupARN"]}"'))
        graph = self.xray.get_service_graph(StartTime=NOW, EndTime=NOW + 60, GroupName="slow")["Services"]
        self.assertEqual([1, 1], [s["SummaryStatistics"]["TotalCount"] for s in graph if s.get("Type") != "client"])
        self.refused("InvalidRequestException", self.xray.create_group, GroupName="slow")
        self.refused("InvalidRequestException", self.xray.create_group, GroupName="bad", FilterExpression="what?")
        self.refused("InvalidRequestException", self.xray.create_group, GroupName="Default")
        self.refused("NotImplemented", self.xray.create_group, GroupName="i",
                     InsightsConfiguration={"InsightsEnabled": True})
        self.xray.update_group(GroupARN=made["GroupARN"], FilterExpression="error")
        self.assertEqual({trace_id(2)}, self.ids('group.name = "slow"'))
        self.assertEqual(["Default", "slow"], [g["GroupName"] for g in self.xray.get_groups()["Groups"]])
        self.assertEqual([{"Key": "a", "Value": "b"}],
                         self.xray.list_tags_for_resource(ResourceARN=made["GroupARN"])["Tags"])
        self.assertEqual([], self.xray.get_insight_summaries(StartTime=NOW, EndTime=NOW + 1,
                                                             GroupName="slow")["InsightSummaries"])
        self.xray.delete_group(GroupName="slow")
        self.refused("InvalidRequestException", self.xray.get_group, GroupName="slow")


RULE = {"RuleName": "base", "ResourceARN": "*", "Priority": 10, "FixedRate": .5, "ReservoirSize": 5,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "/x*", "Version": 1}


class Settings(Case):
    def test_sampling_rules(self):
        x = self.xray
        made = x.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]["SamplingRule"]
        self.assertEqual(made["RuleARN"], "arn:aws:xray:us-east-1:111122223333:sampling-rule/base")
        x.update_sampling_rule(SamplingRuleUpdate={"RuleName": "base", "FixedRate": .25})
        x.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "ReservoirSize": 2})
        base, default = [r["SamplingRule"] for r in x.get_sampling_rules()["SamplingRuleRecords"]]
        self.assertEqual((base["FixedRate"], base["URLPath"]), (.25, "/x*"))
        self.assertEqual((default["Priority"], default["FixedRate"], default["ReservoirSize"]), (10000, .05, 2))
        for bad in ({"RuleName": "Default", "Host": "x"}, {"RuleName": "none", "FixedRate": 1},
                    {"RuleName": "base", "Priority": 10000}):
            self.refused("InvalidRequestException", x.update_sampling_rule, SamplingRuleUpdate=bad)
        self.refused("InvalidRequestException", x.create_sampling_rule, SamplingRule=RULE)
        self.refused("InvalidRequestException", x.delete_sampling_rule, RuleName="Default")
        for n in range(23):
            x.create_sampling_rule(SamplingRule={**RULE, "RuleName": f"r{n}"})
        self.refused("RuleLimitExceededException", x.create_sampling_rule, SamplingRule={**RULE, "RuleName": "z"})
        x.delete_sampling_rule(RuleARN=made["RuleARN"])

    def report(self, client, rule="base", **counts):
        return self.xray.get_sampling_targets(SamplingStatisticsDocuments=[
            {"RuleName": rule, "ClientID": f"{client:024x}", "Timestamp": NOW, "RequestCount": 10,
             "SampledCount": 4, "BorrowCount": 1, **counts}])

    def test_sampling_targets(self):
        self.xray.create_sampling_rule(SamplingRule=RULE)
        first = self.report(1)
        [target] = first["SamplingTargetDocuments"]
        self.assertEqual((target["FixedRate"], target["ReservoirQuota"], target["Interval"]), (.5, 5, 10))
        self.assertEqual(target["ReservoirQuotaTTL"].timestamp(), NOW + 10)
        self.assertEqual(first["LastRuleModification"].timestamp(), NOW)
        self.assertEqual(2, self.report(2)["SamplingTargetDocuments"][0]["ReservoirQuota"])
        self.assertEqual(3, self.report(1)["SamplingTargetDocuments"][0]["ReservoirQuota"])
        self.server.advance("1m")
        self.assertEqual(5, self.report(2)["SamplingTargetDocuments"][0]["ReservoirQuota"])
        self.assertEqual("none", self.report(1, rule="none")["UnprocessedStatistics"][0]["RuleName"])
        seen = self.xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
        self.assertEqual([(NOW, 30, 12, 3), (NOW + 60, 10, 4, 1)],
                         [(s["Timestamp"].timestamp(), s["RequestCount"], s["SampledCount"], s["BorrowCount"])
                          for s in seen])

    def test_encryption(self):
        x = self.xray
        self.assertEqual({"Status": "ACTIVE", "Type": "NONE"}, x.get_encryption_config()["EncryptionConfig"])
        key = self.server.client("kms").create_key()["KeyMetadata"]
        put = x.put_encryption_config(Type="KMS", KeyId=key["KeyId"])["EncryptionConfig"]
        self.assertEqual((put["Status"], put["KeyId"]), ("UPDATING", key["Arn"]))
        self.assertEqual({"Status": "ACTIVE", "Type": "KMS", "KeyId": key["Arn"]},
                         x.get_encryption_config()["EncryptionConfig"])
        self.refused("InvalidRequestException", x.put_encryption_config, Type="KMS")
        self.refused("InvalidRequestException", x.put_encryption_config, Type="KMS", KeyId="alias/none")

    def test_resource_policies(self):
        x = self.xray
        text = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
             "Action": "xray:PutTraceSegments", "Resource": "*"}]})
        self.assertEqual("1", x.put_resource_policy(PolicyName="p", PolicyDocument=text)
                         ["ResourcePolicy"]["PolicyRevisionId"])
        self.refused("InvalidPolicyRevisionIdException", x.put_resource_policy, PolicyName="p", PolicyDocument=text,
                     PolicyRevisionId="0")
        self.assertEqual("2", x.put_resource_policy(PolicyName="p", PolicyDocument=text, PolicyRevisionId="1")
                         ["ResourcePolicy"]["PolicyRevisionId"])
        self.refused("MalformedPolicyDocumentException", x.put_resource_policy, PolicyName="q", PolicyDocument="{")
        self.assertEqual(["p"], [p["PolicyName"] for p in x.list_resource_policies()["ResourcePolicies"]])
        x.delete_resource_policy(PolicyName="p")
        self.assertEqual([], x.list_resource_policies()["ResourcePolicies"])

    def test_tags(self):
        x = self.xray
        arn = x.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]
        x.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        x.untag_resource(ResourceARN=arn, TagKeys=["a"])
        self.assertEqual([{"Key": "b", "Value": "2"}], x.list_tags_for_resource(ResourceARN=arn)["Tags"])
        self.refused("ResourceNotFoundException", x.tag_resource, ResourceARN=arn + "x", Tags=[])

    @harness.needs_newest
    def test_what_is_not_here_is_refused_by_name(self):
        x = self.xray
        for call, args in [(x.start_trace_retrieval, {"TraceIds": ["a"], "StartTime": NOW, "EndTime": NOW}),
                           (x.get_indexing_rules, {}),
                           (x.update_trace_segment_destination, {"Destination": "CloudWatchLogs"})]:
            self.assertIn("Transaction Search", self.refused("NotImplemented", call, **args))
        self.assertEqual("XRay", x.get_trace_segment_destination()["Destination"])
        self.refused("InvalidRequestException", x.get_insight,
                     InsightId="12345678-1234-1234-1234-123456789012")
        self.assertEqual({}, {k: v for k, v in x.put_telemetry_records(TelemetryRecords=[
            {"Timestamp": datetime.datetime.now()}]).items() if k != "ResponseMetadata"})


class Sampled(harness.ServerCase):
    """Of calls that nobody decided about, as many a second are traced as the Default rule says."""

    def test_the_default_rule_holds_for_the_emulators_own_segments(self):
        x, sts = self.server.client("xray"), self.server.client("sts")
        x.update_sampling_rule(SamplingRuleUpdate={
            "RuleName": "Default", "ReservoirSize": 3, "FixedRate": 0})
        for _ in range(5):
            sts.get_caller_identity()
        self.server.advance("1s")
        for _ in range(2):
            sts.get_caller_identity()
        found = x.get_trace_summaries(StartTime="2026-01-05T08:59:00Z", EndTime="2026-01-05T09:05:00Z")
        self.assertEqual(3 + 2, len(found["TraceSummaries"]))


class Daemon(unittest.TestCase):
    """The port of --xray-daemon, on the machine's clock as the SDKs are."""

    def setUp(self):
        self.server = harness.Server("--xray-daemon", "127.0.0.1:0", clock=None).start()
        self.addCleanup(self.server.__exit__)
        said = self.server.process.stdout.readline().decode()
        self.address = re.fullmatch(r"xray daemon on (127\.0\.0\.1:\d+)\n", said).group(1)
        self.xray = self.server.client("xray")

    def send(self, *datagrams):
        host, port = self.address.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for d in datagrams:
                s.sendto(d, (host, int(port)))

    def wait_for(self, tid, count):
        """The documents of a trace once it has that many segments."""
        end = time.monotonic() + harness.DEADLINE_S
        while time.monotonic() < end:
            found = self.xray.batch_get_traces(TraceIds=[tid])["Traces"]
            if found and len(found[0]["Segments"]) >= count:
                return [json.loads(s["Document"]) for s in found[0]["Segments"]]
        raise AssertionError(f"{tid}: no {count} segments: {found}")

    def app(self, mode):
        env = {**self.server.env(), "AWS_XRAY_DAEMON_ADDRESS": self.address}
        done = subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("traced_app.py")), mode], env=env,
                              capture_output=True, text=True, timeout=harness.DEADLINE_S)
        self.assertEqual(0, done.returncode, done.stderr)
        *ids, tid = done.stdout.split()
        return ids, tid

    @unittest.skipUnless(importlib.util.find_spec("aws_xray_sdk"), "needs aws-xray-sdk from PyPI")
    def test_the_sdk_and_the_emulator_write_one_trace(self):
        ids, tid = self.app("all")
        docs = self.wait_for(tid, 4)
        shop = next(d for d in docs if d["name"] == "shop")
        [checkout] = shop["subsegments"]
        self.assertEqual((checkout["name"], checkout["annotations"]), ("checkout", {"order": 42}))
        calls = checkout["subsegments"]
        self.assertEqual(["sts", "dynamodb", "iam"], [c["name"] for c in calls])
        self.assertEqual(ids, [c["aws"]["request_id"] for c in calls])
        ours = {d["parent_id"]: d for d in docs if d is not shop}
        self.assertEqual(ids, [ours[c["id"]]["aws"]["request_id"] for c in calls])
        self.assertEqual(["STS", "DynamoDB", "IAM"], [ours[c["id"]]["name"] for c in calls])
        self.assertEqual([], [d for d in docs if d.get("inferred")])
        self.server.flush()
        records = {r["requestID"]: r for r in self.server.records()}
        self.assertEqual(["GetCallerIdentity", "ListTables", "GetUser"], [records[i]["eventName"] for i in ids])
        now = int(time.time())
        [one] = self.xray.get_trace_summaries(
            StartTime=now - 600, EndTime=now + 60,
            FilterExpression='edge("shop", "IAM") { error } AND annotation.order = 42')["TraceSummaries"]
        self.assertEqual((tid, False), (one["Id"], one["HasError"]))

    @unittest.skipUnless(importlib.util.find_spec("aws_xray_sdk"), "needs aws-xray-sdk from PyPI")
    def test_the_sdk_asks_for_sampling_rules(self):
        self.app("sampling")
        self.server.flush()
        asked = [r for r in self.server.records() if r["eventName"] == "GetSamplingRules"]
        self.assertTrue(asked)

    def test_a_datagram_is_recorded_as_a_call_and_a_bad_one_is_refused(self):
        now = int(time.time())
        tid = trace_id(5, now)
        head = b'{"format": "json", "version": 1}\n'
        good = json.dumps(segment(tid, 1, start=now, end=now)).encode()
        self.send(b"", b"\n", b"hello", head, head + b"{", b'{"format": "xml", "version": 1}\n' + good,
                  b"\xff" * 60000, head + good)
        [doc] = self.wait_for(tid, 1)
        self.assertEqual("app", doc["name"])
        self.server.flush()
        put = [r for r in self.server.records() if r["eventName"] == "PutTraceSegments"]
        self.assertEqual([2, "Data"], [len(put), put[0]["eventCategory"]])
        self.assertEqual({("mocktrail-xray-daemon", harness.ACCOUNT)},
                         {(r["userAgent"], r["recipientAccountId"]) for r in put})
        log = self.server.log_path.read_text()
        self.assertIn("(6 so far)", log)
        self.assertIn("not taken: ParseError", log)

    def post(self, path, body=b"{}"):
        with urllib.request.urlopen(urllib.request.Request(f"http://{self.address}{path}", data=body),
                                    timeout=harness.DEADLINE_S) as answer:
            return json.loads(answer.read())

    def test_sampling_rules_unsigned(self):
        self.assertEqual("Default",
                         self.post("/GetSamplingRules")["SamplingRuleRecords"][0]["SamplingRule"]["RuleName"])
        got = self.post("/SamplingTargets", json.dumps({"SamplingStatisticsDocuments": [
            {"RuleName": "Default", "ClientID": "0" * 24, "Timestamp": time.time(), "RequestCount": 1,
             "SampledCount": 1}]}).encode())
        self.assertEqual(5000, got["SamplingTargetDocuments"][0]["ReservoirQuota"])
        for path, body, status in (("/Groups", b"{}", 404), ("/SamplingTargets", b"{", 400),
                                   ("/SamplingTargets", b"{}", 400)):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                self.post(path, body)
            self.assertEqual(status, caught.exception.code)


class Repeat(unittest.TestCase):
    def files(self, listen):
        """The address that it listened on, and path -> bytes of what it delivered."""
        with harness.Server(listen=listen) as server:
            server.client("secretsmanager").create_secret(Name="s", SecretString="v")
            server.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(segment(trace_id(1), 1))])
            server.advance("1h")
            server.client("sts", region="eu-west-1").get_caller_identity()
            server.client("dynamodb", region="eu-west-1").list_tables()
            server.flush()
            return server.url.removeprefix("http://"), {
                str(p.relative_to(server.data)): p.read_bytes()
                for p in (server.data / "buckets").rglob("*_XRay_*.json.gz")}

    def test_the_same_seed_and_clock_give_the_same_files(self):
        address, first = self.files("127.0.0.1:0")
        self.assertEqual(2, len(first))
        self.assertEqual(first, self.files(address)[1])


class CommandLine(Case):
    def test_the_aws_cli(self):
        self.server.client("sts").get_caller_identity()
        found = json.loads(self.server.aws("xray", "get-trace-summaries", "--start-time", str(NOW - 60), "--end-time",
                                           str(NOW + 60), "--filter-expression", 'service("STS") { ok }').stdout)
        [one] = found["TraceSummaries"]
        got = json.loads(self.server.aws("xray", "batch-get-traces", "--trace-ids", one["Id"]).stdout)
        self.assertEqual("GetCallerIdentity", json.loads(got["Traces"][0]["Segments"][0]["Document"])["aws"]["operation"])
        graph = json.loads(self.server.aws("xray", "get-service-graph", "--start-time", str(NOW - 60), "--end-time",
                                           str(NOW + 60)).stdout)
        self.assertEqual({"STS"}, {s["Name"] for s in graph["Services"]})


class Crash(unittest.TestCase):
    def kill_while_delivering(self, server, files):
        """As soon as a file is there that files did not name: before it is settled, as often as not."""
        def flush():
            with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
                server.flush()
        flusher = threading.Thread(target=flush)
        flusher.start()
        end = time.monotonic() + harness.DEADLINE_S
        while not self.files(server) - files and time.monotonic() < end:
            pass
        server.kill()
        flusher.join()

    def files(self, server):
        return {p for p in (server.data / "buckets").rglob("*_XRay_*.json.gz")}

    def test_a_delivery_that_was_killed_is_made_once(self):
        server = harness.Server().start()
        try:
            for n in range(1, 9):
                seen = self.files(server)
                server.client("xray").put_trace_segments(
                    TraceSegmentDocuments=[json.dumps(segment(trace_id(n), n))])
                self.kill_while_delivering(server, seen)
                server.start()
            server.flush()
            ids = [json.loads(line)["id"] for p in self.files(server)
                   for line in gzip.decompress(p.read_bytes()).splitlines()]
            self.assertEqual([f"{n:016x}" for n in range(1, 9)], sorted(ids))
        finally:
            server.kill()
            server.remove()

    def test_kill_keeps_traces_and_delivers_each_once(self):
        server = harness.Server().start()
        try:
            server.client("sts").get_caller_identity()
            server.client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(segment(trace_id(1), 1))])
            server.client("secretsmanager").create_secret(Name="s", SecretString="v")
            for _ in range(2):
                server.kill()
                server.start()
            found = server.client("xray").get_trace_summaries(StartTime=NOW - 60, EndTime=NOW + 60)
            self.assertEqual(["STS", "Secrets Manager", "app"],
                             sorted(s["EntryPoint"]["Name"] for s in found["TraceSummaries"]))
            server.flush()
            server.kill()
            server.start()
            server.flush()
            lines = [line for p in server.data.rglob("*_XRay_*.json.gz") if "buckets" in p.parts
                     for line in gzip.decompress(p.read_bytes()).splitlines()]
            self.assertEqual(3, len(lines))
        finally:
            server.kill()
            server.remove()


if __name__ == "__main__":
    unittest.main()
