"""State that was committed and whose record the journal lost is on record after the next start."""
import shutil
import unittest

import harness


def events(server):
    found = server.client("cloudtrail").lookup_events()["Events"]
    return [e["EventName"] for e in found if e["EventName"] != "LookupEvents"]


class Outbox(unittest.TestCase):
    def test_the_record_of_committed_state_comes_back_once(self):
        with harness.Server() as server:
            server.client("iam").create_user(UserName="u1")
            server.kill()
            server.start()
            self.assertEqual(events(server), ["CreateUser"])  # in journal and outbox: no twin
            server.client("iam").create_user(UserName="u2")
            server.kill()
            # As if the process had died between the commit of u2 and the journal.
            shutil.rmtree(server.data / "journal")
            for name in ("history.db", "history.db-wal"):
                (server.data / name).unlink(missing_ok=True)
            server.start()
            users = server.client("iam").list_users()["Users"]
            self.assertEqual([u["UserName"] for u in users], ["u1", "u2"])
            self.assertIn("CreateUser", events(server))


if __name__ == "__main__":
    unittest.main()
