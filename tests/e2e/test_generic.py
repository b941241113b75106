#!/usr/bin/env python3
"""The generic lifecycle through boto3: every type that can be made, got, listed and deleted.

Each is created with the required members only, got (what was sent must be shown), found in the
list, deleted, and must then be gone. test_generic.py [-v] [SERVICE ...] runs some services and says what fails.
"""
import collections
import json
import pathlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest

import botocore.config
import botocore.exceptions
import botocore.session

import values
from harness import ACCOUNT, PROGRAM, Server, needs_newest

SAMPLE = int(os.environ.get("CHECK_SAMPLE") or 1)  # each Nth service
LEAST = 0.97  # of the types that have all four operations
LOST_MOST = 6  # types whose get has a place for what the create said, and shows it elsewhere only


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


def texts(tree):
    """All that a tree says: its scalars as text."""
    if isinstance(tree, (dict, list)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(part)
    elif tree is not None and not isinstance(tree, bool):
        yield str(tree)


def filters():
    """{(service, operation): {member: the value that lets all pass}}"""
    rows = [line.split("\t") for line in FILTER_ROWS.read_text().splitlines() if line[0] != "#"]
    found = collections.defaultdict(dict)
    for service, operation, member, value, _ in rows:
        found[service, operation][member] = {"false": False, "true": True}.get(value, value)
    return found


def enabled():
    """{service: (type, member)}: what a service wants to be there before it does anything."""
    rows = [line.split("\t") for line in ENABLED_ROWS.read_text().splitlines() if line[0] != "#"]
    return {service: (kind, member) for service, kind, member, *_ in rows}


ENABLED_ROWS = pathlib.Path(__file__).parents[2] / "fixtures/lifecycle/enabled.tsv"
FILTER_ROWS = pathlib.Path(__file__).parents[2] / "fixtures/lifecycle/filters.tsv"
FILTERS = filters()


def lost(given, shape, answer, output):
    """Members of a create that the get could show, by name and type, and does not show as given."""
    shown = set(texts(answer))
    for name, value in given.items():
        member = shape.members[name]
        seen = find_shape(output, name, 4)
        if member.type_name in ("string", "integer", "long") and seen == member.type_name and \
                not SECRET.search(name) and not member.metadata.get("idempotencyToken") and \
                str(value) not in shown:
            yield name


def find_shape(shape, name, levels):
    """The type of the first member of that name, levels deep; None."""
    if shape.type_name == "list":
        return find_shape(shape.member, name, levels)
    if shape.type_name != "structure":
        return None
    for member, target in shape.members.items():
        if member.lower() == name.lower():
            return target.type_name
    below = (find_shape(target, name, levels - 1) for target in shape.members.values()) if levels else ()
    return next(filter(None, below), None)


SECRET = re.compile("password|secret|token|dryrun", re.I)


class Failure(Exception):
    pass


class Cycle:
    """One type: its operations by role, its keys, and the client."""

    def __init__(self, client, kind, operations, parents=()):
        self.client, self.kind, self.parents = client, kind, dict(parents)
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
        given = self.values(op)
        for name, path in op["keys"].items():
            if keys.get(name) is None:
                continue
            if op["role"] == "list" and path != name and path not in given:
                continue  # a filter of its own, such as a name where the key is an ARN
            member = shape.members[path.split(".")[0].removesuffix("[]")] if shape else None
            value = keys[name]
            if member is not None and "." not in path:
                if member.type_name == "list" and not isinstance(value, list):
                    value = [value]
                if member.type_name != "list" and isinstance(value, list):
                    value = value[0]
                if member.type_name == "structure" and not isinstance(value, dict):
                    end = "arn" if value.startswith("arn:") else "name"
                    value = {**given.get(path, {}),
                             **{n: value for n in member.members if n.lower().endswith(end)}}
            put(given, path, value)
        return given

    def values(self, op, optional=()):
        given = values.of_operation(self.model(op), optional)
        return {**given, **{name: value for name, value in self.parents.items() if name in given}}

    def optional(self, create):
        """What the create may leave out, and this cycle must not: keys that are the client's, and
        what the list filters by."""
        shape = self.model(create).input_shape
        paths = [key["path"] for key in self.kind["keys"] if key["from"] == "input" and key["path"]]
        listing = self.model(self.of_role["list"][0]).input_shape
        return paths + [name for name in (listing.required_members if listing else ())
                        if shape and name in shape.members]

    def listed(self, listing, keys):
        """Is it in the list? Filters that must be given are given in each of their values."""
        params = self.params(listing, keys)
        shape = self.model(listing).input_shape
        bound = {path.split(".")[0] for path in listing["keys"].values()}
        tries = [{**params, **FILTERS.get((self.kind["service"], listing["operation"]), {})}]
        for name in params:
            target = shape.members[name]
            if name in bound or tries[0][name] != params[name]:
                continue
            if target.type_name == "list" and not target.metadata.get("min"):
                tries = [{**t, name: []} for t in tries]
            elif target.metadata.get("enum"):
                tries = [{**t, name: v} for t in tries for v in target.metadata["enum"]]
        failure = None
        for each in tries:
            try:
                if self.shows(self.call(listing, each), keys):
                    return
            except Failure as refused:
                failure = refused
        raise failure or Failure("%s: not in the list" % listing["operation"])

    def run(self):
        create = next((op for op in self.of_role["create"]
                       if op["operation"] == self.kind.get("create")), self.of_role["create"][0])
        given = self.values(create, self.optional(create))
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
        got = self.call(get, self.params(get, keys))
        self.lost = list(lost(given, self.model(create).input_shape, got,
                              self.model(get).output_shape)) if given else []
        self.listed(listing, {**keys, "": [t for t in texts(answer) if len(t) > 8]})
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
        told = list(texts(list(keys.values())))
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


def enable(client, service, operations, types):
    """Make what the service wants to be there; {member: what names it}."""
    kind, member = enabled().get(service, (None, ""))
    create = next((t["create"] for t in types if (t["service"], t["type"]) == (service, kind)), None)
    if not create:
        return {}
    op = next(op for op in operations if op["operation"] == create)
    one = Cycle(client, {"keys": []}, [op])
    answer = one.call(op, one.values(op))
    return {member: find(answer, member)} if member else {}


def cycles(only=()):
    """(service, type, failure or None, what the get lost) of every type that has all four."""
    operations, types = table()
    resolve_localhost()
    session = botocore.session.get_session()
    known = set(session.get_available_services())
    wanted = collections.defaultdict(list)
    for kind in types:
        if kind["service"] in known and (not only or kind["service"] in only):
            wanted[kind["service"]].append(kind)
    with Server() as server:
        for number, (service, kinds) in enumerate(wanted.items()):
            if number % SAMPLE:
                continue
            client, parents = None, {}
            for kind in kinds:
                mine = [op for op in operations[service] if op.get("type") == kind["type"]
                        and op["performed"] == "generic"]
                if not {"create", "get", "list", "delete"} <= {op["role"] for op in mine}:
                    continue
                if not client:
                    client = client_of(session, server, service)
                    parents = enable(client, service, operations[service], types)
                try:
                    cycle = Cycle(client, kind, [op for op in mine if op["operation"] in
                                                 client.meta.service_model.operation_names], parents)
                    cycle.run()
                    yield service, kind["type"], None, cycle.lost
                except Failure as failure:
                    yield service, kind["type"], str(failure), []
                except IndexError:  # only an older botocore has one of them
                    pass


class Generic(unittest.TestCase):
    @needs_newest
    def test_create_get_list_delete_gone(self):
        done = list(cycles())
        good = sum(failure is None for *_, failure, _ in done)
        print(f"whole cycles: {good} of {len(done)} types ({good / len(done):.1%})")
        self.assertGreater(len(done), 1000 / SAMPLE / 2 if SAMPLE > 1 else 1000)
        self.assertGreaterEqual(good / len(done), LEAST)
        # No success without stored effect: what a create was told, the get tells.
        lost = [row for row in done if row[3]]
        self.assertLessEqual(len(lost), LOST_MOST, lost)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--all":
        results = list(cycles(sys.argv[2:]))
        for service, kind, failure, missing in results:
            if failure or missing:
                print(service, kind, failure or "", *missing)
        print(sum(f is None for *_, f, _ in results), "of", len(results))
    else:
        unittest.main()
