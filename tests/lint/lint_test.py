"""The house rules' own tests: each check finds the fault that it is for."""

import pathlib
import unittest

import calls
import packages
import rooms

ARCHITECTURE = """
<!-- rooms:begin -->
| room | idea |
|---|---|
| der | reads |
| trust | judges |
| cli | prints |
<!-- rooms:end -->
| later | not a room |
"""


def faults(path, line):
    return rooms.faults_of_room_file(rooms.rooms_in(ARCHITECTURE), pathlib.PurePosixPath(path), line)


class Rooms(unittest.TestCase):
    def test_the_list_is_what_stands_between_the_marks(self):
        self.assertEqual(rooms.rooms_in(ARCHITECTURE), ["der", "trust", "cli"])

    def test_a_room_may_include_itself_and_those_above(self):
        self.assertEqual(faults("trust/judge.cc", '#include "der/reader.h"\n#include "trust/judge.h"\n#include <map>'), [])

    def test_a_room_may_not_include_one_below(self):
        self.assertIn("`trust` stands below `der`", faults("der/reader.cc", '\n#include "trust/judge.h"')[0])

    def test_an_include_without_its_room_is_a_fault(self):
        self.assertIn("write it with its room", faults("der/reader.cc", '#include "reader.h"')[0])

    def test_an_unknown_room_is_a_fault_on_either_side(self):
        self.assertIn("is no room", faults("der/reader.cc", '#include "util/strings.h"')[0])
        self.assertIn("not in the list", faults("util/strings.cc", "")[0])

    def test_what_serves_tests_is_for_tests_of_any_room(self):
        self.assertEqual(faults("der/reader_test.cc", '#include "trust/testing/mint.h"'), [])
        self.assertIn("stays out of the product", faults("trust/judge.cc", '#include "trust/testing/mint.h"')[0])

    def test_a_public_header_shows_no_room_and_no_heavy_header(self):
        for line in ('#include "der/reader.h"', "#include <boost/asio.hpp>", "#include <nlohmann/json.hpp>"):
            self.assertEqual(len(rooms.faults_of_public_header("include/cotter/pin.h", line)), 1, line)
        self.assertEqual(rooms.faults_of_public_header("include/cotter/pin.h", "#include <cotter/bytes.h>"), [])


class Packages(unittest.TestCase):
    def test_sections_and_comments_are_no_packages(self):
        self.assertEqual(packages.installed_packages("# why\n[build]\ng++\n\n[test]\ncurl\n"), {"g++", "curl"})

    def test_a_package_is_a_backquoted_first_cell(self):
        text = "| package | why |\n|---|---|\n| `g++` | compiles |\n| `a`, `b` | both, with `c` |\nprose `d`\n"
        self.assertEqual(packages.explained_packages(text), {"g++", "a", "b"})


class Calls(unittest.TestCase):
    TOP = pathlib.Path(__file__).resolve().parents[2]

    def assert_finds(self, rule, lines):
        for line in lines:
            found = calls.faults("src/x.cc", f"{line}\n")
            self.assertEqual([fault[-len(rule) - 2:] for fault in found], [f"({rule})"], line)

    def assert_passes(self, lines):
        for line in lines:
            self.assertEqual(calls.faults("src/x.cc", line), [], line)

    def test_A153_no_extension_is_written_in_openssls_configuration_language(self):
        self.assert_finds("A153", ("  X509V3_EXT_nconf(nullptr, &context, name, value);", "X509V3_EXT_conf_nid(a, b, c, d)",
                                   "X509V3_EXT_add_nconf(c, x, s, r)", "x = ASN1_generate_v3(text, &c);"))
        self.assert_passes(("X509_add1_ext_i2d(c, NID_subject_alt_name, list, 0, 0);", "// X509V3_EXT_conf_nid(a)"))
        self.assertEqual([fault for fault in calls.faults_of_tree(self.TOP) if "A153" in fault], [])

    def test_A154_no_program_is_started_but_the_owners_hook(self):
        self.assert_finds("A154", ('  system("x");', "std::system(x);", "  return ::popen(a, b);", "(execve(a, b, c))",
                                   "if (::fork() == 0)", "posix_spawnp(a);", '::setenv("NAME", name, 1);'))
        self.assert_passes(("auto a = TrustAnchors::system();", "static Result<TrustAnchors> system();", "statement.exec();",
                            "database.execute(x)", "x.system()", "x->fork()", "executor()"))
        self.assertEqual([fault for fault in calls.faults_of_tree(self.TOP) if "A154" in fault], [])
        hook = "posix_spawn(&child, shell, &actions, &attributes, arguments.data(), environ)"
        self.assertEqual(calls.faults("src/observatory/hook.cc", hook), [])
        self.assertNotEqual(calls.faults("src/service/hook.cc", hook), [])


if __name__ == "__main__":
    unittest.main()
