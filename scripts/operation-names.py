#!/usr/bin/env python3
"""operation-names.py DIR...: fixtures/verify/operations.txt, from botocore's data directories, on standard output.

A line `SOURCE:` (eventSource before .amazonaws.com), then the names that its records bear, a line each:
operations' names, and those of fixtures/record/names.tsv where CloudTrail writes another.
"""
import collections
import gzip
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def rows(path):
    return [line.split("\t") for line in (ROOT / path).read_text().splitlines() if line and line[0] != "#"]


sources = {service: source.removesuffix(".amazonaws.com") for service, source in rows("fixtures/verify/services.tsv")}
names = collections.defaultdict(set)
for directory in map(pathlib.Path, sys.argv[1:]):
    for path in directory.glob("*/*/service-2.json*"):
        source = sources.get(path.parts[-3])
        if source:
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path) as file:
                for key, op in json.load(file)["operations"].items():
                    names[source] |= {key, op["name"]}  # CloudFront's names are dated
for service, _, name, _, source in rows("fixtures/record/names.tsv"):
    if name != "-":
        names[source if source != "-" else sources[service]].add(name)
print("# Names of operations by event source, written by scripts/operation-names.py.")
for source in sorted(names):
    print(f"{source}:", *sorted(names[source]), sep="\n")
