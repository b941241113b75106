"""Every function that reads bytes from outside stands in tests/fuzz/README.md with the fuzz target
that calls it, or with the reason why none does. The table and the headers must agree."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
READS = re.compile(
    r"^(?!static)[a-z][\w \*]*?\b\*?("
    r"[a-z0-9_]+_(?:parse|decode|identify|unpack|verify|inflate)(?:_[a-z0-9_]+)?|"
    r"[a-z0-9_]+_read(?:_pem|_der)?|[a-z0-9_]+_iter_next|"
    r"chunked_next|multipart_next|scan_next|host_bucket|object_key|kms_decrypt|"
    # readers by other names
    r"federated_(?:jwt|web|saml)|(?:dashboard|post_policy|sns_filter|sns_policy|transform)_check|check_record|"
    r"classify|engine_inject|log_regex_compile|math_run|page_after|read_back_facts|tags_from_header)\(", re.M)


def calls(target, function):
    return re.search(rf"\b{function}\(", (ROOT / "tests/fuzz" / f"{target}.c").read_text())


class FuzzTargets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = (ROOT / "tests/fuzz/README.md").read_text()
        cls.rows = dict(re.findall(r"^\| ([a-z0-9_]+) \| (.+) \|$", text, re.M))
        cls.rows.pop("function")
        cls.readers = {m for top in ("core", "emulator", "verify")
                       for p in (ROOT / top).rglob("*.h") for m in READS.findall(p.read_text())}

    def test_every_reader_has_a_row(self):
        self.assertGreater(len(self.readers), 50)
        self.assertEqual([], sorted(self.readers - self.rows.keys()))

    def test_every_row_is_a_reader(self):
        self.assertEqual([], sorted(self.rows.keys() - self.readers))

    def test_targets_do_what_the_table_says(self):
        for function, said in self.rows.items():
            with self.subTest(function):
                if said.startswith("none: "):
                    continue
                target, _, through = said.partition(", through ")
                self.assertTrue((ROOT / "tests/fuzz" / f"{target}.c").is_file(), said)
                self.assertTrue(calls(target, through or function), said)

    def test_every_target_has_seeds(self):
        for target in (ROOT / "tests/fuzz").glob("fuzz_*.c"):
            corpus = ROOT / "tests/fuzz/corpus" / target.stem.removeprefix("fuzz_")
            self.assertTrue(any(corpus.iterdir()), corpus)


if __name__ == "__main__":
    unittest.main()
