"""A long advance of the clock: the same tree in one step and in many, and after the program was
killed in the middle; other calls are answered meanwhile."""
import hashlib
import random
import socket
import threading
import unittest

import harness

TRAIL = f"arn:aws:cloudtrail:us-east-1:{harness.ACCOUNT}:trail/mocktrail"


def tree(server):
    """Digests are signed, so that their signatures repeat with the seed."""
    return {str(p.relative_to(server.data)): hashlib.sha256(p.read_bytes()).hexdigest()
            for top in ("buckets", "meta") for p in sorted((server.data / top).rglob("*")) if p.is_file()}


class Advance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as s:  # records hold the Host with its port
            s.bind(("127.0.0.1", 0))
            cls.listen = f"127.0.0.1:{s.getsockname()[1]}"
        cls.whole = cls.run_steps(["2d"])

    @classmethod
    def server(cls, **where):
        return harness.Server(listen=cls.listen, **where)

    @classmethod
    def run_steps(cls, steps):
        with cls.server() as server:
            server.client("sts").get_caller_identity()
            for step in steps:
                server.advance(step)
            return tree(server)

    def test_one_step_and_many_give_the_same(self):
        self.assertGreater(len(self.whole), 2 * 24 * 17 * 2)
        many = self.run_steps(["1h", "59m", "1m", "90m", "1d", "30m", "20h"])
        self.assertEqual(self.whole.keys(), many.keys())
        self.assertEqual([k for k in many if many[k] != self.whole[k]], [])

    def test_killed_on_the_way(self):
        chance = random.Random(1)
        server = self.server().start()
        try:
            server.client("sts").get_caller_identity()
            for _ in range(6):
                timer = threading.Timer(chance.uniform(0.02, 0.25), server.process.kill)
                timer.start()
                try:
                    arrived = bool(server.advance("2d"))
                except OSError:
                    arrived = False
                timer.join()
                server.process.wait()
                server.ended()
                if arrived:  # before the kill came: from there no start may go back
                    server.args[server.args.index("virtual:" + harness.START)] = "virtual:2026-01-07T09:00:00Z"
                server.start()
                if arrived:
                    break
            _, clock = server.control("GET", "clock")
            server.control("POST", "clock", {"set": "2026-01-07T09:00:00Z"})
            self.assertEqual(self.whole, tree(server), clock)
            done = server.aws("cloudtrail", "validate-logs", "--trail-arn", TRAIL, "--start-time",
                              harness.START, "--end-time", "2026-01-07T10:00:00Z", "--verbose")
            self.assertIn("48/48 digest files valid", done.stdout)
            self.assertEqual(0, server.stop())
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
            server.remove()

    def test_others_are_answered_meanwhile(self):
        """Also those on a connection of the same thread."""
        with harness.Server("--threads", "1", listen=self.listen) as server:
            server.client("sts").get_caller_identity()
            answers = []
            worker = threading.Thread(
                target=lambda: answers.append(server.control("POST", "clock", {"advance": "12h"})))
            worker.start()
            answered = 0
            while worker.is_alive():
                self.assertEqual(200, server.control("GET", "health")[0])
                server.client("sts").get_caller_identity()
                answered += 1
            self.assertEqual([200], [status for status, _ in answers])
            self.assertGreater(answered, 3)


if __name__ == "__main__":
    unittest.main()
