#!/usr/bin/env python3
"""Runs test suites, counts, and closes with one line: N passed, N failed.

usage: run.py NAME=COMMAND ...

As many suites run at a time as the machine has cores (TEST_JOBS changes it); what they say stands in the
order in which they were named.

Each suite is a shell command. Its counts are read from what it prints: CMocka's, unittest's, or a
line "N passed, N failed". A suite that exits non-zero without naming a failure, dies by a signal or
takes over LIMIT_S counts as one failure more; a suite that counts nothing at all is a failure too.
Exit 77 is a skip, and is shown with the last line that the suite said. What a suite prints is shown
when it fails.
"""
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time

LIMIT_S = 900
SHOWN = 20000


def count(text):
    """(passed, failed, skipped) of everything in text that counts."""
    totals = [0, 0, 0]
    for index, word in enumerate((r"  PASSED  ", r"  FAILED  ", r"  SKIPPED ")):
        totals[index] = sum(map(int, re.findall(rf"^\[{word}\] (\d+) test", text, re.M)))
    for ran, verdict in re.findall(r"^Ran (\d+) tests? in .*\n\n(.*)$", text, re.M):
        said = dict(re.findall(r"([a-z ]+)=(\d+)", verdict.replace(", ", ",").replace("(", ",")))
        bad = sum(int(said.get(k, 0)) for k in ("failures", "errors", "unexpected successes"))
        skipped = int(said.get("skipped", 0))
        totals[0] += max(0, int(ran) - bad - skipped)  # an error of setUpClass is no test that ran
        totals[1] += bad
        totals[2] += skipped
    for good, bad in re.findall(r"^(?:\S+: )?(\d+) passed, (\d+) failed$", text, re.M):
        totals[0] += int(good)
        totals[1] += int(bad)
    return totals


def execute(command):
    """(output, exit code) of a shell command and all that it started; 124 when it takes too long."""
    child = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out, _ = child.communicate(timeout=LIMIT_S)
        return out.decode(errors="replace"), child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, _ = child.communicate()
        return out.decode(errors="replace") + f"\nkilled after {LIMIT_S} s\n", 124


def run(suite):
    """Runs one suite; (passed, failed, what to say of it)."""
    name, command = suite.split("=", 1)
    start = time.monotonic()
    text, code = execute(command)
    took = time.monotonic() - start
    if code == 77:
        reason = text.strip().splitlines() or ["no reason given"]
        return 0, 0, f"  {name}: skipped: {reason[-1]}"
    passed, failed, skipped = count(text)
    if code != 0 and (failed == 0 or code < 0 or code >= 124) or passed + failed + skipped == 0:
        failed += 1
    said = [f"{text[-SHOWN:]}\n  {name}: exit {code}"] if failed else []
    for line in sorted(set(re.findall(r"^(?:\[  SKIPPED \] \D.*|\w+ \(.*\) \.\.\. skipped .*)$", text, re.M))):
        said.append("  " + line)
    also = f", {skipped} skipped" if skipped else ""
    said.append(f"  {name}: {passed} passed, {failed} failed{also} ({took:.1f} s)")
    return passed, failed, "\n".join(said)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    passed = failed = 0
    jobs = int(os.environ.get("TEST_JOBS") or os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for good, bad, said in pool.map(run, sys.argv[1:]):
            print(said, flush=True)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
