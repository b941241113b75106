"""What the README shows is true: its console blocks are run, in one shell, and their output compared.

README_WRITE=1 puts what was seen into the README instead; the difference is reviewed like code.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import harness

README = harness.ROOT / "README.md"
MARK = "@@end-of-output@@"


def blocks(text):
    """Per console block: where it stands, and its commands with the output shown."""
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
        steps = []
        for line in match.group(1).splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
        yield match.span(1), steps


class Shell:
    """bash, fed a command at a time, in an empty directory where build/ is ours."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-readme-"))
        (self.place / "build").mkdir()
        (self.place / "build" / "mocktrail").symlink_to(harness.PROGRAM)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env["PATH"] = f"{pathlib.Path(sys.executable).parent}:{env['PATH']}"
        env.update(AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_PAGER="",
                   MOCKTRAIL_LISTEN=f"127.0.0.1:{self.port}", TZ="UTC",
                   MOCKTRAIL_CATALOGUE=os.environ.get("MOCKTRAIL_CATALOGUE",
                                                      str(harness.ROOT / "build" / "catalogue.bin")))
        self.bash = subprocess.Popen(["bash", "--norc"], cwd=self.place, env=env, text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, command):
        ready = f"; until curl -s -o /dev/null localhost:{self.port}/_mocktrail/health; do :; done" \
            if command.endswith("&") else ""
        command = command.replace("4566", str(self.port))
        self.bash.stdin.write(f"{command}\n{ready.lstrip('; ')}\nprintf '\\n%s\\n' {MARK}\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line.rstrip("\n") == MARK:
                break
            lines.append(line.rstrip("\n").replace(str(self.port), "4566"))
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def close(self):
        self.bash.stdin.write("wait\n")
        self.bash.stdin.close()
        self.bash.wait(timeout=harness.DEADLINE_S)
        self.bash.stdout.close()
        shutil.rmtree(self.place)


class Readme(unittest.TestCase):
    maxDiff = None

    def test_console_blocks(self):
        text = README.read_text()
        shell = Shell()
        renewed, at = [], 0
        try:
            for (start, end), steps in blocks(text):
                seen = [(command, shell.run(command)) for command, _ in steps]
                if os.environ.get("README_WRITE"):
                    body = "".join(f"$ {c}\n" + "".join(line + "\n" for line in out) for c, out in seen)
                    renewed += [text[at:start], body]
                    at = end
                    continue
                for (command, shown), (_, out) in zip(steps, seen):
                    self.assertEqual(out, shown, f"output of: {command}")
        finally:
            shell.close()
        self.assertTrue(seen, "the README shows nothing")
        if renewed:
            README.write_text("".join(renewed) + text[at:])


if __name__ == "__main__":
    unittest.main()
