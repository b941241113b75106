"""CloudWatch metrics through boto3: what is put comes back, by each protocol, on the one clock."""
import datetime
import gzip
import json
import unittest
import urllib.error
import urllib.parse
import urllib.request

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:  # where PyPI can't be reached
    text_string_to_metric_families = None

import harness

START = datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.timezone.utc)


def at(minutes=0, **more):
    return START + datetime.timedelta(minutes=minutes, **more)


class Statistics(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.cw = self.server.client("cloudwatch")

    def put(self, namespace="App", **datum):
        self.cw.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m", **datum}])

    def get(self, period=60, start=at(-60), end=at(60), **more):
        if "ExtendedStatistics" not in more:
            more.setdefault("Statistics", ["SampleCount", "Sum", "Average", "Minimum", "Maximum"])
        got = self.cw.get_metric_statistics(Namespace="App", MetricName="m", StartTime=start,
                                            EndTime=end, Period=period, **more)
        self.assertEqual(got["Label"], "m")
        return sorted(got["Datapoints"], key=lambda d: (d["Timestamp"], d["Unit"]))

    def test_values_of_a_minute_add_up(self):
        self.put(Value=3)
        self.put(Value=5, Timestamp=at(0, seconds=20))
        self.put(Values=[1, 7], Counts=[2, 1], Timestamp=at(1))
        self.assertEqual(self.get(), [
            {"Timestamp": at(0), "SampleCount": 2, "Sum": 8, "Average": 4, "Minimum": 3,
             "Maximum": 5, "Unit": "None"},
            {"Timestamp": at(1), "SampleCount": 3, "Sum": 9, "Average": 3, "Minimum": 1,
             "Maximum": 7, "Unit": "None"}])
        [five] = self.get(period=300, start=at(0))
        self.assertEqual((five["Timestamp"], five["SampleCount"], five["Sum"]), (at(0), 5, 17))

    def test_units_and_dimensions_stay_apart(self):
        self.put(Value=1, Unit="Seconds")
        self.put(Value=2, Unit="Count")
        self.put(Value=4, Unit="Count", Dimensions=[{"Name": "d", "Value": "x"}])
        self.assertEqual([(d["Unit"], d["Sum"]) for d in self.get()], [("Count", 2), ("Seconds", 1)])
        self.assertEqual([d["Sum"] for d in self.get(Unit="Seconds")], [1])
        self.assertEqual(self.get(Unit="Bytes"), [])
        self.assertEqual([d["Sum"] for d in self.get(Dimensions=[{"Name": "d", "Value": "x"}])], [4])

    def test_percentiles_need_values(self):
        self.put(Values=list(range(1, 101)))
        [d] = self.get(ExtendedStatistics=["p50", "p99.5", "tm90", "TC(10%:90%)", "PR(:30)", "IQM"])
        self.assertEqual(d["ExtendedStatistics"],
                         {"p50": 50, "p99.5": 100, "tm90": 45.5, "TC(10%:90%)": 80, "PR(:30)": 30,
                          "IQM": 50.5})
        self.put(StatisticValues={"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2},
                 Timestamp=at(1))
        self.assertEqual(self.get(start=at(1), ExtendedStatistics=["p50"]), [])
        self.assertEqual([d["Sum"] for d in self.get(start=at(1))], [3])

    def test_seconds(self):
        for second in (0, 1, 11):
            self.put(Value=second, StorageResolution=1, Timestamp=at(0, seconds=second))
        self.assertEqual([(d["Timestamp"], d["Sum"]) for d in self.get(period=10, start=at(0))],
                         [(at(0), 1), (at(0, seconds=10), 11)])
        self.assertEqual([d["SampleCount"] for d in self.get()], [3])

    @harness.needs_newest
    def test_what_is_refused(self):
        value, both = "InvalidParameterValue", "InvalidParameterCombination"
        for code, datum in (
                (value, {"Value": float("nan")}), (value, {"Value": 2.0 ** 361}),
                (value, {"Value": 1, "Timestamp": at(-15 * 24 * 60)}),
                (value, {"Value": 1, "Timestamp": at(121)}),
                (value, {"Values": [1.0] * 151}), (value, {"Values": [1, 2], "Counts": [1]}),
                (value, {"Value": 1, "StorageResolution": 30}),
                (value, {"StatisticValues": {"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0}}),
                (value, {"StatisticValues": {"SampleCount": 1, "Sum": 0, "Minimum": 2, "Maximum": 1}}),
                (value, {"Value": 1, "Dimensions": [{"Name": "a", "Value": "b"}] * 2}),
                (both, {}), (both, {"Value": 1, "Values": [2]})):
            with self.subTest(datum=datum):
                self.refused(code, self.put, **datum)
        self.refused(value, self.put, namespace="AWS/EC2", Value=1)
        self.refused(value, self.put, namespace="a?", Value=1)
        self.refused(value, self.cw.put_metric_data, Namespace="App",
                     MetricData=[{"MetricName": "m", "Value": 1}] * 1001)
        self.refused("MissingParameter", self.cw.put_metric_data, Namespace="App")
        self.assertEqual(self.get(), [])
        self.refused(value, self.get, period=45)
        self.refused(value, self.get, start=at(1), end=at(1))
        self.refused(both, self.get, Statistics=["Sum"], ExtendedStatistics=["p50"])
        self.refused(both, self.cw.get_metric_statistics, Namespace="App", MetricName="m", Period=60,
                     StartTime=at(0), EndTime=at(1))
        self.refused(value, self.get, ExtendedStatistics=["p101"])
        self.assertIn("1441 datapoints", self.refused(both, self.get, start=at(0), end=at(1441)))


def stat(id_, name="m", stat="Sum", period=60, dims=None, **more):
    """A query of a metric of the namespace App."""
    metric = {"Namespace": "App", "MetricName": name,
              "Dimensions": [{"Name": k, "Value": v} for k, v in (dims or {}).items()]}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


class Data(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.cw = self.server.client("cloudwatch")
        for host, values in (("a", (1, 2, 3)), ("b", (10, 20, 30))):
            self.cw.put_metric_data(Namespace="App", MetricData=[
                {"MetricName": "m", "Value": v, "Timestamp": at(i),
                 "Dimensions": [{"Name": "Host", "Value": host}]} for i, v in enumerate(values)])
        self.a, self.b = stat("a", dims={"Host": "a"}), stat("b", dims={"Host": "b"})

    def get(self, *queries, **more):
        more = {"StartTime": at(-5), "EndTime": at(5), "ScanBy": "TimestampAscending", **more}
        return self.cw.get_metric_data(MetricDataQueries=list(queries), **more)

    def values(self, *queries, **more):
        return {r["Id"] + ":" + r["Label"]: r["Values"] for r in self.get(*queries, **more)["MetricDataResults"]}

    def test_metrics_and_expressions(self):
        self.a["ReturnData"] = False
        got = self.get(self.a, self.b, {"Id": "e", "Expression": "b / a", "Label": "ratio"})
        self.assertEqual([(r["Id"], r["Label"], r["Values"], r["StatusCode"]) for r in got["MetricDataResults"]],
                         [("b", "m", [10, 20, 30], "Complete"), ("e", "ratio", [10, 10, 10], "Complete")])
        self.assertEqual(got["MetricDataResults"][0]["Timestamps"], [at(0), at(1), at(2)])
        newest = self.get(self.b, ScanBy="TimestampDescending")["MetricDataResults"][0]
        self.assertEqual((newest["Timestamps"][0], newest["Values"]), (at(2), [30, 20, 10]))

    def test_search_and_dynamic_labels(self):
        search = {"Id": "s", "Expression": "SEARCH('{App,Host} MetricName=\"m\"', 'Maximum', 300)"}
        self.assertEqual(self.values(search), {"s:a m": [3], "s:b m": [30]})
        search["Expression"] = "SUM(SEARCH('{App,Host} Host=a', 'Sum', 60))"
        self.assertEqual(self.values(search), {"s:s": [1, 2, 3]})
        self.b["Label"] = "at most ${MAX}, last ${LAST}"
        self.assertEqual(self.values(self.b), {"b:at most 30, last 30": [10, 20, 30]})
        self.b["Label"] = "${PROP('Dim.Host')}"
        self.assertIn("${PROP('Dim.Host')}", self.refused("ValidationError", self.values_of_b))

    def values_of_b(self):
        return self.values(self.b)

    def test_pages(self):
        first = self.get(self.a, self.b, MaxDatapoints=4)
        self.assertEqual([(r["Id"], r["Values"], r["StatusCode"]) for r in first["MetricDataResults"]],
                         [("a", [1, 2, 3], "Complete"), ("b", [10], "PartialData")])
        rest = self.get(self.a, self.b, MaxDatapoints=4, NextToken=first["NextToken"])
        self.assertEqual([(r["Id"], r["Values"]) for r in rest["MetricDataResults"]], [("b", [20, 30])])
        self.assertNotIn("NextToken", rest)

    def test_what_is_refused(self):
        for word, *queries in (
                ("lower-case", stat("A")), ("more than once", self.a, self.a),
                ("at character 1", {"Id": "e", "Expression": "\u00e9"}),
                ("Exactly one", {"Id": "e"}), ("Stat", stat("x", stat="p200")),
                ("Period", stat("x", period=90)), ("Unknown id 'zz'", {"Id": "e", "Expression": "zz + 1"}),
                ("circle", {"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}),
                ("ANOMALY_DETECTION_BAND is not supported",
                 self.a, {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(a, 2)"}),
                ("Metrics Insights", {"Id": "e", "Expression": "SELECT SUM(m) FROM App"}),
                ("AccountId", {**self.a, "AccountId": "999988887777"}),
                ("SEARCH", {"Id": "e", "Expression": "SEARCH('{App', 'Sum', 60)"})):
            with self.subTest(word=word), self.assertRaises(harness.botocore.exceptions.ClientError) as caught:
                self.get(*queries)
            error = caught.exception.response["Error"]
            self.assertEqual(error["Code"], "ValidationError")
            self.assertIn(word, error["Message"])
            self.assertTrue(error["Message"].isprintable())
        self.get(self.a, LabelOptions={"Timezone": "-0330"})
        self.refused("ValidationError", lambda: self.get(self.a, LabelOptions={"Timezone": "Mars"}))

    def test_list_metrics(self):
        cw = self.cw
        cw.put_metric_data(Namespace="App", MetricData=[{"MetricName": "n", "Value": 1}])
        names = lambda **args: [(m["MetricName"], [d["Value"] for d in m["Dimensions"]])
                                for m in cw.list_metrics(**args)["Metrics"]]
        self.assertEqual(names(Namespace="App"), [("m", ["a"]), ("m", ["b"]), ("n", [])])
        self.assertEqual(names(Namespace="App", MetricName="n"), [("n", [])])
        self.assertEqual(names(MetricName="n"), [("n", [])])
        self.assertEqual(names(Dimensions=[{"Name": "Host", "Value": "b"}]), [("m", ["b"])])
        self.assertEqual(len(names(Dimensions=[{"Name": "Host"}])), 2)
        self.server.advance("4h")
        self.assertEqual(names(Namespace="App", RecentlyActive="PT3H"), [])
        cw.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "x", "Value": 1, "Dimensions": [{"Name": "i", "Value": str(i)}]}
            for i in range(600)])
        pages = [p["Metrics"] for p in cw.get_paginator("list_metrics").paginate(Namespace="App", MetricName="x")]
        self.assertEqual([len(p) for p in pages], [500, 100])
        self.refused("InvalidParameterValue", cw.list_metrics, NextToken="AAAA")
        self.refused("InvalidParameterValue", cw.list_metrics, IncludeLinkedAccounts=True,
                     OwningAccount="999988887777")


class Age(unittest.TestCase):
    """Old points are there for longer periods only; a weekly job keeps them so."""

    def test_what_is_old_needs_a_longer_period(self):
        with harness.Server("--deliver-every", "24h", "--digest-every", "24h", "--no-default-trail") as server:
            cw = server.client("cloudwatch")
            cw.put_metric_data(Namespace="App", MetricData=[
                {"MetricName": "m", "Value": v, "Timestamp": at(0, seconds=s), "StorageResolution": 1}
                for s, v in ((0, 1), (1, 2), (70, 4), (400, 8))])
            for advance, period, want in (("0s", 1, [1, 2, 4, 8]), ("4h", 1, []), ("0s", 60, [3, 4, 8]),
                                          ("16d", 60, []), ("0s", 300, [7, 8]), ("50d", 300, []),
                                          ("0s", 3600, [15]), ("400d", 3600, [])):
                server.advance(advance)
                got = cw.get_metric_data(
                    StartTime=at(0), EndTime=at(60), ScanBy="TimestampAscending",
                    MetricDataQueries=[stat("a", period=period)])["MetricDataResults"][0]
                self.assertEqual(got["Values"], want, (advance, period))


class Protocols(harness.FreshCase):
    """The same handlers behind query, JSON and CBOR."""

    def call(self, body, **headers):
        request = urllib.request.Request(self.server.url + "/", data=body, headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={harness.ACCOUNT}/20260105/us-east-1/monitoring/"
                             "aws4_request, SignedHeaders=host, Signature=00", "X-Amz-Date": "20260105T090000Z", **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def query(self, action, **params):
        form = {"Action": action, "Version": "2010-08-01", **{k.replace("_", "."): v for k, v in params.items()}}
        return self.call(urllib.parse.urlencode(form).encode(),
                         **{"Content-Type": "application/x-www-form-urlencoded"})

    def json(self, action, **params):
        return self.call(json.dumps(params).encode(), **{
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"GraniteServiceVersion20100801.{action}"})

    @harness.needs_newest
    def test_each_protocol_reaches_the_same_metric(self):
        self.assertEqual(self.query("PutMetricData", Namespace="App", MetricData_member_1_MetricName="m",
                                    MetricData_member_1_Value="2.5")[0], 200)
        self.assertEqual(self.json("PutMetricData", Namespace="App",
                                   MetricData=[{"MetricName": "m", "Value": 4}])[0], 200)
        self.server.client("cloudwatch").put_metric_data(  # CBOR, gzipped by botocore when large
            Namespace="App", MetricData=[{"MetricName": "m", "Value": 1.5}] * 1000)
        span = dict(StartTime="2026-01-05T09:00:00Z", EndTime="2026-01-05T10:00:00Z")
        status, text = self.query("GetMetricStatistics", Namespace="App", MetricName="m", Period="60",
                                  Statistics_member_1="Sum", **span)
        self.assertEqual(status, 200)
        self.assertIn("<Sum>1506.5</Sum>", text)
        status, text = self.json("GetMetricStatistics", Namespace="App", MetricName="m", Period=60,
                                 Statistics=["Sum"], StartTime=int(at(0).timestamp()),
                                 EndTime=int(at(60).timestamp()))
        self.assertEqual((status, json.loads(text)["Datapoints"][0]["Sum"]), (200, 1506.5))
        self.assertEqual(sums(self.server.client("cloudwatch"), "App", "m"), [(at(0), 1002, 1506.5)])

    @harness.needs_newest
    def test_refusals_in_each_protocol(self):
        status, text = self.query("PutMetricData", Namespace="AWS/EC2", MetricData_member_1_MetricName="m",
                                  MetricData_member_1_Value="NaN")
        self.assertEqual(status, 400)
        self.assertIn("<Code>InvalidParameterValue</Code>", text)
        status, text = self.json("PutMetricData", Namespace="App", MetricData=[{"MetricName": "m", "Value": "NaN"}])
        self.assertEqual(status, 400)
        self.assertIn("InvalidParameterValueException", json.loads(text)["__type"])


def sums(cw, namespace, name, start=at(0), end=at(60), **dimensions):
    """(Timestamp, SampleCount, Sum) of each minute with data."""
    got = cw.get_metric_statistics(
        Namespace=namespace, MetricName=name, StartTime=start, EndTime=end, Period=60,
        Statistics=["SampleCount", "Sum"],
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()])
    return sorted((d["Timestamp"], d["SampleCount"], d["Sum"]) for d in got["Datapoints"])


class Calls(harness.FreshCase):
    """What calls make of themselves."""

    def test_each_call_is_counted_where_it_happened(self):
        cw, iam = self.server.client("cloudwatch"), self.server.client("iam")
        for name in ("a", "b"):
            iam.create_user(UserName=name)
        self.refused("EntityAlreadyExists", iam.create_user, UserName="a")
        self.server.advance("1m")
        iam.create_user(UserName="c")
        self.server.client("sqs", region="eu-west-1").list_queues()
        usage = dict(Service="IAM", Type="API", Resource="CreateUser", Class="None")
        own = dict(Service="iam", Operation="CreateUser")
        self.assertEqual(sums(cw, "AWS/Usage", "CallCount", **usage), [(at(0), 3, 3), (at(1), 1, 1)])
        for name, first, second in (("Calls", 3, 1), ("4xxErrors", 1, 0), ("5xxErrors", 0, 0),
                                    ("Throttles", 0, 0), ("Latency", 0, 0)):
            self.assertEqual(sums(cw, "Mocktrail", name, **own), [(at(0), 3, first), (at(1), 1, second)],
                             name)
        far = self.server.client("cloudwatch", region="eu-west-1")
        self.assertEqual(sums(far, "Mocktrail", "Calls", Service="sqs", Operation="ListQueues"),
                         [(at(1), 1, 1)])
        self.assertEqual(sums(cw, "Mocktrail", "Calls", Service="sqs", Operation="ListQueues"), [])

    def test_faults_are_latency_and_throttles(self):
        cw, sts = self.server.client("cloudwatch"), self.server.client("sts")
        status, answer = self.server.control("PUT", "faults", {"rules": [
            {"service": "sts", "operation": "GetCallerIdentity", "delay": "250ms", "error": "ThrottlingException"}]})
        self.assertEqual(status, 200, answer)
        self.assertEqual(harness.error_code(sts.get_caller_identity), "ThrottlingException")
        self.server.control("DELETE", "faults")
        own = dict(Service="sts", Operation="GetCallerIdentity")
        self.assertEqual(sums(cw, "Mocktrail", "Throttles", **own), [(at(0), 1, 1)])
        self.assertEqual(sums(cw, "Mocktrail", "Latency", **own), [(at(0), 1, 250)])

    def test_files_hold_what_changed_in_minutes_that_are_over(self):
        cw = self.server.client("cloudwatch")
        cw.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "m", "Value": 2, "Unit": "Count", "Dimensions": [{"Name": "d", "Value": "x"}]},
            {"MetricName": "m", "Value": 9, "Timestamp": at(30)}])
        self.server.flush()
        self.assertEqual(self.lines("App"), [])
        self.server.advance("1m")
        self.server.flush()
        [line] = self.lines("App")
        self.assertEqual(line, {
            "metric_stream_name": "mocktrail", "account_id": harness.ACCOUNT, "region": "us-east-1",
            "namespace": "App", "metric_name": "m", "dimensions": {"d": "x"},
            "timestamp": int(at(0).timestamp() * 1000),
            "value": {"max": 2.0, "min": 2.0, "sum": 2.0, "count": 1.0}, "unit": "Count"})
        self.server.flush()
        self.assertEqual(len(self.lines("App")), 1)
        self.server.advance("40m")
        self.assertEqual([k["value"]["sum"] for k in self.lines("App")], [2, 9])
        calls = [k for k in self.lines("AWS/Usage") if k["dimensions"]["Resource"] == "PutMetricData"]
        self.assertEqual([k["value"]["count"] for k in calls], [1])

    def files(self):
        return sorted((self.server.data / "buckets" / "mocktrail-trail").rglob("*_CloudWatch_*.json.gz"))

    def lines(self, namespace):
        return [line for path in self.files()
                for line in map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
                if line["namespace"] == namespace]

    def test_the_same_run_gives_the_same_files(self):
        seen = []
        for _ in range(2):
            self.setUp()
            self.server.client("iam").create_user(UserName="a")
            self.server.client("sqs", region="eu-west-1").list_queues()
            self.server.advance("7m")
            self.server.flush()
            seen.append([(p.relative_to(self.server.data), p.read_bytes()) for p in self.files()])
        self.assertEqual(len(seen[0]), 2)
        self.assertEqual(seen[0], seen[1])

    @unittest.skipUnless(text_string_to_metric_families, "needs prometheus_client from PyPI")
    def test_prometheus_text(self):
        iam = self.server.client("iam")
        iam.create_user(UserName="a")
        self.refused("EntityAlreadyExists", iam.create_user, UserName="a")
        status, text = self.server.control("GET", "metrics")
        self.assertEqual(status, 200)
        families = {f.name: f for f in text_string_to_metric_families(text)}
        labels = dict(service="iam", operation="CreateUser", account=harness.ACCOUNT,
                      region="us-east-1")
        calls = [s for s in families["mocktrail_calls"].samples if s.labels["service"] == "iam"]
        self.assertEqual(sorted((s.labels["status"], s.value) for s in calls), [("2xx", 1), ("4xx", 1)])
        self.assertEqual({k: v for k, v in calls[0].labels.items() if k != "status"}, labels)
        durations = families["mocktrail_call_duration_seconds"]
        self.assertEqual(durations.type, "summary")
        self.assertIn(("mocktrail_call_duration_seconds_count", 2),
                      [(s.name, s.value) for s in durations.samples if s.labels == labels])


class Dashboards(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.cw = self.server.client("cloudwatch")

    def put(self, widgets, name="d", **body):
        return self.cw.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": widgets, **body}))

    def test_life(self):
        metric = {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
            "region": "us-east-1", "metrics": [["App", "m", "Host", "a", {"stat": "Sum"}], ["...", "b"],
                                               [{"expression": "SUM(METRICS())"}]], "view": "timeSeries"}}
        text = {"type": "text", "properties": {"markdown": "# hello"}}
        alarm = {"type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:us-east-1:1:alarm:a"]}}
        self.assertEqual(self.put([metric, text, alarm])["DashboardValidationMessages"], [])
        got = self.cw.get_dashboard(DashboardName="d")
        self.assertEqual((got["DashboardArn"], json.loads(got["DashboardBody"])),
                         (f"arn:aws:cloudwatch::{harness.ACCOUNT}:dashboard/d", {"widgets": [metric, text, alarm]}))
        self.put([text], name="e")
        far = self.server.client("cloudwatch", region="eu-west-1")  # dashboards are global
        entries = far.list_dashboards()["DashboardEntries"]
        self.assertEqual([(e["DashboardName"], e["LastModified"]) for e in entries], [("d", at(0)), ("e", at(0))])
        self.assertEqual(entries[0]["Size"], len(got["DashboardBody"]))
        self.assertEqual([e["DashboardName"] for e in far.list_dashboards(DashboardNamePrefix="e")["DashboardEntries"]],
                         ["e"])
        self.refused("ResourceNotFound", self.cw.delete_dashboards, DashboardNames=["d", "none"])
        self.cw.delete_dashboards(DashboardNames=["d"])
        self.refused("ResourceNotFound", self.cw.get_dashboard, DashboardName="d")
        self.cw.get_dashboard(DashboardName="e")

    def test_a_body_that_is_wrong(self):
        text = {"type": "text", "properties": {"markdown": ""}}
        for path, word, widget in (
                ("/widgets/0/type", "allowed values", {**text, "type": "clock"}),
                ("/widgets/0", "'properties'", {"type": "text"}),
                ("/widgets/0/x", "from 0 to 23", {**text, "x": 24}),
                ("/widgets/0/width", "integer", {**text, "width": "wide"}),
                ("/widgets/0/properties", "'markdown'", {"type": "text", "properties": {}}),
                ("/widgets/0/properties", "'region'", {"type": "metric", "properties": {"metrics": []}}),
                ("/widgets/0/properties/metrics/0", "namespace",
                 {"type": "metric", "properties": {"region": "us-east-1", "metrics": [[1]]}})):
            with self.subTest(widget=widget), self.assertRaises(harness.botocore.exceptions.ClientError) as caught:
                self.put([widget])
            answer = caught.exception.response
            self.assertEqual(answer["Error"]["Code"], "InvalidParameterInput")
            self.assertTrue(any(m["DataPath"] == path and word in m["Message"]
                                for m in answer["dashboardValidationMessages"]), answer)
        for body in ("", "[]", "{"):
            self.assertIn("valid JSON", self.refused("InvalidParameterInput", self.cw.put_dashboard,
                                                     DashboardName="d", DashboardBody=body))
        self.refused("InvalidParameterInput", self.put, widgets=[], name="a b")
        [warning] = self.put([{**text, "colour": "red"}])["DashboardValidationMessages"]
        self.assertIn("colour", warning["Message"])

    def test_what_lies_below_a_property_is_told_and_kept(self):
        metric = {"region": "us-east-1", "metrics": [["App", "m"]]}
        good = {**metric, "legend": {"position": "right"}, "yAxis": {"left": {"min": 0, "max": 1.5, "label": "x"}},
                "annotations": {"horizontal": [{"value": 1.5, "fill": "above"}, [{"value": 1}, {"value": 2, "label": "b"}]],
                                "vertical": [{"value": "2026-01-05T09:00:00Z"}]}}
        self.assertEqual([], self.put([{"type": "metric", "properties": good}])["DashboardValidationMessages"])
        bad = {**metric, "legend": {"position": "left", "side": 1}, "yAxis": {"left": {"minimum": 0}, "middle": {}},
               "annotations": {"horizontal": [{"value": 1, "colour": "#fff"}, [{"value": "x"}, {}]], "diagonal": []}}
        told = self.put([{"type": "metric", "properties": bad}])["DashboardValidationMessages"]
        self.assertEqual(
            {("/annotations", "Should NOT have additional property 'diagonal'"),
             ("/annotations/horizontal/0", "Should NOT have additional property 'colour'"),
             ("/annotations/horizontal/1/0/value", "Should be a number"),
             ("/annotations/horizontal/1/1", "Should have property 'value'"),
             ("/legend", "Should NOT have additional property 'side'"),
             ("/legend/position", "Should be equal to one of the allowed values: right bottom hidden"),
             ("/yAxis", "Should NOT have additional property 'middle'"),
             ("/yAxis/left", "Should NOT have additional property 'minimum'")},
            {(m["DataPath"].removeprefix("/widgets/0/properties"), m["Message"]) for m in told})
        self.assertIn("diagonal", self.cw.get_dashboard(DashboardName="d")["DashboardBody"])


class Rest(harness.FreshCase):
    """Metric streams, tags, and what is not there."""

    def setUp(self):
        super().setUp()
        self.cw = self.server.client("cloudwatch")

    def test_metric_streams_are_kept(self):
        args = dict(Name="s", FirehoseArn=f"arn:aws:firehose:us-east-1:{harness.ACCOUNT}:deliverystream/f",
                    RoleArn=f"arn:aws:iam::{harness.ACCOUNT}:role/r", OutputFormat="json")
        arn = self.cw.put_metric_stream(**args, IncludeFilters=[{"Namespace": "App"}], Tags=[{"Key": "k", "Value": "v"}])["Arn"]
        got = self.cw.get_metric_stream(Name="s")
        self.assertEqual((got["Arn"], got["State"], got["IncludeFilters"]), (arn, "running", [{"Namespace": "App"}]))
        self.cw.stop_metric_streams(Names=["s"])
        self.assertEqual([s["State"] for s in self.cw.list_metric_streams()["Entries"]], ["stopped"])
        self.cw.start_metric_streams(Names=["s"])
        self.assertEqual(self.cw.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "k", "Value": "v"}])
        self.refused("InvalidParameterCombination", self.cw.put_metric_stream, **args,
                     IncludeFilters=[{"Namespace": "A"}], ExcludeFilters=[{"Namespace": "B"}])
        self.cw.delete_metric_stream(Name="s")
        self.refused("ResourceNotFoundException", self.cw.get_metric_stream, Name="s")

    def test_tags(self):
        self.cw.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="App", Statistic="Sum", Period=60,
                                 EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                 Tags=[{"Key": "x", "Value": "1"}])
        arn = f"arn:aws:cloudwatch:us-east-1:{harness.ACCOUNT}:alarm:a"
        self.cw.tag_resource(ResourceARN=arn, Tags=[{"Key": "y", "Value": "2"}, {"Key": "x", "Value": "3"}])
        tags = lambda: {t["Key"]: t["Value"] for t in self.cw.list_tags_for_resource(ResourceARN=arn)["Tags"]}
        self.assertEqual(tags(), {"x": "3", "y": "2"})
        self.cw.untag_resource(ResourceARN=arn, TagKeys=["x"])
        self.assertEqual(tags(), {"y": "2"})
        self.refused("ResourceNotFoundException", self.cw.tag_resource, ResourceARN=arn + "b", Tags=[])
        self.refused("InvalidParameterValue", self.cw.tag_resource, ResourceARN="nothing", Tags=[])

    def test_what_is_not_there(self):
        self.assertIn("no image", self.refused("NotImplemented", self.cw.get_metric_widget_image, MetricWidget="{}"))
        self.refused("NotImplemented", self.cw.put_insight_rule, RuleName="r", RuleDefinition="{}")
        self.refused("NotImplemented", self.cw.put_anomaly_detector, Namespace="App", MetricName="m", Stat="Sum")
        self.assertEqual(self.cw.describe_anomaly_detectors()["AnomalyDetectors"], [])
        self.assertEqual(self.cw.describe_insight_rules()["InsightRules"], [])

    def test_the_command_line_client(self):
        self.server.aws("cloudwatch", "put-metric-data", "--namespace", "App", "--metric-name", "m", "--value", "5",
                        "--dimensions", "Host=a")
        listed = json.loads(self.server.aws("cloudwatch", "list-metrics", "--namespace", "App").stdout)
        self.assertEqual(listed["Metrics"], [{"Namespace": "App", "MetricName": "m",
                                              "Dimensions": [{"Name": "Host", "Value": "a"}]}])
        got = json.loads(self.server.aws(
            "cloudwatch", "get-metric-statistics", "--namespace", "App", "--metric-name", "m", "--dimensions",
            "Name=Host,Value=a", "--start-time", "2026-01-05T09:00:00Z", "--end-time", "2026-01-05T09:05:00Z",
            "--period", "60", "--statistics", "Maximum").stdout)
        self.assertEqual([d["Maximum"] for d in got["Datapoints"]], [5])

    def test_records(self):
        self.cw.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 1}])
        self.cw.list_metrics()
        put, listed = self.server.record("PutMetricData"), self.server.record("ListMetrics")
        self.assertEqual((put["eventSource"], put["eventCategory"], put["managementEvent"], put["readOnly"]),
                         ("monitoring.amazonaws.com", "Data", False, False))
        self.assertEqual((listed["eventCategory"], listed["readOnly"]), ("Management", True))


class Crash(unittest.TestCase):
    def test_nothing_counted_is_lost_or_doubled(self):
        with harness.Server() as server:
            iam = server.client("iam")
            for name in "abc":
                iam.create_user(UserName=name)
            cw = server.client("cloudwatch")
            cw.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 7}])
            iam.create_user(UserName="d")
            server.kill()
            server.start()
            cw = server.client("cloudwatch")
            self.assertEqual(sums(cw, "Mocktrail", "Calls", Service="iam", Operation="CreateUser"),
                             [(at(0), 4, 4)])
            self.assertEqual(sums(cw, "App", "m"), [(at(0), 1, 7)])


if __name__ == "__main__":
    unittest.main()
