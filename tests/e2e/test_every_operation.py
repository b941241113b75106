#!/usr/bin/env python3
"""One call of every operation of every service: each is answered, boto3 can read the answer, and it is on
record under its name. CHECK_SAMPLE=N takes each Nth service."""
import collections
import os
import re
import sys
import unittest

import botocore.exceptions
import botocore.session

import values
from harness import Server
from test_generic import client_of, resolve_localhost

SAMPLE = int(os.environ.get("CHECK_SAMPLE") or 1)
UNSENT = 20  # what the client itself won't send with made-up values: ARNs as endpoints


def call_all(server, only=()):
    """(service, operation, outcome, detail, request id); outcome: ok, refused, unsent or unread."""
    session = botocore.session.get_session()
    resolve_localhost()
    for number, service in enumerate(session.get_available_services()):
        if service not in only if only else number % SAMPLE:
            continue
        client = client_of(session, server, service)
        for name in client.meta.service_model.operation_names:
            model = client.meta.service_model.operation_model(name)
            try:
                answer = client._make_api_call(name, values.of_operation(model))
                yield service, name, "ok", "", answer["ResponseMetadata"].get("RequestId")
            except botocore.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                failed = code in ("InternalFailure", "InternalError", "500")
                yield (service, name, "unread" if failed else "refused", code,
                       error.response["ResponseMetadata"].get("RequestId"))
            except (botocore.parsers.ResponseParserError, botocore.exceptions.HTTPClientError) as error:
                yield service, name, "unread", f"{type(error).__name__}: {error}", None
            except Exception as error:  # not sent: the values are made up
                yield service, name, "unsent", f"{type(error).__name__}: {error}", None
        client.close()


# botocore sends Search as a form, which its own model does not know; StartImport and ListImports of lex-models have
# one method and path.
NAMELESS = {("cloudsearchdomain", "Search"), ("lex-models", "StartImport"), ("lex-models", "ListImports")}


def is_named(event, service, name):
    """CloudTrail's names: the operation's own, for some services with its date (CreateFunction20150331); S3's
    differ for many (fixtures/record)."""
    return service in ("s3", "s3control") or re.sub(r"(_?\d{4}_?\d\d_?\d\d(v\d)?)$", "", event) == \
        re.sub(r"(_?\d{4}_?\d\d_?\d\d(v\d)?)$", "", name)


class EveryOperation(unittest.TestCase):
    def test_every_operation_is_answered_and_recorded(self):
        with Server() as server:
            done = list(call_all(server))
            server.flush()
            recorded = {r["requestID"]: r for r in server.records() if "requestID" in r}
        count = collections.Counter(row[2] for row in done)
        print(f"{len(done)} operations: {dict(count)}")
        self.assertEqual([x for x in done if x[2] == "unread"][:20], [])
        self.assertLessEqual(count["unsent"], UNSENT)
        self.assertGreater(len(done), 10000 / SAMPLE / 2 if SAMPLE > 1 else 10000)
        sent = [row for row in done if row[4]]
        self.assertEqual([row for row in sent if row[4] not in recorded][:20], [])
        self.assertEqual([row[:4] + (recorded[row[4]],) for row in sent if "eventName" not in recorded[row[4]]][:5], [])
        named = [(row[0], row[1], recorded[row[4]]["eventSource"], recorded[row[4]]["eventName"]) for row in sent]
        wrong = [n for n in named if n[:2] not in NAMELESS and
                 not (is_named(n[3], n[0], n[1]) and n[2].endswith(".amazonaws.com"))]
        print(f"{len(sent)} with a request id, {len(wrong)} of another name")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--all":
        with Server("--no-default-trail") as running:
            for row in call_all(running, sys.argv[2:]):
                if row[2] in ("unread", "unsent"):
                    print(*row)
    else:
        unittest.main()
