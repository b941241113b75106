"""KMS through boto3: keys that really encrypt and sign, their states, aliases, grants, rotation."""
import hashlib
import hmac
import json
import pathlib
import subprocess
import tempfile
import unittest

import botocore.exceptions

import harness

OTHER = "444455556666"


class Kms(harness.ServerCase):
    def setUp(self):
        self.kms = self.server.client("kms")

    def refused(self, code, call, **kwargs):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"].get("Message", "")

    def key(self, **kwargs):
        return self.kms.create_key(**kwargs)["KeyMetadata"]

    def test_a_key_is_described_as_aws_does(self):
        key = self.key(Description="d", Tags=[{"TagKey": "a", "TagValue": "b"}])
        self.assertEqual(key["Arn"], f"arn:aws:kms:us-east-1:{harness.ACCOUNT}:key/{key['KeyId']}")
        self.assertEqual((key["KeyState"], key["Enabled"], key["KeyManager"], key["Origin"],
                          key["KeySpec"], key["KeyUsage"], key["EncryptionAlgorithms"]),
                         ("Enabled", True, "CUSTOMER", "AWS_KMS", "SYMMETRIC_DEFAULT",
                          "ENCRYPT_DECRYPT", ["SYMMETRIC_DEFAULT"]))
        self.assertEqual(self.kms.describe_key(KeyId=key["Arn"])["KeyMetadata"], key)
        self.assertIn(key["KeyId"], [k["KeyId"] for p in self.kms.get_paginator("list_keys").paginate(
            PaginationConfig={"PageSize": 1}) for k in p["Keys"]])
        self.kms.update_key_description(KeyId=key["KeyId"], Description="e")
        self.assertEqual(self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"], "e")
        self.kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "a", "TagValue": "c"}])
        self.kms.tag_resource(KeyId=key["KeyId"], Tags=[{"TagKey": "x", "TagValue": "y"}])
        self.kms.untag_resource(KeyId=key["KeyId"], TagKeys=["x"])
        self.assertEqual(self.kms.list_resource_tags(KeyId=key["KeyId"])["Tags"],
                         [{"TagKey": "a", "TagValue": "c"}])

    def test_encryption_context_is_part_of_the_key(self):
        key = self.key()
        self.kms.create_alias(AliasName="alias/app", TargetKeyId=key["KeyId"])
        blob = self.kms.encrypt(KeyId="alias/app", Plaintext=b"marrow",
                                EncryptionContext={"b": "2", "a": "1"})["CiphertextBlob"]
        self.assertNotIn(b"marrow", blob)
        answer = self.kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1", "b": "2"})
        self.assertEqual((answer["Plaintext"], answer["KeyId"]), (b"marrow", key["Arn"]))
        self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=blob)
        self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=b"junk")
        broken = blob[:-1] + bytes([blob[-1] ^ 1])
        self.refused("InvalidCiphertextException", self.kms.decrypt, CiphertextBlob=broken,
                     EncryptionContext={"a": "1", "b": "2"})
        other = self.key()
        self.refused("IncorrectKeyException", self.kms.decrypt, CiphertextBlob=blob,
                     KeyId=other["KeyId"], EncryptionContext={"a": "1", "b": "2"})
        again = self.kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other["KeyId"],
                                    SourceEncryptionContext={"a": "1", "b": "2"})
        self.assertEqual((again["SourceKeyId"], again["KeyId"]), (key["Arn"], other["Arn"]))
        self.assertEqual(self.kms.decrypt(CiphertextBlob=again["CiphertextBlob"])["Plaintext"],
                         b"marrow")

    def test_data_keys(self):
        key = self.key()["KeyId"]
        whole = self.kms.generate_data_key(KeyId=key, KeySpec="AES_128")
        self.assertEqual(len(whole["Plaintext"]), 16)
        self.assertEqual(self.kms.decrypt(CiphertextBlob=whole["CiphertextBlob"])["Plaintext"],
                         whole["Plaintext"])
        blind = self.kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=64)
        self.assertNotIn("Plaintext", blind)
        self.assertEqual(len(self.kms.decrypt(CiphertextBlob=blind["CiphertextBlob"])["Plaintext"]), 64)
        self.refused("ValidationException", self.kms.generate_data_key, KeyId=key)
        self.assertEqual(len(self.kms.generate_random(NumberOfBytes=33)["Plaintext"]), 33)
        pair = self.kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
        public = self.openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                              stdin=pair["PrivateKeyPlaintext"])
        self.assertEqual(public, pair["PublicKey"])
        self.assertEqual(self.kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"],
                         pair["PrivateKeyPlaintext"])

    def openssl(self, *args, stdin=b""):
        return subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=True).stdout

    def signed(self, spec, algorithm, *openssl_options):
        key = self.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyId"]
        signature = self.kms.sign(KeyId=key, Message=b"hello", SigningAlgorithm=algorithm)["Signature"]
        about = {"KeyId": key, "SigningAlgorithm": algorithm, "Signature": signature}
        self.assertTrue(self.kms.verify(Message=b"hello", **about)["SignatureValid"])
        self.refused("KMSInvalidSignatureException", self.kms.verify, Message=b"hullo", **about)
        digest = hashlib.new(algorithm[-7:].replace("_", ""), b"hello").digest()
        self.assertTrue(self.kms.verify(Message=digest, MessageType="DIGEST", **about)["SignatureValid"])
        with tempfile.TemporaryDirectory() as folder:
            where = pathlib.Path(folder)
            (where / "key.der").write_bytes(self.kms.get_public_key(KeyId=key)["PublicKey"])
            (where / "sig").write_bytes(signature)
            said = self.openssl("dgst", "-" + algorithm[-7:].replace("_", "").lower(), *openssl_options,
                                "-keyform", "DER", "-verify", str(where / "key.der"),
                                "-signature", str(where / "sig"), stdin=b"hello")
        self.assertEqual(said.strip(), b"Verified OK")
        return key

    def test_signatures_hold_outside(self):
        key = self.signed("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256")
        self.signed("ECC_NIST_P384", "ECDSA_SHA_384")
        self.signed("RSA_2048", "RSASSA_PSS_SHA_512", "-sigopt", "rsa_padding_mode:pss")
        self.refused("InvalidKeyUsageException", self.kms.encrypt, KeyId=key, Plaintext=b"x",
                     EncryptionAlgorithm="RSAES_OAEP_SHA_256")
        said = self.refused("InvalidKeyUsageException", self.kms.sign, KeyId=key, Message=b"x",
                            SigningAlgorithm="ECDSA_SHA_256")
        self.assertEqual(said, "Algorithm ECDSA_SHA_256 is incompatible with key spec RSA_2048.")

    def test_rsa_encrypts_what_openssl_encrypted(self):
        key = self.key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyId"]
        with tempfile.NamedTemporaryFile() as der:
            der.write(self.kms.get_public_key(KeyId=key)["PublicKey"])
            der.flush()
            blob = self.openssl("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", der.name,
                                "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256",
                                stdin=b"outside")
        how = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        self.assertEqual(self.kms.decrypt(CiphertextBlob=blob, **how)["Plaintext"], b"outside")
        own = self.kms.encrypt(Plaintext=b"inside", **how)["CiphertextBlob"]
        self.assertEqual(self.kms.decrypt(CiphertextBlob=own, **how)["Plaintext"], b"inside")

    def test_macs(self):
        key = self.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]
        how = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_256"}
        mac = self.kms.generate_mac(Message=b"m", **how)["Mac"]
        self.assertEqual(len(mac), hashlib.sha256().digest_size)
        self.assertTrue(self.kms.verify_mac(Message=b"m", Mac=mac, **how)["MacValid"])
        self.refused("KMSInvalidMacException", self.kms.verify_mac, Message=b"n", Mac=mac, **how)
        self.assertFalse(hmac.compare_digest(mac, self.kms.generate_mac(Message=b"n", **how)["Mac"]))
        self.refused("UnsupportedOperationException", self.kms.get_public_key, KeyId=key)

    @harness.needs_newest
    def test_shared_secret_is_the_same_from_both_sides(self):
        keys = [self.key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyId"] for _ in "ab"]
        public = [self.kms.get_public_key(KeyId=k)["PublicKey"] for k in keys]
        secrets = {self.kms.derive_shared_secret(KeyId=k, KeyAgreementAlgorithm="ECDH",
                                                 PublicKey=p)["SharedSecret"]
                   for k, p in zip(keys, reversed(public))}
        self.assertEqual(len(secrets), 1)

    def test_states(self):
        key = self.key()
        arn = key["Arn"]
        blob = self.kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        self.kms.disable_key(KeyId=arn)
        self.assertEqual(self.refused("DisabledException", self.kms.decrypt, CiphertextBlob=blob),
                         f"{arn} is disabled.")
        self.kms.enable_key(KeyId=arn)
        self.refused("ValidationException", self.kms.schedule_key_deletion, KeyId=arn,
                     PendingWindowInDays=6)
        self.refused("KMSInvalidStateException", self.kms.cancel_key_deletion, KeyId=arn)
        gone = self.kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        self.assertEqual((gone["KeyId"], gone["KeyState"]), (arn, "PendingDeletion"))
        self.assertEqual(self.refused("KMSInvalidStateException", self.kms.encrypt, KeyId=arn,
                                      Plaintext=b"x"), f"{arn} is pending deletion.")
        self.kms.cancel_key_deletion(KeyId=arn)
        self.assertEqual(self.kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"], "Disabled")

    def test_missing(self):
        absent = "12345678-1234-1234-1234-123456789012"
        self.assertEqual(self.refused("NotFoundException", self.kms.describe_key, KeyId=absent),
                         f"Key 'arn:aws:kms:us-east-1:{harness.ACCOUNT}:key/{absent}' does not exist")
        self.assertEqual(self.refused("NotFoundException", self.kms.describe_key, KeyId="alias/no"),
                         f"Alias arn:aws:kms:us-east-1:{harness.ACCOUNT}:alias/no is not found.")
        self.refused("NotFoundException", self.kms.describe_key, KeyId="what")
        self.refused("NotFoundException", self.kms.disable_key, KeyId="alias/no")

    def test_aliases(self):
        a, b = self.key()["KeyId"], self.key()["KeyId"]
        self.kms.create_alias(AliasName="alias/one", TargetKeyId=a)
        self.refused("AlreadyExistsException", self.kms.create_alias, AliasName="alias/one",
                     TargetKeyId=b)
        self.refused("NotAuthorizedException", self.kms.create_alias, AliasName="alias/aws/mine",
                     TargetKeyId=b)
        self.kms.update_alias(AliasName="alias/one", TargetKeyId=b)
        self.assertEqual(self.kms.describe_key(KeyId="alias/one")["KeyMetadata"]["KeyId"], b)
        self.assertEqual([x["AliasName"] for x in self.kms.list_aliases(KeyId=b)["Aliases"]],
                         ["alias/one"])
        rsa = self.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyId"]
        self.refused("ValidationException", self.kms.update_alias, AliasName="alias/one",
                     TargetKeyId=rsa)
        self.kms.delete_alias(AliasName="alias/one")
        self.refused("NotFoundException", self.kms.delete_alias, AliasName="alias/one")

    def test_aws_managed_key_is_made_when_asked_for(self):
        client = self.server.client("kms", region="eu-west-1")
        listed = {a["AliasName"]: a for p in client.get_paginator("list_aliases").paginate(
            PaginationConfig={"PageSize": 5}) for a in p["Aliases"]}
        self.assertNotIn("TargetKeyId", listed["alias/aws/s3"])
        key = client.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
        self.assertEqual(key["KeyManager"], "AWS")
        listed = {a["AliasName"]: a for a in client.list_aliases(Limit=100)["Aliases"]}
        self.assertEqual(listed["alias/aws/s3"]["TargetKeyId"], key["KeyId"])
        self.refused("AccessDeniedException", client.encrypt, KeyId="alias/aws/s3", Plaintext=b"x")
        self.refused("AccessDeniedException", client.schedule_key_deletion, KeyId=key["KeyId"])

    def test_grants(self):
        key = self.key()
        who = f"arn:aws:iam::{harness.ACCOUNT}:user/bob"
        made = self.kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=who, Operations=["Decrypt"],
                                     Name="n", RetiringPrincipal=who)
        again = self.kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=who, Name="n",
                                      Operations=["Decrypt"], RetiringPrincipal=who)
        self.assertEqual(made["GrantId"], again["GrantId"])
        listed = self.kms.list_grants(KeyId=key["KeyId"])["Grants"]
        self.assertEqual([(g["GrantId"], g["KeyId"], g["Operations"]) for g in listed],
                         [(made["GrantId"], key["Arn"], ["Decrypt"])])
        self.assertEqual(len(self.kms.list_retirable_grants(RetiringPrincipal=who)["Grants"]), 1)
        self.refused("NotFoundException", self.kms.revoke_grant, KeyId=key["KeyId"], GrantId="0" * 64)
        self.kms.retire_grant(GrantToken=made["GrantToken"])
        self.assertEqual(self.kms.list_grants(KeyId=key["KeyId"])["Grants"], [])
        grant = self.kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=who, Operations=["Decrypt"])
        self.kms.revoke_grant(KeyId=key["KeyId"], GrantId=grant["GrantId"])
        self.assertEqual(self.kms.list_grants(KeyId=key["KeyId"])["Grants"], [])

    @harness.needs_newest
    def test_policy_and_grants_decide_who_may(self):
        key = self.key()["Arn"]
        policy = json.loads(self.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        self.assertEqual(policy["Statement"][0]["Principal"],
                         {"AWS": f"arn:aws:iam::{harness.ACCOUNT}:root"})
        stranger = self.server.client("kms", key=OTHER)
        self.refused("AccessDeniedException", stranger.encrypt, KeyId=key, Plaintext=b"x")
        policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": OTHER},
                                    "Action": "kms:Encrypt", "Resource": "*"})
        self.kms.put_key_policy(KeyId=key, Policy=json.dumps(policy))
        blob = stranger.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        self.refused("AccessDeniedException", stranger.decrypt, CiphertextBlob=blob)
        self.kms.create_grant(KeyId=key, Operations=["Decrypt"],
                              GranteePrincipal=f"arn:aws:iam::{OTHER}:root")
        self.assertEqual(stranger.decrypt(CiphertextBlob=blob)["Plaintext"], b"x")
        policy["Statement"] = [{"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:*",
                                "Resource": "*"}]
        self.assertIn("will not allow you to update",
                      self.refused("MalformedPolicyDocumentException", self.kms.put_key_policy,
                                   KeyId=key, Policy=json.dumps(policy)))
        self.refused("MalformedPolicyDocumentException", self.kms.put_key_policy, KeyId=key, Policy="{")

    @harness.needs_newest
    def test_dry_run_changes_nothing(self):
        key = self.key()["KeyId"]
        self.refused("DryRunOperationException", self.kms.create_grant, KeyId=key, DryRun=True,
                     GranteePrincipal=f"arn:aws:iam::{harness.ACCOUNT}:root", Operations=["Decrypt"])
        self.assertEqual(self.kms.list_grants(KeyId=key)["Grants"], [])

    def test_what_is_not_made_is_refused(self):
        self.assertEqual(self.refused("NotImplemented", self.kms.create_key, Origin="EXTERNAL"),
                         "mocktrail makes no keys of origin EXTERNAL.")
        self.refused("NotImplemented", self.kms.create_key, KeySpec="SM2", KeyUsage="SIGN_VERIFY")
        self.refused("ValidationException", self.kms.create_key, KeySpec="RSA_2048")


class KmsOverTime(harness.ServerCase):
    OPTIONS = ("--no-default-trail",)  # three months of digests are not the matter here

    def test_a_key_is_deleted_when_its_window_ends(self):
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/soon", TargetKeyId=key["KeyId"])
        blob = kms.encrypt(KeyId="alias/soon", Plaintext=b"x")["CiphertextBlob"]
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        self.server.advance("167h")
        self.assertEqual(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"],
                         "PendingDeletion")
        self.server.advance("2h")
        self.assertEqual(harness.error_code(kms.describe_key, KeyId=key["KeyId"]), "NotFoundException")
        self.assertEqual(harness.error_code(kms.describe_key, KeyId="alias/soon"), "NotFoundException")
        self.assertEqual(harness.error_code(kms.cancel_key_deletion, KeyId=key["KeyId"]),
                         "NotFoundException")
        self.assertEqual(harness.error_code(kms.decrypt, CiphertextBlob=blob), "AccessDeniedException")
        self.assertNotIn(key["KeyId"], [k["KeyId"] for k in kms.list_keys()["Keys"]])
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/soon", TargetKeyId=other)
        self.assertEqual(kms.describe_key(KeyId="alias/soon")["KeyMetadata"]["KeyId"], other)

    @harness.needs_newest
    def test_rotation_keeps_what_was_encrypted(self):
        kms = self.server.client("kms", region="us-west-2")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
        first = kms.decrypt(CiphertextBlob=old)["KeyMaterialId"]
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
        self.assertTrue(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])
        self.server.advance("2161h")
        new = kms.encrypt(KeyId=key, Plaintext=b"new")["CiphertextBlob"]
        self.assertNotEqual(kms.decrypt(CiphertextBlob=new)["KeyMaterialId"], first)
        self.assertEqual(kms.decrypt(CiphertextBlob=old)["Plaintext"], b"old")
        kms.rotate_key_on_demand(KeyId=key)
        self.assertEqual([r["RotationType"] for r in kms.list_key_rotations(KeyId=key)["Rotations"]],
                         ["AUTOMATIC", "ON_DEMAND"])
        kms.disable_key_rotation(KeyId=key)
        self.assertFalse(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])
        asymmetric = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        self.assertEqual(harness.error_code(kms.enable_key_rotation, KeyId=asymmetric["KeyId"]),
                         "UnsupportedOperationException")


class KmsOnRecord(harness.ServerCase):
    def test_the_key_is_on_record_and_the_secret_is_not(self):
        mark = b"marked-secret-4711"
        kms = self.server.client("kms")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName="alias/rec", TargetKeyId=key)
        blob = kms.encrypt(KeyId="alias/rec", Plaintext=mark)["CiphertextBlob"]
        self.assertEqual(kms.decrypt(CiphertextBlob=blob)["Plaintext"], mark)
        self.server.flush()
        by_name = {r["eventName"]: r for r in self.server.records()}
        row = {"accountId": harness.ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}
        for name in ("CreateKey", "Encrypt", "Decrypt"):
            self.assertEqual(by_name[name]["resources"], [row], name)
        self.assertEqual([r["ARN"] for r in by_name["CreateAlias"]["resources"]],
                         [key, key.rsplit(":", 1)[0] + ":alias/rec"])
        self.assertIsNone(by_name["Encrypt"]["responseElements"])
        harness_files = [p for p in self.server.data.rglob("*") if p.is_file()]
        self.assertEqual([p for p in harness_files + [self.server.log_path] if mark in p.read_bytes()],
                         [])


if __name__ == "__main__":
    unittest.main()
