#!/usr/bin/env python3
"""EC2's launch templates and instance types through boto3, and what is recorded of them."""
import unittest

import harness
from test_ec2 import AMI, Ec2Case, filters


class LaunchTemplates(Ec2Case):
    def template(self, name, **data):
        return self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]

    def test_versions_come_and_go(self):
        made = self.template("web", ImageId=AMI, InstanceType="t3.micro")
        self.assertRegex(made["LaunchTemplateId"], "^lt-0[0-9a-f]{16}$")
        self.assertEqual((made["DefaultVersionNumber"], made["LatestVersionNumber"]), (1, 1))
        self.assertEqual(made["CreatedBy"], f"arn:aws:iam::{harness.ACCOUNT}:root")
        self.refused("InvalidLaunchTemplateName.AlreadyExistsException", "already in use", self.template, "web",
                     ImageId=AMI)
        by = {"LaunchTemplateName": "web"}
        second = self.ec2.create_launch_template_version(
            **by, SourceVersion="1", VersionDescription="bigger",
            LaunchTemplateData={"InstanceType": "t3.large"})["LaunchTemplateVersion"]
        self.assertEqual((second["VersionNumber"], second["DefaultVersion"]), (2, False))
        self.assertEqual(second["LaunchTemplateData"], {"ImageId": AMI, "InstanceType": "t3.large"})
        versions = self.ec2.describe_launch_template_versions
        shown = versions(**by)["LaunchTemplateVersions"]
        self.assertEqual([v["VersionNumber"] for v in shown], [2, 1])
        for wanted, numbers in (({"Versions": ["$Default"]}, [1]), ({"MinVersion": "2"}, [2]),
                                ({"Filters": filters(instance_type="t3.micro")}, [1])):
            found = versions(**by, **wanted)["LaunchTemplateVersions"]
            self.assertEqual([v["VersionNumber"] for v in found], numbers, wanted)
        page = versions(**by, MaxResults=1)
        self.assertEqual([v["VersionNumber"] for v in page["LaunchTemplateVersions"]], [2])
        rest = versions(**by, MaxResults=1, NextToken=page["NextToken"])["LaunchTemplateVersions"]
        self.assertEqual([v["VersionNumber"] for v in rest], [1])
        self.refused("InvalidLaunchTemplateId.VersionNotFound", "version 9", versions, **by, Versions=["9"])
        changed = self.ec2.modify_launch_template(**by, DefaultVersion="2")["LaunchTemplate"]
        self.assertEqual(changed["DefaultVersionNumber"], 2)
        gone = self.ec2.delete_launch_template_versions(**by, Versions=["1", "2", "7"])
        self.assertEqual([v["VersionNumber"] for v in gone["SuccessfullyDeletedLaunchTemplateVersions"]], [1])
        self.assertEqual({v["VersionNumber"]: v["ResponseError"]["Code"]
                          for v in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]},
                         {2: "unexpectedError", 7: "launchTemplateVersionDoesNotExist"})
        third = self.ec2.create_launch_template_version(**by, LaunchTemplateData={"KeyName": "k"})
        self.assertEqual(third["LaunchTemplateVersion"]["VersionNumber"], 3)
        self.ec2.delete_launch_template(**by)
        self.refused("InvalidLaunchTemplateName.NotFoundException", "web", versions, **by)
        self.refused("InvalidLaunchTemplateId.NotFound", made["LaunchTemplateId"],
                     self.ec2.describe_launch_templates, LaunchTemplateIds=[made["LaunchTemplateId"]])

    def test_they_are_found_by_name_filter_and_tag(self):
        for name in ("a-one", "a-two", "b-three"):
            self.ec2.create_launch_template(
                LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.nano"},
                TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "letter", "Value": name[0]}]}])
        found = self.ec2.describe_launch_templates

        def names(**by):
            return sorted(t["LaunchTemplateName"] for t in found(**by)["LaunchTemplates"])
        self.assertEqual(names(LaunchTemplateNames=["a-two"]), ["a-two"])
        self.assertEqual(names(Filters=filters(launch_template_name="a-*")), ["a-one", "a-two"])
        self.assertEqual(names(Filters=[{"Name": "tag:letter", "Values": ["b"]}]), ["b-three"])
        self.refused("InvalidLaunchTemplateName.NotFoundException", "At least one", found, LaunchTemplateNames=["none"])
        self.refused("MissingParameter", "launch template", self.ec2.describe_launch_template_versions)
        both = self.ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
        self.assertGreaterEqual({v["LaunchTemplateName"] for v in both}, {"a-one", "a-two", "b-three"})

    def test_an_instance_is_launched_from_one(self):
        group = self.ec2.create_security_group(GroupName="lt", Description="d")["GroupId"]
        made = self.template(
            "launch", ImageId=AMI, InstanceType="c5.large", SecurityGroupIds=[group], UserData="aGVsbG8=",
            BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5}}],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"},
                                                                     {"Key": "team", "Value": "a"}]}])
        self.ec2.create_launch_template_version(
            LaunchTemplateName="launch", LaunchTemplateData={"ImageId": AMI, "InstanceType": "m5.large"})
        by = {"MinCount": 1, "MaxCount": 1}
        plain, = self.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "launch"}, **by)["Instances"]
        self.assertEqual((plain["InstanceType"], plain["ImageId"]), ("c5.large", AMI))
        self.assertEqual([g["GroupId"] for g in plain["SecurityGroups"]], [group])
        self.assertEqual({t["Key"]: t["Value"] for t in plain["Tags"]}, {
            "from": "template", "team": "a", "aws:ec2launchtemplate:id": made["LaunchTemplateId"],
            "aws:ec2launchtemplate:version": "1"})
        shown, = self.ec2.describe_instances(InstanceIds=[plain["InstanceId"]])["Reservations"][0]["Instances"]
        self.assertIn("/dev/sdf", [m["DeviceName"] for m in shown["BlockDeviceMappings"]])
        data = self.ec2.describe_instance_attribute(InstanceId=plain["InstanceId"], Attribute="userData")
        self.assertEqual(data["UserData"]["Value"], "aGVsbG8=")
        own, = self.ec2.run_instances(
            LaunchTemplate={"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Latest"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "b"}]}],
            InstanceType="t3.small", **by)["Instances"]
        self.assertEqual(own["InstanceType"], "t3.small")
        self.assertIn({"Key": "team", "Value": "b"}, own["Tags"])
        self.refused("InvalidLaunchTemplateId.VersionNotFound", "version 8", self.ec2.run_instances,
                     LaunchTemplate={"LaunchTemplateName": "launch", "Version": "8"}, **by)
        self.refused("NotImplemented", "InstanceMarketOptions", self.ec2.run_instances, LaunchTemplate={
            "LaunchTemplateId": self.template("spot", ImageId=AMI, InstanceMarketOptions={"MarketType": "spot"})[
                "LaunchTemplateId"]}, **by)
        self.server.flush()
        runs = [r["requestParameters"] for r in self.server.records() if r["eventName"] == "RunInstances"]
        self.assertIn("launchTemplate", runs[0])
        self.assertNotIn("instanceType", runs[0])  # as it was asked, not as it was merged

    @harness.needs_newest
    def test_the_record(self):
        self.ec2.create_launch_template(LaunchTemplateName="recorded", LaunchTemplateData={
            "ImageId": AMI, "InstanceType": "t2.micro", "UserData": "c2VjcmV0"})
        self.server.flush()
        text = next(r for r in self.server.records() if r["eventName"] == "CreateLaunchTemplate"
                    and "recorded" in str(r["requestParameters"]))
        asked = text["requestParameters"]["CreateLaunchTemplateRequest"]
        self.assertEqual(asked["LaunchTemplateData"]["InstanceType"], "t2.micro")
        self.assertNotIn("c2VjcmV0", str(text))
        answer = text["responseElements"]["CreateLaunchTemplateResponse"]["launchTemplate"]
        self.assertLessEqual({"createTime", "createdBy", "defaultVersionNumber", "latestVersionNumber",
                              "launchTemplateId", "launchTemplateName"}, set(answer))


class InstanceTypes(Ec2Case):
    def test_they_are_described(self):
        shown = {t["InstanceType"]: t for t in self.ec2.describe_instance_types(
            InstanceTypes=["t2.micro", "m5.large", "g4dn.xlarge", "m6g.large"])["InstanceTypes"]}
        micro, large = shown["t2.micro"], shown["m5.large"]
        self.assertEqual((micro["VCpuInfo"]["DefaultVCpus"], micro["MemoryInfo"]["SizeInMiB"]), (1, 1024))
        self.assertTrue(micro["BurstablePerformanceSupported"])
        self.assertEqual(micro["EbsInfo"]["EbsOptimizedSupport"], "unsupported")
        self.assertEqual((large["VCpuInfo"]["DefaultVCpus"], large["MemoryInfo"]["SizeInMiB"]), (2, 8192))
        self.assertEqual((large["Hypervisor"], large["NetworkInfo"]["EnaSupport"]), ("nitro", "required"))
        self.assertEqual(large["EbsInfo"]["EbsOptimizedInfo"]["BaselineThroughputInMBps"], 81.25)
        self.assertEqual(shown["g4dn.xlarge"]["GpuInfo"]["Gpus"][0]["Name"], "T4")
        self.assertEqual(shown["g4dn.xlarge"]["InstanceStorageInfo"]["TotalSizeInGB"], 125)
        self.assertEqual(shown["m6g.large"]["ProcessorInfo"]["SupportedArchitectures"], ["arm64"])
        self.refused("InvalidInstanceType", "[x9.huge]", self.ec2.describe_instance_types, InstanceTypes=["x9.huge"])
        self.refused("NotImplemented", "u-3tb1.56xlarge", self.ec2.describe_instance_types,
                     InstanceTypes=["u-3tb1.56xlarge"])

    def test_pages_and_filters(self):
        pages = self.ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 50})
        names = [t["InstanceType"] for page in pages for t in page["InstanceTypes"]]
        self.assertEqual(names, sorted(set(names)))
        self.assertGreater(len(names), 150)
        free = self.ec2.describe_instance_types(Filters=filters(hypervisor="nitro", vcpu_info__default_vcpus="64"))
        self.assertTrue(free["InstanceTypes"])
        self.assertEqual({t["VCpuInfo"]["DefaultVCpus"] for t in free["InstanceTypes"]}, {64})

    def test_offers(self):
        region = self.ec2.describe_instance_type_offerings(Filters=filters(instance_type="m5.*"))
        self.assertEqual({(o["LocationType"], o["Location"]) for o in region["InstanceTypeOfferings"]},
                         {("region", "us-east-1")})
        zones = {z["ZoneId"] for z in self.ec2.describe_availability_zones()["AvailabilityZones"]}
        pages = self.ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone-id", Filters=filters(instance_type="t3.micro"),
            PaginationConfig={"PageSize": 5})
        self.assertEqual(sorted(o["Location"] for page in pages for o in page["InstanceTypeOfferings"]), sorted(zones))


if __name__ == "__main__":
    unittest.main()
