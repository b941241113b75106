"""One call, one truth, many views: sixty calls, and the same request ids wherever they show."""
import json
import unittest

import harness

GROUP = "trail"
BUS_STATE = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def sixty(server):
    """Sixty calls of nine services: reads, writes, refusals, objects. Their request ids."""
    ids = []

    def call(client, operation, **params):
        try:
            answer = getattr(client, operation)(**params)
            ids.append(answer["ResponseMetadata"]["RequestId"])
        except client.exceptions.ClientError as error:
            answer = {}
            ids.append(error.response["ResponseMetadata"]["RequestId"])
        return answer

    iam, s3, sts, kms = (server.client(name) for name in ("iam", "s3", "sts", "kms"))
    ec2, ssm, secrets, lam = (server.client(name) for name in ("ec2", "ssm", "secretsmanager", "lambda"))
    dynamo = server.client("dynamodb", region="eu-west-1")
    for i in range(8):
        call(iam, "create_user", UserName=f"user{i}")
    for i in range(4):
        call(iam, "get_user", UserName=f"user{2 * i + 3}")  # the last ones are not there
    call(iam, "create_user", UserName="user0")
    call(s3, "create_bucket", Bucket="one-truth")
    for i in range(6):
        call(s3, "put_object", Bucket="one-truth", Key=f"k{i}", Body=b"x")
    call(s3, "get_object", Bucket="one-truth", Key="nothing")
    call(s3, "list_objects_v2", Bucket="one-truth")
    call(s3, "list_buckets")
    for _ in range(7):
        call(sts, "get_caller_identity")
    key = call(kms, "create_key")["KeyMetadata"]["KeyId"]
    for _ in range(3):
        call(kms, "describe_key", KeyId=key)
    call(kms, "schedule_key_deletion", KeyId=key, PendingWindowInDays=7)
    call(kms, "encrypt", KeyId=key, Plaintext=b"refused, for it is to be deleted")
    for _ in range(4):
        call(ec2, "describe_vpcs")
    for i in range(4):
        call(ec2, "create_security_group", GroupName=f"group{i % 3}", Description="d")
    for i in range(5):
        call(ssm, "put_parameter", Name=f"/p/{i}", Value="v", Type="String")
    for i in range(3):
        call(secrets, "create_secret", Name=f"secret{i}", SecretString="s")
    call(lam, "get_function", FunctionName="none")
    call(lam, "list_functions")
    for i in range(4):
        call(dynamo, "create_table", TableName=f"t{i % 2}", BillingMode="PAY_PER_REQUEST",
             AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
             KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
    call(dynamo, "list_tables")
    call(iam, "delete_user", UserName="user7")
    return ids


@harness.needs_newest
class OneTruth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server().start()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.begin = harness.START
        cls.listen()
        cls.ids = sixty(cls.server)
        cls.server.advance("6m")
        cls.records = [r for r in cls.server.records() if r.get("requestID") in set(cls.ids)]

    @classmethod
    def listen(cls):
        """A log group behind the default trail, and in both regions a rule that sends all to a queue."""
        server = cls.server
        server.client("logs").create_log_group(logGroupName=GROUP)
        role = server.client("iam").create_role(RoleName="trail", AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
             "Principal": {"Service": "cloudtrail.amazonaws.com"}}]}))["Role"]["Arn"]
        server.client("cloudtrail").update_trail(
            Name="mocktrail", CloudWatchLogsRoleArn=role,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{harness.ACCOUNT}:log-group:{GROUP}:*")
        cls.queues = {}
        for region in ("us-east-1", "eu-west-1"):
            sqs, events = server.client("sqs", region=region), server.client("events", region=region)
            cls.queues[region] = sqs.create_queue(QueueName="calls")["QueueUrl"]
            # Not SQS: to look into the queue would fill it.
            pattern = {"detail-type": ["AWS API Call via CloudTrail"], "source": [{"anything-but": "aws.sqs"}]}
            events.put_rule(Name="all", State=BUS_STATE, EventPattern=json.dumps(pattern))
            events.put_targets(Rule="all", Targets=[
                {"Id": "queue", "Arn": f"arn:aws:sqs:{region}:{harness.ACCOUNT}:calls"}])

    def management(self):
        return {r["requestID"] for r in self.records if r["eventCategory"] == "Management"}

    def test_sixty_calls_are_in_the_delivered_files(self):
        self.assertEqual(len(self.ids), 60)
        self.assertEqual(sorted(r["requestID"] for r in self.records), sorted(self.ids))

    def test_lookup_events_has_the_management_events(self):
        found = set()
        for region in ("us-east-1", "eu-west-1"):
            pages = self.server.client("cloudtrail", region=region).get_paginator("lookup_events")
            for page in pages.paginate():
                found |= {json.loads(e["CloudTrailEvent"]).get("requestID") for e in page["Events"]}
        self.assertEqual(found & set(self.ids), self.management())

    def test_the_log_group_has_them_all(self):
        pages = self.server.client("logs").get_paginator("filter_log_events")
        found = [json.loads(e["message"]).get("requestID")
                 for page in pages.paginate(logGroupName=GROUP) for e in page["events"]]
        self.assertEqual(sorted(i for i in found if i in set(self.ids)), sorted(self.ids))

    def test_the_rule_sends_each_once(self):
        found = []
        for region, url in self.queues.items():
            sqs = self.server.client("sqs", region=region)
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    event = json.loads(message["Body"])
                    self.assertEqual(event["region"], event["detail"]["awsRegion"])
                    found.append(event["detail"].get("requestID"))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(sorted(i for i in found if i in set(self.ids)), sorted(self.ids))

    def test_each_has_a_trace(self):
        found = []
        for region in ("us-east-1", "eu-west-1"):
            xray = self.server.client("xray", region=region)
            pages = xray.get_paginator("get_trace_summaries").paginate(
                StartTime="2026-01-05T08:59:00Z", EndTime="2026-01-05T09:10:00Z")
            traces = [t["Id"] for page in pages for t in page["TraceSummaries"]]
            for i in range(0, len(traces), 5):
                for trace in xray.batch_get_traces(TraceIds=traces[i:i + 5])["Traces"]:
                    found += [json.loads(s["Document"]).get("aws", {}).get("request_id")
                              for s in trace["Segments"]]
        self.assertEqual(sorted(i for i in found if i in set(self.ids)), sorted(self.ids))

    def count(self, namespace, name, region, **dimensions):
        answer = self.server.client("cloudwatch", region=region).get_metric_statistics(
            Namespace=namespace, MetricName=name, StartTime="2026-01-05T09:00:00Z",
            EndTime="2026-01-05T09:05:00Z", Period=300, Statistics=["Sum"],
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()])
        return sum(p["Sum"] for p in answer["Datapoints"])

    def test_metrics_add_up_to_them(self):
        """Of operations that only the sixty use, so that nothing else counts."""
        own = {("iam", "CreateUser"): 9, ("iam", "GetUser"): 4, ("s3", "PutObject"): 6,
               ("sts", "GetCallerIdentity"): 7, ("kms", "DescribeKey"): 3,
               ("ec2", "CreateSecurityGroup"): 4, ("ssm", "PutParameter"): 5}
        for (service, operation), calls in own.items():
            self.assertEqual(self.count("Mocktrail", "Calls", "us-east-1", Service=service,
                                        Operation=operation), calls, operation)
        self.assertEqual(self.count("Mocktrail", "Calls", "eu-west-1", Service="dynamodb",
                                    Operation="CreateTable"), 4)
        self.assertEqual(self.count("Mocktrail", "4xxErrors", "us-east-1", Service="iam",
                                    Operation="CreateUser"), 1)
        self.assertEqual(self.count("AWS/Usage", "CallCount", "us-east-1", Type="API", Class="None",
                                    Service="KMS", Resource="DescribeKey"), 3)


if __name__ == "__main__":
    unittest.main()
