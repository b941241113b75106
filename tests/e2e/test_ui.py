"""The pages under /_mocktrail/ui/ without a browser: what each address answers, what they may read, and what their
JavaScript makes of a dashboard's body."""
import json
import shutil
import subprocess
import unittest
import urllib.request

import harness

UI = harness.ROOT / "fixtures" / "ui"
HTML, CSS, JS = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"
FILES = [("", HTML), ("dashboards", HTML), ("dashboards/any-name", HTML), ("alarms", HTML), ("events", HTML), ("map", HTML),
         ("ui.css", CSS), ("ui.js", JS), ("widgets.js", JS), ("draw.js", JS), ("chart.js", JS)]
SPAN = {"StartTime": 1767603600, "EndTime": 1767607200}
READS = [("cloudwatch", "ListDashboards", {}, "DashboardEntries"),
         ("cloudwatch", "GetDashboard", {"DashboardName": "kept"}, "DashboardBody"),
         ("cloudwatch", "GetMetricData", {**SPAN, "MetricDataQueries": [{"Id": "q", "Expression": "1+1"}]}, "MetricDataResults"),
         ("cloudwatch", "DescribeAlarms", {}, "MetricAlarms"),
         ("cloudwatch", "DescribeAlarmHistory", {}, "AlarmHistoryItems"),
         ("cloudtrail", "LookupEvents", {}, "Events"),
         ("xray", "GetServiceGraph", SPAN, "Services"),
         ("xray", "GetTraceSummaries", SPAN, "TraceSummaries"),
         ("xray", "BatchGetTraces", {"TraceIds": ["1-695b8f50-0123456789abcdef01234567"]}, "Traces")]

# [function, arguments, result or "! what the error says"].
# Source: CloudWatch API Reference, "Dashboard Body Structure and Syntax".
ROW = ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1"]
HOUR = {"start": 1767603600, "end": 1767607200}


def stat(names, period=60, statistic="Sum", identity="auto0", **more):
    dimensions = [{"Name": n, "Value": v} for n, v in zip(names[2::2], names[3::2])]
    return {"Id": identity, "ReturnData": True, **more, "MetricStat": {
        "Metric": {"Namespace": names[0], "MetricName": names[1], "Dimensions": dimensions},
        "Period": period, "Stat": statistic}}


EXPECTATIONS = [
    # metrics: "." is what stands there in the row before, "..." all that the others leave
    ["fullRow", [ROW, []], {"names": ROW, "options": {}}],
    ["fullRow", [[".", "NetworkIn", ".", "i-2"], ROW], {"names": ["AWS/EC2", "NetworkIn", "InstanceId", "i-2"], "options": {}}],
    ["fullRow", [["...", "i-2"], ROW], {"names": [*ROW[:3], "i-2"], "options": {}}],
    ["fullRow", [["...", {"stat": "p90"}], ROW], {"names": ROW, "options": {"stat": "p90"}}],
    ["fullRow", [["Own", "...", "i-2"], ROW], {"names": ["Own", *ROW[1:3], "i-2"], "options": {}}],
    ["fullRow", [[{"expression": "m1*2"}], ROW], {"names": [], "options": {"expression": "m1*2"}}],
    ["fullRow", [[".", "NetworkIn"], []], "! \".\" has nothing to repeat"],
    ["fullRow", [["...", "a", "b", "c", "d", "e"], ROW], "! \"...\" has nothing to repeat"],
    ["fullRow", [["A", "m", "D"], []], "! pairs of dimensions"],
    # an option of a row stands before the widget's; the period is 300 and the statistic Average where none says
    ["queriesOf", [{"metrics": [ROW]}], [stat(ROW, 300, "Average")]],
    ["queriesOf", [{"metrics": [ROW], "period": 60, "stat": "Sum"}], [stat(ROW)]],
    ["queriesOf", [{"metrics": [[*ROW, {"period": 3600, "stat": "p90", "id": "m1", "label": "cpu"}]], "period": 60}],
     [stat(ROW, 3600, "p90", "m1", Label="cpu")]],
    ["queriesOf", [{"metrics": [[*ROW, {"visible": False}]], "period": 60, "stat": "Sum"}], [stat(ROW, ReturnData=False)]],
    ["queriesOf", [{"metrics": [[{"expression": "1+1", "id": "e"}]]}],
     [{"Id": "e", "ReturnData": True, "Expression": "1+1", "Period": 300}]],
    ["queriesOf", [{"metrics": [ROW], "stat": "Sum", "view": "singleValue", "setPeriodToTimeRange": True}, HOUR],
     [stat(ROW, 3600)]],
    ["queriesOf", [{"metrics": [ROW], "stat": "Sum", "setPeriodToTimeRange": True}, HOUR], [stat(ROW, 300)]],
    ["queriesOf", [{"metrics": [[*ROW, {"region": "eu-west-1"}]], "region": "us-east-1"}], "! another region"],
    # start, end: relative or absolute; the last three hours by default
    ["moment", ["-PT90M", 10000], 4600], ["moment", ["-PT3H", 10800], 0], ["moment", ["-P1D", 86400], 0],
    ["moment", ["-P2W", 1209600], 0], ["moment", ["-P1M", 2592000], 0],
    ["moment", ["2026-01-05T09:00:00.000Z", 0], 1767603600], ["moment", ["2026-01-05T10:00:00+01:00", 0], 1767603600],
    ["moment", ["soon", 0], "! expected a time"],
    ["spanOf", [{}, 10800], {"start": 0, "end": 10800}],
    ["spanOf", [{"start": "2026-01-05T09:00:00Z", "end": "2026-01-05T10:00:00Z"}, 0], HOUR],
    ["spanOf", [{"start": "2026-01-05T10:00:00Z", "end": "2026-01-05T09:00:00Z"}, 0], "! a start before the end"],
    # x, y: the next place that is free by default; width and height are 6 by default
    ["placeOf", [{"x": 12, "y": 3, "width": 8, "height": 2}, []], {"x": 12, "y": 3, "width": 8, "height": 2}],
    ["placeOf", [{}, []], {"x": 0, "y": 0, "width": 6, "height": 6}],
    ["placeOf", [{}, [{"x": 0, "y": 0, "width": 6, "height": 6}]], {"x": 6, "y": 0, "width": 6, "height": 6}],
    ["placeOf", [{}, [{"x": 0, "y": 0, "width": 20, "height": 2}]], {"x": 0, "y": 2, "width": 6, "height": 6}],
    ["placeOf", [{"x": 20, "y": 0, "width": 12}, []], {"x": 12, "y": 0, "width": 12, "height": 6}],
    # at most eight times, each round
    ["timeTicks", [{"start": 1767603660, "end": 1767607200}], [{"value": 1767603600000 + k * 600000} for k in range(1, 7)]],
    ["timeTicks", [{"start": 0, "end": 3 * 365 * 86400}], [{"value": k * 13515429000} for k in range(7)]],
    ["tickText", [1767603600, HOUR], "09:00"], ["tickText", [1767603600, HOUR, 5400], "10:30"],
    ["tickText", [1767603600, {"start": 0, "end": 86401}], "01-05 09:00"],
    ["offsetOf", ["+0130"], 5400], ["offsetOf", ["-0800"], -28800], ["offsetOf", ["CET"], "! such as +0130"],
    # what is accepted and not drawn is named
    ["notDrawnOf", [{"type": "metric", "properties": {"metrics": [ROW], "sparkline": True, "trend": True}}], ["trend"]],
    ["notDrawnOf", [{"type": "alarm", "properties": {"alarms": [], "sortBy": "default"}}], ["sortBy"]],
    ["notDrawnOfBody", [{"widgets": [], "periodOverride": "inherit"}], []],
    ["notDrawnOfBody", [{"widgets": [], "periodOverride": "auto", "variables": []}], ["periodOverride", "variables"]],
    ["labelsOf", [[{"Id": "a", "Label": "m"}, {"Id": "b", "Label": "m"}],
                  [{"query": stat(["N", "m", "D", v], identity=i)} for i, v in (("a", "1"), ("b", "2"))]], ["m 1", "m 2"]],
]
RUN = """
const context = vm.createContext({ Date });
vm.runInContext(fs.readFileSync(process.argv[1], "utf8"), context);
const given = JSON.parse(fs.readFileSync(0, "utf8"));
const answers = given.map(([name, parameters]) => {
    try {
        const got = vm.runInContext(name, context)(...parameters);
        return name === "queriesOf" ? got.map((line) => line.query) : got;
    } catch (error) {
        return "! " + error.message;
    }
});
console.log(JSON.stringify(answers));
"""


class Pages(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.client("cloudwatch").put_dashboard(DashboardName="kept", DashboardBody='{"widgets":[]}')

    def read(self, service, operation, parameters=None, headers=None, **more):
        question = {"service": service, "operation": operation, "parameters": parameters or {}, **more}
        return self.server.control("POST", "ui/read", question, headers)

    def test_each_file_answers_with_its_type(self):
        for path, kind in FILES:
            with self.subTest(path), urllib.request.urlopen(f"{self.server.url}/_mocktrail/ui/{path}") as answer:
                self.assertEqual(answer.headers["Content-Type"], kind)
                text = answer.read()
                self.assertGreater(len(text), 500)
                if (UI / path).is_file():
                    self.assertEqual(text, (UI / path).read_bytes())

    def test_what_is_no_page_is_not_found(self):
        for path in ("nothing", "ui.css/x", "../../etc/passwd"):
            with self.subTest(path):
                self.assertEqual(self.server.control("GET", "ui/" + path)[0], 404)

    def test_each_read_of_the_pages_is_answered(self):
        for service, operation, parameters, member in READS:
            with self.subTest(operation):
                status, answer = self.read(service, operation, parameters)
                self.assertEqual(status, 200, answer)
                self.assertIn(member, answer)

    def test_a_read_is_of_its_account_and_region(self):
        for where, found in (({}, 1), ({"region": "eu-west-1"}, 1), ({"account": "222233334444"}, 0)):
            with self.subTest(where):
                answer = self.read("cloudwatch", "ListDashboards", **where)[1]
                self.assertEqual(len(answer["DashboardEntries"]), found)

    def test_other_operations_are_refused(self):
        for service, operation in (("cloudwatch", "PutDashboard"), ("cloudwatch", "DeleteDashboards"), ("iam", "ListUsers"),
                                   ("secretsmanager", "GetSecretValue"), ("", "")):
            with self.subTest(operation):
                status, answer = self.read(service, operation)
                self.assertEqual(status, 400)
                self.assertIn("expected a read of the pages, such as cloudwatch and ListDashboards", answer["error"])

    def test_a_bad_question_says_what_was_expected(self):
        status, answer = self.read("cloudwatch", "GetMetricData", {"StartTime": "now", "EndTime": 1, "MetricDataQueries": []})
        self.assertEqual((status, answer), (400, {"error": "STRING_VALUE can not be converted to a Timestamp"}))
        status, answer = self.read("cloudwatch", "GetDashboard", {"DashboardName": "none"})
        self.assertEqual((status, answer["error"]), (400, "DashboardNotFoundError"))
        self.assertIn("none", answer["message"])

    def test_a_page_of_elsewhere_reads_nothing(self):
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"},
                        {"Host": "rebound.example:4566"}):
            with self.subTest(headers):
                self.assertEqual(self.read("cloudtrail", "LookupEvents", headers=headers)[0], 403)
        self.assertEqual(self.server.control("GET", "ui/", headers={"Host": "evil.example"})[0], 403)

    def test_reading_leaves_no_record_and_no_change(self):
        self.server.flush()
        before = self.traces_left()
        for service, operation, parameters, _ in READS:
            self.assertEqual(self.read(service, operation, parameters)[0], 200)
        self.server.flush()
        self.assertEqual(self.traces_left(), before)

    def traces_left(self):
        """Event ids on record, and what the metrics of calls say."""
        calls = [line for line in self.server.control("GET", "metrics")[1].splitlines() if not line.startswith("#")]
        return {r["eventID"] for r in self.server.records()}, calls


@unittest.skipUnless(shutil.which("node"), "needs node, to run the pages' JavaScript")
class JavaScript(unittest.TestCase):
    def test_a_body_is_read_as_cloudwatch_does(self):
        given = json.dumps([row[:2] for row in EXPECTATIONS])
        source = 'const fs = require("fs"), vm = require("vm");' + RUN
        done = subprocess.run(["node", "-e", source, str(UI / "widgets.js")], input=given,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = json.loads(done.stdout)
        for (name, parameters, want), got in zip(EXPECTATIONS, answers, strict=True):
            with self.subTest(name, parameters=parameters):
                if isinstance(want, str) and want.startswith("! "):
                    self.assertIn(want[2:], got)
                else:
                    self.assertEqual(got, want)


if __name__ == "__main__":
    unittest.main()
