"""What statistics are made of, and a generated dataset beside a corpus where CORPUS names one."""
import copy
import os
import pathlib
import shutil
import tempfile
import unittest

import dataset_statistics
import datasets


def record(name="DescribeInstances", hour=9, **more):
    return dict({"eventSource": "ec2.amazonaws.com", "eventName": name, "eventTime": f"2026-01-05T{hour:02d}:00:00Z",
                 "userIdentity": {}, "readOnly": name.startswith("Describe")}, **more)


class Measures(unittest.TestCase):
    def test_shares_shapes_and_sizes(self):
        m = dataset_statistics.measure([record(), record(hour=10), record("RunInstances"), record(errorCode="X")])
        self.assertEqual((4, 0.75, 0.25), (m["records"], m["reads"], m["errors"]))
        self.assertEqual((3, 1), (m["hours"][9], m["hours"][10]))
        self.assertEqual([("ec2:DescribeInstances", 3)], m["names"].most_common(1))
        self.assertGreater(m["ratio"], 1)

    def test_reads_are_told_by_name_where_readOnly_is_absent(self):
        old = record("ListBuckets")
        del old["readOnly"]
        self.assertTrue(dataset_statistics.is_read(old))
        self.assertFalse(dataset_statistics.is_read(record("RunInstances", readOnly="false")))

    def test_what_leaves_the_ranges_is_said(self):
        real = dataset_statistics.measure([record(f"Describe{i}", i % 24) for i in range(60)] + [record(errorCode="X")] * 4)
        self.assertEqual([], [r for r in dataset_statistics.ranges(real, real) if not r[3]])
        for member, value in (("reads", 0.5), ("errors", 0.9), ("size", 1), ("ratio", 1e9), ("busiest", 1.0), ("names", {})):
            ours = copy.deepcopy(real)
            ours[member] = value
            self.assertEqual(1, len([r for r in dataset_statistics.ranges(ours, real) if not r[3]]), member)


class Beside(unittest.TestCase):
    def test_a_generated_company_looks_like_real_ones(self):
        corpus = os.environ.get("CORPUS", "")
        if not corpus or not pathlib.Path(corpus).exists():
            self.skipTest("CORPUS names no corpus of real records")
        where = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-statistics-"))
        self.addCleanup(shutil.rmtree, where)
        ours = dataset_statistics.measure(datasets.generate("startup", where / "out").records())
        real = dataset_statistics.measure(dataset_statistics.corpus_records(corpus))
        self.assertEqual([], [r for r in dataset_statistics.ranges(ours, real) if not r[3]])


if __name__ == "__main__":
    unittest.main()
