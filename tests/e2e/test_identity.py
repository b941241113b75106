"""Who calls, as the delivered records tell it: every kind of caller, and with --auth verify every kind of
refusal, in its protocol's own words and on record under the identity that was claimed."""
import base64
import datetime
import json
import unittest
import unittest.mock
import urllib.error
import urllib.parse
import urllib.request

import botocore
import botocore.auth
import botocore.exceptions

import harness
from harness import ACCOUNT

OTHER = "444455556666"
ISSUER = "https://idp.example.com/pool"
AUDIENCE = "https://signin.aws.amazon.com/saml"
SAML = "https://aws.amazon.com/SAML/Attributes/"


def trust(principal, *actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": list(actions or ["sts:AssumeRole"])}]})


def keys_of(credentials):
    return {"key": credentials["AccessKeyId"], "secret": credentials.get("SecretAccessKey"),
            "token": credentials.get("SessionToken")}


def token(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'RS256'})}.{part({'iss': ISSUER, 'exp': 1893456000, **claims})}.c2ln"


def fetch(url, method="GET", data=None):
    """(status, request id)."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as answer:
            return answer.status, answer.headers["x-amz-request-id"]
    except urllib.error.HTTPError as error:
        error.read()
        return error.code, error.headers["x-amz-request-id"]


class IdentityCase(harness.ServerCase):
    def setUp(self):
        self.iam = self.server.client("iam")

    def records(self, request_id):
        self.server.flush()
        return [r for r in self.server.records() if r["requestID"] == request_id]

    def record(self, call, *args, **kwargs):
        """The one record of a call, successful or refused."""
        try:
            answer = call(*args, **kwargs)
        except botocore.exceptions.ClientError as error:
            answer = error.response
        found = self.records(answer["ResponseMetadata"]["RequestId"])
        self.assertEqual(len(found), 1)
        return found[0]

    def who(self, service="sts", operation="get_caller_identity", **keys):
        return self.record(getattr(self.server.client(service, **keys), operation))["userIdentity"]

    def user(self, name, path="/"):
        user = self.iam.create_user(UserName=name, Path=path)["User"]
        return user, self.iam.create_access_key(UserName=name)["AccessKey"]


class Callers(IdentityCase):
    def test_root_of_two_accounts(self):
        for account in (ACCOUNT, OTHER):
            self.assertEqual(self.who(key=account), {
                "type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root",
                "accountId": account, "accessKeyId": account})

    def test_unknown_keys_are_users_of_their_own(self):
        seen = {}
        for key in ("dev", "Dev", "dev2", "AKIAIOSFODNN7EXAMPLE", "12345678901", "1234567890123"):
            seen[key] = self.who(key=key)
            self.assertEqual(seen[key], {
                "type": "IAMUser", "principalId": seen[key]["principalId"], "accountId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:user/{key}", "accessKeyId": key, "userName": key})
            self.assertRegex(seen[key]["principalId"], "^AIDA[A-Z2-7]{17}$")
        self.assertEqual(len({i["principalId"] for i in seen.values()}), len(seen))
        self.assertEqual(self.who(key="dev"), seen["dev"])

    def test_a_user_and_its_sessions(self):
        user, key = self.user("alice", "/team/")
        mine = {"type": "IAMUser", "principalId": user["UserId"], "accountId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:user/team/alice", "userName": "alice"}
        self.assertEqual(self.who(**keys_of(key)), {**mine, "accessKeyId": key["AccessKeyId"]})
        sts = self.server.client("sts", **keys_of(key))
        session = keys_of(sts.get_session_token()["Credentials"])
        attributes = {"creationDate": harness.START, "mfaAuthenticated": "false"}
        self.assertEqual(self.who(**session), {**mine, "accessKeyId": session["key"],
                                               "sessionContext": {"attributes": attributes}})
        bob = keys_of(sts.get_federation_token(Name="bob")["Credentials"])
        issuer = {k: mine[k] for k in ("type", "principalId", "arn", "accountId", "userName")}
        self.assertEqual(self.who("s3", "list_buckets", **bob), {
            "type": "FederatedUser", "principalId": f"{ACCOUNT}:bob", "accountId": ACCOUNT,
            "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "accessKeyId": bob["key"],
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}})

    def test_a_role_session(self):
        role = self.iam.create_role(RoleName="deploy", Path="/ci/x/", AssumeRolePolicyDocument=trust(
            {"AWS": ACCOUNT}, "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"))["Role"]
        _, key = self.user("carol")
        answer = self.server.client("sts", **keys_of(key)).assume_role(
            RoleArn=role["Arn"], RoleSessionName="run-1", SourceIdentity="carol",
            Tags=[{"Key": "team", "Value": "red"}])
        made = self.records(answer["ResponseMetadata"]["RequestId"])[0]
        self.assertEqual(made["userIdentity"]["userName"], "carol")
        self.assertEqual(made["requestParameters"]["sourceIdentity"], "carol")
        self.assertEqual(made["requestParameters"]["tags"], [{"key": "team", "value": "red"}])
        session = keys_of(answer["Credentials"])
        for service, operation in (("sts", "get_caller_identity"), ("iam", "list_users"),
                                   ("s3", "list_buckets"), ("cloudtrail", "describe_trails"),
                                   ("ec2", "describe_regions"), ("lambda", "list_functions")):
            self.assertEqual(self.who(service, operation, **session), {
                "type": "AssumedRole", "principalId": role["RoleId"] + ":run-1", "accountId": ACCOUNT,
                "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-1", "accessKeyId": session["key"],
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"],
                                      "accountId": ACCOUNT, "userName": "deploy"},
                    "attributes": {"creationDate": harness.START, "mfaAuthenticated": "false"},
                    "sourceIdentity": "carol"}})

    def test_web_identity(self):
        provider = self.iam.create_open_id_connect_provider(
            Url=ISSUER, ClientIDList=["app"], ThumbprintList=["c0ffee" * 6 + "c0de"])["OpenIDConnectProviderArn"]
        role = self.iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(
            {"Federated": provider}, "sts:AssumeRoleWithWebIdentity"))["Role"]
        ask = {"RoleArn": role["Arn"], "RoleSessionName": "w1"}
        nobody = self.server.client("sts", signature_version=botocore.UNSIGNED)
        answer = nobody.assume_role_with_web_identity(WebIdentityToken=token(aud="app", sub="u-1"), **ask)
        made = self.records(answer["ResponseMetadata"]["RequestId"])[0]
        self.assertEqual(made["userIdentity"], {
            "type": "WebIdentityUser", "principalId": f"{provider}:app:u-1", "userName": "u-1",
            "identityProvider": provider})
        self.assertNotIn("c2ln", json.dumps(made))
        context = self.who(**keys_of(answer["Credentials"]))["sessionContext"]
        self.assertEqual(context["webIdFederationData"], {
            "federatedProvider": provider,
            "attributes": {"idp.example.com/pool:aud": "app", "idp.example.com/pool:sub": "u-1"}})
        refused = self.record(nobody.assume_role_with_web_identity,
                              WebIdentityToken=token(aud="none", sub="u-1"), **ask)
        self.assertEqual(refused["errorCode"], "InvalidIdentityTokenException")

    def test_saml(self):
        provider = self.iam.create_saml_provider(
            Name="corp", SAMLMetadataDocument="<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>")["SAMLProviderArn"]
        role = self.iam.create_role(RoleName="saml", AssumeRolePolicyDocument=trust(
            {"Federated": provider}, "sts:AssumeRoleWithSAML"))["Role"]
        response = f"""<Response><Assertion><Issuer>https://idp</Issuer><Subject>
            <NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">ann</NameID>
            <SubjectConfirmation><SubjectConfirmationData NotOnOrAfter="2030-01-01T00:00:00Z"
            Recipient="{AUDIENCE}"/></SubjectConfirmation></Subject><AttributeStatement>
            <Attribute Name="{SAML}Role"><AttributeValue>{role['Arn']},{provider}</AttributeValue></Attribute>
            <Attribute Name="{SAML}RoleSessionName"><AttributeValue>ann@corp</AttributeValue></Attribute>
            </AttributeStatement></Assertion></Response>"""
        nobody = self.server.client("sts", signature_version=botocore.UNSIGNED)
        answer = nobody.assume_role_with_saml(RoleArn=role["Arn"], PrincipalArn=provider,
                                              SAMLAssertion=base64.b64encode(response.encode()).decode())
        qualifier = answer["NameQualifier"]
        made = self.records(answer["ResponseMetadata"]["RequestId"])[0]
        self.assertEqual(made["userIdentity"], {"type": "SAMLUser", "principalId": f"{qualifier}:ann",
                                                "userName": "ann", "identityProvider": qualifier})
        session = self.who(**keys_of(answer["Credentials"]))
        self.assertEqual(session["arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/saml/ann@corp")

    def test_nobody_and_presigned_urls(self):
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="signed")
        s3.put_object(Bucket="signed", Key="k", Body=b"x")
        nobody = self.server.client("s3", signature_version=botocore.UNSIGNED)
        record = self.record(nobody.get_object, Bucket="signed", Key="k")
        self.assertEqual(record["userIdentity"], {"type": "AWSAccount", "principalId": "",
                                                  "accountId": "ANONYMOUS_PRINCIPAL"})
        self.assertNotIn("AuthenticationMethod", record["additionalEventData"])
        user, key = self.user("signer")
        for form, version in (("s3", "SigV2"), ("s3v4", "SigV4")):
            client = self.server.client("s3", signature_version=form, **keys_of(key))
            for operation, method in (("get_object", "GET"), ("put_object", "PUT")):
                with self.subTest(f"{version} {method}"):
                    url = client.generate_presigned_url(operation, {"Bucket": "signed", "Key": "k"})
                    status, request_id = fetch(url, method, b"x" if method == "PUT" else None)
                    self.assertEqual(status, 200)
                    record = self.records(request_id)[0]
                    self.assertEqual(record["userIdentity"]["principalId"], user["UserId"])
                    self.assertEqual(record["additionalEventData"]["AuthenticationMethod"], "QueryString")
                    self.assertEqual(record["additionalEventData"]["SignatureVersion"], version)
                    self.assertNotIn(urllib.parse.parse_qs(url)["X-Amz-Signature" if version == "SigV4"
                                                                else "Signature"][0], json.dumps(record))

    def both(self, request_id):
        """The caller's record and the owner's, of one call across accounts."""
        found = {r["recipientAccountId"]: r for r in self.records(request_id)}
        self.assertEqual(set(found), {ACCOUNT, OTHER})
        mine, theirs = found[OTHER], found[ACCOUNT]
        self.assertEqual(mine["sharedEventID"], theirs["sharedEventID"])
        self.assertNotEqual(mine["eventID"], theirs["eventID"])
        for account, record in found.items():
            files = [p for p in self.server.log_files() if f"/AWSLogs/{account}/" in p.as_posix()
                     and record in json.loads(harness.gzip.decompress(p.read_bytes()))["Records"]]
            self.assertEqual(len(files), 1)
        return mine, theirs

    def test_calls_across_accounts(self):
        role = self.iam.create_role(RoleName="door", AssumeRolePolicyDocument=trust({"AWS": OTHER}))["Role"]
        theirs = self.server.client("iam", key=OTHER)
        user = theirs.create_user(UserName="visitor")["User"]
        key = keys_of(theirs.create_access_key(UserName="visitor")["AccessKey"])
        answer = self.server.client("sts", **key).assume_role(RoleArn=role["Arn"], RoleSessionName="visit")
        mine, owners = self.both(answer["ResponseMetadata"]["RequestId"])
        self.assertEqual(mine["userIdentity"]["arn"], user["Arn"])
        self.assertEqual(owners["userIdentity"], {"type": "AWSAccount", "principalId": user["UserId"],
                                                  "accountId": OTHER})
        s3 = self.server.client("s3")
        s3.create_bucket(Bucket="crossed")
        answer = self.server.client("s3", **key).put_object(Bucket="crossed", Key="k", Body=b"x")
        mine, owners = self.both(answer["ResponseMetadata"]["RequestId"])
        self.assertEqual(owners["userIdentity"]["principalId"], user["UserId"])
        for record in (mine, owners):
            self.assertIn({"type": "AWS::S3::Bucket", "accountId": ACCOUNT, "ARN": "arn:aws:s3:::crossed"},
                          record["resources"])

    def test_an_anonymous_call_is_the_owners(self):
        self.server.client("s3", key=OTHER).create_bucket(Bucket="theirs")
        nobody = self.server.client("s3", signature_version=botocore.UNSIGNED)
        record = self.record(nobody.list_objects_v2, Bucket="theirs")
        self.assertEqual(record["recipientAccountId"], OTHER)


class Expiry(IdentityCase):
    def test_an_expired_session_is_on_record_as_itself(self):
        _, key = self.user("late")
        session = keys_of(self.server.client("sts", **keys_of(key)).get_session_token(
            DurationSeconds=900)["Credentials"])
        self.server.advance("15m")
        for service, operation, code in (("sts", "get_caller_identity", "ExpiredToken"),
                                         ("s3", "list_buckets", "ExpiredToken"),
                                         ("cloudtrail", "describe_trails", "ExpiredTokenException")):
            client = self.server.client(service, **session)
            self.assertEqual(harness.error_code(getattr(client, operation)), code)
            record = self.record(getattr(client, operation))
            self.assertEqual(record["errorCode"], code)
            self.assertEqual(record["userIdentity"]["userName"], "late")


CALLS = (("sts", "get_caller_identity"), ("iam", "list_users"), ("cloudtrail", "describe_trails"),
         ("s3", "list_buckets"), ("ec2", "describe_regions"), ("lambda", "list_functions"))


def skewed(minutes):
    """Clients sign as if the clock went so much wrong."""
    def now(*_, **__):
        return (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(minutes=minutes)).replace(tzinfo=None)
    return unittest.mock.patch("botocore.auth.get_current_datetime", now)


class Verified(IdentityCase):
    OPTIONS = ("--auth", "verify", "--root-secret", "root-secret")

    def setUp(self):
        self.root = {"key": ACCOUNT, "secret": "root-secret"}
        self.iam = self.server.client("iam", **self.root)

    def refused(self, codes, on_record=True, **who):
        """Each call is refused with its code, on record as the caller that it claims to be."""
        for (service, operation), code in zip(CALLS, codes):
            with self.subTest(f"{service} {code}"):
                call = getattr(self.server.client(service, **who), operation)
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    call()
                answer = caught.exception.response
                self.assertEqual(answer["Error"]["Code"], code)
                found = self.records(answer["ResponseMetadata"]["RequestId"])
                self.assertEqual(len(found), 1 if on_record else 0)
                for record in found:
                    self.assertEqual(record["errorCode"].split(".")[-1], code)
                    self.assertEqual(record["userIdentity"]["accessKeyId"], who["key"])

    def test_the_root_secret(self):
        self.assertEqual(self.who(**self.root)["type"], "Root")
        self.assertEqual(self.who(key=OTHER, secret="root-secret")["accountId"], OTHER)
        self.assertEqual(harness.error_code(self.server.client("sts").get_caller_identity),
                         "SignatureDoesNotMatch")

    def test_wrong_secret(self):
        _, key = self.user("wrong")
        self.refused(("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException",
                      "SignatureDoesNotMatch", "AuthFailure", "InvalidSignatureException"),
                     key=key["AccessKeyId"], secret="wrong")

    def test_keys_that_are_none(self):
        codes = ("InvalidClientTokenId", "InvalidClientTokenId", "UnrecognizedClientException",
                 "InvalidAccessKeyId", "AuthFailure", "UnrecognizedClientException")
        self.refused(codes, on_record=False, key="AKIAIOSFODNN7EXAMPLE", secret="x")  # whose would it be?
        _, key = self.user("idle")
        self.iam.update_access_key(UserName="idle", AccessKeyId=key["AccessKeyId"], Status="Inactive")
        self.refused(codes, **keys_of(key))
        self.iam.delete_access_key(UserName="idle", AccessKeyId=key["AccessKeyId"])
        self.refused(codes, on_record=False, **keys_of(key))

    def test_tokens(self):
        _, key = self.user("session")
        session = keys_of(self.server.client("sts", **keys_of(key)).get_session_token()["Credentials"])
        codes = ("InvalidClientTokenId", "InvalidClientTokenId", "UnrecognizedClientException",
                 "InvalidToken", "AuthFailure", "UnrecognizedClientException")
        self.refused(codes, **{**session, "token": None})
        self.refused(codes, **{**session, "token": session["token"][:-4] + "AAAA"})
        self.refused(codes, **{**keys_of(key), "token": session["token"]})
        self.assertEqual(self.who(**session)["userName"], "session")

    @harness.needs_newest
    def test_clocks_that_go_wrong(self):
        codes = ("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException",
                 "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException")
        for minutes in (-16, 16):
            with skewed(minutes):
                self.refused(codes, **self.root)
        with skewed(-14):
            self.server.client("sts", **self.root).get_caller_identity()
            self.server.client("s3", **self.root).list_buckets()

    @harness.needs_newest
    def test_a_body_that_was_changed(self):
        def tamper(request, **_):
            body = request.body.read() if hasattr(request.body, "read") else request.body
            body = body.encode() if isinstance(body, str) else body
            request.body = body.replace(b"alice", b"mal01")

        iam = self.server.client("iam", **self.root)
        iam.meta.events.register("before-send.iam.*", tamper)
        self.assertEqual(harness.error_code(iam.create_user, UserName="alice"), "SignatureDoesNotMatch")
        trail = self.server.client("cloudtrail", **self.root)
        trail.meta.events.register("before-send.cloudtrail.*", tamper)
        self.assertEqual(harness.error_code(trail.get_trail, Name="alice"), "InvalidSignatureException")
        s3 = self.server.client("s3", request_checksum_calculation="when_required", **self.root)
        s3.create_bucket(Bucket="tampered")
        s3.meta.events.register("before-send.s3.PutObject", tamper)
        self.assertEqual(harness.error_code(s3.put_object, Bucket="tampered", Key="k", Body=b"alice"),
                         "XAmzContentSHA256Mismatch")
        self.assertEqual(harness.error_code(s3.head_object, Bucket="tampered", Key="k"), "404")

    @harness.needs_newest
    def test_presigned_urls_that_are_over(self):
        s3 = self.server.client("s3", signature_version="s3v4", **self.root)
        s3.create_bucket(Bucket="over")
        with skewed(-16):
            url = s3.generate_presigned_url("get_object", {"Bucket": "over", "Key": "k"}, ExpiresIn=900)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url)
        answer = caught.exception.read().decode()
        self.assertEqual(caught.exception.code, 403)
        self.assertIn("<Code>AccessDenied</Code><Message>Request has expired</Message>", answer)
        record = self.records(caught.exception.headers["x-amz-request-id"])[0]
        self.assertEqual((record["errorCode"], record["errorMessage"]),
                         ("AccessDenied", "Request has expired"))

    def test_the_command_line_client(self):
        _, key = self.user("cli")
        who = {k: v for k, v in keys_of(key).items() if v}
        self.assertIn(":user/cli", self.server.aws("sts", "get-caller-identity", **who).stdout)
        self.server.aws("s3", "mb", "s3://from-cli", **who)
        source = self.server.data / "large"
        source.write_bytes(b"0123456789abcdef" * (10 << 16))
        self.server.aws("s3", "cp", str(source), "s3://from-cli/large", **who)  # 10 MiB: two parts
        self.server.aws("s3", "cp", "s3://from-cli/large", str(source) + ".back", **who)
        self.assertEqual(source.read_bytes(), source.with_name("large.back").read_bytes())
        refused = self.server.aws("s3", "ls", check=False, key=key["AccessKeyId"], secret="wrong")
        self.assertIn("SignatureDoesNotMatch", refused.stderr)
        url = self.server.aws("s3", "presign", "s3://from-cli/large", **who).stdout.strip()
        self.assertEqual(fetch(url)[0], 200)


if __name__ == "__main__":
    unittest.main()
