"""rds through boto3: instances, clusters, snapshots and who they are shared with."""
import json
import pathlib
import unittest

import harness

OTHER = "999988887777"
PASSWORD = "hunter2-and-more"


class RdsTest(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.rds = self.server.client("rds")

    def create(self, name="db1", **more):
        args = {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
                "AllocatedStorage": 10, "MasterUsername": "admin", "MasterUserPassword": PASSWORD}
        return self.rds.create_db_instance(**{**args, **more})["DBInstance"]

    def state(self, name="db1"):
        return self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DBInstanceStatus"]

    def test_an_instance_is_created_as_aws_does(self):
        made = self.create("DB1", Tags=[{"Key": "a", "Value": "b"}])
        self.assertEqual(("db1", "creating", "8.0.42", "general-public-license", [{"Key": "a", "Value": "b"}],
                          [{"DBParameterGroupName": "default.mysql8.0", "ParameterApplyStatus": "in-sync"}]),
                         tuple(made[k] for k in ("DBInstanceIdentifier", "DBInstanceStatus", "EngineVersion",
                                                 "LicenseModel", "TagList", "DBParameterGroups")))
        self.assertNotIn("Endpoint", made)
        self.rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="db1")
        seen = self.rds.describe_db_instances(DBInstanceIdentifier="db1")["DBInstances"][0]
        self.assertEqual(3306, seen["Endpoint"]["Port"])
        self.assertTrue(seen["Endpoint"]["Address"].startswith("db1."))
        self.assertTrue(seen["Endpoint"]["Address"].endswith(".us-east-1.rds.amazonaws.com"))
        record = self.server.record("CreateDBInstance")
        self.assertEqual("****", record["requestParameters"]["masterUserPassword"])
        answer = record["responseElements"]
        self.assertEqual(("creating", "default:mysql-8-0", {"masterUserPassword": "****"}),
                         (answer["dBInstanceStatus"], answer["optionGroupMemberships"][0]["optionGroupName"],
                          answer["pendingModifiedValues"]))
        for file in pathlib.Path(self.server.data).rglob("*"):
            if file.is_file():
                self.assertNotIn(PASSWORD.encode(), file.read_bytes(), file)

    def test_read_replicas(self):
        self.create("source", BackupRetentionPeriod=7)
        self.create("bare", BackupRetentionPeriod=0)
        replicate = self.rds.create_db_instance_read_replica
        self.assertIn("backups are not enabled", self.refused(
            "InvalidDBInstanceState", replicate, DBInstanceIdentifier="r", SourceDBInstanceIdentifier="bare"))
        self.refused("DBInstanceNotFound", replicate, DBInstanceIdentifier="r", SourceDBInstanceIdentifier="none")
        made = replicate(DBInstanceIdentifier="near", SourceDBInstanceIdentifier="source",
                         DBInstanceClass="db.t3.small")["DBInstance"]
        self.assertEqual(("creating", "source", "db.t3.small", "mysql", "admin", 0), tuple(made[k] for k in (
            "DBInstanceStatus", "ReadReplicaSourceDBInstanceIdentifier", "DBInstanceClass", "Engine",
            "MasterUsername", "BackupRetentionPeriod")))
        self.assertEqual("replicating", made["StatusInfos"][0]["Status"])
        source = self.rds.describe_db_instances(DBInstanceIdentifier="source")["DBInstances"][0]
        far = self.server.client("rds", region="eu-west-1").create_db_instance_read_replica(
            DBInstanceIdentifier="far", SourceDBInstanceIdentifier=source["DBInstanceArn"])["DBInstance"]
        self.assertEqual(source["DBInstanceArn"], far["ReadReplicaSourceDBInstanceIdentifier"])

        def replicas():
            return self.rds.describe_db_instances(DBInstanceIdentifier="source")["DBInstances"][0][
                "ReadReplicaDBInstanceIdentifiers"]
        self.assertEqual(["near", far["DBInstanceArn"]], replicas())
        self.assertIn("not a read replica", self.refused(
            "InvalidDBInstanceState", self.rds.promote_read_replica, DBInstanceIdentifier="source"))
        promoted = self.rds.promote_read_replica(DBInstanceIdentifier="near", BackupRetentionPeriod=3)["DBInstance"]
        self.assertEqual(("modifying", 3), (promoted["DBInstanceStatus"], promoted["BackupRetentionPeriod"]))
        self.assertNotIn("ReadReplicaSourceDBInstanceIdentifier", promoted)
        self.assertEqual([far["DBInstanceArn"]], replicas())
        self.refused("NotImplemented", self.rds.modify_db_instance, DBInstanceIdentifier="source",
                     NewDBInstanceIdentifier="renamed")
        replicate(DBInstanceIdentifier="gone", SourceDBInstanceIdentifier="source")
        self.refused("InvalidParameterCombination", self.rds.delete_db_instance, DBInstanceIdentifier="gone",
                     FinalDBSnapshotIdentifier="last")
        self.rds.delete_db_instance(DBInstanceIdentifier="gone")
        self.assertEqual([far["DBInstanceArn"]], replicas())
        self.rds.delete_db_instance(DBInstanceIdentifier="source", SkipFinalSnapshot=True)
        alone = self.server.client("rds", region="eu-west-1").describe_db_instances()["DBInstances"][0]
        self.assertNotIn("ReadReplicaSourceDBInstanceIdentifier", alone)
        self.server.flush()
        record = next(r for r in self.server.records() if r["eventName"] == "CreateDBInstanceReadReplica"
                      and r["responseElements"] and r["awsRegion"] == "us-east-1")
        self.assertEqual({"dBInstanceIdentifier": "near", "sourceDBInstanceIdentifier": "source",
                          "dBInstanceClass": "db.t3.small"}, record["requestParameters"])
        self.assertEqual("source", record["responseElements"]["readReplicaSourceDBInstanceIdentifier"])

    @harness.needs_newest
    def test_refusals(self):
        self.create()
        self.assertEqual("DB instance already exists", self.refused("DBInstanceAlreadyExists", self.create))
        self.assertEqual("DBInstance none not found.", self.refused(
            "DBInstanceNotFound", self.rds.describe_db_instances, DBInstanceIdentifier="none"))
        self.refused("InvalidParameterValue", self.create, name="1x")
        self.refused("InvalidParameterValue", self.create, name="b", Engine="foxpro")
        self.refused("InvalidParameterValue", self.create, name="b", MasterUserPassword="")
        self.refused("DBSubnetGroupNotFoundFault", self.create, name="b", DBSubnetGroupName="none")
        self.refused("NotImplemented", self.create, name="b", ManageMasterUserPassword=True)
        self.refused("InvalidParameterValue", self.rds.describe_db_instances,
                     Filters=[{"Name": "colour", "Values": ["red"]}])
        self.refused("InvalidDBInstanceState", self.rds.start_db_instance, DBInstanceIdentifier="db1")
        self.refused("DBSnapshotNotFound", self.rds.delete_db_snapshot, DBSnapshotIdentifier="none")

    def test_states_and_changes(self):
        self.create()
        self.assertEqual("stopping", self.rds.stop_db_instance(DBInstanceIdentifier="db1")["DBInstance"]["DBInstanceStatus"])
        self.assertEqual("stopped", self.state())
        self.assertEqual("starting", self.rds.start_db_instance(DBInstanceIdentifier="db1")["DBInstance"]["DBInstanceStatus"])
        self.rds.reboot_db_instance(DBInstanceIdentifier="db1")
        changed = self.rds.modify_db_instance(DBInstanceIdentifier="db1", PubliclyAccessible=True,
                                              MasterUserPassword="another-secret", DeletionProtection=True)
        self.assertEqual((True, "****"), (changed["DBInstance"]["PubliclyAccessible"],
                                          changed["DBInstance"]["PendingModifiedValues"]["MasterUserPassword"]))
        self.refused("InvalidParameterCombination", self.rds.delete_db_instance, DBInstanceIdentifier="db1",
                     SkipFinalSnapshot=True)
        self.rds.modify_db_instance(DBInstanceIdentifier="db1", DeletionProtection=False,
                                    NewDBInstanceIdentifier="db2")
        self.refused("InvalidParameterCombination", self.rds.delete_db_instance, DBInstanceIdentifier="db2")
        gone = self.rds.delete_db_instance(DBInstanceIdentifier="db2", FinalDBSnapshotIdentifier="last")
        self.assertEqual("deleting", gone["DBInstance"]["DBInstanceStatus"])
        self.refused("DBInstanceNotFound", self.rds.describe_db_instances, DBInstanceIdentifier="db2")
        self.assertEqual(["last"], [s["DBSnapshotIdentifier"] for s in self.rds.describe_db_snapshots()["DBSnapshots"]])

    def test_snapshots_are_copied_shared_and_restored(self):
        self.create()
        made = self.rds.create_db_snapshot(DBInstanceIdentifier="db1", DBSnapshotIdentifier="s1")["DBSnapshot"]
        self.assertEqual(("creating", 0, "manual", 3306), tuple(made[k] for k in (
            "Status", "PercentProgress", "SnapshotType", "Port")))
        self.refused("DBSnapshotAlreadyExists", self.rds.create_db_snapshot, DBInstanceIdentifier="db1",
                     DBSnapshotIdentifier="s1")
        copied = self.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="s1", TargetDBSnapshotIdentifier="s2")
        self.assertEqual(made["DBSnapshotArn"], copied["DBSnapshot"]["SourceDBSnapshotIdentifier"])
        theirs = self.server.client("rds", key=OTHER)
        self.refused("DBSnapshotNotFound", theirs.copy_db_snapshot,
                     SourceDBSnapshotIdentifier=made["DBSnapshotArn"], TargetDBSnapshotIdentifier="x")
        shared = self.rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="s1", AttributeName="restore",
                                                       ValuesToAdd=[OTHER])["DBSnapshotAttributesResult"]
        self.assertEqual([{"AttributeName": "restore", "AttributeValues": [OTHER]}], shared["DBSnapshotAttributes"])
        self.assertEqual([], theirs.describe_db_snapshots()["DBSnapshots"])
        self.assertEqual(["s1"], [s["DBSnapshotIdentifier"] for s in
                                  theirs.describe_db_snapshots(IncludeShared=True)["DBSnapshots"]])
        theirs.copy_db_snapshot(SourceDBSnapshotIdentifier=made["DBSnapshotArn"], TargetDBSnapshotIdentifier="x")
        self.rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="s1", AttributeName="restore",
                                              ValuesToAdd=["all"], ValuesToRemove=[OTHER])
        self.assertEqual([["all"]], [a["AttributeValues"] for a in self.rds.describe_db_snapshot_attributes(
            DBSnapshotIdentifier="s1")["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]])
        again = self.rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="db3", DBSnapshotIdentifier="s1")
        self.assertEqual(("creating", "admin", "db.t3.micro"), tuple(again["DBInstance"][k] for k in (
            "DBInstanceStatus", "MasterUsername", "DBInstanceClass")))
        self.assertEqual("deleted", self.rds.delete_db_snapshot(DBSnapshotIdentifier="s1")["DBSnapshot"]["Status"])
        record = self.server.record("CreateDBSnapshot")
        self.assertEqual(("creating", "s1"), (record["responseElements"]["status"],
                                              record["responseElements"]["dBSnapshotIdentifier"]))

    def test_clusters(self):
        made = self.rds.create_db_cluster(DBClusterIdentifier="c1", Engine="aurora-mysql", MasterUsername="admin",
                                          MasterUserPassword=PASSWORD)["DBCluster"]
        self.assertEqual(("creating", 3306, "default.aurora-mysql8.0"), tuple(made[k] for k in (
            "Status", "Port", "DBClusterParameterGroup")))
        self.refused("DBClusterAlreadyExistsFault", self.rds.create_db_cluster, DBClusterIdentifier="c1",
                     Engine="aurora-mysql", MasterUsername="admin")
        member = {"DBInstanceIdentifier": "i1", "DBInstanceClass": "db.r6g.large", "DBClusterIdentifier": "c1"}
        self.refused("InvalidParameterCombination", self.rds.create_db_instance, Engine="mysql", **member)
        self.rds.create_db_instance(Engine="aurora-mysql", **member)
        seen = self.rds.describe_db_clusters(DBClusterIdentifier="c1")["DBClusters"][0]
        self.assertEqual([("i1", True)], [(m["DBInstanceIdentifier"], m["IsClusterWriter"])
                                          for m in seen["DBClusterMembers"]])
        self.refused("InvalidDBClusterStateFault", self.rds.delete_db_cluster, DBClusterIdentifier="c1",
                     SkipFinalSnapshot=True)
        snapshot = self.rds.create_db_cluster_snapshot(DBClusterIdentifier="c1", DBClusterSnapshotIdentifier="cs")
        self.assertEqual("aurora-mysql", snapshot["DBClusterSnapshot"]["Engine"])
        self.rds.modify_db_cluster_snapshot_attribute(DBClusterSnapshotIdentifier="cs", AttributeName="restore",
                                                      ValuesToAdd=["all"])
        self.assertEqual(["all"], self.rds.describe_db_cluster_snapshot_attributes(
            DBClusterSnapshotIdentifier="cs")["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"][0][
                "AttributeValues"])
        self.rds.delete_db_instance(DBInstanceIdentifier="i1")
        self.rds.modify_db_cluster(DBClusterIdentifier="c1", BackupRetentionPeriod=7)
        self.rds.stop_db_cluster(DBClusterIdentifier="c1")
        self.rds.start_db_cluster(DBClusterIdentifier="c1")
        self.assertEqual(7, self.rds.delete_db_cluster(
            DBClusterIdentifier="c1", FinalDBSnapshotIdentifier="end")["DBCluster"]["BackupRetentionPeriod"])
        self.refused("DBClusterNotFoundFault", self.rds.describe_db_clusters, DBClusterIdentifier="c1")
        self.assertEqual(["cs", "end"], [s["DBClusterSnapshotIdentifier"] for s in
                                         self.rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]])

    def test_subnets_of_a_group_must_be_there_in_one_vpc_and_two_zones(self):
        ec2 = self.server.client("ec2")
        there = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"][:2]]
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        elsewhere = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        services = {"rds": ("create_db_subnet_group", "DBSubnetGroup"),
                    "docdb": ("create_db_subnet_group", "DBSubnetGroup"),
                    "redshift": ("create_cluster_subnet_group", ""),
                    "elasticache": ("create_cache_subnet_group", "CacheSubnetGroup")}
        for service, (operation, word) in services.items():
            client = self.server.client(service)
            given = {"ClusterSubnetGroupName" if service == "redshift" else word + "Name": "g-" + service,
                     word + "Description": "d"}
            for subnets in (["subnet-0123456789abcdef0"], [there[0], "x"], [there[0], elsewhere]):
                with self.subTest(service, subnets=subnets):
                    self.refused("InvalidSubnet", getattr(client, operation), SubnetIds=subnets, **given)
            getattr(client, operation)(SubnetIds=there, **given)
        self.refused("DBSubnetGroupDoesNotCoverEnoughAZs", self.rds.modify_db_subnet_group,
                     DBSubnetGroupName="g-rds", SubnetIds=there[:1])
        self.refused("InvalidSubnet", self.server.client("redshift").modify_cluster_subnet_group,
                     ClusterSubnetGroupName="g-redshift", SubnetIds=["x"])

    def test_groups_and_tags(self):
        found = self.server.client("ec2").describe_subnets()["Subnets"][:2]
        subnets = [s["SubnetId"] for s in found]
        group = self.rds.create_db_subnet_group(DBSubnetGroupName="G", DBSubnetGroupDescription="d",
                                                SubnetIds=subnets)["DBSubnetGroup"]
        self.assertEqual(("g", found[0]["VpcId"], subnets), (group["DBSubnetGroupName"], group["VpcId"], [
            s["SubnetIdentifier"] for s in group["Subnets"]]))
        self.assertEqual([s["AvailabilityZone"] for s in found],
                         [s["SubnetAvailabilityZone"]["Name"] for s in group["Subnets"]])
        self.rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="mysql8.0", Description="d")
        made = self.create(DBSubnetGroupName="g", DBParameterGroupName="p")
        self.assertEqual(("g", "p"), (made["DBSubnetGroup"]["DBSubnetGroupName"],
                                      made["DBParameterGroups"][0]["DBParameterGroupName"]))
        self.refused("InvalidDBSubnetGroupStateFault", self.rds.delete_db_subnet_group, DBSubnetGroupName="g")
        arn = made["DBInstanceArn"]
        self.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
        self.assertEqual([{"Key": "b", "Value": "2"}], self.rds.list_tags_for_resource(ResourceName=arn)["TagList"])
        self.rds.delete_db_instance(DBInstanceIdentifier="db1", SkipFinalSnapshot=True)
        self.rds.delete_db_subnet_group(DBSubnetGroupName="g")
        self.rds.delete_db_parameter_group(DBParameterGroupName="p")
        self.refused("DBParameterGroupNotFound", self.rds.describe_db_parameter_groups, DBParameterGroupName="p")

    def test_lists(self):
        for i in range(23):
            self.create(f"db{i:02}", Engine="mysql" if i % 2 else "postgres")
        pages = list(self.rds.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20}))
        self.assertEqual([20, 3], [len(p["DBInstances"]) for p in pages])
        only = self.rds.describe_db_instances(Filters=[{"Name": "engine", "Values": ["postgres"]}])["DBInstances"]
        self.assertEqual(12, len(only))
        self.assertEqual(["17.4"], [v["EngineVersion"] for v in self.rds.describe_db_engine_versions(
            Engine="postgres")["DBEngineVersions"]])


if __name__ == "__main__":
    unittest.main()
