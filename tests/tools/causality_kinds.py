"""What comes and goes in the records, a row a kind.

source, scope ("world", "account" or "region": within what a name is unique); create and delete: (eventName, path,
...) where the name stands; use: paths in the records of any other call, of several one name ("bucket/key");
missing: error codes that say it is not there; again: creating it anew is no contradiction; harmless: calls that
may name what is gone; cut: an ARN is known by what follows the last of these; unless: with this in the request a
deletion leaves it open what is there; forget: calls after which all names below the first path are open.
"""
OVERWRITES = "overwrites"  # again: what is made may have been there before the records begin
REQ, RES = "requestParameters.", "responseElements."


def row(name, source, create, delete, use, missing=(), scope="region", again=False, harmless=(), cut=None,
        unless=None, forget=()):
    return {"unless": unless, "forget": forget, "name": name, "source": source + ".amazonaws.com", "scope": scope, "create": create, "delete": delete,
            "use": use, "missing": set(missing), "again": again, "harmless": set(harmless), "cut": cut}


def ec2(name, create, delete, uses, missing):
    return row(name, "ec2", create, delete, uses, ["Client." + m for m in missing])


INSTANCES = "instancesSet.items.[].instanceId"
KINDS = [
    row("user", "iam", [("CreateUser", REQ + "userName")], [("DeleteUser", REQ + "userName")], [REQ + "userName"],
        ["NoSuchEntityException"], "account", harmless=["GetLoginProfile", "DeleteLoginProfile", "DeleteUserPolicy",
        "GetUserPolicy", "DetachUserPolicy", "UpdateLoginProfile", "DeactivateMFADevice", "DeleteAccessKey",
        "UpdateAccessKey", "GetSSHPublicKey", "AddUserToGroup", "RemoveUserFromGroup"]),
    row("role", "iam", [("CreateRole", REQ + "roleName")], [("DeleteRole", REQ + "roleName")], [REQ + "roleName"],
        ["NoSuchEntityException"], "account", harmless=["GetRolePolicy", "DeleteRolePolicy", "DetachRolePolicy"]),
    row("group", "iam", [("CreateGroup", REQ + "groupName")], [("DeleteGroup", REQ + "groupName")], [REQ + "groupName"],
        ["NoSuchEntityException"], "account", harmless=["GetGroupPolicy", "DeleteGroupPolicy", "DetachGroupPolicy",
        "AddUserToGroup", "RemoveUserFromGroup"]),
    row("login profile", "iam", [("CreateLoginProfile", REQ + "userName")], [("DeleteLoginProfile", REQ + "userName")],
        [], [], "account"),
    row("policy", "iam", [("CreatePolicy", RES + "policy.arn")], [("DeletePolicy", REQ + "policyArn")],
        [REQ + "policyArn"], [], "account"),
    row("bucket", "s3", [("CreateBucket", REQ + "bucketName")], [("DeleteBucket", REQ + "bucketName")],
        [REQ + "bucketName"], ["NoSuchBucket"], "world", again=True),
    row("object", "s3", [("PutObject", REQ + "bucketName", REQ + "key"), ("CopyObject", REQ + "bucketName", REQ + "key")],
        [("DeleteObject", REQ + "bucketName", REQ + "key")], [[REQ + "bucketName", REQ + "key"]], ["NoSuchKey"], "world",
        again=OVERWRITES, harmless=["DeleteObject", "PutObject", "CopyObject"], unless=REQ + "versionId",
        forget=[("DeleteObjects", REQ + "bucketName"), ("DeleteBucket", REQ + "bucketName")]),
    ec2("instance", [("RunInstances", RES + INSTANCES)], [],
        [REQ + INSTANCES, REQ + "instanceId"], ["InvalidInstanceID.NotFound"]),
    ec2("VPC", [("CreateVpc", RES + "vpc.vpcId")], [("DeleteVpc", REQ + "vpcId")], [REQ + "vpcId"],
        ["InvalidVpcID.NotFound"]),
    ec2("security group", [("CreateSecurityGroup", RES + "groupId")], [("DeleteSecurityGroup", REQ + "groupId")],
        [REQ + "groupId", REQ + "securityGroupIdSet.items.[].groupId"], ["InvalidGroup.NotFound"]),
    ec2("volume", [("CreateVolume", RES + "volumeId")], [("DeleteVolume", REQ + "volumeId")],
        [REQ + "volumeId", REQ + "volumeSet.items.[].volumeId"], ["InvalidVolume.NotFound"]),
    ec2("snapshot", [("CreateSnapshot", RES + "snapshotId")], [("DeleteSnapshot", REQ + "snapshotId")],
        [REQ + "snapshotId", REQ + "snapshotSet.items.[].snapshotId"], ["InvalidSnapshot.NotFound"]),
    ec2("image", [("CreateImage", RES + "imageId")], [("DeregisterImage", REQ + "imageId")], [REQ + "imageId"],
        ["InvalidAMIID.NotFound"]),
    row("key", "kms", [("CreateKey", RES + "keyMetadata.keyId")], [("ScheduleKeyDeletion", REQ + "keyId")],
        [REQ + "keyId"], ["NotFoundException"], harmless=["DescribeKey", "CancelKeyDeletion", "ListResourceTags",
        "GetKeyPolicy", "ListAliases", "ListGrants", "ScheduleKeyDeletion", "DisableKey"], cut="/"),
    row("secret", "secretsmanager", [("CreateSecret", REQ + "name")], [("DeleteSecret", REQ + "secretId")],
        [REQ + "secretId"], ["ResourceNotFoundException"], harmless=["DescribeSecret", "RestoreSecret"]),
    row("parameter", "ssm", [("PutParameter", REQ + "name")], [("DeleteParameter", REQ + "name")], [REQ + "name"],
        ["ParameterNotFound"], again=OVERWRITES, harmless=["PutParameter"]),
    row("function", "lambda", [("CreateFunction20150331", REQ + "functionName")],
        [("DeleteFunction20150331", REQ + "functionName")], [REQ + "functionName"], ["ResourceNotFoundException"],
        harmless=["GetPolicy20150331v2", "GetFunctionUrlConfig", "RemovePermission20150331v2"]),
    row("table", "dynamodb", [("CreateTable", REQ + "tableName")], [("DeleteTable", REQ + "tableName")],
        [REQ + "tableName"], ["ResourceNotFoundException"], harmless=["DescribeTable"]),
    row("log group", "logs", [("CreateLogGroup", REQ + "logGroupName")], [("DeleteLogGroup", REQ + "logGroupName")],
        [REQ + "logGroupName"], [], harmless=["DescribeLogStreams"]),
    row("topic", "sns", [("CreateTopic", RES + "topicArn")], [("DeleteTopic", REQ + "topicArn")], [REQ + "topicArn"],
        ["NotFoundException"], again=True),
    row("database", "rds", [("CreateDBInstance", REQ + "dBInstanceIdentifier"),
                            ("RestoreDBInstanceFromDBSnapshot", REQ + "dBInstanceIdentifier")],
        [("DeleteDBInstance", REQ + "dBInstanceIdentifier")], [REQ + "dBInstanceIdentifier"], ["DBInstanceNotFoundFault"],
        harmless=["DescribeDBInstances", "DescribeDBSnapshots", "CreateDBSnapshot"]),
    row("trail", "cloudtrail", [("CreateTrail", REQ + "name")], [("DeleteTrail", REQ + "name")],
        [REQ + "name", REQ + "trailName"], ["TrailNotFoundException"], cut="/"),
    row("detector", "guardduty", [("CreateDetector", RES + "detectorId")], [("DeleteDetector", REQ + "detectorId")],
        [REQ + "detectorId"], ["BadRequestException"]),
    row("file system", "elasticfilesystem", [("CreateFileSystem", RES + "fileSystemId")],
        [("DeleteFileSystem", REQ + "fileSystemId")], [REQ + "fileSystemId"], ["FileSystemNotFound"]),
]
