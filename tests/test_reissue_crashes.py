"""A certificate's renewal that is killed at each of its steps, and run again."""

import os
import unittest

from harness.crash import Crashes
from harness.reissue import ReissueTest


class Crash(ReissueTest):
    def killed_at_each_step(self, *arguments):
        crashes = Crashes(self.client.folder)
        for at in range(1, 100):
            name = f"client{at}"
            files = self.issue(name)
            died = crashes.run(self.client, at, *self.renewal(files, *arguments))
            if died:
                done = self.client.run(*self.renewal(files, *arguments))
                # Where only the answer to the person was lost, it is too early for another.
                self.assertTrue(done.code == 0 or done.json["error"]["code"] == "renewal_too_early", str(done))
            self.verify(files)
            self.visit(files)
            self.assertEqual(self.issued(name), 2, at)
            self.assertEqual(len(self.owner.do("client", "show", name, "--json").json["pins"]), 1, at)
            # What begins with a dot was being written when it was killed.
            left = {entry for entry in os.listdir(os.path.dirname(files[0]))
                    if not entry.startswith(".") and not entry.endswith((".lock", ".p12"))}
            self.assertEqual(left, {f"{name}.crt", f"{name}.key", "ca.crt"}, at)
            if not died:
                return at
        self.fail("it never ended")

    def test_A130_killed_at_each_step_it_can_be_run_again(self):
        self.assertGreater(self.killed_at_each_step(), 2, "no step was met")

    def test_A130_and_with_a_next_key_too(self):
        self.assertGreater(self.killed_at_each_step("--next-key"), 12, "no step was met")


if __name__ == "__main__":
    unittest.main()
