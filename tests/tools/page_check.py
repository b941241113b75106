"""page_check.py: the HTML report of `verify run` in a real browser (Debian's chromium), wide and narrow, light and dark.

A script put behind the page measures what was drawn. Part of `make tools-check`, not of `make check`: a browser is
large. What was seen stays in build/tools/page-*.png.
"""
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "tools"
TOOL = """
import gzip, json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*_CloudTrail_*.json.gz"):
    for r in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
        rule = {"StopLogging": "aws.defense-evasion.cloudtrail-stop", "ListBuckets": "<b>noise & more</b>"}.get(r["eventName"])
        if rule:
            print(json.dumps({"rule": rule, "event_ids": [r["eventID"]], "first": r["eventTime"], "last": r["eventTime"]}))
print(json.dumps({"rule": "noise", "event_ids": ["no-such-event"]}))
"""
MEASURE = """
<script>
function overlap(a, b) { return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }
function boxes(what) { return [...document.querySelectorAll(what)].map(e => e.getBoundingClientRect()); }
const labels = boxes('svg text'), svg = boxes('svg')[0], style = getComputedStyle(document.body);
document.title = JSON.stringify({
  overlaps: labels.filter((a, i) => labels.some((b, k) => k > i && overlap(a, b))).length,
  outside: boxes('circle').filter(c => c.left < svg.left - 1 || c.right > svg.right + 1).length,
  dots: boxes('circle').length, bars: boxes('rect').filter(r => r.height >= 1).length, cells: boxes('.cell').length,
  spills: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  same: style.color === style.backgroundColor, ground: style.backgroundColor, noise: document.querySelectorAll('td b').length,
});
</script>
"""


def browser(*options):
    with tempfile.TemporaryDirectory() as profile:
        return subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                               "--enable-logging=stderr", f"--user-data-dir={profile}", *options],
                              capture_output=True, text=True, timeout=120)


def report(work):
    (work / "tool.py").write_text(TOOL)
    (work / "suite.yaml").write_text(f"scenario: {ROOT}/fixtures/suites/day.yaml\ntool:\n  name: a toy, <partly> blind\n"
                                     f"  feed: dir\n  run: [{sys.executable}, tool.py, '{{tree}}']\n  collect: stdout\n")
    page = work / "page.html"
    done = subprocess.run([ROOT / "build" / "mocktrail", "verify", "run", work / "suite.yaml", "--html", page],
                          capture_output=True, text=True, timeout=120)
    assert page.exists(), done.stdout + done.stderr
    return page


def look(page, name, width, dark):
    options = [f"--window-size={width},1600", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    shot = browser(*options, f"--screenshot={OUT}/page-{name}.png", page.as_uri())
    assert (OUT / f"page-{name}.png").stat().st_size > 20_000, shot.stderr
    measured = page.with_name("measured.html")
    measured.write_text(page.read_text() + MEASURE)
    seen = browser(*options, "--dump-dom", measured.as_uri())
    complaints = re.findall(r".*CONSOLE.*", seen.stderr + shot.stderr)
    assert not complaints, complaints
    return json.loads(html.unescape(re.search(r"<title>(.*?)</title>", seen.stdout, re.S)[1]))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    grounds = set()
    with tempfile.TemporaryDirectory() as work:
        page = report(pathlib.Path(work))
        for name, width, dark in (("wide", 1100, False), ("narrow", 500, False), ("dark", 1100, True)):
            got = look(page, name, width, dark)
            print(name, json.dumps(got))
            grounds.add(got["ground"])
            assert got["dots"] >= 9 and got["bars"] >= 5 and got["cells"] == 9, got
            assert not (got["overlaps"] or got["outside"] or got["same"] or got["noise"]), got
            assert got["spills"] <= 0, f"{name}: the page is wider than the window"
    assert len(grounds) == 2, f"light and dark look alike: {grounds}"
    print("the page reads well: wide, narrow, dark; pictures in build/tools")


main()
