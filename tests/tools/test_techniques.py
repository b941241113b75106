"""Every technique file: its form, every call and parameter against botocore's models, its Sigma rules' names."""
import re
import unittest

import scenario_files
import sigma

# Stratus Red Team's ids at 7c9a7a5 (2026-08-19), of which each must be here.
PUBLISHED = """
credential-access.ec2-get-password-data credential-access.ec2-steal-instance-credentials
credential-access.secretsmanager-batch-retrieve-secrets credential-access.secretsmanager-retrieve-secrets
credential-access.ssm-retrieve-securestring-parameters defense-evasion.cloudtrail-delete
defense-evasion.cloudtrail-event-selectors defense-evasion.cloudtrail-lifecycle-rule defense-evasion.cloudtrail-stop
defense-evasion.dns-delete-logs defense-evasion.organizations-leave defense-evasion.vpc-remove-flow-logs
discovery.ec2-enumerate-from-instance discovery.ec2-download-user-data discovery.ses-enumerate
execution.ec2-launch-unusual-instances execution.ec2-user-data execution.sagemaker-update-lifecycle-config
execution.ssm-send-command execution.ssm-start-session exfiltration.ec2-security-group-open-port-22-ingress
exfiltration.ec2-share-ami exfiltration.ec2-share-ebs-snapshot exfiltration.rds-share-snapshot
exfiltration.s3-backdoor-bucket-policy impact.bedrock-invoke-model impact.ec2-deregister-ami
impact.s3-ransomware-batch-deletion impact.s3-ransomware-individual-deletion
impact.s3-ransomware-client-side-encryption initial-access.console-login-without-mfa
lateral-movement.ec2-instance-connect lateral-movement.ec2-serial-console-send-ssh-public-key
persistence.iam-backdoor-role persistence.iam-backdoor-user persistence.iam-create-admin-user
persistence.iam-create-backdoor-role persistence.iam-create-user-login-profile persistence.lambda-backdoor-function
persistence.lambda-layer-extension persistence.lambda-overwrite-code persistence.rolesanywhere-create-trust-anchor
persistence.sts-federation-token privilege-escalation.iam-update-user-login-profile
""".split()


class TechniqueFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paths = sorted(scenario_files.TECHNIQUES.glob("*.yaml"))

    def test_every_published_technique_and_more_are_here(self):
        stems = {p.stem for p in self.paths}
        self.assertEqual(44, len(PUBLISHED))
        self.assertEqual([], sorted(set(PUBLISHED) - stems))
        self.assertGreaterEqual(len(stems) - len(PUBLISHED), 20)

    @scenario_files.needs_newest
    def test_each_file_holds_against_the_format_and_the_models(self):
        for path in self.paths:
            with self.subTest(path.stem):
                self.assertEqual([], scenario_files.check_technique(path, set(sigma.RULES)))

    def test_titles_are_unique_and_addresses_reserved_for_examples(self):
        titles = [scenario_files.load(p)["title"] for p in self.paths]
        self.assertEqual(len(titles), len(set(titles)))
        reserved = re.compile(r"^(192\.0\.2|198\.51\.100|203\.0\.113|10\.|169\.254|0\.0\.0\.0)")
        for path in self.paths:
            for address in re.findall(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", path.read_text()):
                self.assertRegex(address, reserved, path.stem)


class TheChecker(unittest.TestCase):
    """What must be found, is found."""

    def complaints(self, **step):
        return scenario_files.Steps("x", {"victim"}, {"signin.ConsoleLogin"}, {"cli"}).check([step]).bad

    def test_a_good_step_passes(self):
        self.assertEqual([], self.complaints(call="iam.CreateAccessKey", **{"with": {"UserName": "${victim}"}},
                                             capture={"k": "AccessKey.AccessKeyId"}, wait="1s..3m", tool="cli"))
        self.assertEqual([], self.complaints(event="signin.ConsoleLogin"))
        self.assertEqual([], self.complaints(call="iam.CreateRole", **{"with": {
            "RoleName": "r", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}))

    def test_bad_steps_do_not(self):
        bad = [
            dict(call="iam.CreateAcessKey"), dict(call="iamm.CreateUser"),
            dict(call="iam.CreateUser", **{"with": {"Username": "x"}}), dict(call="iam.CreateUser"),
            dict(call="iam.CreateUser", **{"with": {"UserName": 7}}),
            dict(call="iam.CreateUser", **{"with": {"UserName": "${nobody}"}}),
            dict(call="iam.CreateUser", **{"with": {"UserName": "${hexx(4)}"}}),
            dict(call="ec2.DescribeInstanceAttribute", **{"with": {"InstanceId": "i-1", "Attribute": "userdata"}}),
            dict(call="sts.GetCallerIdentity", capture={"k": "Arnn"}), dict(call="sts.GetCallerIdentity", waits="1s"),
            dict(call="sts.GetCallerIdentity", wait="1 s"), dict(call="sts.GetCallerIdentity", tool="cly"),
            dict(call="sts.GetCallerIdentity", event="signin.ConsoleLogin"), dict(event="signin.Login"),
            dict(use="no.such-technique"),
        ]
        for step in bad:
            self.assertTrue(self.complaints(**step), step)


if __name__ == "__main__":
    unittest.main()
