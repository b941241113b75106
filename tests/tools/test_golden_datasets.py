"""The datasets of fixtures/datasets, made again by their commands: the same, byte by byte. GOLDEN_WRITE=1 renews them."""
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import datasets
import harness

GOLDEN = datasets.ROOT / "fixtures" / "datasets"
COMMANDS = {
    "ci-smoke": "mocktrail generate ci-smoke --seed 1 --out DIR",
    "breach": "mocktrail generate breach-ssrf-instance-role --events 250 --seed 2 --out DIR",
}
MOST_BYTES = 1 << 20


def kept(data):
    """File name -> text of what is kept of a dataset."""
    lines = [json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in data.records()]
    return {
        "records.jsonl": "".join(line + "\n" for line in lines),
        "labels.jsonl": (data.path / "labels.jsonl").read_text(),
        "expected.json": (data.path / "expected.json").read_text(),
        "manifest.sha256": hashlib.sha256((data.path / "manifest.json").read_bytes()).hexdigest() + "\n",
    }


def first_difference(want, got):
    for number, (a, b) in enumerate(zip(want.splitlines(), got.splitlines()), 1):
        if a != b:
            return f"line {number}:\n- {a[:600]}\n+ {b[:600]}"
    return f"{len(want.splitlines())} lines were kept, {len(got.splitlines())} came out"


@harness.needs_newest
class GoldenDatasets(unittest.TestCase):
    def remake(self, name):
        out = pathlib.Path(tempfile.mkdtemp(prefix="mocktrail-golden-"))
        self.addCleanup(shutil.rmtree, out)
        words = shlex.split(COMMANDS[name])
        return kept(datasets.generate(words[2], out / "data", *words[3:words.index("--out")], "--jobs", 2))

    def hold(self, name):
        folder = GOLDEN / name
        got = self.remake(name)
        if os.environ.get("GOLDEN_WRITE"):
            folder.mkdir(exist_ok=True)
            (folder / "command").write_text(COMMANDS[name] + "\n")
            for file, text in got.items():
                (folder / file).write_text(text)
        self.assertEqual(COMMANDS[name] + "\n", (folder / "command").read_text())
        for file, text in got.items():
            want = (folder / file).read_text()
            self.assertTrue(want == text, f"{folder.name}/{file}: {first_difference(want, text)}")

    def test_ci_smoke(self):
        self.hold("ci-smoke")

    def test_breach(self):
        self.hold("breach")

    def test_all_are_small(self):
        size = sum(p.stat().st_size for p in GOLDEN.rglob("*") if p.is_file())
        self.assertLess(size, MOST_BYTES)
        self.assertEqual(set(COMMANDS), {p.name for p in GOLDEN.iterdir() if p.is_dir()})


if __name__ == "__main__":
    unittest.main()
