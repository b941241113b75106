"""Every call that got an answer, failures and refusals included, is in LookupEvents at once (if it is a
management event) and in exactly one delivered file."""
import collections
import json
import unittest

import botocore.exceptions
import harness

ROLE = f"arn:aws:iam::{harness.ACCOUNT}:role/none"
# (service, method, arguments, is it a data event)
CALLS = [
    ("sts", "get_caller_identity", {}, False),
    ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "session"}, False),
    ("iam", "create_user", {"UserName": "a"}, False),
    ("iam", "create_user", {"UserName": "a"}, False),
    ("iam", "get_user", {"UserName": "nobody"}, False),
    ("iam", "list_users", {}, False),
    ("s3", "create_bucket", {"Bucket": "a-bucket"}, False),
    ("s3", "list_buckets", {}, False),
    ("s3", "put_object", {"Bucket": "a-bucket", "Key": "k", "Body": b"1"}, True),
    ("s3", "get_object", {"Bucket": "a-bucket", "Key": "k"}, True),
    ("s3", "get_object", {"Bucket": "a-bucket", "Key": "other"}, True),
    ("s3", "get_bucket_policy", {"Bucket": "a-bucket"}, False),
    ("s3", "head_bucket", {"Bucket": "a-bucket"}, True),
    ("ec2", "describe_regions", {}, False),
    ("ec2", "run_instances", {"ImageId": "ami-0abcdef1234567890", "MinCount": 1, "MaxCount": 1}, False),
    ("kms", "create_key", {}, False),
    ("lambda", "list_functions", {}, False),
    ("dynamodb", "list_tables", {}, False),
    ("cloudwatch", "describe_alarms", {}, False),
    ("cloudtrail", "describe_trails", {}, False),
    ("cloudtrail", "get_trail_status", {"Name": "absent"}, False),
    ("organizations", "describe_organization", {}, False),
    ("route53", "list_hosted_zones", {}, False),
    ("guardduty", "list_detectors", {}, False),
]


class OnRecord(harness.ServerCase):
    def test_all_are(self):
        asked = {}
        for service, method, arguments, data in CALLS:
            try:
                answer = getattr(self.server.client(service), method)(**arguments)
            except botocore.exceptions.ClientError as error:
                answer = error.response
            asked[answer["ResponseMetadata"]["RequestId"]] = (service, method, data,
                                                              answer.get("Error", {}).get("Code"))
        self.assertEqual(len(asked), len(CALLS))
        trail = self.server.client("cloudtrail")
        found = collections.Counter()
        for page in trail.get_paginator("lookup_events").paginate():
            for event in page["Events"]:
                found[json.loads(event["CloudTrailEvent"])["requestID"]] += 1
        for rid, (service, method, data, _) in asked.items():
            self.assertEqual(found[rid], 0 if data else 1, f"{service} {method} in LookupEvents")
        self.server.flush()
        delivered = collections.Counter(r["requestID"] for r in self.server.records())
        for rid, (service, method, _, code) in asked.items():
            self.assertEqual(delivered[rid], 1, f"{service} {method} in files")
        errors = {r["requestID"]: r.get("errorCode") for r in self.server.records()}
        for rid, (service, method, _, code) in asked.items():
            self.assertEqual(errors[rid] is None, code is None, f"{service} {method}: {code}, {errors[rid]}")


if __name__ == "__main__":
    unittest.main()
