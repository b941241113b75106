#!/usr/bin/env python3
"""Function lengths of the C files named: median, 95th percentile, and every one over the limit.

A function runs from its signature at column 0 to the closing brace at column 0.
"""
import re
import statistics
import sys

LIMIT = 80
START = re.compile(r"^[A-Za-z_][\w\s\*,]*\b(\w+)\(")


def functions(path):
    name, first = None, 0
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        match = START.match(line)
        if match and not line.rstrip().endswith(";"):
            name, first = match.group(1), number
        elif line.startswith("}") and name:
            if not line.startswith("};"):
                yield name, number - first + 1, first
            name = None


def main():
    found = [(length, path, name, first) for path in sys.argv[1:]
             for name, length, first in functions(path)]
    if not found:
        return 0
    lengths = sorted(length for length, *_ in found)
    print(f"functions: {len(lengths)}, median {statistics.median(lengths):.0f} lines, "
          f"95th percentile {lengths[int(len(lengths) * 0.95)]}, longest {lengths[-1]}")
    over = [row for row in sorted(found, reverse=True) if row[0] > LIMIT]
    for length, path, name, first in over:
        print(f"over {LIMIT} lines: {path}:{first} {name} {length}")
    return 1 if over else 0


sys.exit(main())
