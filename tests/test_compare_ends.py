"""cotter's column of the table in docs/ends-of-streams.md, measured by the very script that makes the table."""

import sys
import unittest

from harness.processes import Finished

COTTER = {
    "client ends first, then 3 MiB of answer": "all, clean end",
    "backend ends first, then 200 000 octets of client": "all, eof",
    "client vanishes (FIN, no close_notify): backend sees": "a reset",
    "client resets: backend sees": "a reset",
    "alice's open stream after her revocation": "closed",
    "alice, full handshake": "refused",
    "alice, resumed session": "refused",
    "what alice sees (TLS 1.3)": "handshake succeeds, then alert certificate_revoked",
    "what alice sees (TLS 1.2)": "alert certificate_revoked",
}


class Table(unittest.TestCase):
    def test_A44_A36_A177_A178_cotters_column_of_the_table(self):
        done = Finished([sys.executable, "-B", "compare_ends.py", "--peers", "cotter"], cwd=sys.path[0], deadline=300)
        self.assertEqual(done.code, 0, str(done))
        rows = dict(line.strip("| ").split(" | ", 1) for line in done.out.splitlines() if line.startswith("| ") and line != "| | cotter |")
        for question, answer in COTTER.items():
            with self.subTest(question):
                self.assertEqual(rows.get(question), answer)


if __name__ == "__main__":
    unittest.main()
