"""What bench/check makes of counts: within 3 % is as recorded, and other versions aren't compared."""

import unittest

import comparison

VERSIONS = {"openssl": "3.0.22", "glibc": "2.36"}
RECORD = {"counted_with": VERSIONS, "instructions": {"handshake": 1_000_000, "look_up": 1_000}}

# what is told, recorded, counted, of what
CASES = (
    (None, 1_000_000, 1_000_000, "equal"),
    (None, 1_000_000, 1_029_000, "2.9 % more"),
    (None, 1_000_000, 971_000, "2.9 % less"),
    ("takes 3.1 % more instructions than recorded", 1_000_000, 1_031_000, "3.1 % more"),
    ("takes 3.1 % fewer instructions than recorded: record the gain", 1_000_000, 969_000, "3.1 % less"),
    ("is in the record but was not counted", 1_000_000, None, "recorded only"),
    ("is not in the record", None, 1_000_000, "counted only"),
)


class Rows(unittest.TestCase):
    def test_what_is_told_of_a_change(self):
        for told, recorded, counted, why in CASES:
            fault = comparison.Row("handshake", recorded, counted).fault
            self.assertEqual(fault, told and f"handshake {told}", why)

    def test_advice_follows_the_faults_and_only_those_who_grew_are_looked_into(self):
        look = "where they go: bench/check --profiles"
        record = "to record what is counted now: bench/check --record"
        for told, recorded, counted, why in CASES:
            sentences = comparison.faults([comparison.Row("handshake", recorded, counted)])
            wanted = [] if told is None else [f"handshake {told}", *([look] if "more" in told else []), record]
            self.assertEqual(len(sentences), len(wanted), why)
            for sentence, beginning in zip(sentences, wanted):
                self.assertTrue(sentence.startswith(beginning), (why, sentence))

    def test_every_work_of_either_side_has_a_row(self):
        rows = comparison.rows(RECORD, {"decrypt": 7, "handshake": 1_000_001})
        self.assertEqual([(row.work, row.recorded, row.counted) for row in rows],
                         [("decrypt", None, 7), ("handshake", 1_000_000, 1_000_001), ("look_up", 1_000, None)])

    def test_the_table_shows_what_there_is(self):
        text = comparison.table(comparison.rows(RECORD, {"decrypt": 7, "handshake": 1_031_000}))
        self.assertEqual([line.split() for line in text.splitlines()],
                         [["work", "recorded", "counted", "change"],
                          ["decrypt", "-", "7", "-"],
                          ["handshake", "1,000,000", "1,031,000", "+3.1", "%"],
                          ["look_up", "1,000", "-", "-"]])


class Versions(unittest.TestCase):
    def test_the_same_versions_are_compared(self):
        self.assertEqual(comparison.differences(RECORD, dict(VERSIONS)), [])

    def test_each_other_version_is_named(self):
        for here, told in (({"openssl": "3.5.1", "glibc": "2.36"}, "openssl: 3.0.22 in the record, 3.5.1 here"),
                           ({"openssl": "3.0.22"}, "glibc: 2.36 in the record, nothing here"),
                           (VERSIONS | {"processor": "aarch64"}, "processor: nothing in the record, aarch64 here")):
            self.assertEqual(comparison.differences(RECORD, here), [told])


if __name__ == "__main__":
    unittest.main()
