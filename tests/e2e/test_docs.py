"""The examples of docs/ work as they stand."""
import os
import re
import subprocess
import sys
import unittest

import harness


class Examples(unittest.TestCase):
    def test_examples(self):
        found = sorted((harness.ROOT / "docs" / "examples").glob("test_*.py"))
        self.assertTrue(found)
        for path in found:
            done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True,
                                  timeout=harness.DEADLINE_S, env={**os.environ, "MOCKTRAIL": harness.PROGRAM})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_links_lead_somewhere(self):
        for page in [harness.ROOT / "README.md", *(harness.ROOT / "docs").glob("*.md")]:
            for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
                if "://" not in link:
                    self.assertTrue((page.parent / link).exists(), f"{page.name} links to {link}")


if __name__ == "__main__":
    unittest.main()
