#!/usr/bin/env python3
"""What share of the leaves that moto answers do we answer? The same EC2 calls against both.

    python3 tests/tools/ec2_leaves.py        needs moto; prints each call's share and what is missing

A measure, not a test: moto's answers are not AWS's.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import boto3
import harness
import moto

AMI = "ami-0abcdef1234567890"
REGION = "us-east-1"


def leaves(value, path=""):
    """Paths of scalars; lists are seen through, empty ones say nothing."""
    if isinstance(value, dict):
        return {p for k, v in value.items() if k != "ResponseMetadata" for p in leaves(v, f"{path}.{k}")}
    if isinstance(value, list):
        return {p for v in value for p in leaves(v, path)}
    return {path}


def cycle(ec2, advance):
    """(name, answer) of calls that make and describe one thing of each kind."""
    yield "DescribeAvailabilityZones", ec2.describe_availability_zones()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")
    yield "CreateVpc", vpc
    vpc = vpc["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=REGION + "a")
    yield "CreateSubnet", subnet
    subnet = subnet["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()
    yield "CreateInternetGateway", gateway
    gateway = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)
    yield "CreateRouteTable", table
    table = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    yield "AssociateRouteTable", ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    yield "CreateNetworkAcl", ec2.create_network_acl(VpcId=vpc)
    group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)
    yield "CreateSecurityGroup", group
    group = group["GroupId"]
    yield "AuthorizeSecurityGroupIngress", ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
                                       "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "x"}]}])
    yield "CreateKeyPair", ec2.create_key_pair(KeyName="k")
    yield "CreateNetworkInterface", ec2.create_network_interface(SubnetId=subnet)
    address = ec2.allocate_address(Domain="vpc")
    yield "AllocateAddress", address
    yield "CreateNatGateway", ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])
    run = ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnet,
                            SecurityGroupIds=[group], KeyName="k")
    yield "RunInstances", run
    one = run["Instances"][0]["InstanceId"]
    volume = ec2.create_volume(AvailabilityZone=REGION + "a", Size=1)
    yield "CreateVolume", volume
    advance()
    yield "AttachVolume", ec2.attach_volume(VolumeId=volume["VolumeId"], InstanceId=one, Device="/dev/sdf")
    yield "CreateSnapshot", ec2.create_snapshot(VolumeId=volume["VolumeId"], Description="d")
    yield "CreateImage", ec2.create_image(InstanceId=one, Name="golden")
    yield "CreateVpcEndpoint", ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    advance()
    for name, call, args in (
            ("DescribeVpcs", ec2.describe_vpcs, {}), ("DescribeSubnets", ec2.describe_subnets, {}),
            ("DescribeInternetGateways", ec2.describe_internet_gateways, {}),
            ("DescribeRouteTables", ec2.describe_route_tables, {}),
            ("DescribeNetworkAcls", ec2.describe_network_acls, {}),
            ("DescribeSecurityGroups", ec2.describe_security_groups, {}),
            ("DescribeSecurityGroupRules", ec2.describe_security_group_rules, {}),
            ("DescribeKeyPairs", ec2.describe_key_pairs, {}),
            ("DescribeNetworkInterfaces", ec2.describe_network_interfaces, {}),
            ("DescribeAddresses", ec2.describe_addresses, {}),
            ("DescribeNatGateways", ec2.describe_nat_gateways, {}),
            ("DescribeInstances", ec2.describe_instances, {}),
            ("DescribeInstanceStatus", ec2.describe_instance_status, {}),
            ("DescribeVolumes", ec2.describe_volumes, {}),
            ("DescribeSnapshots", ec2.describe_snapshots, {"OwnerIds": ["self"]}),
            ("DescribeImages", ec2.describe_images, {"Owners": ["self"]}),
            ("DescribeVpcEndpoints", ec2.describe_vpc_endpoints, {})):
        yield name, call(**args)
    yield "StopInstances", ec2.stop_instances(InstanceIds=[one])
    yield "TerminateInstances", ec2.terminate_instances(InstanceIds=[one])


def main():
    with moto.mock_aws():
        theirs = dict(cycle(boto3.client("ec2", region_name=REGION, aws_access_key_id="x",
                                         aws_secret_access_key="x"), lambda: None))
    with harness.Server() as server:
        ours = dict(cycle(server.client("ec2"), lambda: server.advance("2m")))
    held = total = 0
    for name, answer in theirs.items():
        want, have = leaves(answer), leaves(ours[name])
        held, total = held + len(want & have), total + len(want)
        print(f"{len(want & have):4} of {len(want):4}  {name}  {' '.join(sorted(want - have))}")
    print(f"{held} of {total} leaves: {100 * held / total:.1f} %")


if __name__ == "__main__":
    main()
