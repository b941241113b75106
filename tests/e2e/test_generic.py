#!/usr/bin/env python3
"""The generic lifecycle through boto3: every type that can be made, got, listed and deleted.

Each is created with the required members only, got, found in the list, deleted, and must then be
gone. test_generic.py [-v] [SERVICE ...] runs some services and says what fails.
"""
import collections
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

import botocore.config
import botocore.exceptions
import botocore.session

import values
from harness import ACCOUNT, PROGRAM, Server

LEAST = 0.95  # of the types that have all four operations


def table():
    """(operations by service, types): what `mocktrail operations --json` says."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "operations.json")
        subprocess.run([PROGRAM, "operations", "--json", str(path)], check=True)
        got = json.loads(path.read_text())
    return got["services"], got["types"]


def at(tree, path):
    """The value at a path of lifecycle.h; None when it is not there."""
    for name in filter(None, path.split(".")):
        is_list = name.endswith("[]")
        tree = tree.get(name.removesuffix("[]")) if isinstance(tree, dict) else None
        if is_list:
            tree = tree[0] if tree else None
    return tree


def put(tree, path, value):
    names = path.split(".")
    for i, name in enumerate(names):
        plain, last = name.removesuffix("[]"), i + 1 == len(names)
        if last:
            if isinstance(tree.get(plain), list) and not isinstance(value, list):
                value = [value]
            if not isinstance(tree.get(plain), list) and isinstance(value, list) and plain in tree:
                value = value[0]
            tree[plain] = value
        else:
            tree = tree.setdefault(plain, [{}] if name.endswith("[]") else {})
            if isinstance(tree, list):
                tree = tree[0]


def find(tree, name):
    """The first scalar member of that name, whatever its case; None."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, (dict, list)):
            value = find(value, name)
            if value is not None:
                return value
        elif str(key).lower() == name.lower():
            return value
    return None


class Failure(Exception):
    pass


class Cycle:
    """One type: its operations by role, its keys, and the client."""

    def __init__(self, client, kind, operations):
        self.client, self.kind = client, kind
        self.of_role = collections.defaultdict(list)
        for op in operations:
            self.of_role[op["role"]].append(op)

    def call(self, op, params):
        api = self.client._make_api_call
        try:
            answer = api(op["operation"], params)
        except botocore.exceptions.ClientError as error:
            raise Failure("%s: %.150s" % (op["operation"], error.response["Error"])) from None
        except Exception as error:  # whatever the client can't read is the finding
            raise Failure("%s: %s %.150s" % (op["operation"], type(error).__name__, error)) from None
        answer.pop("ResponseMetadata", None)
        return answer

    def model(self, op):
        return self.client.meta.service_model.operation_model(op["operation"])

    def params(self, op, keys):
        shape = self.model(op).input_shape
        given = values.of_operation(self.model(op))
        for name, path in op["keys"].items():
            if keys.get(name) is None:
                continue
            member = shape.members[path.split(".")[0].removesuffix("[]")] if shape else None
            value = keys[name]
            if member is not None and "." not in path:
                if member.type_name == "list" and not isinstance(value, list):
                    value = [value]
                if member.type_name != "list" and isinstance(value, list):
                    value = value[0]
                if member.type_name == "structure" and not isinstance(value, dict):
                    end = "arn" if value.startswith("arn:") else "name"
                    value = {n: value for n in member.members if n.lower().endswith(end)}
            put(given, path, value)
        return given

    def run(self):
        create = self.of_role["create"][0]
        given = values.of_operation(self.model(create))
        answer = self.call(create, given)
        keys = {}
        for key in self.kind["keys"]:
            source = given if key["from"] == "input" else answer
            keys[key["name"]] = at(source, key["path"]) if key["path"] else None
            if keys[key["name"]] is None and key["name"] in create["keys"]:
                keys[key["name"]] = at(given, create["keys"][key["name"]])
            if keys[key["name"]] is None:  # the client left it open: the answer shows it
                keys[key["name"]] = find(answer, key["name"])
        get, listing, delete = (self.of_role[r][0] for r in ("get", "list", "delete"))
        self.call(get, self.params(get, keys))
        if not self.shows(self.call(listing, self.params(listing, keys)), keys):
            raise Failure("%s: not in the list" % listing["operation"])
        self.call(delete, self.params(delete, keys))
        try:
            self.call(get, self.params(get, keys))
        except Failure:
            pass
        else:
            raise Failure("%s: still there" % get["operation"])

    @staticmethod
    def shows(answer, keys):
        """The list has an element, and one of the keys is in it."""
        told = [str(v[0] if isinstance(v, list) else v) for v in keys.values() if v]
        found = json.dumps(answer, default=str, ensure_ascii=False)
        if not told:
            return any(isinstance(v, (list, dict)) and v for v in answer.values())
        return any(json.dumps(t, ensure_ascii=False)[1:-1] in found for t in told)


def resolve_localhost():
    """S3 control puts the account before the host: 111122223333.localhost is this machine."""
    resolve = socket.getaddrinfo

    def local(host, *args, **kwargs):
        return resolve("127.0.0.1" if str(host).endswith("localhost") else host, *args, **kwargs)
    socket.getaddrinfo = local


def client_of(session, server, service):
    return session.create_client(
        service, endpoint_url=server.url.replace("127.0.0.1", "localhost"), region_name="us-east-1", aws_access_key_id=ACCOUNT,
        aws_secret_access_key="test",
        config=botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False,
                                      inject_host_prefix=False, signature_version="v4"))


def cycles(only=()):
    """(service, type, failure or None) of every type that has all four."""
    operations, types = table()
    resolve_localhost()
    session = botocore.session.get_session()
    known = set(session.get_available_services())
    wanted = collections.defaultdict(list)
    for kind in types:
        if kind["service"] in known and (not only or kind["service"] in only):
            wanted[kind["service"]].append(kind)
    with Server() as server:
        for service, kinds in wanted.items():
            client = None
            for kind in kinds:
                mine = [op for op in operations[service] if op.get("type") == kind["type"]
                        and op["performed"] == "generic"]
                if not {"create", "get", "list", "delete"} <= {op["role"] for op in mine}:
                    continue
                client = client or client_of(session, server, service)
                try:
                    Cycle(client, kind, [op for op in mine if op["operation"] in
                                         client.meta.service_model.operation_names]).run()
                    yield service, kind["type"], None
                except Failure as failure:
                    yield service, kind["type"], str(failure)
                except IndexError:  # only an older botocore has one of them
                    pass


class Generic(unittest.TestCase):
    def test_create_get_list_delete_gone(self):
        done = list(cycles())
        good = sum(failure is None for *_, failure in done)
        print(f"whole cycles: {good} of {len(done)} types ({good / len(done):.1%})")
        self.assertGreater(len(done), 1000)
        self.assertGreaterEqual(good / len(done), LEAST)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--all":
        results = list(cycles(sys.argv[2:]))
        for service, kind, failure in results:
            if failure:
                print(service, kind, failure)
        print(sum(f is None for *_, f in results), "of", len(results))
    else:
        unittest.main()
