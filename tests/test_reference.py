"""The reference of the library: Doxygen makes it of the public headers without one complaint, and complains where one is due."""

import pathlib
import shutil
import tempfile
import unittest

from harness.processes import Finished

TOP = pathlib.Path(__file__).resolve().parents[1]


def made_reference(folder, top=TOP):
    """Doxygen's run over the headers in `top`, into `folder`."""
    settings = (TOP / "docs/Doxyfile").read_text(encoding="utf-8")
    return Finished(["doxygen", "-"], stdin=f'{settings}\nOUTPUT_DIRECTORY = "{folder}"\n'.encode(), cwd=top)


class Reference(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="cotter-reference-")))

    def test_doxygen_makes_the_reference_of_the_headers_without_one_warning(self):
        made = made_reference(self.folder)
        self.assertEqual((made.code, made.out, made.err), (0, "", ""))
        self.assertTrue((self.folder / "reference/index.html").is_file())

    def test_functions_outside_classes_are_in_the_reference_with_what_their_header_says(self):
        self.assertEqual((made := made_reference(self.folder)).code, 0, str(made))
        for page, words in (("openssl_8h", "The gate: the verdict on the peer of this connection"),
                            ("openssl_8h", "Pins and admission for a program that has an SSL_CTX of its own."),
                            ("cotter_8h", "Frees the policy"), ("version_8h", "COTTER_VERSION_MAJOR")):
            with self.subTest(page=page, words=words):
                self.assertIn(words, (self.folder / f"reference/{page}.html").read_text(encoding="utf-8"))

    def test_a_member_that_nothing_is_said_of_is_a_failure(self):
        shutil.copytree(TOP / "include", self.folder / "include")
        (self.folder / "include/cotter/silent.h").write_text(
            "// Silent.\n#pragma once\n\n/// Said.\nclass Silent {\n  public:\n    int unsaid() const;\n};\n", encoding="utf-8")
        made = made_reference(self.folder, top=self.folder)
        self.assertNotEqual(made.code, 0)
        self.assertIn("unsaid", made.err)
        self.assertEqual(len(made.err.splitlines()), 1, made.err)


if __name__ == "__main__":
    unittest.main()
