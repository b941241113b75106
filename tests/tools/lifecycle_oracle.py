#!/usr/bin/env python3
"""Compare the inferred lifecycle with another inference of the same models, type by type.

lifecycle_oracle.py ORACLE.tsv [-v]: service, type, create, keys, get, list, update, delete in tab
separated columns; keys are "member<-in:path", "member<-out:path" and the like. Prints how many
agree in each column, and with -v each difference. Without such a file there is nothing to do.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ.get("MOCKTRAIL", ROOT / "build/mocktrail")
DATE = re.compile(r"2020_05_31\b")  # CloudFront's names carry one
ROLES = ("create", "get", "list", "update", "delete")
COLUMNS = ("service", "type", "create", "keys", "get", "list", "update", "delete")
SOURCES = {"in": ("input",), "in~": ("input",), "in-nested": ("input",), "out": ("output", "input"),
           "out~": ("output", "own", "input"), "out-any": ("own", "output")}


def ours():
    """{(service, type): {role: [operations], "keys": {member: source}}}"""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "operations.json")
        subprocess.run([PROGRAM, "operations", "--json", str(path)], check=True)
        told = json.loads(path.read_text())
    found = {}
    for kind in told["types"]:
        roles = collections.defaultdict(list)
        for op in told["services"][kind["service"]]:
            if op.get("type") == kind["type"]:
                roles[op["role"]].append(op["operation"])
        found[kind["service"], kind["type"]] = {
            **roles, "keys": {key["name"]: key["from"] for key in kind["keys"]}}
    return found


def keys_of(cell):
    """{member: source} of "analyzerName<-in:analyzerName jobId<-out~:id"."""
    pairs = (part.split("<-", 1) for part in cell.split() if "<-" in part)
    return {member: source.split(":", 1)[0] for member, source in pairs}


def rows(path):
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            cells = DATE.sub("", line).split("\t")
            yield dict(zip(COLUMNS, cells + [""] * (len(COLUMNS) - len(cells))))


def differences(row, mine):
    """(column, what the oracle says, what we say) where both say something and differ, or one
    says nothing."""
    for role in ROLES:
        theirs, told = row[role].split(","), mine.get(role, [])
        if row[role] and not set(theirs) & set(told):
            yield role, row[role], ",".join(told)
        elif not row[role] and told:
            yield role, "", ",".join(told)
    theirs = keys_of(row["keys"])
    if set(theirs) != set(mine["keys"]):
        yield "keys", " ".join(sorted(theirs)), " ".join(sorted(mine["keys"]))
        return
    for member, source in theirs.items():
        if mine["keys"][member] not in SOURCES.get(source, (mine["keys"][member],)):
            yield "source", f"{member}<-{source}", mine["keys"][member]


def main():
    paths = [pathlib.Path(a) for a in sys.argv[1:] if a != "-v"]
    if not paths or not paths[0].exists():
        print("lifecycle_oracle: skipped, no oracle to compare with: name a .tsv file")
        return 77
    mine, missing = ours(), []
    wrong, total = collections.Counter(), 0
    for row in rows(paths[0]):
        name = row["service"], row["type"]
        if name not in mine:
            missing.append(name)
            continue
        total += 1
        for column, theirs, told in differences(row, mine[name]):
            wrong[column] += 1
            if "-v" in sys.argv:
                print(*name, column, theirs or "-", told or "-", sep="\t")
    if "-v" in sys.argv:
        for name in missing:
            print(*name, "type", "known", "-", sep="\t")
    print(f"{total} types in both, {len(missing)} only there")
    for column in (*ROLES, "keys", "source"):
        print(f"{column:8} {total - wrong[column]} agree, {wrong[column]} differ "
              f"({(total - wrong[column]) / total:.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
