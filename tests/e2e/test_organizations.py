"""organizations through boto3: accounts, the tree, policies, invitations, delegation."""
import json
import unittest

import harness

OTHER = "999988887777"
SCP = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


class OrganizationsTest(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.org = self.server.client("organizations")
        self.made = self.org.create_organization(FeatureSet="ALL")["Organization"]
        self.root = self.org.list_roots()["Roots"][0]["Id"]

    def account(self, name="m", **more):
        status = self.org.create_account(Email=f"{name}@example.com", AccountName=name, **more)
        self.assertEqual("IN_PROGRESS", status["CreateAccountStatus"]["State"])
        return self.org.describe_create_account_status(
            CreateAccountRequestId=status["CreateAccountStatus"]["Id"])["CreateAccountStatus"]

    def assume_root(self, target, key=harness.ACCOUNT, task="S3UnlockBucketPolicy", **more):
        return self.server.client("sts", key=key).assume_root(
            TargetPrincipal=target, TaskPolicyArn={"arn": f"arn:aws:iam::aws:policy/root-task/{task}"}, **more)

    @harness.needs_newest
    def test_root_of_a_member(self):
        member, other = self.account()["AccountId"], self.account("n")["AccountId"]
        for given in ({"target": "x" * 12}, {"target": member, "task": "AdministratorAccess"},
                      {"target": f"arn:aws:iam::{member}:user/u"}):
            self.refused("ValidationError", self.assume_root, **given)
        self.refused("AccessDenied", self.assume_root, target=OTHER)  # of no organization
        self.refused("AccessDenied", self.assume_root, target=harness.ACCOUNT)  # the management account
        self.refused("AccessDenied", self.assume_root, target=member, key=other)
        self.org.register_delegated_administrator(AccountId=other, ServicePrincipal="iam.amazonaws.com")
        for key, target in ((harness.ACCOUNT, member), (other, f"arn:aws:iam::{member}:root")):
            got = self.assume_root(target, key=key, DurationSeconds=600)["Credentials"]
            session = self.server.client("sts", key=got["AccessKeyId"], secret=got["SecretAccessKey"],
                                         token=got["SessionToken"])
            self.assertEqual(f"arn:aws:iam::{member}:root", session.get_caller_identity()["Arn"])
        record = self.server.record("GetCallerIdentity")
        self.assertEqual(("Root", member, "true"), (
            record["userIdentity"]["type"], record["userIdentity"]["accountId"],
            record["userIdentity"]["sessionContext"]["assumedRoot"]))

    def test_the_organization(self):
        self.assertRegex(self.made["Id"], "^o-[a-z0-9]{10}$")
        self.assertEqual([{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
                         self.made["AvailablePolicyTypes"])
        self.assertEqual(self.made, self.org.describe_organization()["Organization"])
        self.refused("AlreadyInOrganizationException", self.org.create_organization)
        member = self.account()["AccountId"]
        theirs = self.server.client("organizations", key=member)
        self.assertEqual(self.made["Id"], theirs.describe_organization()["Organization"]["Id"])
        self.refused("AccessDeniedException", theirs.list_accounts)
        self.refused("OrganizationNotEmptyException", self.org.delete_organization)
        self.refused("MasterCannotLeaveOrganizationException", self.org.leave_organization)
        theirs.leave_organization()
        self.org.delete_organization()
        self.refused("AWSOrganizationsNotInUseException", self.org.describe_organization)

    def test_accounts(self):
        done = self.account(Tags=[{"Key": "team", "Value": "a"}])
        self.assertEqual("SUCCEEDED", done["State"])
        member = done["AccountId"]
        failed = self.account()
        self.assertEqual(("FAILED", "EMAIL_ALREADY_EXISTS"), (failed["State"], failed["FailureReason"]))
        self.assertEqual(1, len(self.org.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]))
        seen = self.org.describe_account(AccountId=member)["Account"]
        self.assertEqual(("m", "ACTIVE", "CREATED", f"arn:aws:organizations::{harness.ACCOUNT}:account/"
                          f"{self.made['Id']}/{member}"),
                         (seen["Name"], seen["Status"], seen["JoinedMethod"], seen["Arn"]))
        role = self.server.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole", RoleSessionName="admin")
        self.assertTrue(role["AssumedRoleUser"]["Arn"].startswith(f"arn:aws:sts::{member}:assumed-role/"))
        attached = self.server.client("iam", key=member).list_attached_role_policies(
            RoleName="OrganizationAccountAccessRole")["AttachedPolicies"]
        self.assertEqual(["AdministratorAccess"], [p["PolicyName"] for p in attached])
        self.assertEqual([{"Key": "team", "Value": "a"}], self.org.list_tags_for_resource(ResourceId=member)["Tags"])
        self.org.close_account(AccountId=member)
        self.assertEqual("SUSPENDED", self.org.describe_account(AccountId=member)["Account"]["Status"])
        self.refused("AccountAlreadyClosedException", self.org.close_account, AccountId=member)
        self.org.remove_account_from_organization(AccountId=member)
        self.refused("AccountNotFoundException", self.org.describe_account, AccountId=member)
        record = self.server.record("CreateAccount")
        status = record["responseElements"]["createAccountStatus"]
        self.assertEqual(("IN_PROGRESS", "****"), (status["state"], status["accountName"]))
        self.assertEqual("****", record["requestParameters"]["email"])

    def test_the_tree(self):
        member = self.account()["AccountId"]
        unit = self.org.create_organizational_unit(ParentId=self.root, Name="dev")["OrganizationalUnit"]["Id"]
        self.assertRegex(unit, f"^ou-{self.root[2:]}-[a-z0-9]{{8}}$")
        self.refused("DuplicateOrganizationalUnitException", self.org.create_organizational_unit,
                     ParentId=self.root, Name="dev")
        self.refused("ParentNotFoundException", self.org.create_organizational_unit,
                     ParentId="ou-aaaa-00000000", Name="x")
        self.org.move_account(AccountId=member, SourceParentId=self.root, DestinationParentId=unit)
        self.refused("DuplicateAccountException", self.org.move_account, AccountId=member,
                     SourceParentId=self.root, DestinationParentId=unit)
        self.assertEqual([member], [a["Id"] for a in self.org.list_accounts_for_parent(ParentId=unit)["Accounts"]])
        self.assertEqual([{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}],
                         self.org.list_parents(ChildId=member)["Parents"])
        self.assertEqual([{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}], self.org.list_children(
            ParentId=self.root, ChildType="ORGANIZATIONAL_UNIT")["Children"])
        self.refused("OrganizationalUnitNotEmptyException", self.org.delete_organizational_unit,
                     OrganizationalUnitId=unit)
        self.assertEqual("ops", self.org.update_organizational_unit(
            OrganizationalUnitId=unit, Name="ops")["OrganizationalUnit"]["Name"])
        self.org.move_account(AccountId=member, SourceParentId=unit, DestinationParentId=self.root)
        self.org.delete_organizational_unit(OrganizationalUnitId=unit)
        self.refused("OrganizationalUnitNotFoundException", self.org.describe_organizational_unit,
                     OrganizationalUnitId=unit)

    def test_policies(self):
        member = self.account()["AccountId"]
        policy = self.org.create_policy(Content=SCP, Description="d", Name="no-s3",
                                        Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]
        self.assertTrue(policy["Arn"].endswith(f"/service_control_policy/{policy['Id']}"))
        self.refused("PolicyTypeNotEnabledException", self.org.attach_policy, PolicyId=policy["Id"], TargetId=member)
        self.org.enable_policy_type(RootId=self.root, PolicyType="SERVICE_CONTROL_POLICY")
        self.refused("PolicyTypeAlreadyEnabledException", self.org.enable_policy_type, RootId=self.root,
                     PolicyType="SERVICE_CONTROL_POLICY")
        self.org.attach_policy(PolicyId=policy["Id"], TargetId=member)
        self.refused("DuplicatePolicyAttachmentException", self.org.attach_policy, PolicyId=policy["Id"],
                     TargetId=member)
        names = lambda **k: sorted(p["Name"] for p in self.org.list_policies_for_target(
            Filter="SERVICE_CONTROL_POLICY", **k)["Policies"])
        self.assertEqual(["FullAWSAccess", "no-s3"], names(TargetId=member))
        self.assertEqual(["FullAWSAccess"], names(TargetId=self.root))
        self.assertEqual([(member, "ACCOUNT")], [(t["TargetId"], t["Type"]) for t in
                                                 self.org.list_targets_for_policy(PolicyId=policy["Id"])["Targets"]])
        self.refused("PolicyInUseException", self.org.delete_policy, PolicyId=policy["Id"])
        self.org.detach_policy(PolicyId=policy["Id"], TargetId=member)
        self.refused("PolicyNotAttachedException", self.org.detach_policy, PolicyId=policy["Id"], TargetId=member)
        self.refused("ConstraintViolationException", self.org.detach_policy, PolicyId="p-FullAWSAccess",
                     TargetId=member)
        self.org.update_policy(PolicyId=policy["Id"], Name="none")
        self.assertEqual(("none", SCP), (lambda p: (p["PolicySummary"]["Name"], p["Content"]))(
            self.org.describe_policy(PolicyId=policy["Id"])["Policy"]))
        self.refused("MalformedPolicyDocumentException", self.org.update_policy, PolicyId=policy["Id"], Content="x")
        self.refused("PolicyChangesNotAllowedException", self.org.delete_policy, PolicyId="p-FullAWSAccess")
        self.org.delete_policy(PolicyId=policy["Id"])
        self.refused("PolicyNotFoundException", self.org.describe_policy, PolicyId=policy["Id"])
        self.org.disable_policy_type(RootId=self.root, PolicyType="SERVICE_CONTROL_POLICY")
        self.assertEqual([], names(TargetId=member))

    def test_invitations(self):
        theirs = self.server.client("organizations", key=OTHER)
        invite = lambda: self.org.invite_account_to_organization(
            Target={"Id": OTHER, "Type": "ACCOUNT"}, Notes="welcome")["Handshake"]
        first = invite()
        self.assertEqual(("OPEN", "INVITE"), (first["State"], first["Action"]))
        self.refused("DuplicateHandshakeException", self.org.invite_account_to_organization,
                     Target={"Id": OTHER, "Type": "ACCOUNT"})
        self.assertEqual("CANCELED", self.org.cancel_handshake(HandshakeId=first["Id"])["Handshake"]["State"])
        self.refused("InvalidHandshakeTransitionException", theirs.accept_handshake, HandshakeId=first["Id"])
        self.assertEqual("DECLINED", theirs.decline_handshake(HandshakeId=invite()["Id"])["Handshake"]["State"])
        last = invite()
        self.assertEqual(3, len(theirs.list_handshakes_for_account()["Handshakes"]))
        self.refused("HandshakeNotFoundException", self.server.client("organizations", key="123412341234")
                     .accept_handshake, HandshakeId=last["Id"])
        self.assertEqual("ACCEPTED", theirs.accept_handshake(HandshakeId=last["Id"])["Handshake"]["State"])
        self.assertEqual("INVITED", self.org.describe_account(AccountId=OTHER)["Account"]["JoinedMethod"])
        self.assertEqual(3, len(self.org.list_handshakes_for_organization()["Handshakes"]))
        self.refused("HandshakeConstraintViolationException", self.org.invite_account_to_organization,
                     Target={"Id": OTHER, "Type": "ACCOUNT"})

    def test_delegation(self):
        member, host = self.account()["AccountId"], "guardduty.amazonaws.com"
        self.org.enable_aws_service_access(ServicePrincipal=host)
        self.assertEqual([host], [p["ServicePrincipal"] for p in self.org
                                  .list_aws_service_access_for_organization()["EnabledServicePrincipals"]])
        self.org.disable_aws_service_access(ServicePrincipal=host)
        self.assertEqual([], self.org.list_aws_service_access_for_organization()["EnabledServicePrincipals"])
        self.org.register_delegated_administrator(AccountId=member, ServicePrincipal=host)
        self.refused("AccountAlreadyRegisteredException", self.org.register_delegated_administrator,
                     AccountId=member, ServicePrincipal=host)
        self.refused("ConstraintViolationException", self.org.register_delegated_administrator,
                     AccountId=harness.ACCOUNT, ServicePrincipal=host)
        self.assertEqual([member], [a["Id"] for a in self.org.list_delegated_administrators(
            ServicePrincipal=host)["DelegatedAdministrators"]])
        theirs = self.server.client("organizations", key=member)
        self.assertEqual(2, len(theirs.list_accounts()["Accounts"]), "a delegate may read")
        self.assertEqual([host], [s["ServicePrincipal"] for s in self.org.list_delegated_services_for_account(
            AccountId=member)["DelegatedServices"]])
        self.org.deregister_delegated_administrator(AccountId=member, ServicePrincipal=host)
        self.refused("AccountNotRegisteredException", self.org.deregister_delegated_administrator,
                     AccountId=member, ServicePrincipal=host)
        self.refused("AccessDeniedException", theirs.list_accounts)

    def test_resource_policy_and_tags(self):
        self.refused("ResourcePolicyNotFoundException", self.org.describe_resource_policy)
        made = self.org.put_resource_policy(Content=SCP)["ResourcePolicy"]
        self.assertEqual(made, self.org.describe_resource_policy()["ResourcePolicy"])
        self.org.delete_resource_policy()
        self.refused("ResourcePolicyNotFoundException", self.org.delete_resource_policy)
        self.org.tag_resource(ResourceId=self.root, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.org.untag_resource(ResourceId=self.root, TagKeys=["a"])
        self.assertEqual([{"Key": "b", "Value": "2"}], self.org.list_tags_for_resource(ResourceId=self.root)["Tags"])

    def test_pages(self):
        for i in range(4):
            self.account(f"m{i}")
        pages = list(self.org.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2}))
        self.assertEqual([2, 2, 1], [len(p["Accounts"]) for p in pages])
        self.assertEqual(5, len({a["Id"] for p in pages for a in p["Accounts"]}))


class ExpiryTest(harness.FreshCase):
    OPTIONS = ("--no-default-trail",)

    def test_an_invitation_expires(self):
        org, theirs = (self.server.client("organizations", key=k) for k in (harness.ACCOUNT, OTHER))
        org.create_organization()
        made = org.invite_account_to_organization(Target={"Id": OTHER, "Type": "ACCOUNT"})["Handshake"]
        self.server.advance("16d")
        self.assertEqual("EXPIRED", theirs.describe_handshake(HandshakeId=made["Id"])["Handshake"]["State"])
        self.refused("InvalidHandshakeTransitionException", theirs.accept_handshake, HandshakeId=made["Id"])


if __name__ == "__main__":
    unittest.main()
