"""Small objects written by many at once: their files may come a moment after the answer, and nobody can tell."""
import concurrent.futures
import hashlib
import unittest

import harness

BUCKET = "pending"
WRITERS = 6
TURNS = 60


class Pending(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(clock=None, seed=None).start()
        cls.s3 = cls.server.client("s3", max_pool_connections=WRITERS)
        cls.s3.create_bucket(Bucket=BUCKET)

    @classmethod
    def tearDownClass(cls):
        try:
            assert cls.server.stop() == 0
        finally:
            cls.server.remove()

    def at_once(self, work):
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(work, n) for n in range(WRITERS)]:
                done.result()

    def put(self, key, text):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())

    def get(self, key):
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def listed(self, prefix):
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        return {o["Key"]: o["ETag"].strip('"') for o in found}

    def test_every_reader_sees_what_was_answered(self):
        def work(n):
            for turn in range(TURNS):
                key, text = f"read/{n}/{turn % 7}", f"{n} {turn}"
                self.put(key, text)
                kind = turn % 4
                if kind == 0:
                    self.assertEqual(self.get(key), text)
                elif kind == 1:
                    self.assertEqual(self.listed(key).get(key), hashlib.md5(text.encode()).hexdigest())
                elif kind == 2:
                    self.s3.copy_object(Bucket=BUCKET, Key=f"copy/{n}", CopySource=f"{BUCKET}/{key}")
                    self.assertEqual(self.get(f"copy/{n}"), text)
                else:
                    head = self.s3.head_object(Bucket=BUCKET, Key=key)
                    self.assertEqual(head["ContentLength"], len(text))
        self.at_once(work)

    def test_a_delete_holds(self):
        def work(n):
            for turn in range(TURNS):
                key = f"gone/{n}/{turn % 3}"
                self.put(key, "x")
                if turn % 2:
                    self.s3.delete_object(Bucket=BUCKET, Key=key)
                else:
                    self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]})
        self.at_once(work)
        self.assertEqual(self.listed("gone/"), {})
        self.server.flush()
        self.assertFalse((self.server.data / "buckets" / BUCKET / "gone").exists())

    def test_a_flush_puts_every_object_into_its_file(self):
        def work(n):
            for turn in range(TURNS):
                self.put(f"file/{n}/{turn}", "first")
                self.put(f"file/{n}/{turn}", f"last {turn}")
        self.at_once(work)
        self.server.flush()
        for n in range(WRITERS):
            for turn in range(TURNS):
                path = self.server.data / "buckets" / BUCKET / f"file/{n}/{turn}"
                self.assertEqual(path.read_text(), f"last {turn}")

    def test_one_client_finds_each_object_in_its_file_at_once(self):
        for turn in range(TURNS):
            self.put("alone", f"turn {turn}")
            self.assertEqual((self.server.data / "buckets" / BUCKET / "alone").read_text(), f"turn {turn}")

    def test_what_was_answered_outlives_a_kill(self):
        server = harness.Server(clock=None, seed=None).start()
        try:
            s3 = server.client("s3", max_pool_connections=WRITERS)
            s3.create_bucket(Bucket=BUCKET)

            def work(n):
                for turn in range(TURNS):
                    s3.put_object(Bucket=BUCKET, Key=f"{n}/{turn % 5}", Body=f"{n} {turn}".encode())
            self.at_once(work)
            server.kill()
            server.start()
            for n in range(WRITERS):
                for last in range(TURNS - 5, TURNS):
                    path = server.data / "buckets" / BUCKET / f"{n}/{last % 5}"
                    self.assertEqual(path.read_text(), f"{n} {last}")
            self.assertEqual(server.stop(), 0)
        finally:
            server.remove()


if __name__ == "__main__":
    unittest.main()
