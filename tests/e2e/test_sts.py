"""STS through boto3: who am I, sessions of roles, users and federated callers, and their records."""
import base64
import json
import unittest

import harness

OTHER = "444455556666"


def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Sts(harness.ServerCase):
    def setUp(self):
        self.iam = self.server.client("iam")
        # A user that nobody made is believed; the client leaves the judging to the server.
        self.sts = self.server.client("sts", key="dev", parameter_validation=False)

    def session(self, answer, service="sts"):
        c = answer["Credentials"]
        return self.server.client(service, key=c["AccessKeyId"], secret=c["SecretAccessKey"],
                                  token=c["SessionToken"])

    def role(self, name, *args, **kwargs):
        kw = {"MaxSessionDuration": kwargs.pop("most")} if "most" in kwargs else {}
        return self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(*args, **kwargs),
                                    **kw)["Role"]

    def refused(self, code, call, **kwargs):
        self.assertEqual(harness.error_code(call, **kwargs), code)

    def test_believed_identities(self):
        root = self.server.client("sts").get_caller_identity()
        self.assertEqual(root["Arn"], f"arn:aws:iam::{harness.ACCOUNT}:root")
        self.assertEqual(root["UserId"], harness.ACCOUNT)
        dev = self.sts.get_caller_identity()
        self.assertEqual(dev["Arn"], f"arn:aws:iam::{harness.ACCOUNT}:user/dev")
        self.assertTrue(dev["UserId"].startswith("AIDA") and len(dev["UserId"]) == 21)
        other = self.server.client("sts", key="dev2").get_caller_identity()
        self.assertNotEqual(other["UserId"], dev["UserId"])
        self.assertEqual(self.server.client("sts", key=OTHER).get_caller_identity()["Account"], OTHER)

    def test_a_role_session_is_the_session(self):
        role = self.role("plain", {"AWS": harness.ACCOUNT}, most=7200)
        answer = self.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="s1", DurationSeconds=7200)
        self.assertEqual(answer["AssumedRoleUser"]["AssumedRoleId"], role["RoleId"] + ":s1")
        me = self.session(answer).get_caller_identity()
        self.assertEqual(me["Arn"], f"arn:aws:sts::{harness.ACCOUNT}:assumed-role/plain/s1")
        self.refused("ValidationError", self.sts.assume_role, RoleArn=role["Arn"],
                     RoleSessionName="s1", DurationSeconds=7201)
        self.refused("ValidationError", self.sts.assume_role, RoleArn=role["Arn"], RoleSessionName="x")

    def test_a_believed_root_stands_in_for_any_caller(self):
        role = self.role("open", {"AWS": harness.ACCOUNT})
        answer = self.server.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="s1")
        self.assertEqual(self.session(answer).get_caller_identity()["UserId"], role["RoleId"] + ":s1")

    def test_the_trust_decides(self):
        role = self.role("picky", {"AWS": f"arn:aws:iam::{harness.ACCOUNT}:user/dev"},
                         StringEquals={"sts:ExternalId": "e-1"})
        ask = {"RoleArn": role["Arn"], "RoleSessionName": "s1"}
        self.refused("AccessDenied", self.sts.assume_role, **ask)
        self.refused("AccessDenied", self.sts.assume_role, ExternalId="e-2", **ask)
        self.sts.assume_role(ExternalId="e-1", **ask)
        stranger = self.server.client("sts", key="stranger")
        self.refused("AccessDenied", stranger.assume_role, ExternalId="e-1", **ask)
        self.refused("AccessDenied", self.sts.assume_role, RoleSessionName="s1",
                     RoleArn=f"arn:aws:iam::{harness.ACCOUNT}:role/absent")
        self.refused("AccessDenied", self.sts.assume_role, ExternalId="e-1",
                     Tags=[{"Key": "k", "Value": "v"}], **ask)  # no sts:TagSession

    def test_chains_of_roles(self):
        first = self.role("first", {"AWS": harness.ACCOUNT},
                          action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
        second = self.role("second", {"AWS": first["Arn"]}, most=43200,
                           action=["sts:AssumeRole", "sts:TagSession"])
        one = self.session(self.sts.assume_role(
            RoleArn=first["Arn"], RoleSessionName="one", SourceIdentity="ann",
            Tags=[{"Key": "team", "Value": "red"}], TransitiveTagKeys=["team"]))
        ask = {"RoleArn": second["Arn"], "RoleSessionName": "two"}
        self.assertEqual(one.assume_role(**ask)["SourceIdentity"], "ann")
        self.refused("ValidationError", one.assume_role, DurationSeconds=7200, **ask)
        self.refused("InvalidParameterValue", one.assume_role,
                     Tags=[{"Key": "team", "Value": "blue"}], **ask)

    def test_sessions_of_users(self):
        answer = self.sts.get_session_token(DurationSeconds=900)
        mine = self.session(answer)
        self.assertEqual(mine.get_caller_identity()["Arn"], self.sts.get_caller_identity()["Arn"])
        self.refused("AccessDenied", mine.get_session_token)
        self.refused("AccessDenied", mine.get_federation_token, Name="bob")
        self.refused("ValidationError", self.sts.get_session_token, DurationSeconds=899)
        bob = self.sts.get_federation_token(Name="bob")
        self.assertEqual(bob["FederatedUser"]["FederatedUserId"], f"{harness.ACCOUNT}:bob")
        self.assertEqual(self.session(bob).get_caller_identity()["Arn"],
                         f"arn:aws:sts::{harness.ACCOUNT}:federated-user/bob")
        self.refused("MalformedPolicyDocument", self.sts.get_federation_token, Name="bob", Policy="{")

    @harness.needs_newest
    def test_web_identity(self):
        self.iam.create_open_id_connect_provider(Url="https://idp.example.com/x", ClientIDList=["app"])
        arn = f"arn:aws:iam::{harness.ACCOUNT}:oidc-provider/idp.example.com/x"
        role = self.role("web", {"Federated": arn}, action="sts:AssumeRoleWithWebIdentity",
                         StringEquals={"idp.example.com/x:sub": "user-1"})
        nobody = self.server.client("sts")

        def token(**claims):
            body = {"iss": "https://idp.example.com/x", "aud": "app", "sub": "user-1",
                    "exp": 1893456000, **claims}
            return f"{b64({'alg': 'RS256'})}.{b64(body)}.c2ln"
        ask = {"RoleArn": role["Arn"], "RoleSessionName": "w1"}
        answer = nobody.assume_role_with_web_identity(WebIdentityToken=token(), **ask)
        self.assertEqual(answer["SubjectFromWebIdentityToken"], "user-1")
        self.assertEqual(answer["Provider"], arn)
        self.assertEqual(self.session(answer).get_caller_identity()["UserId"], role["RoleId"] + ":w1")
        for code, claims in (("AccessDenied", {"sub": "user-2"}),
                             ("InvalidIdentityToken", {"aud": "other"}),
                             ("InvalidIdentityToken", {"iss": "https://unknown.example.com"}),
                             ("ExpiredTokenException", {"exp": 1000})):
            self.refused(code, nobody.assume_role_with_web_identity, WebIdentityToken=token(**claims),
                         **ask)
        self.refused("InvalidIdentityToken", nobody.assume_role_with_web_identity,
                     WebIdentityToken="not.a-token", **ask)

    @harness.needs_newest
    def test_a_token_brings_tags_and_a_source_identity(self):
        self.iam.create_open_id_connect_provider(Url="https://tags.example.com", ClientIDList=["app"])
        arn = f"arn:aws:iam::{harness.ACCOUNT}:oidc-provider/tags.example.com"
        actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
        body = {"iss": "https://tags.example.com", "aud": "app", "sub": "u", "exp": 1893456000,
                "https://aws.amazon.com/tags": {"principal_tags": {"Project": ["Pegasus"], "Cost": "1"},
                                                "transitive_tag_keys": ["Project"]},
                "https://aws.amazon.com/source_identity": "ann"}
        ask = {"WebIdentityToken": f"{b64({'alg': 'RS256'})}.{b64(body)}.c2ln", "RoleSessionName": "w1"}
        nobody = self.server.client("sts")
        for n in (1, 2):  # each needs an action of its own
            role = self.role(f"less-{n}", {"Federated": arn}, action=actions[:n])
            self.refused("AccessDenied", nobody.assume_role_with_web_identity, RoleArn=role["Arn"], **ask)
        role = self.role("tagged", {"Federated": arn}, action=actions)
        answer = nobody.assume_role_with_web_identity(RoleArn=role["Arn"], **ask)
        self.assertEqual(answer["SourceIdentity"], "ann")
        self.server.flush()
        record, = [r for r in self.server.records() if r["eventName"] == "AssumeRoleWithWebIdentity"
                   and r.get("requestParameters") and r["requestParameters"]["roleArn"] == role["Arn"]]
        self.assertEqual(record["requestParameters"], {
            "roleArn": role["Arn"], "roleSessionName": "w1", "sourceIdentity": "ann",
            "principalTags": {"Project": "Pegasus", "Cost": "1"}, "transitiveTagKeys": ["Project"]})
        self.refused("InvalidParameterValue", self.session(answer).assume_role, RoleSessionName="again",
                     RoleArn=self.role("next", {"AWS": "*"}, action=["sts:AssumeRole", "sts:TagSession"])["Arn"],
                     Tags=[{"Key": "Project", "Value": "other"}])

    def test_saml(self):
        arn = self.iam.create_saml_provider(
            Name="corp", SAMLMetadataDocument="<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"
        )["SAMLProviderArn"]
        role = self.role("saml", {"Federated": arn}, action="sts:AssumeRoleWithSAML",
                         StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"})
        attribute = "https://aws.amazon.com/SAML/Attributes/"
        response = f"""<p:Response xmlns:p="p"><a:Assertion xmlns:a="a"><a:Issuer>https://idp</a:Issuer>
            <a:Subject><a:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ann</a:NameID>
            <a:SubjectConfirmation><a:SubjectConfirmationData NotOnOrAfter="2030-01-01T00:00:00Z"
            Recipient="https://signin.aws.amazon.com/saml"/></a:SubjectConfirmation></a:Subject>
            <a:AttributeStatement><a:Attribute Name="{attribute}Role"><a:AttributeValue>{role['Arn']},{arn}
            </a:AttributeValue></a:Attribute><a:Attribute Name="{attribute}RoleSessionName">
            <a:AttributeValue>ann@corp</a:AttributeValue></a:Attribute></a:AttributeStatement>
            </a:Assertion></p:Response>"""
        assertion = base64.b64encode(response.encode()).decode()
        answer = self.server.client("sts").assume_role_with_saml(
            RoleArn=role["Arn"], PrincipalArn=arn, SAMLAssertion=assertion)
        self.assertEqual((answer["Subject"], answer["SubjectType"], answer["Issuer"]),
                         ("ann", "persistent", "https://idp"))
        self.assertEqual(self.session(answer).get_caller_identity()["UserId"],
                         role["RoleId"] + ":ann@corp")
        self.refused("InvalidIdentityToken", self.server.client("sts").assume_role_with_saml,
                     RoleArn=role["Arn"], PrincipalArn=arn.replace("corp", "other"),
                     SAMLAssertion=assertion)

    @harness.needs_newest
    def test_what_is_not_there_is_said_so(self):
        self.assertEqual(harness.error_code(self.sts.decode_authorization_message, EncodedMessage="x"),
                         "InvalidAuthorizationMessageException")
        self.refused("NotImplemented", self.server.client("sts").get_delegated_access_token, TradeInToken="x")
        self.refused("OutboundWebIdentityFederationDisabledException", self.server.client("sts").get_web_identity_token,
                     Audience=["a"], SigningAlgorithm="RS256")
        self.refused("FeatureDisabled", self.iam.get_outbound_web_identity_federation_info)
        self.refused("FeatureDisabled", self.iam.disable_outbound_web_identity_federation)
        self.refused("NotImplemented", self.iam.enable_outbound_web_identity_federation)
        key = self.iam.create_user(UserName="k") and self.iam.create_access_key(UserName="k")
        info = self.sts.get_access_key_info(AccessKeyId=key["AccessKey"]["AccessKeyId"])
        self.assertEqual(info["Account"], harness.ACCOUNT)


class Expiry(unittest.TestCase):
    def test_a_session_ends_on_the_emulators_clock_and_outlives_the_process(self):
        with harness.Server() as server:
            c = server.client("sts", key="dev").get_session_token(DurationSeconds=900)["Credentials"]
            who = {"key": c["AccessKeyId"], "secret": c["SecretAccessKey"], "token": c["SessionToken"]}
            server.kill()
            server.process = None
            server.start()
            arn = server.client("sts", **who).get_caller_identity()["Arn"]
            self.assertEqual(arn, f"arn:aws:iam::{harness.ACCOUNT}:user/dev")
            server.advance("14m")
            server.client("sts", **who).get_caller_identity()
            server.advance("1m")
            self.assertEqual(harness.error_code(server.client("sts", **who).get_caller_identity),
                             "ExpiredToken")
            self.assertEqual(harness.error_code(server.client("dynamodb", **who).list_tables),
                             "ExpiredTokenException")


if __name__ == "__main__":
    unittest.main()
