"""The scenarios that are shipped: their form, every call against botocore's models, and five intrusions played."""
import collections
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import causality
import datasets
import scenario_files

SHIPPED = ["breach-insider", "breach-leaked-key", "breach-ransomware-s3", "breach-ssrf-instance-role",
           "breach-supply-chain-ci", "ci-smoke", "enterprise", "quiet-year", "startup"]


class ScenarioFiles(unittest.TestCase):
    def test_each_is_there_and_holds_against_the_format_and_the_models(self):
        for name in SHIPPED:
            with self.subTest(name):
                self.assertEqual([], scenario_files.check_scenario(scenario_files.SCENARIOS / f"{name}.yaml"))

    def test_the_program_accepts_each_by_its_name(self):
        for name in SHIPPED:
            with self.subTest(name):
                done = subprocess.run([datasets.PROGRAM, "generate", name, "--check"], capture_output=True, text=True,
                                      timeout=datasets.LIMIT_S)
                self.assertEqual(0, done.returncode, done.stderr)

    def test_the_enterprise_has_twelve_accounts_in_four_regions_under_one_trail(self):
        s = scenario_files.load(scenario_files.SCENARIOS / "enterprise.yaml")
        self.assertEqual((12, 4), (len(s["accounts"]), len(s["regions"])))
        self.assertEqual([True], [t["organization"] for t in s["trails"]])


class Intrusions(unittest.TestCase):
    """Each breach, with less background than it has by default: still true, and its findings are whole."""

    def play(self, name):
        where = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-breach-"))
        self.addCleanup(shutil.rmtree, where)
        data = datasets.generate(name, where / "out", "--events", 1500)
        self.assertEqual([], causality.check(causality.Tree.load(data.path)))
        labels = collections.defaultdict(set)
        for label in data.labels():
            labels[label["story"]].add(label["malicious"])
        self.assertIn(True, labels.pop("intrusion"))
        self.assertEqual({False}, set().union(*labels.values()), "an innocent story is labelled malicious")
        self.assertEqual({"intrusion"}, {f["story"] for f in data.expected()})
        self.assertGreaterEqual(len(data.expected()), 3)

    def test_leaked_key(self):
        self.play("breach-leaked-key")

    def test_ssrf_instance_role(self):
        self.play("breach-ssrf-instance-role")

    def test_insider(self):
        self.play("breach-insider")

    def test_ransomware_s3(self):
        self.play("breach-ransomware-s3")

    def test_supply_chain_ci(self):
        self.play("breach-supply-chain-ci")


if __name__ == "__main__":
    unittest.main()
