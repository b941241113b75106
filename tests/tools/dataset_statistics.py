#!/usr/bin/env python3
"""Prints what a dataset looks like, beside real logs where a corpus is at hand.

    python3 tests/tools/statistics.py DIR [CORPUS.jsonl[.gz]]     or CORPUS in the environment

The corpus holds one record a line, bare or as {"record": {...}}. With it, ranges are held and the exit code
is 1 when one is left; without it the comparison is skipped, and says so.
"""
import collections
import gzip
import json
import os
import pathlib
import sys
import zlib

import datasets

TOP = 12
CHUNK = 1 << 20  # bytes of records that are compressed together, so that both sides are measured alike


def corpus_records(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            record = row.get("record", row)
            if row.get("kind", "real") == "real" and len(record.get("eventTime", "")) == 20 and "userIdentity" in record:
                yield record


def is_read(record):
    if "readOnly" in record:
        return record["readOnly"] in (True, "true")
    return record["eventName"].startswith(("Get", "List", "Describe", "Head", "Lookup", "Search"))


def measure(records):
    """Ratios and shapes of some records."""
    names, sources, hours = collections.Counter(), collections.Counter(), [0] * 24
    reads = errors = size = packed = count = 0
    chunk = bytearray()
    sizes = []
    for r in records:
        text = json.dumps(r, separators=(",", ":"), ensure_ascii=False).encode()
        count += 1
        names[f"{r['eventSource'].split('.')[0]}:{r['eventName']}"] += 1
        sources[r["eventSource"]] += 1
        hours[int(r["eventTime"][11:13])] += 1
        reads += is_read(r)
        errors += "errorCode" in r
        size += len(text)
        sizes.append(len(text))
        chunk += text
        if len(chunk) >= CHUNK:
            packed += len(zlib.compress(bytes(chunk), 6))
            chunk.clear()
    packed += len(zlib.compress(bytes(chunk), 6)) if chunk else 0
    busiest = sum(sorted(hours, reverse=True)[:8]) / max(1, count)
    return {"records": count, "names": names, "sources": sources, "hours": hours, "reads": reads / max(1, count),
            "errors": errors / max(1, count), "size": size / max(1, count), "median": sorted(sizes)[count // 2] if sizes else 0,
            "ratio": size / max(1, packed), "packed": packed / max(1, count), "busiest": busiest,
            "top": sum(n for _, n in names.most_common(10)) / max(1, count)}


def ranges(ours, real):
    """(what, ours, real, does it hold). The limits are wide: real accounts differ as much."""
    return [
        ("read share", ours["reads"], real["reads"], abs(ours["reads"] - real["reads"]) <= 0.15),
        ("error share", ours["errors"], real["errors"], 0.25 * real["errors"] <= ours["errors"] <= 2 * real["errors"]),
        ("mean record, bytes", ours["size"], real["size"], 0.7 * real["size"] <= ours["size"] <= 1.4 * real["size"]),
        ("gzip ratio", ours["ratio"], real["ratio"], ours["ratio"] <= 1.5 * real["ratio"]),
        ("share of the 8 busiest hours", ours["busiest"], real["busiest"], 0.34 <= ours["busiest"] <= 0.9),
        ("share of the 10 commonest names", ours["top"], real["top"], abs(ours["top"] - real["top"]) <= 0.35),
        ("distinct names", len(ours["names"]), len(real["names"]), len(ours["names"]) >= 40),
    ]


def bars(hours):
    most = max(hours) or 1
    return "".join(" .:-=+*#%@"[min(9, h * 9 // most)] for h in hours)


def show(title, m):
    print(f"{title}: {m['records']} records, {m['size']:.0f} bytes each (median {m['median']}), {m['packed']:.0f} packed, "
          f"gzip ratio {m['ratio']:.1f}")
    print(f"  reads {m['reads']:.1%}, errors {m['errors']:.1%}, hours 00-23 UTC |{bars(m['hours'])}|")
    for name, n in m["names"].most_common(TOP):
        print(f"  {n / m['records']:6.1%} {name}")


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    ours = measure(datasets.Dataset(sys.argv[1]).records())
    show("dataset", ours)
    corpus = sys.argv[2] if len(sys.argv) == 3 else os.environ.get("CORPUS", "")
    if not corpus or not pathlib.Path(corpus).exists():
        print("no corpus of real records at hand: the comparison is skipped")
        return 0
    real = measure(corpus_records(corpus))
    show("corpus", real)
    bad = 0
    for what, a, b, holds in ranges(ours, real):
        bad += not holds
        print(f"{'ok  ' if holds else 'OUT '} {what}: {a:.3g} beside {b:.3g}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
