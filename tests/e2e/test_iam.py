"""IAM through boto3: every kind of entity made, found, changed, refused and removed."""
import json
import unittest

import harness

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": harness.ACCOUNT}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})


class Iam(harness.ServerCase):
    def setUp(self):
        self.iam = self.server.client("iam")

    def refused(self, code, call, **kwargs):
        self.assertEqual(harness.error_code(call, **kwargs), code)

    def test_user_life(self):
        iam = self.iam
        user = iam.create_user(UserName="ann", Path="/eng/", Tags=[{"Key": "team", "Value": "a"}])["User"]
        self.assertEqual(user["Arn"], f"arn:aws:iam::{harness.ACCOUNT}:user/eng/ann")
        self.assertTrue(user["UserId"].startswith("AIDA") and len(user["UserId"]) == 21)
        self.refused("EntityAlreadyExists", iam.create_user, UserName="Ann")
        self.assertEqual(iam.get_user(UserName="ann")["User"]["Tags"], [{"Key": "team", "Value": "a"}])
        self.assertNotIn("Tags", [u for u in iam.list_users()["Users"] if u["UserName"] == "ann"][0])
        iam.update_user(UserName="ann", NewUserName="anna")
        self.refused("NoSuchEntity", iam.get_user, UserName="ann")
        iam.put_user_policy(UserName="anna", PolicyName="p", PolicyDocument=POLICY)
        self.assertEqual(iam.get_user_policy(UserName="anna", PolicyName="p")["PolicyDocument"],
                         json.loads(POLICY))
        self.refused("DeleteConflict", iam.delete_user, UserName="anna")
        iam.delete_user_policy(UserName="anna", PolicyName="p")
        iam.delete_user(UserName="anna")
        self.refused("NoSuchEntity", iam.get_user, UserName="anna")

    def test_new_key_is_an_identity_at_once(self):
        self.iam.create_user(UserName="kim")
        key = self.iam.create_access_key(UserName="kim")["AccessKey"]
        sts = self.server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        self.assertEqual(sts.get_caller_identity()["Arn"], f"arn:aws:iam::{harness.ACCOUNT}:user/kim")
        used = self.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        self.assertEqual(used["AccessKeyLastUsed"]["ServiceName"], "sts")
        self.iam.create_access_key(UserName="kim")
        self.refused("LimitExceeded", self.iam.create_access_key, UserName="kim")
        self.refused("DeleteConflict", self.iam.delete_user, UserName="kim")

    def test_groups(self):
        iam = self.iam
        iam.create_group(GroupName="ops")
        iam.create_user(UserName="gil")
        iam.add_user_to_group(GroupName="ops", UserName="gil")
        self.assertEqual([u["UserName"] for u in iam.get_group(GroupName="ops")["Users"]], ["gil"])
        self.assertEqual([g["GroupName"] for g in iam.list_groups_for_user(UserName="gil")["Groups"]],
                         ["ops"])
        self.refused("DeleteConflict", iam.delete_group, GroupName="ops")
        iam.remove_user_from_group(GroupName="ops", UserName="gil")
        iam.delete_group(GroupName="ops")
        self.refused("NoSuchEntity", iam.get_group, GroupName="ops")

    def test_role_and_profile(self):
        iam = self.iam
        role = iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]
        self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(TRUST))
        self.assertEqual(iam.get_role(RoleName="app")["Role"]["MaxSessionDuration"], 3600)
        self.refused("MalformedPolicyDocument", iam.create_role, RoleName="bad",
                     AssumeRolePolicyDocument="{")
        iam.create_instance_profile(InstanceProfileName="app")
        iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
        profiles = iam.list_instance_profiles_for_role(RoleName="app")["InstanceProfiles"]
        self.assertEqual(profiles[0]["Roles"][0]["RoleName"], "app")
        self.refused("DeleteConflict", iam.delete_role, RoleName="app")
        iam.remove_role_from_instance_profile(InstanceProfileName="app", RoleName="app")
        iam.delete_instance_profile(InstanceProfileName="app")
        iam.delete_role(RoleName="app")

    def test_policy_versions(self):
        iam = self.iam
        arn = iam.create_policy(PolicyName="reads", PolicyDocument=POLICY)["Policy"]["Arn"]
        for _ in range(4):
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=POLICY)
        self.refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=POLICY)
        iam.set_default_policy_version(PolicyArn=arn, VersionId="v3")
        self.assertEqual(iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"], "v3")
        self.refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v3")
        self.refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        for version in ("v1", "v2", "v4", "v5"):
            iam.delete_policy_version(PolicyArn=arn, VersionId=version)
        iam.create_user(UserName="pat")
        iam.attach_user_policy(UserName="pat", PolicyArn=arn)
        self.assertEqual(iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"], 1)
        self.assertEqual(iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"][0]["UserName"], "pat")
        self.refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
        iam.detach_user_policy(UserName="pat", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)
        self.refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)

    def test_managed_policies_by_name(self):
        iam = self.iam
        iam.create_user(UserName="mia")
        iam.attach_user_policy(UserName="mia", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
        self.assertEqual(iam.list_attached_user_policies(UserName="mia")["AttachedPolicies"],
                         [{"PolicyName": "ReadOnlyAccess",
                           "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])
        self.refused("NoSuchEntity", iam.attach_user_policy, UserName="mia",
                     PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicyAtAll")

    def test_paging(self):
        names = [f"page-{i:02}" for i in range(7)]
        for name in names:
            self.iam.create_user(UserName=name, Path="/paging/")
        pages = list(self.iam.get_paginator("list_users").paginate(
            PathPrefix="/paging/", PaginationConfig={"PageSize": 3}))
        self.assertEqual([len(p["Users"]) for p in pages], [3, 3, 1])
        self.assertEqual([u["UserName"] for p in pages for u in p["Users"]], names)

    def test_login_mfa_alias_summary(self):
        iam = self.iam
        iam.create_user(UserName="lou")
        iam.create_login_profile(UserName="lou", Password="c0rrect-Horse", PasswordResetRequired=True)
        self.refused("EntityAlreadyExists", iam.create_login_profile, UserName="lou",
                     Password="c0rrect-Horse")
        self.assertTrue(iam.get_login_profile(UserName="lou")["LoginProfile"]["PasswordResetRequired"])
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="lou")["VirtualMFADevice"]
        serial = device["SerialNumber"]
        self.refused("InvalidAuthenticationCode", iam.enable_mfa_device, UserName="lou",
                     SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="123456")
        iam.enable_mfa_device(UserName="lou", SerialNumber=serial,
                              AuthenticationCode1="123456", AuthenticationCode2="654321")
        self.assertEqual(iam.list_mfa_devices(UserName="lou")["MFADevices"][0]["SerialNumber"], serial)
        self.assertEqual(iam.get_account_summary()["SummaryMap"]["MFADevicesInUse"], 1)
        self.refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=serial)
        iam.deactivate_mfa_device(UserName="lou", SerialNumber=serial)
        iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.create_account_alias(AccountAlias="acme")
        self.assertEqual(iam.list_account_aliases()["AccountAliases"], ["acme"])
        iam.delete_account_alias(AccountAlias="acme")
        self.assertEqual(iam.list_account_aliases()["AccountAliases"], [])

    def test_providers_and_tags(self):
        iam = self.iam
        arn = iam.create_open_id_connect_provider(
            Url="https://id.example.com/x", ClientIDList=["a"],
            ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
        self.assertEqual(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"],
                         ["a", "b"])
        iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "k", "Value": "v"}])
        self.assertEqual(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"],
                         [{"Key": "k", "Value": "v"}])
        iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["k"])
        self.assertEqual(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"], [])
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.assertEqual(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"], [])

    def test_no_secret_on_record(self):
        self.iam.create_user(UserName="sam")
        key = self.iam.create_access_key(UserName="sam")["AccessKey"]
        self.iam.create_login_profile(UserName="sam", Password="never-Write-Th1s")
        self.server.flush()
        text = json.dumps(self.server.records())
        self.assertIn(key["AccessKeyId"], text)
        self.assertNotIn(key["SecretAccessKey"], text)
        self.assertNotIn("never-Write-Th1s", text)


if __name__ == "__main__":
    unittest.main()
