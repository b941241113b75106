"""`mocktrail verify records` notices each of the mutations below by its rule and at its place, and says nothing of the
dataset that they were made from."""
import gzip
import json
import re
import shutil
import tempfile
import unittest

import verify_data
from verify_data import Copy

DOCS = verify_data.harness.ROOT / "docs" / "verify-records.md"


def first(records, **members):
    """Index of the first record with such members; "identity" is userIdentity.type."""
    for i, record in enumerate(records):
        seen = {**record, "identity": record["userIdentity"].get("type")}
        if all(seen.get(name) == value for name, value in members.items()):
            return i
    raise LookupError(members)


class Spoil:
    """A mutation of one record: which, how, and what must be said of it."""

    def __init__(self, rule, member, change, **which):
        self.rule, self.member, self.change, self.which = rule, member, change, which

    def apply(self, data):
        """(path, record number) of what was changed."""
        for path in verify_data.logs(data):
            content = verify_data.read(path)
            try:
                index = first(content["Records"], **self.which)
            except LookupError:
                continue
            self.change(content["Records"][index])
            verify_data.write(path, content)
            return path, index + 1
        raise LookupError(self.which)


def put(*path_and_value):
    """A change that sets a member, by a path of names."""
    *path, value = path_and_value

    def change(record):
        at = record
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = value
    return change


def drop(*path):
    def change(record):
        at = record
        for name in path[:-1]:
            at = at[name]
        del at[path[-1]]
    return change


def both(*changes):
    def change(record):
        for one in changes:
            one(record)
    return change


U, S = "userIdentity", "sessionContext"
A = ("userIdentity", "sessionContext", "attributes")
ROLE = {"identity": "AssumedRole"}
USER = {"identity": "IAMUser"}
READ = {"eventName": "DescribeInstances"}
WRITE = {"eventName": "CreateUser"}
OBJECT = {"eventName": "PutObject"}
FAILED = {"eventName": "GetUser"}
EC2_FAILED = {"eventName": "DescribeInstances", "errorCode": "Client.InvalidInstanceID.NotFound"}
ANY = {}
UUID = "00000000-0000-4000-8000-000000000000"

SPOILS = [
    Spoil("member-missing", "eventVersion", drop("eventVersion"), **ANY),
    Spoil("member-missing", "userIdentity", drop(U), **ANY),
    Spoil("member-missing", "eventTime", drop("eventTime"), **ANY),
    Spoil("member-missing", "eventSource", drop("eventSource"), **ANY),
    Spoil("member-missing", "eventName", drop("eventName"), **ANY),
    Spoil("member-missing", "awsRegion", drop("awsRegion"), **ANY),
    Spoil("member-missing", "sourceIPAddress", drop("sourceIPAddress"), **ANY),
    Spoil("member-missing", "requestParameters", drop("requestParameters"), **ANY),
    Spoil("member-missing", "responseElements", drop("responseElements"), **ANY),
    Spoil("member-missing", "eventID", drop("eventID"), **ANY),
    Spoil("member-missing", "readOnly", drop("readOnly"), **ANY),
    Spoil("member-missing", "eventType", drop("eventType"), **ANY),
    Spoil("member-missing", "managementEvent", drop("managementEvent"), **ANY),
    Spoil("member-missing", "recipientAccountId", drop("recipientAccountId"), **ANY),
    Spoil("member-missing", "eventCategory", drop("eventCategory"), **ANY),
    Spoil("member-type", "readOnly", put("readOnly", "true"), **READ),
    Spoil("member-type", "eventTime", put("eventTime", 1767603600), **ANY),
    Spoil("member-type", "requestParameters", put("requestParameters", "x=1"), **WRITE),
    Spoil("member-type", "resources", put("resources", {"ARN": "x"}), **OBJECT),
    Spoil("member-type", "userIdentity", put(U, "root"), **ANY),
    Spoil("member-unknown", "eventColour", put("eventColour", "blue"), **ANY),
    Spoil("member-version", "tlsDetails", put("eventVersion", "1.07"), **WRITE),
    Spoil("member-size", "userAgent", put("userAgent", "x" * 2000), **ANY),
    Spoil("member-empty", "eventName", put("eventName", ""), **ANY),
    Spoil("member-empty", "errorCode", put("errorCode", ""), **ANY),
    Spoil("version-form", "eventVersion", put("eventVersion", "eleven"), **ANY),
    Spoil("time-form", "eventTime", put("eventTime", "2026-01-05 09:00:00"), **ANY),
    Spoil("time-form", "eventTime", put("eventTime", "2026-02-30T09:00:00Z"), **ANY),
    Spoil("time-form", "eventTime", put("eventTime", "2026-01-05T09:00:00.123Z"), **ANY),
    Spoil("source-form", "eventSource", put("eventSource", "iam"), **WRITE),
    Spoil("source-known", "eventSource", put("eventSource", "blockchain9.amazonaws.com"), **WRITE),
    Spoil("name-form", "eventName", put("eventName", "Create User"), **WRITE),
    Spoil("name-plausible", "eventName", put("eventName", "FrobnicateUser"), **WRITE),
    Spoil("name-known", "eventName", put("eventName", "CreateFlurbinator"), **WRITE),
    Spoil("name-known", "eventName", put("eventName", "createUser"), **WRITE),
    Spoil("region-form", "awsRegion", put("awsRegion", "Virginia"), **READ),
    Spoil("region-global", "awsRegion", put("awsRegion", "eu-west-1"), **WRITE),
    Spoil("address-form", "sourceIPAddress", put("sourceIPAddress", "10.0.0.256"), **ANY),
    Spoil("address-form", "sourceIPAddress", put("sourceIPAddress", "fe80::zz"), **ANY),
    Spoil("event-id-form", "eventID", put("eventID", UUID.upper().replace("0", "A")), **ANY),
    Spoil("event-id-form", "eventID", put("eventID", "42"), **ANY),
    Spoil("shared-id-form", "sharedEventID", put("sharedEventID", "42"), **ANY),
    Spoil("account-form", "recipientAccountId", put("recipientAccountId", "12345"), **ANY),
    Spoil("type-known", "eventType", put("eventType", "AwsApiCalls"), **ANY),
    Spoil("category-known", "eventCategory", put("eventCategory", "management"), **ANY),
    Spoil("vpce-form", "vpcEndpointId", put("vpcEndpointId", "vpc-1234"), **ANY),
    Spoil("console-form", "sessionCredentialFromConsole", put("sessionCredentialFromConsole", "false"), **ANY),
    Spoil("tls-form", "tlsDetails.tlsVersion", put("tlsDetails", {"tlsVersion": "SSLv3", "cipherSuite": "x"}), **ANY),
    Spoil("addendum-form", "addendum.reason", put("addendum", {"reason": "LATE"}), **ANY),
    Spoil("parameters-empty", "requestParameters", put("requestParameters", {}), **WRITE),
    Spoil("read-only-name", "readOnly", put("readOnly", True), **WRITE),
    Spoil("read-only-name", "readOnly", put("readOnly", False), **READ),
    Spoil("read-only-response", "responseElements", put("responseElements", {"reservationSet": {}}), **READ),
    Spoil("error-response", "responseElements", put("responseElements", {"user": {"userName": "nobody"}}), **FAILED),
    Spoil("error-message", "errorMessage", drop("errorCode"), **FAILED),
    Spoil("error-ec2", "errorCode", put("errorCode", "InvalidInstanceID.NotFound"), **EC2_FAILED),
    Spoil("error-denied", "errorCode", put("errorCode", "AccessDeniedException"), **FAILED),
    Spoil("category-management", "managementEvent", put("managementEvent", False), **WRITE),
    Spoil("category-management", "managementEvent", put("managementEvent", True), **OBJECT),
    Spoil("category-type", "eventCategory", put("eventCategory", "Insight"), **WRITE),
    Spoil("category-name", "eventCategory",
          both(put("eventCategory", "Management"), put("managementEvent", True)), **OBJECT),
    Spoil("category-name", "eventCategory", both(put("eventCategory", "Data"), put("managementEvent", False)), **WRITE),
    Spoil("sign-in", "responseElements.ConsoleLogin",
          both(put("eventName", "ConsoleLogin"), put("eventSource", "signin.amazonaws.com"),
               put("eventType", "AwsConsoleSignIn"), put("responseElements", {"ConsoleLogin": "Yes"})), **WRITE),
    Spoil("service-details", "serviceEventDetails", put("serviceEventDetails", {"keyId": "x"}), **WRITE),
    Spoil("service-caller", "sourceIPAddress",
          put(U, {"type": "AWSService", "invokedBy": "config.amazonaws.com"}), **WRITE),
    Spoil("identity-type", "userIdentity.type", put(U, "type", "IamUser"), **USER),
    Spoil("identity-type", "userIdentity.type", drop(U, "type"), **USER),
    Spoil("identity-missing", "userIdentity.accountId", drop(U, "accountId"), **USER),
    Spoil("identity-missing", "userIdentity.userName", drop(U, "userName"), **USER),
    Spoil("identity-missing", "userIdentity.sessionContext", drop(U, S), **ROLE),
    Spoil("identity-unexpected", "userIdentity.userName", put(U, "userName", "deploy"), **ROLE),
    Spoil("identity-unknown", "userIdentity.shoeSize", put(U, "shoeSize", "43"), **USER),
    Spoil("identity-member-type", "userIdentity.accountId", put(U, "accountId", 111122223333), **USER),
    Spoil("identity-arn", "userIdentity.arn", put(U, "arn", "arn:aws:iam::111122223333:role/alice"), **USER),
    Spoil("identity-arn", "userIdentity.arn", put(U, "arn", "alice"), **USER),
    Spoil("identity-account", "userIdentity.accountId", put(U, "accountId", "444455556666"), **USER),
    Spoil("identity-principal", "userIdentity.principalId", put(U, "principalId", "AROAQRSTUVWX234567ABC"), **USER),
    Spoil("identity-principal", "userIdentity.principalId", put(U, "principalId", "AROAQRSTUVWX234567ABC"), **ROLE),
    Spoil("identity-name", "userIdentity.userName", put(U, "userName", "bob"), **USER),
    Spoil("identity-key", "userIdentity.accessKeyId", put(U, "accessKeyId", "XKIAQRSTUVWX23456ABC"), **USER),
    Spoil("identity-key", "userIdentity.accessKeyId", put(U, "accessKeyId", "AKIAQRSTUVWX23456ABC"), **ROLE),
    Spoil("identity-session", "userIdentity.sessionContext", put(U, "accessKeyId", "ASIAQRSTUVWX23456ABC"), **USER),
    Spoil("identity-long-lived", "userIdentity.sessionContext",
          put(U, S, {"attributes": {"creationDate": "2026-01-05T09:00:00Z", "mfaAuthenticated": "false"}}), **USER),
    Spoil("session-issuer", "userIdentity.sessionContext.sessionIssuer",
          put(U, S, "sessionIssuer", "userName", "other"), **ROLE),
    Spoil("session-issuer", "userIdentity.sessionContext.sessionIssuer",
          put(U, S, "sessionIssuer", "principalId", "AROAQRSTUVWX234567ABC"), **ROLE),
    Spoil("session-issuer", "userIdentity.sessionContext.sessionIssuer",
          put(U, S, "sessionIssuer", "type", "IAMUser"), **ROLE),
    Spoil("session-attributes", ".".join(A), put(*A, "mfaAuthenticated", False), **ROLE),
    Spoil("session-attributes", ".".join(A), put(*A, "creationDate", "today"), **ROLE),
    Spoil("session-time", ".".join(A) + ".creationDate", put(*A, "creationDate", "2026-01-06T00:00:00Z"), **ROLE),
    Spoil("session-delivery", "userIdentity.sessionContext.ec2RoleDelivery",
          put(U, S, "ec2RoleDelivery", "3.0"), **ROLE),
    Spoil("resource-form", "resources[0]", put("resources", 0, {"type": "AWS::S3::Object"}), **OBJECT),
    Spoil("resource-form", "resources[1]", put("resources", 1, "name", "x"), **OBJECT),
    Spoil("resource-arn", "resources[0].ARN", put("resources", 0, "ARN", "s3://assets-0/a/b.txt"), **OBJECT),
    Spoil("resource-type", "resources[0].type", put("resources", 0, "type", "S3 object"), **OBJECT),
    Spoil("resource-bucket", "resources[1].ARN", put("resources", 1, "ARN", "arn:aws:s3:::other"), **OBJECT),
    Spoil("account-form", "resources[1].accountId", put("resources", 1, "accountId", "1111"), **OBJECT),
    Spoil("key-account", "recipientAccountId", put("recipientAccountId", "444455556666"), **ANY),
    Spoil("key-region", "awsRegion", put("awsRegion", "ap-south-1"), **READ),
    Spoil("key-time", "eventTime", put("eventTime", "2026-01-05T23:00:00Z"), **WRITE),
    Spoil("key-category", "eventType", put("eventType", "AwsCloudTrailInsight"), **WRITE),
]


def log(data):
    return verify_data.logs(data, "us-east-1")[0]


def spoil_bytes(edit):
    def spoil(data):
        path = log(data)
        path.write_bytes(edit(path.read_bytes()))
        return path
    return spoil


def spoil_text(edit):
    def spoil(data):
        path = log(data)
        verify_data.write(path, edit(gzip.decompress(path.read_bytes())))
        return path
    return spoil


def rename(edit):
    def spoil(data):
        path = log(data)
        new = path.with_name(edit(path.name))
        shutil.move(path, new)
        return new
    return spoil


def repeat_in_file(data):
    path = log(data)
    content = verify_data.read(path)
    content["Records"].append(content["Records"][0])
    verify_data.write(path, content)
    return path


def repeat_in_next(data):
    path, second = verify_data.logs(data, "us-east-1")[:2]
    content = verify_data.read(second)
    content["Records"][0]["eventID"] = verify_data.read(path)["Records"][0]["eventID"]
    verify_data.write(second, content)
    return second


FILES = [  # rule, how, the record it must name (0: the file)
    ("file-read", spoil_bytes(lambda b: b[:len(b) // 2]), 0),
    ("file-read", spoil_bytes(lambda b: b[:-8] + bytes([b[-8] ^ 1]) + b[-7:]), 0),
    ("file-gzip", spoil_bytes(lambda b: b + gzip.compress(b" ")), 0),
    ("file-gzip", spoil_bytes(gzip.decompress), 0),
    ("file-json", spoil_text(lambda t: t[:-1]), 7),
    ("file-json", spoil_text(lambda t: t.replace(b'"readOnly":false', b'"readOnly":fals', 1)), 1),
    ("file-json", spoil_text(lambda t: t.replace(b"CreateUser", b"Create\xffser", 1)), 1),
    ("member-twice", spoil_text(lambda t: t.replace(b'"eventTime"', b'"eventName":"X","eventTime"', 1)), 1),
    ("file-envelope", spoil_text(lambda t: t[:-1] + b',"count":1}'), 0),
    ("file-envelope", spoil_text(lambda t: t[len(b'{"Records":'):-1]), 0),
    ("file-empty", spoil_text(lambda t: b'{"Records":[]}'), 0),
    ("key-grammar", rename(lambda n: n.replace("_CloudTrail_", "-CloudTrail-")), 0),
    ("key-grammar", rename(lambda n: n.replace("111122223333", "11112222333")), 0),
    ("key-slot", rename(lambda n: re.sub(r"T(\d\d)\d\dZ", r"T\g<1>07Z", n)), 0),
    ("duplicate-in-file", repeat_in_file, 7),
    ("duplicate", repeat_in_next, 1),
]


class Mutations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="mocktrail-records-")
        cls.good = verify_data.make(cls.holder.name)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def findings(self, data, *options):
        """(rule, path, record, member) of each finding."""
        done = verify_data.verify("records", data, "--json", "-", *options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, [(f["rule"], f["file"], f.get("record", 0), f.get("member", ""), f["severity"])
                                 for f in json.loads(done.stdout)["findings"]]

    def test_the_good_dataset_is_silent(self):
        done = verify_data.verify("records", self.good)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertNotIn(": warning: ", done.stdout)
        self.assertRegex(done.stdout, r"\n\d\d records in \d+ files: 0 errors, 0 warnings, \d+ notices\n$")

    def test_each_mutation_is_noticed_by_its_rule_at_its_place(self):
        for spoil in SPOILS:
            with self.subTest(rule=spoil.rule, member=spoil.member), Copy(self.good) as data:
                path, number = spoil.apply(data)
                code, found = self.findings(data)
                hits = [f for f in found if f[:4] == (spoil.rule, str(path), number, spoil.member)]
                self.assertEqual(1, len(hits), f"{path}:{number}: {found}")
                self.assertEqual(1 if any(f[4] == "error" for f in found) else 0, code)

    def test_what_some_real_records_lack_is_not_missed(self):
        for member, edit in (("userAgent", drop("userAgent")),
                             ("resources[0]", put("resources", [{"type": "AWS::CloudWatch::Metric"}]))):
            with self.subTest(member=member), Copy(self.good) as data:
                path, number = Spoil("none", member, edit, **OBJECT).apply(data)
                _, found = self.findings(data)
                self.assertNotIn((str(path), number, member), [f[1:4] for f in found])

    def test_each_spoiled_file_is_noticed(self):
        for rule, spoil, number in FILES:
            with self.subTest(rule=rule, spoil=spoil), Copy(self.good) as data:
                path = spoil(data)
                _, found = self.findings(data)
                hits = [f for f in found if f[:2] == (rule, str(path))]
                self.assertEqual(1, len(hits), str(found))
                if number != 7:
                    self.assertEqual(number, hits[0][2])

    def test_enough_mutations(self):
        self.assertGreaterEqual(len(SPOILS) + len(FILES), 60)

    def test_threads_leave_no_trace(self):
        with Copy(self.good) as data:
            for spoil in SPOILS[::7]:
                spoil.apply(data)
            runs = {verify_data.verify("records", data, "--jobs", jobs).stdout for jobs in (1, 2, 5, 1)}
        self.assertEqual(1, len(runs))

    def test_lines_begin_with_the_file_and_junit_names_the_rule(self):
        with Copy(self.good) as data, tempfile.NamedTemporaryFile(suffix=".xml") as junit:
            path, number = SPOILS[0].apply(data)
            done = verify_data.verify("records", data, "--junit", junit.name)
            suite = verify_data.junit(junit.name)
        self.assertTrue(done.stdout.startswith(f"{path}:record {number}: eventVersion: member-missing: error: "),
                        done.stdout)
        failed = [c.get("name") for c in suite.iter("testcase") if c.find("failure") is not None]
        self.assertEqual(["member-missing"], failed)
        self.assertEqual("1", suite.get("failures"))

    def test_lines_and_lists_are_records_too(self):
        records = [r for p in verify_data.logs(self.good) for r in verify_data.read(p)["Records"]]
        with tempfile.TemporaryDirectory() as where:
            forms = {"a.jsonl": "\n".join(map(json.dumps, records)), "b.json": json.dumps(records, indent=1),
                     "c.json": json.dumps({"Records": records})}
            for name, text in forms.items():
                path = verify_data.pathlib.Path(where) / name
                path.write_text(text)
                done = verify_data.verify("records", path)
                self.assertEqual(0, done.returncode, done.stdout)
                self.assertIn(f"{len(records)} records in 1 files: 0 errors", done.stdout)

    def test_large_files_are_read_in_pieces(self):
        """Above 64 MB a file is never whole in memory; a cut one is noticed all the same."""
        record = verify_data.read(verify_data.logs(self.good)[0])["Records"][0]
        line = json.dumps(record, separators=(",", ":")).replace(record["eventID"], "%s")
        count = 66000000 // len(line) + 1
        lines = "\n".join(line % f"{i:08x}-0000-4000-8000-000000000000" for i in range(count)).encode()
        with tempfile.TemporaryDirectory() as where:
            for name, content in (("a.jsonl", lines), ("b.jsonl.gz", gzip.compress(lines, 1)),
                                  ("c.json.gz", gzip.compress(b'{"Records":[' + lines.replace(b"\n", b",") + b"]}", 1))):
                path = verify_data.pathlib.Path(where) / name
                path.write_bytes(content)
                done = verify_data.verify("records", path)
                self.assertEqual(0, done.returncode, done.stdout[:2000])
                self.assertIn(f"{count} records in 1 files: 0 errors", done.stdout)
            path.write_bytes(content[:-100])
            done = verify_data.verify("records", path)
            self.assertEqual(1, done.returncode)
            self.assertIn(f"{path}: file-read: error: gzip: truncated", done.stdout)

    def test_bad_usage(self):
        for args in (["records"], ["records", "/no/such/path"], ["records", "--show", "all", str(self.good)],
                     ["records", "--no-such-option"], ["nothing"]):
            done = verify_data.verify(*args)
            self.assertEqual(2, done.returncode, args)
            self.assertRegex(done.stderr, r"mocktrail verify")

    def test_where_no_logs_are_nothing_is_verified(self):
        with tempfile.TemporaryDirectory() as empty:
            records, digests = (verify_data.verify(check, empty) for check in ("records", "digests"))
        self.assertEqual((2, 2), (records.returncode, digests.returncode))
        self.assertIn("no log files", records.stderr)
        self.assertIn("no digests", digests.stderr)

    def test_the_rules_are_documented(self):
        self.assertIn(verify_data.verify("records", "--rules").stdout, DOCS.read_text())


if __name__ == "__main__":
    unittest.main()
