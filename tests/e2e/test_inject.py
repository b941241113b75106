"""POST /_mocktrail/events: back-dated records are validated, accepted once, and delivered like any other."""
import json
import unittest

import harness

RECORD = {
    "eventVersion": "1.11", "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE",
                                             "arn": "arn:aws:iam::222233334444:user/eve",
                                             "accountId": "222233334444", "userName": "eve"},
    "eventTime": "2026-01-03T07:00:00Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
    "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.7", "userAgent": "x",
    "requestParameters": {"userName": "mallory"}, "responseElements": None,
    "requestID": "11111111-2222-4333-8444-555555555555", "readOnly": False, "eventType": "AwsApiCall",
    "managementEvent": True, "recipientAccountId": "222233334444", "eventCategory": "Management",
}


def record(number, **changes):
    made = {**RECORD, "eventID": f"00000000-0000-4000-8000-{number:012d}", **changes}
    return {k: v for k, v in made.items() if v != "absent"}


class Inject(harness.ServerCase):
    def post(self, body):
        return self.server.control("POST", "events", body)

    def test_accepted_found_and_delivered(self):
        self.assertEqual(self.post({"Records": [record(1), record(2, eventTime="2026-01-04T07:00:00Z")]}),
                         (200, {"accepted": 2}))
        trail = self.server.client("cloudtrail", key="222233334444")
        found = trail.lookup_events(LookupAttributes=[
            {"AttributeKey": "Username", "AttributeValue": "eve"}])["Events"]
        self.assertEqual([e["EventId"][-1] for e in found], ["2", "1"])
        self.assertEqual(json.loads(found[1]["CloudTrailEvent"]), record(1))
        self.server.flush()
        delivered = [r for r in self.server.records() if r["recipientAccountId"] == "222233334444"]
        self.assertIn(record(1), delivered)

    def test_all_or_none(self):
        status, answer = self.post({"Records": [record(10), record(11, eventTime="yesterday")]})
        self.assertEqual((status, answer), (400, {
            "error": 'record 2: eventTime: expected a time such as "2026-01-05T09:00:00Z"'}))
        self.assertEqual(self.post(record(10)), (200, {"accepted": 1}))

    def test_an_event_is_on_record_once(self):
        self.assertEqual(self.post([record(20)])[0], 200)
        self.assertEqual(self.post([record(20)])[0], 409)
        self.assertEqual(self.post([record(21), record(21)])[0], 409)

    def test_deep_parameters_take_no_longer_than_flat_ones(self):
        deep = {"userName": "mallory"}
        for _ in range(60):
            deep = {"userName": "mallory", "a": deep}
        self.assertEqual(self.post(record(40, requestParameters=deep)), (200, {"accepted": 1}))

    def test_what_is_wrong_is_named(self):
        for member, value in (("eventID", "absent"), ("awsRegion", "moon-1"), ("readOnly", "true"),
                              ("recipientAccountId", "12"), ("userIdentity", None), ("eventVersion", "x"),
                              ("requestParameters", "x"), ("eventTime", "2036-01-01T00:00:00Z"),
                              ("eventSource", "iam")):
            status, answer = self.post(record(30, **{member: value}))
            self.assertEqual(status, 400, member)
            self.assertRegex(answer["error"], f"^record 1: {member}: expected ")
        self.assertEqual(self.post(record(30, userAgent="x" * 300000))[0], 400)
        for body in (5, [], {"Records": 5}):
            self.assertEqual(self.post(body)[0], 200 if body == [] else 400)


if __name__ == "__main__":
    unittest.main()
