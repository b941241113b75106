"""A dataset as files: its records, labels, findings and manifest. Knows nothing of how it was made."""
import gzip
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MOCKTRAIL", str(ROOT / "build" / "mocktrail"))
LIMIT_S = 600


class Dataset:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def log_files(self):
        """Every log file of every trail, in order of its path; digests are not among them."""
        return sorted(p for p in (self.path / "buckets").rglob("*.json.gz") if "_CloudTrail_" in p.name)

    def records_of(self, path):
        return json.loads(gzip.decompress(path.read_bytes()))["Records"]

    def records(self):
        """All records, in the order of the files' paths."""
        return [r for p in self.log_files() for r in self.records_of(p)]

    def labels(self):
        path = self.path / "labels.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def expected(self):
        path = self.path / "expected.json"
        return json.loads(path.read_text())["findings"] if path.exists() else []

    def manifest(self):
        return json.loads((self.path / "manifest.json").read_text())


def generate(scenario, out, *options):
    """Run `mocktrail generate`; the Dataset, or an AssertionError with what it said."""
    done = subprocess.run([PROGRAM, "generate", str(scenario), "--out", str(out), *map(str, options)],
                          capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode != 0:
        raise AssertionError(f"generate {scenario}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return Dataset(out)
