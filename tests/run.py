#!/usr/bin/env python3
"""Runs test suites, counts, and closes with one line: N passed, N failed.

usage: run.py NAME=COMMAND ...

Each suite is a shell command. Its counts are read from what it prints: CMocka's, unittest's, or a
line "N passed, N failed". A suite that exits non-zero without naming a failure counts as one
failure; a suite that counts nothing at all is a failure too. Exit 77 is a skip, and is shown.
"""
import re
import subprocess
import sys
import time

LIMIT_S = 900


def count(text):
    passed = failed = 0
    passed += sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", text, re.M)))
    failed += sum(map(int, re.findall(r"^\[  FAILED  \] (\d+) test", text, re.M)))
    for ran, verdict in re.findall(r"^Ran (\d+) tests? in .*\n\n(.*)$", text, re.M):
        bad = sum(map(int, re.findall(r"(?:failures|errors)=(\d+)", verdict)))
        failed += bad
        passed += int(ran) - bad - sum(map(int, re.findall(r"skipped=(\d+)", verdict)))
    for good, bad in re.findall(r"^(?:\S+: )?(\d+) passed, (\d+) failed$", text, re.M):
        passed += int(good)
        failed += int(bad)
    return passed, failed


def run(name, command):
    start = time.monotonic()
    try:
        done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        text, code = (late.stdout or b"").decode(errors="replace"), 124
    if code == 77:
        print(f"  {name}: skipped: {text.strip().splitlines()[-1] if text.strip() else 'no reason given'}")
        return 0, 0
    passed, failed = count(text)
    if code != 0 and failed == 0 or passed + failed == 0:
        failed += 1
    if failed:
        print(text[-20000:])
        print(f"  {name}: exit {code}")
    print(f"  {name}: {passed} passed, {failed} failed ({time.monotonic() - start:.1f} s)", flush=True)
    return passed, failed


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    passed = failed = 0
    for arg in sys.argv[1:]:
        name, _, command = arg.partition("=")
        good, bad = run(name, command)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
