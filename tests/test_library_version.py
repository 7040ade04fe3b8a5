"""The OpenSSL found at run time: one that is too old is not started on, one with known faults is named."""

import os
import unittest

from harness.case import TunnelTest
from harness.processes import Finished, cotter_binary

SHIM = "unsigned long OpenSSL_version_num(void) {{ return {version}UL; }}\n"


@unittest.skipIf(os.environ.get("COTTER_SANITIZE"), "a sanitizer's library wants to be the first that is loaded")
class LibraryVersion(TunnelTest):
    def setUp(self):
        self.owner = self.side("owner")

    def run_on(self, version, *arguments):
        """Runs cotter on a library that says it is of that version."""
        source, library = self.owner.path("shim.c"), self.owner.path("shim.so")
        with open(source, "w", encoding="ascii") as file:
            file.write(SHIM.format(version=version))
        self.assertEqual(Finished(["cc", "-shared", "-fPIC", "-o", library, source]).code, 0)
        return Finished([cotter_binary(), *arguments], env={**self.owner.env(), "LD_PRELOAD": library})

    def test_A192_nothing_starts_on_a_library_before_3(self):
        for arguments in (("id",), ("version",), ("serve", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"), ("--help",)):
            done = self.run_on("0x1010117f", *arguments)
            self.assertEqual((done.code, done.out), (1, ""), f"{arguments} {done}")
            self.assertRegex(done.err, r"(?s)OpenSSL 1\.1\.1, and 3\.0 is the least\n  next: .+")
        self.assertFalse(os.path.exists(self.owner.state))

    def test_A147_version_names_a_release_with_known_faults(self):
        told = self.run_on("0x30000130", "version")
        self.assertEqual(told.code, 0, told)
        self.assertRegex(told.out, r"^cotter \S+, OpenSSL \S+\n$")
        self.assertIn("warning: OpenSSL 3.0.19 has faults that 3.0.20 mends", told.err)
        document = self.run_on("0x30000130", "version", "--json")
        self.assertIn("CVE-2026-28387", document.json["warnings"][0])
        self.assertEqual(document.err, "")
        fine = self.run_on("0x30000160", "version", "--json")
        self.assertEqual(fine.json["warnings"], [])


if __name__ == "__main__":
    unittest.main()
