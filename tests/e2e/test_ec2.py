"""EC2's networks through boto3: the default VPC, lifecycles, filters, refusals, states over the clock."""
import base64
import hashlib
import unittest

from cryptography.hazmat.primitives import serialization
from harness import ServerCase, error_code

AMI = "ami-0abcdef1234567890"


def load_private(pem):
    load = (serialization.load_ssh_private_key if "OPENSSH" in pem else serialization.load_pem_private_key)
    return load(pem.encode(), None)


def filters(**values):
    return [{"Name": k.replace("__", ".").replace("_", "-"), "Values": [v] if isinstance(v, str) else v}
            for k, v in values.items()]


class Ec2Case(ServerCase):
    def setUp(self):
        self.ec2 = self.server.client("ec2")

    def refused(self, code, text, call, *args, **kwargs):
        with self.assertRaises(self.ec2.exceptions.ClientError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertIn(text, caught.exception.response["Error"]["Message"])

    def vpc(self, block="10.0.0.0/16", **more):
        return self.ec2.create_vpc(CidrBlock=block, **more)["Vpc"]["VpcId"]


class DefaultVpc(Ec2Case):
    def test_it_is_there_with_all_that_belongs_to_it(self):
        vpc, = self.ec2.describe_vpcs()["Vpcs"]
        self.assertTrue(vpc["IsDefault"])
        self.assertEqual((vpc["CidrBlock"], vpc["State"]), ("172.31.0.0/16", "available"))
        subnets = self.ec2.describe_subnets(Filters=filters(vpc_id=vpc["VpcId"]))["Subnets"]
        zones = self.ec2.describe_availability_zones()["AvailabilityZones"]
        self.assertEqual({s["AvailabilityZone"] for s in subnets}, {z["ZoneName"] for z in zones})
        self.assertEqual({s["AvailableIpAddressCount"] for s in subnets}, {4091})
        table, = self.ec2.describe_route_tables()["RouteTables"]
        self.assertEqual([r["DestinationCidrBlock"] for r in table["Routes"]], ["172.31.0.0/16", "0.0.0.0/0"])
        gateway, = self.ec2.describe_internet_gateways()["InternetGateways"]
        self.assertEqual(table["Routes"][1]["GatewayId"], gateway["InternetGatewayId"])
        acl, = self.ec2.describe_network_acls()["NetworkAcls"]
        self.assertEqual(len(acl["Associations"]), len(subnets))
        group, = self.ec2.describe_security_groups()["SecurityGroups"]
        self.assertEqual(group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], group["GroupId"])
        options, = self.ec2.describe_dhcp_options()["DhcpOptions"]
        self.assertEqual(options["DhcpOptionsId"], vpc["DhcpOptionsId"])

    def test_each_region_and_account_has_its_own_and_keeps_it(self):
        here = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        there = self.server.client("ec2", region="eu-west-1").describe_vpcs()["Vpcs"][0]["VpcId"]
        theirs = self.server.client("ec2", key="999988887777").describe_vpcs()["Vpcs"][0]["VpcId"]
        self.assertEqual(len({here, there, theirs}), 3)
        self.assertEqual(here, self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"])

    def test_once_deleted_it_can_be_made_again(self):
        ec2 = self.server.client("ec2", region="us-west-2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        for s in ec2.describe_subnets()["Subnets"]:
            ec2.delete_subnet(SubnetId=s["SubnetId"])
        gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
        self.refused("DependencyViolation", f"The internetGateway '{gateway}' has dependencies",
                     ec2.delete_internet_gateway, InternetGatewayId=gateway)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        ec2.delete_vpc(VpcId=vpc)
        self.assertEqual(ec2.describe_vpcs()["Vpcs"], [])
        self.assertEqual(ec2.describe_route_tables()["RouteTables"], [])
        again = ec2.create_default_vpc()["Vpc"]
        self.assertTrue(again["IsDefault"])
        self.assertEqual(len(ec2.describe_subnets()["Subnets"]), 4)
        self.refused("DefaultVpcAlreadyExists", "", ec2.create_default_vpc)


class Networks(Ec2Case):
    def test_a_vpc_from_pending_to_gone(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[
            {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "lab"}]}])["Vpc"]
        self.assertEqual(vpc["State"], "pending")
        self.server.advance("2s")
        seen, = self.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["l?b"]}])["Vpcs"]
        self.assertEqual((seen["VpcId"], seen["State"]), (vpc["VpcId"], "available"))
        subnet = self.ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.9.1.0/24",
                                        AvailabilityZone="us-east-1b")["Subnet"]
        self.assertEqual(subnet["AvailableIpAddressCount"], 251)
        self.refused("InvalidSubnet.Conflict", "The CIDR '10.9.1.128/25' conflicts with another subnet",
                     self.ec2.create_subnet, VpcId=vpc["VpcId"], CidrBlock="10.9.1.128/25")
        self.refused("InvalidSubnet.Range", "The CIDR '10.8.1.0/24' is invalid.",
                     self.ec2.create_subnet, VpcId=vpc["VpcId"], CidrBlock="10.8.1.0/24")
        self.refused("DependencyViolation", f"The vpc '{vpc['VpcId']}' has dependencies and cannot be deleted.",
                     self.ec2.delete_vpc, VpcId=vpc["VpcId"])
        self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        self.ec2.delete_vpc(VpcId=vpc["VpcId"])
        self.refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc['VpcId']}' does not exist",
                     self.ec2.describe_vpcs, VpcIds=[vpc["VpcId"]])

    def test_attributes_of_vpcs_and_subnets(self):
        vpc = self.vpc()
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        for attribute, member, value in (("enableDnsHostnames", "EnableDnsHostnames", True),
                                         ("enableDnsSupport", "EnableDnsSupport", True)):
            answer = self.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
            self.assertEqual(answer[member]["Value"], value)
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        self.ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
        seen = self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
        self.assertTrue(seen["MapPublicIpOnLaunch"])
        self.assertEqual(seen["PrivateDnsNameOptionsOnLaunch"]["HostnameType"], "resource-name")

    def test_routes(self):
        vpc = self.vpc()
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
        self.refused("InvalidParameterValue", "belong to different networks", self.ec2.create_route,
                     GatewayId=gateway, **route)
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        self.assertTrue(self.ec2.create_route(GatewayId=gateway, **route)["Return"])
        self.refused("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.",
                     self.ec2.create_route, GatewayId=gateway, **route)
        association = self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        by_subnet = self.ec2.describe_route_tables(Filters=filters(association__subnet_id=subnet))["RouteTables"]
        self.assertEqual([t["RouteTableId"] for t in by_subnet], [table])
        self.refused("DependencyViolation", "", self.ec2.delete_route_table, RouteTableId=table)
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        states = {r["GatewayId"]: r["State"]
                  for r in self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]}
        self.assertEqual(states, {"local": "active", gateway: "blackhole"})
        self.ec2.delete_route(**route)
        self.refused("InvalidRoute.NotFound", f"no route with destination-cidr-block 0.0.0.0/0 in route table {table}",
                     self.ec2.delete_route, **route)
        self.ec2.disassociate_route_table(AssociationId=association)
        self.ec2.delete_route_table(RouteTableId=table)

    def test_a_nat_gateway_over_the_clock(self):
        vpc = self.vpc()
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        address = self.ec2.allocate_address(Domain="vpc")
        nat = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])["NatGateway"]
        self.assertEqual(nat["State"], "pending")
        self.server.advance("61s")
        seen = self.ec2.describe_nat_gateways(Filter=filters(vpc_id=vpc))["NatGateways"][0]
        self.assertEqual(seen["State"], "available")
        self.assertEqual(seen["NatGatewayAddresses"][0]["PublicIp"], address["PublicIp"])
        self.refused("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.",
                     self.ec2.release_address, AllocationId=address["AllocationId"])
        self.ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
        self.ec2.release_address(AllocationId=address["AllocationId"])
        self.server.advance("31s")
        seen = self.ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"][0]
        self.assertEqual(seen["State"], "deleted")
        self.server.advance("1h")
        self.assertEqual(error_code(self.ec2.describe_nat_gateways, NatGatewayIds=[nat["NatGatewayId"]]),
                         "NatGatewayNotFound")

    def test_network_acl_entries(self):
        vpc = self.vpc()
        acl = self.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
        self.assertEqual([e["RuleNumber"] for e in acl["Entries"]], [32767, 32767])
        entry = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 110, "Egress": False}
        rule = {"Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0",
                "PortRange": {"From": 443, "To": 443}}
        self.ec2.create_network_acl_entry(**entry, **rule)
        self.refused("NetworkAclEntryAlreadyExists", "identified by 110 already exists",
                     self.ec2.create_network_acl_entry, **entry, **rule)
        self.ec2.replace_network_acl_entry(**entry, **dict(rule, RuleAction="deny"))
        seen = self.ec2.describe_network_acls(
            Filters=filters(entry__rule_action="deny", entry__port_range__from="443"))["NetworkAcls"]
        self.assertEqual([a["NetworkAclId"] for a in seen], [acl["NetworkAclId"]])
        self.ec2.delete_network_acl_entry(**entry)
        self.assertEqual(error_code(self.ec2.delete_network_acl_entry, **entry), "InvalidNetworkAclEntry.NotFound")
        self.ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        default, = self.ec2.describe_network_acls(Filters=filters(vpc_id=vpc, default="true"))["NetworkAcls"]
        self.refused("InvalidParameterValue", "cannot delete default network ACL", self.ec2.delete_network_acl,
                     NetworkAclId=default["NetworkAclId"])

    def test_interfaces_and_elastic_addresses(self):
        vpc = self.vpc()
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
        eni = self.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.0.7",
                                                Description="lab")["NetworkInterface"]
        self.assertEqual(eni["PrivateIpAddress"], "10.0.0.7")
        self.assertEqual(eni["Groups"][0]["GroupName"], "default")
        self.refused("InvalidIPAddress.InUse", "10.0.0.7", self.ec2.create_network_interface, SubnetId=subnet,
                     PrivateIpAddress="10.0.0.7")
        self.assertEqual(self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"], 10)
        address = self.ec2.allocate_address(Domain="vpc")
        bond = self.ec2.associate_address(AllocationId=address["AllocationId"],
                                          NetworkInterfaceId=eni["NetworkInterfaceId"])["AssociationId"]
        self.refused("Resource.AlreadyAssociated", bond, self.ec2.associate_address,
                     AllocationId=address["AllocationId"], NetworkInterfaceId=eni["NetworkInterfaceId"])
        seen, = self.ec2.describe_network_interfaces(
            Filters=filters(association__public_ip=address["PublicIp"]))["NetworkInterfaces"]
        self.assertEqual(seen["NetworkInterfaceId"], eni["NetworkInterfaceId"])
        self.ec2.disassociate_address(AssociationId=bond)
        self.ec2.release_address(AllocationId=address["AllocationId"])
        self.assertEqual(error_code(self.ec2.describe_addresses, AllocationIds=[address["AllocationId"]]),
                         "InvalidAllocationID.NotFound")
        self.ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])


class EndpointsAndFlowLogs(Ec2Case):
    def test_endpoints(self):
        vpc = self.vpc()
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        table = self.ec2.describe_route_tables(Filters=filters(vpc_id=vpc))["RouteTables"][0]["RouteTableId"]
        gateway = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3",
                                               RouteTableIds=[table])["VpcEndpoint"]
        self.assertEqual((gateway["State"], gateway["RouteTableIds"]), ("available", [table]))
        self.ec2.modify_vpc_endpoint(VpcEndpointId=gateway["VpcEndpointId"], RemoveRouteTableIds=[table])
        seen, = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[gateway["VpcEndpointId"]])["VpcEndpoints"]
        self.assertEqual(seen["RouteTableIds"], [])
        face = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.ssm", SubnetIds=[subnet],
                                            VpcEndpointType="Interface")["VpcEndpoint"]
        self.assertEqual((face["State"], len(face["NetworkInterfaceIds"])), ("pending", 1))
        self.server.advance("60s")
        self.assertEqual(len(self.ec2.describe_vpc_endpoints(Filters=filters(
            vpc_id=vpc, vpc_endpoint_state="available"))["VpcEndpoints"]), 2)
        gone = self.ec2.delete_vpc_endpoints(VpcEndpointIds=[face["VpcEndpointId"], "vpce-0123456789abcdef0"])
        self.assertEqual([u["Error"]["Code"] for u in gone["Unsuccessful"]], ["InvalidVpcEndpointId.NotFound"])
        self.server.advance("60s")
        self.assertEqual(error_code(self.ec2.describe_vpc_endpoints, VpcEndpointIds=[face["VpcEndpointId"]]),
                         "InvalidVpcEndpointId.NotFound")

    def test_flow_logs(self):
        vpc = self.vpc()
        made = self.ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="REJECT",
                                         LogDestinationType="s3", LogDestination="arn:aws:s3:::logs")
        log, = self.ec2.describe_flow_logs(Filter=filters(resource_id=vpc))["FlowLogs"]
        self.assertEqual((log["FlowLogId"], log["TrafficType"]), (made["FlowLogIds"][0], "REJECT"))
        self.assertIn("${srcaddr}", log["LogFormat"])
        again = self.ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"] * 2)["Unsuccessful"]
        self.assertEqual([u["Error"]["Code"] for u in again], ["InvalidFlowLogId.NotFound"])
        self.assertEqual(self.ec2.describe_flow_logs(Filter=filters(resource_id=vpc))["FlowLogs"], [])
        self.refused("InvalidVpcID.NotFound", "", self.ec2.create_flow_logs, ResourceIds=["vpc-0123456789abcdef0"],
                     ResourceType="VPC", LogDestinationType="s3", LogDestination="arn:aws:s3:::logs")


class Groups(Ec2Case):
    def group(self, name="web"):
        vpc = self.vpc()
        return self.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"], vpc

    def test_rules_come_and_go(self):
        group, _ = self.group()
        web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        rule, = self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])["SecurityGroupRules"]
        self.assertEqual((rule["CidrIpv4"], rule["IsEgress"]), ("0.0.0.0/0", False))
        self.refused("InvalidPermission.Duplicate",
                     'the specified rule "peer: 0.0.0.0/0, TCP, from port: 443, to port: 443, ALLOW" already exists',
                     self.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[web])
        seen, = self.ec2.describe_security_groups(Filters=filters(group_id=group, ip_permission__from_port="443")
                                                  )["SecurityGroups"]
        self.assertEqual(seen["IpPermissions"][0]["IpRanges"], [{"CidrIp": "0.0.0.0/0"}])
        self.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[
            {"SecurityGroupRuleId": rule["SecurityGroupRuleId"],
             "SecurityGroupRule": {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIpv4": "10.0.0.0/8"}}])
        changed, = self.ec2.describe_security_group_rules(
            SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])["SecurityGroupRules"]
        self.assertEqual((changed["IpProtocol"], changed["CidrIpv4"]), ("udp", "10.0.0.0/8"))
        self.refused("InvalidPermission.NotFound", "does not exist in this security group",
                     self.ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[web])
        self.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
        self.assertEqual(self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"], [])

    def test_flat_parameters_and_egress(self):
        group, _ = self.group()
        self.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22,
                                                  CidrIp="203.0.113.7/32")
        self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        seen, = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        self.assertEqual(seen["IpPermissionsEgress"], [])
        self.assertEqual(seen["IpPermissions"][0]["IpRanges"][0]["CidrIp"], "203.0.113.7/32")
        self.refused("InvalidParameterValue", "CIDR block 1.2.3 is malformed",
                     self.ec2.authorize_security_group_ingress, GroupId=group, IpProtocol="tcp", FromPort=22,
                     ToPort=22, CidrIp="1.2.3")

    def test_a_group_that_another_names_stays(self):
        group, vpc = self.group()
        other = self.ec2.create_security_group(GroupName="db", Description="d", VpcId=vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group}]}])
        self.refused("DependencyViolation", f"resource {group} has a dependent object",
                     self.ec2.delete_security_group, GroupId=group)
        self.ec2.delete_security_group(GroupId=other)
        self.ec2.delete_security_group(GroupId=group)
        self.refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist",
                     self.ec2.describe_security_groups, GroupIds=[group])

    def test_names(self):
        group, vpc = self.group()
        self.refused("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'",
                     self.ec2.create_security_group, GroupName="web", Description="d", VpcId=vpc)
        default, = self.ec2.describe_security_groups(
            Filters=filters(vpc_id=vpc, group_name="default"))["SecurityGroups"]
        self.refused("CannotDelete", "cannot be deleted by a user", self.ec2.delete_security_group,
                     GroupId=default["GroupId"])


class Common(Ec2Case):
    def test_filters_ids_and_dry_runs_are_refused_as_aws_does(self):
        self.refused("InvalidParameterValue", "The filter 'nonsense' is invalid", self.ec2.describe_vpcs,
                     Filters=filters(nonsense="x"))
        self.refused("InvalidVpcID.Malformed", "vpc-xyz", self.ec2.describe_vpcs, VpcIds=["vpc-xyz"])
        self.refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.",
                     self.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
        careless = self.server.client("ec2", parameter_validation=False)
        self.refused("InvalidParameterValue", "maxResults", careless.describe_subnets, MaxResults=4)
        self.refused("MissingParameter", "VpcId", careless.delete_vpc)
        self.refused("InvalidNextToken", "", self.ec2.describe_subnets, MaxResults=5, NextToken="nonsense")

    def test_pages(self):
        ids = {self.vpc(TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "page", "Value": "1"}]}])
               for _ in range(12)}
        pages = list(self.ec2.get_paginator("describe_vpcs").paginate(
            Filters=[{"Name": "tag:page", "Values": ["1"]}], PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(p["Vpcs"]) for p in pages], [5, 5, 2])
        self.assertEqual({v["VpcId"] for p in pages for v in p["Vpcs"]}, ids)

    def test_tags(self):
        vpc = self.vpc()
        self.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "3"}])
        rows = self.ec2.describe_tags(Filters=filters(resource_id=vpc))["Tags"]
        self.assertEqual({(r["Key"], r["Value"], r["ResourceType"]) for r in rows},
                         {("a", "3", "vpc"), ("b", "2", "vpc")})
        self.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
        self.assertEqual([r["Key"] for r in self.ec2.describe_tags(Filters=filters(resource_id=vpc))["Tags"]], ["a"])
        self.refused("InvalidVpcID.NotFound", "", self.ec2.create_tags, Resources=[vpc, "vpc-0123456789abcdef0"],
                     Tags=[{"Key": "half", "Value": "done"}])
        self.assertEqual(self.ec2.describe_tags(Filters=filters(resource_id=vpc, key="half"))["Tags"], [])
        self.refused("InvalidParameterValue", "reserved for internal use", self.ec2.create_tags, Resources=[vpc],
                     Tags=[{"Key": "aws:x", "Value": "y"}])
        self.refused("InvalidParameterValue", "'subnet' is not a valid taggable resource type", self.ec2.create_vpc,
                     CidrBlock="10.0.0.0/16",
                     TagSpecifications=[{"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "b"}]}])


class Instances(Ec2Case):
    def run_one(self, **more):
        args = dict({"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}, **more)
        return self.ec2.run_instances(**args)["Instances"][0]

    def state(self, instance):
        seen = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return seen["State"]["Name"], seen["State"]["Code"]

    def test_states_over_the_clock(self):
        one = self.run_one()["InstanceId"]
        self.assertEqual(self.state(one), ("pending", 0))
        self.refused("IncorrectInstanceState", f"'{one}' is not in a state from which it can be stopped",
                     self.ec2.stop_instances, InstanceIds=[one])
        self.server.advance("10s")
        self.assertEqual(self.state(one), ("running", 16))
        change, = self.ec2.stop_instances(InstanceIds=[one])["StoppingInstances"]
        self.assertEqual((change["PreviousState"]["Name"], change["CurrentState"]), ("running", {"Code": 64, "Name": "stopping"}))
        self.refused("IncorrectInstanceState", "started", self.ec2.start_instances, InstanceIds=[one])
        self.server.advance("20s")
        self.assertEqual(self.state(one), ("stopped", 80))
        self.ec2.start_instances(InstanceIds=[one])
        self.server.advance("10s")
        self.assertEqual(self.state(one), ("running", 16))
        self.ec2.reboot_instances(InstanceIds=[one])
        self.ec2.terminate_instances(InstanceIds=[one])
        self.assertEqual(self.state(one), ("shutting-down", 32))
        self.server.advance("20s")
        self.assertEqual(self.state(one), ("terminated", 48))
        self.server.advance("1h")
        self.refused("InvalidInstanceID.NotFound", f"The instance ID '{one}' does not exist",
                     self.ec2.describe_instances, InstanceIds=[one])

    def test_what_comes_with_an_instance_goes_with_it(self):
        one = self.run_one(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "x"}]},
                                              {"ResourceType": "volume", "Tags": [{"Key": "of", "Value": "x"}]}])
        self.assertEqual(one["BlockDeviceMappings"], [])
        self.assertNotIn("PublicIpAddress", one)
        self.server.advance("30s")
        seen = self.ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["x"]}, {"Name": "instance-state-name", "Values": ["running"]}])
        instance = seen["Reservations"][0]["Instances"][0]
        self.assertEqual(instance["InstanceId"], one["InstanceId"])
        self.assertTrue(instance["PublicDnsName"].startswith("ec2-"))
        volume = instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        disk, = self.ec2.describe_volumes(Filters=filters(attachment__instance_id=one["InstanceId"]))["Volumes"]
        self.assertEqual((disk["VolumeId"], disk["State"], disk["Size"], disk["Tags"]),
                         (volume, "in-use", 8, [{"Key": "of", "Value": "x"}]))
        eni = instance["NetworkInterfaces"][0]
        self.assertEqual((eni["Status"], eni["Attachment"]["Status"]), ("in-use", "attached"))
        self.ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
        self.assertEqual(error_code(self.ec2.describe_volumes, VolumeIds=[volume]), "InvalidVolume.NotFound")
        self.assertEqual(error_code(self.ec2.describe_network_interfaces, NetworkInterfaceIds=[eni["NetworkInterfaceId"]]),
                         "InvalidNetworkInterfaceID.NotFound")

    def test_several_of_one_reservation_and_one_token(self):
        token = "the-same-token"
        first = self.ec2.run_instances(ImageId=AMI, MinCount=2, MaxCount=3, InstanceType="m6g.large", ClientToken=token)
        again = self.ec2.run_instances(ImageId=AMI, MinCount=2, MaxCount=3, InstanceType="m6g.large", ClientToken=token)
        self.assertEqual([i["InstanceId"] for i in again["Instances"]],
                         sorted(i["InstanceId"] for i in first["Instances"]))
        self.assertEqual({i["Architecture"] for i in first["Instances"]}, {"arm64"})
        found = self.ec2.describe_instances(Filters=filters(reservation_id=first["ReservationId"]))["Reservations"]
        self.assertEqual([len(r["Instances"]) for r in found], [3])

    def test_refusals(self):
        for code, text, more in (
                ("InvalidAMIID.Malformed", "ami-nope", {"ImageId": "ami-nope"}),
                ("InvalidParameterValue", "Invalid value 'x9.huge' for InstanceType.", {"InstanceType": "x9.huge"}),
                ("InvalidKeyPair.NotFound", "The key pair 'nobody' does not exist", {"KeyName": "nobody"}),
                ("InvalidSubnetID.NotFound", "subnet-0123456789abcdef0", {"SubnetId": "subnet-0123456789abcdef0"}),
                ("InvalidGroup.NotFound", "sg-0123456789abcdef0", {"SecurityGroupIds": ["sg-0123456789abcdef0"]}),
                ("InvalidParameterValue", "Value (ghost) for parameter iamInstanceProfile.name is invalid. Invalid IAM "
                 "Instance Profile name", {"IamInstanceProfile": {"Name": "ghost"}}),
                ("InvalidLaunchTemplateName.NotFoundException", "name x,",
                 {"LaunchTemplate": {"LaunchTemplateName": "x"}})):
            self.refused(code, text, self.run_one, **more)
        self.assertEqual(error_code(self.ec2.get_console_output, InstanceId="i-0123456789abcdef0"), "NotImplemented")

    def test_attributes(self):
        one = self.run_one(UserData="#!/bin/sh", DisableApiTermination=True)["InstanceId"]
        self.server.advance("10s")
        data = self.ec2.describe_instance_attribute(InstanceId=one, Attribute="userData")["UserData"]["Value"]
        self.assertEqual(base64.b64decode(data), b"#!/bin/sh")
        self.refused("OperationNotPermitted", f"The instance '{one}' may not be terminated.",
                     self.ec2.terminate_instances, InstanceIds=[one])
        self.ec2.modify_instance_attribute(InstanceId=one, DisableApiTermination={"Value": False})
        self.refused("IncorrectInstanceState", "is not in the 'stopped' state", self.ec2.modify_instance_attribute,
                     InstanceId=one, InstanceType={"Value": "t3.small"})
        self.ec2.modify_instance_attribute(InstanceId=one, SourceDestCheck={"Value": False})
        self.ec2.modify_instance_metadata_options(InstanceId=one, HttpTokens="required")
        self.assertEqual(self.ec2.monitor_instances(InstanceIds=[one])["InstanceMonitorings"][0]["Monitoring"]["State"], "pending")
        self.ec2.stop_instances(InstanceIds=[one])
        self.server.advance("20s")
        self.ec2.modify_instance_attribute(InstanceId=one, InstanceType={"Value": "t3.small"})
        self.ec2.modify_instance_attribute(InstanceId=one, UserData={"Value": b"changed"})
        data = self.ec2.describe_instance_attribute(InstanceId=one, Attribute="userData")["UserData"]["Value"]
        self.assertEqual(base64.b64decode(data), b"changed")
        seen = self.ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
        self.assertEqual((seen["InstanceType"], seen["SourceDestCheck"], seen["MetadataOptions"]["HttpTokens"],
                          seen["Monitoring"]["State"], seen["StateReason"]["Code"]),
                         ("t3.small", False, "required", "enabled", "Client.UserInitiatedShutdown"))
        self.ec2.terminate_instances(InstanceIds=[one])

    def test_status(self):
        one = self.run_one()["InstanceId"]
        self.assertEqual(self.ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"], [])
        self.server.advance("11s")
        status, = self.ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"]
        self.assertEqual(status["SystemStatus"]["Status"], "initializing")
        self.server.advance("3m")
        status, = self.ec2.describe_instance_status(InstanceIds=[one])["InstanceStatuses"]
        self.assertEqual((status["InstanceStatus"]["Status"], status["InstanceState"]["Name"]), ("ok", "running"))

    def test_profiles(self):
        iam = self.server.client("iam")
        iam.create_instance_profile(InstanceProfileName="web")
        one = self.run_one(IamInstanceProfile={"Name": "web"})
        self.assertTrue(one["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web"))
        self.server.advance("10s")
        held, = self.ec2.describe_iam_instance_profile_associations(
            Filters=filters(instance_id=one["InstanceId"]))["IamInstanceProfileAssociations"]
        self.assertEqual(held["State"], "associated")
        self.ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])
        seen = self.ec2.describe_instances(InstanceIds=[one["InstanceId"]])["Reservations"][0]["Instances"][0]
        self.assertNotIn("IamInstanceProfile", seen)

    def test_an_elastic_address_of_an_instance(self):
        one = self.run_one()["InstanceId"]
        self.server.advance("10s")
        address = self.ec2.allocate_address(Domain="vpc")
        self.ec2.associate_address(InstanceId=one, AllocationId=address["AllocationId"])
        seen, = self.ec2.describe_instances(Filters=filters(ip_address=address["PublicIp"]))["Reservations"]
        self.assertEqual(seen["Instances"][0]["InstanceId"], one)
        self.ec2.terminate_instances(InstanceIds=[one])
        self.assertNotIn("AssociationId", self.ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0])
        self.ec2.release_address(AllocationId=address["AllocationId"])


class Storage(Ec2Case):
    def test_a_volume_attached_and_detached(self):
        instance = self.ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, InstanceType="t3.nano")["Instances"][0]
        zone = instance["Placement"]["AvailabilityZone"]
        volume = self.ec2.create_volume(AvailabilityZone=zone, Size=10, VolumeType="gp3")
        self.assertEqual((volume["State"], volume["Iops"], volume["Throughput"]), ("creating", 3000, 125))
        self.server.advance("10s")
        held = {"VolumeId": volume["VolumeId"], "InstanceId": instance["InstanceId"]}
        self.ec2.attach_volume(Device="/dev/sdf", **held)
        self.refused("VolumeInUse", f"Volume {volume['VolumeId']} is currently attached to {instance['InstanceId']}",
                     self.ec2.delete_volume, VolumeId=volume["VolumeId"])
        seen = self.ec2.describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]
        self.assertEqual({m["DeviceName"] for m in seen["BlockDeviceMappings"]}, {"/dev/xvda", "/dev/sdf"})
        self.assertEqual(self.ec2.detach_volume(**held)["State"], "detaching")
        change = self.ec2.modify_volume(VolumeId=volume["VolumeId"], Size=20)["VolumeModification"]
        self.assertEqual((change["OriginalSize"], change["TargetSize"]), (10, 20))
        self.ec2.delete_volume(VolumeId=volume["VolumeId"])
        self.refused("InvalidVolume.NotFound", f"The volume '{volume['VolumeId']}' does not exist.",
                     self.ec2.describe_volumes, VolumeIds=[volume["VolumeId"]])

    def test_snapshots_are_shared(self):
        volume = self.ec2.create_volume(AvailabilityZone="us-east-1a", Size=3)["VolumeId"]
        snapshot = self.ec2.create_snapshot(VolumeId=volume, Description="d")
        self.assertEqual((snapshot["State"], snapshot["VolumeSize"]), ("pending", 3))
        self.server.advance("10s")
        seen, = self.ec2.describe_snapshots(SnapshotIds=[snapshot["SnapshotId"]])["Snapshots"]
        self.assertEqual((seen["State"], seen["Progress"]), ("completed", "100%"))
        other = self.server.client("ec2", key="999988887777")
        self.refused("InvalidSnapshot.NotFound", snapshot["SnapshotId"], other.describe_snapshots,
                     SnapshotIds=[snapshot["SnapshotId"]])
        self.ec2.modify_snapshot_attribute(SnapshotId=snapshot["SnapshotId"], Attribute="createVolumePermission",
                                           OperationType="add", UserIds=["999988887777"])
        held = self.ec2.describe_snapshot_attribute(SnapshotId=snapshot["SnapshotId"], Attribute="createVolumePermission")
        self.assertEqual(held["CreateVolumePermissions"], [{"UserId": "999988887777"}])
        theirs, = other.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]
        self.assertEqual(theirs["OwnerId"], "111122223333")
        self.assertEqual(other.describe_snapshots(OwnerIds=["self"])["Snapshots"], [])
        copied = other.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot["SnapshotId"])
        self.assertEqual(copied["Size"], 3)
        self.ec2.modify_snapshot_attribute(SnapshotId=snapshot["SnapshotId"], CreateVolumePermission={
            "Remove": [{"UserId": "999988887777"}], "Add": [{"Group": "all"}]})
        self.assertEqual(len(other.describe_snapshots(RestorableByUserIds=["all"])["Snapshots"]), 1)
        self.ec2.reset_snapshot_attribute(SnapshotId=snapshot["SnapshotId"], Attribute="createVolumePermission")
        self.assertEqual(error_code(other.describe_snapshots, SnapshotIds=[snapshot["SnapshotId"]]), "InvalidSnapshot.NotFound")
        away = self.server.client("ec2", region="eu-west-1")
        copy = away.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot["SnapshotId"])["SnapshotId"]
        self.assertEqual(away.describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]["VolumeSize"], 3)
        self.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])

    def test_images(self):
        instance = self.ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, InstanceType="t3.nano")["Instances"][0]["InstanceId"]
        self.server.advance("10s")
        image = self.ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
        self.refused("InvalidAMIName.Duplicate", f"AMI name golden is already in use by AMI {image}",
                     self.ec2.create_image, InstanceId=instance, Name="golden")
        self.server.advance("20s")
        seen, = self.ec2.describe_images(Owners=["self"])["Images"]
        snapshot = seen["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        self.assertEqual((seen["State"], seen["Public"], seen["Name"]), ("available", False, "golden"))
        self.refused("InvalidSnapshot.InUse", f"The snapshot {snapshot} is currently in use by {image}",
                     self.ec2.delete_snapshot, SnapshotId=snapshot)
        self.ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": "999988887777"}]})
        other = self.server.client("ec2", key="999988887777")
        self.assertEqual([i["ImageId"] for i in other.describe_images(ExecutableUsers=["self"])["Images"]], [image])
        self.assertEqual(self.ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")["LaunchPermissions"],
                         [{"UserId": "999988887777"}])
        launched = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.nano")["Instances"][0]
        self.assertEqual(launched["ImageId"], image)
        copy = self.server.client("ec2", region="eu-west-1").copy_image(
            SourceRegion="us-east-1", SourceImageId=image, Name="copied")["ImageId"]
        self.assertNotEqual(copy, image)
        self.ec2.deregister_image(ImageId=image)
        self.refused("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist",
                     self.ec2.describe_images, ImageIds=[image])
        self.assertEqual(error_code(self.ec2.run_instances, ImageId=image, MinCount=1, MaxCount=1), "InvalidAMIID.Unavailable")
        self.ec2.delete_snapshot(SnapshotId=snapshot)

    def test_encryption_by_default(self):
        ec2 = self.server.client("ec2", region="eu-west-2")
        self.assertFalse(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])
        self.assertTrue(ec2.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"])
        volume = ec2.create_volume(AvailabilityZone="eu-west-2a", Size=1)
        self.assertTrue(volume["Encrypted"])
        ec2.disable_ebs_encryption_by_default()
        self.assertFalse(ec2.create_volume(AvailabilityZone="eu-west-2a", Size=1)["Encrypted"])
        self.assertTrue(ec2.enable_serial_console_access()["SerialConsoleAccessEnabled"])
        self.assertTrue(ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"])


class KeyPairs(Ec2Case):
    def test_keys_are_real(self):
        for kind, words in (("rsa", b"ssh-rsa "), ("ed25519", b"ssh-ed25519 ")):
            made = self.ec2.create_key_pair(KeyName=kind, KeyType=kind)
            key = load_private(made["KeyMaterial"])
            line = self.ec2.describe_key_pairs(KeyNames=[kind], IncludePublicKey=True)["KeyPairs"][0]["PublicKey"]
            public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
            self.assertEqual(line.encode(), public)
            self.assertTrue(public.startswith(words))
            self.refused("InvalidKeyPair.Duplicate", "", self.ec2.create_key_pair, KeyName=kind)
            imported = self.ec2.import_key_pair(KeyName=kind + "-2", PublicKeyMaterial=public + b" me@here")
            if kind == "ed25519":
                self.assertEqual(imported["KeyFingerprint"], made["KeyFingerprint"])
            else:
                der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption())
                self.assertEqual(made["KeyFingerprint"].replace(":", ""), hashlib.sha1(der).hexdigest())
                der = key.public_key().public_bytes(serialization.Encoding.DER,
                                                    serialization.PublicFormat.SubjectPublicKeyInfo)
                self.assertEqual(imported["KeyFingerprint"].replace(":", ""), hashlib.md5(der).hexdigest())
            self.ec2.delete_key_pair(KeyName=kind)
            self.refused("InvalidKeyPair.NotFound", f"The key pair '{kind}' does not exist",
                         self.ec2.describe_key_pairs, KeyNames=[kind])
        self.refused("InvalidKey.Format", "", self.ec2.import_key_pair, KeyName="x", PublicKeyMaterial=b"ssh-rsa AAAA")


class Peering(Ec2Case):
    OPTIONS = ("--no-default-trail",)

    def setUp(self):
        super().setUp()
        self.mine, self.theirs = self.vpc("10.101.0.0/16"), self.vpc("10.102.0.0/16")

    def ask(self, ec2=None, **peer):
        made = (ec2 or self.ec2).create_vpc_peering_connection(VpcId=self.mine, **{"PeerVpcId": self.theirs, **peer})
        return made["VpcPeeringConnection"]

    def status(self, pcx, ec2=None):
        found, = (ec2 or self.ec2).describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])[
            "VpcPeeringConnections"]
        return found["Status"]["Code"]

    def test_life(self):
        tags = [{"Key": "k", "Value": "v"}]
        made = self.ask(TagSpecifications=[{"ResourceType": "vpc-peering-connection", "Tags": tags}])
        pcx = made["VpcPeeringConnectionId"]
        self.assertRegex(pcx, "^pcx-0[0-9a-f]{16}$")
        self.assertEqual(made["Status"], {"Code": "initiating-request",
                                          "Message": "Initiating Request to 111122223333"})
        self.assertEqual((made["RequesterVpcInfo"]["CidrBlock"], made["RequesterVpcInfo"]["VpcId"], made["Tags"]),
                         ("10.101.0.0/16", self.mine, tags))
        self.assertEqual(made["AccepterVpcInfo"],
                         {"OwnerId": "111122223333", "VpcId": self.theirs, "Region": "us-east-1"})
        self.server.advance("2s")
        self.assertEqual(self.status(pcx), "pending-acceptance")
        taken = self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)["VpcPeeringConnection"]
        self.assertEqual((taken["Status"]["Code"], taken["AccepterVpcInfo"]["CidrBlock"]),
                         ("provisioning", "10.102.0.0/16"))
        self.assertNotIn("ExpirationTime", taken)
        self.server.advance("2s")
        found = self.ec2.describe_vpc_peering_connections(
            Filters=filters(status_code="active", accepter_vpc_info__vpc_id=self.theirs))["VpcPeeringConnections"]
        self.assertEqual([p["VpcPeeringConnectionId"] for p in found], [pcx])
        self.refused("InvalidStateTransition", "from active to active", self.ec2.accept_vpc_peering_connection,
                     VpcPeeringConnectionId=pcx)
        self.assertTrue(self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)["Return"])
        self.assertEqual(self.status(pcx), "deleted")
        self.refused("InvalidStateTransition", "from deleted to deleted", self.ec2.delete_vpc_peering_connection,
                     VpcPeeringConnectionId=pcx)
        self.server.advance("49h")
        self.refused("InvalidVpcPeeringConnectionID.NotFound", "does not exist",
                     self.ec2.describe_vpc_peering_connections, VpcPeeringConnectionIds=[pcx])

    def test_rejected_and_expired(self):
        one, two = (self.ask()["VpcPeeringConnectionId"] for _ in range(2))
        self.ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=one)
        self.server.advance("24h")
        self.assertEqual((self.status(one), self.status(two)), ("rejected", "pending-acceptance"))
        self.server.advance("144h")
        self.assertEqual(self.status(two), "expired")

    def test_another_account_and_region(self):
        other = self.server.client("ec2", key="444455556666", region="eu-west-1")
        theirs = other.create_vpc(CidrBlock="10.103.0.0/16")["Vpc"]["VpcId"]
        pcx = self.ask(PeerVpcId=theirs, PeerOwnerId="444455556666", PeerRegion="eu-west-1")["VpcPeeringConnectionId"]
        self.refused("OperationNotPermitted", "111122223333 cannot accept", self.ec2.accept_vpc_peering_connection,
                     VpcPeeringConnectionId=pcx)
        other.create_tags(Resources=[pcx], Tags=[{"Key": "side", "Value": "theirs"}])
        other.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
        self.server.advance("3s")
        self.assertEqual((self.status(pcx), self.status(pcx, other)), ("active", "active"))
        self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
        found, = other.describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])["VpcPeeringConnections"]
        self.assertEqual((found["Status"], found["Tags"]), (
            {"Code": "deleted", "Message": "Deleted by 111122223333"}, [{"Key": "side", "Value": "theirs"}]))

    def test_refused(self):
        self.refused("InvalidVpcID.NotFound", "vpc-00000000", self.ask, PeerVpcId="vpc-00000000")
        self.refused("InvalidParameterValue", "moon-1", self.ask, PeerRegion="moon-1")
        same = self.vpc("10.101.128.0/17")
        self.assertEqual(self.ask(PeerVpcId=same)["Status"]["Code"], "failed")
        self.assertEqual(self.ask(PeerOwnerId="444455556666")["Status"]["Code"], "failed")


if __name__ == "__main__":
    unittest.main()
