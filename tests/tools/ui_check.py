"""ui_check.py: the pages under /_mocktrail/ui/ in a real browser (Debian's chromium), wide and narrow, light and dark.

The scenario cis-alarms is played and dashboards with each type of widget and each view are put. What the charts hold
must be what GetMetricData answers boto3. A script that a small proxy puts behind each page measures what was drawn.
Part of `make tools-check`, not of `make check`: a browser is large. The pictures stay in build/tools/ui-*.png.
"""
import datetime
import html
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

OUT = harness.ROOT / "build" / "tools"
UI = "/_mocktrail/ui/"
REGION = "us-east-1"
END = datetime.datetime(2026, 1, 5, 12, 0, tzinfo=datetime.timezone.utc)
START = END - datetime.timedelta(hours=3)
SIZES = [("1300", 1300, False), ("900", 900, False), ("480", 480, False), ("dark", 1300, True)]
MEASURE = """
<script>
"use strict";
function spilled(box) { return box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1; }
function painted(canvas) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
}
function titleOf(box) { const head = box.querySelector("h2"); return head ? head.textContent : box.className; }
function hex(text) { return text.match(/[\\d.]+/g).slice(0, 3).map(Number); }
function light(rgb) {
    const [r, g, b] = rgb.map((v) => (v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
}
function contrast(one, other) {
    const [low, high] = [light(hex(one)), light(hex(other))].sort((a, b) => a - b);
    return (high + .05) / (low + .05);
}
function measure() {
    const style = getComputedStyle(document.body), charts = {};
    for (const box of document.querySelectorAll(".widget"))
        charts[titleOf(box)] = [...box.querySelectorAll("canvas")].map((canvas) => {
            const chart = Chart.getChart(canvas);
            return { type: chart.config.type, painted: painted(canvas), height: canvas.clientHeight,
                sets: chart.data.datasets.map((set) => ({ label: set.label, data: set.data, axis: set.yAxisID })),
                labels: chart.data.labels, scales: Object.keys(chart.scales) };
        });
    const report = document.createElement("script");
    report.type = "application/json";
    report.id = "measured";
    report.textContent = JSON.stringify({
        width: innerWidth, ready: document.body.dataset.ready, spills: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        spilled: [...document.querySelectorAll(".widget, .scroll")].filter(spilled).map(titleOf), charts,
        problems: [...document.querySelectorAll(".problem")].map((one) => one.textContent),
        texts: Object.fromEntries([...document.querySelectorAll(".widget")].map((box) => [titleOf(box), box.innerText])),
        contrast: contrast(style.color, style.backgroundColor), ground: style.backgroundColor,
        rows: document.querySelectorAll("tbody tr").length, nodes: document.querySelectorAll("g.service").length,
        small: [...document.querySelectorAll("svg text")].filter((one) => one.getBoundingClientRect().height < 9).length,
    });
    document.body.append(report);
}
const waiting = setInterval(() => { if (document.body.dataset.ready) { clearInterval(waiting); measure(); } }, 50);
</script>
"""
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe src="SRC" style="border:0;width:WIDTHpx;height:HEIGHTpx"></iframe>
<script>
"use strict";
const waiting = setInterval(() => {
    const found = document.querySelector("iframe").contentDocument.getElementById("measured");
    if (!found) return;
    clearInterval(waiting);
    document.body.append(found.cloneNode(true));
}, 50);
</script>
"""


class Proxy(http.server.BaseHTTPRequestHandler):
    """The emulator, with MEASURE behind each page; /frame/WIDTH/HEIGHT/... has a page in a frame, as chromium's window
    is never narrower than 500 pixels."""
    upstream = None

    def answer(self, body=None):
        request = urllib.request.Request(self.upstream + self.path, data=body, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=30) as got:
                status, kind, data = got.status, got.headers["Content-Type"], got.read()
        except urllib.error.HTTPError as error:
            status, kind, data = error.code, error.headers["Content-Type"], error.read()
        if kind.startswith("text/html"):
            data += MEASURE.encode()
        self.send(status, kind, data)

    def send(self, status, kind, data):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        framed = re.fullmatch(r"/frame/(\d+)/(\d+)(/.*)", self.path)
        if not framed:
            return self.answer()
        page = FRAME.replace("SRC", framed[3]).replace("WIDTH", framed[1]).replace("HEIGHT", framed[2])
        return self.send(200, "text/html; charset=utf-8", page.encode())

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


def browser(*options):
    with tempfile.TemporaryDirectory() as profile:
        return subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                               "--enable-logging=stderr", "--virtual-time-budget=8000", f"--user-data-dir={profile}",
                               *options], capture_output=True, text=True, timeout=120)


def metric(title, place, metrics, **more):
    x, y, width, height = place
    return {"type": "metric", "x": x, "y": y, "width": width, "height": height,
            "properties": {"title": title, "region": REGION, "stat": "Sum", "period": 300, "metrics": metrics, **more}}


CALLS = [["Mocktrail", "Calls", "Service", "logs", "Operation", "PutMetricFilter"],
         ["...", "monitoring", ".", "PutMetricAlarm", {"label": "alarms put"}]]
SHOP = [["Shop", "Orders", "Store", "north"], ["...", "south"], [".", "Price", ".", "north", {"yAxis": "right", "stat": "Average"}]]
ALARMS = [f"arn:aws:cloudwatch:{REGION}:{harness.ACCOUNT}:alarm:cis-4.{n}" for n in
          ("1-unauthorized-api-calls", "3-root-use", "99-none")]


def widgets():
    pair, one = SHOP[:2], SHOP[:1]
    late = (END - datetime.timedelta(minutes=40)).isoformat()
    return [
        {"type": "text", "x": 0, "y": 0, "width": 24, "height": 3, "properties": {
            "markdown": "# Shop\nOrders of **two stores**, by `Store`; see [alarms](/_mocktrail/ui/alarms).\n- north\n- south"}},
        metric("line", (0, 3, 12, 6), pair, annotations={
            "horizontal": [{"value": 8, "label": "busy", "fill": "above"}], "vertical": [{"value": late, "label": "opened"}]}),
        metric("right axis", (12, 3, 12, 6), SHOP, yAxis={"left": {"label": "orders", "min": 0},
                                                         "right": {"label": "euros", "min": 0, "max": 50}}),
        metric("stacked", (0, 9, 8, 6), pair, stacked=True, legend={"position": "right"}),
        metric("math", (8, 9, 8, 6), [[*SHOP[0], {"id": "n", "visible": False}], [*SHOP[1], {"id": "s", "visible": False}],
                                      [{"expression": "100*n/(n+s)", "label": "share of north", "id": "share"}]],
               timezone="+0130"),
        metric("number", (16, 9, 8, 3), SHOP, view="singleValue", setPeriodToTimeRange=True),
        metric("sparkline", (16, 12, 8, 3), pair, view="singleValue", sparkline=True),
        metric("bar", (0, 15, 6, 6), pair, view="bar", setPeriodToTimeRange=True),
        metric("pie", (6, 15, 6, 6), pair, view="pie", setPeriodToTimeRange=True),
        metric("gauge", (12, 15, 6, 6), one, view="gauge", yAxis={"left": {"min": 0, "max": 20}}),
        metric("table", (18, 15, 6, 6), pair, view="table"),
        {"type": "alarm", "x": 0, "y": 21, "width": 12, "height": 3, "properties": {"title": "states", "alarms": ALARMS}},
        {"type": "metric", "x": 12, "y": 21, "width": 12, "height": 6, "properties": {
            "title": "threshold", "region": REGION, "annotations": {"alarms": [ALARMS[0]]}}},
        metric("trend", (0, 24, 6, 3), one, view="singleValue", trend=True),
        {"type": "log", "x": 6, "y": 24, "width": 6, "height": 3,
         "properties": {"title": "log", "region": REGION, "query": "SOURCE 'g' | fields @message"}},
        {"type": "metric", "properties": {"title": "anywhere", "region": REGION, "metrics": pair}},
    ]


def fill(server):
    """The scenario; then a shop whose numbers are known; dashboards of it."""
    done = subprocess.run([harness.PROGRAM, "play", "cis-alarms", "--endpoint", server.url, "--control"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    cloudwatch = server.client("cloudwatch", key="reader")
    data = []
    for k in range(36):
        at = START + datetime.timedelta(minutes=5 * k)
        for name, store, value in (("Orders", "north", k % 11), ("Orders", "south", 3 + k % 4), ("Price", "north", 20 + k / 2)):
            data.append({"MetricName": name, "Dimensions": [{"Name": "Store", "Value": store}], "Timestamp": at, "Value": value})
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    body = {"start": START.isoformat(), "end": END.isoformat(), "periodOverride": "inherit", "widgets": widgets()}
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps(body))
    calls = {"start": "-P1D", "widgets": [metric("calls", (0, 0, 24, 6), CALLS)]}
    cloudwatch.put_dashboard(DashboardName="a-day", DashboardBody=json.dumps(calls))
    return cloudwatch


def wanted(cloudwatch, store, period, name="Orders", stat="Sum"):
    answer = cloudwatch.get_metric_data(StartTime=START, EndTime=END, ScanBy="TimestampAscending", MetricDataQueries=[{
        "Id": "q", "MetricStat": {"Stat": stat, "Period": period, "Metric": {
            "Namespace": "Shop", "MetricName": name, "Dimensions": [{"Name": "Store", "Value": store}]}}}])
    result = answer["MetricDataResults"][0]
    return [{"x": t.timestamp() * 1000, "y": v} for t, v in zip(result["Timestamps"], result["Values"])]


def check_numbers(seen, cloudwatch):
    """What is drawn is what the API answers."""
    sets = {title: [one["sets"] for one in charts] for title, charts in seen["charts"].items()}
    north, south = wanted(cloudwatch, "north", 300), wanted(cloudwatch, "south", 300)
    assert len(north) == 36, north
    for title in ("line", "stacked", "right axis"):
        assert [one["data"] for one in sets[title][0][:2]] == [north, south], title
    price = sets["right axis"][0][2]
    assert price["data"] == wanted(cloudwatch, "north", 300, "Price", "Average") and price["axis"] == "right", price
    assert "right" in seen["charts"]["right axis"][0]["scales"]
    assert [one["label"] for one in sets["line"][0]] == ["Orders north", "Orders south", "busy"], sets["line"]
    share = sets["math"][0][0]
    assert share["label"] == "share of north" and len(sets["math"][0]) == 1, share
    assert all(abs(p["y"] - 100 * n["y"] / (n["y"] + s["y"])) < 1e-9 for p, n, s in zip(share["data"], north, south)), share
    whole = [sum(point["y"] for point in line) for line in (north, south)]
    assert sets["bar"][0][0]["data"] == whole and sets["pie"][0][0]["data"] == whole, (whole, sets["bar"])
    assert [f"{value:g}" in seen["texts"]["number"] for value in whole] == [True, True], seen["texts"]["number"]
    assert f"{north[-1]['y']:g}" in seen["texts"]["gauge"].split(), seen["texts"]["gauge"]
    assert sets["gauge"][0][0]["data"][0] == north[-1]["y"] / 20
    assert [one["data"] for chart in sets["sparkline"] for one in chart] == [north, south]
    assert f"{min(p['y'] for p in south):g}\t{max(p['y'] for p in south):g}\t{whole[1]:g}" in seen["texts"]["table"], seen["texts"]["table"]


def check_dashboard(seen, cloudwatch):
    check_numbers(seen, cloudwatch)
    for title, charts in seen["charts"].items():
        assert all(one["painted"] and one["height"] >= 30 for one in charts), (title, charts)
    for title in ("line", "right axis", "stacked", "math", "bar", "pie", "gauge", "threshold", "anywhere"):
        assert len(seen["charts"][title]) == 1, title
    states = seen["texts"]["states"]
    assert "cis-4.1-unauthorized-api-calls: OK" in states and "no such alarm" in states, states
    assert "not drawn here: trend" in seen["texts"]["trend"] and "not drawn here: log" in seen["texts"]["log"]
    assert "threshold 1" in [one["label"] for one in seen["charts"]["threshold"][0]["sets"]], seen["charts"]["threshold"]


def check_day(seen):
    filters, alarms = [sum(point["y"] for point in one["data"]) for one in seen["charts"]["calls"][0]["sets"]]
    assert filters == alarms == 15, seen["charts"]["calls"]


def look(url, name, width, height, dark):
    """A picture in build/tools, and what was measured."""
    shot = OUT / f"ui-{name}.png"
    shot.unlink(missing_ok=True)
    options = [f"--window-size={width},{height}", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    seen = browser(*options, "--dump-dom", url)
    picture = browser(*options, f"--screenshot={shot}", url)
    complaints = re.findall(r".*CONSOLE.*", seen.stderr + picture.stderr)
    assert not complaints, f"{name}: {complaints}"
    assert shot.exists() and shot.stat().st_size > 10_000, picture.stderr
    got = re.search(r'id="measured">(.*?)</script>', seen.stdout, re.S)
    assert got, f"{name}: not ready\n{seen.stdout[-2000:]}{seen.stderr[-2000:]}"
    return json.loads(html.unescape(got[1]))


def check_page(seen, name):
    assert seen["ready"] == "yes", name
    assert seen["spills"] <= 0, f"{name}: the page is wider than the window by {seen['spills']}"
    assert not seen["spilled"], f"{name}: what is in them does not fit: {seen['spilled']}"
    assert not seen["problems"] or name.startswith("events"), f"{name}: {seen['problems']}"
    assert seen["contrast"] >= 7, f"{name}: contrast {seen['contrast']}"


def pages(cloudwatch):
    """(name, path, height, check) of each page."""
    return [
        ("shop", "dashboards/shop", 2000, lambda seen: check_dashboard(seen, cloudwatch)),
        ("day", "dashboards/a-day", 500, check_day),
        ("list", "dashboards", 400, lambda seen: seen["rows"] == 2 or sys.exit(f"dashboards: {seen['rows']}")),
        ("alarms", "alarms", 1400, lambda seen: seen["rows"] == 15 + 50 or sys.exit(f"alarms: {seen['rows']}")),
        ("events", "events", 1000, lambda seen: seen["rows"] == 100 or sys.exit(f"events: {seen['rows']}")),
        ("map", "map", 1000, lambda seen: seen["nodes"] >= 5 or sys.exit(f"map: {seen['nodes']}")),
    ]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    with harness.Server(clock="virtual:2026-01-01T00:00:00Z") as server:
        cloudwatch = fill(server)
        Proxy.upstream = server.url
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{proxy.server_port}"
        for name, path, height, check in pages(cloudwatch):
            grounds = set()
            for size, width, dark in SIZES:
                if only and f"{name}-{size}" not in only:
                    continue
                tall = height * (1 if width > 800 else 2)
                framed = f"{root}/frame/{width}/{tall}{UI}{path}"
                seen = look(framed, f"{name}-{size}", max(width, 500), tall, dark)
                assert seen["width"] == width, seen["width"]
                check_page(seen, f"{name}-{size}")
                check(seen)
                grounds.add(seen["ground"])
            assert only or len(grounds) == 2, f"{name}: light and dark look alike: {grounds}"
            print(name, "is well", flush=True)
        proxy.shutdown()
    print("the pages read well: wide, narrow, light, dark; pictures in build/tools")


if __name__ == "__main__":
    main()
