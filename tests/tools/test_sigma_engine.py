"""The embedded Sigma engine against an evaluator that shares nothing with it (sigma.py): the public CloudTrail rules,
their facts written as Sigma YAML here, over generated records and, where MOCKTRAIL_CORPUS names them, real ones."""
import collections
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

import datasets
import lab
import scenario_files
import sigma

CORPUS = pathlib.Path(os.environ.get("MOCKTRAIL_CORPUS", "no corpus"))
MODIFIERS = {"is": "", "contains": "|contains", "starts": "|startswith", "regex": "|re", "field": "|fieldref",
             "contains-all": "|contains|all"}


def as_yaml(stem, rule):
    """One fact of sigma_rules.json as a rule that mocktrail reads."""
    detection = {name: [{field + MODIFIERS[operator]: values if len(values) > 1 else values[0]
                         for field, operator, values in items} for items in alternatives]
                 for name, alternatives in rule["selections"].items()}
    return yaml.safe_dump({"title": stem, "id": rule["id"], "name": stem, "level": rule["level"],
                           "logsource": {"product": "aws", "service": "cloudtrail"},
                           "detection": {**detection, "condition": rule["condition"]}}, sort_keys=False)


class Engine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-engine-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        (cls.top / "techniques").symlink_to(scenario_files.TECHNIQUES)
        (cls.top / "rules").mkdir()
        for stem, rule in sigma.RULES.items():
            (cls.top / "rules" / f"{stem}.yml").write_text(as_yaml(stem, rule))

    def hits(self, tree):
        """Which rule fires on which event, as mocktrail has it."""
        suite, out = self.top / "suite.yaml", self.top / "out.json"
        suite.write_text(f"dataset: {tree}\nunexpected: ignore\n"
                         f"tool: {{name: sigma, run: 'builtin:sigma', rules_dir: {self.top / 'rules'}}}\n")
        done = subprocess.run([datasets.PROGRAM, "verify", "run", suite, "--json", out], capture_output=True, text=True,
                              timeout=datasets.LIMIT_S)
        self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout[-2000:])
        found = collections.defaultdict(set)
        for f in json.loads(out.read_text())["findings"]:
            if "reported_as" in f:
                found[f["reported_as"]] |= set(f["reported"])
        return found

    def compare(self, tree, records):
        """Rule for rule the same events. Returns how many hits of how many rules there were."""
        ours, theirs = self.hits(tree), collections.defaultdict(set)
        for r in records:
            for stem in sigma.fires(r):
                theirs[stem].add(r["eventID"])
        for stem in sorted(sigma.RULES):
            self.assertEqual((set(), set()), (ours[stem] - theirs[stem], theirs[stem] - ours[stem]), stem)
        return sum(map(len, theirs.values())), sum(map(bool, theirs.values()))

    @scenario_files.needs_newest
    def test_over_every_technique_and_look_alike(self):
        for benign in (False, True):
            scenario = lab.write(self.top / f"lab{benign}.yaml", benign)
            dataset = datasets.generate(scenario, self.top / f"lab{benign}", "--seed", 1)
            (dataset.path / "expected.json").write_text('{"findings": []}')
            hits, rules = self.compare(dataset.path, dataset.records())
            self.assertGreater(rules, 25)
            print(f"{'look-alikes' if benign else 'attacks'}: {hits} hits of {rules} rules, the same")

    @unittest.skipUnless(CORPUS.exists(), "no real records: name a file of them in MOCKTRAIL_CORPUS")
    def test_over_real_records(self):
        lines = gzip.open(CORPUS, "rt", encoding="utf-8") if CORPUS.suffix == ".gz" else CORPUS.open(encoding="utf-8")
        with lines:
            records = {r["eventID"]: r for r in (json.loads(line) for line in lines)
                       for r in [r.get("record", r)] if isinstance(r.get("eventID"), str) and "eventTime" in r}
        tree = self.top / "real"
        (tree / "buckets").mkdir(parents=True)
        (tree / "expected.json").write_text('{"findings": []}')
        times = sorted(r["eventTime"] for r in records.values())
        (tree / "manifest.json").write_text(json.dumps({"start": times[0], "end": times[-1]}))
        name = "111122223333_CloudTrail_us-east-1_20260105T0000Z_aaaaaaaaaaaaaaaa.json.gz"
        (tree / "buckets" / name).write_bytes(gzip.compress(json.dumps({"Records": list(records.values())}).encode()))
        hits, rules = self.compare(tree, records.values())
        print(f"{len(records)} real records: {hits} hits of {rules} rules, the same")
        self.assertGreater(rules, 10)


if __name__ == "__main__":
    unittest.main()
