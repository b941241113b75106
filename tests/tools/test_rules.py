"""The rules of fixtures/rules over generated data: every technique is found, no rule is refused, and which look-alikes
they can't tell from the attack is known by name."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

import datasets
import lab
import scenario_files

RULES = scenario_files.ROOT / "fixtures" / "rules"

# Look-alikes whose records are those of the attack: what tells them apart is written nowhere in a record.
INDISTINCT = set("""
defense-evasion.cloudtrail-delete defense-evasion.cloudtrail-stop defense-evasion.config-stop
defense-evasion.dns-delete-logs defense-evasion.guardduty-trusted-ip defense-evasion.organizations-detach-policy
defense-evasion.organizations-leave defense-evasion.password-policy-weakened defense-evasion.vpc-remove-flow-logs
exfiltration.ec2-share-ami exfiltration.ec2-share-ebs-snapshot exfiltration.ecr-share-repository
exfiltration.rds-public-restore exfiltration.rds-share-snapshot exfiltration.s3-backdoor-bucket-policy
exfiltration.s3-replication impact.dynamodb-delete-table impact.ec2-deregister-ami impact.ec2-disable-ebs-encryption
impact.efs-delete persistence.iam-backdoor-user persistence.iam-create-admin-user persistence.iam-deactivate-mfa
persistence.iam-saml-provider persistence.lambda-layer-extension privilege-escalation.iam-set-default-policy-version
""".split())


def evaluate(dataset, here):
    """(what verify run says as JSON, what it says on standard error) of builtin:sigma."""
    suite, out = here / "suite.yaml", here / "out.json"
    suite.write_text(f"dataset: {dataset.path}\ntool: {{name: sigma, run: 'builtin:sigma'}}\n")
    done = subprocess.run([datasets.PROGRAM, "verify", "run", suite, "--json", out], capture_output=True, text=True,
                          timeout=datasets.LIMIT_S)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return json.loads(out.read_text()), done.stderr


class Files(unittest.TestCase):
    """What each file says of itself."""

    def test_each_technique_has_a_rule_that_says_the_same_of_it(self):
        for path in sorted(scenario_files.TECHNIQUES.glob("*.yaml")):
            technique = scenario_files.load(path)
            with self.subTest(path.stem):
                rule = list(yaml.safe_load_all((RULES / f"{path.stem}.yml").read_text()))[-1]
                self.assertIn(rule["name"], {f["rule"] for f in scenario_files.findings(technique)})
                self.assertEqual(technique["severity"], rule["level"])
                tags = {t.removeprefix("attack.") for t in rule["tags"]}
                self.assertEqual({a.lower() for a in technique["attack"]} | set(technique["tactics"]), tags)
                self.assertTrue(all(rule["falsepositives"]))

    def test_ids_and_names_are_unique(self):
        docs = [d for p in RULES.glob("*.yml") for d in yaml.safe_load_all(p.read_text())]
        for key in ("id", "name", "title"):
            self.assertEqual(len(docs), len({d[key] for d in docs}), key)
        for d in docs:
            self.assertRegex(d["id"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            self.assertNotIn("timeframe", d)
            if "detection" in d:
                self.assertEqual({"product": "aws", "service": "cloudtrail"}, d["logsource"])


@scenario_files.needs_newest
class OverData(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-rules-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        (cls.top / "techniques").symlink_to(scenario_files.TECHNIQUES)

    def play(self, benign):
        name = "benign" if benign else "attacks"
        return datasets.generate(lab.write(self.top / f"{name}.yaml", benign), self.top / name, "--seed", 1)

    def test_every_technique_is_found(self):
        got, said = evaluate(self.play(benign=False), self.top)
        self.assertNotIn("refused", said)
        self.assertGreaterEqual(len({f["rule"] for f in got["findings"] if f["verdict"] == "match"}), 95)
        self.assertGreaterEqual(got["recall"], 0.95, [f["rule"] for f in got["findings"] if f["verdict"] == "missed"])
        self.assertGreaterEqual(got["precision"], 0.95)
        self.assertEqual(0, got["verdicts"]["duplicate"])
        print(f"attacks: recall {got['recall']:.3f}, precision {got['precision']:.3f}")

    def test_look_alikes_are_silent_but_for_those_that_no_record_tells_apart(self):
        dataset = self.play(benign=True)
        story = {label["eventID"]: label["story"] for label in dataset.labels()}
        got, _ = evaluate(dataset, self.top)
        fired = {story[i] for f in got["findings"] for i in f["reported"]}
        print(f"look-alikes: {len(fired)} of {len(INDISTINCT | fired)} indistinct ones fire: {' '.join(sorted(fired))}")
        self.assertEqual(set(), fired - INDISTINCT)

    def test_a_company_at_work(self):
        dataset = datasets.generate("startup", self.top / "startup", "--seed", 1, "--events", 3000)
        got, _ = evaluate(dataset, self.top)
        self.assertEqual(1, got["recall"])
        wrong = [f["rule"] for f in got["findings"] if f["verdict"] in ("spurious", "misattributed")]
        print(f"startup: precision {got['precision']:.3f} over {got['events']} events; spurious: {' '.join(sorted(wrong))}")
        self.assertLess(len(wrong), 20)
        noisy = {r for r in wrong if not re.search("impossible-travel|cloudtrail-delete|backdoor-user|rds-delete", r)}
        self.assertEqual(set(), noisy)


if __name__ == "__main__":
    unittest.main()
