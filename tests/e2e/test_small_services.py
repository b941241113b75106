"""What attackers touch besides the large services: regions, mail, models, Config, keys on instances."""
import unittest

import harness

KEY = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJQ2Vn8dWqZ6hVb1yVq6c2n3yq0k5m7p9r1t3v5x7z9B guest")


class AccountTest(harness.FreshCase):
    @harness.needs_newest
    def test_a_region_lets_nobody_in_until_it_is_enabled(self):
        account = self.server.client("account")
        there = self.server.client("ec2", region="ap-southeast-3")
        self.refused("AuthFailure", there.create_vpc, CidrBlock="10.0.0.0/16")
        account.enable_region(RegionName="ap-southeast-3")
        there.create_vpc(CidrBlock="10.0.0.0/16")
        self.assertEqual("ENABLED", account.get_region_opt_status(RegionName="ap-southeast-3")["RegionOptStatus"])
        shown = self.server.client("ec2").describe_regions(RegionNames=["ap-southeast-3"])["Regions"]
        self.assertEqual(["opted-in"], [r["OptInStatus"] for r in shown])
        account.disable_region(RegionName="ap-southeast-3")
        self.refused("AuthFailure", there.describe_availability_zones)

    @harness.needs_newest
    def test_regions_are_listed_by_status_and_page_by_page(self):
        account = self.server.client("account")
        account.enable_region(RegionName="me-south-1")
        enabled = account.list_regions(RegionOptStatusContains=["ENABLED"])["Regions"]
        self.assertEqual([{"RegionName": "me-south-1", "RegionOptStatus": "ENABLED"}], enabled)
        pages = list(account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 9}))
        names = [r["RegionName"] for p in pages for r in p["Regions"]]
        self.assertEqual(sorted(set(names)), names)
        self.assertGreater(len(pages), 2)

    @harness.needs_newest
    def test_what_can_not_be_changed(self):
        account = self.server.client("account")
        self.refused("ValidationException", account.enable_region, RegionName="us-east-1")
        self.refused("ValidationException", account.disable_region, RegionName="nowhere-1")
        self.refused("AccessDeniedException", account.enable_region, RegionName="me-south-1",
                     AccountId="999988887777")


class UnmarkedSecretTest(harness.FreshCase):
    """Passwords that travel in members which the models do not call sensitive."""

    def test_a_stack_s_parameters_are_named_without_their_values(self):
        self.server.client("cloudformation").create_stack(
            StackName="shop", TemplateBody="{}",
            Parameters=[{"ParameterKey": "DbPassword", "ParameterValue": "marked-4711"}])
        record = self.server.record("CreateStack")
        self.assertEqual([{"parameterKey": "DbPassword"}], record["requestParameters"]["parameters"])
        self.assertNotIn("marked-4711", str(record))

    def test_the_properties_of_a_glue_connection_are_hidden(self):
        self.server.client("glue").create_connection(ConnectionInput={
            "Name": "shop", "ConnectionType": "JDBC",
            "ConnectionProperties": {"USERNAME": "shop", "PASSWORD": "marked-4711"}})
        record = self.server.record("CreateConnection")
        self.assertEqual("shop", record["requestParameters"]["connectionInput"]["name"])
        self.assertNotIn("marked-4711", str(record))


class MailTest(harness.FreshCase):
    def test_identities_come_and_go(self):
        ses = self.server.client("ses")
        ses.verify_email_identity(EmailAddress="news@example.com")
        token = ses.verify_domain_identity(Domain="example.com")["VerificationToken"]
        self.assertEqual(44, len(token))
        self.assertEqual(token, ses.verify_domain_identity(Domain="example.com")["VerificationToken"])
        self.assertEqual(["example.com", "news@example.com"], ses.list_identities()["Identities"])
        self.assertEqual(["example.com"], ses.list_identities(IdentityType="Domain")["Identities"])
        shown = ses.get_identity_verification_attributes(Identities=["news@example.com", "a@b.c"])
        self.assertEqual({"news@example.com": {"VerificationStatus": "Pending"}}, shown["VerificationAttributes"])
        ses.delete_identity(Identity="news@example.com")
        self.assertEqual(["example.com"], ses.list_identities()["Identities"])
        self.refused("InvalidParameterValue", ses.verify_email_identity, EmailAddress="nobody")

    def test_what_is_known_of_an_identity(self):
        ses = self.server.client("ses")
        ses.verify_email_address(EmailAddress="old@example.com")
        ask = {"Identities": ["old@example.com", "nobody@example.com"]}
        self.assertEqual({"old@example.com": {"DkimEnabled": False, "DkimVerificationStatus": "NotStarted"}},
                         ses.get_identity_dkim_attributes(**ask)["DkimAttributes"])
        ses.set_identity_feedback_forwarding_enabled(Identity="old@example.com", ForwardingEnabled=False)
        shown = ses.get_identity_notification_attributes(**ask)["NotificationAttributes"]
        self.assertFalse(shown["old@example.com"]["ForwardingEnabled"])
        ses.delete_verified_email_address(EmailAddress="old@example.com")
        self.refused("InvalidParameterValue", ses.set_identity_feedback_forwarding_enabled,
                     Identity="old@example.com", ForwardingEnabled=True)

    def test_quota_and_sending(self):
        ses = self.server.client("ses")
        self.assertEqual(200.0, ses.get_send_quota()["Max24HourSend"])
        self.assertEqual([], ses.get_send_statistics()["SendDataPoints"])
        self.assertTrue(ses.get_account_sending_enabled()["Enabled"])
        ses.update_account_sending_enabled(Enabled=False)
        self.assertFalse(ses.get_account_sending_enabled()["Enabled"])


class ModelsTest(harness.FreshCase):
    MODEL = "anthropic.claude-3-haiku-20240307-v1:0"

    @harness.needs_newest
    def test_an_agreement_stays_pending_and_nobody_may_invoke(self):
        bedrock, runtime = self.server.client("bedrock"), self.server.client("bedrock-runtime")
        offers = bedrock.list_foundation_model_agreement_offers(modelId=self.MODEL)["offers"]
        self.refused("ValidationException", bedrock.create_foundation_model_agreement,
                     modelId=self.MODEL, offerToken="invented")
        bedrock.create_foundation_model_agreement(modelId=self.MODEL, offerToken=offers[0]["offerToken"])
        self.refused("ConflictException", bedrock.create_foundation_model_agreement,
                     modelId=self.MODEL, offerToken=offers[0]["offerToken"])
        status = bedrock.get_foundation_model_availability(modelId=self.MODEL)
        self.assertEqual("PENDING", status["agreementAvailability"]["status"])
        self.refused("AccessDeniedException", runtime.invoke_model, modelId=self.MODEL, body=b"{}")
        self.refused("ValidationException", runtime.invoke_model, modelId="no.such-model", body=b"{}")
        bedrock.delete_foundation_model_agreement(modelId=self.MODEL)
        self.refused("ResourceNotFoundException", bedrock.delete_foundation_model_agreement, modelId=self.MODEL)
        self.assertTrue(self.server.record("InvokeModel")["readOnly"])

    @harness.needs_newest
    def test_models_are_listed_by_what_they_are(self):
        bedrock = self.server.client("bedrock")
        amazon = bedrock.list_foundation_models(byProvider="Amazon")["modelSummaries"]
        self.assertTrue(amazon and all(m["providerName"] == "Amazon" for m in amazon))
        embedding = bedrock.list_foundation_models(byOutputModality="EMBEDDING")["modelSummaries"]
        self.assertEqual(["amazon.titan-embed-text-v2:0"], [m["modelId"] for m in embedding])
        self.assertEqual([], bedrock.list_foundation_model_agreement_offers(modelId=amazon[0]["modelId"])["offers"])
        self.assertEqual("Claude 3 Haiku", bedrock.get_foundation_model(
            modelIdentifier=f"arn:aws:bedrock:us-east-1::foundation-model/{self.MODEL}")["modelDetails"]["modelName"])


class ConfigTest(harness.FreshCase):
    def status(self):
        return self.config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]

    def test_a_recorder_starts_with_a_channel_and_stops_before_it_goes(self):
        self.config = config = self.server.client("config")
        channel = {"name": "default", "s3BucketName": "logs"}
        self.refused("NoAvailableConfigurationRecorderException", config.put_delivery_channel, DeliveryChannel=channel)
        config.put_configuration_recorder(ConfigurationRecorder={"roleARN": "arn:aws:iam::111122223333:role/c"})
        self.refused("MaxNumberOfConfigurationRecordersExceededException", config.put_configuration_recorder,
                     ConfigurationRecorder={"name": "second", "roleARN": "arn:aws:iam::111122223333:role/c"})
        self.refused("NoAvailableDeliveryChannelException", config.start_configuration_recorder,
                     ConfigurationRecorderName="default")
        config.put_delivery_channel(DeliveryChannel=channel)
        self.assertFalse(self.status()["recording"])
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        self.assertTrue(self.status()["recording"])
        self.refused("LastDeliveryChannelDeleteFailedException", config.delete_delivery_channel,
                     DeliveryChannelName="default")
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": "arn:aws:iam::1:role/d"})
        self.assertTrue(self.status()["recording"])
        config.stop_configuration_recorder(ConfigurationRecorderName="default")
        self.assertFalse(self.status()["recording"])
        config.delete_delivery_channel(DeliveryChannelName="default")
        self.assertEqual([], config.describe_delivery_channels()["DeliveryChannels"])
        self.refused("NoSuchConfigurationRecorderException", config.stop_configuration_recorder,
                     ConfigurationRecorderName="other")
        config.delete_configuration_recorder(ConfigurationRecorderName="default")
        self.assertEqual([], config.describe_configuration_recorders()["ConfigurationRecorders"])


class StackTest(harness.FreshCase):
    def test_a_stack_is_found_by_its_name_and_by_its_arn(self):
        cfn = self.server.client("cloudformation")
        given = {"TemplateBody": '{"Resources": {}}'}
        arn = cfn.create_stack(StackName="app", **given)["StackId"]
        self.assertRegex(arn, f"^arn:aws:cloudformation:us-east-1:{harness.ACCOUNT}:stack/app/"
                              "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
        self.assertEqual({"stackId": arn}, self.server.record("CreateStack")["responseElements"])
        for name in ("app", arn):
            self.assertEqual(arn, cfn.describe_stacks(StackName=name)["Stacks"][0]["StackId"])
            self.assertEqual(arn, cfn.update_stack(StackName=name, **given)["StackId"])
        self.assertEqual([arn], [s["StackId"] for s in cfn.list_stacks()["StackSummaries"]])
        change = cfn.create_change_set(StackName=arn, ChangeSetName="more", **given)["Id"]
        self.assertIn(":changeSet/more/", change)
        cfn.delete_stack(StackName=arn)
        self.assertEqual([], cfn.list_stacks()["StackSummaries"])
        other = cfn.create_stack(StackName="app", **given)["StackId"]
        self.assertNotEqual(arn, other)

    def test_arns_have_their_services_own_form(self):
        video, media = self.server.client("kinesisvideo"), self.server.client("mediaconnect")
        arn = video.create_stream(StreamName="door")["StreamARN"]
        self.assertEqual(f"arn:aws:kinesisvideo:us-east-1:{harness.ACCOUNT}:stream/door/1767603600000", arn)
        self.assertEqual("door", video.describe_stream(StreamARN=arn)["StreamInfo"]["StreamName"])
        flow = media.create_flow(Name="feed", Source={"Name": "s"})["Flow"]["FlowArn"]
        self.assertRegex(flow, f"^arn:aws:mediaconnect:us-east-1:{harness.ACCOUNT}:flow:1-[^:]*:feed$")
        self.assertEqual(flow, media.describe_flow(FlowArn=flow)["Flow"]["FlowArn"])


class EnabledTest(harness.FreshCase):
    def test_macie_answers_when_it_is_enabled(self):
        macie = self.server.client("macie2")
        for call in (macie.get_macie_session, macie.list_findings, macie.list_classification_jobs, macie.disable_macie):
            self.assertEqual("Macie is not enabled.", self.refused("AccessDeniedException", call))
        self.assertEqual("AccessDenied", self.server.record("ListFindings")["errorCode"])
        macie.list_organization_admin_accounts()
        macie.enable_macie()
        self.refused("ConflictException", macie.enable_macie)
        self.assertEqual("ENABLED", macie.get_macie_session()["status"])
        self.assertEqual([], macie.list_findings()["findingIds"])
        self.refused("AccessDeniedException", self.server.client("macie2", region="eu-west-1").list_findings)
        macie.disable_macie()
        self.refused("AccessDeniedException", macie.get_macie_session)

    def test_security_hub_guardduty_and_detective_want_theirs(self):
        hub, guard, detective = (self.server.client(s) for s in ("securityhub", "guardduty", "detective"))
        self.assertIn(f"Account {harness.ACCOUNT} is not subscribed",
                      self.refused("InvalidAccessException", hub.describe_hub))
        hub.enable_security_hub()
        self.assertEqual(f"arn:aws:securityhub:us-east-1:{harness.ACCOUNT}:hub/default", hub.describe_hub()["HubArn"])
        self.refused("BadRequestException", guard.list_ip_sets, DetectorId="12abc34d567e8fa901bc2d34e56789f0")
        detector = guard.create_detector(Enable=True)["DetectorId"]
        self.assertEqual([], guard.list_ip_sets(DetectorId=detector)["IpSetIds"])
        arn = f"arn:aws:detective:us-east-1:{harness.ACCOUNT}:graph:027c7c4610ea4aacaf0b883093cab899"
        self.refused("ResourceNotFoundException", detective.list_members, GraphArn=arn)
        self.assertEqual([], detective.list_members(GraphArn=detective.create_graph()["GraphArn"])["MemberDetails"])


class InstanceAccessTest(harness.FreshCase):
    def setUp(self):
        super().setUp()
        self.ec2 = self.server.client("ec2")
        self.connect = self.server.client("ec2-instance-connect")
        made = self.ec2.run_instances(ImageId="ami-0c2b8ca1dad447f8a", MinCount=1, MaxCount=1)
        self.instance = made["Instances"][0]["InstanceId"]

    def push(self, **more):
        return dict({"InstanceId": self.instance, "InstanceOSUser": "ec2-user", "SSHPublicKey": KEY}, **more)

    def test_a_key_reaches_a_running_instance(self):
        send = self.connect.send_ssh_public_key
        self.refused("EC2InstanceStateInvalidException", send, **self.push())
        self.server.advance("5m")
        self.assertTrue(send(**self.push())["Success"])
        self.refused("EC2InstanceNotFoundException", send, **self.push(InstanceId="i-0123456789abcdef0"))
        self.refused("InvalidArgsException", send, **self.push(SSHPublicKey="x" * 80))

    def test_the_serial_console_is_closed_until_it_is_enabled(self):
        self.server.advance("5m")
        send, params = self.connect.send_serial_console_ssh_public_key, self.push()
        del params["InstanceOSUser"]
        self.refused("SerialConsoleAccessDisabledException", send, **params)
        self.ec2.enable_serial_console_access()
        self.assertTrue(send(**params)["Success"])

    def test_the_password_of_an_instance_is_not_there(self):
        self.assertEqual("", self.ec2.get_password_data(InstanceId=self.instance)["PasswordData"])
        self.refused("InvalidInstanceID.NotFound", self.ec2.get_password_data, InstanceId="i-0123456789abcdef0")


class HubTest(harness.FreshCase):
    def test_security_hub_goes_off_once(self):
        hub = self.server.client("securityhub")
        hub.enable_security_hub()
        hub.disable_security_hub()
        self.refused("InvalidAccessException", hub.disable_security_hub)


if __name__ == "__main__":
    unittest.main()
