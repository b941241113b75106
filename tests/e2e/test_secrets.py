#!/usr/bin/env python3
"""Secrets reach nothing that is written for others to read.

Every operation with a sensitive member, however deep, is called with a marked secret in each of
them; so are members that hold one by their name. Then everything in the data directory and all that
the server said is searched for the marks: delivered logs, journal, history, metrics, traces, the
log. Left out is what the server must keep to give it back: state.db (GetSecretValue, the function's
environment), and the objects that clients put.

test_secrets.py [-v]; test_secrets.py --all [SERVICE ...] prints what leaks.
"""
import base64
import collections
import gzip
import os
import pathlib
import re
import sys
import unittest

import botocore.exceptions
import botocore.session

import values
from harness import Server, needs_newest
from test_generic import client_of, resolve_localhost

BY_NAME = re.compile(r"(password|passphrase|secretstring|secretbinary|userdata|privatekey|authtoken|"
                     r"clientsecret|secretaccesskey)$", re.I)
DEPTH = 9
# The journal and the history hold records, state.db the resources.
KEPT = re.compile(r"^(state\.db.*|keys/.*|meta/.*|snapshots/.*)$")
ROWS = pathlib.Path(__file__).parents[2] / "fixtures/record/members.tsv"


def shown():
    """{(service, operation or "*"): {member}}: what AWS shows although its model calls it sensitive."""
    found = collections.defaultdict(set)
    for line in ROWS.read_text().splitlines():
        cells = line.split("\t")
        if line and line[0] != "#" and len(cells) > 4 and cells[4] == "show":
            found[cells[0], cells[1]].add(cells[3].split(".")[-1])
    return found


SHOWN = shown()


class Marks:
    """The secrets that were sent: {mark: where}. A mark is ten digits, within what a model takes."""

    def __init__(self):
        self.where = {}

    def new(self, where):
        mark = f"9081{len(self.where):06d}"
        self.where[mark] = where
        return mark

    def text(self, shape, where):
        mark, meta = self.new(where), shape.metadata
        forms = [f"Zq{mark}", f"zq{mark}", mark, f"zq{mark}@example.com", f"+{mark}",
                 f"https://zq{mark}.example.com/", f"Aa1!{mark}", f"Zq{mark}" * 4, mark * 4]
        return next((form for form in forms if fits(form, meta)), forms[0])

    def found_in(self, data):
        """The marks in these bytes, as they are or in base64."""
        for mark in re.findall(rb"9081\d{6}", data):
            if mark.decode() in self.where:
                yield mark.decode()
        for coded in re.findall(rb"WnE5[A-Za-z0-9+/]{12}", data):
            mark = base64.b64decode(coded)[2:].decode(errors="replace")
            if mark in self.where:
                yield mark


def fits(text, meta):
    if not meta.get("min", 0) <= len(text) <= meta.get("max", 1 << 30):
        return False
    if meta.get("enum"):
        return False
    try:
        return not meta.get("pattern") or re.fullmatch(meta["pattern"], text) is not None
    except re.error:
        return True


def is_secret(shape, name):
    return bool(shape.metadata.get("sensitive")) or (
        shape.type_name in ("string", "blob") and bool(BY_NAME.search(name)))


def parts(shape):
    """(name, shape) of what lies directly below."""
    if shape.type_name == "structure":
        return list(shape.members.items())
    if shape.type_name == "list":
        return [("", shape.member)]
    if shape.type_name == "map":
        return [("", shape.value)]
    return []


class Caller:
    """Values for one operation, a marked secret wherever one belongs."""

    def __init__(self, marks, service, operation):
        self.marks, self.service, self.operation = marks, service, operation
        self.leads_memo = {}

    def leads(self, shape, name, depth=0):
        """Is there a secret in it?"""
        if is_secret(shape, name):
            return True
        if depth >= DEPTH or getattr(shape, "is_document_type", False):
            return False
        key = shape.name, name, depth
        if key not in self.leads_memo:
            self.leads_memo[key] = any(self.leads(target, member or name, depth + 1)
                                       for member, target in parts(shape))
        return self.leads_memo[key]

    def where(self, path):
        return self.service, self.operation, ".".join(path)

    def fill(self, shape, path, secret, depth):
        name = path[-1] if path else ""
        secret = secret or is_secret(shape, name)
        if not secret and not self.leads(shape, name, depth):
            return values.value(shape, name, depth)
        if depth >= DEPTH:
            return values.value(shape, name, values.DEPTH)
        if shape.type_name == "structure":
            return self.structure(shape, path, secret, depth)
        if shape.type_name == "list":
            return [self.fill(shape.member, path, secret, depth + 1)]
        if shape.type_name == "map":
            key = values.value(shape.key, "key", depth + 1)
            return {key: self.fill(shape.value, path, secret, depth + 1)}
        if not secret:
            return values.value(shape, name, depth)
        if shape.type_name in ("string", "character") and not shape.metadata.get("enum"):
            return self.marks.text(shape, self.where(path))
        if shape.type_name == "blob":
            return b"Zq" + self.marks.new(self.where(path)).encode()
        return values.value(shape, name, depth)

    def structure(self, shape, path, secret, depth):
        if getattr(shape, "is_document_type", False):
            return {"a": self.marks.new(self.where(path))} if secret else {"a": 1}
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = [m for m in members if self.leads(m[1], m[0], depth + 1)][:1] or members[:1]
            return {name: self.fill(target, path + [name], secret, depth + 1)
                    for name, target in members}
        return {name: self.fill(target, path + [name], secret, depth + 1)
                for name, target in members
                if name in shape.required_members or self.leads(target, name, depth + 1)
                or (secret and depth < 4) or target.serialization.get("location") == "uri"}


def call_all(server, marks, only=()):
    """Calls whatever has a secret; {outcome: count}."""
    session = botocore.session.get_session()
    resolve_localhost()
    count = collections.Counter()
    for service in session.get_available_services():
        if only and service not in only:
            continue
        client = client_of(session, server, service)
        for name in client.meta.service_model.operation_names:
            model = client.meta.service_model.operation_model(name)
            caller = Caller(marks, service, name)
            if not model.input_shape or not caller.leads(model.input_shape, ""):
                continue
            try:
                client._make_api_call(name, caller.fill(model.input_shape, [], False, 0))
                count["accepted"] += 1
            except botocore.exceptions.ClientError:
                count["refused"] += 1
            except Exception:  # not sent: an ARN as endpoint, a signature by a bearer token
                count["unsent"] += 1
        client.close()
    return count


# Real S3 records show which KMS key is used, and appmesh's key is a file's name; by its name alone
# taken for a secret: an id, an endpoint's data, findings about others' resources.
TOLD = {("s3", "SSEKMSKeyId"), ("s3", "SSEKMSEncryptionContext"), ("s3", "KMSMasterKeyID"),
        ("s3", "KeyId"), ("s3", "KMSKeyId"), ("s3", "KMSKeyArn"), ("appmesh", "privateKey"),
        ("iam", "RemovePrivateKey"), ("sns", "CustomUserData"), ("securityhub", "UserData"),
        ("securityhub", "MasterUserPassword")}


def is_shown(where):
    service, operation, path = where
    if (service, path.split(".")[-1]) in TOLD:
        return True
    allowed = SHOWN[service, operation] | SHOWN[service, "*"] | SHOWN["*", "*"]
    return any(part in allowed for part in path.split("."))


def leaks(server, marks):
    """{where: {file}} of the marks that were found where nobody is to find them."""
    found = collections.defaultdict(set)
    paths = [p for p in server.data.rglob("*") if p.is_file()] + [server.log_path]
    searched = 0
    for path in paths:
        name = str(path.relative_to(server.data)) if path != server.log_path else "the log"
        if KEPT.match(name) or (name.startswith("buckets/") and "mocktrail-trail" not in name):
            continue
        data = path.read_bytes()
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        searched += len(data)
        for mark in marks.found_in(data):
            if not is_shown(marks.where[mark]):
                found[marks.where[mark]].add(re.sub(r"AWSLogs/.*", "AWSLogs", name))
    return found, searched


def places(tree, mark, path=""):
    """Where in a record a mark stands."""
    if isinstance(tree, (dict, list)):
        for name, part in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(part, mark, f"{path}.{name}")
            if mark in str(name):
                yield f"{path}.{name}"
    elif mark in str(tree):
        yield f"{path}={tree}"[:160]


class Secrets(unittest.TestCase):
    @needs_newest
    def test_none_is_written(self):
        marks = Marks()
        with Server() as server:
            count = call_all(server, marks)
            server.flush()
            found, searched = leaks(server, marks)
        print(f"{len(marks.where)} secrets in {sum(count.values())} calls ({dict(count)}), "
              f"{searched >> 20} MiB searched")
        self.assertGreater(len(marks.where), 2000)
        self.assertGreater(count["accepted"], 400)
        self.assertGreater(searched, 1 << 20)
        self.assertEqual({where: sorted(files) for where, files in found.items()}, {})


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--all":
        sent = Marks()
        with Server() as running:
            print(call_all(running, sent, sys.argv[2:]))
            running.flush()
            everything, size = leaks(running, sent)
            print(len(sent.where), "secrets,", size, "bytes,", os.listdir(running.data))
            records = running.records()
        for mark, where in sent.where.items():
            if where in everything:
                print(*where, sorted(everything[where]),
                      *[place for record in records for place in places(record, mark)])
    else:
        unittest.main()
