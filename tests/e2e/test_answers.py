#!/usr/bin/env python3
"""What the generic lifecycle says beyond what the client said: templates, defaults, empty lists, tags."""
import unittest

from harness import ACCOUNT, ServerCase, error_code, needs_newest


@needs_newest
class Answers(ServerCase):
    def test_a_resource_shows_what_aws_adds(self):
        table = self.server.client("dynamodb").create_table(
            TableName="t", AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})["TableDescription"]
        self.assertEqual((table["ItemCount"], table["TableSizeBytes"]), (0, 0))
        self.assertEqual(table["ProvisionedThroughput"], {
            "NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
        shown = self.server.client("dynamodb").describe_table(TableName="t")["Table"]
        self.assertEqual(shown["TableId"], table["TableId"])
        self.assertEqual(shown["CreationDateTime"], table["CreationDateTime"])
        made = self.server.client("elbv2").create_load_balancer(Name="web", Subnets=["subnet-1"])["LoadBalancers"][0]
        self.assertRegex(made["DNSName"], r"^web-\d{10}\.us-east-1\.elb\.amazonaws\.com$")
        repository = self.server.client("ecr").create_repository(repositoryName="app")["repository"]
        self.assertEqual(repository["repositoryUri"], f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/app")

    def test_what_the_client_said_goes_before_the_template(self):
        repository = self.server.client("ecr").create_repository(
            repositoryName="fixed", imageTagMutability="IMMUTABLE")["repository"]
        self.assertEqual(repository["imageTagMutability"], "IMMUTABLE")

    def test_a_list_is_empty_while_nothing_was_made(self):
        dms = self.server.client("dms")
        self.assertEqual(dms.describe_events()["Events"], [])
        dms.create_endpoint(EndpointIdentifier="e", EndpointType="source", EngineName="mysql")
        self.assertEqual(error_code(dms.describe_events), "NotImplemented")
        other = self.server.client("dms", region="eu-west-1")
        self.assertEqual(other.describe_events()["Events"], [])

    def test_a_setting_has_its_default_until_it_is_written(self):
        xray = self.server.client("xray")
        self.assertEqual(xray.get_encryption_config()["EncryptionConfig"]["Type"], "NONE")
        kms = self.server.client("kms")
        kms.create_alias(AliasName="alias/k", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        xray.put_encryption_config(Type="KMS", KeyId="alias/k")
        self.assertEqual(xray.get_encryption_config()["EncryptionConfig"]["Type"], "KMS")

    def test_keys_have_the_form_that_aws_gives_them(self):
        sqs, sns = self.server.client("sqs"), self.server.client("sns")
        url = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "5"})["QueueUrl"]
        self.assertEqual(url, f"{self.server.url}/{ACCOUNT}/q")
        self.assertEqual(sqs.get_queue_url(QueueName="q")["QueueUrl"], url)
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((attributes["DelaySeconds"], attributes["VisibilityTimeout"]), ("5", "30"))
        arn = sns.create_topic(Name="t")["TopicArn"]
        self.assertEqual(arn, f"arn:aws:sns:us-east-1:{ACCOUNT}:t")
        self.assertEqual(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Owner"], ACCOUNT)

    def test_a_relation_shows_all_that_stand(self):
        elb = self.server.client("elb")
        elb.create_load_balancer(LoadBalancerName="c", AvailabilityZones=["us-east-1a"], Listeners=[
            {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}])
        for instance in ("i-1", "i-2"):
            shown = elb.register_instances_with_load_balancer(
                LoadBalancerName="c", Instances=[{"InstanceId": instance}])["Instances"]
        self.assertEqual([i["InstanceId"] for i in shown], ["i-1", "i-2"])
        left = elb.deregister_instances_from_load_balancer(
            LoadBalancerName="c", Instances=[{"InstanceId": "i-1"}])["Instances"]
        self.assertEqual([i["InstanceId"] for i in left], ["i-2"])

    def test_tags_that_are_a_map_are_kept(self):
        amp = self.server.client("amp")
        arn = amp.create_workspace(alias="w", tags={"a": "1"})["arn"]
        amp.tag_resource(resourceArn=arn, tags={"b": "2"})
        self.assertEqual(amp.list_tags_for_resource(resourceArn=arn)["tags"], {"a": "1", "b": "2"})
        amp.untag_resource(resourceArn=arn, tagKeys=["a"])
        self.assertEqual(amp.list_tags_for_resource(resourceArn=arn)["tags"], {"b": "2"})


if __name__ == "__main__":
    unittest.main()
