"""What moto itself can serve of the other tests, it serves behind mocktrail too, and every call is on record.

Each test of the modules below runs against moto alone, then against mocktrail with moto as its upstream: whatever
passed alone must pass again. Each call that boto3 made is then looked up in the delivered logs."""
import importlib
import logging
import os
import sys
import unittest
import urllib.request

import harness

os.environ["MOTO_ACCOUNT_ID"] = harness.ACCOUNT  # before moto reads it
try:
    from moto.server import ThreadedMotoServer
except ImportError:
    print("moto is not installed (tests/requirements.txt)")
    sys.exit(77)

MODULES = ("test_iam", "test_s3", "test_sts", "test_lambda")
AT_ONCE = "Together"  # a class of several clients at once: moto keeps no lock, and fails or not by chance
LEAST = 12  # tests that moto passes by itself: fewer, and this shows nothing


class Direct(harness.Server):
    """moto where a test expects mocktrail."""

    def start(self):
        self.url = UPSTREAM
        return self

    def __exit__(self, *_):
        self.remove()

    def control(self, *_, **__):
        raise unittest.SkipTest("moto has no control API")


class Through(harness.Server):
    """mocktrail in front of moto, and the calls that went through it."""

    def __init__(self, *options, **kwargs):
        super().__init__(*options, "--upstream", UPSTREAM, **kwargs)
        self.calls = []

    def client(self, service, *args, **kwargs):
        client = super().client(service, *args, **kwargs)
        client.meta.events.register("after-call", self.note)
        return client

    def note(self, model, parsed, **_):
        self.calls.append((model.service_model.service_name, model.name,
                           parsed["ResponseMetadata"].get("RequestId"), parsed.get("Error", {}).get("Code")))

    def __exit__(self, *exc):
        try:
            if self.process.poll() is None and "--no-default-trail" not in self.args:
                self.flush()
                STRAY.extend(missing(self.calls, self.records()))
                COUNT.append(len(self.calls))
        finally:
            super().__exit__(*exc)


STRAY, COUNT = [], []


def missing(calls, records):
    """Calls without their record, or with one that says otherwise."""
    by_id = {}
    for record in records:
        by_id.setdefault(record["requestID"], []).append(record)
    for service, name, request_id, code in calls:
        found = by_id.get(request_id, ())
        # moto gives every EC2 answer of a kind the same id; S3 and Lambda have event names of their own.
        if not any((service in ("s3", "lambda") or r["eventName"] == name) and ("errorCode" in r) == bool(code)
                   for r in found):
            yield service, name, request_id, code, [(r["eventName"], r.get("errorCode")) for r in found]


def reset():
    urllib.request.urlopen(urllib.request.Request(UPSTREAM + "/moto-api/reset", b"", method="POST")).close()


def passed(server):
    """Names of the tests that pass with such servers."""
    harness.Server, kept = server, harness.Server
    names = set()
    try:
        for module in MODULES:
            suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module))
            for case in (c for group in suite for c in group if type(c).__name__ != AT_ONCE):
                reset()
                result = unittest.TestResult()
                unittest.TestSuite([case]).run(result)
                if result.wasSuccessful() and not result.skipped:
                    names.add(case.id())
                else:
                    WHY[case.id()] = (result.failures + result.errors + [(None, "skipped")])[0][1]
    finally:
        harness.Server = kept
    return names


WHY = {}


class Suite(unittest.TestCase):
    maxDiff = None

    def test_what_moto_serves_it_serves_behind_mocktrail(self):
        alone = passed(Direct)
        self.assertGreaterEqual(len(alone), LEAST)
        through = passed(Through)
        print(f"moto alone passes {len(alone)} tests, behind mocktrail {len(through)}; {sum(COUNT)} calls")
        self.assertEqual({name: WHY[name] for name in alone - through}, {})
        self.assertEqual(STRAY, [])
        self.assertGreater(sum(COUNT), 500)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # its own crashes are answers too
    MOTO = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    MOTO.start()
    UPSTREAM = "http://{}:{}".format(*MOTO.get_host_and_port())
    unittest.main()
