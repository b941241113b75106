"""CloudWatch alarms: each minute on the clock, M out of N, history, actions, composite alarms."""
import datetime
import json
import unittest

import harness

START = datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.timezone.utc)
ARN = f"arn:aws:cloudwatch:us-east-1:{harness.ACCOUNT}:alarm:"


def at(minutes=0, **more):
    return START + datetime.timedelta(minutes=minutes, **more)


class AlarmCase(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.cw = self.server.client("cloudwatch")

    def alarm(self, name="a", **more):
        self.cw.put_metric_alarm(AlarmName=name, **{
            "MetricName": "m", "Namespace": "App", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 3, "ComparisonOperator": "GreaterThanOrEqualToThreshold", **more})

    def data(self, value, minute=0, **more):
        self.cw.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "m", "Value": value, "Timestamp": at(minute), **more}])

    def get(self, name="a"):
        got = self.cw.describe_alarms(AlarmNames=[name])
        [alarm] = got["MetricAlarms"] + got["CompositeAlarms"]
        return alarm

    def state(self, name="a"):
        return self.get(name)["StateValue"]

    def states(self, minutes, name="a"):
        """The state after each of so many minutes."""
        seen = []
        for _ in range(minutes):
            self.server.advance("1m")
            seen.append(self.state(name))
        return seen

    def history(self, kind=None, name="a"):
        more = {"HistoryItemType": kind} if kind else {}
        items = self.cw.describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending", **more)
        return [(i["Timestamp"], i["HistorySummary"]) for i in items["AlarmHistoryItems"]]


class MetricAlarms(AlarmCase):
    @harness.needs_newest
    def test_it_follows_the_metric_to_the_minute(self):
        self.alarm(TreatMissingData="notBreaching")
        first = self.get()
        self.assertEqual((first["StateValue"], first["StateReason"], first["AlarmArn"]),
                         ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", ARN + "a"))
        self.data(3, 1)
        self.assertEqual(self.states(6), ["OK", "ALARM", "ALARM", "ALARM", "OK", "OK"])
        self.assertEqual(self.history("StateUpdate"),
                         [(at(1), "Alarm updated from INSUFFICIENT_DATA to OK"),
                          (at(2), "Alarm updated from OK to ALARM"),
                          (at(5), "Alarm updated from ALARM to OK")])
        seen = self.get()
        self.assertEqual((seen["StateUpdatedTimestamp"], seen["StateTransitionedTimestamp"]), (at(5), at(5)))
        self.assertEqual(seen["StateReason"], "Threshold Crossed: no datapoints were received for 1 period "
                                              "and 1 missing datapoint was treated as [NonBreaching].")

    def test_reasons(self):
        self.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
        for minute, value in enumerate((5, 1, 4)):
            self.data(value, minute)
        self.assertEqual(self.states(3)[-1], "ALARM")
        seen = self.get()
        self.assertEqual(
            seen["StateReason"],
            "Threshold Crossed: 2 out of the last 3 datapoints [4.0 (05/01/26 09:02:00), 5.0 (05/01/26 "
            "09:00:00)] were greater than or equal to the threshold (3.0) (minimum 2 datapoints for OK -> "
            "ALARM transition).")
        data = json.loads(seen["StateReasonData"])
        self.assertEqual((data["recentDatapoints"], data["threshold"], data["statistic"], data["period"]),
                         ([5, 1, 4], 3, "Sum", 60))
        self.assertEqual(data["evaluatedDatapoints"][0],
                         {"timestamp": "2026-01-05T09:02:00.000+0000", "sampleCount": 1, "value": 4})
        self.assertEqual(data["queryDate"], "2026-01-05T09:03:00.000+0000")

    def test_without_data(self):
        for treat, want in (("missing", "INSUFFICIENT_DATA"), ("ignore", "INSUFFICIENT_DATA"),
                            ("breaching", "ALARM"), ("notBreaching", "OK")):
            self.alarm(treat, TreatMissingData=treat)
        self.server.advance("1m")
        self.assertEqual([self.state(t) for t in ("missing", "ignore", "breaching", "notBreaching")],
                         ["INSUFFICIENT_DATA", "INSUFFICIENT_DATA", "ALARM", "OK"])
        self.data(1, 1)
        self.server.advance("1m")
        self.assertEqual({self.state(t) for t in ("missing", "ignore", "breaching", "notBreaching")}, {"OK"})
        self.server.advance("5m")
        self.assertEqual([self.state(t) for t in ("missing", "ignore", "breaching", "notBreaching")],
                         ["INSUFFICIENT_DATA", "OK", "ALARM", "OK"])

    def test_math_percentiles_and_long_periods(self):
        metric = {"MetricStat": {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}}
        self.cw.put_metric_alarm(AlarmName="math", EvaluationPeriods=1, Threshold=10,
                                 ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
                                 Metrics=[{"Id": "m1", "ReturnData": False, **metric},
                                          {"Id": "e", "Expression": "m1 * 4"}])
        self.cw.put_metric_alarm(AlarmName="p", MetricName="m", Namespace="App", ExtendedStatistic="p90",
                                 Period=60, EvaluationPeriods=1, Threshold=2.5,
                                 ComparisonOperator="GreaterThanThreshold")
        self.alarm("five", Period=300, Threshold=6, TreatMissingData="notBreaching")
        self.data(3, 0)
        self.data(3, 3)
        self.server.advance("1m")
        self.assertEqual([self.state(n) for n in ("math", "p", "five")], ["ALARM", "ALARM", "OK"])
        self.assertEqual(self.states(6, "five"), ["OK", "OK", "ALARM", "ALARM", "OK", "OK"])

    def test_ten_seconds(self):
        self.alarm(Period=10, TreatMissingData="notBreaching")
        self.cw.put_metric_data(Namespace="App", MetricData=[
            {"MetricName": "m", "Value": 9, "StorageResolution": 1, "Timestamp": at(0, seconds=12)}])
        seen = []
        for _ in range(5):
            self.server.advance("10s")
            seen.append(self.state())
        self.assertEqual(seen, ["OK", "ALARM", "ALARM", "ALARM", "OK"])

    def test_calls_raise_alarms(self):
        self.alarm(MetricName="4xxErrors", Namespace="Mocktrail", Threshold=1,
                   Dimensions=[{"Name": "Service", "Value": "iam"}, {"Name": "Operation", "Value": "GetUser"}])
        self.refused("NoSuchEntity", self.server.client("iam").get_user, UserName="nobody")
        self.assertEqual(self.states(1), ["ALARM"])

    def test_set_by_hand_until_the_next_look(self):
        self.alarm(TreatMissingData="notBreaching")
        self.server.advance("1m")
        self.cw.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a test",
                                StateReasonData='{"by": "hand"}')
        seen = self.get()
        self.assertEqual((seen["StateValue"], seen["StateReason"]), ("ALARM", "a test"))
        self.assertEqual(self.states(1), ["OK"])
        self.refused("ResourceNotFound", self.cw.set_alarm_state, AlarmName="no", StateValue="OK", StateReason="")
        self.refused("InvalidFormat", self.cw.set_alarm_state, AlarmName="a", StateValue="OK", StateReason="",
                     StateReasonData="{")

    @harness.needs_newest
    def test_what_is_refused(self):
        metric = {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60,
                                             "Stat": "Sum"}}
        bare = dict(AlarmName="a", EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
        for word, more in (("Period must", {"Period": 45}), ("Exactly one of Statistic", {"ExtendedStatistic": "p9"}),
                           ("datapoints to alarm", {"DatapointsToAlarm": 2}), ("a day", {"EvaluationPeriods": 1441}),
                           ("a week", {"Period": 3600, "EvaluationPeriods": 169}),
                           ("TreatMissingData", {"TreatMissingData": "never"}),
                           ("EvaluateLow", {"EvaluateLowSampleCountPercentile": "never"}),
                           ("Invalid arn", {"AlarmActions": ["nowhere"]}), ("finite", {"Threshold": float("nan")}),
                           ("anomaly", {"ComparisonOperator": "GreaterThanUpperThreshold"}),
                           ("Exactly one of MetricName", {"Metrics": [metric]})):
            with self.subTest(word=word):
                self.assertIn(word, self.refused("ValidationError", self.alarm, **more))
        for word, metrics in (("should return data", [metric, {**metric, "Id": "m2"}]),
                              ("SEARCH", [{"Id": "e", "Expression": "SEARCH('m', 'Sum', 60)"}]),
                              ("Unknown id", [{"Id": "e", "Expression": "zz"}])):
            self.assertIn(word, self.refused("ValidationError", self.cw.put_metric_alarm, Metrics=metrics, **bare))
        self.assertEqual(self.cw.describe_alarms()["MetricAlarms"], [])

    def test_described_and_deleted(self):
        for name in ("web-1", "web-2", "db"):
            self.alarm(name, AlarmActions=[f"arn:aws:sns:us-east-1:{harness.ACCOUNT}:{name}"])
        names = lambda **args: [a["AlarmName"] for a in self.cw.describe_alarms(**args)["MetricAlarms"]]
        self.assertEqual(names(), ["db", "web-1", "web-2"])
        self.assertEqual(names(AlarmNamePrefix="web"), ["web-1", "web-2"])
        self.assertEqual(names(ActionPrefix=f"arn:aws:sns:us-east-1:{harness.ACCOUNT}:d"), ["db"])
        self.assertEqual(names(StateValue="OK"), [])
        pages = [[a["AlarmName"] for a in p["MetricAlarms"]] for p in
                 self.cw.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})]
        self.assertEqual(pages, [["db", "web-1"], ["web-2"]])
        got = self.cw.describe_alarms_for_metric(Namespace="App", MetricName="m", Statistic="Sum")
        self.assertEqual(len(got["MetricAlarms"]), 3)
        self.assertEqual(self.cw.describe_alarms_for_metric(Namespace="App", MetricName="x")["MetricAlarms"], [])
        self.cw.delete_alarms(AlarmNames=["web-1", "nobody"])
        self.assertEqual(names(), ["db", "web-2"])
        self.assertEqual([s for _, s in self.history(name="web-1")],
                         ['Alarm "web-1" created', 'Alarm "web-1" deleted'])

    def test_ninety_days_pass_quickly_with_an_alarm(self):
        with harness.Server("--deliver-every", "24h", "--digest-every", "24h", "--no-default-trail") as server:
            cw = server.client("cloudwatch")
            cw.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="App", Statistic="Sum", Period=60,
                                EvaluationPeriods=1, Threshold=3, ComparisonOperator="GreaterThanThreshold")
            cw.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 7}])
            server.advance("90d")
            items = cw.describe_alarms()["MetricAlarms"]
            self.assertEqual((items[0]["StateValue"], items[0]["StateUpdatedTimestamp"]),
                             ("INSUFFICIENT_DATA", at(4)))


class Actions(AlarmCase):
    """SNS, through a queue, and EventBridge."""

    def setUp(self):
        super().setUp()
        self.sns, self.sqs = self.server.client("sns"), self.server.client("sqs")
        self.topic = self.sns.create_topic(Name="t")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        self.queue_arn = self.sqs.get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.queue_arn)

    def messages(self):
        got = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for m in batch:
                got.append(json.loads(m["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=m["ReceiptHandle"])
        return got

    def test_a_topic_is_told_of_each_transition(self):
        self.alarm(AlarmActions=[self.topic], OKActions=[self.topic], AlarmDescription="too many",
                   TreatMissingData="notBreaching", Dimensions=[{"Name": "d", "Value": "x"}], Unit="Count")
        self.data(5, 1, Dimensions=[{"Name": "d", "Value": "x"}], Unit="Count")
        self.server.advance("6m")
        ok, alarm, ok_again = self.messages()
        self.assertEqual([m["Subject"] for m in (ok, alarm, ok_again)],
                         ['OK: "a" in US East (N. Virginia)', 'ALARM: "a" in US East (N. Virginia)',
                          'OK: "a" in US East (N. Virginia)'])
        body = json.loads(alarm["Message"])
        reason = body.pop("NewStateReason")
        self.assertTrue(reason.startswith("Threshold Crossed: 1 out of the last 1 datapoints [5.0 (05/01/26 09:01:00)]"))
        self.assertEqual(body, {
            "AlarmName": "a", "AlarmDescription": "too many", "AWSAccountId": harness.ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": "2026-01-05T09:00:00.000+0000", "NewStateValue": "ALARM",
            "StateChangeTime": "2026-01-05T09:02:00.000+0000", "Region": "US East (N. Virginia)",
            "AlarmArn": ARN + "a", "OldStateValue": "OK", "OKActions": [self.topic], "AlarmActions": [self.topic],
            "InsufficientDataActions": [],
            "Trigger": {"MetricName": "m", "Namespace": "App", "StatisticType": "Statistic", "Statistic": "SUM",
                        "Unit": "Count", "Dimensions": [{"value": "x", "name": "d"}], "Period": 60,
                        "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                        "Threshold": 3.0, "TreatMissingData": "notBreaching",
                        "EvaluateLowSampleCountPercentile": ""}})
        self.assertEqual(self.history("Action")[0][1], f"Successfully executed action {self.topic}")

    def test_actions_that_are_off_or_not_performed(self):
        lambda_arn = f"arn:aws:lambda:us-east-1:{harness.ACCOUNT}:function:f"
        gone = f"arn:aws:sns:us-east-1:{harness.ACCOUNT}:gone"
        self.alarm(AlarmActions=[lambda_arn, gone, self.topic], TreatMissingData="breaching")
        self.cw.disable_alarm_actions(AlarmNames=["a"])
        self.server.advance("1m")
        self.assertEqual((self.state(), self.messages(), self.history("Action")), ("ALARM", [], []))
        self.cw.enable_alarm_actions(AlarmNames=["a"])
        self.cw.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="again")
        self.server.advance("1m")
        self.assertEqual(len(self.messages()), 1)
        self.assertEqual([s for _, s in self.history("Action")], [
            f'Failed to execute action {lambda_arn}. Received error: "This action is not performed by mocktrail"',
            f'Failed to execute action {gone}. Received error: "Resource: topic does not exist"',
            f"Successfully executed action {self.topic}"])

    def test_the_event_of_a_change(self):
        events = self.server.client("events")
        events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
        events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": self.queue_arn}])
        self.alarm(TreatMissingData="breaching")
        self.server.advance("1m")
        [event] = self.messages()
        self.assertEqual((event["detail-type"], event["resources"], event["time"]),
                         ("CloudWatch Alarm State Change", [ARN + "a"], "2026-01-05T09:01:00Z"))
        detail = event["detail"]
        self.assertEqual((detail["alarmName"], detail["state"]["value"], detail["previousState"]["value"]),
                         ("a", "ALARM", "INSUFFICIENT_DATA"))
        self.assertEqual(detail["configuration"]["metrics"][0]["metricStat"],
                         {"metric": {"namespace": "App", "name": "m", "dimensions": {}}, "period": 60, "stat": "Sum"})

    def test_changes_of_one_moment_have_ids_of_their_own(self):
        events = self.server.client("events")
        events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
        events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": self.queue_arn}])
        self.alarm()
        for state in ("ALARM", "OK", "ALARM"):
            self.cw.set_alarm_state(AlarmName="a", StateValue=state, StateReason="x")
        changes = self.messages()
        self.assertEqual([e["detail"]["state"]["value"] for e in changes], ["ALARM", "OK", "ALARM"])
        self.assertEqual(len({e["id"] for e in changes}), 3)
        events.remove_targets(Rule="r", Ids=["q"])
        self.alarm(AlarmActions=[self.topic])
        for state in ("OK", "ALARM", "OK", "ALARM"):
            self.cw.set_alarm_state(AlarmName="a", StateValue=state, StateReason="x")
        told = self.messages()
        self.assertEqual((len(told), len({m["MessageId"] for m in told})), (2, 2))

    def test_composite_alarms_follow_and_are_held_back(self):
        for name in ("a", "b", "quiet"):
            self.alarm(name, MetricName=name, TreatMissingData="ignore")
        self.cw.put_composite_alarm(AlarmName="both", AlarmRule=f'ALARM("a") AND ALARM({ARN}b)',
                                    AlarmActions=[self.topic], ActionsSuppressor="quiet",
                                    ActionsSuppressorWaitPeriod=60, ActionsSuppressorExtensionPeriod=120)
        put = lambda name, value: self.cw.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")
        self.assertEqual(self.state("both"), "OK")
        put("a", "ALARM")
        self.assertEqual(self.state("both"), "OK")
        put("b", "ALARM")
        seen = self.get("both")
        self.assertEqual((seen["StateValue"], seen["ActionsSuppressedBy"]), ("ALARM", "WaitPeriod"))
        self.assertEqual(seen["StateReason"],
                         ARN + "a transitioned to ALARM at Monday 05 January, 2026 09:00:00 UTC")
        put("quiet", "ALARM")
        self.server.advance("10m")
        self.assertEqual((self.get("both")["ActionsSuppressedBy"], self.messages()), ("Alarm", []))
        put("quiet", "OK")
        self.server.advance("1m")
        self.assertEqual((self.get("both")["ActionsSuppressedBy"], self.messages()), ("ExtensionPeriod", []))
        self.server.advance("3m")
        self.assertNotIn("ActionsSuppressedBy", self.get("both"))
        [message] = self.messages()
        self.assertEqual(message["Subject"], 'ALARM: "both" in US East (N. Virginia)')
        put("b", "OK")
        self.assertEqual(self.state("both"), "OK")

    def test_rules_and_relatives_of_composite_alarms(self):
        self.alarm("a")
        composite = self.cw.put_composite_alarm
        self.assertIn("[nobody] in the alarm rule do not exist",
                      self.refused("ValidationError", composite, AlarmName="c", AlarmRule="ALARM(nobody)"))
        self.assertIn("expected", self.refused("ValidationError", composite, AlarmName="c", AlarmRule="ALARM(a"))
        self.refused("ValidationError", composite, AlarmName="c", AlarmRule="TRUE", ActionsSuppressor="a")
        self.refused("ValidationError", composite, AlarmName="a", AlarmRule="TRUE")
        for elsewhere in (ARN.replace(harness.ACCOUNT, "999999999999"), ARN.replace("us-east-1", "eu-west-1")):
            self.assertIn(f"[{elsewhere}a] in the alarm rule do not exist", self.refused(
                "ValidationError", composite, AlarmName="c", AlarmRule=f"ALARM({elsewhere}a)"))
        composite(AlarmName="c", AlarmRule="NOT OK(a)")
        self.assertEqual(self.state("c"), "ALARM")
        self.assertIn("[c]", self.refused("ValidationError", self.cw.delete_alarms, AlarmNames=["a"]))
        names = lambda **args: [a["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms")
                                for a in self.cw.describe_alarms(**args)[kind]]
        self.assertEqual(names(), ["a"])
        self.assertEqual(names(AlarmTypes=["CompositeAlarm"]), ["c"])
        self.assertEqual(names(ChildrenOfAlarmName="c"), ["a"])
        self.assertEqual(names(ParentsOfAlarmName="a"), ["c"])
        composite(AlarmName="d", AlarmRule="ALARM(c)")
        composite(AlarmName="c", AlarmRule="ALARM(d)")  # a cycle: allowed, and never evaluated
        self.cw.set_alarm_state(AlarmName="d", StateValue="OK", StateReason="x")
        self.server.advance("2m")
        self.assertEqual((self.state("c"), self.state("d")), ("ALARM", "OK"))
        self.cw.delete_alarms(AlarmNames=["a"])
        self.refused("ValidationError", self.cw.delete_alarms, AlarmNames=["c"])


class Restart(unittest.TestCase):
    def test_states_survive_a_kill_and_go_on(self):
        with harness.Server() as server:
            cw = server.client("cloudwatch")
            cw.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="App", Statistic="Sum", Period=60,
                                EvaluationPeriods=1, Threshold=3, TreatMissingData="notBreaching",
                                ComparisonOperator="GreaterThanOrEqualToThreshold")
            cw.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 7}])
            now = server.advance("1m")
            server.kill()
            server.args[server.args.index("--clock") + 1] = "virtual:" + now
            server.start()
            cw = server.client("cloudwatch")
            self.assertEqual(cw.describe_alarms()["MetricAlarms"][0]["StateValue"], "ALARM")
            server.advance("4m")
            self.assertEqual(cw.describe_alarms()["MetricAlarms"][0]["StateValue"], "OK")
            items = cw.describe_alarm_history(AlarmName="a", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
            self.assertEqual([i["Timestamp"] for i in items], [at(4), at(1)])


if __name__ == "__main__":
    unittest.main()
