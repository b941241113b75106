#!/usr/bin/env python3
"""One call of every operation of every service: each is answered, and boto3 can read the answer."""
import collections
import sys
import unittest

import botocore.exceptions
import botocore.session

import values
from harness import Server
from test_generic import client_of, resolve_localhost

UNSENT = 20  # what the client itself won't send with made-up values: ARNs as endpoints


def call_all(server, only=()):
    """(service, operation, outcome, detail); outcome: ok, refused, unsent or unread."""
    session = botocore.session.get_session()
    resolve_localhost()
    for service in session.get_available_services():
        if only and service not in only:
            continue
        client = client_of(session, server, service)
        for name in client.meta.service_model.operation_names:
            model = client.meta.service_model.operation_model(name)
            try:
                client._make_api_call(name, values.of_operation(model))
                yield service, name, "ok", ""
            except botocore.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                failed = code in ("InternalFailure", "InternalError", "500")
                yield service, name, "unread" if failed else "refused", code
            except (botocore.parsers.ResponseParserError, botocore.exceptions.HTTPClientError) as error:
                yield service, name, "unread", f"{type(error).__name__}: {error}"
            except Exception as error:  # not sent: the values are made up
                yield service, name, "unsent", f"{type(error).__name__}: {error}"
        client.close()


class EveryOperation(unittest.TestCase):
    def test_every_operation_is_answered(self):
        with Server("--no-default-trail") as server:
            done = list(call_all(server))
        count = collections.Counter(outcome for _, _, outcome, _ in done)
        print(f"{len(done)} operations: {dict(count)}")
        self.assertEqual([x for x in done if x[2] == "unread"][:20], [])
        self.assertLessEqual(count["unsent"], UNSENT)
        self.assertGreater(len(done), 10000)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--all":
        with Server("--no-default-trail") as running:
            for row in call_all(running, sys.argv[2:]):
                if row[2] in ("unread", "unsent"):
                    print(*row)
    else:
        unittest.main()
