"""The control API and the command line of serve."""
import http.client
import json
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import botocore.exceptions
import harness


class Control(harness.ServerCase):
    def setUp(self):
        self.control = self.server.control

    @harness.needs_newest
    def test_health(self):
        status, health = self.control("GET", "health")
        self.assertEqual(status, 200)
        self.assertTrue(health["ready"])
        self.assertGreater(health["operations"], 18000)
        before = health["records"]
        self.assertEqual(set(before), {"accepted", "delivered", "pending"})
        self.server.client("sts").get_caller_identity()
        after = self.control("GET", "health")[1]["records"]
        self.assertEqual(after["accepted"], before["accepted"] + 1)
        self.server.flush()
        self.assertEqual(self.control("GET", "health")[1]["records"]["pending"], 0)

    def test_routes_are_listed(self):
        status, answer = self.control("GET", "")
        self.assertEqual(status, 200)
        paths = {(r["method"], r["path"]) for r in answer["routes"]}
        self.assertIn(("POST", "/_mocktrail/snapshot/NAME"), paths)
        self.assertIn(("GET", "/_mocktrail/health"), paths)

    def test_the_manual_shows_the_routes(self):
        manual = pathlib.Path(__file__).parents[2].joinpath("docs", "configuration.md").read_text()
        for route in self.control("GET", "")[1]["routes"][1:]:
            name = route["path"].removeprefix("/_mocktrail/")
            self.assertIn(f"| `{route['method']} {name}` | {route['does']} |", manual)

    def test_unknown_route_and_wrong_method(self):
        self.assertEqual(self.control("GET", "nothing")[0], 404)
        self.assertEqual(self.control("GET", "healthy")[0], 404)
        self.assertEqual(self.control("POST", "health")[0], 405)
        self.assertEqual(self.control("GET", "flush")[0], 405)
        self.assertEqual(self.control("POST", "snapshot/")[0], 404)

    def faults(self, *rules):
        self.addCleanup(self.control, "DELETE", "faults")
        status, answer = self.control("PUT", "faults", {"rules": list(rules)})
        self.assertEqual(status, 200, answer)

    def test_calls_that_go_wrong_on_purpose(self):
        s3, sts = self.server.client("s3"), self.server.client("sts")
        self.faults({"service": "s3", "operation": "ListBuckets", "skip": 1, "count": 2, "error": "SlowDown",
                     "message": "Please reduce your request rate."},
                    {"service": "sts", "error": "Throttling", "status": 400, "count": 1})
        s3.list_buckets()
        for _ in range(2):
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                s3.list_buckets()
            answer = caught.exception.response
            self.assertEqual((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]),
                             ("SlowDown", 503))
        s3.list_buckets()
        self.assertEqual(harness.error_code(sts.get_caller_identity), "Throttling")
        sts.get_caller_identity()
        self.assertEqual([r["hits"] for r in self.control("GET", "faults")[1]["rules"]], [2, 1])
        record = self.server.record("ListBuckets")
        codes = [r.get("errorCode") for r in self.server.records() if r["eventName"] == "ListBuckets"]
        self.assertEqual(codes.count("SlowDown"), 2, record)
        self.assertEqual(self.control("DELETE", "faults"), (200, {"rules": []}))

    def test_answers_that_come_late_on_purpose(self):
        self.faults({"service": "sts", "delay": "700ms"})
        start = time.monotonic()
        self.server.client("sts").get_caller_identity()
        self.assertGreaterEqual(time.monotonic() - start, 0.7)
        self.assertEqual(self.control("GET", "health")[0], 200)

    def test_faults_that_make_no_sense(self):
        for rules, why in (
                ([{}], "rule 0: expected error or delay"),
                ([{"error": "X"}, {"error": "X", "often": 1}], "rule 1: unknown member 'often'"),
                ([{"error": "X", "status": 200}], "rule 0: status: expected a number from 400 to 599"),
                ([{"error": 5}], "rule 0: error: expected a text"),
                ([{"delay": "1h"}], "rule 0: delay: expected a time up to 60s, such as 500ms"),
                ({}, 'expected {"rules": [...]}, at most 1000')):
            self.assertEqual(self.control("PUT", "faults", {"rules": rules}), (400, {"error": why}))

    def test_metrics_are_prometheus_text(self):
        status, text = self.control("GET", "metrics")
        self.assertEqual(status, 200)
        names = [line.split()[0] for line in text.splitlines() if not line.startswith("#")]
        self.assertEqual(names[:3], ["mocktrail_records_accepted_total", "mocktrail_records_delivered_total",
                                     "mocktrail_records_pending"])

    def test_calls_from_elsewhere_change_nothing(self):
        iam = self.server.client("iam")
        iam.create_user(UserName="stays")
        port = urllib.parse.urlsplit(self.server.url).port
        for headers in ({"Origin": "null"}, {"Origin": "http://evil.example"}, {"Host": "evil.example"},
                        {"Host": f"localhost.evil.example:{port}"},
                        {"Origin": "http://localhost.evil.example:" + str(port)}):
            status, answer = self.control("POST", "reset", headers=headers)
            self.assertEqual(status, 403, headers)
            self.assertIn("this machine", answer["error"])
        self.assertEqual(self.control("GET", "health", headers={"Host": "evil.example"})[0], 403)
        for headers in ({"Host": "localhost"}, {"Host": "x.localhost:1"}, {"Host": "127.0.0.9"},
                        {"Host": "[::1]:4566"}, {"Origin": "http://localhost:3000"}):
            self.assertEqual(self.control("GET", "health", headers=headers)[0], 200, headers)
        self.assertEqual(iam.get_user(UserName="stays")["User"]["UserName"], "stays")

    def test_snapshot_reset_restore(self):
        iam = self.server.client("iam")
        iam.create_user(UserName="kept")
        self.assertEqual(self.control("POST", "snapshot/one"), (200, {"ok": True}))
        self.assertEqual(self.control("POST", "reset"), (200, {"ok": True}))
        self.assertEqual(harness.error_code(iam.get_user, UserName="kept"), "NoSuchEntity")
        self.assertEqual(self.control("POST", "restore/one"), (200, {"ok": True}))
        self.assertEqual(iam.get_user(UserName="kept")["User"]["UserName"], "kept")
        self.assertEqual(self.control("POST", "restore/none")[0], 404)
        for name in (".hidden", "a%2Fb", "..", "x" * 65, "a%20b"):
            self.assertEqual(self.control("POST", "snapshot/" + name)[0], 400, name)

    def test_events_are_followed(self):
        request = urllib.request.urlopen(self.server.url + "/_mocktrail/events?follow=1",
                                         timeout=harness.DEADLINE_S)
        self.assertEqual(request.headers["Content-Type"], "application/x-ndjson")
        self.server.client("iam").list_users()
        harness.error_code(self.server.client("iam").get_user, UserName="nobody")
        first, second = json.loads(request.readline()), json.loads(request.readline())
        self.assertEqual((first["eventName"], second["eventName"]), ("ListUsers", "GetUser"))
        self.assertEqual(second["errorCode"], "NoSuchEntityException")
        request.close()
        self.assertEqual(self.control("GET", "events?follow=maybe")[0], 400)

    def test_events_so_far(self):
        """Those of the event history, oldest first, of every account and region; then it ends."""
        self.control("POST", "reset")
        for n in range(600):  # more than one page
            self.server.client("sts", key=f"{n % 3:012}", region=("us-east-1", "eu-west-1")[n % 2]
                               ).get_caller_identity()
        self.server.client("s3").list_buckets()
        with urllib.request.urlopen(self.server.url + "/_mocktrail/events",
                                    timeout=harness.DEADLINE_S) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
            records = [json.loads(line) for line in answer]
        self.assertEqual(601, len(records))
        self.assertEqual("ListBuckets", records[-1]["eventName"])
        self.assertEqual([f"{n % 3:012}" for n in range(600)], [r["recipientAccountId"] for r in records[:600]])
        self.assertEqual(601, len({r["eventID"] for r in records}))


class Clock(harness.ServerCase):
    def clock(self, body):
        return self.server.control("POST", "clock", body)

    def test_clock(self):
        self.assertEqual(self.server.control("GET", "clock"),
                         (200, {"now": harness.START, "mode": "virtual", "frozen": True}))
        for step, now in (("15m", "09:15:00"), ("90s", "09:16:30"), ("2h", "11:16:30")):
            self.assertEqual(self.clock({"advance": step}),
                             (200, {"now": f"2026-01-05T{now}Z", "mode": "virtual", "frozen": True}))
        self.assertEqual(self.clock({"advance": "1d"})[1]["now"], "2026-01-06T11:16:30Z")
        self.assertEqual(self.clock({"set": "2026-01-07T00:00:00Z"})[1]["now"], "2026-01-07T00:00:00Z")
        for body, status in (({"set": "2026-01-01T00:00:00Z"}, 409), ({"freeze": False}, 409),
                             ({"advance": "soon"}, 400), ({"advance": 5}, 400), ({"set": "noon"}, 400),
                             ({"freeze": "yes"}, 400), ({"tick": 1}, 400), ({}, 400),
                             ({"advance": "1s", "set": "2026-01-08T00:00:00Z"}, 400), (None, 400)):
            answer = self.clock(body)
            self.assertEqual(answer[0], status, (body, answer))
            self.assertIn("error", answer[1])
        self.assertEqual(self.server.control("GET", "clock")[1]["now"], "2026-01-07T00:00:00Z")

    def test_garbage_is_no_json(self):
        for body in (b"{", b"[]", b"\xff", b"{\"advance\"", b"[" * 100000):
            request = urllib.request.Request(self.server.url + "/_mocktrail/clock", data=body, method="POST")
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request)
            self.assertEqual(caught.exception.code, 400)
            self.assertIn("error", json.load(caught.exception))
            caught.exception.close()


def run(*arguments, cwd=None, env=None):
    return subprocess.run([str(pathlib.Path(harness.PROGRAM).resolve()), *arguments], cwd=cwd, env=env,
                          capture_output=True, text=True, timeout=harness.DEADLINE_S)


class CommandLine(unittest.TestCase):
    def test_help_and_version(self):
        for arguments in (("--help",), ("serve", "--help")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        for name in ("serve", "generate", "play", "replay", "verify"):
            self.assertIn(f"\n  {name} ", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^mocktrail \d+\.\d+\.\d+\n$")
        self.assertEqual(run("serve", "--version").stdout, run("--version").stdout)

    def test_bad_usage(self):
        for arguments, said in (
                ((), "usage: mocktrail COMMAND"),
                (("swerve",), "unknown command 'swerve'"),
                (("generate", "x.yaml"), "mocktrail generate: open x.yaml: No such file"),
                (("verify",), "usage: mocktrail verify CHECK"),
                (("serve", "--auth", "enforce"), "enforce is not available in this version"),
                (("serve", "--upstream", "127.0.0.1:1"), "expected http://HOST:PORT, or SERVICE=http://HOST:PORT"),
                (("serve", "--region", "moon-1"), "expected an AWS region"),
                (("serve", "--clock"), "--clock: expected real|virtual:START behind it"),
                (("serve", "extra"), "expected an option")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(said, done.stderr)

    def test_file_and_environment(self):
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "mocktrail.yaml").write_text("region: eu-west-1\naccount: 12\n")
            done = run("serve", cwd=directory)
            self.assertEqual(done.returncode, 2)
            self.assertIn("mocktrail.yaml:2: account '12': expected an account of 12 digits", done.stderr)
            done = run("serve", "--config", "none.yaml", cwd=directory)
            self.assertEqual(done.returncode, 2)
            self.assertIn("none.yaml", done.stderr)
            done = run("serve", cwd=directory, env={"MOCKTRAIL_CONFIG": "/dev/null",
                                                    "MOCKTRAIL_AUTH": "maybe"})
            self.assertEqual(done.returncode, 2)
            self.assertIn("MOCKTRAIL_AUTH 'maybe': expected identify or verify", done.stderr)

    def test_port_in_use(self):
        with socket.socket() as taken, tempfile.TemporaryDirectory() as directory:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = run("serve", "--listen", "127.0.0.1:%d" % taken.getsockname()[1], "--data", directory)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("Address already in use", done.stderr)

    def test_clock_before_the_directory(self):
        with tempfile.TemporaryDirectory() as directory:
            with harness.Server(data=directory) as server:
                server.client("sts").get_caller_identity()
                server.advance("1h")
            done = run("serve", "--listen", "127.0.0.1:0", "--data", directory, "--clock",
                       "virtual:2020-01-01T00:00:00Z")
            self.assertEqual((done.returncode, done.stdout), (2, ""))


class Stopping(unittest.TestCase):
    def test_what_is_pending_is_delivered(self):
        with tempfile.TemporaryDirectory() as directory:
            with harness.Server(data=directory) as server:
                server.client("iam").create_user(UserName="last")
            names = [r["eventName"] for r in server.records()]
            self.assertIn("CreateUser", names)

    def test_calls_under_way_are_answered(self):
        with harness.Server() as server:
            answers, port = [], urllib.parse.urlsplit(server.url).port
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=harness.DEADLINE_S)
            connection.putrequest("POST", "/")
            body = b"Action=GetCallerIdentity&Version=2011-06-15"
            connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.putheader("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/"
                                 "sts/aws4_request, SignedHeaders=host, Signature=0")
            connection.putheader("X-Amz-Date", "20260105T090000Z")
            connection.putheader("Content-Length", str(len(body)))
            connection.putheader("Expect", "100-continue")
            connection.endheaders()
            self.assertTrue(connection.sock.recv(25).startswith(b"HTTP/1.1 100 Continue"))
            stopper = threading.Thread(target=lambda: answers.append(server.stop()))
            stopper.start()
            connection.send(body)
            self.assertEqual(connection.getresponse().status, 200)
            stopper.join()
            self.assertEqual(answers, [0])

    def test_followers_end(self):
        with harness.Server() as server:
            follower = urllib.request.urlopen(server.url + "/_mocktrail/events?follow=1",
                                              timeout=harness.DEADLINE_S)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(follower.read(), b"")


if __name__ == "__main__":
    unittest.main()
