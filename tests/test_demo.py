"""The demonstration that `./dev run` shows: every step goes as told, it stays up to be tried, and Ctrl-C ends all of it."""

import os
import pathlib
import re
import shlex
import signal
import sys
import unittest

from harness.cotter import cotter_binary
from harness.processes import Finished, Process, environment

TOP = pathlib.Path(__file__).resolve().parents[1]
DEMO = [sys.executable, "-B", "-u", str(TOP / "tests/demo.py"), "--cotter", cotter_binary()]


def try_out(line):
    """What becomes of a line that the demonstration prints to be pasted into a shell."""
    return Finished(["sh", "-c", line], cwd=TOP, env=environment(PATH=os.environ["PATH"]))


class Demonstration(unittest.TestCase):
    def test_once_it_shows_every_step_and_ends(self):
        shown = Finished([*DEMO, "--once"])
        self.assertEqual(shown.code, 0, str(shown))
        for words in ("nobody is admitted yet", "as alice", "does not admit this key", "codes=not_admitted",
                      "revoked alice: closed 1 stream on 1 server", "revoked_closed", "admitted bob"):
            self.assertIn(words, shown.out)

    def test_a_step_that_goes_wrong_fails(self):
        shown = Finished([sys.executable, "-B", str(TOP / "tests/demo.py"), "--once", "--cotter", "/bin/true"])
        self.assertEqual(shown.code, 1, str(shown))
        self.assertIn("this did not go as told", shown.err)

    def test_it_stays_up_and_what_it_prints_can_be_pasted_until_ctrl_c(self):
        with Process(DEMO) as demo:
            demo.out.wait(lambda line: "log goes on here" in line, "end of the steps")
            said = demo.out.text()
            lines = [line.strip() for line in said.split("To try in another terminal", 1)[1].splitlines()]
            commands = [line for line in lines if line.startswith(("redis-cli", shlex.quote(cotter_binary()), "echo"))]
            self.assertEqual(len(commands), 8, said)
            codes = {}
            for command in commands:
                if " join " not in command:  # stays in the foreground; the steps have shown one already
                    codes[command] = try_out(command).code
            # The stranger is refused; everything else succeeds.
            self.assertEqual([code for command, code in codes.items() if "stranger connect" in command], [3])
            self.assertEqual({code for command, code in codes.items() if "stranger connect" not in command}, {0}, codes)
            demo.out.wait(lambda line: "codes=not_admitted" in line, "the stranger in the log", said.count("\n"))

            demo.signal(signal.SIGINT)
            self.assertEqual(demo.wait(), 0, demo.err.text())
            folder = re.search(r"--state (\S+)/server ", said).group(1)
            self.assertFalse(os.path.exists(folder))
            address = re.search(r"stranger connect (\S+) ", said).group(1)
            gone = Finished([cotter_binary(), "pin", address])
            self.assertEqual(gone.code, 1, str(gone))


if __name__ == "__main__":
    unittest.main()
