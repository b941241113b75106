"""CloudWatch metrics through boto3: what is put comes back, by each protocol, on the one clock."""
import datetime
import unittest

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
        self.refused(both, self.cw.get_metric_statistics, Namespace="App", MetricName="m", Period=60,
                     StartTime=at(0), EndTime=at(1))
        self.refused(value, self.get, ExtendedStatistics=["p101"])
        self.assertIn("1,441 datapoints", self.refused(both, self.get, start=at(0), end=at(1441)))


if __name__ == "__main__":
    unittest.main()
