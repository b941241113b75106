"""How to make what calls name, where the lifecycle tables do not tell: services written by hand.

THINGS: service -> member of a call (normalised) -> (operation, parameters, path of the identity in its
answer; "" when the client chooses it). "$" in the parameters is the name that the call has; "@member"
is the identity of another thing, made first.
BEFORE: (service, operation) -> calls that must have been made, with "=Member" for the call's own value.
"""
import base64
import json

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
DOCUMENT = json.dumps({"schemaVersion": "2.2", "description": "d", "mainSteps": [
    {"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": ["date"]}}]})
AMI = "ami-0abcdef1234567890"
RUN = {"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
USER = ("CreateUser", {"UserName": "$"}, "")
ROLE = ("CreateRole", {"RoleName": "$", "AssumeRolePolicyDocument": TRUST}, "")
BUCKET = ("CreateBucket", {"Bucket": "$", "CreateBucketConfiguration": {"LocationConstraint": "{constraint}"}}, "")
TRAIL = ("CreateTrail", {"Name": "$", "S3BucketName": "@s3bucketname"}, "")
INSTANCE = ("CreateDBInstance", {"DBInstanceIdentifier": "$", "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
                                 "MasterUsername": "admin", "MasterUserPassword": "password1",
                                 "AllocatedStorage": 20}, "")
FUNCTION = ("CreateFunction", {"FunctionName": "$", "Role": "@role", "Runtime": "python3.12",
                               "Handler": "a.b", "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)}}, "")
KEY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}]})
BUCKET_POLICY = "{bucketpolicy}"
TRAIL_BUCKET = ("s3:CreateBucket", BUCKET[1], "", [("s3:PutBucketPolicy", {"Bucket": "$", "Policy": BUCKET_POLICY})])
SECRET = ("CreateSecret", {"Name": "$", "SecretString": "x"}, "")
KEY = ("CreateKey", {"Policy": KEY_POLICY}, "KeyMetadata.KeyId")


def key_for(usage, spec):
    return "CreateKey", {"Policy": KEY_POLICY, "KeyUsage": usage, "KeySpec": spec}, "KeyMetadata.KeyId"


THINGS = {
    "logs": {"loggroupname": ("CreateLogGroup", {"logGroupName": "$"}, ""),
             "logstreamname": ("CreateLogStream", {"logGroupName": "@loggroupname", "logStreamName": "$"}, "")},
    "sqs": {"queueurl": ("CreateQueue", {"QueueName": "$"}, "QueueUrl")},
    "ec2": {
        "vpcid": ("CreateVpc", {"CidrBlock": "10.0.0.0/16"}, "Vpc.VpcId"),
        "subnetid": ("CreateSubnet", {"VpcId": "@vpcid", "CidrBlock": "10.0.7.0/24"}, "Subnet.SubnetId"),
        "instanceid": ("RunInstances", RUN, "Instances[].InstanceId"),
        "volumeid": ("CreateVolume", {"AvailabilityZone": "{region}a", "Size": 8}, "VolumeId"),
        "snapshotid": ("CreateSnapshot", {"VolumeId": "@volumeid"}, "SnapshotId"),
        "imageid": ("CreateImage", {"InstanceId": "@instanceid", "Name": "$"}, "ImageId"),
        "groupid": ("CreateSecurityGroup", {"GroupName": "made", "Description": "d", "VpcId": "@vpcid"}, "GroupId"),
        "groupname": ("CreateSecurityGroup", {"GroupName": "$", "Description": "d"}, ""),
        "routetableid": ("CreateRouteTable", {"VpcId": "@vpcid"}, "RouteTable.RouteTableId"),
        "networkaclid": ("CreateNetworkAcl", {"VpcId": "@vpcid"}, "NetworkAcl.NetworkAclId"),
        "internetgatewayid": ("CreateInternetGateway", {}, "InternetGateway.InternetGatewayId"),
        "networkinterfaceid": ("CreateNetworkInterface", {"SubnetId": "@subnetid"},
                               "NetworkInterface.NetworkInterfaceId"),
        "keyname": ("CreateKeyPair", {"KeyName": "$"}, ""),
        "allocationid": ("AllocateAddress", {"Domain": "vpc"}, "AllocationId"),
        "natgatewayid": ("CreateNatGateway", {"SubnetId": "@subnetid", "ConnectivityType": "private"},
                         "NatGateway.NatGatewayId"),
        "associationid": ("AssociateRouteTable", {"RouteTableId": "@routetableid", "SubnetId": "@subnetid"},
                          "AssociationId"),
        "dhcpoptionsid": ("CreateDhcpOptions", {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["x"]}]},
                          "DhcpOptions.DhcpOptionsId"),
        "gatewayid": ("CreateInternetGateway", {}, "InternetGateway.InternetGatewayId"),
        "launchtemplateid": ("CreateLaunchTemplate", {"LaunchTemplateName": "made", "LaunchTemplateData": {
            "InstanceType": "t3.micro", "ImageId": AMI}}, "LaunchTemplate.LaunchTemplateId"),
    },
    "iam": {"username": USER, "rolename": ROLE, "groupname": ("CreateGroup", {"GroupName": "$"}, ""),
            "policyarn": ("CreatePolicy", {"PolicyName": "$", "PolicyDocument": POLICY}, "Policy.Arn"),
            "instanceprofilename": ("CreateInstanceProfile", {"InstanceProfileName": "$"}, ""),
            "samlproviderarn": ("CreateSAMLProvider", {"Name": "$", "SAMLMetadataDocument": "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"},
                                "SAMLProviderArn"),
            "serialnumber": ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "$"},
                             "VirtualMFADevice.SerialNumber")},
    "kms": {"keyid": KEY, "targetkeyid": KEY, "destinationkeyid": KEY, "sourcekeyid": KEY},
    "s3": {"bucket": BUCKET},
    "cloudtrail": {"trailname": TRAIL, "name": TRAIL, "resourceid": TRAIL, "resourceidlist": TRAIL,
                   "s3bucketname": TRAIL_BUCKET,
                   "kmskeyid": ("kms:CreateKey", {"Policy": KEY_POLICY}, "KeyMetadata.Arn")},
    "rds": {"vpcid": ("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"}, "Vpc.VpcId"),
            "subneta": ("ec2:CreateSubnet", {"VpcId": "@vpcid", "CidrBlock": "10.0.1.0/24",
                                             "AvailabilityZone": "us-east-1a"}, "Subnet.SubnetId"),
            "subnetb": ("ec2:CreateSubnet", {"VpcId": "@vpcid", "CidrBlock": "10.0.2.0/24",
                                             "AvailabilityZone": "us-east-1b"}, "Subnet.SubnetId"),
            "dbsubnetgroupname": ("CreateDBSubnetGroup", {"DBSubnetGroupName": "$", "SubnetIds": ["@subneta", "@subnetb"],
                                                          "DBSubnetGroupDescription": "d"}, ""),
            "dbinstanceidentifier": INSTANCE, "sourcedbinstanceidentifier": INSTANCE,
            "dbsnapshotidentifier": ("CreateDBSnapshot", {"DBSnapshotIdentifier": "$",
                                                          "DBInstanceIdentifier": "@dbinstanceidentifier"}, "")},
    "lambda": {"functionname": FUNCTION, "role": ("iam:CreateRole", {
        "RoleName": "$", "AssumeRolePolicyDocument": TRUST.replace('"AWS": "*"', '"Service": "lambda.amazonaws.com"')},
                                                  "Role.Arn")},
    "secretsmanager": {"secretid": SECRET},
    "guardduty": {"detectorid": ("CreateDetector", {"Enable": True}, "DetectorId")},
    "ssm": {"name": ("PutParameter", {"Name": "$", "Value": "v", "Type": "String"}, "")},
    "ses": {"identity": ("VerifyDomainIdentity", {"Domain": "$"}, "")},
    "sts": {"rolearn": ("iam:CreateRole", {"RoleName": "$", "AssumeRolePolicyDocument": TRUST}, "Role.Arn")},
    "sns": {"resourcearn": ("CreateTopic", {"Name": "$"}, "TopicArn"),
            "topicarn": ("CreateTopic", {"Name": "$"}, "TopicArn")},
    "elb": {"loadbalancername": ("CreateLoadBalancer", {"LoadBalancerName": "$", "AvailabilityZones": ["{region}a"],
                                                        "Listeners": [{"Protocol": "HTTP", "LoadBalancerPort": 80,
                                                                       "InstancePort": 80}]}, "")},
    "ec2-instance-connect": {"instanceid": ("ec2:RunInstances", RUN, "Instances[].InstanceId")},
}
FOR = {  # (service, operation, member): a thing of another kind than usual
    ("kms", "GenerateMac", "keyid"): key_for("GENERATE_VERIFY_MAC", "{spec}"),
    ("kms", "VerifyMac", "keyid"): key_for("GENERATE_VERIFY_MAC", "{spec}"),
    ("kms", "Sign", "keyid"): key_for("SIGN_VERIFY", "{spec}"),
    ("kms", "Verify", "keyid"): key_for("SIGN_VERIFY", "{spec}"),
    ("kms", "GetPublicKey", "keyid"): key_for("SIGN_VERIFY", "ECC_NIST_P256"),
}
SAML_DOCUMENT = "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"
ISSUER = "https://idp.example.com/made"


def assertion(role, provider, shown):
    """What a SAML identity provider posts; shown: the record's parameters, some of which it says."""
    attribute = "https://aws.amazon.com/SAML/Attributes/"
    said = {f"PrincipalTag:{k}": [v] for k, v in shown.get("principalTags", {}).items()}
    said["TransitiveTagKeys"] = shown.get("transitiveTagKeys", [])
    said["SourceIdentity"] = [shown["sourceIdentity"]] if "sourceIdentity" in shown else []
    more = "".join(f'<a:Attribute Name="{attribute}{name}">'
                   + "".join(f"<a:AttributeValue>{v}</a:AttributeValue>" for v in values) + "</a:Attribute>"
                   for name, values in said.items() if values)
    text = f"""<p:Response xmlns:p="p"><a:Assertion xmlns:a="a" ID="_made"><a:Issuer>{ISSUER}</a:Issuer><a:Subject>
        <a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">made</a:NameID><a:SubjectConfirmation>
        <a:SubjectConfirmationData NotOnOrAfter="2038-01-01T00:00:00Z" Recipient="https://signin.aws.amazon.com/saml"/>
        </a:SubjectConfirmation></a:Subject><a:AttributeStatement><a:Attribute Name="{attribute}Role"><a:AttributeValue>
        {role},{provider}</a:AttributeValue></a:Attribute><a:Attribute Name="{attribute}RoleSessionName">
        <a:AttributeValue>made</a:AttributeValue></a:Attribute>{more}</a:AttributeStatement></a:Assertion></p:Response>"""
    return base64.b64encode(text.encode()).decode()


def token(shown):
    """What an OpenID Connect provider hands out; shown as in assertion."""
    claims = {"iss": ISSUER, "aud": "made", "sub": "made", "exp": 2145916800}
    if "principalTags" in shown:
        claims["https://aws.amazon.com/tags"] = {
            "principal_tags": {k: [v] for k, v in shown["principalTags"].items()},
            "transitive_tag_keys": shown.get("transitiveTagKeys", [])}
    if "sourceIdentity" in shown:
        claims["https://aws.amazon.com/source_identity"] = shown["sourceIdentity"]
    parts = {"alg": "RS256"}, claims
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + ".c2ln"


KEY_SPECS = {  # of the algorithm that a call names
    "HMAC_SHA_224": "HMAC_224", "HMAC_SHA_256": "HMAC_256", "HMAC_SHA_384": "HMAC_384", "HMAC_SHA_512": "HMAC_512",
    "ECDSA_SHA_256": "ECC_NIST_P256", "ECDSA_SHA_384": "ECC_NIST_P384", "ECDSA_SHA_512": "ECC_NIST_P521"}
INTO = {  # (service, operation): a call before, and members of its answer that are put into this one
    ("kms", "Decrypt"): ("Encrypt", {"KeyId": "@keyid", "Plaintext": b"x", "EncryptionContext": "=EncryptionContext"},
                         {"CiphertextBlob": "CiphertextBlob"}),
    ("kms", "ReEncrypt"): ("Encrypt", {"KeyId": "@keyid", "Plaintext": b"x",
                                       "EncryptionContext": "=SourceEncryptionContext"},
                           {"CiphertextBlob": "CiphertextBlob"}),
    ("kms", "VerifyMac"): ("GenerateMac", {"KeyId": "=KeyId", "Message": "=Message", "MacAlgorithm": "=MacAlgorithm"},
                           {"Mac": "Mac"}),
    ("kms", "RetireGrant"): ("CreateGrant", {"KeyId": "@keyid", "GranteePrincipal": "arn:aws:iam::{account}:root",
                                             "RetiringPrincipal": "arn:aws:iam::{account}:root",
                                             "Operations": ["Decrypt"]}, {"GrantToken": "GrantToken"}),
    ("kms", "RevokeGrant"): ("CreateGrant", {"KeyId": "=KeyId", "GranteePrincipal": "arn:aws:iam::{account}:root",
                                             "Operations": ["Decrypt"]}, {"GrantId": "GrantId"}),
    ("iam", "DeleteAccessKey"): ("CreateAccessKey", {"UserName": "=UserName"}, {"AccessKeyId": "AccessKey.AccessKeyId"}),
    ("iam", "UpdateAccessKey"): ("CreateAccessKey", {"UserName": "=UserName"}, {"AccessKeyId": "AccessKey.AccessKeyId"}),
    ("lambda", "UpdateFunctionCode"): ("s3:PutObject", {"Bucket": "=S3Bucket", "Key": "=S3Key",
                                                        "Body": FUNCTION[1]["Code"]["ZipFile"]}, {}),
    ("organizations", "CreateOrganizationalUnit"): ("ListRoots", {}, {"ParentId": "Roots[].Id"}),
}
# The create of the named thing itself needs no such thing.
OWN = {("ses", "DeleteIdentity"): set(), ("elb", "CreateLoadBalancer"): {"loadbalancername"}, ("ec2", "CreateSecurityGroup"): {"groupname"}, ("ec2", "CreateKeyPair"): {"keyname"},
       ("ec2", "CreateImage"): {"imageid"}, ("ec2", "ImportKeyPair"): {"keyname"}, ("ec2", "RunInstances"): {"imageid"},
       ("iam", "CreateUser"): {"username"}, ("iam", "CreateRole"): {"rolename"}, ("iam", "CreateGroup"): {"groupname"},
       ("iam", "CreateInstanceProfile"): {"instanceprofilename"}, ("s3", "CreateBucket"): {"bucket"},
       ("cloudtrail", "CreateTrail"): {"name"}, ("rds", "CreateDBInstance"): {"dbinstanceidentifier"},
       ("rds", "CreateDBSnapshot"): {"dbsnapshotidentifier"}, ("lambda", "CreateFunction"): {"functionname"},
       ("rds", "CreateDBInstanceReadReplica"): {"dbinstanceidentifier"}, ("ssm", "PutParameter"): {"name"},
       ("ec2", "ModifySnapshotAttribute"): set(), ("rds", "RestoreDBInstanceFromDBSnapshot"): {"dbinstanceidentifier"},
       ("rds", "CreateDBCluster"): {"dbinstanceidentifier"}, ("ec2", "ModifyImageAttribute"): set(),
       ("ssm", "CreateDocument"): {"name"}, ("logs", "CreateLogGroup"): {"loggroupname"},
       ("logs", "CreateLogStream"): {"logstreamname"}}
NEW_DOCUMENT = [("CreateDocument", {"Name": "=Name", "Content": DOCUMENT, "DocumentType": "Command"})]
ORGANIZATION = [("CreateOrganization", {"FeatureSet": "ALL"})]
RECORDER = [("PutConfigurationRecorder", {"ConfigurationRecorder": {
    "name": "default", "roleARN": "arn:aws:iam::{account}:role/r"}})]
CHANNEL = RECORDER + [("PutDeliveryChannel", {"DeliveryChannel": {"name": "=DeliveryChannelName",
                                                                 "s3BucketName": "made"}})]
BEFORE = {
    ("securityhub", "CreateInsight"): [("EnableSecurityHub", {})],
    ("config", "PutDeliveryChannel"): RECORDER, ("config", "DeleteDeliveryChannel"): CHANNEL,
    ("config", "StartConfigurationRecorder"): CHANNEL, ("config", "DeliverConfigSnapshot"): CHANNEL,
    ("lambda", "UpdateFunctionCode"): [("s3:CreateBucket", {"Bucket": "=S3Bucket", "CreateBucketConfiguration": {
        "LocationConstraint": "{constraint}"}})],
    ("ec2-instance-connect", "SendSerialConsoleSSHPublicKey"): [("ec2:EnableSerialConsoleAccess", {})],
    **{("organizations", n): ORGANIZATION for n in (
        "CreateAccount", "CreateOrganizationalUnit", "InviteAccountToOrganization", "DescribeOrganization", "ListAccounts",
        "ListRoots", "ListPolicies", "CreatePolicy", "ListHandshakesForOrganization", "DescribeAccount",
        "ListDelegatedAdministrators", "ListAWSServiceAccessForOrganization", "EnableAWSServiceAccess",
        "LeaveOrganization", "ListTagsForResource", "ListOrganizationalUnitsForParent", "ListParents",
        "RegisterDelegatedAdministrator", "RemoveAccountFromOrganization", "DeleteOrganization")},
    **{("ssm", n): NEW_DOCUMENT for n in ("DeleteDocument", "GetDocument", "DescribeDocument", "UpdateDocument",
                                          "ModifyDocumentPermission", "DescribeDocumentPermission")},
    ("s3", "GetObject"): [("PutObject", {"Bucket": "=Bucket", "Key": "=Key", "Body": b"x"})],
    ("s3", "HeadObject"): [("PutObject", {"Bucket": "=Bucket", "Key": "=Key", "Body": b"x"})],
    ("s3", "GetBucketTagging"): [("PutBucketTagging", {"Bucket": "=Bucket", "Tagging": {"TagSet": [
        {"Key": "a", "Value": "b"}]}})],
    ("s3", "GetBucketPolicy"): [("PutBucketPolicy", {"Bucket": "=Bucket", "Policy": "{bucketpolicy}"})],
    ("s3", "GetBucketPolicyStatus"): [("PutBucketPolicy", {"Bucket": "=Bucket", "Policy": "{bucketpolicy}"})],
    ("s3", "GetBucketLifecycleConfiguration"): [("PutBucketLifecycleConfiguration", {
        "Bucket": "=Bucket", "LifecycleConfiguration": {"Rules": [
            {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}})],
    ("s3", "GetBucketWebsite"): [("PutBucketWebsite", {"Bucket": "=Bucket", "WebsiteConfiguration": {
        "IndexDocument": {"Suffix": "index.html"}}})],
    ("s3", "GetBucketCors"): [("PutBucketCors", {"Bucket": "=Bucket", "CORSConfiguration": {"CORSRules": [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}})],
    ("s3", "GetObjectLockConfiguration"): [("PutBucketVersioning", {"Bucket": "=Bucket", "VersioningConfiguration": {
        "Status": "Enabled"}}), ("PutObjectLockConfiguration", {"Bucket": "=Bucket", "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled"}})],
    ("s3", "PutBucketReplication"): [("PutBucketVersioning", {"Bucket": "=Bucket", "VersioningConfiguration": {
        "Status": "Enabled"}})],
    ("s3", "PutBucketAcl"): [("PutBucketOwnershipControls", {"Bucket": "=Bucket", "OwnershipControls": {"Rules": [
        {"ObjectOwnership": "ObjectWriter"}]}})],
    ("kms", "UpdateAlias"): [("CreateAlias", {"AliasName": "=AliasName", "TargetKeyId": "@sourcekeyid"})],
    ("kms", "DeleteAlias"): [("CreateAlias", {"AliasName": "=AliasName", "TargetKeyId": "@sourcekeyid"})],
    ("iam", "DetachUserPolicy"): [("AttachUserPolicy", {"UserName": "=UserName", "PolicyArn": "=PolicyArn"})],
    ("iam", "DetachRolePolicy"): [("AttachRolePolicy", {"RoleName": "=RoleName", "PolicyArn": "=PolicyArn"})],
    ("iam", "DeleteRolePolicy"): [("PutRolePolicy", {"RoleName": "=RoleName", "PolicyName": "=PolicyName",
                                                     "PolicyDocument": POLICY})],
    ("iam", "GetRolePolicy"): [("PutRolePolicy", {"RoleName": "=RoleName", "PolicyName": "=PolicyName",
                                                  "PolicyDocument": POLICY})],
    ("iam", "GetUserPolicy"): [("PutUserPolicy", {"UserName": "=UserName", "PolicyName": "=PolicyName",
                                                  "PolicyDocument": POLICY})],
    ("iam", "DeleteUserPolicy"): [("PutUserPolicy", {"UserName": "=UserName", "PolicyName": "=PolicyName",
                                                     "PolicyDocument": POLICY})],
    ("iam", "DeleteLoginProfile"): [("CreateLoginProfile", {"UserName": "=UserName", "Password": "Passw0rd!x1"})],
    ("iam", "UpdateLoginProfile"): [("CreateLoginProfile", {"UserName": "=UserName", "Password": "Passw0rd!x1"})],
    ("iam", "GetLoginProfile"): [("CreateLoginProfile", {"UserName": "=UserName", "Password": "Passw0rd!x1"})],
    ("iam", "SetDefaultPolicyVersion"): [("CreatePolicyVersion", {"PolicyArn": "=PolicyArn", "PolicyDocument": POLICY})],
    ("iam", "GetPolicyVersion"): [("CreatePolicyVersion", {"PolicyArn": "=PolicyArn", "PolicyDocument": POLICY})],
    ("iam", "DeletePolicyVersion"): [("CreatePolicyVersion", {"PolicyArn": "=PolicyArn", "PolicyDocument": POLICY})],
    ("iam", "RemoveRoleFromInstanceProfile"): [("AddRoleToInstanceProfile", {
        "InstanceProfileName": "=InstanceProfileName", "RoleName": "=RoleName"})],
    ("iam", "RemoveUserFromGroup"): [("AddUserToGroup", {"GroupName": "=GroupName", "UserName": "=UserName"})],
    ("iam", "DeleteAccountPasswordPolicy"): [("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 10})],
    ("iam", "GetAccountPasswordPolicy"): [("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 10})],
    ("iam", "DeactivateMFADevice"): [("EnableMFADevice", {
        "UserName": "=UserName", "SerialNumber": "=SerialNumber", "AuthenticationCode1": "123456",
        "AuthenticationCode2": "234567"})],
    ("ec2", "RevokeSecurityGroupIngress"): [("AuthorizeSecurityGroupIngress", {
        "GroupId": "=GroupId", "GroupName": "=GroupName", "IpPermissions": "=IpPermissions", "IpProtocol": "=IpProtocol",
        "FromPort": "=FromPort", "ToPort": "=ToPort", "CidrIp": "=CidrIp"})],
    ("elb", "DeregisterInstancesFromLoadBalancer"): [("RegisterInstancesWithLoadBalancer", {
        "LoadBalancerName": "=LoadBalancerName", "Instances": "=Instances"})],
    ("elb", "DisableAvailabilityZonesForLoadBalancer"): [("EnableAvailabilityZonesForLoadBalancer", {
        "LoadBalancerName": "=LoadBalancerName", "AvailabilityZones": "=AvailabilityZones"})],
    ("ec2", "RunInstances"): [("iam:CreateInstanceProfile", {"InstanceProfileName": "=IamInstanceProfile.Name"})],
    ("ec2", "RevokeSecurityGroupEgress"): [("AuthorizeSecurityGroupEgress", {
        "GroupId": "=GroupId", "IpPermissions": "=IpPermissions"})],
    ("ec2", "DeleteRoute"): [("AttachInternetGateway", {"InternetGatewayId": "@internetgatewayid", "VpcId": "@vpcid"}),
                               ("CreateRoute", {"RouteTableId": "=RouteTableId", "GatewayId": "@internetgatewayid",
                                              "DestinationCidrBlock": "=DestinationCidrBlock"})],
    ("ec2", "DetachVolume"): [("AttachVolume", {"VolumeId": "=VolumeId", "InstanceId": "@instanceid",
                                                "Device": "/dev/sdf"})],
    ("ec2", "DetachInternetGateway"): [("AttachInternetGateway", {"InternetGatewayId": "=InternetGatewayId",
                                                                  "VpcId": "=VpcId"})],
    ("ec2", "StartInstances"): [("StopInstances", {"InstanceIds": "=InstanceIds"})],
    ("cloudtrail", "GetInsightSelectors"): [("PutInsightSelectors", {
        "TrailName": "=TrailName", "InsightSelectors": [{"InsightType": "ApiCallRateInsight"}]})],
    ("ec2", "ModifyInstanceAttribute"): [("StopInstances", {"InstanceIds": "[InstanceId"})],
    ("secretsmanager", "GetResourcePolicy"): [("PutResourcePolicy", {"SecretId": "=SecretId", "ResourcePolicy": POLICY})],
    ("secretsmanager", "RestoreSecret"): [("DeleteSecret", {"SecretId": "=SecretId"})],
    ("lambda", "RemovePermission"): [("AddPermission", {
        "FunctionName": "=FunctionName", "StatementId": "=StatementId", "Action": "lambda:InvokeFunction",
        "Principal": "*"})],
}
