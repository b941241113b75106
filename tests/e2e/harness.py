"""Starts a mocktrail on a free port with a directory of its own; clients and helpers for tests.

MOCKTRAIL names the program (default build/mocktrail). Nothing here waits by sleeping: it waits for a
line, an answer or an exit, with a deadline.
"""
import contextlib
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MOCKTRAIL", str(ROOT / "build" / "mocktrail"))
ACCOUNT = "111122223333"
START = "2026-01-05T09:00:00Z"
DEADLINE_S = 60
SANITIZER = re.compile(r"^==\d+==\s?(ERROR|WARNING): |: runtime error: ", re.M)


class Server:
    """A running `mocktrail serve`. Use as a context manager, or start() and stop()."""

    def __init__(self, *options, data=None, clock="virtual:" + START, seed=1, listen="127.0.0.1:0"):
        self.owned = data is None
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="mocktrail-"))
        self.log_path = self.data.with_name(self.data.name + ".log")
        self.args = [PROGRAM, "serve", "--listen", listen, "--data", str(self.data),
                     "--account", ACCOUNT]
        if clock:
            self.args += ["--clock", clock]
        if seed is not None:
            self.args += ["--seed", str(seed)]
        self.args += list(options)
        self.process = self.url = None

    def start(self):
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(self.args, stdout=subprocess.PIPE, stderr=self.log)
        timer = threading.Timer(DEADLINE_S, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().decode()
        timer.cancel()
        match = re.fullmatch(r"listening on (http://\S+)\n", line)
        if not match:
            self.process.wait()
            raise RuntimeError(f"serve said {line!r}: {self.log_path.read_text()}")
        self.url = match.group(1)
        return self

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DEADLINE_S)
        self.ended()
        return code

    def kill(self):
        """SIGKILL; fails when the server had died by itself."""
        died = self.process.poll()
        self.process.kill()
        self.process.wait()
        self.ended()
        if died is not None:
            raise AssertionError(f"serve died with {died}: {self.log_path.read_text()}")

    def ended(self):
        """After the process: closes what belongs to it, and fails when a sanitizer reported."""
        self.process.stdout.close()
        self.log.close()
        said = self.log_path.read_text(errors="replace")
        if SANITIZER.search(said):
            raise AssertionError("a sanitizer reports: " + said)

    def remove(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.log_path.unlink(missing_ok=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                code = self.stop()
                if code != 0:
                    raise AssertionError(f"serve ended with {code}: {self.log_path.read_text()}")
            elif self.process.returncode != 0:
                raise AssertionError(f"serve died with {self.process.returncode}: "
                                     + self.log_path.read_text())
        finally:
            if self.owned:
                self.remove()

    # clients

    def client(self, service, key=ACCOUNT, secret="test", token=None, region="us-east-1", **config):
        return boto3.client(
            service, endpoint_url=self.url, region_name=region, aws_access_key_id=key,
            aws_secret_access_key=secret, aws_session_token=token,
            config=botocore.config.Config(retries={"max_attempts": 0}, **config))

    def env(self, key=ACCOUNT, secret="test", token=None, region="us-east-1"):
        """An environment for command line clients."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret,
                   AWS_DEFAULT_REGION=region, AWS_REGION=region, AWS_PAGER="", AWS_MAX_ATTEMPTS="1",
                   AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                   AWS_EC2_METADATA_DISABLED="true")
        if token:
            env["AWS_SESSION_TOKEN"] = token
        return env

    def aws(self, *args, check=True, **who):
        """The AWS CLI that belongs to this Python. The finished process."""
        cli = pathlib.Path(sys.executable).with_name("aws")
        program = str(cli) if cli.exists() else shutil.which("aws")
        done = subprocess.run([program, *args], env=self.env(**who), capture_output=True, text=True,
                              timeout=DEADLINE_S)
        if check and done.returncode != 0:
            raise AssertionError(f"aws {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    # control API

    def control(self, method, path, body=None, headers=None):
        """(status, parsed JSON or text)."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_mocktrail/{path}", data=data, method=method,
                                         headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        with contextlib.suppress(ValueError):
            return status, json.loads(text)
        return status, text

    def advance(self, duration):
        status, answer = self.control("POST", "clock", {"advance": duration})
        if status != 200:
            raise AssertionError(f"clock: {status} {answer}")
        return answer["now"]

    def flush(self):
        status, answer = self.control("POST", "flush")
        if status != 200:
            raise AssertionError(f"flush: {status} {answer}")

    # what was delivered

    def log_files(self, bucket="mocktrail-trail"):
        """Paths of delivered log files, in order of name."""
        return sorted((self.data / "buckets" / bucket).rglob("*_CloudTrail_*.json.gz"))

    def records(self, bucket="mocktrail-trail"):
        """All delivered records, flattened."""
        return [r for p in self.log_files(bucket)
                for r in json.loads(gzip.decompress(p.read_bytes()))["Records"]]

    def record(self, event_name):
        """The last record of a name, delivered now."""
        self.flush()
        found = [r for r in self.records() if r["eventName"] == event_name]
        return max(found, key=lambda r: r["eventTime"]) if found else None


# Where PyPI can't be reached, boto3 and the CLI are Debian's, of 2022.
needs_newest = unittest.skipIf(tuple(map(int, boto3.__version__.split(".")[:2])) < (1, 43),
                               f"needs tests/requirements.txt from PyPI; here is boto3 {boto3.__version__}")


def error_code(call, *args, **kwargs):
    """The error code that a boto3 call answers; fails when it succeeds."""
    try:
        call(*args, **kwargs)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("no error was answered")


class ServerCase(unittest.TestCase):
    """One server for the tests of a class; OPTIONS go to serve."""
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()


class FreshCase(ServerCase):
    """One server, new for each test."""

    def setUp(self):
        status, answer = self.server.control("POST", "reset")
        self.assertEqual(200, status, answer)

    def refused(self, code, call, **args):
        """The message of the refusal that a call gets; fails when it gets another or none."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**args)
        self.assertEqual(code, caught.exception.response["Error"]["Code"])
        return caught.exception.response["Error"]["Message"]
