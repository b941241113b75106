#!/usr/bin/env python3
"""What share of the leaves that moto answers do we answer? Realistic cycles of 31 services against both.

    build/venv/bin/python tests/tools/cycle_leaves.py [NAME ...]

Each cycle makes a thing, describes and lists it. Prints each call's share and what is missing; the
last line is the sum. A measure, not a test: moto's answers are not AWS's.
"""
import base64
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import boto3
import botocore.config
import botocore.exceptions
import harness
import moto

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/r"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
MACHINE = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
VISIBLE = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}

# name, service, calls: (operation, parameters). "<path>" takes a value from an earlier answer.
CYCLES = [
    ("s3", "s3", [("CreateBucket", {"Bucket": "bucket1"}), ("ListBuckets", {}),
                  ("PutObject", {"Bucket": "bucket1", "Key": "k", "Body": b"x"}), ("ListObjectsV2", {"Bucket": "bucket1"}),
                  ("HeadObject", {"Bucket": "bucket1", "Key": "k"})]),
    ("dynamodb", "dynamodb", [("CreateTable", {
        "TableName": "t", "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}),
                              ("DescribeTable", {"TableName": "t"}), ("ListTables", {})]),
    ("sqs", "sqs", [("CreateQueue", {"QueueName": "q"}), ("GetQueueUrl", {"QueueName": "q"}), ("ListQueues", {}),
                    ("GetQueueAttributes", {"QueueUrl": "<QueueUrl>", "AttributeNames": ["All"]})]),
    ("sns", "sns", [("CreateTopic", {"Name": "t"}), ("GetTopicAttributes", {"TopicArn": "<TopicArn>"}), ("ListTopics", {})]),
    ("iam user", "iam", [("CreateUser", {"UserName": "u"}), ("GetUser", {"UserName": "u"}), ("ListUsers", {})]),
    ("iam role", "iam", [("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}),
                         ("GetRole", {"RoleName": "r"}), ("ListRoles", {})]),
    ("kms", "kms", [("CreateKey", {"Description": "d"}), ("DescribeKey", {"KeyId": "<KeyMetadata.KeyId>"}),
                    ("ListKeys", {})]),
    ("lambda", "lambda", [("iam:CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}), ("CreateFunction", {
        "FunctionName": "f", "Runtime": "python3.12", "Role": ROLE, "Handler": "a.b", "Code": {"ZipFile": EMPTY_ZIP}}),
                          ("GetFunction", {"FunctionName": "f"}), ("ListFunctions", {})]),
    ("ec2 vpc", "ec2", [("CreateVpc", {"CidrBlock": "10.0.0.0/16"}), ("DescribeVpcs", {"VpcIds": ["<Vpc.VpcId>"]})]),
    ("ec2 group", "ec2", [("CreateSecurityGroup", {"GroupName": "g", "Description": "d"}),
                          ("DescribeSecurityGroups", {"GroupNames": ["g"]})]),
    ("ec2 instance", "ec2", [("RunInstances", {"ImageId": "ami-0abcdef1234567890", "MinCount": 1, "MaxCount": 1,
                                               "InstanceType": "t3.micro"}),
                             ("DescribeInstances", {"InstanceIds": ["<Instances.0.InstanceId>"]})]),
    ("rds", "rds", [("CreateDBInstance", {
        "DBInstanceIdentifier": "d", "DBInstanceClass": "db.t3.micro", "Engine": "mysql", "MasterUsername": "admin",
        "MasterUserPassword": "password1", "AllocatedStorage": 20}), ("DescribeDBInstances", {"DBInstanceIdentifier": "d"})]),
    ("ecs", "ecs", [("CreateCluster", {"clusterName": "c"}), ("DescribeClusters", {"clusters": ["c"]}),
                    ("ListClusters", {})]),
    ("eks", "eks", [("CreateCluster", {"name": "c", "roleArn": ROLE, "resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}),
                    ("DescribeCluster", {"name": "c"}), ("ListClusters", {})]),
    ("secretsmanager", "secretsmanager", [("CreateSecret", {"Name": "s", "SecretString": "x"}),
                                          ("DescribeSecret", {"SecretId": "s"}), ("ListSecrets", {})]),
    ("ssm", "ssm", [("PutParameter", {"Name": "p", "Value": "v", "Type": "String"}), ("GetParameter", {"Name": "p"}),
                    ("DescribeParameters", {})]),
    ("logs", "logs", [("CreateLogGroup", {"logGroupName": "g"}), ("DescribeLogGroups", {}),
                      ("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}),
                      ("DescribeLogStreams", {"logGroupName": "g"})]),
    ("cloudwatch", "cloudwatch", [("PutMetricAlarm", {
        "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}), ("DescribeAlarms", {})]),
    ("events", "events", [("PutRule", {"Name": "r", "ScheduleExpression": "rate(1 day)"}), ("DescribeRule", {"Name": "r"}),
                          ("ListRules", {})]),
    ("stepfunctions", "stepfunctions", [("CreateStateMachine", {"name": "m", "definition": MACHINE, "roleArn": ROLE}),
                                        ("DescribeStateMachine", {"stateMachineArn": "<stateMachineArn>"}),
                                        ("ListStateMachines", {})]),
    ("apigateway", "apigateway", [("CreateRestApi", {"name": "a"}), ("GetRestApi", {"restApiId": "<id>"}),
                                  ("GetRestApis", {})]),
    ("route53", "route53", [("CreateHostedZone", {"Name": "example.com", "CallerReference": "r"}),
                            ("GetHostedZone", {"Id": "<HostedZone.Id>"}), ("ListHostedZones", {})]),
    ("elbv2", "elbv2", [("ec2:DescribeSubnets", {}), ("CreateLoadBalancer", {
        "Name": "l", "Subnets": ["<Subnets.0.SubnetId>", "<Subnets.1.SubnetId>"]}), ("DescribeLoadBalancers", {})]),
    ("ecr", "ecr", [("CreateRepository", {"repositoryName": "repo"}), ("DescribeRepositories", {})]),
    ("kinesis", "kinesis", [("CreateStream", {"StreamName": "s", "ShardCount": 1}), ("DescribeStream", {"StreamName": "s"}),
                            ("DescribeStreamSummary", {"StreamName": "s"}), ("ListStreams", {})]),
    ("firehose", "firehose", [("CreateDeliveryStream", {
        "DeliveryStreamName": "d", "S3DestinationConfiguration": {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::bucket1"}}),
                              ("DescribeDeliveryStream", {"DeliveryStreamName": "d"}), ("ListDeliveryStreams", {})]),
    ("glue", "glue", [("CreateDatabase", {"DatabaseInput": {"Name": "d"}}), ("GetDatabase", {"Name": "d"}),
                      ("GetDatabases", {})]),
    ("athena", "athena", [("CreateWorkGroup", {"Name": "w"}), ("GetWorkGroup", {"WorkGroup": "w"}), ("ListWorkGroups", {})]),
    ("guardduty", "guardduty", [("CreateDetector", {"Enable": True}), ("GetDetector", {"DetectorId": "<DetectorId>"}),
                                ("ListDetectors", {})]),
    ("cognito", "cognito-idp", [("CreateUserPool", {"PoolName": "p"}),
                                ("DescribeUserPool", {"UserPoolId": "<UserPool.Id>"}), ("ListUserPools", {"MaxResults": 5})]),
    ("acm", "acm", [("RequestCertificate", {"DomainName": "example.com", "ValidationMethod": "DNS"}),
                    ("DescribeCertificate", {"CertificateArn": "<CertificateArn>"}), ("ListCertificates", {})]),
    ("efs", "efs", [("CreateFileSystem", {"CreationToken": "t"}), ("DescribeFileSystems", {})]),
    ("codecommit", "codecommit", [("CreateRepository", {"repositoryName": "repo"}), ("GetRepository", {"repositoryName": "repo"})]),
    ("wafv2", "wafv2", [("CreateWebACL", {"Name": "w", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}},
                                          "VisibilityConfig": VISIBLE}), ("ListWebACLs", {"Scope": "REGIONAL"})]),
    ("transfer", "transfer", [("CreateServer", {}), ("DescribeServer", {"ServerId": "<ServerId>"})]),
    ("opensearch", "opensearch", [("CreateDomain", {"DomainName": "dom"}), ("DescribeDomain", {"DomainName": "dom"}),
                                  ("ListDomainNames", {})]),
]


def leaves(value, path=""):
    """Paths of scalars; lists are seen through, empty ones say nothing."""
    if isinstance(value, dict):
        return {p for k, v in value.items() if k != "ResponseMetadata" for p in leaves(v, f"{path}.{k}")}
    if isinstance(value, list):
        return {p for v in value for p in leaves(v, path)}
    return {path}


def at(tree, path):
    for name in path.split("."):
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    return tree


def filled(params, answers):
    """"<path>" by the value at that path of the newest answer that has one."""
    if isinstance(params, dict):
        return {k: filled(v, answers) for k, v in params.items()}
    if isinstance(params, list):
        return [filled(v, answers) for v in params]
    path = re.fullmatch("<(.+)>", params) if isinstance(params, str) else None
    for answer in reversed(answers) if path else ():
        try:
            return at(answer, path[1])
        except (KeyError, IndexError, TypeError):
            continue
    return params


def run(client_of, service, calls, after=lambda: None):
    """{operation: answer or the error's text}."""
    done, answers = {}, []
    for name, params in calls:
        other, _, operation = name.rpartition(":")
        try:
            answer = client_of(other or service)._make_api_call(operation, filled(params, answers))
        except botocore.exceptions.ClientError as error:
            done[operation] = str(error)
            continue
        answers.append(answer)
        if not other:
            done[operation] = answer
        after()
    return done


def main():
    config = botocore.config.Config(retries={"max_attempts": 0})
    held = total = 0
    for name, service, calls in CYCLES:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with moto.mock_aws():
            theirs = run(lambda s: boto3.client(s, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x",
                                                config=config), service, calls)
        with harness.Server() as server:
            calls = json.loads(json.dumps(calls, default=lambda b: {"b64": base64.b64encode(b).decode()}).replace(
                "123456789012", harness.ACCOUNT), object_hook=lambda d: base64.b64decode(d["b64"]) if "b64" in d else d)
            ours = run(server.client, service, calls, lambda: server.advance("2m"))
        for operation, answer in theirs.items():
            if isinstance(answer, str):
                print(f"             {name} {operation}: moto says {answer[:100]}")
                continue
            want = leaves(answer)
            have = leaves(ours[operation]) if not isinstance(ours[operation], str) else set()
            held, total = held + len(want & have), total + len(want)
            said = ours[operation][:100] if isinstance(ours[operation], str) else ""
            print(f"{len(want & have):4} of {len(want):4}  {name} {operation}  {said} {' '.join(sorted(want - have))}")
    print(f"{held} of {total} leaves: {100 * held / total:.1f} %")


if __name__ == "__main__":
    main()
