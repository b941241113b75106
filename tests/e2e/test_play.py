"""`mocktrail play`: the scenario of `generate` as signed HTTP calls against a running server."""
import http.server
import pathlib
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

import harness

SCENARIO = str(pathlib.Path(__file__).with_name("generate.yaml"))


def play(*args, check=True):
    done = subprocess.run([harness.PROGRAM, "play", SCENARIO, *args], capture_output=True, text=True,
                          timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"play {' '.join(args)}: exit {done.returncode}\n{done.stderr}")
    return done


class Play(harness.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.done = play("--endpoint", cls.server.url)
        cls.server.flush()
        cls.records = cls.server.records()

    def named(self, name, user=None):
        return [r for r in self.records if r["eventName"] == name
                and user in (None, r["userIdentity"].get("userName"))]

    def test_calls_are_on_record_under_their_callers(self):
        self.assertRegex(self.done.stdout, r"^\d+ calls made; \d+ that only AWS itself can make")
        self.assertGreater(len(self.records), 60)
        self.assertTrue(self.named("DescribeInstances", "alice"))
        deploys = self.named("DescribeVpcs") + self.named("CreateSecurityGroup")
        self.assertTrue(deploys)
        for r in deploys:
            self.assertEqual(r["userIdentity"]["type"], "AssumedRole")
            self.assertIn("assumed-role/deploy/ci", r["userIdentity"]["arn"])
        for r in self.named("GetObject"):
            self.assertRegex(r["userIdentity"]["arn"], r"assumed-role/web-role/i-[0-9a-f]{17}$")
        self.assertTrue(self.named("AssumeRoleWithSAML"))
        self.assertTrue(self.named("AssumeRoleWithWebIdentity"))

    def test_a_story_goes_on_with_what_answers_brought(self):
        made = self.named("CreateAccessKey", "ci")
        self.assertEqual(len(made), 1)
        key = made[0]["responseElements"]["accessKey"]
        used = [r for r in self.records if r["userIdentity"].get("accessKeyId") == key["accessKeyId"]]
        self.assertEqual([r["eventName"] for r in used], ["GetCallerIdentity"])
        self.assertIn("kali", used[0]["userAgent"])
        self.assertEqual([r.get("errorCode") for r in self.named("CreateUser", "ci")],
                         ["EntityAlreadyExistsException"])
        self.assertEqual(len(self.named("TagUser", "ci")), 1)

    def test_another_machine_needs_leave(self):
        done = play("--endpoint", "http://192.0.2.1:1", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--allow-remote", done.stderr)

    def test_nobody_there_is_told(self):
        done = play("--endpoint", "http://127.0.0.1:1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:1", done.stderr)


class Controlled(unittest.TestCase):
    """With --control the emulator lives through the scenario's hours, sign-ins included."""

    def test_time_and_events_are_the_scenarios(self):
        with harness.Server(clock="virtual:2026-01-04T00:00:00Z") as server:
            play("--endpoint", server.url, "--control")
            _, clock = server.control("GET", "clock")
            self.assertGreaterEqual(clock["now"], "2026-01-05T13:00:00Z")
            server.flush()
            records = server.records()
        times = [r["eventTime"] for r in records if r["eventName"] == "DescribeInstances"]
        self.assertGreater(len(set(times)), 5)
        self.assertGreaterEqual(min(times), "2026-01-05T08:00:00Z")
        signed_in = [r for r in records if r["eventName"] == "ConsoleLogin"]
        self.assertTrue([r for r in signed_in if r["userIdentity"]["type"] == "Root"])
        for r in signed_in:
            self.assertGreaterEqual(r["eventTime"], "2026-01-05T08:00:00Z")

    def test_a_clock_that_is_past_the_start_is_told(self):
        with harness.Server(clock="virtual:2026-03-01T00:00:00Z") as server:
            done = play("--endpoint", server.url, "--control", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/_mocktrail/clock answers 409", done.stderr)


class Verified(harness.ServerCase):
    OPTIONS = ("--auth", "verify")

    def test_signatures_hold(self):
        """Up to the first federated caller, whose token `--auth verify` refuses."""
        done = play("--endpoint", self.server.url, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--auth identify", done.stderr)
        self.server.flush()
        denied = [r for r in self.server.records() if "Signature" in r.get("errorCode", "")]
        self.assertEqual(denied, [])


class Busy(http.server.BaseHTTPRequestHandler):
    """Takes every call, but GetCallerIdentity only the third time."""
    asked = 0

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        action = urllib.parse.parse_qs(body).get("Action", [""])[0]
        Busy.asked += action == "GetCallerIdentity"
        if action == "GetCallerIdentity" and Busy.asked < 3:
            self.answer(400, b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
                             b"<Message>Rate exceeded</Message></Error></ErrorResponse>")
        elif action:
            self.answer(200, f"<{action}Response><{action}Result/></{action}Response>".encode())
        else:
            self.answer(200, b"{}")

    def log_message(self, *_):
        pass


class Throttled(unittest.TestCase):
    SCENARIO = """
scenario: busy
start: 2026-01-05T08:00:00Z
end: +1h
accounts: [{alias: main, id: "111122223333"}]
regions: us-east-1
principals: [{name: root, kind: root, tool: TOOL}]
stories: [{name: s, at: +1m, as: root, steps: [{call: sts.GetCallerIdentity}]}]
"""

    def play(self, tool):
        Busy.asked = 0
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server, \
                tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.SCENARIO.replace("TOOL", tool))
            file.flush()
            threading.Thread(target=server.serve_forever, daemon=True).start()
            done = subprocess.run([harness.PROGRAM, "play", file.name, "--endpoint",
                                   f"http://127.0.0.1:{server.server_port}"],
                                  capture_output=True, text=True, timeout=60)
            server.shutdown()
        return done

    def test_a_tool_with_patience_calls_again(self):
        done = self.play("boto3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(Busy.asked, 3)

    def test_a_tool_without_does_not(self):
        done = self.play("console")
        self.assertEqual(done.returncode, 2)
        self.assertIn("got Throttling", done.stderr)
        self.assertEqual(Busy.asked, 1)


if __name__ == "__main__":
    unittest.main()
