"""The shipped scenario cis-alarms: call, record, log event, metric, ALARM, a message in a queue, each at its minute."""
import datetime
import json
import subprocess
import unittest

import harness

FIRED = datetime.datetime(2026, 1, 5, 9, 30, tzinfo=datetime.timezone.utc)  # the first; one each quarter of an hour
MINUTE = datetime.timedelta(minutes=1)
CONTROLS = ["4.1-unauthorized-api-calls", "4.2-console-login-without-mfa", "4.3-root-use",
            "4.4-iam-policy-changes", "4.5-cloudtrail-changes", "4.6-console-authentication-failures",
            "4.7-disabled-or-deleted-keys", "4.8-bucket-policy-changes", "4.9-config-changes",
            "4.10-security-group-changes", "4.11-network-acl-changes", "4.12-gateway-changes",
            "4.13-route-table-changes", "4.14-vpc-changes", "4.15-organizations-changes"]


def fired(control):
    return FIRED + 15 * CONTROLS.index(control) * MINUTE


class CisAlarms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(clock="virtual:2026-01-01T00:00:00Z").start()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        done = subprocess.run([harness.PROGRAM, "play", "cis-alarms", "--endpoint", cls.server.url, "--control"],
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.cloudwatch = cls.client("cloudwatch")
        pages = cls.cloudwatch.get_paginator("describe_alarm_history").paginate(HistoryItemType="StateUpdate")
        cls.history = [item for page in pages for item in page["AlarmHistoryItems"]]
        cls.messages = cls.read_queue()

    @classmethod
    def client(cls, service):
        """Not as root, whose use is alarming."""
        return cls.server.client(service, key="reader")

    @classmethod
    def read_queue(cls):
        """What SNS put into the queue, by alarm."""
        sqs, found = cls.client("sqs"), {}
        url = sqs.get_queue_url(QueueName="cis-alarms")["QueueUrl"]
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                told = json.loads(json.loads(message["Body"])["Message"])
                found.setdefault(told["AlarmName"], []).append(told)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def changes(self, control):
        """(minute, new state) of an alarm, in order of time."""
        found = []
        for item in self.history:
            if item["AlarmName"] == "cis-" + control:
                found.append((item["Timestamp"], json.loads(item["HistoryData"])["newState"]["stateValue"]))
        return sorted(found)

    def test_each_alarm_goes_to_alarm_and_back_at_its_minute(self):
        """The sum of five minutes is 1 from the next minute on. Missing periods are not breaching, but of the three
        that are looked at the newest one with data decides, so that it is OK when that has gone by."""
        installed = datetime.datetime(2026, 1, 5, 9, 2, tzinfo=datetime.timezone.utc)
        for control in CONTROLS:
            with self.subTest(control):
                at = fired(control)
                self.assertEqual(self.changes(control), [
                    (installed, "OK"), (at + MINUTE, "ALARM"), (at + 16 * MINUTE, "OK")])

    def test_each_change_is_a_message_in_the_queue(self):
        for control in CONTROLS:
            with self.subTest(control):
                told = sorted((m["StateChangeTime"], m["NewStateValue"]) for m in self.messages["cis-" + control])
                want = [(at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"), state) for at, state in self.changes(control)]
                self.assertEqual(told, want)
                self.assertEqual({m["Trigger"]["MetricName"] for m in self.messages["cis-" + control]}, {control})

    def test_the_metric_counts_the_one_call(self):
        for control in CONTROLS:
            with self.subTest(control):
                points = self.cloudwatch.get_metric_statistics(
                    Namespace="CISBenchmark", MetricName=control, Period=60, Statistics=["Sum"],
                    StartTime=FIRED - 30 * MINUTE, EndTime=FIRED + 300 * MINUTE)["Datapoints"]
                self.assertEqual([(p["Timestamp"], p["Sum"]) for p in points], [(fired(control), 1.0)])

    def test_the_filter_finds_the_log_event_of_the_record(self):
        logs = self.client("logs")
        self.server.flush()
        on_record = {r["eventID"] for r in self.server.records("cis-alarms-trail-logs")}
        for item in logs.describe_metric_filters(logGroupName="cis-trail")["metricFilters"]:
            with self.subTest(item["filterName"]):
                found = logs.filter_log_events(logGroupName="cis-trail", filterPattern=item["filterPattern"])["events"]
                self.assertEqual(len([e for e in found if e["timestamp"] / 1000 >= FIRED.timestamp()]), 1)
                self.assertLessEqual({json.loads(e["message"])["eventID"] for e in found}, on_record)


if __name__ == "__main__":
    unittest.main()
